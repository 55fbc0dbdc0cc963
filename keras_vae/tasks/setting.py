"""One argument of a task, said once: its check, its default, its help, how text from a shell becomes a value."""

import csv
import dataclasses
import functools
import numbers
from collections.abc import Callable, Collection
from typing import Any

from keras_vae._checks import check_choice, check_int, check_number, check_sizes

# TensorFlow takes seeds of 64 bits.
MAX_SEED = 2**63 - 1


@dataclasses.dataclass(frozen=True)
class Setting:
    """An argument of a task.

    The check, `--help`, `config.json`, the check of a resumed run and the doctor's commands are all made from it.

    Args:
        check: Callable `(name, value) -> value`. Gives the value as JSON can hold it, or raises ValueError.
        default: What holds where nothing is given. None is not checked: the task chooses by the data, or does without.
        help: str. One sentence for `--help`.
        default_text: str or None. The default in words, for `--help`; None for the default itself.
        may_change: bool. Whether a run that goes on may have another value than the one it began with.
        kind: int, float, bool, str, or None for the type of the default. What the shell reads.
        parse: Callable `(name, text) -> value`, or None. Makes a value of the text, for a setting that JSON holds as a
            list; what it puts out goes through `check`.
        choices: collection of str. Names that the value may have, for shell completion.
        names_run: bool. Whether the value, where it is given, is part of the name of a new run folder.
        section: str. Heading in `--help` under which it stands.
        option: str or None. Name at the shell, without the dashes, where it is another than in Python.
        before: What a run has that was begun before there was this setting; None is the default.
    """

    check: Callable[[str, Any], Any]
    default: Any
    help: str
    default_text: str | None = None
    may_change: bool = False
    kind: type | None = None
    parse: Callable[[str, str], Any] | None = None
    choices: Collection[str] = ()
    names_run: bool = False
    section: str = "Model"
    option: str | None = None
    before: Any = None

    @property
    def of_older_runs(self) -> Any:
        """What a run did that was begun before this setting was thought of."""
        return self.default if self.before is None else self.before

    def under(self, section: str) -> "Setting":
        """The same setting under another heading of `--help`."""
        return dataclasses.replace(self, section=section)

    def checked(self, name: str, value: Any) -> Any:
        """The value as JSON can hold it; None stays None where it is the default.

        Raises:
            ValueError: as `check`.
        """
        return None if value is None and self.default is None else self.check(name, value)

    def read(self, name: str, value: Any) -> Any:
        """The value of what the shell has read, None for an option that was left out.

        Raises:
            ValueError: for text that `parse` cannot read.
        """
        return value if value is None or self.parse is None else self.parse(name, value)

    @property
    def shell_type(self) -> type:
        """Type of the option of the shell: int, float, bool or str."""
        if self.kind is not None:
            return self.kind
        return type(self.default) if isinstance(self.default, bool | int | float) else str

    def option_of(self, name: str) -> str:
        """The option of the shell, with its dashes."""
        return f"--{self.option or name.replace('_', '-')}"

    def words(self, name: str, value: Any) -> list[str]:
        """The option with this value as words of a command: the inverse of `read`."""
        option = self.option_of(name)
        if isinstance(value, bool):
            return [option if value else f"--no-{option[2:]}"]
        if isinstance(value, dict):
            value = [f"{key}={one}" for key, one in value.items()]
        if isinstance(value, list | tuple):
            return [option, ",".join(map(str, value))]
        return [option, f"{value:g}" if isinstance(value, float) else str(value)]


def check_values(settings: dict[str, Setting], values: dict[str, Any]) -> dict[str, Any]:
    """Every setting of a table, checked.

    Args:
        settings: dict from names to `Setting`.
        values: dict from names to values; what is missing has its default.

    Returns:
        dict in the order of the table.

    Raises:
        ValueError: for the first wrong value, or a name that is not in the table.
    """
    unknown = [name for name in values if name not in settings]
    if unknown:
        raise ValueError(f"settings must be among {', '.join(settings)}. Received: {', '.join(unknown)}")
    return {name: one.checked(name, values.get(name, one.default)) for name, one in settings.items()}


def check_seed(name: str, value: Any) -> int:
    """A whole number from 0 to 2**63 - 1.

    Raises:
        ValueError: for anything else.
    """
    if check_int(name, value, 0) > MAX_SEED:
        raise ValueError(f"`{name}` must be at most {MAX_SEED}. Received: {name}={value}")
    return int(value)


def check_widths(name: str, value: Any) -> list[int]:
    """A list of whole numbers >= 1; one number is a list of one.

    Raises:
        ValueError: for anything else, an empty list as well.
    """
    is_number = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    return list(check_sizes(name, [value] if is_number else value))


def parse_widths(name: str, text: str) -> list[int]:
    """ "512,256" as [512, 256].

    Raises:
        ValueError: for other text.
    """
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"`{name}` must be whole numbers with commas, as 512,256. Received: {text!r}") from None


def check_text(name: str, value: Any) -> str:
    """A str.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, str):
        raise ValueError(f"`{name}` must be text. Received: {name}={value!r}")
    return value


def check_names(name: str, value: Any) -> list[str]:
    """A list of names.

    Raises:
        ValueError: for anything else, an empty list as well.
    """
    if not isinstance(value, (list, tuple)) or not value or not all(isinstance(one, str) and one for one in value):
        raise ValueError(f"`{name}` must be a list of names. Received: {name}={value!r}")
    return list(value)


def parse_names(name: str, text: str) -> list[str]:
    """ "age, height" as ["age", "height"]; a name with a comma in it stands in double quotes.

    Raises:
        ValueError: for text without a name, or with an open quote.
    """
    rows = list(csv.reader([text], skipinitialspace=True, strict=True))
    names = [cell.strip() for cell in rows[0]] if rows else []
    if not all(names) or not names:
        raise ValueError(f"`{name}` must be names with commas, as age,height. Received: {text!r}")
    return names


def check_flag(name: str, value: Any) -> bool:
    """True or False.

    Raises:
        ValueError: for anything else.
    """
    if not isinstance(value, bool):
        raise ValueError(f"`{name}` must be True or False. Received: {name}={value!r}")
    return value


def check_dropout(name: str, value: Any) -> float:
    """A share that may be dropped: a number in [0, 1).

    Raises:
        ValueError: for anything else.
    """
    if check_number(name, value, minimum=0.0) >= 1.0:
        raise ValueError(f"`{name}` must be in [0, 1). Received: {name}={value}")
    return float(value)


def whole(minimum: int) -> Callable[[str, Any], int]:
    """The check of a whole number >= `minimum`."""
    return functools.partial(check_int, minimum=minimum)


def number(minimum: float, exclusive: bool = False) -> Callable[[str, Any], float]:
    """The check of a finite number >= `minimum`, or > it."""
    return functools.partial(check_number, minimum=minimum, exclusive=exclusive)


def choice(names: Collection[str]) -> dict[str, Any]:
    """Arguments of a `Setting` whose value is one of these names: `check` and `choices`."""
    return {"check": functools.partial(check_choice, choices=tuple(names)), "choices": tuple(names)}


def listed(names: Collection[str]) -> str:
    """Names as a sentence: "dense, conv or resnet."."""
    *first, last = names
    return f"{', '.join(first)} or {last}." if first else f"{last}."


TRAINING = "Training"
# What every task has: `runs/` knows these names and no others.
COMMON = {
    "minutes": Setting(
        number(0.0, exclusive=True),
        5.0,
        "About so long a new training and its figures may take: fewer epochs where more would not fit.",
        may_change=True,
        section=TRAINING,
    ),
    "epochs": Setting(
        whole(1),
        None,
        "Passes over the training data, whatever the minutes.",
        "what the data call for",
        may_change=True,
        kind=int,
        section=TRAINING,
    ),
    "validation": Setting(
        functools.partial(check_number, minimum=0.0, maximum=0.5),
        0.1,
        "Share of the training examples that say when training is over and which weights are kept; 0 for none.",
        section=TRAINING,
        before=0.0,
    ),
    "patience": Setting(
        whole(1),
        None,
        "Epochs without a better held-out bound after which training stops.",
        "a fifth of the epochs",
        may_change=True,
        kind=int,
        section=TRAINING,
    ),
    "batch_size": Setting(
        whole(1), None, "Examples per step.", "by the number of examples", kind=int, section=TRAINING
    ),
    "learning_rate": Setting(
        number(0.0, exclusive=True),
        None,
        "Of Adam, in the first epoch.",
        "by graph and network",
        kind=float,
        section=TRAINING,
    ),
    "schedule": Setting(
        default="cosine",
        help=f"Learning rate over the epochs: {listed(('constant', 'cosine'))}",
        section=TRAINING,
        before="constant",
        **choice(("constant", "cosine")),
    ),
    "seed": Setting(check_seed, 0, "Of weights, order and noise: the same seed gives the same run.", section=TRAINING),
}
