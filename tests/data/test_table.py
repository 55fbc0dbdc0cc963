import json

import numpy as np
import pytest

from keras_vae.data.reading import Reading
from keras_vae.data.table import load_table

N = 40


def save(tmp_path, text, name="tabelle-ä.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def as_csv(**columns):
    return "\n".join([",".join(columns), *[",".join(map(str, row)) for row in zip(*columns.values(), strict=True)]])


def told(data, what):
    return [(line.read_as, line.overrule) for line in data.report if line.what == what]


@pytest.fixture
def numbers(rng):
    return {"a": rng.normal(size=N).round(3), "b": rng.normal(size=N).round(3)}


def test_numbers_keep_their_values(tmp_path):
    data = load_table(save(tmp_path, "a,b\n1,2.5\n-3,4e2\n"), test_fraction=0)
    np.testing.assert_array_equal(data.x_train, np.array([[1, 2.5], [-3, 400]], dtype=np.float32))
    assert (data.name, data.kind, data.event_shape) == ("tabelle-ä.csv", "table", (2,))
    assert data.x_train.dtype == np.float32
    assert data.feature_names == ("a", "b")
    assert (data.y_train, data.label_name, data.ids_train, data.note) == (None, None, None, "")


def test_a_table_without_names_has_no_names(tmp_path):
    data = load_table(save(tmp_path, "1,2\n3,4\n"), test_fraction=0)
    np.testing.assert_array_equal(data.x_train, [[1, 2], [3, 4]])
    assert data.feature_names is None


def test_a_label_column_is_no_feature(tmp_path):
    data = load_table(save(tmp_path, "a,y,b\n1,7,2\n3,8,4\n"), test_fraction=0)
    np.testing.assert_array_equal(data.x_train, [[1, 2], [3, 4]])
    np.testing.assert_array_equal(data.y_train, [7, 8])
    assert (data.y_train.dtype, data.feature_names, data.label_name) == (np.int64, ("a", "b"), "y")
    assert told(data, "labels y") == [("2 classes", "--label none")]


def test_labels_may_be_names_or_real_numbers(tmp_path):
    data = load_table(save(tmp_path, "a,class\n1,rot\n2,blau\n"), test_fraction=0)
    assert data.class_names == ("blau", "rot")
    np.testing.assert_array_equal(data.y_train, [1, 0])
    data = load_table(save(tmp_path, "a,target\n1,0.5\n2,1.5\n"), test_fraction=0)
    np.testing.assert_array_equal(data.y_train, np.float32([0.5, 1.5]))
    assert data.real_labels
    assert "real numbers" in told(data, "labels target")[0][0]


def test_rows_labels_and_ids_are_split_together(tmp_path):
    path = save(tmp_path, as_csv(id=[f"r{k}" for k in range(30)], v=[3 * k for k in range(30)], y=range(30)))
    data = load_table(path, test_fraction=0.2, seed=3)
    assert (data.n_train, data.n_test, data.feature_names) == (24, 6, ("v",))
    np.testing.assert_array_equal(data.x_test[:, 0], 3 * data.y_test)
    assert data.ids_test == tuple(f"r{k}" for k in data.y_test)
    assert data.ids_train == tuple(f"r{k}" for k in data.y_train)
    np.testing.assert_array_equal(load_table(path, test_fraction=0.2, seed=3).y_test, data.y_test)


def test_ids_are_written_as_they_stand(tmp_path, numbers):
    data = load_table(save(tmp_path, as_csv(id=range(100, 100 + N), **numbers)), test_fraction=0)
    assert data.ids_train[:2] == ("100", "101")
    codes = [f"{k:05d}" for k in range(7, 7 + N)]
    assert load_table(save(tmp_path, as_csv(id=codes, **numbers)), test_fraction=0).ids_train == tuple(codes)
    # Long numbers, which would be the same as float64.
    codes = [str(10**18 + k) for k in range(N)]
    assert load_table(save(tmp_path, as_csv(id=codes, **numbers)), test_fraction=0).ids_train == tuple(codes)
    lines = "\n".join(f'{{"id": {10**18 + k}, "a": {k}.5}}' for k in range(N))
    assert load_table(save(tmp_path, lines, "a.jsonl"), test_fraction=0).ids_train == tuple(codes)


def test_holes_are_filled_with_the_median_of_the_training_part(tmp_path, rng):
    a = [f"{v:.2f}" for v in rng.normal(size=N)]
    cells = ["?" if k in (3, 8) else v for k, v in enumerate(a)]
    data = load_table(save(tmp_path, as_csv(a=cells, b=range(5, 5 + N))), test_fraction=0.3)
    rows = data.x_train[:, 1].astype(int) - 5
    median = np.median([float(a[row]) for row in rows if row not in (3, 8)])
    everything = np.concatenate([data.x_train, data.x_test])
    filled = everything[np.isin(everything[:, 1] - 5, (3, 8)), 0]
    np.testing.assert_allclose(filled, [median, median], rtol=1e-6)
    assert told(data, "column `a`")[-1] == (f"2 empty cells filled with the median {median:.6g}", "--impute drop")
    assert data.schema["medians"][0] == median


def test_rows_with_holes_can_be_left_out(tmp_path):
    text = "a,b,label\n1,2,x\n,3,y\n4,5,\n6,7,y\n,,y\n"
    data = load_table(save(tmp_path, text), test_fraction=0, reading=Reading(impute="drop"))
    np.testing.assert_array_equal(data.x_train, [[1, 2], [6, 7]])
    np.testing.assert_array_equal(data.y_train, [0, 1])
    assert told(data, "rows") == [
        ("1 left out: every cell of a feature is empty", ""),
        ("2 left out: a cell is empty", "--impute median"),
    ]
    with pytest.raises(ValueError, match="every row has an empty cell"):
        load_table(save(tmp_path, "a,b\n1,\n,2\n3,\n,4"), test_fraction=0, reading=Reading(impute="drop"))


def test_holes_in_many_columns_take_one_line(tmp_path, rng):
    x = rng.normal(size=(N, 9)).round(2).astype(str)
    x[np.arange(9), np.arange(9)] = ""
    data = load_table(save(tmp_path, "\n".join([",".join("abcdefghi"), *map(",".join, x.tolist())])))
    assert told(data, "empty cells of 9 columns") == [
        ("9 filled with the median of their column, 1 to 1 in each", "--impute drop")
    ]
    assert len(data.report) == 4


def test_infinity_is_a_hole(tmp_path):
    data = load_table(save(tmp_path, "a,b\n1,2\ninf,3\n3,4\n-inf,5\n5,6\n"), test_fraction=0)
    np.testing.assert_array_equal(data.x_train[:, 0], [1, 3, 3, 3, 5])


def test_a_wide_table_is_told_in_a_few_lines(tmp_path, rng):
    x = rng.integers(0, 256, (20, 784))
    text = "\n".join([",".join(f"pixel{k}" for k in range(784)), *[",".join(map(str, row)) for row in x.tolist()]])
    data = load_table(save(tmp_path, text), test_fraction=0)
    assert told(data, "columns pixel0 ... pixel783 (784)") == [("numbers", "--drop NAME")]
    assert len(data.report) < 6
    image = load_table(save(tmp_path, text), test_fraction=0, reading=Reading(kind="image"))
    assert (image.kind, image.event_shape, image.x_train.dtype) == ("image", (28, 28, 1), np.uint8)
    np.testing.assert_array_equal(image.x_train, x.reshape(20, 28, 28, 1))
    tokens = load_table(save(tmp_path, text), test_fraction=0, reading=Reading(kind="sequence"))
    assert (tokens.kind, tokens.event_shape, tokens.x_train.dtype) == ("sequence", (784,), np.int32)


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    cells = {"a": range(3, 3 + N), "b": ["red" if k == 5 else k * k for k in range(N)]}
    cells |= {"c": ["1e39" if k == 6 else k * k for k in range(N)], "label": ["" if k == 2 else "x" for k in range(N)]}
    with pytest.raises(ValueError, match="for 4 reasons") as caught:
        load_table(save(tmp_path, as_csv(**cells)), reading=Reading(drop=("nope",), label="label"))
    for part in ("`drop` names 'nope'", "'red' in line 7", "1e+39 in line 8", "an empty cell in line 4"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "a,b\n" + "1,2\n" * 9 + "3,red\n", "column `b` must hold numbers. .* 'red' in line 11 .1 of 10", id="text"
        ),
        pytest.param("a,x\n" + "1,2\n" * 10, "first line is a header", id="text-in-the-first-line"),
        pytest.param(
            "a,b\n1,1e39\n2,3\n", "column `b` must hold finite float32 numbers. .* 1e.39 in line 2", id="large"
        ),
        pytest.param(
            "a,b\nx,u\ny,v\nz,w\n", r"no column of numbers: columns a, b \(2\) left out: text", id="no-numbers"
        ),
        pytest.param("label\n1\n2\n", "holds no column of numbers beside the labels `label`", id="only-labels"),
        pytest.param(
            "a,label,y\n1,2,3\n", "at most one column can hold the labels. Received: label, y", id="two-labels"
        ),
        pytest.param(
            "a,label\n1,0\n2,\n", "column `label` must hold a label in every row. .* line 3", id="empty-label"
        ),
        pytest.param("a,a,b\n1,2,3\n", "a name of its own. Received twice or more: a", id="same-name"),
    ],
)
def test_tables_with_a_fault_are_refused_with_its_place(tmp_path, text, message):
    header = False if "first line" in message else None
    label = "label" if "in every row" in message else None
    with pytest.raises(ValueError, match=message):
        load_table(save(tmp_path, text), reading=Reading(header=header, label=label))


def test_options_for_images_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"is a table, which takes `kind`, .*Received: size=\(4, 4\)"):
        load_table(save(tmp_path, "a\n1\n2\n"), reading=Reading(size=4))


def test_the_schema_goes_through_json(tmp_path, numbers):
    smokes = ["yes", "no"] * (N // 2)
    data = load_table(save(tmp_path, as_csv(**numbers, smokes=smokes, y=["u", "v"] * (N // 2), id=range(9, 9 + N))))
    assert json.loads(json.dumps(data.schema)) == data.schema
    assert data.schema["features"] == ["a", "b", "smokes"]
    assert (data.schema["label"], data.schema["id"], data.schema["classes"]) == ("y", "id", ["u", "v"])
    assert data.schema["codings"] == {"smokes": {"yes": 1, "no": 0}}


def test_reading_is_fast(tmp_path, rng):
    """No claim about seconds: the cells must be read by pandas' C parser and never be touched one by one."""
    import cProfile
    import pstats

    path = save(tmp_path, "\n".join(",".join(f"{v:.4f}" for v in row) for row in rng.normal(size=(5000, 20))))
    with cProfile.Profile() as profile:
        load_table(path)
    # 100,000 cells; the look at the first 200 lines costs some thirty calls for each of their 4,000 cells.
    assert pstats.Stats(profile).total_calls < 500_000


@pytest.mark.parametrize("names", ["words", "numbers", "none"])
@pytest.mark.parametrize("index", [True, False])
@pytest.mark.parametrize(
    ("options", "encoding"),
    [
        pytest.param({}, "utf-8", id="comma"),
        pytest.param({"sep": ";", "decimal": ","}, "cp1252", id="european"),
        pytest.param({"sep": "\t", "decimal": ","}, "utf-16", id="european-tabs"),
        pytest.param({"sep": "|", "na_rep": "NA"}, "utf-8-sig", id="bars"),
        pytest.param({"sep": ";", "quoting": 1, "lineterminator": "\r\n"}, "utf-8", id="quoted"),
    ],
)
def test_what_pandas_writes_is_read_back(tmp_path, rng, names, index, options, encoding):
    pd = pytest.importorskip("pandas")
    x = rng.normal(size=(N, 5)).round(4) * 10.0 ** rng.integers(-2, 5, 5)
    x[:, 3] = np.round(x[:, 3])
    frame = pd.DataFrame(x, columns=list("äbcde") if names == "words" else None)
    frame.iloc[3, 1] = np.nan
    x[3, 1] = np.nanmedian(frame.iloc[:, 1])
    frame.to_csv(tmp_path / "a.csv", header=names != "none", index=index, encoding=encoding, **options)
    data = load_table(tmp_path / "a.csv", test_fraction=0)
    np.testing.assert_allclose(data.x_train, x, rtol=1e-6)
    wanted = {"words": tuple("äbcde"), "numbers": tuple("01234"), "none": None}
    assert data.feature_names == wanted[names]
