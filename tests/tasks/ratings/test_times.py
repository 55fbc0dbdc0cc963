"""Times in any form become seconds."""

import numpy as np
import pytest

from keras_vae.tasks.ratings.times import as_seconds, in_words

MOMENT = 1_325_376_000.0  # 2012-01-01.


@pytest.mark.parametrize(
    ("cells", "how"),
    [
        ([MOMENT], "seconds since 1970"),
        ([MOMENT * 1e3], "milliseconds since 1970"),
        ([MOMENT * 1e6], "microseconds since 1970"),
        ([MOMENT * 1e9], "nanoseconds since 1970"),
        (["1325376000"], "seconds since 1970"),
        (["2012-01-01"], "dates"),
        (["2012-01-01T00:00:00Z"], "dates"),
        (["2012-01-01 01:00:00+01:00"], "dates"),
        (["Jan 1, 2012"], "dates"),
        (["01/01/2012 00:00"], "dates"),
    ],
)
def test_every_form_of_one_moment_is_that_moment(cells, how):
    seconds, told = as_seconds(np.array(cells, object if isinstance(cells[0], str) else float), "column 3")
    np.testing.assert_allclose(seconds, [MOMENT])
    assert told.startswith(how)
    assert in_words(seconds[0]) == "2012-01-01"


def test_three_forms_in_one_column_are_read_each_by_itself():
    seconds, told = as_seconds(np.array(["1325376000", "2012-01-01", "1325376000000"], object), "column 3")
    np.testing.assert_allclose(seconds, MOMENT)
    assert "milliseconds" in told
    assert "dates, the month first where a date could be read in two ways" in told


def test_dates_of_pandas_are_read():
    seconds, told = as_seconds(np.array(["2012-01-01"], "datetime64[us]"), "column 3")
    np.testing.assert_allclose(seconds, [MOMENT])
    assert told == "dates"


def test_what_is_no_time_is_told_with_its_row():
    with pytest.raises(ValueError, match=r"column `when` must hold times.*Received: 'soon' in row 2, and 0 more"):
        as_seconds(np.array(["2012-01-01", "soon"], object), "column `when`")
