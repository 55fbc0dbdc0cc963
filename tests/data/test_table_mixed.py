import json

import numpy as np
import pytest

from keras_vae.data import Reading, load

pd = pytest.importorskip("pandas")
N = 40
MIXED = Reading(mixed=True)


def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "customer_id": [f"c{k}" for k in range(N)],
            "size": np.round(rng.normal(size=N), 3),
            "visits": [0, 0, 0, 0, 1, 1, 2, 3, 5, 14] * (N // 10),
            "city": [("Rome", "São Paulo, BR", "Nîmes")[k % 3] for k in range(N)],
            "smokes": [("yes", "no")[k % 2] for k in range(N)],
            "since": [f"2024-01-{1 + k % 28:02d}" for k in range(N)],
            "score": [None if k % 5 == 0 else k * 0.5 for k in range(N)],
            "species": [("u", "v", "w", "w")[k % 4] for k in range(N)],
        }
    )


FEATURES = ("size", "visits", "city", "smokes", "since", "score")


def save(tmp_path, table, name="t.csv", **options):
    path = tmp_path / name
    table.to_csv(path, index=False, **options)
    return path


def told(data):
    return [f"{line.what} | {line.read_as} | {line.overrule}" for line in data.report]


def expected():
    """The numbers that the features of `frame` are."""
    table = frame()
    return np.stack(
        [
            table["size"],
            table["visits"],
            table["city"].map({"Nîmes": 0, "Rome": 1, "São Paulo, BR": 2}),
            table["smokes"] == "yes",
            19723 + np.arange(N) % 28,
            table["score"],
        ],
        axis=1,
    ).astype(np.float32)


def test_words_dates_and_holes_are_features(tmp_path):
    data = load(save(tmp_path, frame()), 0, reading=MIXED)
    np.testing.assert_array_equal(data.x_train, expected())
    assert data.feature_names == FEATURES
    assert data.columns.likelihood_columns() == ["real", "count", 4, "binary", "real", "real"]
    assert (data.class_names, data.label_name, data.ids_train[:2]) == (("u", "v", "w"), "species", ("c0", "c1"))
    assert "column `score` | real, 0.5 to 19.5, 8 empty | --column-kinds score=..." in told(data)
    assert "column `customer_id` | the name of the row, no feature | --id none" in told(data)
    back = data.columns.decode(data.x_train)
    pd.testing.assert_frame_equal(back, frame()[list(FEATURES)], rtol=1e-6)


@pytest.mark.parametrize(
    ("separator", "decimal", "encoding"),
    [
        pytest.param(",", ".", "utf-8-sig", id="byte-order-mark"),
        pytest.param(",", ".", "latin-1", id="latin-1"),
        pytest.param(";", ",", "utf-8", id="decimal-commas"),
        pytest.param("\t", ".", "utf-16", id="tabs-in-utf-16"),
    ],
)
def test_the_form_of_the_file_does_not_matter(tmp_path, separator, decimal, encoding):
    path = save(tmp_path, frame(), sep=separator, decimal=decimal, encoding=encoding)
    np.testing.assert_array_equal(load(path, 0, reading=MIXED).x_train, expected())


def test_parquet_with_its_own_types_is_read(tmp_path):
    pytest.importorskip("pyarrow")
    table = frame().astype({"city": "category", "size": "float32", "visits": "Int64"})
    table["since"] = pd.to_datetime(table["since"]).dt.date
    table["smokes"] = (table["smokes"] == "yes").astype("boolean")
    table.loc[3, ["visits", "smokes"]] = None
    table.to_parquet(tmp_path / "t.parquet")
    data = load(tmp_path / "t.parquet", 0, reading=MIXED)
    x = expected()
    x[3, [1, 3]] = np.nan
    # The order of the words is that of the category.
    np.testing.assert_array_equal(data.x_train, x)
    assert data.columns.kinds == ["real", "count", "category", "binary", "real", "real"]


def test_ragged_lines_are_named(tmp_path):
    path = save(tmp_path, frame())
    path.write_text(path.read_text().replace("c2,", "c2,7,7,"))
    with pytest.raises(ValueError, match=r"every line must have 8 columns, as most have. Received: 10 in line 4"):
        load(path, reading=MIXED)


def test_without_the_argument_tables_are_numbers_only(tmp_path):
    data = load(save(tmp_path, frame()), 0)
    assert data.feature_names == ("size", "visits", "smokes", "score")
    assert data.columns is None
    assert not np.isnan(data.x_train).any()


def test_a_table_of_real_numbers_without_holes_is_what_it_is_without_the_argument(tmp_path, rng):
    path = save(tmp_path, pd.DataFrame(rng.normal(size=(30, 3)), columns=list("abc")))
    mixed, plain = load(path, reading=MIXED), load(path)
    assert (mixed.schema, mixed.report, mixed.columns) == (plain.schema, plain.report, None)
    np.testing.assert_array_equal(mixed.x_train, plain.x_train)
    np.testing.assert_array_equal(mixed.x_test, plain.x_test)


def test_a_hole_a_count_or_a_date_makes_it_mixed(tmp_path, rng):
    table = pd.DataFrame(rng.normal(size=(30, 3)), columns=list("abc"))
    for column in ([None, *range(1, 30)], ["2024-01-01", "2024-02-01"] * 15, [0] * 20 + [1, 2, 3, 5, 9] * 2):
        assert load(save(tmp_path, table.assign(d=column)), reading=MIXED).columns is not None


def test_what_columns_are_is_learned_from_the_training_part(tmp_path):
    table = frame()
    rows = load(save(tmp_path, table), 0.25, reading=Reading(mixed=True, label="none", id="none"))
    in_test = int(rows.x_test.shape[0])
    assert in_test == 10
    # A word that only a row of the test part has is other.
    score = rows.x_test[~np.isnan(rows.x_test[:, -2]), -2][0]
    table.loc[table["score"] == score, "city"] = "Lima"
    data = load(save(tmp_path, table), 0.25, reading=Reading(mixed=True, label="none", id="none"))
    assert "Lima" not in data.columns.columns[data.feature_names.index("city")].words
    assert "column `city` | 'Lima' is no known word: read as 'other' in 1 row | " in told(data)
    assert 3 in data.x_test[:, data.feature_names.index("city")]


# ---- what the user says ----


def test_column_kinds_overrule_and_make_features_of_labels(tmp_path):
    reading = Reading(column_kinds={"species": "category", "visits": "real", "customer_id": "category"}, label="none")
    data = load(save(tmp_path, frame()), 0, reading=reading)
    assert data.columns.likelihood_columns() == [N + 1, "real", "real", 4, "binary", "real", "real", 4]
    assert data.y_train is None
    with pytest.raises(ValueError, match=r"`column_kinds` names 'citty', which there is not \(nearest: city\)"):
        load(save(tmp_path, frame()), reading=Reading(column_kinds={"citty": "category"}))
    with pytest.raises(ValueError, match=r"`city` must hold numbers to be 'real'. .* \(`column_kinds`\)"):
        load(save(tmp_path, frame()), reading=Reading(column_kinds={"city": "real"}))


def test_postcodes_keep_their_zeros_as_words(tmp_path):
    table = frame().assign(zip=[f"0{k % 4}00" for k in range(N)], year=[2020 + k % 3 for k in range(N)])
    data = load(save(tmp_path, table), 0, reading=Reading(column_kinds={"zip": "category", "year": "category"}))
    words = {column.name: column.words for column in data.columns.columns}
    assert words["zip"] == ("0000", "0100", "0200", "0300")
    assert words["year"] == ("2020", "2021", "2022")
    again = load(save(tmp_path, table[::-1]), 0, schema=data.schema)
    np.testing.assert_array_equal(again.x_train[::-1], data.x_train)
    back = data.columns.decode(data.x_train)
    assert back["zip"].tolist() == table["zip"].tolist()
    assert back["year"].tolist() == table["year"].tolist()


def test_columns_and_drop_choose_features(tmp_path):
    path = save(tmp_path, frame())
    assert load(path, reading=Reading(mixed=True, columns=("city", "size"))).feature_names == ("size", "city")
    assert load(path, reading=Reading(mixed=True, drop=("city", "size"))).feature_names == FEATURES[1:2] + FEATURES[3:]
    names = save(tmp_path, pd.DataFrame({"n": range(200), "name": [f"n{k}" for k in range(200)]}), "names.csv")
    with pytest.raises(ValueError, match=r"no column is left to learn from \(`name`: 180 different words"):
        load(names, reading=Reading(mixed=True, id="none", drop=("n",)))
    with pytest.raises(ValueError, match=r"no column is left that a model can learn from"):
        load(path, reading=Reading(mixed=True, id="none", drop=tuple(frame().columns)))


def test_holes_are_filled_if_it_is_asked_for(tmp_path):
    table = frame()
    table.loc[[1, 2], "city"] = None
    table.loc[[1, 2], "smokes"] = "NA"
    table.loc[3] = None
    table.loc[3, ["customer_id", "species"]] = ["c3", "u"]
    path = save(tmp_path, table)
    held = load(path, 0, reading=MIXED)
    assert np.isnan(held.x_train).sum() == 12
    assert "rows | 1 left out: every cell of a feature is empty | " in told(held)
    data = load(path, 0, reading=Reading(mixed=True, impute="median"))
    assert not np.isnan(data.x_train).any()
    assert data.x_train[1, 2] == np.bincount(held.x_train[~np.isnan(held.x_train[:, 2]), 2].astype(int)).argmax()
    assert data.x_train[0, 5] == np.float32(np.nanmedian(held.x_train[:, 5]))
    assert "empty cells | 12 filled with the median or the commonest word of their column | --impute drop" in told(data)
    later = load(path, 0, schema=json.loads(json.dumps(data.schema)))
    assert later.n_train == N
    assert later.x_train[3].tolist() == data.schema["medians"]
    dropped = load(path, 0, reading=Reading(mixed=True, impute="drop"))
    assert dropped.n_train == N - 11
    assert "rows | 10 left out: a cell is empty | --impute median" in told(dropped)


def test_every_row_with_a_hole_cannot_be_left_out(tmp_path):
    table = pd.DataFrame({"a": [1.5, None] * 10, "b": [None, 2.5] * 10})
    with pytest.raises(ValueError, match=r"every row has an empty cell, and such rows are to be left out"):
        load(save(tmp_path, table), reading=Reading(mixed=True, impute="drop"))


def test_a_column_without_a_number_in_the_training_part_is_left_out_and_one_of_few_is_filled(tmp_path):
    table = frame().assign(empty=None, rare=[None] * (N - 1) + [3.5])
    data = load(save(tmp_path, table), 0, reading=Reading(mixed=True, impute="median"))
    assert data.columns.left_out == {"empty": "every cell is empty"}
    assert set(data.x_train[:, data.feature_names.index("rare")]) == {3.5}
    assert "column `rare` | real, the same value in every row, 3.5, 39 of 40 empty | --column-kinds rare=..." in told(
        data
    )


# ---- a second file ----


@pytest.fixture
def first(tmp_path):
    return load(save(tmp_path, frame()), 0, reading=MIXED)


def second(tmp_path, table, schema, **options):
    return load(save(tmp_path, table, "second.csv", **options), 0, schema=json.loads(json.dumps(schema)))


def test_a_second_file_is_read_by_the_first(tmp_path, first):
    turned = frame()[frame().columns[::-1]].assign(more=1.5)
    data = second(tmp_path, turned, first.schema)
    np.testing.assert_array_equal(data.x_train, first.x_train)
    assert (data.y_train.tolist(), data.ids_train) == (first.y_train.tolist(), first.ids_train)
    assert data.columns == first.columns
    assert "column `more` | left out: the model was not trained on it | " in told(data)
    bare = second(tmp_path, frame()[list(FEATURES)], first.schema, header=False)
    np.testing.assert_array_equal(bare.x_train, first.x_train)


def test_new_words_and_outcomes_of_a_second_file_are_told(tmp_path, first):
    table = frame()
    table.loc[0, ["city", "smokes", "visits"]] = ["Lima", "maybe", -1]
    data = second(tmp_path, table, first.schema)
    np.testing.assert_array_equal(data.x_train[0, 1:4], [np.nan, 3, np.nan])
    assert "column `city` | 'Lima' is no known word: read as 'other' in 1 row | " in told(data)
    assert "column `smokes` | 'maybe' is neither no nor yes: read as empty | " in told(data)
    assert "column `visits` | '-1' is no count: read as empty | " in told(data)


def test_wrong_cells_of_a_file_are_named_with_their_lines(tmp_path, first):
    table = frame().astype({"size": object})
    table.loc[4, "size"] = "big"
    message = r"column `size` must hold numbers. Received: 'big' in line 6 \(1 of 40 rows are no numbers\)"
    with pytest.raises(ValueError, match=message):
        second(tmp_path, table, first.schema)
    with pytest.raises(ValueError, match=message):
        load(save(tmp_path, table), reading=MIXED)
    table = frame()
    table.loc[4, "species"] = None
    with pytest.raises(ValueError, match=r"`species` must hold a label in every row. .* an empty cell in line 6"):
        load(save(tmp_path, table), reading=Reading(mixed=True, label="species"))


def test_missing_columns_of_a_second_file_are_named(tmp_path, first):
    with pytest.raises(ValueError, match=r"Missing: city \(nearest: City\)"):
        second(tmp_path, frame().rename(columns={"city": "City"}), first.schema)
    with pytest.raises(ValueError, match=r"must have 8 columns, or 6 features alone. Received: 5 columns"):
        second(tmp_path, frame()[list(FEATURES[:5])], first.schema, header=False)


def test_ten_thousand_different_words_are_left_out_and_told(tmp_path):
    n = 10_000
    table = pd.DataFrame(
        {"a": np.arange(n) % 7 * 0.5, "text": [f"n{k}" for k in range(n)], "city": ["u", "v", "w", "z"] * (n // 4)}
    )
    data = load(save(tmp_path, table), 0, reading=Reading(mixed=True, id="none", label="none"))
    assert data.feature_names == ("a", "city")
    line = "column `text` | left out: 10,000 different words in 10,000 rows: names of things | --column-kinds text=..."
    assert line in told(data)


def test_a_table_of_one_row_is_read(tmp_path):
    data = load(save(tmp_path, frame()[:1]), 0, reading=MIXED)
    assert data.x_train.shape[0] == 1
    with pytest.raises(ValueError, match=r"must hold two or more examples"):
        load(save(tmp_path, frame()[:1]), reading=MIXED)


def test_other_sources_ignore_mixed_and_refuse_column_kinds(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.random.default_rng(0).normal(size=(10, 3)))
    assert load(tmp_path / "a.npz", reading=MIXED).columns is None
    with pytest.raises(ValueError, match=r"is a file of arrays, which takes .* Received: column_kinds="):
        load(tmp_path / "a.npz", reading=Reading(column_kinds={"a": "real"}))
    table = pd.DataFrame(np.arange(160).reshape(10, 16) % 255)
    assert load(save(tmp_path, table), reading=Reading(mixed=True, kind="image")).kind == "image"
