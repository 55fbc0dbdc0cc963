"""Whether this process is the `keras-vae` program, and its stderr free of TensorFlow's native log."""

import os
import pathlib
import sys


def is_shell_program():
    """Whether Python was started as `keras-vae ...` or `python -m keras_vae ...`."""
    program = sys.argv[0] if sys.argv else ""
    if program == "-m":
        # So it stands while Python looks for the module to run; afterwards, also in a script with an option -m of its
        # own, a path is there.
        modules = ("keras_vae", "keras_vae.cli", "keras_vae.cli.app")
        return any(word.removeprefix("-m") in modules for word in sys.orig_argv)
    return pathlib.Path(program).stem == "keras-vae"


def choose_backend():
    """Let the program run on the backend that it needs, whatever other programs of the user run on."""
    os.environ["KERAS_BACKEND"] = "tensorflow"


def silence_native_log():
    """Send what C++ code writes to stderr nowhere; Python's own stderr stays what it was.

    TensorFlow announces its CPU features and missing GPUs there whatever TF_CPP_MIN_LOG_LEVEL says, which would bury
    the one line that says what went wrong. Setting that variable to 0 brings the log back.
    """
    if os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2") == "0":
        return
    try:
        stderr = os.dup(2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    except OSError:
        return  # There is no stderr: nothing to keep clean.
    sys.stderr = os.fdopen(stderr, "w", buffering=1, encoding="utf-8", errors="backslashreplace")
