"""The program in this process, for the tests of every file of the shell."""

import re
import sys
import warnings

import pytest
from shell_helpers import without_progress

from keras_vae import cli


@pytest.fixture
def shell(monkeypatch, capsys, tmp_path):
    """The program in this process and in a folder of its own: `shell("train", ...)` -> (code, stdout, stderr)."""
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["keras-vae", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = end.code
        captured = capsys.readouterr()
        return code, captured.out, without_progress(captured.err)

    return run


@pytest.fixture
def refused(shell):
    """`refused(..., match=...)`: the program ends with code 2, one line on stderr and nothing on stdout."""

    def check(*arguments, match):
        code, out, err = shell(*arguments)
        assert (code, out) == (2, "")
        assert err.startswith("keras-vae: ")
        assert err.count("\n") == 1
        assert err.endswith("\n")
        assert re.search(match, err), err

    return check
