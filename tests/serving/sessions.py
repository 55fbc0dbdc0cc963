"""An exported model in a session, as TensorFlow Serving runs it: in C++, and in Python where g++ is missing."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

import numpy as np
import tensorflow as tf

SOURCE = pathlib.Path(__file__).with_name("serve_check.cc")


class SessionError(RuntimeError):
    """What a session refused; `code` is the name of the status, such as "INVALID_ARGUMENT"."""

    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code


def why_no_program():
    """Why `serve_check.cc` cannot be compiled on this machine, or None."""
    if shutil.which("g++") is None:
        return "g++ is not installed"
    folder = pathlib.Path(tf.sysconfig.get_lib())
    if not (folder / "include" / "tensorflow" / "cc" / "saved_model" / "loader.h").is_file():
        return "this TensorFlow comes without its C++ headers"
    if not (folder / "libtensorflow_cc.so.2").is_file():
        return "this TensorFlow comes without libtensorflow_cc.so.2"
    return None


def compile_program(folder):
    """Compile `serve_check.cc` into a folder, or take the program that an earlier run has left there.

    Args:
        folder: path. Kept between runs: compiling takes 20 seconds.

    Returns:
        `pathlib.Path` of the program.
    """
    library, flags = tf.sysconfig.get_lib(), tf.sysconfig.get_compile_flags()
    # Without --no-as-needed the linker drops libtensorflow_cc, which registers the sessions when it is loaded.
    link = [f"-L{library}", "-Wl,--no-as-needed", "-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2"]
    command = ["g++", "-O1", "-w", *flags, str(SOURCE), *link, f"-Wl,-rpath,{library}", "-pthread"]
    key = hashlib.sha256(SOURCE.read_bytes() + repr((tf.__version__, command)).encode()).hexdigest()[:16]
    program = pathlib.Path(folder) / f"serve_check-{key}"
    # Workers of one run share the folder: the first compiles, the others wait.
    with open(program.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.is_file():
            unfinished = program.with_suffix(".tmp")
            subprocess.run([*command, "-o", str(unfinished)], check=True)
            os.replace(unfinished, program)
    return program


class CppSession:
    """A process that runs `serve_check` on one exported model; a context manager.

    Args:
        program: path, from `compile_program`.
        folder: path of a version.
    """

    def __init__(self, program, folder):
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
        self._process = subprocess.Popen(
            [str(program), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        line = self._process.stdout.readline()
        if line != b"ready\n":
            self._process.wait()
            raise SessionError("LOAD", line.decode() + self._process.stdout.read().decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=60)

    def call(self, signature, **inputs):
        """Outputs of one call, a dict of arrays; inputs go out in the types and shapes that they have."""
        return self._ask("call", signature, inputs)

    def time(self, signature, repeats, **inputs):
        """Seconds of each of `repeats` calls, measured inside the process."""
        return self._ask("time", signature, inputs, repeats)["seconds"]

    def storm(self, signature, n_threads, n_calls, **inputs):
        """Output `z` of `n_calls` calls of each of `n_threads` threads, `(rows of all calls, latent_dim)`."""
        return self._ask("storm", signature, inputs, n_threads, n_calls)["z"]

    def _ask(self, verb, signature, inputs, *numbers):
        words = (verb, signature, len(inputs), *numbers)
        self._process.stdin.write(" ".join(map(str, words)).encode() + b"\n")
        for name, value in inputs.items():
            self._process.stdin.write(_tensor_to_bytes(name, np.asarray(value)))
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.flush()
        head = self._process.stdout.readline().split()
        if not head:
            raise SessionError("CRASH", f"the process ended with {self._process.wait()}")
        if head[0] == b"error":
            raise SessionError(head[1].decode(), self._process.stdout.read(int(head[2])).decode())
        return dict(self._read_tensor() for _ in range(int(head[1])))

    def _read_tensor(self):
        name, dtype, n_bytes, _, *shape = self._process.stdout.readline().split()
        data = self._process.stdout.read(int(n_bytes))
        array = np.frombuffer(data, tf.as_dtype(int(dtype)).as_numpy_dtype)
        return name.decode(), array.reshape([int(n) for n in shape])


def _tensor_to_bytes(name, array):
    if array.dtype == object:
        dtype = tf.string
        data = b"".join(len(v).to_bytes(8, "little") + v for v in array.ravel())
    else:
        dtype, data = tf.as_dtype(array.dtype), np.ascontiguousarray(array).tobytes()
    words = (name, dtype.as_datatype_enum, len(data), array.ndim, *array.shape)
    return " ".join(map(str, words)).encode() + b"\n" + data


class PythonSession:
    """The same of TensorFlow's session in this process; it checks shapes before the graph sees them, C++ does not.

    Args:
        folder: path of a version.
    """

    def __init__(self, folder):
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            self._meta_graph = tf.compat.v1.saved_model.load(self._session, ["serve"], str(folder))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._session.close()

    def call(self, signature, **inputs):
        """Outputs of one call, a dict of arrays."""
        definition = self._meta_graph.signature_def.get(signature)
        if definition is None:
            raise SessionError("FAILED_PRECONDITION", f"no signature {signature}")
        if definition.method_name != "tensorflow/serving/predict":
            raise SessionError("FAILED_PRECONDITION", f"no method to predict: {signature}")
        if set(inputs) != set(definition.inputs):
            raise SessionError("INVALID_ARGUMENT", f"inputs {sorted(inputs)}, not {sorted(definition.inputs)}")
        feeds = {definition.inputs[name].name: value for name, value in inputs.items()}
        fetches = {name: info.name for name, info in definition.outputs.items()}
        try:
            return self._session.run(fetches, feeds)
        except tf.errors.OpError as error:
            # InvalidArgumentError is INVALID_ARGUMENT.
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__.removesuffix("Error"))
            raise SessionError(name.upper(), error.message) from None
        except (TypeError, ValueError) as error:
            raise SessionError("INVALID_ARGUMENT", str(error)) from None
