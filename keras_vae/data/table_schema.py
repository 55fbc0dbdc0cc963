"""Columns of a table matched to those that a model was trained on."""

from keras_vae.data.delimited import RawTable
from keras_vae.data.reading import ReadAs, nearest, some_of
from keras_vae.data.table_columns import Column, code, columns_of, describe_numbers


def columns_by_schema(raw: RawTable, schema: dict) -> tuple[list[Column], list[str], list[ReadAs]]:
    """Columns in the order of the first table, with their roles there.

    Columns are matched by name. Where one of the tables has no names, they are matched by position: as many columns as
    the first table had, or as many as it had features. Columns that the first table did not have are left out.

    Args:
        raw: `RawTable` of the second table.
        schema: dict, `Dataset.schema` of the first table.

    Returns:
        (columns, problems, report): `Column` with roles, features first and in order; list of str; list of `ReadAs`.
    """
    columns, problems = columns_of(raw)
    report = []
    if raw.names is None or not schema["header"]:
        names, trouble, line = _by_position(columns, schema)
        problems, report = [] if names else problems, [line] if names else []
        if names is None:
            return [], [*problems, trouble], []
        for column, name in zip(columns, names, strict=True):
            column.name, column.role, column.remarks = name, "", []
    held = {column.name: column for column in columns}
    missing = [name for name in schema["features"] if name not in held]
    if missing:
        hint = "".join(nearest(name, held) for name in missing[:3])
        problems.append(
            f"the columns must be those that the model was trained on. Missing: {some_of(missing)}{hint}. "
            f"Received: {some_of(list(held))}"
        )
        return [], problems, report
    if "columns_as" in schema:
        # What the cells of mixed tables are is for `TableColumns` to say.
        chosen = [_with_role(held[name], "feature") for name in schema["features"]]
    else:
        chosen = [_as_feature(held[name], schema["codings"].get(name), problems) for name in schema["features"]]
    for role in ("label", "id"):
        if schema[role] is not None and schema[role] in held:
            chosen.append(_with_role(held[schema[role]], role))
    known = {*schema["features"], *schema["columns"]}
    more = [column.name for column in columns if column.name not in known]
    if more:
        what = f"column `{more[0]}`" if len(more) == 1 else f"columns {some_of(more)}"
        report.append(ReadAs(what, "left out: the model was not trained on it"))
    return chosen, problems, report


def _by_position(columns, schema):
    """The names that columns without names stand for; else None, what is wrong, and a line for the report."""
    for names, what in ((schema["columns"], "columns"), (schema["features"], "features")):
        if len(names) == len(columns):
            line = ReadAs("columns", f"matched by position with the {len(names)} {what} of the first data")
            return names, "", line
    n_all, n_features = len(schema["columns"]), len(schema["features"])
    wanted = f"{n_features}" if n_all == n_features else f"{n_all} columns, or {n_features} features alone"
    return None, f"a table without names of columns must have {wanted}. Received: {len(columns)} columns", None


def _as_feature(column, coding, problems):
    """A column as the numbers that the feature of this name was."""
    cells = _with_role(column, "feature").cells
    if coding is not None and cells.texts is not None and cells.kind != "empty":
        unknown = [text for text in column.different() if text not in coding and text.casefold() not in _folded(coding)]
        if unknown:
            problems.append(
                f"column `{column.name}` must hold {' or '.join(coding)}, as in the first data. "
                f"Received: {some_of(unknown, 5)}"
            )
        column.coding = {text: _folded(coding)[text.casefold()] for text in column.different() if text not in unknown}
        code(column)
        return column
    if cells.values is None:
        problems.append(f"column `{column.name}` must hold numbers, as in the first data. Received: {cells.kind}")
        return column
    column.values = cells.values
    if cells.kind != "empty":
        describe_numbers(column)
    return column


def _with_role(column, role):
    column.role, column.remarks = role, []
    return column


def _folded(coding):
    return {text.casefold(): value for text, value in coding.items()}
