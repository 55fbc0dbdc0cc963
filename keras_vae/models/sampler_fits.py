"""Samplers fitted to codes: a mixture, a flow, a second VAE."""

import keras
import numpy as np
from tqdm import tqdm

from keras_vae._checks import check_int, check_number
from keras_vae.data.pipelines import batches
from keras_vae.layers.decoder_prior import DecoderPrior
from keras_vae.layers.fitted_mixture import GaussianMixtureSampler
from keras_vae.layers.flow_prior import FlowPrior
from keras_vae.schedules import linear

# Steps and not epochs: what a training takes does not grow with the data.
STEPS_PER_LOOK = 100
MAX_STEPS = 20_000
# Fewer examples leave nothing to hold out.
MIN_EXAMPLES = 20


def fit_mixture(codes, seed=0, n_components=10, n_init=1, max_iter=200, reg_covar=1e-6):
    """A mixture of Gaussians with full covariances, by expectation maximisation (scikit-learn's).

    Args:
        codes: array `(n_draws, n, latent_dim)`.
        seed: int.
        n_components: int >= 1; or a list of them, of which the one with the lowest Bayesian information criterion of
            the first draws is taken.
        n_init, max_iter, reg_covar: as in `sklearn.mixture.GaussianMixture`.

    Returns:
        `GaussianMixtureSampler`.

    Raises:
        ValueError: for fewer examples than `latent_dim + 1` per component: their covariance would be singular.
    """
    from sklearn.mixture import GaussianMixture

    numbers = n_components if isinstance(n_components, (list, tuple)) and n_components else [n_components]
    numbers = [check_int("n_components", number, 1) for number in numbers]
    _, n, latent_dim = codes.shape
    if n < max(numbers) * (latent_dim + 1):
        raise ValueError(
            f"`x` must hold at least n_components * (latent_dim + 1) = {max(numbers) * (latent_dim + 1)} examples for "
            f"full covariances. Received: {n}; take more of them or fewer components"
        )
    rows = codes.reshape(-1, latent_dim).astype("float64")
    options = {"n_init": n_init, "max_iter": max_iter, "reg_covar": reg_covar, "random_state": seed}
    bar = tqdm(numbers, delay=2.0, leave=False, unit="mixture", disable=None)
    mixtures = [GaussianMixture(number, **options).fit(rows) for number in bar]
    # Several draws of one example are not so many examples: the criterion takes one of each.
    best = min(mixtures, key=lambda mixture: mixture.bic(codes[0])) if len(mixtures) > 1 else mixtures[0]
    sampler = GaussianMixtureSampler(best.n_components)
    sampler.build((None, latent_dim))
    sampler.assign(best.weights_, best.means_, best.covariances_)
    return sampler


def fit_flow(codes, seed=0, n_steps=5, hidden_units=(64,), learning_rate=1e-3, **training):
    """A masked autoregressive flow, by maximum likelihood.

    Args:
        codes: array `(n_draws, n, latent_dim)`.
        seed: int.
        n_steps, hidden_units: as in `FlowPrior`.
        learning_rate: float > 0. Of Adam.
        **training: `max_steps`, `patience`, `batch_size`, `held_out`; see `fit_with_early_stopping`.

    Returns:
        `FlowPrior`.

    Raises:
        ValueError: for fewer than `MIN_EXAMPLES` examples.
    """
    sampler = FlowPrior(n_steps, hidden_units, seed=seed)
    sampler.build((None, codes.shape[-1]))
    _standardise(sampler, codes)
    # The codes themselves: the flow standardises, so that its density is that of the codes.
    model = _NegativeLogLikelihood(sampler)
    model.compile(_adam(learning_rate), loss=lambda _, loss: loss, jit_compile=False)
    fit_with_early_stopping(model, codes, seed, with_target=True, **training)
    return sampler


def fit_decoder(codes, seed=0, hidden_units=(128, 128), learning_rate=1e-3, warm_up=2_000, **training):
    """The decoder of a second VAE, trained on the codes, with as many latents and one learned variance.

    Its beta rises from 0 at the start: where the posteriors of the first VAE are wide, a second VAE collapses otherwise
    and samples a Gaussian.

    Args:
        codes: array `(n_draws, n, latent_dim)`.
        seed: int.
        hidden_units: tuple of ints >= 1. Widths of the hidden layers of its encoder and decoder.
        learning_rate: float > 0. Of Adam.
        warm_up: int >= 0. Steps until its beta is 1, at most half of `max_steps`.
        **training: `max_steps`, `patience`, `batch_size`, `held_out`; see `fit_with_early_stopping`.

    Returns:
        `DecoderPrior`.

    Raises:
        ValueError: for fewer than `MIN_EXAMPLES` examples.
    """
    from keras_vae.models.make_vae import make_vae

    latent_dim = codes.shape[-1]
    second = make_vae((latent_dim,), latent_dim, "dense", hidden_units, "gaussian_shared", seed=seed)
    sampler = DecoderPrior(second.decoder, second.likelihood)
    sampler.build((None, latent_dim))
    _standardise(sampler, codes)
    second.compile(_adam(learning_rate))
    standard = (codes - sampler.location.numpy()) / sampler.scale.numpy()
    max_steps = check_int("max_steps", training.get("max_steps", MAX_STEPS), 1)
    warm_up = min(check_int("warm_up", warm_up, 0), max_steps // 2)
    fit_with_early_stopping(second, standard, seed, warm_up=warm_up, **training)
    return sampler


def fit_with_early_stopping(
    model, codes, seed, max_steps=MAX_STEPS, patience=2_000, batch_size=256, held_out=0.1, with_target=False, warm_up=0
):
    """Train a compiled model on codes until `val_loss` stops falling, and leave it with the weights that had the best.

    In a terminal a bar appears on stderr.

    Args:
        model: compiled Keras model.
        codes: array `(n_draws, n, latent_dim)`.
        seed: int. Of the order of the rows and of the split.
        max_steps: int >= 1.
        patience: int >= 1. Steps without a better `val_loss`, looked at every `STEPS_PER_LOOK`, before the end.
        batch_size: int >= 1.
        held_out: float > 0 and <= 0.5. Share of the examples, with all their draws, that `val_loss` is measured on.
        with_target: bool. Whether the model wants the rows as targets too.
        warm_up: int >= 0. Steps in which the model's `beta` rises to 1; what they come by is not taken for the best.

    Raises:
        ValueError: for fewer than `MIN_EXAMPLES` examples or an argument out of bounds.
    """
    n_looks = -(-check_int("max_steps", max_steps, 1) // STEPS_PER_LOOK)
    n_patient = -(-check_int("patience", patience, 1) // STEPS_PER_LOOK)
    check_number("held_out", held_out, minimum=0.0, maximum=0.5, exclusive=True)
    n, latent_dim = codes.shape[1:]
    if n < MIN_EXAMPLES:
        raise ValueError(f"`x` must hold at least {MIN_EXAMPLES} examples for this sampler. Received: {n}")
    order = np.random.default_rng(seed).permutation(n)
    n_held_out = max(1, round(held_out * n))
    parts = [codes[:, order[n_held_out:]], codes[:, order[:n_held_out]]]
    train, validation = (
        batches(part.reshape(-1, latent_dim).astype("float32"), batch_size, seed, shuffle=i == 0, repeat=i == 0)
        for i, part in enumerate(parts)
    )
    if with_target:
        train, validation = (dataset.map(lambda z: (z, z)) for dataset in (train, validation))
    stop = keras.callbacks.EarlyStopping(
        "val_loss", patience=n_patient, restore_best_weights=True, start_from_epoch=warm_up // STEPS_PER_LOOK
    )
    callbacks = [stop, _Bar(n_looks), *([_WarmUp(warm_up)] if warm_up else [])]
    model.fit(
        train,
        validation_data=validation,
        epochs=n_looks,
        steps_per_epoch=min(STEPS_PER_LOOK, max_steps),
        shuffle=False,
        callbacks=callbacks,
        verbose=0,
    )


class _NegativeLogLikelihood(keras.Model):
    """Minus the log density of a prior, as a model to be trained."""

    def __init__(self, prior):
        super().__init__(name="negative_log_likelihood", autocast=False)
        self.prior = prior

    def call(self, z):
        return -self.prior.log_prob(z)[:, None]


class _WarmUp(keras.callbacks.Callback):
    """Beta from 0 to 1 over the first steps."""

    def __init__(self, n_steps):
        super().__init__()
        self.n_steps = n_steps

    def on_train_batch_begin(self, batch, logs=None):
        self.model.beta = linear(int(self.model.optimizer.iterations.numpy()), self.n_steps)

    def on_test_begin(self, logs=None):
        # Several steps may share one call, and a beta: the look has its own.
        self.on_train_batch_begin(0)


class _Bar(keras.callbacks.Callback):
    """A bar with the held-out loss, in a terminal."""

    def __init__(self, n_looks):
        super().__init__()
        self.n_looks = n_looks

    def on_train_begin(self, logs=None):
        self.bar = tqdm(total=self.n_looks, desc="sampler", unit=f"{STEPS_PER_LOOK} steps", leave=False, disable=None)

    def on_epoch_end(self, epoch, logs=None):
        self.bar.set_postfix(val_loss=f"{logs['val_loss']:.3f}")
        self.bar.update()

    def on_train_end(self, logs=None):
        self.bar.close()


def _adam(learning_rate):
    learning_rate = check_number("learning_rate", learning_rate, minimum=0.0, exclusive=True)
    # Bounds the step of a batch with an outlier, in the tails of which a density is steep.
    return keras.optimizers.Adam(learning_rate, global_clipnorm=5.0)


def _standardise(sampler, codes):
    """Give the sampler mean and standard deviation of the codes, by dimension."""
    rows = codes.reshape(-1, codes.shape[-1]).astype("float64")
    sampler.location.assign(rows.mean(axis=0))
    # A dimension that does not vary at all is left as it is.
    stddev = rows.std(axis=0)
    sampler.scale.assign(np.where(stddev > 0.0, stddev, 1.0))
