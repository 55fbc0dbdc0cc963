"""Argument checks: each error names the argument, says what was wanted and shows what was received."""

import numbers
from collections.abc import Collection
from typing import Any


def check_choice(name: str, value: Any, choices: Collection) -> Any:
    """Return `value` if it is one of `choices`.

    Raises:
        ValueError: if it is not.
    """
    if value not in choices:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, choices))}. Received: {name}={value!r}")
    return value


def check_int(name: str, value: Any, minimum: int) -> int:
    """Return `value` as an int if it is a whole number >= `minimum` (a bool is not a number here).

    Raises:
        ValueError: if it is not.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < minimum:
        raise ValueError(f"`{name}` must be a whole number >= {minimum}. Received: {name}={value!r}")
    return int(value)


def check_number(
    name: str, value: Any, minimum: float | None = None, maximum: float | None = None, exclusive: bool = False
) -> float:
    """Return `value` as a float if it is a finite number within the bounds.

    Args:
        name: str. Name of the argument, for the message.
        value: The number.
        minimum: Lower bound or None.
        maximum: Upper bound or None.
        exclusive: bool. Whether the lower bound itself is refused.

    Raises:
        ValueError: if it is not a number, not finite or out of bounds.
    """
    wanted = "a finite number"
    if minimum is not None:
        wanted += f" {'>' if exclusive else '>='} {minimum}"
    if maximum is not None:
        wanted += f"{' and' if minimum is not None else ''} <= {maximum}"
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if (
        not is_number
        or not float("-inf") < value < float("inf")
        or (minimum is not None and (value <= minimum if exclusive else value < minimum))
        or (maximum is not None and value > maximum)
    ):
        raise ValueError(f"`{name}` must be {wanted}. Received: {name}={value!r}")
    return float(value)


def check_shape(name: str, shape: Any) -> tuple[int, ...]:
    """Return `shape` as a tuple of ints >= 1 (an event shape: no batch axis, no None).

    Raises:
        ValueError: if it is empty or an entry is not a whole number >= 1.
    """
    if isinstance(shape, numbers.Integral) and not isinstance(shape, bool):
        shape = (shape,)
    try:
        entries = tuple(shape)
    except TypeError:
        entries = ()
    if not entries or not all(_is_size(n) for n in entries):
        raise ValueError(
            f"`{name}` must be a tuple of whole numbers >= 1 without the batch axis, "
            f"such as (28, 28, 1). Received: {name}={shape!r}"
        )
    return tuple(int(n) for n in entries)


def check_sizes(name: str, sizes: Any, may_be_empty: bool = False) -> tuple[int, ...]:
    """Return a tuple or list of sizes, such as the widths of hidden layers, as a tuple of ints >= 1.

    Args:
        name: str. Name of the argument, for the message.
        sizes: The tuple or list.
        may_be_empty: bool. Whether `()` is allowed.

    Raises:
        ValueError: if it is no tuple or list, is empty without permission, or an entry is not a whole number >= 1.
    """
    is_sequence = isinstance(sizes, (list, tuple)) and (may_be_empty or len(sizes) > 0)
    if not is_sequence or not all(_is_size(n) for n in sizes):
        raise ValueError(
            f"`{name}` must be a tuple of {'' if may_be_empty else 'one or more '}whole numbers >= 1, "
            f"such as (32, 16){', or ()' if may_be_empty else ''}. Received: {name}={sizes!r}"
        )
    return tuple(int(n) for n in sizes)


def _is_size(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and value >= 1


def check_same_shape(**tensors: Any) -> None:
    """Check that the static shapes of the tensors agree; a size that is not known yet agrees with any other.

    Raises:
        ValueError: if two shapes differ.
    """
    (first_name, first), *rest = tensors.items()
    for name, tensor in rest:
        if not shapes_agree(first.shape, tensor.shape):
            raise ValueError(
                f"`{first_name}` and `{name}` must have the same shape. "
                f"Received: {first_name}.shape={tuple(first.shape)}, {name}.shape={tuple(tensor.shape)}"
            )


def shapes_agree(a: Any, b: Any) -> bool:
    """Whether two static shapes have the same rank and no two known sizes differ (None is unknown)."""
    a, b = tuple(a), tuple(b)
    return len(a) == len(b) and all(m is None or n is None or m == n for m, n in zip(a, b, strict=True))
