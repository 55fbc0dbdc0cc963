"""Speed of an exported model: TensorFlow's C++ session and Python against the bare networks and against PyTorch.

All run the same layers at the same sizes. Every contender lives in a process of its own; they take turns, so that
thread pools never compete and a busy machine slows all of them. A ratio is a peer's median time over that of the C++
session in the same turn; above 1 the session is faster. The C++ program is the tests', `tests/serving/serve_check.cc`.
"""

import contextlib
import importlib.util
import multiprocessing
import pathlib
import signal
import statistics
import sys
import tempfile
import time
import traceback

import numpy as np
from _common import format_table, make_parser, write_result
from _contenders import LATENT_DIM, NETWORKS, n_cores

PROGRAM = pathlib.Path(__file__).resolve().parents[1] / "tests" / "serving"
BATCH_SIZES = (1, 16, 256)
SIGNATURES = ("serving_default", "encode", "decode", "score", "generate", "generate_rows", "sample", "sample_rows")
# Which peers have a form of which signatures.
PEERS = {
    "bare": ("serving_default", "encode", "decode"),
    "torch": ("serving_default", "encode", "decode"),
    "matmuls": ("encode",),
}
WANTED = {
    "encode of 256 rows, rows/s over those of the bare networks": 0.95,
    "encode of one row, time over that of the bare matrix products in C++": 1.5,
    "export of a model of 8x8 digits, seconds": 15.0,
}


def inputs_of(signature, n, event_shape, seed=0):
    """Arrays of the types of a signature, `n` rows."""
    rng = np.random.default_rng(seed)
    if signature in ("serving_default", "encode", "score"):
        return {"x": rng.integers(0, 2, (n, *event_shape)).astype("float32")}
    return {
        "decode": {"z": rng.normal(size=(n, LATENT_DIM)).astype("float32")},
        "generate": {"n": np.int32(n), "temperature": np.float32(1)},
        "generate_rows": {"temperature": np.ones(n, "float32")},
        "sample": {"n": np.int32(n), "seed": np.array([seed, 0])},
        "sample_rows": {"seed": np.arange(n)},
    }[signature]


# The contenders in Python. Each makes, for a signature, a function without arguments that makes one call.


def make_python(folder, network, seed):
    """The exported graph, called from Python, tensors in and tensors out."""
    import tensorflow as tf

    loaded = tf.saved_model.load(str(folder / "saved" / network / "1"))

    def prepare(signature, n):
        function = loaded.signatures[signature]
        specs = function.structured_input_signature[1]
        inputs = inputs_of(signature, n, NETWORKS[network][0])
        tensors = {name: tf.constant(value, specs[name].dtype) for name, value in inputs.items()}
        return lambda: function(**tensors)

    return prepare


def make_bare(folder, network, seed):
    """The networks in a `tf.function`, with nothing around them."""
    import tensorflow as tf

    vae = make_vae_of(network, seed)
    functions = {
        "encode": tf.function(lambda x: vae.encoder(x, training=False)),
        "decode": tf.function(lambda z: tf.sigmoid(vae.decoder(z, training=False))),
        "serving_default": tf.function(
            lambda x: tf.sigmoid(vae.decoder(vae.encoder(x, training=False)[0], training=False))
        ),
    }

    def prepare(signature, n):
        (value,) = inputs_of(signature, n, NETWORKS[network][0]).values()
        tensor = tf.constant(value)
        return lambda: functions[signature](tensor)

    return prepare


def make_torch(folder, network, seed):
    """The networks in PyTorch, traced and frozen."""
    import torch
    from _torch_vae import make_networks

    torch.set_num_threads(n_cores())
    torch.manual_seed(seed)
    encoder, decoder = make_networks(network)

    class Decode(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.decoder = decoder

        def forward(self, z):
            return torch.sigmoid(self.decoder(z))

    class Reconstruct(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder, self.decoder = encoder, decoder

        def forward(self, x):
            return torch.sigmoid(self.decoder(self.encoder(x)[0]))

    modules = {"encode": encoder, "decode": Decode(), "serving_default": Reconstruct()}

    def prepare(signature, n):
        (value,) = inputs_of(signature, n, NETWORKS[network][0]).values()
        if signature != "decode" and network != "dense":
            value = np.ascontiguousarray(value.transpose(0, 3, 1, 2))
        tensor = torch.from_numpy(value)
        with torch.inference_mode():
            graph = torch.jit.freeze(torch.jit.trace(modules[signature].eval(), tensor))

        def call():
            with torch.inference_mode():
                graph(tensor)

        return call

    return prepare


MAKERS = {"python": make_python, "bare": make_bare, "torch": make_torch}


def make_vae_of(network, seed):
    import keras_vae as kv

    event_shape, hidden_units = NETWORKS[network]
    return kv.make_vae(event_shape, LATENT_DIM, network=network, hidden_units=hidden_units, seed=seed)


def work(name, pipe, folder, network, seed):
    """A worker process: time calls as it is asked to, until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        prepare = MAKERS[name](folder, network, seed)
        calls = {}
        while True:
            signature, n, repeats = pipe.recv()
            if (signature, n) not in calls:
                calls[signature, n] = prepare(signature, n)
                for _ in range(5):  # Prepared and optimised at the first calls.
                    calls[signature, n]()
            seconds = np.empty(repeats)
            for i in range(repeats):
                started = time.perf_counter()
                calls[signature, n]()
                seconds[i] = time.perf_counter() - started
            pipe.send(seconds)
    except EOFError:
        pass
    except Exception:
        pipe.send(traceback.format_exc())


# The parent.


class Worker:
    """A contender in a Python process."""

    def __init__(self, name, folder, network, seed):
        spawn = multiprocessing.get_context("spawn")
        self.name = name
        self.pipe, theirs = spawn.Pipe()
        self.process = spawn.Process(target=work, args=(name, theirs, folder, network, seed), daemon=True)
        self.process.start()
        theirs.close()

    def time(self, signature, n, repeats):
        self.pipe.send((signature, n, repeats))
        answer = self.pipe.recv()
        if isinstance(answer, str):
            raise RuntimeError(f"{self.name} failed:\n{answer}")
        return answer

    def close(self):
        self.pipe.close()
        self.process.terminate()
        self.process.join()


class CppWorker:
    """A contender in the C++ program."""

    def __init__(self, program, folder, event_shape):
        from sessions import CppSession

        self.session = CppSession(program, folder)
        self.event_shape = event_shape
        self.prepared = set()

    def time(self, signature, n, repeats):
        inputs = inputs_of(signature, n, self.event_shape)
        if (signature, n) not in self.prepared:
            self.session.time(signature, 5, **inputs)
            self.prepared.add((signature, n))
        return self.session.time(signature, repeats, **inputs)

    def close(self):
        self.session.__exit__()


def write_matmuls(vae, folder):
    """The matrix products of a dense encoder as a graph of constants, with nothing else in it."""
    import tensorflow as tf

    arrays = {
        name: [w.numpy() for w in vae.encoder.get_layer(name).weights] for name in ("hidden_1", "z_mean", "z_log_var")
    }
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder(tf.float32, (None, NETWORKS["dense"][0][0]))

        def layer(h, name):
            kernel, bias = arrays[name]
            return tf.nn.bias_add(tf.matmul(h, kernel), bias)

        h = tf.nn.relu(layer(x, "hidden_1"))
        outputs = {name: layer(h, name) for name in ("z_mean", "z_log_var")}
        builder = tf.compat.v1.saved_model.Builder(str(folder))
        definition = tf.compat.v1.saved_model.predict_signature_def({"x": x}, outputs)
        builder.add_meta_graph_and_variables(session, ["serve"], {"encode": definition})
        builder.save()


def measure(contenders, network, signature, n, repeats, n_turns):
    """Seconds of every call, by contender: an array `(turns, repeats)`, measured in turns."""
    names = [
        name
        for name in contenders
        if signature in PEERS.get(name, SIGNATURES) and (name != "matmuls" or network == "dense")
    ]
    seconds = {name: [] for name in names}
    for turn in range(n_turns):
        # Another one begins every time: nobody always follows the same neighbour.
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            seconds[name].append(contenders[name].time(signature, n, repeats))
    return {name: np.array(values) for name, values in seconds.items()}


def summarize(seconds, n):
    """Percentiles and rows per second by contender, and the median and quartiles of the ratios to C++ by turn."""
    figures = {}
    for name, values in seconds.items():
        p50, p99 = np.percentile(values, [50, 99])
        figures[name] = {
            "p50_ms": round(1e3 * p50, 4),
            "p99_ms": round(1e3 * p99, 4),
            "rows_per_second": round(n / p50),
        }
        if name != "cpp":
            ratios = np.median(values, axis=1) / np.median(seconds["cpp"], axis=1)
            low, median, high = np.percentile(ratios, [25, 50, 75])
            figures[name]["over_cpp"] = {"median": round(median, 3), "quartiles": [round(low, 3), round(high, 3)]}
    return figures


def seconds_of_export(folder, seed):
    import keras_vae as kv

    vae = kv.make_vae((8, 8, 1), LATENT_DIM, seed=seed)
    started = time.perf_counter()
    kv.export_saved_model(vae, folder)
    return time.perf_counter() - started


def targets_of(figures, export_seconds):
    """What was wanted, measured: name to value."""
    matmuls = figures["dense"]["encode"]["1"]["matmuls"]["over_cpp"]["median"]
    encode = figures["dense"]["encode"]["256"]["bare"]["over_cpp"]["median"]
    return dict(zip(WANTED, (encode, round(1.0 / matmuls, 3), round(export_seconds, 1)), strict=True))


def rows_of(figures):
    """Table rows: one per network, signature, batch size and contender."""
    for network, signatures in figures.items():
        for signature, batches in signatures.items():
            for n, contenders in batches.items():
                for name, f in contenders.items():
                    ratio = f.get("over_cpp", {}).get("median")
                    yield [network, signature, int(n), name, f["p50_ms"], f["p99_ms"], f["rows_per_second"], ratio]


def parse_arguments(argv=None):
    parser = make_parser(__doc__)
    parser.add_argument("--turns", type=int, help="turns per contender (default: 9, quick: 3)")
    return parser.parse_args(argv)


def main(argv=None):
    arguments = parse_arguments(argv)
    sys.path.insert(0, str(PROGRAM))
    from sessions import compile_program, why_no_program

    if why_no_program():
        sys.exit(f"cannot measure the C++ session: {why_no_program()}")
    started = time.perf_counter()
    n_turns = arguments.turns or (3 if arguments.quick else 9)
    repeats = {1: 20, 16: 10, 256: 5} if arguments.quick else {1: 100, 16: 30, 256: 10}
    names = ["python", "bare"] + (["torch"] if importlib.util.find_spec("torch") else [])
    if "torch" not in names:
        print("torch is not installed and left out: pip install 'keras_vae[peers]'", file=sys.stderr)
    figures = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        program = compile_program(folder)
        export_seconds = statistics.median(seconds_of_export(folder / "digits", arguments.seed) for _ in range(3))
        for network, (event_shape, _) in NETWORKS.items():
            figures[network] = measure_network(
                network, event_shape, folder, program, names, repeats, n_turns, arguments.seed
            )
    header = ["network", "signature", "batch", "contender", "p50 ms", "p99 ms", "rows/s", "over C++"]
    print("\r" + format_table(header, list(rows_of(figures))))
    targets = targets_of(figures, export_seconds)
    print(format_table(["target", "measured", "wanted"], [[name, targets[name], WANTED[name]] for name in WANTED]))
    settings = {
        "calls_per_turn": repeats,
        "turns": n_turns,
        "latent_dim": LATENT_DIM,
        "networks": {name: {"event_shape": e, "hidden_units": h} for name, (e, h) in NETWORKS.items()},
        "torch": "torch.jit.trace and freeze, inference_mode",
        "wanted": WANTED,
    }
    seconds = time.perf_counter() - started
    print(write_result("serving", {"targets": targets, **figures}, settings, arguments, seconds, ("torch",)))


def measure_network(network, event_shape, folder, program, names, repeats, n_turns, seed):
    """Figures of one network, by signature and batch size."""
    import keras_vae as kv

    vae = make_vae_of(network, seed)
    version = kv.export_saved_model(vae, folder / "saved" / network)
    with contextlib.ExitStack() as stack:

        def opened(contender):
            stack.callback(contender.close)
            return contender

        contenders = {"cpp": opened(CppWorker(program, version, event_shape))}
        if network == "dense":
            write_matmuls(vae, folder / "matmuls")
            contenders["matmuls"] = opened(CppWorker(program, folder / "matmuls", event_shape))
        contenders |= {name: opened(Worker(name, folder, network, seed)) for name in names}
        figures = {}
        for signature in SIGNATURES:
            figures[signature] = {}
            for n in BATCH_SIZES:
                print(f"\r{network}, {signature}, batch {n:<30}", end="", file=sys.stderr, flush=True)
                seconds = measure(contenders, network, signature, n, repeats[n], n_turns)
                figures[signature][str(n)] = summarize(seconds, n)
        return figures


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; nothing was written")
