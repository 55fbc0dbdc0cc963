"""Everything by which the health of a model is judged, measured on some rows."""

import dataclasses

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae._progress import progress
from keras_vae.evaluation.codes import draw_codes
from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.health.decoder import code_use, exchange_rate
from keras_vae.evaluation.health.layers import has_layers, layer_kl, top_codes, top_prior
from keras_vae.evaluation.health.prior import TailShare, holes, uncovered_codes
from keras_vae.evaluation.health.residuals import residual_gain
from keras_vae.evaluation.health.some_rows import MIN_ROWS, check_rows, some_rows
from keras_vae.evaluation.health.training_on import N_DRAWS, gain_of_last_quarter, gain_of_more_steps
from keras_vae.evaluation.kl_split import KLSplit, is_standard_normal, kl_split
from keras_vae.evaluation.latent import active_units, kl_per_dim
from keras_vae.numerics import as_tfp_seed
from keras_vae.priors.prior import Prior
from keras_vae.training.batch import Batch

# What `_measured` gives, of a code that is one Gaussian and of a ladder.
N_PARTS, N_PARTS_OF_LADDER = 9, 7


@dataclasses.dataclass(frozen=True, eq=False)
class Measures:
    """What was measured; the functions of the same names say how.

    Of a ladder the split, the numbers of the dimensions, the codes and how they lie to the prior are those of its top
    layer, the only one whose q(z|x) is known without a draw.

    Args:
        split: `KLSplit`, of the rows that the model was trained on if they are given.
        kl_per_dim: array `(latent_dim,)` or None for a prior without a KL by dimension. Nats.
        active: array of bools, `(latent_dim,)`.
        variance: array `(latent_dim,)`. Posterior variance, averaged over the data.
        clipped: float. Share of all log variances that stand at one end.
        holes: `TailShare` or None for a prior that cannot be sampled.
        uncovered: `TailShare` or None for a prior that cannot be sampled or has no density.
        elbo_test: array. Bound of every test example, nats.
        elbo_train: array or None.
        codes: array `(n, latent_dim)`. One draw of every q(z|x) of the test examples.
        z_prior: array `(m, latent_dim)` or None. Samples of the prior.
        beta: float. Weight of the KL in the loss of the model.
        code_use: `Estimate`, nats; None for a ladder.
        exchange_rate: `Estimate`; None for a ladder.
        residual_gain: `Estimate`, nats; None where there are no residuals, and for a ladder.
        layer_kl: array `(n, n_layers)`, nats, the top first; None for a model of one layer.
        weighted: bool. Whether the model is trained on the importance-weighted bound.
        training_on: `Estimate`, nats, or None for a model without trainable weights.
        from_history: bool. Whether that was read off the history.
    """

    split: KLSplit
    kl_per_dim: np.ndarray | None
    active: np.ndarray
    variance: np.ndarray
    clipped: float
    holes: TailShare | None
    uncovered: TailShare | None
    elbo_test: np.ndarray
    elbo_train: np.ndarray | None
    codes: np.ndarray
    z_prior: np.ndarray | None
    beta: float
    code_use: Estimate | None = None
    exchange_rate: Estimate | None = None
    residual_gain: Estimate | None = None
    layer_kl: np.ndarray | None = None
    weighted: bool = False
    training_on: Estimate | None = None
    from_history: bool = False

    @property
    def kl(self) -> float:
        """Average KL of the whole code, nats."""
        return float(self.split.kl if self.layer_kl is None else self.layer_kl.sum(axis=1).mean())

    @property
    def gap(self) -> Estimate | None:
        """Bound on training less that on test examples, nats; None without training examples."""
        if self.elbo_train is None:
            return None
        return Estimate.of_rows(self.elbo_train, kind="training").minus(Estimate.of_rows(self.elbo_test, kind="test"))

    @property
    def recognition(self) -> float | None:
        """Share of pairs in which the training example has the higher bound: 0.5 when nothing tells them apart."""
        if self.elbo_train is None:
            return None
        from scipy.stats import mannwhitneyu

        u = mannwhitneyu(self.elbo_train, self.elbo_test).statistic
        return float(u / (len(self.elbo_train) * len(self.elbo_test)))


def measure(
    vae, x_test, x_train=None, y_test=None, y_train=None, n_rows: int = 2000, seed: int = 0, history=None
) -> Measures:
    """Measure a model; see `check_health` for the arguments."""
    _check_model(vae)
    check_int("n_rows", n_rows, MIN_ROWS)
    rng = np.random.default_rng(check_int("seed", seed, 0))
    test = check_rows(vae, "test", some_rows("x_test", x_test, y_test, n_rows, rng))
    train = None
    if x_train is not None:
        train = check_rows(vae, "train", some_rows("x_train", x_train, y_train, n_rows, rng))
    parts = _measured(vae, test, train, n_rows, rng, seed, history)
    found = {}
    for part in progress(parts, N_PARTS_OF_LADDER if has_layers(vae) else N_PARTS, "examining", "measure"):
        found |= part
    return Measures(**found)


def _measured(vae, test, train, n_rows, rng, seed, history):
    """The parts of `Measures`, dicts by name, one after another in the order in which random numbers are taken."""
    layered = has_layers(vae)
    codes_of, prior = (top_codes, top_prior(vae)) if layered else (_codes, vae.prior)
    test_codes = codes_of(vae, test)
    # What training has led to shows on the examples of the training.
    fitted, fitted_codes = (test, test_codes) if train is None else (train, codes_of(vae, train))
    yield {
        "active": active_units(fitted_codes[0]),
        "variance": np.exp(fitted_codes[1].astype(np.float64)).mean(axis=0),
        "clipped": clipped_share(fitted_codes[1]),
        "kl_per_dim": kl_per_dim(*fitted_codes) if is_standard_normal(prior) else None,
        "beta": vae.beta,
        "weighted": vae.objective.is_importance_weighted,
    }
    yield {"split": kl_split(*fitted_codes, prior=prior, seed=seed)}
    yield from _of_layers(vae, fitted) if layered else _of_code(vae, test, test_codes, fitted, fitted_codes, seed)
    yield _beside_prior(prior, vae.has_density, test_codes, None if train is None else fitted_codes, n_rows, rng, seed)
    yield {"elbo_test": _elbo(vae, seed, test), "elbo_train": None if train is None else _elbo(vae, seed, train)}
    yield {"codes": draw_codes(*test_codes, rng)}
    yield _training_on(vae, test, train, history, seed)


def _codes(vae, rows):
    return vae.encode(rows.x, condition=rows.condition)


def _of_layers(vae, fitted):
    """What can be said of all layers of a ladder."""
    yield {"layer_kl": layer_kl(vae, fitted)}


def _of_code(vae, test, test_codes, fitted, fitted_codes, seed):
    """What can be said of a code that is one Gaussian."""
    yield {"code_use": code_use(vae, *test_codes, _target(test), seed=seed, condition=test.condition)}
    rate = exchange_rate(vae, *fitted_codes, _target(fitted), seed=seed, condition=fitted.condition)
    yield {"exchange_rate": rate}
    yield {"residual_gain": _residual_gain(vae, fitted, fitted_codes, seed)}


def clipped_share(z_log_var) -> float:
    """Share of log variances that equal the smallest or the largest of all; dimensions of one constant do not count."""
    z_log_var = np.asarray(z_log_var)
    varying = z_log_var[:, np.ptp(z_log_var, axis=0) > 0.0]
    if not varying.size:
        return 0.0
    return max(float((varying == end).mean()) for end in (varying.min(), varying.max()))


def _check_model(vae):
    if not (getattr(vae, "has_gaussian_posterior", False) or has_layers(vae)):
        bent = getattr(vae, "posterior_flow", None) is not None
        raise ValueError(
            "`vae` must be a VAE whose q(z|x) is the Gaussian of its encoder, or a LadderVAE. "
            f"Received: {type(vae).__name__}{' with a posterior flow' if bent else ''}"
        )


def _target(rows):
    return rows.x if rows.target is None else rows.target


def _elbo(vae, seed, rows):
    bound = vae.elbo(rows.x, n_samples=N_DRAWS, y=rows.target, seed=seed, condition=rows.condition)
    return bound.astype(np.float64)


def _residual_gain(vae, rows, codes, seed):
    """What further dimensions would gain; None for targets of their own, which the model does not draw with x, for
    columns of several kinds, whose residuals have no common unit, and where an element depends on those before it."""
    is_unknown = rows.target is not None or vae.likelihood.values == "mixed" or not vae.has_independent_elements
    return None if is_unknown else residual_gain(vae, rows.x, *codes, None, seed, rows.condition)


def _training_on(vae, test, train, history, seed):
    """What training on would gain: `training_on` and `from_history`."""
    gain = gain_of_last_quarter(history)
    if gain is not None:
        return {"training_on": gain, "from_history": True}
    rows, held_out = (train, test) if train is not None else _halved(test)
    return {"training_on": gain_of_more_steps(vae, rows, held_out, seed)}


def _halved(rows):
    """Every other row, and the rest: rows that were chosen are in the order of the data."""
    n = len(rows.x)
    return tuple(_chosen(rows, np.arange(start, n, 2)) for start in (0, 1))


def _chosen(rows, numbers):
    return Batch(**tf.nest.map_structure(lambda part: part[numbers], rows.given()))


def _beside_prior(prior, has_density, test_codes, train_codes, n_rows, rng, seed):
    """How prior and codes lie to each other: `z_prior`, `holes` and `uncovered`, None where the prior does not say."""
    codes, reference = _halves(test_codes, rng) if train_codes is None else (test_codes, train_codes)
    if not hasattr(prior, "sample"):
        return {"z_prior": None, "holes": None, "uncovered": None}
    # From the prior itself, also where a sampler has taken its place in `sample`.
    pair = tf.constant([seed, 1], tf.int64)
    z_prior = np.asarray(prior.sample(n_rows, seed=pair if isinstance(prior, Prior) else as_tfp_seed(pair)))
    uncovered = uncovered_codes(z_prior, test_codes, prior, seed=seed) if has_density else None
    return {"z_prior": z_prior, "holes": holes(z_prior, codes, reference, seed=seed), "uncovered": uncovered}


def _halves(codes, rng):
    rows = np.array_split(rng.permutation(len(codes[0])), 2)
    return tuple(tuple(part[half] for part in codes) for half in rows)
