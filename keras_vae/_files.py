"""Files and folders that are either whole under their final name or not there at all."""

import contextlib
import os
import pathlib
import shutil
import uuid


@contextlib.contextmanager
def atomic_path(path):
    """Give a temporary path beside `path` to write to; rename it when the block ends well, remove it otherwise.

    The temporary name keeps the suffix (writers choose a format by it) and starts with a dot, so that nothing that
    lists the folder takes it for a result. What stood under `path` before stays until the rename.

    Args:
        path: str or path. A file, or a folder that must not exist yet.

    Yields:
        `pathlib.Path` of the temporary file or folder, not created yet.

    Raises:
        What the block raises, with the name of `path` where its message had the temporary one.
    """
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".tmp-{uuid.uuid4().hex[:12]}-{path.name}")
    try:
        yield temporary
        os.replace(temporary, path)
    except Exception as error:
        _name(error, temporary, path)
        raise
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


def _name(error, temporary, path):
    """Let an error speak of `path`, which the user knows, instead of the temporary one."""
    known = lambda text: text.replace(temporary.name, path.name) if isinstance(text, str) else text  # noqa: E731
    error.args = tuple(map(known, error.args))
    for attribute in ("filename", "filename2"):
        name = getattr(error, attribute, None)
        if name is not None:
            setattr(error, attribute, known(os.fspath(name)))


def write_text(path, text):
    """Write `text` to `path` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
