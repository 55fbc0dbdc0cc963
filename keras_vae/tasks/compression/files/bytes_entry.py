"""Files of any kind for a model of text: every byte comes back."""

import dataclasses
import pathlib

from keras_vae.tasks.compression.files.entry import Entry, field, size


@dataclasses.dataclass(frozen=True)
class BytesEntry(Entry):
    """A file of bytes.

    Attributes:
        name: str.
        n_rows: int. Its bytes.
    """

    name: str
    n_rows: int

    @classmethod
    def of_path(cls, path, name, model, keys):
        if keys:
            raise ValueError(
                f"{path} has no arrays: a model of text takes files as they are. Received: key={keys[0]!r}"
            )
        return cls(name, pathlib.Path(path).stat().st_size)

    def held_as(self, model):
        return {("|u1", ())}

    def can_be_rows(self, row_shape):
        return row_shape == ()

    def load(self, path, rows, model):
        with open(path, "rb") as file:
            if file.readinto(memoryview(rows)) != self.n_rows or file.read(1):
                raise ValueError(f"{path} has changed while it was read")

    def save(self, path, rows):
        pathlib.Path(path).write_bytes(bytes(rows))

    def as_dict(self):
        return dataclasses.asdict(self)

    @classmethod
    def of_dict(cls, content):
        return cls(field(content, "name", str), size(content, "n_rows"))
