import keras
import numpy as np
import pytest
import tensorflow as tf
from likelihood_helpers import tile, value_and_gradient
from scipy import integrate, special, stats

from keras_vae.likelihoods import Gaussian, StudentT


def built(n_columns=1, **kwargs):
    likelihood = StudentT(**kwargs)
    likelihood.build((2 * n_columns,))
    return likelihood


def raw_of(log_var, low=-10.0):
    """The raw log squared scale that the smooth floor takes to this value."""
    return low + np.log(np.expm1(log_var - low))


def learned(x, df, epochs=300):
    """Location, scale and degrees of freedom of maximum likelihood, by gradient steps from a standard start."""
    likelihood = built(df=df)
    x_params = tf.Variable([[0.0, 0.0]])
    variables = [x_params, *(v.value for v in likelihood.trainable_variables)]
    # A short memory of squares: the gradient of the degrees of freedom falls by orders of magnitude on the way.
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, epochs), beta_2=0.9)
    x = tf.constant(x[:, np.newaxis], tf.float32)

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(likelihood.log_prob(x, tf.tile(x_params, [len(x), 1])))
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    for _ in range(epochs):
        step()
    location, raw = x_params.numpy()[0]
    log_var = -10 + np.logaddexp(0, raw + 10)
    return float(location), float(np.exp(0.5 * log_var)), float(likelihood.degrees_of_freedom[0])


# Golden values.


@pytest.mark.parametrize(
    ("x", "df", "expected"),
    [
        # With 4 degrees of freedom the density is 3/8 (1 + t^2 / 4)^(-5/2).
        pytest.param(0.0, 4.0, np.log(3 / 8), id="four-at-the-location"),
        pytest.param(2.0, 4.0, np.log(3 / 8) - 2.5 * np.log(2), id="four-two-scales-off"),
        # With 3 it is 2 / (pi sqrt(3) (1 + t^2 / 3)^2).
        pytest.param(3.0, 3.0, np.log(2 / (np.pi * np.sqrt(3))) - 2 * np.log(4), id="three-three-scales-off"),
    ],
)
def test_log_prob_by_hand(x, df, expected):
    value = built(df=df).log_prob([[x]], [[0.0, raw_of(0.0)]])
    assert float(value[0]) == pytest.approx(expected, rel=1e-5)


def test_location_comes_first_and_scale_divides():
    likelihood = built(2, df=4.0)
    # Two columns, (1, 2 | raw, raw), both three scales off: a scale of 2 costs log 2.
    value = likelihood.log_prob([[4.0, 8.0]], [[1.0, 2.0, raw_of(0.0), raw_of(2 * np.log(2))]])
    expected = 2 * (np.log(3 / 8) - 2.5 * np.log(1 + 9 / 4)) - np.log(2)
    assert float(value[0]) == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(likelihood.mean([[1.0, 2.0, 5.0, 5.0]]), [[1, 2]])


@pytest.mark.parametrize("df", [2.001, 3.0, 50.0, 199.0])
def test_scipy_and_the_integral_agree_for_all_degrees_of_freedom(df):
    likelihood = built(df=df)
    x = np.linspace(-40, 40, 8001, dtype="float32")[:, np.newaxis]
    log_prob = likelihood.log_prob(x, tile([0.5, raw_of(1.0)], len(x))).numpy().astype("float64")
    expected = stats.t.logpdf(x[:, 0].astype("float64"), df, 0.5, np.exp(0.5))
    np.testing.assert_allclose(log_prob, expected, rtol=1e-5, atol=3e-5)
    inside = np.diff(stats.t.cdf([-40, 40], df, 0.5, np.exp(0.5)))[0]
    assert integrate.trapezoid(np.exp(log_prob), dx=0.01) == pytest.approx(inside, abs=3e-5)


def test_many_degrees_of_freedom_are_a_gaussian():
    t = np.linspace(-3, 3, 13, dtype="float32")[:, np.newaxis]
    x_params = tile([0.0, raw_of(0.0)], len(t))
    difference = built(df=199.0).log_prob(t, x_params) - Gaussian().log_prob(t, x_params)
    # To first order in 1 / df they differ by (t^4 - 2 t^2 - 1) / (4 df), which is 0.08 nats at three scales; the second
    # order is 0.0025 there.
    np.testing.assert_allclose(difference, ((t**4 - 2 * t**2 - 1) / (4 * 199.0))[:, 0], atol=3e-3)


def test_an_outlier_costs_the_logarithm_of_its_distance():
    likelihood = built(df=3.0)
    near, far = likelihood.log_prob([[1e3], [1e6]], tile([0.0, raw_of(0.0)], 2)).numpy()
    # (df + 1) log 1000 for a distance a thousand times as large; a Gaussian loses 5e11 nats.
    assert near - far == pytest.approx(4 * np.log(1000), rel=1e-5)
    value, gradient = value_and_gradient(lambda p: likelihood.log_prob([[1e18]], p), [[0.0, 0.0]])
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()


# The degrees of freedom.


def test_every_column_has_degrees_of_freedom_of_its_own():
    likelihood = built(3, df=5.0)
    np.testing.assert_allclose(likelihood.degrees_of_freedom, [5, 5, 5], rtol=1e-5)
    likelihood.set_weights([np.array([-100.0, 0.0, 100.0], "float32")])
    # The bounds, and halfway between them.
    np.testing.assert_allclose(likelihood.degrees_of_freedom, [2, 101, 200])
    x, x_params = np.ones((1, 2, 3), "float32"), np.zeros((1, 2, 6), "float32")
    scale = np.exp(0.5 * (-10 + np.logaddexp(0, 10)))
    expected = 2 * stats.t.logpdf(1, [2, 101, 200], 0, scale).sum()
    assert float(likelihood.log_prob(x, x_params)[0]) == pytest.approx(expected, rel=1e-5)


def test_heavy_tails_are_learned_from_data_that_have_them(rng):
    x = stats.t.rvs(3, 1.0, 2.0, size=4000, random_state=rng)
    location, scale, df = learned(x, df=20.0)
    # The same maximum, found by another program.
    expected_df, expected_location, expected_scale = stats.t.fit(x)
    assert df == pytest.approx(expected_df, rel=0.01)
    assert location == pytest.approx(expected_location, abs=0.005)
    assert scale == pytest.approx(expected_scale, rel=0.005)
    assert 2.7 < df < 3.4


def test_the_degrees_of_freedom_go_up_for_gaussian_data(rng):
    location, scale, df = learned(rng.normal(1.0, 2.0, size=4000), df=4.0)
    # The maximum is at infinity or far out; 30 are a Gaussian to the eye.
    assert df > 30
    assert location == pytest.approx(1, abs=0.2)
    assert scale == pytest.approx(2, rel=0.05)


def test_the_degrees_of_freedom_get_the_gradient_of_the_formula():
    likelihood = built(df=6.0)
    (weight,) = [v.value for v in likelihood.trainable_variables]
    with tf.GradientTape() as tape:
        value = likelihood.log_prob([[2.5]], [[0.0, raw_of(0.0)]])
    # d/d df of log density: (digamma((df + 1) / 2) - digamma(df / 2) - 1 / df - log(1 + d / df) + ...) / 2.
    df, d = 6.0, 2.5**2
    slope = special.digamma(3.5) - special.digamma(3.0) - 1 / df - np.log1p(d / df) + (df + 1) * d / (df * (df + d))
    share = (df - 2) / 198
    assert float(tape.gradient(value, weight)[0]) == pytest.approx(0.5 * slope * 198 * share * (1 - share), rel=1e-4)


def test_they_stay_float32_and_are_saved_with_the_weights(tmp_path):
    likelihood = built(2)
    likelihood.set_weights([np.array([1.0, -1.0], "float32")])
    other = StudentT.from_config(likelihood.get_config())
    other.build((4,))
    other.set_weights(likelihood.get_weights())
    np.testing.assert_array_equal(other.degrees_of_freedom, likelihood.degrees_of_freedom)
    # A second call changes nothing.
    other.build((4,))
    np.testing.assert_array_equal(other.degrees_of_freedom, likelihood.degrees_of_freedom)


# Bad input.


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param({"df": 2}, "`df` must be a finite number > 2.* Received: df=2", id="no-variance"),
        pytest.param({"df": 200}, "`df` must be .*200", id="at-the-top"),
        pytest.param({"df": 1e9}, "`df` must be a finite number .*200", id="too-many"),
        pytest.param({"df": np.nan}, "`df` must be a finite number", id="nan"),
        pytest.param({"min_log_var": -90}, "`min_log_var` must be a finite number .*-80", id="too-low"),
        pytest.param({"max_log_var": 90}, "`max_log_var` must be a finite number .*80", id="too-high"),
        pytest.param({"min_log_var": 1, "max_log_var": 1}, "`max_log_var` must be .* > 1", id="crossed"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        StudentT(**arguments)


def test_there_are_no_degrees_of_freedom_before_it_is_built():
    with pytest.raises(ValueError, match=r"`degrees_of_freedom` exist once .* call build"):
        StudentT().degrees_of_freedom  # noqa: B018


@pytest.mark.parametrize("fill", [np.nan, np.inf, -1e30])
def test_what_is_hidden_moves_nothing(fill, rng):
    likelihood = built(3)
    x, x_params = np.ones((2, 3), "float32"), rng.normal(size=(2, 6)).astype("float32")
    mask = np.array([[1, 0, 1], [0, 0, 0]], "float32")
    filled = np.where(mask > 0, x, np.float32(fill))
    value, gradient = value_and_gradient(lambda p: likelihood.log_prob(filled, p, mask), x_params)
    np.testing.assert_array_equal(value, likelihood.log_prob(x, x_params, mask))
    assert np.isfinite(gradient).all()
    np.testing.assert_array_equal(gradient[:, [1, 4]], 0)
    np.testing.assert_array_equal(gradient[1], 0)
