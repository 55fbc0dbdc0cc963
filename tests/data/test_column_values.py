import datetime

import numpy as np
import pytest

from keras_vae.data.column_cells import DAY_FIRST
from keras_vae.data.column_values import decode_column
from keras_vae.data.table_column import TableColumn


def decoded(x, **column):
    return decode_column(TableColumn("c", **{"kind": "real", **column}), np.array(x)).tolist()


def test_words_come_back_and_the_last_class_is_other():
    assert decoded([1, np.nan, 0, 2], kind="category", words=("u", "v"), dtype="str") == ["v", None, "u", "other"]
    assert decoded([0.2, 0.9], kind="category", words=("u", "v"), dtype="str") == ["u", "v"]


def test_words_of_numbers_come_back_as_numbers_and_other_as_a_hole():
    np.testing.assert_array_equal(
        decoded([1, np.nan, 0, 2], kind="category", words=("3", "4.5"), dtype="float64"), [4.5, np.nan, 3, np.nan]
    )


@pytest.mark.parametrize("code", [-1.0, 3.0, np.inf])
def test_codes_that_there_are_not_are_refused(code):
    with pytest.raises(ValueError, match=r"column `c` of `x` must hold codes from 0 to 2. Received: .* in row 1"):
        decoded([0, code], kind="category", words=("u", "v"), dtype="str")


def test_probabilities_of_a_binary_column_are_rounded():
    assert decoded([0.5, 0.49, np.nan], kind="binary", words=("no", "yes"), dtype="str") == ["yes", "no", None]
    np.testing.assert_array_equal(decoded([0.9, 0.1, np.nan], kind="binary", values=(2.0, 5.0)), [5, 2, np.nan])
    np.testing.assert_array_equal(decoded([0.9, 0.1, np.nan], kind="binary"), [1, 0, np.nan])


def test_numbers_are_rounded_where_all_known_ones_were_whole():
    assert decoded([1.4, -2.6], whole=True) == [1, -3]
    assert decoded([1.5, -2.5]) == [1.5, -2.5]
    assert decoded([1.4, -0.6], kind="count", whole=True) == [1, 0]


def test_days_come_back_as_what_they_were():
    day = {"unit": "days since 1970-01-01", "whole": True}
    assert decoded([1.2, np.nan], dtype="datetime64[us]", **day) == [datetime.datetime(1970, 1, 2), None]
    assert decoded([1.2, np.nan], dtype="date", **day) == [datetime.date(1970, 1, 2), None]
    assert decoded([1.2, np.nan], dtype="str", **day) == ["1970-01-02", None]
    assert decoded([1.2, np.nan], dtype=DAY_FIRST, **day) == ["1970-01-02", None]
    assert decoded([0.5], dtype="str", unit="days since 2024-01-01") == ["2024-01-01T12:00:00"]


def test_times_come_back_as_what_they_were_and_stay_within_the_day():
    assert decoded([6.51, np.nan], dtype="time", unit="hours") == [datetime.time(6, 30, 36), None]
    assert decoded([6.5, 25.0, -1.0], dtype="str", unit="hours") == ["06:30:00", "23:59:59", "00:00:00"]
    assert decoded([1.5], dtype="timedelta64[us]", unit="days") == [datetime.timedelta(days=1.5)]


def test_what_no_calendar_holds_becomes_the_first_or_the_last_day():
    day = {"unit": "days since 1970-01-01", "whole": True, "dtype": "date"}
    assert decoded([-1e30, 1e30, -np.inf], **day) == [datetime.date.min, datetime.date.max, datetime.date.min]
    assert decoded([1e30], dtype="timedelta64[us]", unit="days") == [datetime.timedelta(days=1e8)]


def test_seconds_survive_float32_where_dates_count_from_their_own_first_day():
    seconds = np.arange(0, 30 * 86_400, 997)
    x = (seconds / 86_400).astype(np.float32)
    column = TableColumn("c", "real", unit="days since 2024-01-01", dtype="datetime64[us]")
    stamps = np.datetime64("2024-01-01") + seconds.astype("timedelta64[s]")
    assert np.abs(decode_column(column, x) - stamps).max() <= np.timedelta64(1, "s")
