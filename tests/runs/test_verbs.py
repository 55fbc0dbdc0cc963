import csv
import os

import numpy as np
import pytest
from PIL import Image
from runs.run_helpers import names, train_run, write_image_files, write_images, write_table

import keras_vae as kv
from keras_vae.data import load
from keras_vae.runs import verbs
from keras_vae.runs.run_folder import RunFolder

SCORES = ("elbo", "log_prob", "reconstruction_loss", "kl")


def read(path):
    with np.load(path) as archive:
        return dict(archive)


def test_a_run_is_evaluated_on_its_own_test_part(run_path, table):
    run = RunFolder(run_path)
    figures = verbs.evaluate_run(run_path, n_samples=3)
    assert figures["elbo"] == run.read_metrics()["elbo"]
    assert (figures["part"], figures["log_prob_n_rows"], figures["log_prob_n_samples"]) == ("test", 6, 3)
    assert verbs.evaluate_run(run_path, str(table), n_samples=3) == figures


@pytest.mark.slow
def test_the_kl_is_split_and_log_prob_is_checked_by_annealing(run_path):
    figures = verbs.evaluate_run(run_path, n_samples=200, n_annealed=4)
    kl = figures["mutual_information"] + figures["marginal_kl"]
    # The split is of the closed form, `kl_loss` too; both of all 6 test rows.
    assert kl == pytest.approx(figures["kl_loss"], rel=1e-4)
    assert figures["annealed_n_rows"] == 4
    assert figures["annealed_log_prob"] == pytest.approx(figures["annealed_log_prob_bound"], abs=0.5)
    assert "annealed_log_prob" not in verbs.evaluate_run(run_path, n_samples=2)


def test_the_number_of_annealed_examples_is_checked_first(tmp_path):
    with pytest.raises(ValueError, match="`n_annealed` must be a whole number >= 0"):
        verbs.evaluate_run(tmp_path / "nothing", n_annealed=-1)


def test_other_data_are_evaluated_in_all_their_rows(run_path, tmp_path):
    figures = verbs.evaluate_run(run_path, str(write_table(tmp_path / "new.csv", n=20, seed=1)), n_samples=1)
    assert (figures["part"], figures["data"], figures["log_prob_n_rows"]) == ("all", "new.csv", 20)


@pytest.mark.slow
def test_other_data_with_a_test_part_are_evaluated_on_it(run_path, tmp_path):
    np.savez(tmp_path / "new.npz", x_train=np.zeros((5, 4)), x_test=np.zeros((3, 4)))
    figures = verbs.evaluate_run(run_path, str(tmp_path / "new.npz"), n_samples=1)
    assert (figures["part"], figures["log_prob_n_rows"]) == ("test", 3)


def test_data_that_changed_since_the_training_are_no_held_out_data(tmp_path, run_path):
    run = RunFolder(run_path)
    run.write_config({**run.read_config(), "data": str(write_table(tmp_path / "table.csv", n=61))})
    with pytest.raises(ValueError, match="must hold the data that the run began with"):
        verbs.evaluate_run(run_path)


def test_data_of_another_shape_are_refused(run_path, tmp_path):
    data = str(write_images(tmp_path / "x.npz"))
    for use in (
        lambda: verbs.evaluate_run(run_path, data),
        lambda: verbs.encode_run(run_path, data, tmp_path / "z.npz"),
        lambda: verbs.reconstruct_run(run_path, data, tmp_path / "r.npz"),
    ):
        with pytest.raises(ValueError, match=r"the data must have examples of shape \(4,\)"):
            use()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run", "x.npz"]


def test_the_number_of_samples_is_checked_first(tmp_path):
    with pytest.raises(ValueError, match="`n_samples` must be a whole number >= 1"):
        verbs.evaluate_run(tmp_path / "nothing", n_samples=0)


def test_codes_are_those_of_every_row_in_order(run_path, table, tmp_path):
    assert verbs.encode_run(run_path, str(table), tmp_path / "deep" / "z.npz") == 60
    codes = read(tmp_path / "deep" / "z.npz")
    assert {key: value.shape for key, value in codes.items()} == {
        "z_mean": (60, 2),
        "z_log_var": (60, 2),
        "part": (60,),
        "label": (60,),
    }
    whole = load(str(table), test_fraction=0.0)
    np.testing.assert_array_equal(codes["label"], whole.y_train)
    # The model takes the rows as they are in the file.
    np.testing.assert_array_equal(codes["z_mean"], RunFolder(run_path).load_model().encode(whole.x_train)[0])


def test_reconstructions_and_samples_are_in_the_units_of_the_table(run_path, table, tmp_path):
    assert verbs.reconstruct_run(run_path, str(table), tmp_path / "r.npz") == 60
    assert read(tmp_path / "r.npz")["x"].mean(axis=0)[1] == pytest.approx(90, abs=20)
    verbs.sample_run(run_path, tmp_path / "s.npz", n=500)
    assert read(tmp_path / "s.npz")["x"].mean(axis=0)[1] == pytest.approx(90, abs=20)


@pytest.mark.slow
def test_samples_repeat_with_a_seed_and_are_new_without(run_path, tmp_path):
    drawn = []
    for seed in (1, 1, 2, None, None):
        verbs.sample_run(run_path, tmp_path / "s.npz", n=5, seed=seed)
        drawn.append(read(tmp_path / "s.npz")["x"])
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert len({x.tobytes() for x in drawn}) == 4


def test_without_temperature_all_samples_are_one(run_path, tmp_path):
    verbs.sample_run(run_path, tmp_path / "s.npz", n=5, temperature=0.0, draw=False)
    assert np.ptp(read(tmp_path / "s.npz")["x"], axis=0).max() == 0


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".png", ".svg", ".PDF", ".jpg"])
def test_samples_become_a_picture(run_path, tmp_path, suffix):
    verbs.sample_run(run_path, tmp_path / f"s{suffix}", n=3)
    assert (tmp_path / f"s{suffix}").stat().st_size > 1000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n": 0}, "`n` must be a whole number >= 1"),
        ({"n": 401}, r"`n` must be at most 400 in a picture; name an \.npz file for more\. Received: n=401"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
        ({"temperature": -0.5}, r"`temperature` must be a finite number >= 0\.0"),
        ({"temperature": float("nan")}, r"`temperature` must be a finite number >= 0\.0"),
        ({"out": "s.gif"}, r"`out` must end in \.npz or .* or \.svg\. Received: out='s\.gif'"),
    ],
    ids=str,
)
def test_wrong_settings_of_samples_are_refused(run_path, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        verbs.sample_run(run_path, **{"out": tmp_path / "s.png", **arguments})
    assert not list(tmp_path.glob("s.*"))


def test_where_nothing_can_be_written_is_said_before_the_work(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("precious")
    (tmp_path / "folder.npz").mkdir()
    nothing = tmp_path / "no-run"
    with pytest.raises(ValueError, match=r"`out` must end in \.npz or \.csv or .*\. Received"):
        verbs.encode_run(nothing, "digits", tmp_path / "z.txt")
    with pytest.raises(ValueError, match=r"`out` must be a file.*, which is a folder"):
        verbs.encode_run(nothing, "digits", tmp_path / "folder.npz")
    with pytest.raises(NotADirectoryError, match=r"`out` must be in a folder.*file is a file"):
        verbs.reconstruct_run(nothing, "digits", tmp_path / "file" / "r.npz")
    # Permissions mean nothing to root, who may run these tests.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="`out` must be in a folder that can be written to"):
        verbs.sample_run(nothing, tmp_path / "s.npz")
    assert names(tmp_path) == ["file", "folder.npz"]


def test_a_failed_write_leaves_the_old_file(run_path, table, tmp_path, monkeypatch):
    verbs.encode_run(run_path, str(table), tmp_path / "z.npz")
    before = (tmp_path / "z.npz").read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="No space left"):
        verbs.encode_run(run_path, str(table), tmp_path / "z.npz")
    assert (tmp_path / "z.npz").read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run", "z.npz"]


def rows_of(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_table_gives_a_table_with_names_parts_and_labels(run_path, table, tmp_path):
    assert verbs.encode_run(run_path, str(table), tmp_path / "z.csv") == 60
    rows = rows_of(tmp_path / "z.csv")
    assert list(rows[0]) == ["row", "part", "label", "z_mean_0", "z_mean_1", "z_log_var_0", "z_log_var_1"]
    assert {row["label"] for row in rows} == {"high", "low"}
    parts = [row["part"] for row in rows]
    assert [parts.count(part) for part in ("train", "validation", "test")] == [49, 5, 6]
    # The parts are those of the training.
    run = kv.load_run(run_path)
    whole = load(str(table), test_fraction=0.0).x_train
    for part in ("train", "validation", "test"):
        x = whole[[i for i, name in enumerate(parts) if name == part]]
        np.testing.assert_array_equal(x, getattr(run.data, f"x_{part}"))


@pytest.mark.slow
def test_columns_are_matched_by_name(run_path, table, tmp_path):
    lines = [line.split(",") for line in table.read_text().splitlines()]
    (tmp_path / "reversed.csv").write_text("\n".join(",".join(line[::-1]) for line in lines) + "\n")
    for name, data in (("a", table), ("b", tmp_path / "reversed.csv")):
        verbs.score_run(run_path, str(data), tmp_path / f"{name}.csv", n_samples=3)
    a, b = (rows_of(tmp_path / f"{name}.csv") for name in "ab")
    assert [row["log_prob"] for row in a] == [row["log_prob"] for row in b]
    (tmp_path / "other.csv").write_text("\n".join(["a,b,c,x", *["1,2,3,4"] * 5]) + "\n")
    with pytest.raises(ValueError, match="Missing: d"):
        verbs.score_run(run_path, str(tmp_path / "other.csv"), tmp_path / "c.csv")


def test_scores_add_up_and_are_those_of_the_model(run_path, table, tmp_path):
    assert verbs.score_run(run_path, str(table), tmp_path / "s.csv", n_samples=7) == 60
    score = {key: np.array([float(row[key]) for row in rows_of(tmp_path / "s.csv")]) for key in SCORES}
    np.testing.assert_allclose(score["elbo"], -score["reconstruction_loss"] - score["kl"], rtol=1e-4, atol=1e-4)
    model, x = RunFolder(run_path).load_model(), load(str(table), test_fraction=0.0).x_train
    np.testing.assert_allclose(score["log_prob"], model.log_prob(x, n_samples=7), rtol=1e-5)
    np.testing.assert_allclose(score["elbo"], model.elbo(x, n_samples=7), rtol=1e-5)
    with pytest.raises(ValueError, match="`n_samples` must be a whole number >= 1"):
        verbs.score_run(run_path, str(table), tmp_path / "s.csv", n_samples=0)


def test_samples_of_a_table_look_like_the_table(run_path, table, tmp_path):
    verbs.sample_run(run_path, tmp_path / "s.csv", n=2000, seed=0)
    rows = rows_of(tmp_path / "s.csv")
    assert list(rows[0]) == ["a", "b", "c", "d"]
    drawn = np.array([[float(row[name]) for name in "abcd"] for row in rows])
    spread = drawn.std(axis=0) / load(str(table), test_fraction=0.0).x_train.std(axis=0)
    assert np.all((spread > 0.7) & (spread < 1.4)), spread


def test_a_table_goes_into_no_folder(run_path, table, tmp_path):
    message = r"`out` must have an ending, as \.csv or \.npz: only images of grey or colour values go into a folder"
    with pytest.raises(ValueError, match=message):
        verbs.reconstruct_run(run_path, str(table), tmp_path / "folder")
    with pytest.raises(ValueError, match=message):
        verbs.sample_run(run_path, tmp_path / "folder")


@pytest.mark.slow
def test_images_go_into_a_folder_under_their_names(tmp_path):
    data = write_image_files(tmp_path / "x")
    train_run(tmp_path / "run", data, epochs=1)
    assert verbs.reconstruct_run(tmp_path / "run", str(data), tmp_path / "again") == 12
    assert sorted(p.name for p in (tmp_path / "again").iterdir()) == [f"{i:02d}.png" for i in range(12)]
    with Image.open(tmp_path / "again" / "00.png") as image:
        assert (image.size, image.mode) == ((8, 9), "RGB")
    verbs.sample_run(tmp_path / "run", tmp_path / "new", n=3)
    assert len(list((tmp_path / "new").iterdir())) == 3
    verbs.encode_run(tmp_path / "run", str(data), tmp_path / "z.csv")
    row = rows_of(tmp_path / "z.csv")[0]
    assert (row["file"], row["label"]) == ("00.png", "cats")
    with pytest.raises(FileExistsError, match="`out` must be a new folder"):
        verbs.sample_run(tmp_path / "run", tmp_path / "new", n=3)


@pytest.mark.parametrize("verb", [verbs.encode_run, verbs.reconstruct_run, verbs.score_run])
def test_data_are_never_written_over(run_path, tmp_path, verb):
    data = write_table(tmp_path / "new.csv", n=20)
    before = data.read_bytes()
    (tmp_path / "link.csv").symlink_to(data)
    for source, out in ((data, data), (data, tmp_path / "link.csv"), (tmp_path / "link.csv", data)):
        with pytest.raises(ValueError, match="`out` must be another file than the one that is read"):
            verb(run_path, str(source), out)
    assert data.read_bytes() == before
