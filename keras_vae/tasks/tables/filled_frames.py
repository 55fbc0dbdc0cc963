"""The table in a file with its holes filled, everything else being as it was."""

import numpy as np

from keras_vae._checks import check_int
from keras_vae.data.columns import TableColumns
from keras_vae.data.table_file import DELIMITED, read_table, suffix_of
from keras_vae.tasks.tables.filled_table import filled_table


def filled_frames(model, schema, source, n_draws=0, n_samples=200, seed=0, as_written=False):
    """Fill the holes of a table in a file.

    Args:
        model: trained `VAE` whose likelihood takes holes.
        schema: dict. How the table of its training was read, `Dataset.schema`.
        source: path of a table with the columns of that one.
        n_draws: int >= 0. Tables with a draw in each hole; 0 for one table with estimates.
        n_samples: int >= 1. Draws of z per row.
        seed: int >= 0.
        as_written: bool. Whether all other cells are given as the text that stands in a text file with separators.

    Returns:
        `(frames, n_holes)`: list of pandas DataFrames, and the number of cells that were filled in each.

    Raises:
        ValueError: for a model that takes no holes, a table with other columns, or a number out of bounds.
        FileNotFoundError: if there is no such table.
    """
    check_int("n_draws", n_draws, 0)
    if "columns_as" not in schema:
        raise ValueError(
            "the run must be one of a table with holes, words or counts, or trained with `--likelihood mixed`, to fill "
            "holes. Received: a run of numbers without holes"
        )
    columns = TableColumns.of_json(schema["columns_as"])
    raw = read_table(source)
    frame = _named(raw)
    x = columns.encode(frame)
    holes = np.isnan(x)
    if n_draws:
        estimates = model.draw_imputations(x, n_draws, max(n_samples, n_draws), seed)
    else:
        estimates = [model.impute(x, n_samples, seed)]
    filled = [_with_all(frame, filled_table(columns, frame, x, estimate), columns) for estimate in estimates]
    # Texts with a decimal comma would stand beside numbers with a point.
    if as_written and suffix_of(source) in DELIMITED and raw.decimal == ".":
        filled = [_with_texts(one, raw, columns, holes) for one in filled]
    return filled, int(holes.sum())


def _named(raw):
    """The table of a file with its names, cells as pandas reads them."""
    frame = raw.frame.copy()
    frame.columns = raw.names if raw.names is not None else [str(k + 1) for k in range(frame.shape[1])]
    return frame


def _with_texts(filled, raw, columns, holes):
    """The filled frame with all cells that were no holes as they are written: 007 stays 007, and 1.50 stays 1.50."""
    frame = filled.astype(object)
    places = {column.name: j for j, column in enumerate(columns.columns)}
    for k, name in enumerate(filled.columns):
        j = places.get(name)
        is_hole = np.zeros(len(filled), bool) if j is None else holes[:, j]
        frame[name] = np.where(is_hole, frame[name], np.array(raw.texts(k), dtype=object))
    return frame


def _with_all(frame, filled, columns):
    """The frame with the filled columns in their places, whole numbers without a point where no hole is left."""
    frame = frame.copy()
    for column in columns.columns:
        values = filled[column.name]
        if column.whole and column.unit is None and values.dtype.kind == "f" and not values.isna().any():
            values = values.round().astype("int64")
        frame[column.name] = values
    return frame
