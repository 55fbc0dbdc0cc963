"""Processes on the loopback interface that train together: started, waited for, and cleaned up."""

import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time

TESTS = pathlib.Path(__file__).parent


@contextlib.contextmanager
def workers(folder, *command, n=2, cwd=None):
    """Start a command as `n` workers of one cluster; none of them outlives the block.

    Args:
        folder: path. Gets the files `worker-0.txt` and so on, with all that they print.
        *command: what to run; Python in it finds the modules of tests/.
        n: int.
        cwd: path or None. Where to run it.

    Yields:
        list of `subprocess.Popen`, the chief first.
    """
    addresses = [f"127.0.0.1:{port}" for port in free_ports(n)]
    path = os.pathsep.join(map(str, (TESTS, TESTS.parent)))
    started = []
    try:
        for index in range(n):
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            environment = {**os.environ, "TF_CONFIG": json.dumps(task), "PYTHONPATH": path, "TF_CPP_MIN_LOG_LEVEL": "2"}
            with (folder / f"worker-{index}.txt").open("w") as file:
                words = list(map(str, command))
                started.append(subprocess.Popen(words, stdout=file, stderr=file, env=environment, cwd=cwd))
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def wait_for(processes, seconds):
    """Exit codes of processes that all must end within so many seconds."""
    end = time.monotonic() + seconds
    return [process.wait(timeout=max(0.1, end - time.monotonic())) for process in processes]


def output(folder, index):
    """What a worker has printed."""
    return (folder / f"worker-{index}.txt").read_text()


def results(folder, n=2):
    """What the workers have printed as JSON after the word RESULT, a list."""
    return [json.loads(output(folder, index).rsplit("RESULT", 1)[1].splitlines()[0]) for index in range(n)]


def free_ports(n):
    """Numbers of ports that nobody listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
