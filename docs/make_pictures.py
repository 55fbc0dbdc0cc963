"""Draw the pictures of the documentation: `python docs/make_pictures.py [NAME ...]`, without names all of them.

The images are those of Fashion-MNIST, from the folder in `KERAS_VAE_DATA` or through `keras.datasets`, and for two
pictures the shapes of `kv.data.FactorShapes`. Each function draws one picture; docs/gallery.md shows both. Every model
is trained once, which takes some minutes.
"""

import functools
import io
import pathlib
import sys

import numpy as np
from PIL import Image

import keras_vae as kv

FOLDER = pathlib.Path(__file__).with_name("pictures")
MAX_BYTES = 100_000


@functools.cache
def clothes():
    """Fashion-MNIST: 70,000 grey images of 28 x 28 pixels, whole values 0 to 255."""
    return kv.data.load("fashion_mnist")


@functools.cache
def trained(latent_dim, epochs):
    """A model of the clothes with so many latent dimensions, and its history."""
    data = clothes()
    vae = kv.make_vae(
        (28, 28, 1), latent_dim, "dense", hidden_units=(512, 256), likelihood="discretized_logistic", seed=0
    )
    vae.compile("adam")
    history = vae.fit(
        data.x_train, validation_data=data.x_test[:2000], epochs=epochs, batch_size=128, verbose=2, shuffle=True
    )
    return vae, history


@functools.cache
def trained_on_shapes():
    """A model whose objective weighs the dependence between its latents, on images drawn from five known factors."""
    shapes = kv.data.FactorShapes(image_size=16)
    x, factors = kv.data.factor_shapes(20_000, image_size=16, seed=0)
    vae = kv.make_vae((16, 16, 1), 8, "dense", (256, 256), objective=kv.objectives.TotalCorrelation(beta=4.0), seed=0)
    vae.compile("adam")
    vae.fit(kv.data.binarized(x, batch_size=128, seed=0), epochs=30, verbose=2)
    return vae, x, factors, shapes


def first():
    vae, _ = trained(32, 20)
    x = clothes().x_test[:14].astype("float32")
    # The new ones come from a mixture of Gaussians that was fitted to the codes, not from the prior itself.
    kv.samplers.fit(vae, clothes().x_train[:10_000], "gmm", n_draws=1, n_components=20)
    rows = [*x, *vae.reconstruct(x), *vae.sample(28, seed=1)]
    kv.samplers.fit(vae, None, None)
    labels = ["photograph", "reconstruction", "new", "new"]
    return kv.evaluation.plot_grid(rows, 14, value_range=(0, 255), row_labels=labels)


def interpolation():
    vae, _ = trained(32, 20)
    x = clothes().x_test.astype("float32")
    rows = np.concatenate([vae.interpolate(x[i], x[j], steps=12) for i, j in ((0, 1), (2, 4), (7, 8))])
    return kv.evaluation.plot_grid(rows, 12, value_range=(0, 255))


def learning_curves():
    return kv.evaluation.plot_history(trained(32, 20)[1])


def kl_per_dim():
    return kv.evaluation.plot_kl_per_dim(*trained(32, 20)[0].encode(clothes().x_test[:2000]))


def health():
    vae, history = trained(32, 20)
    x_test, x_train = clothes().x_test[:1000], clothes().x_train[:1000]
    return kv.evaluation.plot_health(kv.evaluation.check_health(vae, x_test, x_train, history=history.history))


def latent_map():
    vae, _ = trained(2, 10)
    data = clothes()
    return kv.evaluation.plot_latent_map(vae.encode(data.x_test[:3000])[0], data.y_test[:3000])


def manifold():
    vae, _ = trained(2, 10)
    # Equal shares of the prior between neighbours.
    from scipy.stats import norm

    steps = norm.ppf((np.arange(14) + 0.5) / 14)
    z = np.stack(np.meshgrid(steps, steps[::-1]), axis=-1).reshape(-1, 2).astype("float32")
    return kv.evaluation.plot_grid(vae.decode(z), 14, value_range=(0, 255))


def traversals():
    vae, x, _, _ = trained_on_shapes()
    return kv.evaluation.plot_traversals(vae.decode, *vae.encode(x[:2000]))


def factor_matrix():
    vae, x, factors, shapes = trained_on_shapes()
    matrix = kv.evaluation.information_posterior(*vae.encode(x[:5000]), factors[:5000])
    return kv.evaluation.plot_factor_matrix(matrix, shapes.names)


PICTURES = {
    function.__name__: function
    for function in (
        first,
        interpolation,
        manifold,
        latent_map,
        learning_curves,
        kl_per_dim,
        health,
        traversals,
        factor_matrix,
    )
}


def small_png(figure):
    """The PNG of a figure in as many colours and pixels as fit the size that a page may have."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    picture = Image.open(buffer).convert("RGB")
    for n_colors in (256, 128, 64, 32):
        small = io.BytesIO()
        picture.quantize(n_colors, dither=Image.Dither.NONE).save(small, "png", optimize=True)
        if small.tell() < MAX_BYTES:
            return small.getvalue()
    raise ValueError(f"the picture must be smaller than {MAX_BYTES} bytes. Received: {small.tell()} bytes")


def main():
    """Write the pictures that were asked for."""
    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or PICTURES:
        (FOLDER / f"{name}.png").write_bytes(small_png(PICTURES[name]()))
        print(name, flush=True)


if __name__ == "__main__":
    main()
