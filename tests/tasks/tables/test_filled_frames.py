"""Tables of files with their holes filled, and nothing else."""

import numpy as np
import pandas as pd
import pytest

import keras_vae as kv
from keras_vae.data.columns import TableColumns
from keras_vae.tasks.table_likelihood import table_likelihood
from keras_vae.tasks.tables.filled_frames import filled_frames


def write_table(path, n=40):
    """Numbers, whole numbers and words with holes, and a column that no model knows."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"id": [f"{i:04}" for i in range(n)], "size": rng.normal(9.0, 2.0, n).round(2)})
    table["n"] = pd.array(rng.integers(0, 9, n), dtype="Int64")
    table["city"] = rng.choice(["Rome", "Oslo"], n)
    for j, name in enumerate(["size", "n", "city"]):
        table.loc[table.index % 8 == j, name] = None
    table.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """A model that has seen nothing yet, its schema, and a table."""
    path = write_table(tmp_path_factory.mktemp("tables") / "table.csv")
    columns = TableColumns.learn(pd.read_csv(path), drop=["id"], column_kinds={"n": "real", "city": "category"})
    x = columns.encode(pd.read_csv(path))
    likelihood = table_likelihood(columns, x, "gaussian", -10.0)
    model = kv.make_vae((3,), 2, "dense", (4,), likelihood, seed=0)
    if model.preprocessing is not None:
        model.preprocessing.adapt(x, None, ~np.isnan(x))
    return model, {"columns_as": columns.to_json()}, path


def test_every_hole_is_filled_and_every_other_cell_is_as_it_was(known):
    model, schema, path = known
    (filled,), n_holes = filled_frames(model, schema, path, n_samples=5)
    source = pd.read_csv(path)
    assert n_holes == 15 == source.isna().to_numpy().sum()
    assert list(filled.columns) == list(source.columns)
    assert filled.notna().all(axis=None)
    for name in ("size", "n"):
        np.testing.assert_array_equal(filled[name][source[name].notna()], source[name].dropna())
    assert filled["n"].dtype.kind == "i"
    # "other" stands for words that are not known: an untrained model finds it as likely.
    assert set(filled["city"]) <= {"Rome", "Oslo", "other"}


def test_cells_can_be_given_as_they_are_written(known):
    model, schema, path = known
    (filled,), _ = filled_frames(model, schema, path, n_samples=5, as_written=True)
    written = pd.read_csv(path, dtype=str)
    there = written.notna()
    assert filled.astype(object).where(there).equals(written.where(there).astype(object))
    assert list(filled["id"][:2]) == ["0000", "0001"]


def test_draws_are_as_many_tables_and_the_seed_repeats_them(known):
    model, schema, path = known
    first, _ = filled_frames(model, schema, path, n_draws=2, n_samples=5, seed=1)
    again, _ = filled_frames(model, schema, path, n_draws=2, n_samples=5, seed=1)
    assert len(first) == 2
    for one, other in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(one, other)
    assert not first[0].equals(first[1])


def test_a_decimal_comma_is_read_and_not_mixed_with_points(known, tmp_path):
    model, schema, path = known
    lines = path.read_text().replace(",", ";").replace(".", ",")
    (tmp_path / "comma.csv").write_text(lines)
    (filled,), n_holes = filled_frames(model, schema, tmp_path / "comma.csv", n_samples=5, as_written=True)
    assert n_holes == 15
    assert filled["size"].dtype.kind == "f"


def test_a_model_of_numbers_without_holes_is_refused(known):
    model, _, path = known
    with pytest.raises(ValueError, match="the run must be one of a table with holes, words or counts"):
        filled_frames(model, {}, path)


@pytest.mark.parametrize("n_draws", [-1, 1.5])
def test_a_number_of_draws_out_of_bounds_is_refused(known, n_draws):
    model, schema, path = known
    with pytest.raises(ValueError, match="`n_draws` must be a whole number >= 0"):
        filled_frames(model, schema, path, n_draws)


def test_a_table_that_is_not_there_or_has_other_columns_is_refused(known, tmp_path):
    model, schema, path = known
    with pytest.raises(FileNotFoundError, match=r"none\.csv"):
        filled_frames(model, schema, tmp_path / "none.csv")
    pd.read_csv(path).drop(columns="size").to_csv(tmp_path / "less.csv", index=False)
    with pytest.raises(ValueError, match="it lacks columns: size"):
        filled_frames(model, schema, tmp_path / "less.csv")
