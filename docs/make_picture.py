"""Draw docs/digits.png from the run that `make demo` leaves: python docs/make_picture.py runs/digits"""

import pathlib
import sys

from keras_vae.data import load
from keras_vae.evaluation.plots import plot_grid
from keras_vae.runs.run_folder import RunFolder

N_COLS = 12


def main():
    """Write the picture."""
    model = RunFolder.open(sys.argv[1]).load_model()
    x = load("digits").x_test[:N_COLS].astype("float32") / 255
    samples = model.sample(2 * N_COLS, seed=0)
    rows = [*x, *model.reconstruct(x), *samples]
    figure = plot_grid(rows, N_COLS, value_range=(0, 1), row_labels=["digit", "reconstruction", "new", "new"])
    figure.savefig(pathlib.Path(__file__).with_name("digits.png"))


if __name__ == "__main__":
    main()
