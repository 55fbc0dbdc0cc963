"""Tables in any container (pandas, polars, arrays, lists, dicts): apart into columns, and columns back into one."""

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from keras_vae.data.column_cells import is_text, numpy_dtype
from keras_vae.data.reading import some_of

# Of each container the word by which `together` knows it.
CONTAINERS = ("pandas", "polars", "dict", "array")


class Parts(NamedTuple):
    """A table taken apart.

    Attributes:
        container: one of `CONTAINERS`.
        names: list of str; `x0`, `x1`, ... where the table has none.
        has_names: bool. Whether the table has names of its own.
        columns: list of pandas or polars Series, or of arrays `(n,)`.
        n_rows: int.
        dtype: str or None. Of a numeric array.
    """

    container: str
    names: list[str]
    has_names: bool
    columns: list[Any]
    n_rows: int
    dtype: str | None = None


def apart(table: Any, names: list[str] | tuple[str, ...] | None = None) -> Parts:
    """The columns of a table.

    Args:
        table: pandas or polars DataFrame, array `(n, columns)`, list of rows, or dict of columns.
        names: names for the columns of a table that has none, or other names; or None.

    Returns:
        `Parts`.

    Raises:
        ValueError: if it is no table, has no rows or no columns, its rows have unlike lengths, two columns have one
            name, or there are not as many `names` as columns.
    """
    parts = _apart(table)
    if names is not None:
        names = [str(name) for name in names]
        if len(names) != len(parts.columns):
            raise ValueError(f"`names` must name {len(parts.columns)} columns. Received: {len(names)} names")
        parts = parts._replace(names=names, has_names=True)
    twice = [name for name, count in Counter(parts.names).items() if count > 1]
    if twice:
        raise ValueError(f"every column must have a name of its own. Received twice or more: {some_of(twice)}")
    if not parts.columns or not parts.n_rows:
        raise ValueError(f"`table` must have rows and columns. Received: shape ({parts.n_rows}, {len(parts.columns)})")
    return parts


def container_of(table: Any) -> str | None:
    """Which of `CONTAINERS` a table is; None for what is no table."""
    place = type(table).__module__.split(".")[0]
    if place in ("pandas", "polars") and type(table).__name__ == "DataFrame":
        return place
    if isinstance(table, dict):
        return "dict"
    is_rows = isinstance(table, (list, tuple)) or (hasattr(table, "__array__") and place not in ("pandas", "polars"))
    return "array" if is_rows else None


def _apart(table):
    container = container_of(table)
    if container is None:
        hint = ""
        if type(table).__name__ == "Series":
            hint = "; one column is table.to_frame()"
        elif type(table).__name__ == "LazyFrame":
            hint = "; a lazy frame is table.collect()"
        raise ValueError(
            f"`table` must be a frame of pandas or polars, an array (n, columns), a list of rows or a dict of columns. "
            f"Received: {type(table).__name__}{hint}"
        )
    if container == "pandas":
        names = [str(name) for name in table.columns]
        return Parts(container, names, True, [table.iloc[:, j] for j in range(table.shape[1])], len(table))
    if container == "polars":
        return Parts(container, list(table.columns), True, table.get_columns(), table.height)
    if container == "dict":
        return _of_dict(table)
    return _of_array(np.asarray(table) if hasattr(table, "__array__") else _rows_of(table))


def _of_dict(table):
    import pandas

    sizes = {str(name): np.shape(cells)[:1] for name, cells in table.items()}
    if len(set(sizes.values())) > 1 or () in sizes.values():
        shown = ", ".join(f"{name}: {size[0] if size else 'one value'}" for name, size in list(sizes.items())[:6])
        raise ValueError(f"the columns of `table` must be lists of one length. Received: {shown}")
    columns = [cells if hasattr(cells, "dtype") else pandas.Series(list(cells)) for cells in table.values()]
    return Parts("dict", list(sizes), True, columns, next(iter(sizes.values()), (0,))[0])


def _rows_of(table):
    """A list of rows as an array of objects, in which every cell is what it was: NumPy makes text of [1, "a"]."""
    if not len(table) or not all(isinstance(row, (list, tuple, np.ndarray)) for row in table):
        return np.array(table, dtype=object)
    widths = [len(row) for row in table]
    wrong = next((k for k, width in enumerate(widths) if width != widths[0]), None)
    if wrong is not None:
        raise ValueError(
            f"every row of `table` must have as many cells as the first, {widths[0]}. "
            f"Received: {widths[wrong]} in row {wrong} (from 0)"
        )
    cells = np.empty((len(table), widths[0]), dtype=object)
    for k, row in enumerate(table):
        cells[k, :] = row
    return cells


def _of_array(table):
    if table.ndim != 2:
        hint = "; one column is table.reshape(-1, 1), one row is table.reshape(1, -1)" if table.ndim == 1 else ""
        raise ValueError(f"`table` must have shape (n, columns). Received: shape {table.shape}{hint}")
    dtype = str(table.dtype) if table.dtype.kind in "iufb" else None
    columns = [_inferred(table[:, j]) for j in range(table.shape[1])]
    return Parts("array", [f"x{j}" for j in range(len(columns))], False, columns, len(table), dtype)


def _inferred(column):
    if column.dtype.kind in "iufbmM":
        return column
    import pandas

    return pandas.Series(column.astype(object), dtype=object)


def together(values: list[np.ndarray], dtypes: list[str], names: list[str], like: Any) -> Any:
    """A table of columns.

    Args:
        values: list of arrays `(n,)`: float64 with NaN for holes, datetime64 or timedelta64 with NaT, or objects with
            None.
        dtypes: list of str. What each column came as, see `ColumnCells.dtype`.
        names: list of str.
        like: a table whose container is wanted, and whose row labels a pandas frame takes over if it is as long; or
            one of `CONTAINERS`.

    Returns:
        pandas or polars DataFrame, dict of arrays, or array `(n, columns)`.

    Raises:
        ValueError: if `like` is neither.
    """
    container = like if isinstance(like, str) else container_of(like)
    if container not in CONTAINERS:
        raise ValueError(f"`like` must be a table or one of {', '.join(CONTAINERS)}. Received: {like!r}")
    values = [_within(column, dtype) for column, dtype in zip(values, dtypes, strict=True)]
    if container == "polars":
        import polars

        return polars.DataFrame(
            [_as_polars(name, column, dtype) for name, column, dtype in zip(names, values, dtypes, strict=True)]
        )
    if container == "pandas":
        return _pandas_frame(values, dtypes, names, None if isinstance(like, str) else like)
    arrays = [_as_array(column, dtype) for column, dtype in zip(values, dtypes, strict=True)]
    if container == "dict":
        return dict(zip(names, arrays, strict=True))
    kinds = {array.dtype for array in arrays}
    together = np.empty((len(arrays[0]), len(arrays)), dtype=kinds.pop() if len(kinds) == 1 else _common(arrays))
    for j, array in enumerate(arrays):
        together[:, j] = array
    return together


def _common(arrays):
    return np.result_type(*arrays) if all(array.dtype.kind in "iuf" for array in arrays) else object


def _within(column, dtype):
    """Numbers as far as their dtype has a place for them: what a model draws may be below 0 or above 255."""
    wanted = numpy_dtype(dtype)
    if column.dtype.kind != "f" or wanted.kind not in "iub":
        return column
    low, high = (0, 1) if wanted.kind == "b" else (np.iinfo(wanted).min, np.iinfo(wanted).max)
    # The largest whole numbers of 64 bits are no float64, the one below is.
    return np.clip(column, float(low), float(high) if high < 2**53 else np.nextafter(float(high), 0))


def _as_array(column, dtype):
    """A column as an array: numbers as the dtype that they came as, where it has a place for their holes."""
    if column.dtype.kind != "f":
        return column
    wanted = numpy_dtype(dtype)
    return column if wanted.kind in "iub" and np.isnan(column).any() else column.astype(wanted)


def _pandas_frame(values, dtypes, names, like):
    import pandas

    index = like.index if like is not None and len(like) == len(values[0]) else None
    columns = [_as_pandas(column, dtype) for column, dtype in zip(values, dtypes, strict=True)]
    frame = pandas.DataFrame(dict(enumerate(columns)))
    labels = {} if like is None else {str(label): label for label in like.columns}
    frame.columns = [labels.get(name, name) for name in names]
    if index is not None:
        frame.index = index
    return frame


def _as_pandas(column, dtype):
    import pandas

    kind = column.dtype.kind
    if kind == "f" and dtype.startswith("category["):
        return pandas.Series(_as_array(column, dtype)).astype("category")
    if kind == "f":
        return _numbers_for_pandas(pandas.Series(column), dtype)
    if kind in "mM":
        zone, times = _zone_of(dtype), pandas.Series(column)
        if zone is not None:
            return times.dt.tz_localize("UTC").dt.tz_convert(zone)
        return times.astype(dtype) if dtype.startswith(("datetime64[", "timedelta64[")) else times
    # pandas 2 has no `str` of its own: it would make the word "None" of a hole.
    has_str = int(pandas.__version__.split(".")[0]) >= 3
    keeps = is_text(dtype) and (has_str or (not dtype.startswith("str,") and dtype != "str"))
    return pandas.Series(column, dtype=object).astype(dtype.split(",")[0] if keeps else object)


def _zone_of(dtype):
    return dtype.split(", ")[1].rstrip("]") if dtype.startswith("datetime64[") and ", " in dtype else None


def _numbers_for_pandas(column, dtype):
    """Numbers as the dtype that they came as; where it has no place for holes, as floats (bools as objects)."""
    if dtype[:1].isupper() or dtype.endswith("[pyarrow]"):
        return column.astype("Float64").astype(dtype)
    if numpy_dtype(dtype).kind == "b":
        nullable = column.astype("boolean")
        if dtype == "boolean" or (dtype == "bool" and not column.hasnans):
            return nullable.astype(dtype)
        return nullable.astype(object).where(column.notna(), None)
    has_room = numpy_dtype(dtype).kind == "f" or not column.hasnans
    return column.astype(numpy_dtype(dtype)) if has_room else column


def _as_polars(name, column, dtype):
    import polars

    kind = column.dtype.kind
    if kind == "f":
        wanted = numpy_dtype(dtype)
        plain = wanted.name.replace("uint", "UInt").replace("int", "Int").replace("float", "Float")
        numbers = polars.Series(name, column).fill_nan(None)
        return numbers.cast(polars.Boolean if wanted.kind == "b" else getattr(polars, plain))
    if kind == "M":
        zone, times = _zone_of(dtype), polars.Series(name, column)
        if zone is not None:
            return times.dt.replace_time_zone("UTC").dt.convert_time_zone(zone)
        return times.cast(polars.Datetime(_unit_of(dtype)))
    if kind == "m":
        return polars.Series(name, column).cast(polars.Duration(_unit_of(dtype)))
    of_objects = {"time": polars.Time, "date": polars.Date}
    words = polars.Series(name, column.tolist(), dtype=of_objects.get(dtype, polars.String))
    return words.cast(polars.Categorical) if dtype == "category" else words


def _unit_of(dtype):
    """The unit of a dtype such as `datetime64[ms]`, as far as polars has it."""
    unit = dtype.split("[")[-1].split(",")[0].rstrip("]")
    return unit if unit in ("ns", "us", "ms") else "us"
