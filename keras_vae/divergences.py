"""Divergences between distributions, per example, in nats."""

from typing import Any

import tensorflow as tf
from keras import ops

from keras_vae._checks import check_int, check_number, check_same_shape
from keras_vae.numerics import gaussian_log_prob

__all__ = [
    "categorical_kl",
    "diagonal_gaussians_kl",
    "gaussian_kl",
    "gaussian_kl_per_dim",
    "monte_carlo_kl",
    "standard_normal_mmd",
    "total_correlation",
]


# The smallest normal float32: a divisor or a share that would be 0 is this instead.
SMALLEST = 1.2e-38


def gaussian_kl_per_dim(z_mean: tf.Tensor, z_log_var: tf.Tensor) -> tf.Tensor:
    """KL divergence of each latent dimension from the standard normal.

    Args:
        z_mean: Tensor, shape `(..., latent_dim)`. Posterior mean.
        z_log_var: Tensor, same shape. Log variance, not log stddev.

    Returns:
        kl: Tensor, same shape. Nats, >= 0.

    Raises:
        ValueError: if the two shapes differ.

    Examples:
        >>> kv.divergences.gaussian_kl_per_dim(tf.constant([[1.0, 0.0]]), tf.zeros((1, 2))).numpy()
        array([[0.5, 0. ]], dtype=float32)

    References:
        Kingma & Welling 2014, appendix B. https://arxiv.org/abs/1312.6114
    """
    check_same_shape(z_mean=z_mean, z_log_var=z_log_var)
    # expm1 keeps precision near the prior, where exp(v) - 1 - v cancels.
    return 0.5 * (ops.square(z_mean) + ops.expm1(z_log_var) - z_log_var)


def gaussian_kl(z_mean: tf.Tensor, z_log_var: tf.Tensor) -> tf.Tensor:
    """KL divergence from the standard normal: KL( N(z_mean, exp(z_log_var)) || N(0, I) ).

    Args:
        z_mean: Tensor, shape `(..., latent_dim)`. Posterior mean.
        z_log_var: Tensor, same shape. Log variance, not log stddev.

    Returns:
        kl: Tensor, shape `(...,)`. Nats, >= 0, summed over `latent_dim`, not averaged.

    Raises:
        ValueError: if the two shapes differ.

    Examples:
        >>> kv.divergences.gaussian_kl(tf.constant([[1.0, 0.0]]), tf.zeros((1, 2))).numpy()
        array([0.5], dtype=float32)

    References:
        Kingma & Welling 2014, appendix B. https://arxiv.org/abs/1312.6114
    """
    return ops.sum(gaussian_kl_per_dim(z_mean, z_log_var), axis=-1)


def diagonal_gaussians_kl(
    q_mean: tf.Tensor, q_log_var: tf.Tensor, p_mean: tf.Tensor, p_log_var: tf.Tensor
) -> tf.Tensor:
    """KL divergence between two diagonal Gaussians: KL( N(q_mean, exp(q_log_var)) || N(p_mean, exp(p_log_var)) ).

    Args:
        q_mean: Tensor, shape `(..., latent_dim)`. Mean of the first.
        q_log_var: Tensor, same shape. Log variance of the first.
        p_mean: Tensor, same shape. Mean of the second.
        p_log_var: Tensor, same shape. Log variance of the second.

    Returns:
        kl: Tensor, shape `(...,)`. Nats, >= 0, summed over the last axis.

    Raises:
        ValueError: if the shapes differ.

    Examples:
        >>> zeros, ones = tf.zeros((1, 2)), tf.ones((1, 2))
        >>> kv.divergences.diagonal_gaussians_kl(ones, zeros, zeros, zeros).numpy()
        array([1.], dtype=float32)

    References:
        Kingma & Welling 2014, appendix B, for two general Gaussians. https://arxiv.org/abs/1312.6114
    """
    check_same_shape(q_mean=q_mean, q_log_var=q_log_var, p_mean=p_mean, p_log_var=p_log_var)
    log_ratio = q_log_var - p_log_var
    distance = ops.square(q_mean - p_mean) * ops.exp(-p_log_var)
    return 0.5 * ops.sum(distance + ops.expm1(log_ratio) - log_ratio, axis=-1)


def categorical_kl(q_logits: tf.Tensor, p_logits: tf.Tensor | None = None) -> tf.Tensor:
    """KL divergence between two categorical distributions, by default from the uniform one.

    Args:
        q_logits: Tensor, shape `(..., n_classes)`. Unnormalised log probabilities of the first.
        p_logits: Tensor, same shape, or None for the uniform distribution.

    Returns:
        kl: Tensor, shape `(...,)`. Nats, >= 0.

    Raises:
        ValueError: if the two shapes differ.

    Examples:
        A class that is certain is log 2 away from two equal ones:

        >>> bool(np.isclose(kv.divergences.categorical_kl(tf.constant([0.0, -np.inf])), np.log(2.0)))
        True

    References:
        Cover & Thomas, Elements of Information Theory, eq. 2.26.
    """
    if p_logits is None:
        p_logits = ops.zeros_like(q_logits)
    check_same_shape(q_logits=q_logits, p_logits=p_logits)
    q_log_probs = ops.log_softmax(q_logits, axis=-1)
    p_log_probs = ops.log_softmax(p_logits, axis=-1)
    q_probs = ops.exp(q_log_probs)
    # A class with q = 0 contributes 0 even where its log probability is minus infinity, to the gradient as well: its
    # log probabilities are replaced before anything is computed with them.
    is_possible = q_probs > 0
    q_log_probs, p_log_probs = (ops.where(is_possible, logs, 0.0) for logs in (q_log_probs, p_log_probs))
    return ops.sum(q_probs * (q_log_probs - p_log_probs), axis=-1)


def monte_carlo_kl(
    q: Any, p: Any, n_samples: int = 1, seed: int | tuple[int, int] | tf.Tensor | None = None
) -> tf.Tensor:
    """Unbiased estimate of KL(q || p) from samples of q, for any pair of TFP distributions.

    Args:
        q: `tfp.distributions.Distribution`, batch shape `(...,)`. Its samples are differentiable if it is
            reparameterised.
        p: `tfp.distributions.Distribution`, batch shape broadcastable to the batch shape of `q`.
        n_samples: int >= 1. Number of samples in the mean.
        seed: int, pair of ints or None, as TFP takes it.

    Returns:
        kl: Tensor, batch shape of `q`. Nats; a single estimate may be negative.

    Raises:
        ValueError: if `n_samples` is not a whole number >= 1.

    Examples:
        >>> q = tfp.distributions.Normal(0.0, 1.0)
        >>> float(kv.divergences.monte_carlo_kl(q, q, n_samples=10, seed=0))
        0.0

    References:
        Kingma & Welling 2014, eq. 5. https://arxiv.org/abs/1312.6114
    """
    check_int("n_samples", n_samples, 1)
    z = q.sample(n_samples, seed=seed)
    return ops.mean(q.log_prob(z) - p.log_prob(z), axis=0)


def total_correlation(
    z: tf.Tensor, z_mean: tf.Tensor, z_log_var: tf.Tensor, weight: tf.Tensor | None = None
) -> tf.Tensor:
    """Total correlation of the aggregate posterior, KL( q(z) || prod_j q(z_j) ), estimated within a batch.

    q(z) is estimated by the mixture of the posteriors of the batch. Chen et al. also divide by the size of the data
    set, which only adds a constant.

    Args:
        z: Tensor, shape `(batch, latent_dim)`. A draw of each posterior.
        z_mean: Tensor, same shape. Means of the posteriors.
        z_log_var: Tensor, same shape. Log variances.
        weight: Tensor, shape `(batch,)`, >= 0, of the posteriors in the mixture; None for equal weights.

    Returns:
        Tensor, shape `(batch,)`. Nats; the (weighted) mean over the batch is the estimate, an entry may be negative.

    Raises:
        ValueError: if the shapes differ.

    Examples:
        Posteriors that are all the same have no total correlation:

        >>> zeros = tf.zeros((5, 3))
        >>> bool(np.allclose(kv.divergences.total_correlation(zeros, zeros, zeros), 0.0, atol=1e-5))
        True

    References:
        Chen et al. 2018, eq. 5 and appendix C.1 (minibatch-weighted sampling). https://arxiv.org/abs/1802.04942
    """
    check_same_shape(z=z, z_mean=z_mean, z_log_var=z_log_var)
    # (batch of z, batch of posteriors, latent_dim)
    log_q = gaussian_log_prob(z[:, None], z_mean[None], z_log_var[None])
    weight = ops.ones_like(z[:, 0]) if weight is None else weight
    share = weight / ops.maximum(ops.sum(weight), SMALLEST)
    log_share = ops.where(share > 0.0, ops.log(ops.maximum(share, SMALLEST)), -1e30)
    log_q_joint = ops.logsumexp(ops.sum(log_q, axis=-1) + log_share, axis=1)
    log_q_product = ops.sum(ops.logsumexp(log_q + log_share[:, None], axis=1), axis=-1)
    return log_q_joint - log_q_product


def standard_normal_mmd(z: tf.Tensor, bandwidth: float, weight: tf.Tensor | None = None) -> tf.Tensor:
    """Squared maximum mean discrepancy of draws from the standard normal, with a Gaussian kernel.

    The kernel is `exp(-|a - b|^2 / (2 bandwidth^2))`. Its means over the standard normal are known in closed form, so
    that no draws of the prior are needed. The estimate is unbiased.

    Args:
        z: Tensor, shape `(batch, latent_dim)`.
        bandwidth: float > 0. In units of z.
        weight: Tensor, shape `(batch,)`, >= 0, of the draws; None for equal weights.

    Returns:
        Tensor, shape `(batch,)`. No unit; the (weighted) mean over the batch is the estimate, which may be negative. A
        batch of one draw with a weight has no estimate: it gives 0.

    Raises:
        ValueError: if `bandwidth` is not > 0.

    Examples:
        Codes that all lie at 0, with the three terms 1, 0.8 and 2/3 of this bandwidth:

        >>> found = kv.divergences.standard_normal_mmd(tf.zeros((4, 2)), bandwidth=2.0)
        >>> bool(np.allclose(found, 1.0 - 2.0 * 0.8 + 2.0 / 3.0, atol=1e-5))
        True

    References:
        Gretton et al. 2012, eq. 3. https://jmlr.org/papers/v13/gretton12a.html
    """
    variance = check_number("bandwidth", bandwidth, minimum=0.0, exclusive=True) ** 2
    dim = z.shape[-1]
    squares = ops.sum(ops.square(z), axis=-1)
    distances = ops.maximum(squares[:, None] + squares[None] - 2.0 * ops.matmul(z, ops.transpose(z)), 0.0)
    weight = ops.ones_like(squares) if weight is None else weight
    of_others = ops.sum(weight) - weight
    # Subtract the pairs of a draw with itself, whose kernel is 1.
    kernels = ops.sum(weight * ops.exp(-0.5 * distances / variance), axis=1) - weight
    among_draws = kernels / ops.maximum(of_others, SMALLEST)
    shrink = variance / (1.0 + variance)
    to_prior = shrink ** (0.5 * dim) * ops.exp(-0.5 * squares / (1.0 + variance))
    within_prior = (variance / (2.0 + variance)) ** (0.5 * dim)
    # One draw has no pair: the other two terms alone would be no estimate.
    return ops.where(of_others > 0.0, among_draws - 2.0 * to_prior + within_prior, ops.zeros_like(squares))


def __dir__():
    return __all__
