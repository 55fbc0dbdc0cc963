"""Names of files within a compressed one: relative, below one folder, and possible on every system."""

import os
import pathlib

MAX_LENGTH = 4096


def check_name(name):
    """The name, if a file of this name can be written below a folder, whoever made it up.

    Args:
        name: str, with "/" between folders.

    Raises:
        ValueError: for one that leads elsewhere, or that not every system knows.
    """
    if not isinstance(name, str) or not 0 < len(name) <= MAX_LENGTH:
        raise ValueError(f"a name of a file must have 1 to {MAX_LENGTH} characters. Received: {str(name)[:60]!r}")
    # A colon stands behind the letter of a drive; a backslash is between folders on some systems, and a part of names
    # on others.
    if any(c in '\\:*?"<>|\x7f' or ord(c) < 32 for c in name):
        raise ValueError(f'a name of a file must do without \\ : * ? " < > | and line breaks. Received: {name!r}')
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise ValueError(f"a name of a file must be relative, without `..`. Received: {name!r}")
    if any(part.endswith((".", " ")) for part in parts):
        raise ValueError(f"a name of a file or folder must not end in a dot or blank. Received: {name!r}")
    return name


def check_names(names):
    """Check names, and that no two of them are the same file on some system.

    Raises:
        ValueError: otherwise.
    """
    seen = {}
    for name in map(check_name, names):
        if name.casefold() in seen:
            raise ValueError(f"two files would have the same name: {seen[name.casefold()]!r} and {name!r}")
        seen[name.casefold()] = name
    folders = {"/".join(name.split("/")[:i]) for name in seen for i in range(1, name.count("/") + 1)}
    for name in folders & set(seen):
        raise ValueError(f"a file and a folder would have the same name: {seen[name]!r}")


def root_of(paths):
    """The folder that all files lie below: one that was given itself, or the last that files have in common.

    Args:
        paths: list of paths of files and folders.
    """
    folders = [path if path.is_dir() else path.parent for path in map(pathlib.Path, paths)]
    try:
        return pathlib.Path(os.path.commonpath([os.path.abspath(folder) for folder in folders]))
    except ValueError:  # On different drives.
        raise ValueError(f"the files must be on one drive. Received: {', '.join(map(str, paths))}") from None


def name_below(path, root):
    """The name of a file below a folder, with "/" between folders."""
    return pathlib.Path(os.path.abspath(path)).relative_to(root).as_posix()
