import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from helpers import slow_after, small_vae

from keras_vae.models.make_vae import make_autoencoder, make_vae
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.inspection import format_inspection, inspect_saved_model
from keras_vae.serving.preprocess import Preprocess


def test_a_look_without_a_model_lists_what_is_there(digits_like):
    folder = digits_like[1]
    report = json.loads(json.dumps(inspect_saved_model(folder.parent)))
    assert report["path"] == str(folder)
    assert (report["version"], report["versions"]) == (1, [1])
    assert report["size_bytes"] == sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    assert report["warmup_requests"] > 8
    assert (report["agrees"], report["missing"]) == (None, [])
    assert len(report["signatures"]) == 8
    score = report["signatures"]["score"]
    assert score["inputs"] == {"x": {"dtype": "float32", "shape": [None, 8, 8, 1]}}
    assert score["outputs"]["elbo"] == {"dtype": "float32", "shape": [None]}
    assert report["signatures"]["sample"]["inputs"] == {
        "n": {"dtype": "int32", "shape": []},
        "seed": {"dtype": "int64", "shape": [2]},
    }
    for signature in report["signatures"].values():
        assert set(signature["milliseconds"]) == {"1", "64"}
        assert all(0.0 < m < 60_000.0 for m in signature["milliseconds"].values())
        assert signature["difference"] is None


def test_an_export_agrees_with_its_model_in_every_signature_without_fresh_noise(digits_like):
    vae, folder = digits_like
    report = inspect_saved_model(folder, vae)
    assert report["agrees"] is True
    for name, signature in report["signatures"].items():
        if name in ("generate", "generate_rows"):
            assert signature["difference"] is None
        else:
            assert set(signature["difference"]) == set(signature["outputs"])
            assert all(d["max_rel"] < 1e-5 for d in signature["difference"].values())


@pytest.mark.slow
def test_a_model_that_has_learned_since_does_not_agree(tmp_path):
    vae = small_vae()
    folder = export_saved_model(vae, tmp_path)
    bias = vae.decoder.get_layer("x_params").bias
    bias.assign_add(np.full(6, 0.25))
    report = inspect_saved_model(folder, vae)
    assert report["agrees"] is False
    assert report["signatures"]["encode"]["difference"]["z_mean"]["max_abs"] == 0.0
    decoded = report["signatures"]["decode"]["difference"]["x"]
    np.testing.assert_allclose(decoded["max_abs"], 0.25, rtol=1e-5)
    scale = np.max(np.abs(vae.decode(np.random.default_rng(0).integers(0, 2, (5, 2)).astype("float32"))))
    np.testing.assert_allclose(decoded["max_rel"], 0.25 / scale, rtol=1e-5)


@pytest.mark.slow
def test_another_kind_of_model_does_not_agree(digits_like):
    folder = digits_like[1]
    wider = inspect_saved_model(folder, make_vae((8, 9, 1), 3, hidden_units=(4,), seed=0))
    assert wider["agrees"] is False
    assert wider["signatures"]["encode"]["difference"] == {}
    assert "other shapes" in format_inspection(wider)
    autoencoder = make_autoencoder((8, 8, 1), 3, hidden_units=(4,), seed=0)
    assert inspect_saved_model(folder, autoencoder)["agrees"] is False


def test_signatures_that_the_export_should_have_are_missed(tmp_path):
    autoencoder = make_autoencoder((6,), 2, hidden_units=(4,), seed=0)
    report = inspect_saved_model(export_saved_model(autoencoder, tmp_path), small_vae())
    assert report["agrees"] is False
    assert report["missing"] == ["generate", "generate_rows", "sample", "sample_rows"]
    assert "NOT the same as the model, without generate, generate_rows" in format_inspection(report)


@pytest.mark.slow
@pytest.mark.parametrize(
    "preprocess",
    slow_after(1, ["uint8", "image_bytes", "own"]),
)
def test_an_export_with_preprocessing_is_compared_behind_it(preprocess, tmp_path):
    vae = make_vae((8, 8, 1), 2, hidden_units=(4,), seed=0)
    if preprocess == "own":
        spec = tf.TensorSpec((None, 64), tf.int32, name="flat")
        preprocess = Preprocess(lambda flat: tf.reshape(flat, (-1, 8, 8, 1)), spec)
    folder = export_saved_model(vae, tmp_path, preprocess=preprocess)
    assert inspect_saved_model(folder, vae, preprocess=preprocess)["agrees"] is True
    assert inspect_saved_model(folder, vae)["agrees"] is False


def test_an_export_that_lost_its_warm_up_is_seen(tmp_path, digits_like):
    folder = tmp_path / "copy" / "5"
    shutil.copytree(digits_like[1], folder)
    shutil.rmtree(folder / "assets.extra")
    (tmp_path / "copy" / "4").mkdir()
    report = inspect_saved_model(tmp_path / "copy")
    assert (report["version"], report["versions"], report["warmup_requests"]) == (5, [4, 5], 0)
    text = format_inspection(report)
    assert "(beside 4)" in text
    assert "warm-up   none" in text


def test_a_folder_under_another_name_has_no_version(tmp_path, digits_like):
    shutil.copytree(digits_like[1], tmp_path / "candidate")
    assert inspect_saved_model(tmp_path / "candidate")["version"] is None


def test_the_table_has_a_line_per_signature(digits_like):
    vae, folder = digits_like
    without, beside = (format_inspection(inspect_saved_model(folder, model)).splitlines() for model in (None, vae))
    header = without.index(next(line for line in without if line.startswith("signature ")))
    assert without[header].split() == ["signature", "inputs", "outputs", "1", "row", "64", "rows"]
    assert [line.split()[0] for line in without[header + 1 :]] == list(inspect_saved_model(folder)["signatures"])
    assert "answers   the same as the model" in beside
    assert beside[-9].endswith("difference")
    (sample,) = (line for line in beside if line.startswith("sample "))
    assert "n int32 (), seed int64 (2)" in sample
    assert "x (n, 8, 8, 1), z (n, 3)" in sample
    (generate,) = (line for line in beside if line.startswith("generate "))
    assert generate.endswith(" -")


def test_what_is_no_export_cannot_be_looked_at(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` must be an exported model"):
        inspect_saved_model(tmp_path)
