"""`Entry`: what is kept of a file beside its values, so that it can be written again."""

import abc

DAMAGED = "the list of files is damaged: "


class Entry(abc.ABC):
    """One file among those that were compressed.

    Attributes:
        name: str, as `names.check_name` takes it.
        n_rows: int. Examples in it.
    """

    @classmethod
    @abc.abstractmethod
    def of_path(cls, path, name, model, keys):
        """Look at a file, without its values.

        Args:
            path: path of the file.
            name: str. The name to be kept.
            model: `ModelData`.
            keys: tuple of str. Arrays of an `.npz` file that are wanted; empty for all.

        Raises:
            ValueError: for a file that cannot be read, does not fit the model, or would not come back as it is.
        """

    @abc.abstractmethod
    def held_as(self, model):
        """Types in which the values can be held, set of pairs of the name of a type and the shape of a row."""

    @abc.abstractmethod
    def can_be_rows(self, row_shape):
        """Whether `save` can make the file of rows of this shape."""

    @abc.abstractmethod
    def load(self, path, rows, model):
        """Read the values of a file into `rows`, an array `(n_rows, ...)`.

        Raises:
            ValueError: if they are not values of the model, or the file is not as it was when it was looked at.
        """

    @abc.abstractmethod
    def save(self, path, rows):
        """Write the values `rows` to a new file."""

    @abc.abstractmethod
    def as_dict(self):
        """The entry as a dict that JSON can hold."""

    @classmethod
    @abc.abstractmethod
    def of_dict(cls, content):
        """The entry that `as_dict` gave.

        Raises:
            ValueError: for another dict.
        """


def field(content, name, kind):
    """A value of a dict that somebody else may have written.

    Args:
        content: dict.
        name: str. Its key.
        kind: type or tuple of types that it must have.

    Raises:
        ValueError: if it is not there or has another type.
    """
    value = content.get(name) if isinstance(content, dict) else None
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        raise ValueError(f"{DAMAGED}`{name}` is {value!r}")
    return value


def size(content, name):
    """A whole number >= 0 of a dict, as `field`."""
    value = field(content, name, int)
    if value < 0:
        raise ValueError(f"{DAMAGED}`{name}` is {value}")
    return value
