import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.priors.pixel_cnn_prior import PixelCNNPrior

SEED = tf.constant([2**40 + 1, 7], tf.int64)


def prior_of(grid_shape=(2, 2), n_codes=3, seed=0, spread=1.0, **arguments):
    """A prior with weights that are not at their start."""
    prior = PixelCNNPrior(grid_shape, n_codes, **{"channels": 4, "n_layers": 2, "seed": seed, **arguments})
    prior.build((None, int(np.prod(grid_shape))))
    rng = np.random.default_rng(seed)
    for weight in prior.weights:
        weight.assign(weight + spread * rng.normal(scale=0.3, size=weight.shape))
    return prior


def all_grids(n_places, n_codes):
    return np.stack(np.meshgrid(*[np.arange(n_codes)] * n_places), axis=-1).reshape(-1, n_places).astype("float32")


@pytest.mark.parametrize("grid_shape", [(2, 2), (1, 3), (3, 1), (4,)], ids=str)
def test_the_probabilities_of_all_grids_sum_to_one(grid_shape):
    prior = prior_of(grid_shape)
    total = np.sum(np.exp(prior.log_prob(all_grids(int(np.prod(grid_shape)), 3)), dtype="float64"))
    np.testing.assert_allclose(total, 1.0, rtol=1e-5)


@pytest.mark.parametrize(("n_layers", "kernel_size"), [(1, 3), (3, 3), (2, 5)])
def test_logits_depend_on_all_codes_before_them_and_on_none_after(n_layers, kernel_size, rng):
    # 4 x 5 places: with these layers each place sees all that comes before, without a blind spot, if the grid is small.
    prior = prior_of((4, 5), 6, n_layers=n_layers, kernel_size=kernel_size)
    z = rng.integers(6, size=(1, 20)).astype("float32")
    before = prior.logits(z).numpy()[0]
    for place in range(20):
        changed = z.copy()
        changed[0, place] = (changed[0, place] + 1) % 6
        differs = np.any(prior.logits(changed).numpy()[0] != before, axis=-1)
        assert not differs[: place + 1].any()
        assert place == 19 or differs[place + 1 :].any()


def test_deep_stacks_have_no_blind_spot(rng):
    prior = prior_of((3, 5), 6, n_layers=4)
    z = rng.integers(6, size=(1, 15)).astype("float32")
    before = prior.logits(z).numpy()[0, -1]
    for place in range(14):
        changed = z.copy()
        changed[0, place] = (changed[0, place] + 1) % 6
        # All but what is to the left in other rows by more than the kernels reach.
        assert np.any(prior.logits(changed).numpy()[0, -1] != before), place


def test_log_prob_is_the_sum_of_the_logs_of_the_softmax(rng):
    prior, z = prior_of((2, 3), 5), rng.integers(5, size=(7, 6))
    logits = prior.logits(z).numpy().astype("float64")
    log_shares = logits - np.log(np.sum(np.exp(logits), axis=-1, keepdims=True))
    wanted = np.take_along_axis(log_shares, z[..., None], axis=-1)[..., 0].sum(axis=1)
    np.testing.assert_allclose(prior.log_prob(z), wanted, rtol=1e-5)


def test_samples_have_the_probabilities_that_it_says():
    prior, n = prior_of((2, 2), 3), 40_000
    grids = all_grids(4, 3)
    drawn = prior.sample(n, seed=SEED).numpy()
    assert drawn.dtype == np.float32
    counts = (drawn[:, None] == grids).all(axis=-1).sum(axis=0)
    shares = np.exp(prior.log_prob(grids).numpy().astype("float64"))
    # Five standard errors of each of 81 shares.
    assert np.all(np.abs(counts / n - shares) < 5.0 * np.sqrt(shares * (1 - shares) / n) + 1e-9)
    assert counts.sum() == n


def test_a_draw_is_the_code_in_whose_part_of_the_unit_interval_the_noise_lies():
    # The draw looks at rows and columns one by one; here all logits are computed anew for each place.
    prior = prior_of((3, 4), 5)
    found = prior.sample(6, seed=SEED).numpy()
    noise = 0.5 * tf.math.erfc(-np.sqrt(0.5) * tf.random.stateless_normal([6, 12], SEED)).numpy()
    z = np.zeros((6, 12), "float32")
    for place in range(12):
        shares = np.cumsum(tf.nn.softmax(prior.logits(z)[:, place]), axis=-1)
        z[:, place] = np.sum(noise[:, place, None] >= shares, axis=-1)
    np.testing.assert_array_equal(found, z)


def test_at_temperature_zero_every_code_is_the_most_probable():
    prior = prior_of((2, 3), 5)
    z = np.zeros((1, 6), "float32")
    for place in range(6):
        z[:, place] = np.argmax(prior.logits(z)[0, place])
    np.testing.assert_array_equal(prior.sample(3, seed=SEED, temperature=0.0), np.repeat(z, 3, axis=0))


def test_every_row_may_have_a_temperature_of_its_own():
    prior = prior_of((2, 3), 5)
    cold, warm = (prior.sample(2, seed=SEED, temperature=t).numpy() for t in (0.0, 1.0))
    mixed = prior.sample(2, seed=SEED, temperature=tf.constant([[0.0], [1.0]])).numpy()
    np.testing.assert_array_equal(mixed, [cold[0], warm[1]])


def test_a_row_depends_on_its_own_seed_alone():
    prior, seeds = prior_of((2, 3), 5), tf.constant([[1, 2], [3, 4], [1, 2]], tf.int64)
    rows = prior.sample_rows(seeds).numpy()
    np.testing.assert_array_equal(rows[0], prior.sample(1, seed=seeds[0])[0])
    np.testing.assert_array_equal(rows[0], rows[2])
    assert not np.array_equal(rows[0], rows[1])


def test_a_seed_repeats_its_samples_and_none_draws_anew():
    prior = prior_of((3, 3), 8)
    np.testing.assert_array_equal(prior.sample(5, seed=SEED), tf.function(lambda: prior.sample(5, seed=SEED))())
    assert not np.array_equal(prior.sample(5), prior.sample(5))


def test_other_numbers_count_as_the_nearest_code(rng):
    prior, z = prior_of((2, 2), 3), rng.integers(3, size=(4, 4)).astype("float32")
    np.testing.assert_array_equal(prior.log_prob(z + 0.3), prior.log_prob(z))
    np.testing.assert_array_equal(prior.log_prob([[-7.0, 9.0, 1.0, 1.0]]), prior.log_prob([[0.0, 2.0, 1.0, 1.0]]))


@pytest.mark.slow
def test_it_learns_a_rule_of_codes(rng):
    # Every code is the one before it plus one: the entropy of a grid is that of its first code.
    start = rng.integers(4, size=(512, 1))
    z = ((start + np.arange(6)) % 4).astype("float32")
    prior, optimizer = prior_of((2, 3), 4, channels=8, spread=0.0), keras.optimizers.Adam(0.02)
    step = tf.function(lambda: -tf.reduce_mean(prior.log_prob(z)))
    for _ in range(150):
        with tf.GradientTape() as tape:
            loss = step()
        optimizer.apply_gradients(
            zip(tape.gradient(loss, prior.trainable_weights), prior.trainable_weights, strict=True)
        )
    np.testing.assert_allclose(loss, np.log(4.0), atol=0.05)
    drawn = prior.sample(200, seed=SEED).numpy()
    assert np.mean((np.diff(drawn, axis=1) % 4) == 1) > 0.98


def test_densities_are_single_precision_under_mixed_precision(mixed_float16):
    prior = prior_of()
    assert prior.log_prob(tf.zeros((3, 4), tf.float16)).dtype == tf.float32
    assert prior.sample(3).dtype == tf.float32
    assert all(w.dtype == "float32" for w in prior.weights)


def test_config_round_trip(rng):
    prior = prior_of((2, 3), 5)
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(prior)))
    again = keras.saving.deserialize_keras_object(config)
    assert json.dumps(again.get_config()) == json.dumps(prior.get_config())
    if not again.built:
        again.build((None, 6))
    again.set_weights(prior.get_weights())
    z = rng.integers(5, size=(4, 6))
    np.testing.assert_array_equal(again.log_prob(z), prior.log_prob(z))
    np.testing.assert_array_equal(again.sample(4, seed=SEED), prior.sample(4, seed=SEED))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"grid_shape": (2, 2, 2)}, r"`grid_shape` must be \(height, width\) or \(width,\)", id="rank"),
        pytest.param({"grid_shape": ()}, "`grid_shape` must be a tuple of whole numbers >= 1", id="empty"),
        pytest.param({"n_codes": 1}, "`n_codes` must be a whole number >= 2", id="n-codes"),
        pytest.param({"channels": 0}, "`channels` must be a whole number >= 1", id="channels"),
        pytest.param({"n_layers": 0}, "`n_layers` must be a whole number >= 1", id="layers"),
        pytest.param({"kernel_size": 4}, "`kernel_size` must be odd", id="kernel"),
    ],
)
def test_an_argument_out_of_bounds_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        PixelCNNPrior(**{"grid_shape": (2, 2), "n_codes": 3, **arguments})


def test_latents_of_another_number_are_refused():
    with pytest.raises(
        ValueError, match=r"`latent_dim` must be 4, the places of the grid \(2, 2\). Received: latent_dim=5"
    ):
        PixelCNNPrior((2, 2), 3).build((None, 5))
