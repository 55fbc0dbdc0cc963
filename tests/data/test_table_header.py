import numpy as np
import pytest

from keras_vae.data.table_header import has_header


def rows(first, below):
    return [first.split(","), *[line.split(",") for line in below]]


def noise(n_columns, n=20):
    return [",".join(f"{v:.3f}" for v in row) for row in np.random.default_rng(0).normal(size=(n, n_columns))]


@pytest.mark.parametrize(
    ("first", "below"),
    [
        pytest.param("a,b", ["1,2"], id="words-over-numbers"),
        pytest.param("name,b", ["ann,2", "bob,3"], id="words-over-words-and-numbers"),
        pytest.param("name,city", ["ann,rome", "bob,oslo"], id="words-over-words"),
        pytest.param("5,label", ["1,2"], id="name-of-a-label"),
        pytest.param("0,1,2,3", noise(4), id="counted-from-0"),
        pytest.param("1,2,3", ["5,6,7", "1,2,3"], id="counted-from-1-over-whole-numbers"),
        pytest.param(",0,1,2", ["0,.5,.1,.2", "1,.3,.2,.1"], id="counted-behind-an-index"),
        pytest.param("0,1", noise(2), id="two-counted-over-real-numbers"),
        pytest.param("400,410,420", noise(3), id="wave-lengths"),
        pytest.param("400.5,401.0,401.5,402.0", noise(4), id="wave-lengths-with-a-point"),
        pytest.param("country,1990,1991,1992", [f"c{k},{k / 9},{k / 7},{k / 5}" for k in range(9)], id="years"),
        pytest.param(",a", ["0,1"], id="nameless-first-column"),
        pytest.param(",16.5,16.75,17.25", ["1550,3,9,14", "1600,2,17,20"], id="numbers-beside-names-of-rows"),
        pytest.param("a,b", ["?,1", ",2"], id="holes-below"),
        pytest.param("price,share", ["$3,5 %", "$4,6 %"], id="numbers-in-other-spellings"),
    ],
)
def test_the_first_line_holds_names(first, below):
    assert has_header(rows(first, below))[0]


@pytest.mark.parametrize(
    ("first", "below"),
    [
        pytest.param("1,2", ["3,4"], id="two-numbers"),
        pytest.param("0,1", ["1,1", "0,0"], id="binary-rows"),
        pytest.param("0,1,2", ["0,1,2", "0,1,2"], id="the-same-line-again"),
        pytest.param(noise(3)[0], noise(3)[1:], id="numbers-like-those-below"),
        pytest.param("5.1,3.5,rose", ["4.9,3.0,rose", "6.1,2.9,lily"], id="numbers-and-a-class"),
        pytest.param("yes,no", ["no,yes", "yes,yes"], id="words-that-come-again"),
        pytest.param("1.0,2.0,3.0", ["1.1,2.1,3.1"] * 3 + ["0.9,1.8,2.7"] * 3, id="rising-rows"),
        pytest.param("10,20,30", ["1,2,3", "5,6,7"], id="too-few-lines-to-tell"),
        pytest.param("9,5,7", noise(3), id="far-but-not-rising"),
        pytest.param("1.5,x", ["2.5,y"], id="a-number-and-a-word"),
        pytest.param(",1.5,2.5", [",3,4", "5,6,7"], id="a-hole-above-a-hole"),
        pytest.param(",1.5,2.5", ["5,3,4", "5,6,7"], id="a-hole-above-equal-cells"),
    ],
)
def test_the_first_line_holds_data(first, below):
    assert not has_header(rows(first, below))[0]


def test_a_table_of_noise_is_hardly_ever_taken_for_one_with_names(rng):
    found = [has_header([[f"{v:.3f}" for v in row] for row in rng.normal(size=(12, 3))])[0] for _ in range(2000)]
    assert sum(found) == 0


def test_the_reason_is_said():
    assert has_header(rows("0,1,2", noise(3)))[1] == "it counts the columns"
    assert has_header(rows("1.5,2", ["3,4"]))[1] == "it looks like the lines below"
