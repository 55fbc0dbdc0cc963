"""The condition of a model, as the verbs of a client and of a loaded SavedModel take it."""

import numpy as np


def by_name(condition):
    """Inputs by name from the keywords of a verb.

    Args:
        condition: dict of the keywords: `condition=` an array, or a dict of arrays; or one keyword per key.

    Returns:
        dict of arrays; None is no condition.
    """
    given = condition.get("condition")
    named = {name: value for name, value in condition.items() if name != "condition"}
    if isinstance(given, dict):
        return {**given, **named}
    return named if given is None else {"condition": given, **named}


def data_input(signature, names, condition):
    """The name of the input that the first argument of a verb goes to: the one that is no condition.

    Args:
        signature: str.
        names: names of all its inputs.
        condition: dict, as `by_name` gives it.

    Raises:
        ValueError: if more than one input is left, or none.
    """
    names = sorted(names)
    left = [name for name in names if name not in condition]
    if len(left) != 1:
        given = ", ".join(condition) or "nothing"
        raise ValueError(
            f"signature {signature!r} takes {', '.join(names)}: one as the first argument, the condition by name. "
            f"Received: {given} by name"
        )
    return left[0]


def for_all_rows(condition, ranks, n):
    """A condition with `n` rows: of as many rows, of one row, or of one example without the batch axis.

    Args:
        condition: dict, as `by_name` gives it.
        ranks: dict of the number of axes of every input, rows included.
        n: int.

    Returns:
        dict of arrays; what does not fit is left as it is, to be refused where inputs are checked.
    """

    def rows(name, value):
        value = np.asarray(value)
        value = value[None] if value.ndim + 1 == ranks.get(name) else value
        return np.repeat(value, n, axis=0) if value.ndim == ranks.get(name) and len(value) == 1 else value

    return {name: rows(name, value) for name, value in condition.items()}
