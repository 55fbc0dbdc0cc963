"""Text files of whole numbers, one row a line: every byte comes back."""

import dataclasses
import pathlib

from keras_vae.tasks.compression.files.entry import DAMAGED, Entry, field, size

SUFFIXES = (".csv", ".tsv")
DELIMITERS = (",", ";", "\t", "|", " ")
LINE_ENDS = ("\n", "\r\n")
HIGHEST = 2**31 - 1


@dataclasses.dataclass(frozen=True)
class TableEntry(Entry):
    """A table.

    Attributes:
        name: str.
        n_rows: int. Lines with numbers.
        n_columns: int.
        delimiter: str.
        line_end: str.
        head: str. The first line, if it is not one of numbers; bytes that are no UTF-8 as surrogates.
        is_ended: bool. Whether the last line has an end, too.
    """

    name: str
    n_rows: int
    n_columns: int
    delimiter: str
    line_end: str
    head: str
    is_ended: bool

    @classmethod
    def of_path(cls, path, name, model, keys):
        n_columns = model.event_shape[0]
        if len(model.event_shape) != 1:
            raise ValueError(f"{path} is a table; the model knows examples of {model.shape_in_words} values")
        with open(path, "rb") as file:
            first, second = file.readline(), file.readline()
            n_lines = bool(first) + bool(second) + sum(1 for _ in file)
            file.seek(-1, 2) if n_lines else None
            is_ended = file.read(1) == b"\n"
        line_end = "\r\n" if first.endswith(b"\r\n") else "\n"
        # Of a table without a head the first line is one of numbers.
        head = "" if _are_numbers(first) else first.removesuffix(line_end.encode()).decode("utf-8", "surrogateescape")
        line = (second if head else first).strip(b"\r\n").decode("utf-8", "surrogateescape")
        found = {len(line.split(delimiter)): delimiter for delimiter in DELIMITERS}
        if line and n_columns not in found:
            raise ValueError(
                f"{path} must have {n_columns} columns, as the model has them. Received: {max(found)} columns"
            )
        return cls(name, n_lines - bool(head), n_columns, found.get(n_columns, ","), line_end, head, is_ended)

    def held_as(self, model):
        return {(model.dtype, (self.n_columns,))}

    def can_be_rows(self, row_shape):
        return tuple(row_shape) == (self.n_columns,)

    def load(self, path, rows, model):
        end, n_read = self.line_end.encode(), 0
        with open(path, "rb") as file:
            if self.head:
                file.readline()
            for line in file:
                if n_read < self.n_rows:
                    is_ended = self.is_ended or n_read < self.n_rows - 1
                    where = f"line {n_read + 1 + bool(self.head)} of {path}"
                    rows[n_read] = self._numbers(where, line.removesuffix(end) if is_ended else line, model.levels)
                n_read += 1
        if n_read != self.n_rows:
            raise ValueError(f"{path} has changed while it was read")

    def _numbers(self, where, text, levels):
        """The numbers of a line, if the line can be made of them again."""
        cells = text.split(self.delimiter.encode())
        if len(cells) != self.n_columns:
            raise ValueError(f"{where} must have {self.n_columns} cells. Received: {len(cells)}")
        for cell in cells:
            if not _is_number(cell):
                raise ValueError(
                    f"{where} must hold whole numbers written as 0, 7 or 120, of which each byte comes back; words, "
                    "decimals, dates, quotes and empty cells cannot be compressed. "
                    f"Received: {cell.decode('utf-8', 'replace')!r}"
                )
        values = list(map(int, cells))
        highest = max(values)
        if levels is not None and highest >= levels:
            raise ValueError(
                f"{where} must hold whole numbers from 0 to {levels - 1}, as the model has them. Received: {highest}"
            )
        return values

    def save(self, path, rows):
        delimiter, end = self.delimiter.encode(), self.line_end.encode()
        with open(path, "xb") as file:
            if self.head:
                file.write(self.head.encode("utf-8", "surrogateescape"))
                file.write(end if self.n_rows or self.is_ended else b"")
            for i, row in enumerate(rows):
                file.write(delimiter.join(str(value).encode() for value in row.tolist()))
                file.write(end if i < self.n_rows - 1 or self.is_ended else b"")

    def as_dict(self):
        return dataclasses.asdict(self)

    @classmethod
    def of_dict(cls, content):
        entry = cls(
            field(content, "name", str),
            size(content, "n_rows"),
            size(content, "n_columns"),
            field(content, "delimiter", str),
            field(content, "line_end", str),
            field(content, "head", str),
            field(content, "is_ended", bool),
        )
        is_table = pathlib.PurePosixPath(entry.name).suffix.lower() in SUFFIXES
        if not is_table or entry.delimiter not in DELIMITERS or entry.line_end not in LINE_ENDS:
            raise ValueError(f"{DAMAGED}{entry.name!r} is no table")
        return entry


def _is_number(cell):
    """Whether a cell is written as Python writes a whole number >= 0."""
    return cell.isdigit() and len(cell) <= 10 and (cell[:1] != b"0" or cell == b"0") and int(cell) <= HIGHEST


def _are_numbers(line):
    return bool(line.strip(b"\r\n")) and all(
        c in b"0123456789" + "".join(DELIMITERS).encode() for c in line.strip(b"\r\n")
    )
