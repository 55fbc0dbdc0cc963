"""Everything that the health of a model is judged by, measured on some rows."""

import dataclasses
import functools

import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.evaluation.health_decoder import Mean, code_use, draw_codes, exchange_rate
from keras_vae.evaluation.health_prior import TailShare, holes, uncovered_codes
from keras_vae.evaluation.health_residuals import residual_gain
from keras_vae.evaluation.kl_split import KLSplit, kl_split
from keras_vae.evaluation.latent import active_units, kl_per_dim
from keras_vae.layers.prior import Prior, as_tfp_seed
from keras_vae.layers.standard_normal import StandardNormal
from keras_vae.models.data_checks import as_array, check_array, check_can_be_target, is_stream
from keras_vae.models.importance_weighted import ImportanceWeighted
from keras_vae.models.vae import VAE

# Fewer say nothing about a share of one in twenty.
MIN_ROWS = 20
# Draws of q(z|x) that the bound of an example is averaged over.
N_DRAWS = 10
# Further dimensions that are looked for in the residuals, at most.
MAX_NEW_DIMS = 10
# Their means are not on the scale of their data, so that there are no residuals.
NO_RESIDUALS = ("Categorical", "Multinomial")


@dataclasses.dataclass(frozen=True, eq=False)
class Measures:
    """What was measured; the names of the functions say of what.

    Args:
        split: `KLSplit`, of the rows that the model was trained on if they are given.
        kl_per_dim: array `(latent_dim,)` or None for a prior without a KL by dimension. Nats.
        active: array of bools, `(latent_dim,)`.
        variance: array `(latent_dim,)`. Posterior variance, averaged over the data.
        clipped: float. Share of all log variances that stand at one end.
        code_use: `Mean`, nats.
        exchange_rate: `Mean`.
        residual_gain: `Mean`, nats, or None where there are no residuals.
        holes: `TailShare` or None for a prior that cannot be sampled.
        uncovered: `TailShare` or None for a prior that cannot be sampled or has no density.
        elbo_test: array. Bound of every test example, nats.
        elbo_train: array or None.
        codes: array `(n, latent_dim)`. One draw of every q(z|x) of the test examples.
        z_prior: array `(m, latent_dim)` or None. Samples of the prior.
        beta: float. Of the model.
        weighted: bool. Whether the model is trained on the importance-weighted bound.
    """

    split: KLSplit
    kl_per_dim: np.ndarray | None
    active: np.ndarray
    variance: np.ndarray
    clipped: float
    code_use: Mean
    exchange_rate: Mean
    residual_gain: Mean | None
    holes: TailShare | None
    uncovered: TailShare | None
    elbo_test: np.ndarray
    elbo_train: np.ndarray | None
    codes: np.ndarray
    z_prior: np.ndarray | None
    beta: float
    weighted: bool = False

    @property
    def gap(self):
        """`Mean`: bound on training less that on test examples, nats; None without training examples."""
        if self.elbo_train is None:
            return None
        parts = [Mean.of(rows) for rows in (self.elbo_train, self.elbo_test)]
        return Mean(parts[0].value - parts[1].value, float(np.hypot(*(p.standard_error for p in parts))))

    @property
    def recognition(self):
        """Share of pairs in which the training example has the higher bound: 0.5 when nothing tells them apart."""
        if self.elbo_train is None:
            return None
        from scipy.stats import mannwhitneyu

        u = mannwhitneyu(self.elbo_train, self.elbo_test).statistic
        return float(u / (len(self.elbo_train) * len(self.elbo_test)))


def measure(vae, x_test, x_train=None, y_test=None, y_train=None, n_rows=2000, seed=0):
    """Measure a model; see `health.check_health` for the arguments.

    Returns:
        `Measures`.
    """
    _check_model(vae)
    check_int("n_rows", n_rows, MIN_ROWS)
    rng = np.random.default_rng(check_int("seed", seed, 0))
    x_test, y_test = some_rows("x_test", x_test, y_test, n_rows, rng)
    own_target = y_test is None
    _check_rows(vae, "test", x_test, y_test)
    if x_train is not None:
        x_train, y_train = some_rows("x_train", x_train, y_train, n_rows, rng)
        _check_rows(vae, "train", x_train, y_train)
    test_codes = vae.encode(x_test)
    # What training has led to shows on the examples of the training.
    fitted_x, fitted_y, fitted = x_test, y_test, test_codes
    if x_train is not None:
        fitted_x, fitted_y, fitted = x_train, y_train, vae.encode(x_train)
    fitted_y = fitted_x if fitted_y is None else fitted_y
    split = kl_split(*fitted, prior=vae.prior, seed=seed)
    n_idle = int((split.dimension_information < 0.1).sum())
    has_residuals = own_target and type(vae.likelihood).__name__ not in NO_RESIDUALS
    z_prior = _prior_samples(vae, n_rows, seed)
    codes, reference = _halves(test_codes, rng) if x_train is None else (test_codes, fitted)
    elbo = functools.partial(vae.elbo, n_samples=N_DRAWS, seed=seed)
    return Measures(
        split=split,
        kl_per_dim=kl_per_dim(*fitted) if isinstance(vae.prior, StandardNormal) else None,
        active=active_units(fitted[0]),
        variance=np.exp(fitted[1].astype(np.float64)).mean(axis=0),
        clipped=clipped_share(fitted[1]),
        code_use=code_use(vae, *test_codes, x_test if own_target else y_test, seed=seed),
        exchange_rate=exchange_rate(vae, *fitted, fitted_y, seed=seed),
        residual_gain=residual_gain(vae, fitted_x, *fitted, min(max(n_idle, 1), MAX_NEW_DIMS), seed)
        if has_residuals
        else None,
        holes=None if z_prior is None else holes(z_prior, codes, reference, seed=seed),
        uncovered=None
        if z_prior is None or not hasattr(vae.prior, "log_prob")
        else uncovered_codes(z_prior, test_codes, vae.prior, seed=seed),
        elbo_test=elbo(x_test, y=y_test).astype(np.float64),
        elbo_train=None if x_train is None else elbo(x_train, y=y_train).astype(np.float64),
        codes=draw_codes(*test_codes, rng),
        z_prior=z_prior,
        beta=vae.beta,
        weighted=isinstance(vae, ImportanceWeighted),
    )


def clipped_share(z_log_var):
    """Share of log variances that equal the smallest or the largest of all; dimensions of one constant do not count."""
    z_log_var = np.asarray(z_log_var)
    varying = z_log_var[:, np.ptp(z_log_var, axis=0) > 0.0]
    if not varying.size:
        return 0.0
    return max(float((varying == end).mean()) for end in (varying.min(), varying.max()))


def some_rows(name, x, y, n_rows, rng):
    """At most `n_rows` rows, at random of arrays, the first of a stream.

    Returns:
        Pair of arrays `(x, y or None)`.

    Raises:
        ValueError: for fewer than 20 rows, or targets beside a stream or of another number.
    """
    if is_stream(x):
        if y is not None:
            raise ValueError(
                f"`y` must be part of the stream when `{name}` is one: yield (x, y). Received: y beside it"
            )
        x, y = _head(x, n_rows)
    x = as_array(name, x)
    y = None if y is None else as_array("y", y)
    if x.ndim == 0 or len(x) < MIN_ROWS:
        raise ValueError(f"`{name}` must hold at least {MIN_ROWS} examples. Received: {name}.shape={x.shape}")
    if y is not None and len(x) != len(y):
        raise ValueError(f"`{name}` and its targets must have the same number of rows. Received: {len(x)} and {len(y)}")
    if len(x) > n_rows:
        rows = np.sort(rng.choice(len(x), n_rows, replace=False))
        x, y = x[rows], None if y is None else y[rows]
    return x, y


def _head(stream, n_rows):
    import keras

    parts, n = [], 0
    for batch in stream:
        x, y, _ = keras.utils.unpack_x_y_sample_weight(batch)
        parts.append((np.asarray(x), None if y is None else np.asarray(y)))
        n += len(parts[-1][0])
        if n >= n_rows:
            break
    if not parts:
        return np.zeros(0), None
    x, y = zip(*parts, strict=True)
    return np.concatenate(x)[:n_rows], None if y[0] is None else np.concatenate(y)[:n_rows]


def _check_model(vae):
    if not isinstance(vae, VAE) or not vae.has_gaussian_posterior:
        bent = getattr(vae, "posterior_flow", None) is not None
        raise ValueError(
            "`vae` must be a VAE whose q(z|x) is the Gaussian of its encoder. "
            f"Received: {type(vae).__name__}{' with a posterior flow' if bent else ''}"
        )


def _check_rows(vae, part, x, y):
    """Refuse what the model does not model before anything is computed with it."""
    if y is None:
        check_can_be_target(vae.event_shape, vae.target_shape)
    else:
        check_array(f"y_{part}", y, vae.target_shape, vae.likelihood)
    check_array(f"x_{part}", x, vae.event_shape, vae.likelihood if y is None else None)


def _prior_samples(vae, n, seed):
    if not hasattr(vae.prior, "sample"):
        return None
    # Of the prior itself, also where a sampler has taken its place in `sample`.
    pair = tf.constant([seed, 1], tf.int64)
    return np.asarray(vae.prior.sample(n, seed=pair if isinstance(vae.prior, Prior) else as_tfp_seed(pair)))


def _halves(codes, rng):
    rows = np.array_split(rng.permutation(len(codes[0])), 2)
    return tuple(tuple(part[half] for part in codes) for half in rows)
