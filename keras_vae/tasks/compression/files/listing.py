"""What is in a compressed file, for which no model is needed."""

import pathlib

from keras_vae.tasks.compression.container.container import Container
from keras_vae.tasks.compression.files.file_set import FileSet


def list_file(path):
    """Figures of a compressed file.

    Args:
        path: path.

    Returns:
        dict, as `figures_of` gives it.

    Raises:
        ValueError: if its header is damaged, or it was cut off.
    """
    return figures_of(path, pathlib.Path(path).read_bytes())


def figures_of(path, data):
    """Figures of a compressed file.

    Args:
        path: path.
        data: bytes, its content.

    Returns:
        dict of `file`, `bytes`, `model` (its fingerprint), `kind`, `shape` and `dtype` of all rows together,
        `blocks`, `rows_of_a_block`, `bits_per_dim` (None without values), `bytes_of_values`, `way` (by what a text was
        coded; None for other data) and `files`: a list of dicts with `name`, `rows`, and what else is kept of each.

    Raises:
        ValueError: if the header is damaged, or the file was cut off.
    """
    header = Container.read(data, max_bytes=2**63).header
    files = FileSet.of_header(header)
    n_values = header.n_bytes // header.dtype.itemsize
    return {
        "file": str(path),
        "bytes": len(data),
        "model": header.fingerprint.hex(),
        "kind": files.kind,
        "shape": list(header.shape),
        "dtype": header.dtype.str,
        "blocks": len(header.blocks),
        "rows_of_a_block": header.block_rows,
        "bits_per_dim": 8 * len(data) / n_values if n_values else None,
        "bytes_of_values": header.n_bytes,
        "way": header.metadata.get("way"),
        "files": [{**entry.as_dict(), "rows": entry.n_rows} for entry in files.entries],
    }
