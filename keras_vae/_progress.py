"""Bars for what takes long: on a terminal, in a notebook, and as lines in a log file."""

import math
import sys

# Nobody wants a bar for less.
DELAY = 2.0
# A log file gets a line every so many seconds.
LINE_SECONDS = 10.0
LINE = "{desc}: {percentage:.0f} %, {n_fmt} of {total_fmt} {unit}, {elapsed} gone, {remaining} left{postfix}"
LINE_WITHOUT_END = "{desc}: {n_fmt} {unit}, {elapsed} gone{postfix}"


def progress(iterable=None, total=None, desc=None, unit="it", delay=DELAY, leave=False, initial=0):
    """A `tqdm` bar on stderr that appears after two seconds; where no bar can be drawn, a line every ten seconds.

    Args:
        iterable: what is gone through, or None for a bar that is moved by `update`.
        total: int or None. Length, where the iterable does not know it.
        desc: str or None. What is done.
        unit: str. What is counted.
        delay: float. Seconds without a bar; ten without a line.
        leave: bool. Whether the bar stays when it is full.
        initial: int. What was done before, in no time now.

    Returns:
        `tqdm.tqdm`.
    """
    from tqdm import tqdm

    arguments = {"total": total, "desc": desc, "unit": unit, "delay": delay, "leave": leave, "initial": initial}
    if draws_bars():
        return tqdm(iterable, **arguments, dynamic_ncols=True)
    line = LINE if total or hasattr(iterable, "__len__") else LINE_WITHOUT_END
    arguments["delay"] = max(delay, LINE_SECONDS)
    lines = {"mininterval": LINE_SECONDS, "maxinterval": math.inf, "bar_format": line, "file": _Lines(sys.stderr)}
    return tqdm(iterable, **{**arguments, **lines, "desc": desc or "working", "leave": False})


def draws_bars():
    """Whether stderr goes to a terminal or a notebook, where a line can be drawn again."""
    return sys.stderr.isatty() or _is_in_a_kernel()


def _is_in_a_kernel():
    # Whoever starts a kernel has imported its package as well, and may be writing a log file.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


class _Lines:
    """A file for `tqdm` that starts a new line instead of drawing the old one again."""

    def __init__(self, file):
        self.file = file

    def write(self, text):
        # One bar within another goes up and down between lines.
        text = text.replace("\x1b[A", "").strip()
        if text:
            self.file.write(f"{text}\n")

    def flush(self):
        self.file.flush()
