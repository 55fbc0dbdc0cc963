"""Rate-distortion curves of a VAE with rounded latents beside JPEG, WebP and JPEG-XL, on test images.

One model for each set, `LossyCompressor`, is trained on the training part and kept in --work. The rate is that of the
bytes with everything in them, per pixel; the model does not count, and stands beside. The PSNR is that of the mean
squared error of all pixels after decoding, the SSIM the mean over images. All are measured on the same test images,
2,000 drawn with a seed where there are more.

The peers know nothing of the images before. Headers would weigh most in files of images this small, so they get all
images in one large picture ("mosaic"), each image made larger to whole blocks of 8 pixels by repeating its border, so
that no block holds parts of two; and 1,000 of the images, drawn with a seed, as a file each. JPEG is taken with full
and with halved colours. What counts is the mosaic.
"""

import importlib
import importlib.util
import io
import json
import os
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from _common import format_table, make_parser, some_rows, write_result
from _peers import mosaic
from _provenance import commit
from _sets import QUICK, SETS, WORK, images_of

EPOCHS = {"fashion_mnist": 8, "cifar10_part": 28, "mnist": 5, "freyfaces": 150, QUICK: 30}
STDDEVS = (2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 40.0)
BLOCK, N_IMAGES, N_EACH = 8, 2000, 1000
QUALITIES = (2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95)
DISTANCES = (0.3, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0)
PACKAGES = ("pillow", "imagecodecs")
HEADER = ("set", "peer", "rates shared", "least gain, dB", "mean gain, dB", "SSIM, least", "mean")


def compressor_of(name, work, epochs, seed):
    """The trained compressor of a set, kept in `work`, and how it was trained."""
    from keras_vae.tasks.compression import LossyCompressor

    file, told = work / f"lossy_{name}.keras", work / f"lossy_{name}.json"
    if told.is_file():
        return LossyCompressor.load(file), json.loads(told.read_text())
    work.mkdir(parents=True, exist_ok=True)
    begun, cpu = time.monotonic(), time.process_time()
    compressor = LossyCompressor(epochs=epochs, seed=seed).fit(_bytes(images_of(name)["train"]), verbose=2)
    compressor.save(file)
    found = {"epochs": epochs, "seconds": round(time.monotonic() - begun, 1)}
    found |= {"cpu_seconds": round(time.process_time() - cpu, 1), "commit": commit()}
    found |= {"model_bytes": file.stat().st_size, "parameters": compressor.model_.count_params()}
    told.write_text(json.dumps(found, indent=1))
    return compressor, found


def _bytes(x):
    """Grey levels of whole numbers that are no bytes, as scikit-learn's digits have them."""
    return x if x.dtype == np.uint8 else np.rint(x * (255.0 / x.max())).astype(np.uint8)


def peer_settings():
    """Lossy formats by name: lists of pairs of a setting and functions there and back."""
    found = {"JPEG": [(q, _pillow("JPEG", quality=q, optimize=True)) for q in QUALITIES]}
    found["JPEG 4:4:4"] = [(q, _pillow("JPEG", quality=q, optimize=True, subsampling=0)) for q in QUALITIES]
    found["WebP"] = [(q, _pillow("WEBP", quality=q, method=6)) for q in (0, *QUALITIES)]
    if importlib.util.find_spec("imagecodecs"):
        codecs = importlib.import_module("imagecodecs")
        found["JPEG-XL"] = [(d, _jpeg_xl(codecs, d)) for d in DISTANCES]
    return found


def _pillow(name, **how):
    from PIL import Image

    def encode(x):
        picture, file = Image.fromarray(x), io.BytesIO()
        (picture.convert("RGB") if name == "WEBP" else picture).save(file, name, **how)
        return file.getvalue()

    return encode, lambda data: np.asarray(Image.open(io.BytesIO(data)))


def _jpeg_xl(codecs, distance):
    return lambda x: codecs.jpegxl_encode(x, distance=distance, effort=7, numthreads=1), codecs.jpegxl_decode


def curve_of(x, pairs, as_mosaic):
    """Points of one peer: list of dicts with its setting, the rate and how near the images come back."""
    from keras_vae.tasks.compression.lossy.quality import psnr, ssim

    padded, points = _whole_blocks(x), []
    for setting, (encode, decode) in pairs:
        if as_mosaic:
            data = encode(mosaic(padded if x.shape[-1] > 1 else padded[..., 0]))
            n_bytes, back = len(data), _cut(decode(data), padded.shape, x.shape)
        else:
            files = [encode(image if x.shape[-1] > 1 else image[..., 0]) for image in x]
            n_bytes, back = sum(map(len, files)), np.stack([_grey(decode(f), x.shape[-1]) for f in files])
        rate = 8 * n_bytes / x[..., 0].size
        points.append({"setting": setting, "bits_per_pixel": rate, "psnr": psnr(x, back), "ssim": ssim(x, back)})
    return points


def _whole_blocks(x):
    """Images whose border is repeated up to whole blocks."""
    sides = [(0, -side % BLOCK) for side in x.shape[1:3]]
    return np.pad(x, [(0, 0), *sides, (0, 0)], mode="edge")


def _cut(picture, padded, shape):
    """The images of a mosaic, without what was added."""
    picture = _grey(picture, shape[-1])
    n, height, width, channels = padded
    rows, columns = picture.shape[0] // height, picture.shape[1] // width
    tiles = picture.reshape(rows, height, columns, width, channels).swapaxes(1, 2)
    return tiles.reshape(rows * columns, height, width, channels)[:n, : shape[1], : shape[2]]


def _grey(picture, n_channels):
    """A decoded picture with an axis of so many channels: a grey one may come back with three."""
    picture = picture if picture.ndim == 3 else picture[..., None]
    return np.rint(picture.mean(axis=-1, keepdims=True)).astype(np.uint8) if n_channels == 1 else picture[..., :3]


def gains(own, peer, measure):
    """What ours is above a peer at the rates of the peer's points that lie within ours: least and mean, and the rates.

    Between our points the measure is straight in the logarithm of the rate.
    """
    rates = np.log([point["bits_per_pixel"] for point in own])
    inside = [p for p in peer if rates[0] <= np.log(p["bits_per_pixel"]) <= rates[-1]]
    if not inside:
        return None
    at = np.log([p["bits_per_pixel"] for p in inside])
    gain = np.interp(at, rates, [p[measure] for p in own]) - [p[measure] for p in inside]
    return {
        "least": float(gain.min()),
        "mean": float(gain.mean()),
        "rates": [float(np.exp(at[0])), float(np.exp(at[-1]))],
    }


def one_set(name, work, epochs, arguments):
    """Curves of one set and what ours is above the others."""
    compressor, trained = compressor_of(name, work, epochs, arguments.seed)
    x = some_rows(_bytes(images_of(name)["test"]), arguments.images, arguments.seed)
    begun, load = time.monotonic(), round(os.getloadavg()[0], 1)
    own = [point._asdict() for point in compressor.rate_distortion(x, STDDEVS)]
    seconds = round((time.monotonic() - begun) / (2 * len(STDDEVS)), 2)
    settings = peer_settings()
    if x.shape[-1] == 1:
        settings.pop("JPEG 4:4:4")
    some = some_rows(x, min(N_EACH, len(x)), arguments.seed)
    curves = {peer: curve_of(x, pairs, True) for peer, pairs in settings.items()}
    each = {f"{peer}, each": curve_of(some, pairs, False) for peer, pairs in settings.items()}
    above = {
        peer: {
            measure: gains(own, sorted(points, key=lambda p: p["bits_per_pixel"]), measure)
            for measure in ("psnr", "ssim")
        }
        for peer, points in curves.items()
    }
    return {
        "n_images": len(x),
        "trained": trained,
        "seconds_each_way": seconds,
        "load_average": load,
        "ours": own,
        "peers": {**curves, **each},
        "above": above,
    }


def rows_of(name, found):
    """Lines of the table."""
    for peer, gain in found["above"].items():
        if gain["psnr"] is None:
            yield [name, peer, "none", "", "", "", ""]
            continue
        shared = "{:.2f} to {:.2f}".format(*gain["psnr"]["rates"])
        yield [name, peer, shared, *(gain[of][which] for of in ("psnr", "ssim") for which in ("least", "mean"))]


def save_picture(name, found, folder):
    """The curves of a set as a PNG."""
    from keras_vae.tasks.compression import RatePoint, plot_rate_distortion

    def points(of):
        return [RatePoint(p.get("stddev", 0.0), p["bits_per_pixel"], p["psnr"], p["ssim"]) for p in of]

    shown = {"VAE, rounded latents": points(found["ours"])}
    shown |= {peer: points(of) for peer, of in found["peers"].items() if "each" not in peer}
    plot_rate_distortion(shown).savefig(folder / f"lossy_{name}.png", dpi=110)


def parse_arguments(argv=None):
    """Arguments of the command line."""
    parser = make_parser(__doc__)
    parser.add_argument("--sets", default="fashion_mnist,cifar10_part", help="names with commas")
    parser.add_argument("--epochs", type=int, help="of each training (default: by set)")
    parser.add_argument("--images", type=int, default=N_IMAGES, help=f"test images (default: {N_IMAGES})")
    parser.add_argument("--work", type=pathlib.Path, default=WORK, help="folder of the models and pictures")
    arguments = parser.parse_args(argv)
    unknown = set(arguments.sets.split(",")) - set(SETS)
    if unknown:
        parser.error(f"--sets must name some of {', '.join(SETS)}. Received: {', '.join(sorted(unknown))}")
    return arguments


def main():
    """Train what is not there, and measure."""
    arguments = parse_arguments()
    begun, sets = time.monotonic(), {}
    work = arguments.work / "quick" if arguments.quick else arguments.work
    for name in [QUICK] if arguments.quick else arguments.sets.split(","):
        sets[name] = one_set(name, work, arguments.epochs or EPOCHS[name], arguments)
        save_picture(name, sets[name], work)
        print(format_table(HEADER, list(rows_of(name, sets[name]))), flush=True)
    settings = {"stddevs": list(STDDEVS), "n_images": arguments.images, "n_each": N_EACH}
    write_result("lossy", {"sets": sets}, settings, arguments, time.monotonic() - begun, peers=PACKAGES)


if __name__ == "__main__":
    main()
