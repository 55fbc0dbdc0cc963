from keras_vae.data.table_cells import Cells
from keras_vae.data.table_columns import Column
from keras_vae.data.table_report import columns_in_words, report_of


def column(name, *remarks):
    return Column(name, Cells("numbers", None, None, None), remarks=list(remarks))


def test_columns_of_like_treatment_share_a_line():
    lines = report_of([column(f"pixel{k}", ("n", "numbers", "numbers", "--drop NAME")) for k in range(784)])
    assert [tuple(line) for line in lines] == [("columns pixel0 ... pixel783 (784)", "numbers", "--drop NAME")]


def test_one_column_is_named_with_its_option():
    (line,) = report_of([column("age", ("n", "numbers", "numbers", "--drop NAME"))])
    assert tuple(line) == ("column `age`", "numbers", "--drop age")


def test_words_of_their_own_are_kept_for_a_few_columns():
    def constants(n):
        return [column(f"c{k}", ("c", f"always {k}", "always the same", "")) for k in range(n)]

    assert [line.read_as for line in report_of(constants(3))] == ["always 0", "always 1", "always 2"]
    assert [tuple(line) for line in report_of(constants(4))] == [("columns c0, c1, c2, c3 (4)", "always the same", "")]


def test_which_word_is_1_is_told_column_by_column():
    def coded(n):
        return [column(f"c{k}", ("coded", f"`w{k}` is 1", "two words, read as 1 and 0", "")) for k in range(n)]

    assert len(report_of(coded(8))) == 8
    assert [line.read_as for line in report_of(coded(9))] == ["two words, read as 1 and 0"]


def test_a_column_can_have_several_remarks():
    lines = report_of(
        [column("a", ("n", "numbers", "", ""), ("l", "large", "", "")), column("b", ("n", "numbers", "", ""))]
    )
    assert [line.what for line in lines] == ["columns a, b (2)", "column `a`"]


def test_names_are_listed_while_they_are_few():
    assert columns_in_words(list("abc")) == "columns a, b, c (3)"
    assert columns_in_words(list("abcdefg")) == "columns a ... g (7)"
