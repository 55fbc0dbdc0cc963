"""A file of a compressor decoded under other settings of the machine, each in a process of its own.

A small ladder is trained on the digits of scikit-learn and compresses the others, both without and with loss. Then each
process loads the model and decodes: with other numbers of threads, with kernels of OpenBLAS that were made for other
processors, without some of NumPy's instruction sets, with oneDNN on and off, in parts, and by another interpreter with
other versions of the packages, where one is named by --python. What counts is a checksum of what comes back: of the
array, and of the code of the lossy file (its pixels are those of Keras, and may differ by a grey level).

The last column is a control, what NumPy's own product of matrices gives under the setting: where it is another than
under the first one, the setting does change how numbers are rounded.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from _common import format_table, make_parser, write_result
from _sets import QUICK, images_of

EPOCHS = 3
ONE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_NUM_INTRAOP_THREADS": "1"}
KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX", "Cooperlake")
HEADER = ("setting", "lossless", "lossy code", "NumPy's own product")
PROGRAM = """
import hashlib, json, pathlib, sys
import numpy as np
import keras, tensorflow as tf
from keras_vae.tasks.compression import Compressor, LossyCompressor
from keras_vae.tasks.compression.container.container import Container

folder, part = pathlib.Path(sys.argv[1]), json.loads(sys.argv[2])
data = (folder / "lossless.kvz").read_bytes()
lossless = Compressor.load(folder / "lossless.keras")
if part:
    x = np.concatenate([lossless.decompress(data, rows=slice(i, i + part)) for i in range(0, 360, part)])
else:
    x = lossless.decompress(data)
lossy, container = LossyCompressor.load(folder / "lossy.keras"), Container.read((folder / "lossy.kvz").read_bytes())
code = lossy.codec_._decode(container, 0, container.header.shape[0])
a = np.random.default_rng(0).standard_normal((300, 300))
print(json.dumps({
    "lossless": hashlib.sha256(x.tobytes()).hexdigest()[:16],
    "lossy": hashlib.sha256(code.astype("<i8").tobytes()).hexdigest()[:16],
    "control": hashlib.sha256((a @ a.T).tobytes()).hexdigest()[:16],
    "versions": [np.__version__, tf.__version__, keras.__version__],
}))
"""


def settings(pythons):
    """Settings by name: environment, rows decoded at a time (0 for all), interpreter."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    own = {"1 thread": ({}, 0)}
    for n in ("2", "4"):
        own[f"{n} threads"] = ({"OMP_NUM_THREADS": n, "OPENBLAS_NUM_THREADS": n, "TF_NUM_INTRAOP_THREADS": n}, 0)
    for onednn in ("0", "1"):
        own[f"oneDNN {'on' if onednn == '1' else 'off'}"] = ({"TF_ENABLE_ONEDNN_OPTS": onednn}, 0)
    for core in KERNELS:
        own[f"OpenBLAS for {core}"] = ({"OPENBLAS_CORETYPE": core}, 0)
    for i in range(len(found)):
        own[f"NumPy without {' '.join(found[i:])}"] = ({"NPY_DISABLE_CPU_FEATURES": " ".join(found[i:])}, 0)
    every = {"OPENBLAS_CORETYPE": "Prescott", "NPY_DISABLE_CPU_FEATURES": " ".join(found), "TF_ENABLE_ONEDNN_OPTS": "0"}
    own["all of these at once"] = (every, 0)
    for n in (30, 90):
        own[f"{n} rows at a time"] = ({}, n)
    named = {name: (*how, sys.executable) for name, how in own.items()}
    return named | {f"interpreter {i + 1}": ({}, 0, str(python)) for i, python in enumerate(pythons)}


def prepare(folder, seed):
    """Write models and files into a folder."""
    from keras_vae.tasks.compression import Compressor, LossyCompressor

    images = images_of(QUICK)
    train, test = (np.rint(images[part] * (255.0 / 16.0)).astype(np.uint8) for part in ("train", "test"))
    more = {"graph": "ladder", "latent_dim": [8, 4], "hidden_units": [64, 32], "network": "dense"}
    lossless = Compressor(epochs=EPOCHS, seed=seed, settings=more, block_rows=90).fit(train, verbose=0)
    lossless.save(folder / "lossless.keras")
    lossless.compress_to(folder / "lossless.kvz", test[:360])
    lossy = LossyCompressor(epochs=EPOCHS, seed=seed).fit(train, verbose=0)
    lossy.save(folder / "lossy.keras")
    lossy.compress_to(folder / "lossy.kvz", test[:360], stddev=8.0)


def decoded(folder, environment, part, python):
    """What a process under a setting makes of the files, or None where the processor lacks the instructions."""
    command = [python, "-c", PROGRAM, str(folder), json.dumps(part)]
    done = subprocess.run(command, env={**os.environ, **ONE, **environment}, capture_output=True, text=True)
    if done.returncode == -signal.SIGILL:
        return None
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def row_of(name, found, first):
    """A line of the table."""
    if found is None:
        return [name, "-", "-", "this processor lacks the instructions"]
    same = ["same" if found[key] == first[key] else "OTHER" for key in ("lossless", "lossy", "control")]
    return [name, *same]


def parse_arguments(argv=None):
    """Arguments of the command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--python", action="append", default=[], help="another interpreter with this library")
    return parser.parse_args(argv)


def main():
    """Decode under all settings, and say in how many the bits are the same."""
    arguments = parse_arguments()
    begun, found = time.monotonic(), {}
    with tempfile.TemporaryDirectory() as folder:
        prepare(pathlib.Path(folder), arguments.seed)
        every = settings(arguments.python)
        chosen = dict(list(every.items())[:3]) if arguments.quick else every
        for name, (environment, part, python) in chosen.items():
            found[name] = decoded(folder, environment, part, python)
            print(name, "done", flush=True)
    first = found["1 thread"]
    print(format_table(HEADER, [row_of(name, of, first) for name, of in found.items()]))
    ran = {name: of for name, of in found.items() if of is not None}
    same = sum(of["lossless"] == first["lossless"] and of["lossy"] == first["lossy"] for of in ran.values())
    print(f"the same bits: {same} of {len(ran)}")
    figures = {"same": same, "settings": len(ran), "lacking": [n for n in found if found[n] is None], "found": ran}
    write_result("same_bits", figures, {"epochs": EPOCHS}, arguments, time.monotonic() - begun)
    if same < len(ran):
        sys.exit("the bits are not the same everywhere")


if __name__ == "__main__":
    main()
