import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close
from scipy import stats

from keras_vae.priors.hyperprior import MIN_SCALE, Hyperprior, parts_of

# Of w, and of the two parts of y.
N_W, N_FIRST, N_SECOND, N_FEATURES = 3, 4, 2, 5


def dense(n, seed):
    return keras.layers.Dense(n, kernel_initializer=keras.initializers.RandomNormal(stddev=0.5, seed=seed))


def make_networks():
    w = keras.Input((N_W,))
    features = dense(N_FEATURES, 0)(w)
    first = keras.Model(w, [features, dense(N_FIRST, 1)(features), dense(N_FIRST, 2)(features)])
    given, y = keras.Input((N_FEATURES,)), keras.Input((N_FIRST,))
    both = keras.layers.Concatenate()([given, y])
    return [first, keras.Model([given, y], [dense(N_SECOND, 3)(both), dense(N_SECOND, 4)(both)])]


def make_prior(rng, **arguments):
    prior = Hyperprior(make_networks(), **arguments)
    prior.build((None, N_W + N_FIRST + N_SECOND))
    for weight in (prior.logits, prior.locs):
        weight.assign(rng.normal(size=weight.shape))
    prior.log_scales.assign(rng.uniform(-1.0, 1.0, size=prior.log_scales.shape))
    return prior


def parts(z):
    return np.split(z, [N_W, N_W + N_FIRST], axis=1)


def described(prior, z):
    """Scales and means of y_1 and y_2, by the weights alone."""
    w, first, _ = parts(z.astype("float64"))
    weights = [network.get_weights() for network in prior.networks]
    features = w @ weights[0][0] + weights[0][1]
    both = np.concatenate([features, first], axis=1)
    found = []
    for x, (raw, raw_bias, mean, mean_bias) in ((features, weights[0][2:]), (both, weights[1])):
        found.append((MIN_SCALE + np.log1p(np.exp(x @ raw + raw_bias)), x @ mean + mean_bias))
    return found


def by_scipy(prior, z):
    """The log density element by element, in float64: of w, y_1 and y_2."""
    w, *ys = parts(z.astype("float64"))
    locs, scales = prior.locs.numpy(), np.exp(prior.log_scales.numpy())
    weights = np.exp(prior.logits.numpy())
    weights /= weights.sum(axis=1, keepdims=True)
    upper, lower = (stats.logistic.cdf(w[..., None] + half, locs, scales) for half in (0.5, -0.5))
    found = [np.log(np.sum(weights * (upper - lower), axis=-1))]
    for y, (scale, mean) in zip(ys, described(prior, z), strict=True):
        far = -np.abs(y - mean)
        found.append(np.log(stats.norm.cdf(far + 0.5, 0, scale) - stats.norm.cdf(far - 0.5, 0, scale)))
    return np.concatenate(found, axis=1)


@pytest.mark.parametrize("n_components", [1, 3])
def test_the_density_is_that_of_scipy(rng, n_components):
    prior = make_prior(rng, n_components=n_components)
    z = rng.normal(scale=1.5, size=(7, N_W + N_FIRST + N_SECOND)).astype("float32")
    np.testing.assert_allclose(prior.log_prob(z), by_scipy(prior, z).sum(axis=1), rtol=2e-5, atol=2e-5)


def test_probabilities_of_whole_numbers_add_up_to_one(rng):
    prior = make_prior(rng)
    # Of the last part, which nothing hangs on.
    z = np.zeros((401, N_W + N_FIRST + N_SECOND), "float32")
    z[:, -1] = np.arange(-200, 201)
    others = by_scipy(prior, z[200:201])[0, :-1].sum()
    np.testing.assert_allclose(np.sum(np.exp(prior.log_prob(z).numpy() - others)), 1.0, rtol=1e-4)


def test_what_networks_say_is_what_samples_have(rng):
    prior = make_prior(rng)
    z = prior.sample(20_000, seed=tf.constant([1, 2], tf.int64)).numpy()
    for y, (scale, mean) in zip(parts(z)[1:], described(prior, z), strict=True):
        standard = (y - mean) / np.sqrt(np.square(scale) + 1.0 / 12.0)
        assert_mean_close(standard, 0.0, resolution=0.04)
        assert_mean_close(np.square(standard), 1.0, resolution=0.06)


def test_samples_of_w_are_those_of_its_mixture(rng):
    prior = make_prior(rng)
    w = parts(prior.sample(20_000, seed=tf.constant([1, 2], tf.int64)).numpy())[0]
    weights = tf.nn.softmax(prior.logits).numpy()
    assert_mean_close(w, np.sum(weights * prior.locs.numpy(), axis=1), resolution=0.1)


def test_each_part_is_described_by_those_before_alone(rng):
    networks, z = make_networks(), rng.normal(size=(2, N_W + N_FIRST + N_SECOND)).astype("float32")
    seen = []

    def choose(number, raw_scale, mean):
        seen.append((number, mean))
        return tf.constant(parts(z)[number])

    assert [part.shape[1] for part in parts_of(networks, choose)] == [N_W, N_FIRST, N_SECOND]
    assert [number for number, _ in seen] == [0, 1, 2]
    assert seen[0][1] is None
    np.testing.assert_allclose(seen[1][1], networks[0](parts(z)[0])[2])
    np.testing.assert_allclose(seen[2][1], networks[1]([networks[0](parts(z)[0])[0], tf.constant(parts(z)[1])])[1])


def test_a_scale_that_training_made_tiny_does_not_lose_the_gradient(rng):
    prior = make_prior(rng)
    prior.log_scales.assign(np.full(prior.log_scales.shape, -50.0))
    z = tf.constant(rng.normal(scale=20.0, size=(4, N_W + N_FIRST + N_SECOND)), tf.float32)
    with tf.GradientTape() as tape:
        value = tf.reduce_sum(prior.log_prob(z))
    assert np.isfinite(value)
    assert all(np.isfinite(g).all() for g in tape.gradient(value, prior.trainable_variables))


def test_what_are_no_networks_of_a_hyperprior_is_refused():
    for wrong in (3, [], [3], [keras.Sequential([keras.layers.Dense(2)])]):
        with pytest.raises(ValueError, match=r"`networks` must be a list of built Keras models. Received: networks="):
            Hyperprior(wrong)
    first, second = make_networks()
    with pytest.raises(ValueError, match=r"`networks\[1\]` must take \[features, y\] with y of shape \(batch, dim\)"):
        Hyperprior([first, first])
    with pytest.raises(ValueError, match=r"`networks\[0\]` must take w of shape \(batch, dim\)"):
        Hyperprior([second])
    with pytest.raises(ValueError, match=r"`networks\[0\]` must put out \[raw scale, mean\], .* of one shape"):
        Hyperprior([first])
    w = keras.Input((N_W,))
    uneven = keras.Model(w, [dense(2, 0)(w), dense(3, 0)(w)])
    with pytest.raises(ValueError, match=r"`networks\[0\]` must put out \[raw scale, mean\], .* of one shape"):
        Hyperprior([uneven])
    other = keras.Model(w, [dense(N_FEATURES, 0)(w), dense(9, 1)(w), dense(9, 2)(w)])
    with pytest.raises(ValueError, match=r"`networks\[0\]` must describe the 4 elements that `networks\[1\]` takes"):
        Hyperprior([other, second])
    with pytest.raises(ValueError, match="`n_components` must be"):
        Hyperprior(make_networks(), 0)
    with pytest.raises(ValueError, match=r"`latent_dim` must be 3 \+ 4 \+ 2, the parts .* Received: latent_dim=8"):
        Hyperprior(make_networks()).build((None, 8))
