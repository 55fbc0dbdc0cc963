"""Denoising, super-resolution and inpainting beside filters, interpolation, diffusion and BM3D.

28 x 28: values 0..1, the first 1,000 test images, degraded by `numpy.random.default_rng(0)` anew for each task, one
draw of shape (1000, 28, 28): `normal(0, 0.3)`, clipped; or `random()` below 0.1 to 0 and from 0.9 on to 1; or
`random()` below 0.5 missing. Small images are means of squares; the hole is 10 x 10, centred. PSNR is the mean over
images, each error at least 1e-6; SSIM is scikit-image's with a window of 7. Parameters of other methods are those with
the best PSNR on the first 200 training images; `mapped` are denoisers after a monotone curve fitted there, without
which the mean of clipped noise stays as a grey veil.

The photographs are not among those of the training. Every row is a process of its own; those in the result file are not
measured again. Seconds are those of the processor, on one thread.

    python benchmarks/images/restoration.py --rows fashion-gauss,mnist-hole --epochs 14
"""

import json
import os
import pathlib
import resource
import subprocess
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import format_table, make_parser, write_result
from _provenance import commit

SETS = ("fashion", "mnist")
TASKS = {
    "gauss": ("Denoiser", {"noise": "gaussian", "strength": 0.3}),
    "sp": ("Denoiser", {"noise": "salt_and_pepper", "strength": 0.2}),
    "sr2": ("SuperResolver", {"factor": 2}),
    "sr4": ("SuperResolver", {"factor": 4}),
    "hole": ("Inpainter", {"mask": "hole"}),
    "half": ("Inpainter", {"mask": "random", "missing": 0.5}),
}
PHOTOGRAPH = "photograph"
ROWS = (*(f"{name}-{task}" for task in TASKS for name in SETS), PHOTOGRAPH)
WORK = pathlib.Path("runs") / "benchmarks-restoration"
N_TUNED, N_COVERED = 200, 200
SIGMA = 25 / 255


def images_of(name):
    """Training and test images of a set, uint8 `(n, 28, 28)`."""
    import keras_vae as kv

    data = kv.data.load({"fashion": "fashion_mnist"}.get(name, name))
    return data.x_train[..., 0], data.x_test[..., 0]


def degrade(x, task, seed):
    """Images of the test `(n, 28, 28)` in 0..1 as a task has them: noisy, small, or with NaN where they are missing."""
    rng = np.random.default_rng(seed)
    if task == "gauss":
        return np.clip(x + rng.normal(0.0, 0.3, x.shape), 0.0, 1.0)
    if task in ("sp", "half"):
        u = rng.random(x.shape)
        return np.where(u < 0.5, np.nan, x) if task == "half" else np.where(u < 0.1, 0.0, np.where(u >= 0.9, 1.0, x))
    if task == "hole":
        y = x.copy()
        y[:, 9:19, 9:19] = np.nan
        return y
    factor = int(task[2:])
    return x.reshape(len(x), 28 // factor, factor, 28 // factor, factor).mean(axis=(2, 4))


def figures_of(clean, restored):
    """PSNR as the mean over images and of the mean of errors, and SSIM."""
    from keras_vae.tasks.images.restoration.measures import psnr, ssim

    clean, restored = clean[..., None], np.clip(restored, 0.0, 1.0)[..., None]
    of_error = -10.0 * np.log10(np.square(clean - restored).mean(axis=(1, 2, 3)).mean())
    return {"psnr": psnr(clean, restored).mean(), "psnr_of_mse": of_error, "ssim": ssim(clean, restored).mean()}


def ours(x_train, clean, y, task, arguments):
    """Figures of a restorer trained on the training images."""
    from keras_vae.tasks import images

    kind, settings = TASKS[task]
    length = {"epochs": arguments.epochs} if arguments.epochs else {"minutes": arguments.minutes}
    begun = time.process_time()
    restorer = getattr(images, kind)(seed=arguments.seed, **length, **settings).fit(x_train, verbose=0)
    fitted = time.process_time()
    figures = figures_of(clean, restorer.restore(y.astype(np.float32)))
    seconds = time.process_time() - fitted
    low, high = restorer.interval(y[:N_COVERED].astype(np.float32))
    x = clean[:N_COVERED].astype(np.float32)
    changed = np.isnan(y[:N_COVERED]) if task in ("hole", "half") else np.ones(x.shape, bool)
    changed = changed & (x != y[:N_COVERED].astype(np.float32)) if task in ("gauss", "sp") else changed
    figures["coverage"] = ((x >= low) & (x <= high))[changed].mean()
    n_weights = restorer.model_.condition_network.count_params()
    return {
        **figures,
        "commit": commit(),
        "fit_seconds": round(fitted - begun, 1),
        "ms_per_image": round(1000.0 * seconds / len(clean), 3),
        "epochs_of_100_steps": restorer.settings_["epochs"],
        "batch_size": restorer.settings_["batch_size"],
        "weights_of_the_estimate": n_weights,
        "weights": restorer.model_.count_params(),
    }


def peers(x_train, clean, y, task):
    """Figures of other methods, by name."""
    from keras_vae.tasks.images.restoration import classical, degradations

    some = x_train[:N_TUNED] / 255.0
    of_some = degrade(some, task, 1)
    if task in ("hole", "half"):
        degradation = degradations.Hide("hole", (0.36, 0.36))
    else:
        degradation = (
            degradations.Noise("gaussian", (0.3, 0.3))
            if task in ("gauss", "sp")
            else degradations.Shrink(int(task[2:]))
        )
    methods = classical.classical_methods(degradation)
    if task in ("hole", "half"):
        methods |= {"telea": [_opencv("INPAINT_TELEA")], "navier_stokes": [_opencv("INPAINT_NS")]}
    found = {}
    for name, candidates in methods.items():
        method = classical.tuned(candidates, some[..., None], _told(of_some, task), N_TUNED)
        restored = _apply(method, y, task)
        found[name] = figures_of(clean, restored)
        if task in ("gauss", "sp"):
            found[f"{name}_mapped"] = figures_of(clean, _mapped(_apply(method, of_some, task), some, restored))
    return found


def _told(y, task):
    """Degraded images as the methods take them."""
    if task not in ("hole", "half"):
        return y[..., None].astype(np.float32)
    known = ~np.isnan(y)
    return np.stack([np.where(known, y, 0.0), known], axis=-1).astype(np.float32)


def _apply(method, y, task):
    return np.stack([np.clip(method(one), 0.0, 1.0)[..., 0] for one in _told(y, task)])


def _mapped(of_some, some, restored):
    """Restored images after the monotone curve that leads from others to their clean images."""
    from sklearn.isotonic import IsotonicRegression

    curve = IsotonicRegression(out_of_bounds="clip").fit(of_some.ravel(), some.ravel())
    return curve.predict(restored.ravel()).reshape(restored.shape)


def _opencv(kind):
    import cv2

    def fill(told):
        levels = np.round(255.0 * told[..., 0]).astype(np.uint8)
        filled = cv2.inpaint(levels, (told[..., 1] == 0).astype(np.uint8), 3, getattr(cv2, kind)) / 255.0
        return np.where(told[..., 1:] > 0, told[..., :1], filled[..., None])

    return fill


def photograph(arguments):
    """Two photographs of about 1,500 x 1,000 with noise, by a denoiser that has learned on patches of others."""
    from PIL import Image
    from skimage import data
    from sklearn.datasets import load_sample_images

    from keras_vae.tasks.images import Denoiser

    train = [data.astronaut(), data.coffee(), data.chelsea(), data.rocket(), *load_sample_images().images]
    length = {"epochs": arguments.epochs} if arguments.epochs else {"minutes": arguments.minutes}
    begun = time.process_time()
    denoiser = Denoiser(strength=SIGMA, seed=arguments.seed, **length).fit(train, verbose=0)
    found = {"commit": commit(), "fit_seconds": round(time.process_time() - begun, 1), "photographs": {}}
    motorcycle = Image.fromarray(data.stereo_motorcycle()[0])
    larger = motorcycle.resize((2 * motorcycle.width, 2 * motorcycle.height), Image.Resampling.BICUBIC)
    for name, image in {
        "motorcycle, its sides doubled": np.asarray(larger),
        "retina, as it is": data.retina()[200:1200],
    }.items():
        found["photographs"][name] = _of_photograph(denoiser, image, arguments)
    return found


def _of_photograph(denoiser, image, arguments):
    from keras_vae.tasks.images.restoration.measures import psnr, ssim
    from keras_vae.tasks.images.restoration.tiles import TiledNetworks

    clean = image.astype(np.float32) / 255.0
    noisy = np.clip(clean + np.random.default_rng(0).normal(0.0, SIGMA, clean.shape), 0.0, 1.0).astype(np.float32)
    methods = {"ours": denoiser.restore, **_of_colours()}
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = {"height_width": clean.shape[:2], "noisy": {"psnr": psnr([clean], [noisy])[0]}}
    for name, method in methods.items():
        begun = time.process_time()
        restored = np.clip(method(noisy), 0.0, 1.0)
        found[name] = {
            "psnr": psnr([clean], [restored])[0],
            "ssim": ssim([clean], [restored])[0],
            "seconds": round(time.process_time() - begun, 1),
        }
        if name == "ours":
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            found[name] |= {
                "peak_gib": round(peak / 2**20, 2),
                "more_than_before_gib": round((peak - before) / 2**20, 2),
            }
            tiled = TiledNetworks(denoiser.model_, denoiser.settings_, denoiser.degradation, tile=256)
            other = np.clip(tiled.estimate(noisy[None])[0], 0.0, 1.0)
            found[name]["psnr_in_tiles_of_256"] = psnr([clean], [other])[0]
            found[name]["largest_difference_of_tilings"] = float(np.abs(other - restored).max())
    return found


def _of_colours():
    """BM3D and non-local means with the noise that they are told, float32 images to images."""
    import bm3d
    from skimage.restoration import denoise_nl_means

    def non_local_means(y):
        window = {"patch_size": 5, "patch_distance": 6, "fast_mode": True, "channel_axis": -1}
        return denoise_nl_means(y, h=0.8 * SIGMA, sigma=SIGMA, **window)

    return {"bm3d": lambda y: bm3d.bm3d_rgb(y, SIGMA), "non_local_means": non_local_means}


def measure(row, arguments):
    """Figures of one row."""
    if row == PHOTOGRAPH:
        return photograph(arguments)
    name, task = row.split("-")
    x_train, x_test = images_of(name)
    n = 100 if arguments.quick else 1000
    clean = x_test[:n] / 255.0
    # One draw for all of the 1,000 images, of which a quick run takes the first.
    y = degrade(x_test[:1000] / 255.0, task, 0)[:n]
    return {"ours": ours(x_train, clean, y, task, arguments), **peers(x_train, clean, y, task)}


def table(figures):
    """What was measured, a line per method."""
    lines = []
    for row, found in figures.items():
        if row == PHOTOGRAPH:
            for name, of_image in found["photographs"].items():
                methods = [(m, f) for m, f in of_image.items() if isinstance(f, dict)]
                lines += [[name, m, float(f["psnr"]), float(f.get("ssim", np.nan)), None] for m, f in methods]
            continue
        for method, f in found.items():
            lines.append([row, method, float(f["psnr"]), float(f["ssim"]), f.get("coverage")])
    return format_table(("row", "method", "PSNR", "SSIM", "90 % holds"), lines)


def _figures_in(path):
    return json.loads(path.read_text())["figures"] if path.is_file() else {}


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--rows", default=",".join(ROWS), help="rows to measure, with commas")
    parser.add_argument("--minutes", type=float, default=5.0, help="of each training (default: 5)")
    parser.add_argument("--epochs", type=int, help="of 100 steps each, whatever the minutes")
    parser.add_argument("--worker", help="measure this row in this process")
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.epochs = 1
    if arguments.worker:
        plain = {"default": lambda value: value.tolist()}
        (WORK / f"{arguments.worker}.json").write_text(json.dumps(measure(arguments.worker, arguments), **plain))
        return
    WORK.mkdir(parents=True, exist_ok=True)
    folder = arguments.results / "quick" if arguments.quick else arguments.results
    path, begun = folder / "restoration.json", time.monotonic()
    rows = ROWS[:1] if arguments.quick else arguments.rows.split(",")
    # How long each row was trained stands with it, and the commit that it was measured at.
    settings = {"minutes": arguments.minutes, "threads": os.environ.get("OMP_NUM_THREADS")}
    for row in rows:
        if row in _figures_in(path) and not arguments.quick:
            continue
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--worker", row], check=True)
        # Read again: other rows may have been measured meanwhile.
        figures = {**_figures_in(path), row: json.loads((WORK / f"{row}.json").read_text())}
        figures = {row: figures[row] for row in ROWS if row in figures}
        seconds = time.monotonic() - begun
        write_result(
            "restoration", figures, settings, arguments, seconds, ("scikit-image", "opencv-python-headless", "bm3d")
        )
        print(table({row: figures[row]}), flush=True)


if __name__ == "__main__":
    main()
