"""The softmax in two levels: exact, cheap, float32 in its sums, and of any shape."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_vae.layers.two_level_softmax import TwoLevelSoftmax, frequent_classes

N, UNITS = 7, 4
SPLITS = [1, 3, 6, 7]


def layer_with_values(rng, n_frequent, tied=True, **arguments):
    layer = TwoLevelSoftmax(N, n_frequent, tied, **arguments)
    layer.build((None, UNITS))
    for weight in layer.weights:
        weight.assign(rng.normal(size=weight.shape))
    return layer


@pytest.fixture
def kernel(rng):
    return rng.normal(size=(N, UNITS)).astype("float32")


@pytest.fixture
def features(rng):
    return rng.normal(size=(2, 5, UNITS)).astype("float32")


@pytest.fixture
def classes(rng):
    return rng.integers(0, N, size=(2, 5)).astype("int32")


def composed(layer, features, kernel):
    """Log probabilities by `tf.nn.log_softmax`, level by level."""
    k = layer.n_first
    logits = tf.tensordot(features, kernel, [[-1], [-1]]) + layer.bias
    if layer.is_plain:
        return tf.nn.log_softmax(logits)
    of_rest = tf.tensordot(features, layer.rest_kernel, [[-1], [-1]]) + layer.rest_bias
    first = tf.nn.log_softmax(tf.concat([logits[..., :k], of_rest], axis=-1))
    return tf.concat([first[..., :k], first[..., k:] + tf.nn.log_softmax(logits[..., k:])], axis=-1)


def test_three_classes_as_worked_by_hand():
    layer = TwoLevelSoftmax(3, 1)
    layer.build((None, 1))
    layer.bias.assign(np.log([2.0, 5.0, 15.0]))
    layer.rest_bias.assign(np.log(6.0))
    # 2 against 6 for the rest; in it 5 against 15.
    expected = np.log([0.25, 0.75 * 0.25, 0.75 * 0.75])
    none = np.zeros((3, 1), "float32")
    np.testing.assert_allclose(layer.log_probs(none, kernel=none)[0], expected, rtol=1e-6)
    np.testing.assert_allclose(layer.log_prob(none, [0, 1, 2], none), expected, rtol=1e-6)


@pytest.mark.parametrize("n_frequent", SPLITS)
def test_both_methods_give_log_softmax_composed_by_hand(rng, kernel, features, classes, n_frequent):
    layer = layer_with_values(rng, n_frequent)
    found = layer.log_probs(features, kernel)
    assert found.shape == (2, 5, N)
    np.testing.assert_allclose(found, composed(layer, features, kernel), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(np.exp(found).sum(axis=-1), 1.0, rtol=1e-6)
    asked = layer.log_prob(features, classes, kernel)
    np.testing.assert_allclose(asked, tf.gather(found, classes, batch_dims=2), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("n_frequent", SPLITS)
def test_gradients_are_those_of_the_plain_formula(rng, kernel, features, classes, n_frequent):
    layer = layer_with_values(rng, n_frequent)
    features, kernel = tf.Variable(features), tf.Variable(kernel)
    weights = tf.constant(rng.normal(size=classes.shape), tf.float32)
    of = [features, kernel, *(weight.value for weight in layer.trainable_weights)]
    with tf.GradientTape(persistent=True) as tape:
        found = tf.reduce_sum(weights * layer.log_prob(features, classes, kernel))
        expected = tf.reduce_sum(weights * tf.gather(composed(layer, features, kernel), classes, batch_dims=2))
    for ours, plain in zip(tape.gradient(found, of), tape.gradient(expected, of), strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(ours), plain, rtol=1e-4, atol=1e-5)


def test_with_all_classes_on_the_first_level_it_is_the_plain_softmax(rng, kernel, features):
    layer = layer_with_values(rng, N)
    assert layer.is_plain
    assert [weight.name for weight in layer.weights] == ["bias"]
    expected = tf.nn.log_softmax(features @ kernel.T + layer.bias)
    np.testing.assert_allclose(layer(features, kernel), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("among", [(0, 3), (3, N)], ids=["none of the rest", "all of the rest"])
def test_a_graph_of_any_shape_gives_finite_gradients_wherever_the_classes_are(rng, kernel, among):
    layer, kernel = layer_with_values(rng, 3), tf.Variable(kernel)

    @tf.function(input_signature=[tf.TensorSpec((None, None, UNITS)), tf.TensorSpec((None, None), tf.int32)])
    def loss_and_gradient(features, classes):
        with tf.GradientTape() as tape:
            found = layer.log_prob(features, classes, kernel)
        return found, tape.gradient(found, [kernel, layer.rest_kernel.value])

    for shape in ((2, 3), (1, 8), (0, 3)):
        features = rng.normal(size=(*shape, UNITS)).astype("float32")
        classes = rng.integers(*among, size=shape).astype("int32")
        found, gradients = loss_and_gradient(features, classes)
        np.testing.assert_allclose(found, layer.log_prob(features, classes, kernel), rtol=1e-5, atol=1e-6)
        assert found.shape == shape
        assert all(np.all(np.isfinite(gradient)) for gradient in gradients)


@pytest.mark.parametrize("n_frequent", [3, N])
def test_a_class_below_zero_is_none(rng, kernel, features, classes, n_frequent):
    layer = layer_with_values(rng, n_frequent)
    holes = classes.copy()
    holes[0, 1:], holes[1, 0] = -2, -1
    found = layer.log_prob(features, holes, kernel).numpy()
    assert np.all(found[holes < 0] == 0.0)
    np.testing.assert_array_equal(found[holes >= 0], layer.log_prob(features, classes, kernel).numpy()[holes >= 0])
    # Nothing is computed there: not even a NaN comes through.
    features[holes < 0] = np.nan
    np.testing.assert_array_equal(layer.log_prob(features, holes, kernel), found)
    np.testing.assert_array_equal(layer.log_prob(features, np.full_like(classes, -1), kernel), 0.0)


@pytest.mark.parametrize("n_frequent", [3, N])
def test_a_class_beyond_the_last_is_an_error(rng, kernel, features, n_frequent):
    with pytest.raises(tf.errors.InvalidArgumentError, match="outside the valid range"):
        layer_with_values(rng, n_frequent).log_prob(features, np.full((2, 5), N), kernel)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_sums_are_float32_under_every_policy(rng, kernel, features, classes, policy):
    layer = layer_with_values(rng, 3, dtype=policy)
    found = layer.log_probs(features, kernel)
    assert found.dtype == layer(features, kernel).dtype == tf.float32
    # The products are of 8 to 11 bits, the sums are not: they add up to one as closely as before.
    np.testing.assert_allclose(np.exp(found).sum(axis=-1), 1.0, rtol=1e-6)
    np.testing.assert_allclose(found, composed(layer, features, kernel), atol=0.15)
    asked = layer.log_prob(features, classes, kernel)
    assert asked.dtype == tf.float32
    np.testing.assert_allclose(asked, tf.gather(found, classes, batch_dims=2), rtol=1e-5, atol=1e-6)


def test_it_starts_at_the_frequencies(features):
    counts = np.array([70, 20, 5, 4, 1, 0, 0])
    for n_frequent in SPLITS:
        layer = TwoLevelSoftmax(N, n_frequent)
        layer.build((None, UNITS))
        layer.set_frequencies(counts)
        found = layer.log_probs(features, np.zeros((N, UNITS), "float32"))
        np.testing.assert_allclose(np.exp(found[0, 0]), (counts + 1) / 107, rtol=1e-5)


@pytest.mark.parametrize("n_frequent", [None, 3])
def test_it_is_saved_in_a_model_with_its_own_kernel(rng, features, tmp_path, n_frequent):
    x = keras.Input((None, UNITS))
    model = keras.Model(x, TwoLevelSoftmax(N, n_frequent, tied=False)(x))
    assert model.output.shape == (None, None, N)
    model.layers[1].set_frequencies(np.arange(N)[::-1])
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(features), model(features))
    assert again.layers[1].get_config() == model.layers[1].get_config()
    np.testing.assert_allclose(
        again.layers[1].log_prob(features, np.full((2, 5), 4)), model(features)[..., 4], rtol=1e-5, atol=1e-6
    )


def test_a_tied_layer_keeps_its_config():
    layer = TwoLevelSoftmax.from_config(TwoLevelSoftmax(9000, 500, name="words").get_config())
    assert (layer.n_classes, layer.n_frequent, layer.tied, layer.name) == (9000, 500, True, "words")


def brute_force_cost(counts, k):
    """Logits that an example costs with k classes on the first level, class by class."""
    costs = [k + 1 + (len(counts) - k if c >= k else 0) for c in range(len(counts))]
    return np.average(costs, weights=counts)


def test_the_first_level_has_the_smallest_expected_cost(rng):
    for n in (20, 100, 300, 1000):
        counts = np.sort(rng.zipf(1.5, size=n))[::-1]
        k = frequent_classes(counts)
        costs = [brute_force_cost(counts, k) for k in range(1, n)]
        assert k == n or costs[k - 1] == pytest.approx(min(costs))
        assert (k < n) == (min(costs) + 60 < n)


def test_few_classes_and_even_ones_stay_on_one_level():
    assert frequent_classes([3]) == 1
    assert frequent_classes([0, 0, 0]) == 3
    assert frequent_classes(np.ones(50)) == 50
    assert TwoLevelSoftmax(2).is_plain
    # The cost under Zipf's law, with sums of 1 / k as logarithms: k + n (1 - log k / log n) is smallest at n / log n.
    assert TwoLevelSoftmax(10000).n_first == pytest.approx(10000 / np.log(10000), rel=0.2)


def test_bad_arguments_are_refused(kernel, features):
    with pytest.raises(ValueError, match="`n_classes` must be a whole number >= 1"):
        TwoLevelSoftmax(0)
    with pytest.raises(ValueError, match=r"`n_frequent` must be at most `n_classes`\. Received: n_frequent=8"):
        TwoLevelSoftmax(N, 8)
    with pytest.raises(ValueError, match="tied=True needs a `kernel`"):
        TwoLevelSoftmax(N, 3).log_probs(features)
    with pytest.raises(ValueError, match="tied=False has its own kernel"):
        TwoLevelSoftmax(N, 3, tied=False).log_prob(features, np.zeros((2, 5), "int32"), kernel)
    with pytest.raises(ValueError, match="`set_frequencies` needs a built layer"):
        TwoLevelSoftmax(N, 3).set_frequencies(np.ones(N))
    layer = TwoLevelSoftmax(N, 3)
    layer.build((None, UNITS))
    for counts in (np.ones(3), np.ones((N, 1)), -np.ones(N), np.full(N, np.nan), ["a"] * N):
        with pytest.raises(ValueError, match="`counts` must be 7 numbers, one >= 0 for each class"):
            layer.set_frequencies(counts)
    with pytest.raises(ValueError, match="`counts` must be one number >= 0 for each class"):
        frequent_classes([])
