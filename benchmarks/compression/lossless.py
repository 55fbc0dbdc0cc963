"""Real bytes of test images: compressed by a VAE trained on other images, beside gzip, zstd, PNG, WebP, JPEG-XL.

`train.py` makes the models. Every file is decoded again and compared with what went in, those of the peers too. All
bytes count, headers and index among them; the model does not, and stands beside: the last column says how many images
of the kind it takes until model and file together are smaller than the best peer's files. The peers know nothing of
the images before.

General compressors get the bytes one after the other (of black and white images eight pixels in one, and also one by
one). Formats of pictures get a file for each image (2,000 of them, drawn with a seed) and one large picture of all
("mosaic"). Seconds are those of one run by the clock; where the load average is above the number of cores, other work
took a share of them, and CPU seconds tell more.
"""

import json
import math
import os
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from _common import format_table, make_parser, some_rows, write_result
from _peers import PACKAGES, measure
from _sets import QUICK, SETS, WORK, images_of

N_QUICK_EPOCHS = 20
# The bound is estimated with so many draws for each image.
N_DRAWS = 2
HEADER = ("set", "images", "ours", "-ELBO", "file / -ELBO", "best peer", "", "s there", "s back", "pays from")


def compressor_of(name, work, seed):
    """The compressor of a set and how it was trained: that of `train.py`, None without; of a quick run a new one.

    Returns:
        `(compressor, trained)`, the second a dict that JSON can hold; or `(None, None)`.
    """
    from keras_vae.tasks.compression import Compressor

    if name == QUICK:
        compressor = Compressor(epochs=N_QUICK_EPOCHS, seed=seed).fit(images_of(name)["train"], verbose=0)
        return compressor, {"epochs_done": N_QUICK_EPOCHS}
    if not (work / f"{name}.json").is_file():
        return None, None
    return Compressor.load(work / f"{name}.keras"), json.loads((work / f"{name}.json").read_text())


def timed(function, *arguments, **more):
    """What a function gives, and its seconds by the clock and of all cores."""
    begun, cpu = time.perf_counter(), time.process_time()
    found = function(*arguments, **more)
    return found, round(time.perf_counter() - begun, 2), round(time.process_time() - cpu, 2)


def ours(compressor, x, file):
    """Figures of the compressor.

    Args:
        compressor: `Compressor` with a model.
        x: array `(n, height, width, channels)`.
        file: path. The model is written there, to know its size.
    """
    # The exact networks are made once, and are in no time.
    compressor.compress(some_rows(x, 1, 0), verify=False)
    data, seconds, cpu_seconds = timed(compressor.compress, x, verify=False)
    back, seconds_back, cpu_seconds_back = timed(compressor.decompress, data)
    if back.dtype != x.dtype or not np.array_equal(back, x):
        raise RuntimeError("the images do not come back")
    bound = compressor.elbo_bits_per_dim(x, n_samples=N_DRAWS)
    compressor.save(file)
    bits = 8 * len(data) / x.size
    return {
        "bytes": len(data),
        "bits_per_dim": bits,
        "elbo_bits_per_dim": bound,
        "file_over_elbo": bits / bound,
        "seconds": {"compress": seconds, "decompress": seconds_back},
        "cpu_seconds": {"compress": cpu_seconds, "decompress": cpu_seconds_back},
        "load_average": round(os.getloadavg()[0], 1),
        "model_bytes": file.stat().st_size,
        "model_parameters": compressor.model_.count_params(),
    }


def best_peer(peers):
    """Name of the peer with the fewest bits."""
    return min((name for name, found in peers.items() if found), key=lambda name: peers[name]["bits_per_dim"])


def pays_from(found, n_values):
    """Number of images for which model and file are smaller than what the best peer makes of them; None if never."""
    saved = found["peers"][found["best_peer"]]["bits_per_dim"] - found["ours"]["bits_per_dim"]
    return math.ceil(8 * found["ours"]["model_bytes"] / (saved * n_values)) if saved > 0 else None


def one_set(name, work, arguments):
    """Figures of one set, or None if it has no model."""
    compressor, trained = compressor_of(name, work, arguments.seed)
    if compressor is None:
        return None
    work.mkdir(parents=True, exist_ok=True)
    x = images_of(name)["test"]
    found = {"n_images": len(x), "shape": list(x.shape[1:]), "trained": trained}
    found["ours"] = ours(compressor, x, work / f"{name}_as_saved.keras")
    found["peers"] = measure(x, arguments.seed)
    found["best_peer"] = best_peer(found["peers"])
    found["pays_from_images"] = pays_from(found, x[0].size)
    return found


def row_of(name, found):
    """A line of the table."""
    us, best = found["ours"], found["best_peer"]
    bits = found["peers"][best]["bits_per_dim"]
    numbers = (us["bits_per_dim"], us["elbo_bits_per_dim"], us["file_over_elbo"], bits, best)
    seconds = (us["seconds"]["compress"], us["seconds"]["decompress"])
    return [name, found["n_images"], *numbers, *seconds, found["pays_from_images"]]


def parse_arguments(argv=None):
    """Arguments of the command line."""
    parser = make_parser(__doc__)
    names = ",".join(name for name in SETS if name != QUICK)
    parser.add_argument("--sets", default=names, help=f"names with commas (default: {names})")
    parser.add_argument("--work", type=pathlib.Path, default=WORK, help="folder with the models of train.py")
    return parser.parse_args(argv)


def main():
    """Measure all sets that have a model."""
    arguments = parse_arguments()
    begun, sets = time.monotonic(), {}
    work = arguments.work / "quick" if arguments.quick else arguments.work
    for name in [QUICK] if arguments.quick else arguments.sets.split(","):
        found = one_set(name, work, arguments)
        if found is None:
            print(f"{name}: no model, train it by benchmarks/compression/train.py --sets {name}", flush=True)
            continue
        sets[name] = found
        peers = {peer: f"{of['bits_per_dim']:.4f}" if of else "not installed" for peer, of in found["peers"].items()}
        print(name, f"{found['ours']['bits_per_dim']:.4f}", peers, flush=True)
    if not sets:
        sys.exit("no set has a model: run benchmarks/compression/train.py first")
    print(format_table(HEADER, [row_of(name, found) for name, found in sets.items()]))
    settings = {"n_draws_of_elbo": N_DRAWS}
    write_result("lossless", {"sets": sets}, settings, arguments, time.monotonic() - begun, peers=PACKAGES)


if __name__ == "__main__":
    main()
