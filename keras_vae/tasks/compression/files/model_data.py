"""`ModelData`: what examples a model knows."""

from typing import NamedTuple

from keras_vae.tasks.compression.whole_numbers import check_whole_numbers, fits


class ModelData(NamedTuple):
    """What examples a model knows.

    Attributes:
        event_shape: tuple of int. Shape of one.
        levels: int. Values are 0 to levels - 1; None for counts.
    """

    event_shape: tuple[int, ...]
    levels: int | None

    @property
    def dtype(self):
        """Name of the smallest type that holds all values."""
        return "|u1" if self.levels is not None and self.levels <= 256 else "<u4"

    @property
    def is_of_bytes(self):
        """Whether an example is a byte: the files of a model of text are taken as they are."""
        return self.event_shape == () and self.levels == 256

    @property
    def shape_in_words(self):
        """The shape of one example."""
        return " x ".join(map(str, self.event_shape))

    def check_shape(self, what, shape):
        """Check the shape of one example.

        Args:
            what: str, for the message.
            shape: tuple of int.

        Raises:
            ValueError: for another than that of the model; a last axis of 1 may be missing.
        """
        if not fits(shape, self.event_shape):
            received = " x ".join(map(str, shape)) or "single numbers"
            raise ValueError(
                f"{what} must have examples of {self.shape_in_words} values, as the model has them. "
                f"Received: {received}"
            )

    def check_values(self, what, rows):
        """Check the values of an array `(n, ...)`.

        Args:
            what: str, for the message.
            rows: array.

        Raises:
            ValueError: with the first that the model does not know.
        """
        try:
            check_whole_numbers(rows, self.levels)
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from None
