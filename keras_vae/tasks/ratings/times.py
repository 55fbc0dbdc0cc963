"""Points in time as seconds since 1970, whatever they are written as."""

import warnings

import numpy as np

# Numbers this large are thousandths, millionths or billionths of seconds: seconds reach it in the year 5138.
PER_SECOND = (
    (1e17, 1e9, "nanoseconds"),
    (1e14, 1e6, "microseconds"),
    (1e11, 1e3, "milliseconds"),
    (0.0, 1.0, "seconds"),
)


def as_seconds(column, called):
    """Seconds since 1970 (UTC) of a column, each cell by its own form.

    Args:
        column: array `(n,)` of numbers, text or dates.
        called: str. The column in words, for messages.

    Returns:
        `(seconds, how)`: float array `(n,)`; str, what the cells were taken for.

    Raises:
        ValueError: for a cell that is no time.
    """
    import pandas

    if getattr(column.dtype, "kind", "O") == "M":
        return column.astype("datetime64[ns]").astype(np.int64) / 1e9, "dates"
    numbers = pandas.to_numeric(pandas.Series(column), errors="coerce").to_numpy(np.float64)
    seconds, units = _of_numbers(numbers)
    is_text = ~np.isfinite(numbers)
    if is_text.any():
        text = pandas.Series(np.asarray(column, object)[is_text]).astype(str)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Of dates that are read one by one.
            dates = pandas.to_datetime(text, format="mixed", errors="coerce", utc=True)
        bad = np.flatnonzero(dates.isna().to_numpy())
        if len(bad):
            row = np.flatnonzero(is_text)[bad[0]]
            raise ValueError(
                f"{called} must hold times, seconds since 1970 or dates. Received: {column[row]!r} in row {row + 1}, "
                f"and {len(bad) - 1} more; leave it out by --time none"
            )
        seconds[is_text] = (dates - pandas.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()
        units.append("dates, the month first where a date could be read in two ways")
    return seconds, " and ".join(units)


def _of_numbers(numbers):
    seconds, units = numbers.copy(), []
    left = np.isfinite(numbers)
    for least, per_second, unit in PER_SECOND:
        these = left & (np.abs(numbers) >= least)
        if these.any():
            seconds[these] = numbers[these] / per_second
            units.append(f"{unit} since 1970")
        left &= ~these
    return seconds, units


def in_words(seconds):
    """A point in time as a date."""
    import pandas

    return f"{pandas.Timestamp(float(seconds), unit='s'):%Y-%m-%d}"
