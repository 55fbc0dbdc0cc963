"""What the tests of the shell share."""

import re


def without_progress(err):
    """What a program has written on stderr, without the lines that a busy machine makes it write of its progress."""
    return "".join(line for line in err.splitlines(keepends=True) if not re.search(r"gone(, .* left)?", line))
