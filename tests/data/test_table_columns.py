import numpy as np
import pytest

from keras_vae.data.delimited import RawTable
from keras_vae.data.reading import Reading
from keras_vae.data.table_columns import columns_of, give_roles, is_id_name

pd = pytest.importorskip("pandas")
N = 12
REAL = [k * 0.75 + k % 5 for k in range(N)]


def judge(reading=None, names=True, **columns):
    frame = pd.DataFrame({j: cells for j, cells in enumerate(columns.values())})
    raw = RawTable(list(columns) if names else None, frame, lambda row: f"line {row}", str, [])
    found, problems = columns_of(raw)
    problems += give_roles(found, reading or Reading())
    return {column.name: column for column in found}, problems


def roles(reading=None, **columns):
    return {name: column.role for name, column in judge(reading, **columns)[0].items()}


def words(column):
    return "; ".join(one for _, one, _, _ in column.remarks)


def cycle(*cells):
    return [cells[k % len(cells)] for k in range(N)]


@pytest.mark.parametrize("name", ["label", "Class", "Y", "TARGET"])
def test_a_label_is_known_by_its_name(name):
    assert roles(a=REAL, **{name: cycle(0, 1)}, b=REAL) == {"a": "feature", name: "label", "b": "feature"}


def test_two_names_of_labels_are_a_problem_and_one_can_be_chosen():
    columns = {"a": REAL, "label": cycle(0, 1), "y": cycle(3, 4)}
    assert "at most one column can hold the labels. Received: label, y" in judge(**columns)[1][0]
    assert roles(Reading(label="y"), **columns) == {"a": "feature", "label": "feature", "y": "label"}
    assert roles(Reading(label="none"), **columns) == dict.fromkeys(columns, "feature")


@pytest.mark.parametrize("name", ["id", "ID", "customer_id", "PassengerId", "uuid", "sample id"])
def test_an_id_is_known_by_its_name_if_all_cells_differ(name):
    assert roles(**{name: range(100, 100 + N)}, a=REAL) == {name: "id", "a": "feature"}
    assert roles(**{name: [f"p{k}" for k in range(N)]}, a=REAL) == {name: "id", "a": "feature"}
    found, _ = judge(**{name: cycle(100, 101)}, a=REAL)
    assert found[name].role == "left out"
    assert "names things and measures nothing" in words(found[name])


@pytest.mark.parametrize("name", ["paid", "Valid", "grid", "y2", "width", "void"])
def test_other_names_are_no_ids(name):
    assert not is_id_name(name)


def test_identifiers_and_words_that_all_differ_are_ids():
    uuids = [f"123e4567-e89b-12d3-a456-4266141740{k:02d}" for k in range(N)]
    assert roles(key=uuids, a=REAL)["key"] == "id"
    assert roles(plant=[f"plant {k}" for k in range(N)], a=REAL)["plant"] == "id"
    found = roles(plant=[f"plant {k}" for k in range(N)], key=uuids, id=range(100, 100 + N), a=REAL)
    assert found == {"plant": "left out", "key": "left out", "id": "id", "a": "feature"}
    assert roles(plant=[f"plant {k}" for k in range(N - 1)] + ["plant 0"], a=REAL)["plant"] == "left out"
    found, _ = judge(**{"": REAL, "plant": [f"plant {k}" for k in range(N)], "a": REAL})
    assert words(found["plant"]) == "left out: text"


def test_an_id_can_be_named_and_switched_off():
    assert roles(Reading(id="a"), a=REAL, b=REAL)["a"] == "id"
    assert roles(Reading(id="none"), id=range(100, 100 + N), n=range(N), a=REAL) == dict.fromkeys(
        ["id", "n", "a"], "feature"
    )


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("name", ["", "Unnamed: 0", "n", "row"])
def test_numbers_of_the_rows_are_left_out(name, start):
    found, _ = judge(**{name: range(start, start + N)}, a=REAL)
    first = next(iter(found.values()))
    assert (first.role, words(first)) == ("left out", "left out: the numbers of the rows")


def test_counting_needs_rows_enough_or_a_name_that_says_so_and_never_empties_a_table():
    assert roles(n=[0, 1, 2], a=[3, 1, 2])["n"] == "feature"
    assert roles(index=[0, 1, 2], a=[3, 1, 2])["index"] == "left out"
    assert roles(n=range(N)) == {"n": "feature"}
    assert roles(n=range(2, N + 2), a=REAL)["n"] == "feature"
    assert roles(n=reversed(range(N)), a=REAL)["n"] == "feature"


def test_a_nameless_first_column_whose_cells_differ_names_the_rows():
    years = list(range(1959, 1959 + N))
    assert roles(**{"": years, "a": REAL}) == {"column 1": "id", "a": "feature"}
    assert roles(**{"": REAL, "id": years, "a": REAL}) == {"column 1": "left out", "id": "id", "a": "feature"}
    assert roles(**{"": years, "key": [f"k{k}" for k in range(N)], "a": REAL})["column 1"] == "id"
    assert roles(**{"a": REAL, "": years}) == {"a": "feature", "column 2": "feature"}
    assert roles(**{"": cycle(1, 2), "a": REAL}) == {"column 1": "feature", "a": "feature"}


def test_y_beside_x_is_a_coordinate():
    assert roles(x=REAL, y=cycle(0, 1)) == {"x": "feature", "y": "feature"}
    assert roles(X=REAL, Y=cycle(0, 1), label=cycle(0, 1)) == {"X": "feature", "Y": "feature", "label": "label"}
    assert roles(Reading(label="y"), x=REAL, y=cycle(0, 1))["y"] == "label"


def test_numbers_called_y_are_learned_where_there_is_nothing_else():
    assert roles(**{"": range(N), "y": REAL}) == {"column 1": "left out", "y": "feature"}
    assert roles(id=range(9, N + 9), target=REAL)["target"] == "feature"
    assert roles(when=["2024-01-01"] * N, y=REAL)["y"] == "feature"
    assert roles(label=cycle(0, 1))["label"] == "label"
    assert roles(y=cycle("u", "v"))["y"] == "label"


@pytest.mark.parametrize("name", ["y", "kind"])
def test_a_guessed_label_that_some_rows_do_not_have_is_not_used(name):
    cells = cycle("aa", "bb", "cc", None)
    found, problems = judge(a=REAL, **{name: cells})
    assert (found[name].role, problems) == ("left out", [])
    assert "it looks like the label, which 3 rows do not have" in words(found[name])
    assert roles(Reading(impute="drop"), a=REAL, **{name: cells})[name] == "label"
    assert roles(Reading(label=name), a=REAL, **{name: cells})[name] == "label"


def test_a_name_is_made_for_a_column_without_one():
    found, _ = judge(**{"": cycle(0.5, 1.5), "a": REAL})
    assert list(found) == ["column 1", "a"]
    assert found["column 1"].role == "feature"
    found, _ = judge(a=REAL, **{"": [None] * N})
    assert words(found["column 2"]) == "left out: no name and every cell is empty"
    assert list(judge(names=False, a=REAL, b=REAL)[0]) == ["1", "2"]


def test_columns_of_one_name_are_a_problem():
    raw = RawTable(["a", "b", "a"], pd.DataFrame([[1, 2, 3]]), str, str, [])
    assert columns_of(raw)[1] == ["every column must have a name of its own. Received twice or more: a"]


def test_few_words_are_the_label_in_the_last_column_or_alone():
    few, other = cycle("aa", "bb", "cc"), cycle("u", "v", "w", "x")
    assert roles(a=REAL, kind=few) == {"a": "feature", "kind": "label"}
    assert roles(kind=few, a=REAL) == {"kind": "label", "a": "feature"}
    assert roles(kind=few, city=other, a=REAL) == {"kind": "left out", "city": "left out", "a": "feature"}
    assert roles(kind=few, a=REAL, city=other) == {"kind": "left out", "a": "feature", "city": "label"}
    assert roles(kind=few, a=REAL, y=cycle(0, 1)) == {"kind": "left out", "a": "feature", "y": "label"}
    assert roles(Reading(label=""), a=REAL, kind=few) == {"a": "feature", "kind": "left out"}


def test_words_that_hardly_repeat_are_no_label():
    assert roles(a=REAL, kind=[f"k{k // 2}" for k in range(N)])["kind"] == "label"
    assert roles(a=REAL, kind=[f"k{k // 2}" for k in range(N - 2)] + ["x", "z"])["kind"] == "left out"


def test_yes_and_no_are_1_and_0_and_no_label():
    found, _ = judge(a=REAL, smokes=cycle("no", "yes", None))
    assert found["smokes"].role == "feature"
    np.testing.assert_array_equal(found["smokes"].values[:3], [0, 1, np.nan])
    assert words(found["smokes"]) == "`yes` is 1, `no` is 0"
    assert roles(Reading(label="smokes"), a=REAL, smokes=cycle("no", "yes"))["smokes"] == "label"


def test_two_other_words_are_1_and_0_where_they_are_no_label():
    found, _ = judge(side=cycle("left", "right"), kind=cycle("u", "v", "w"), a=REAL)
    assert words(found["side"]) == "`right` is 1, `left` is 0"


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        (["2024-01-01"] * N, "dates or times"),
        ([[1, 2]] * N, "lists in its cells"),
        ([None] * N, "every cell is empty"),
        (["x"] * N, "one word in every row"),
        ([f"w{k % 11}" for k in range(N)], "text"),
        ([None] * 7 + [1.0] * 5, "more than half of its cells are empty"),
    ],
)
def test_what_gives_no_numbers_is_left_out_and_told(cells, why):
    found, problems = judge(c=cells, a=REAL)
    assert (found["c"].role, words(found["c"]), problems) == ("left out", f"left out: {why}", [])


def test_half_empty_columns_stay_and_emptier_ones_if_asked_for():
    assert roles(c=[None] * 6 + [1.0] * 6, a=REAL)["c"] == "feature"
    assert roles(Reading(columns=("c", "a")), c=[None] * 7 + [1.0] * 5, a=REAL)["c"] == "feature"


def test_the_user_says_what_is_left_out_and_what_stays():
    columns = {"id": range(100, 100 + N), "n": range(N), "a": REAL, "b": REAL}
    assert roles(Reading(drop=("b", "id")), **columns) == {
        "id": "left out",
        "n": "left out",
        "a": "feature",
        "b": "left out",
    }
    found, _ = judge(Reading(columns=("n", "b")), **columns)
    assert {name: column.role for name, column in found.items()} == {
        "id": "id",
        "n": "feature",
        "a": "left out",
        "b": "feature",
    }
    assert words(found["a"]) == "left out: not asked for"


def test_a_column_that_is_asked_for_and_gives_no_numbers_is_a_problem():
    city = cycle("u", "v", "w", "x")
    _, problems = judge(Reading(columns=("a", "city"), label="none"), a=REAL, city=city)
    assert problems == ["`columns` names 'city', which is no feature (left out: text)"]


def test_true_and_false_are_told():
    found, _ = judge(ok=[True, False] * (N // 2), a=REAL)
    assert words(found["ok"]) == "`True` is 1, `False` is 0"
    assert found["ok"].values[:2].tolist() == [1, 0]


def test_names_that_do_not_exist_are_all_named():
    _, problems = judge(Reading(drop=("x",), columns=("aa",), label="lable", id="none"), a=REAL, label=REAL)
    assert [problem.split(",")[0] for problem in problems] == [
        "`drop` names 'x'",
        "`columns` names 'aa'",
        "`label` names 'lable'",
    ]
    assert "(nearest: label)" in problems[2]


def test_peculiar_numbers_are_told():
    found, _ = judge(
        c=[7.5] * N, big=[2**25 + 3 * k for k in range(N)], half=[2**25 + 0.5 + k for k in range(N)], a=REAL
    )
    assert words(found["c"]) == "numbers; the same value in every row, 7.5"
    assert "float32 keeps their first 7 digits" in words(found["big"])
    assert words(found["half"]) == "numbers"
    found, _ = judge(price=[f"$ {k}.50" for k in range(N)], a=REAL)
    assert words(found["price"]) == "numbers (currency, as in '$ 0.50')"
