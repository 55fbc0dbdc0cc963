"""A table with numbers and words in its holes, and everything else as it was."""

import numpy as np

from keras_vae.training.containers import is_frame


def filled_table(columns, table, x, estimate):
    """The table with an estimate in every hole.

    Args:
        columns: `TableColumns`.
        table: array or frame, as it was given.
        x: array `(n, n_columns)`, `columns.encode(table)`: NaN where there are holes.
        estimate: array of the same shape.

    Returns:
        Array or frame with the columns of the first table in their order. Cells that were no holes are those of
        `table`, and so are columns that were left out. Numbers are rounded where a column takes whole ones only.
    """
    holes = np.isnan(x)
    decoded = columns.decode(np.where(holes, estimate, np.nan), like=table)
    if not is_frame(table):
        return _filled_array(columns, table, holes, decoded, estimate)
    names = [name for name in columns.names if name in set(map(str, table.columns))]
    by_name = {str(label): label for label in table.columns}
    places = {column.name: j for j, column in enumerate(columns.columns)}
    frame = table[[by_name[name] for name in names]]
    for name in names:
        j = places.get(name)
        if j is None or not holes[:, j].any():
            continue
        label = by_name[name]
        filler = _column_filler(columns.columns[j], decoded[label], estimate[:, j])
        frame = _with_column(frame, label, holes[:, j], filler)
    return frame


def _filled_array(columns, table, holes, decoded, estimate):
    filled = np.array(
        table, dtype=object if table.dtype.kind not in "fiub" else np.result_type(table.dtype, np.float32)
    )
    names = list(columns.names)
    for j, column in enumerate(columns.columns):
        rows = holes[:, j]
        if rows.any():
            values = estimate[:, j] if _is_plain(column) else decoded[:, j]
            filled[rows, names.index(column.name)] = values[rows]
    return filled


def _is_plain(column):
    """Whether numbers of a column may have any value: it is not to be rounded, and they are no dates."""
    return column.kind in ("real", "count") and column.unit is None and column.dtype.startswith(("float", "Float"))


def _column_filler(column, decoded, estimate):
    return estimate.astype(np.float64) if _is_plain(column) else decoded


def _with_column(frame, label, holes, filler):
    """The frame with other values in one column where there are holes."""
    if type(frame).__module__.startswith("polars"):
        import polars

        filler = polars.Series(label, filler).cast(frame[label].dtype)
        return frame.with_columns(frame[label].zip_with(polars.Series(~holes), filler).alias(label))
    import pandas

    present = frame[label]
    filler = pandas.Series(np.asarray(filler) if not hasattr(filler, "array") else filler.array, index=present.index)
    if isinstance(present.dtype, pandas.CategoricalDtype):
        # The filler knows the categories that it holds, and may hold a new one, "other".
        words = filler[holes].dropna().astype(object).unique()
        present = present.cat.add_categories([word for word in words if word not in present.cat.categories])
        filler = filler.astype(object).where(holes).astype(present.dtype)
    frame = frame.copy()
    frame[label] = present.where(~holes, filler)
    return frame
