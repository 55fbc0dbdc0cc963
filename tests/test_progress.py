import contextlib
import io
import sys
import time
import types

import pytest

from keras_vae import _progress
from keras_vae._progress import draws_bars, progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def every_step_is_written(monkeypatch):
    monkeypatch.setattr(_progress, "LINE_SECONDS", 0.0)


def log():
    """stderr as a file that no bar can be drawn into."""
    return contextlib.redirect_stderr(io.StringIO())


def terminal():
    return contextlib.redirect_stderr(Terminal())


def test_a_log_file_gets_whole_lines():
    with log() as file:
        assert list(progress(range(4), desc="scores", unit="rows", delay=0.0)) == [0, 1, 2, 3]
    lines = file.getvalue().splitlines()
    assert lines[0].startswith("scores: 0 %, 0 of 4 rows, 00:00 gone, ")
    assert lines[1].startswith("scores: 25 %, 1 of 4 rows, 00:00 gone, 00:00 left")
    assert "\r" not in file.getvalue()
    assert all(line == line.strip() and line for line in lines)


def test_a_bar_within_another_leaves_whole_lines_too():
    with log() as file:
        for _ in progress(range(3), desc="outer", delay=0.0):
            assert list(progress(range(3), desc="inner", delay=0.0)) == [0, 1, 2]
    assert "\x1b" not in file.getvalue()
    assert {line.split(":")[0] for line in file.getvalue().splitlines()} == {"outer", "inner"}


def test_a_log_file_gets_a_line_only_every_so_many_seconds(monkeypatch):
    monkeypatch.setattr(_progress, "LINE_SECONDS", 3600.0)
    with log() as file:
        for _ in progress(range(1000), delay=0.0):
            pass
    assert file.getvalue() == ""


@pytest.mark.parametrize("where", [log, terminal])
def test_what_takes_less_than_two_seconds_shows_nothing(where):
    with where() as file:
        assert list(progress(range(100))) == list(range(100))
    assert file.getvalue().strip() == ""


def test_what_takes_longer_is_shown():
    with terminal() as file:
        bar = progress(total=100, desc="slow", unit="rows", delay=0.05)
        time.sleep(0.15)
        bar.update(7)
        assert "slow:   7%" in file.getvalue()
        bar.close()


def test_a_length_that_nobody_knows_is_not_written_as_a_share():
    with log() as file:
        for _ in progress(iter("abc"), desc="reading", unit="files", delay=0.0):
            pass
    assert file.getvalue().splitlines()[1] == "reading: 1 files, 00:00 gone"
    assert "%" not in file.getvalue()


def test_what_has_no_name_is_called_working():
    with log() as file:
        progress(total=3, delay=0.0).close()
    assert file.getvalue().startswith("working: 0 %")


def test_the_time_left_is_that_of_what_was_done_now():
    with log() as file:
        bar = progress(total=1400, delay=0.0, initial=1000)
        time.sleep(0.2)
        bar.update(10)
        bar.close()
    # 390 steps to come at 10 in 0.2 s are about 8 s, more on a busy machine; at a rate of 1010 they would be none.
    last = file.getvalue().splitlines()[-1]
    assert last.startswith("working: 72 %, 1010 of 1400 it")
    assert int(last.partition(" gone, ")[2][3:5]) >= 7


def test_a_notebook_draws_bars_and_a_program_that_starts_one_does_not(monkeypatch):
    ipython = types.ModuleType("IPython")
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    # No shell; the shell of a terminal; that of a kernel.
    for shell, expected in ((None, False), (object(), False), (types.SimpleNamespace(kernel=object()), True)):
        ipython.get_ipython = lambda shell=shell: shell
        with log():
            assert draws_bars() is expected
    monkeypatch.delitem(sys.modules, "IPython")
    with log():
        assert not draws_bars()


def test_a_terminal_draws_bars():
    with terminal():
        assert draws_bars()
