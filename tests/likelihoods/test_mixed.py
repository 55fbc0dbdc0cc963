import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import assert_mean_close

import keras_vae as kv
from keras_vae.likelihoods import Bernoulli, Categorical, Gaussian, Mixed, NegativeBinomial, StudentT
from keras_vae.likelihoods.encoder_inputs import EncodedColumns

COLUMNS = ["gaussian", "negative_binomial", 3, "bernoulli", "student_t", "gaussian", 3]
ROW = [0.3, 4.0, 2.0, 1.0, -2.0, 1.5, 0.0]
nan = np.nan


def groups(x, x_params):
    """Log probability of a row of `COLUMNS` by the single likelihoods, each on its own columns."""
    g, n, c, b, t = np.split(x_params, [4, 6, 12, 13], axis=-1)
    parts = [
        Gaussian().log_prob(x[:, [0, 5]], g),
        NegativeBinomial().log_prob(x[:, [1]], n),
        Categorical(3).log_prob(x[:, [2, 6]], c.reshape(-1, 2, 3)),
        Bernoulli().log_prob(x[:, [3]], b),
        StudentT().log_prob(x[:, [4]], t),
    ]
    return np.sum(parts, axis=0)


@pytest.fixture
def x():
    return np.array([ROW, ROW, ROW], "float32")


@pytest.fixture
def x_params(rng):
    return rng.normal(size=(3, 15)).astype("float32")


def test_a_row_has_the_product_of_the_probabilities_of_its_columns(x, x_params):
    likelihood = Mixed(COLUMNS)
    assert likelihood.params_shape((7,)) == (15,)
    np.testing.assert_allclose(likelihood.log_prob(x, x_params), groups(x, x_params), rtol=1e-5)
    elements = likelihood.element_log_prob(x, x_params)
    assert elements.shape == (3, 7)
    np.testing.assert_allclose(np.sum(elements, axis=1), groups(x, x_params), rtol=1e-5)
    # The element of a column is its own.
    np.testing.assert_allclose(elements[:, 1], NegativeBinomial().log_prob(x[:, [1]], x_params[:, 4:6]), rtol=1e-5)


def test_the_mean_of_a_class_is_the_most_probable_one_and_of_the_others_the_mean(x_params):
    mean = Mixed(COLUMNS).mean(x_params).numpy()
    np.testing.assert_allclose(mean[:, 0], x_params[:, 0])
    np.testing.assert_allclose(mean[:, 1], np.exp(x_params[:, 4]), rtol=1e-5)
    np.testing.assert_array_equal(mean[:, 6], x_params[:, 9:12].argmax(axis=1))
    np.testing.assert_allclose(mean[:, 3], 1 / (1 + np.exp(-x_params[:, 12])), rtol=1e-5)


def test_probabilities_of_classes_are_averaged_and_not_their_numbers():
    likelihood = Mixed(["gaussian", 3])
    # Two draws that are sure of the classes 0 and 2: the mean number, 1, is the class that none of them means.
    x_params = np.array([[1.0, 0.0, 9.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0, 8.0]], "float32")
    expected = likelihood.expected(x_params)
    assert expected.shape == (2, 4)
    average = tf.reduce_mean(expected, axis=0, keepdims=True)
    np.testing.assert_allclose(likelihood.of_expected(average)[0], [2.0, 0.0], rtol=1e-5)
    np.testing.assert_allclose(likelihood.of_expected(expected), likelihood.mean(x_params))
    assert Gaussian().of_expected(Gaussian().expected(x_params[:, :2])).numpy()[1, 0] == 3.0


def test_an_estimate_is_never_the_class_that_stands_for_all_others():
    x_params = np.array([[1.0, 0.0, 0.0, 1.0, 2.0]], "float32")
    for has_other, wanted in ((False, 2.0), (True, 1.0)):
        likelihood = Mixed(["gaussian", 3], has_other=has_other)
        assert likelihood.of_expected(likelihood.expected(x_params))[0, 1] == wanted
        # What is reconstructed, and what is drawn, may be.
        assert likelihood.mean(x_params)[0, 1] == 2.0


def test_samples_have_the_moments_of_their_columns(rng):
    likelihood = Mixed(COLUMNS)
    x_params = np.repeat(rng.normal(size=(1, 15)).astype("float32"), 20_000, axis=0)
    samples = likelihood.sample(x_params, seed=1).numpy()
    is_number = [0, 1, 3, 4, 5]
    assert_mean_close(samples[:, is_number], likelihood.mean(x_params).numpy()[0, is_number], resolution=0.2)
    shares = tf.nn.softmax(x_params[0, 6:9]).numpy()
    assert_mean_close(samples[:, [2]] == np.arange(3), shares, resolution=0.05)
    # The two columns of one group, and columns of different groups, are drawn on their own.
    correlation = np.corrcoef(samples[:, [0, 1, 3, 4, 5]].T) - np.eye(5)
    assert np.abs(correlation).max() < 0.05
    assert np.any(likelihood.sample(x_params[:50]).numpy() != likelihood.sample(x_params[:50]).numpy())


@pytest.mark.slow
def test_holes_count_neither_in_the_bound_nor_in_its_gradient(x):
    vae = kv.make_vae((7,), latent_dim=2, likelihood=Mixed(COLUMNS), hidden_units=(8,), seed=0)
    vae.preprocessing.assign(np.zeros(7), np.ones(7), (0.0, 4.0))
    x[1, [2, 4]] = nan
    x[2] = nan
    elbo, log_prob = vae.elbo(x, n_samples=20), vae.log_prob(x, n_samples=20)
    assert np.isfinite(elbo).all()
    assert np.isfinite(log_prob).all()
    # A row of holes alone is certain: nothing of it was seen. Its bound is minus the KL.
    np.testing.assert_allclose(elbo[2], -vae.bound_rows(x[2:], 20)[0].kl[0], rtol=1e-5)
    # The same holes by a mask, with numbers behind it.
    filled = np.where(np.isnan(x), np.array([ROW], "float32"), x)
    np.testing.assert_allclose(vae.elbo(filled, n_samples=20, mask=~np.isnan(x)), elbo, rtol=1e-5)
    assert np.isfinite(vae.reconstruct(x)).all()
    assert np.isfinite(vae.encode(x)).all()
    vae.compile("adam")
    vae.fit(x, epochs=2, verbose=0)
    assert all(np.isfinite(weight).all() for weight in vae.get_weights())
    assert np.isfinite(vae.evaluate(x, verbose=0))[0]


def test_the_noise_of_a_row_does_not_depend_on_the_form_of_its_nan(x):
    vae = kv.make_vae((7,), latent_dim=2, likelihood=Mixed(COLUMNS), hidden_units=(8,), preprocessing=None, seed=0)
    x[:, 0] = nan
    other = x.copy()
    other[:, 0].view("int32")[:] = 0xFFC00001 - 2**32
    assert np.isnan(other[:, 0]).all()
    np.testing.assert_array_equal(vae.elbo(x), vae.elbo(other))


def test_only_real_columns_are_standardized_and_holes_are_left_out_of_their_scale(rng):
    x = np.stack([100 + 10 * rng.normal(size=500), rng.poisson(3, 500), rng.integers(0, 3, 500)], axis=1)
    x = x.astype("float32")
    full = x.copy()
    x[::2, 0] = nan
    likelihood = Mixed(["gaussian", "negative_binomial", 3])
    vae = kv.make_vae((3,), latent_dim=1, likelihood=likelihood, hidden_units=(4,), seed=0)
    vae.compile("adam")
    vae.fit(x, verbose=0)
    location, scale = vae.preprocessing.location.numpy(), vae.preprocessing.scale.numpy()
    np.testing.assert_allclose(location, [full[1::2, 0].mean(), 0.0, 0.0], rtol=1e-5)
    np.testing.assert_allclose(scale, [full[1::2, 0].std(), 1.0, 1.0], rtol=1e-5)
    # In the units of the data: the density of a number of scale 10 is a tenth.
    unit = kv.make_vae((3,), latent_dim=1, likelihood=likelihood, hidden_units=(4,), seed=1)
    unit.set_weights(vae.get_weights())
    unit.preprocessing.assign(location, [1.0, 1.0, 1.0], (0.0, 1.0))
    scaled = (x[1::2] - location) / scale + location
    # At the mean of the code: a draw of it moves the bound of a model that has seen one epoch by nats.
    of_data, of_scaled = (
        m.elbo_terms(m.prepare(kv.training.Batch(rows)), z="mean")["elbo"]
        for m, rows in ((vae, x[1::2]), (unit, scaled))
    )
    np.testing.assert_allclose(of_data + np.log(scale[0]), of_scaled, rtol=1e-4)


@pytest.mark.slow
def test_a_model_of_a_table_with_holes_is_saved_and_exported(x, tmp_path):
    vae = kv.make_vae((7,), latent_dim=2, likelihood=Mixed(COLUMNS, holes=[0, 2]), hidden_units=(8,), seed=0)
    vae.compile("adam")
    x[1, [0, 2]] = nan
    x[0] += [1, 1, 0, -1, 0.5, 1, 1]
    vae.fit(x, verbose=0)
    vae.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.log_prob(x), vae.log_prob(x))
    served = tf.saved_model.load(str(kv.export_saved_model(vae, tmp_path / "served")))
    score = served.signatures["score"](x=tf.constant(x))
    np.testing.assert_allclose(
        score["kl"], vae.elbo_terms(vae.prepare(kv.training.Batch(x)), z="mean")["kl_loss"], rtol=1e-5
    )
    x[1, 1] = np.inf
    assert np.isnan(served.signatures["score"](x=tf.constant(x))["kl"]).tolist() == [False, True, False]


def test_an_encoder_sees_numbers_of_about_one_and_is_told_of_holes():
    layer = EncodedColumns(["real", "binary", "count", 3, "real"], holes=[1, 3])
    out = layer(np.array([[0.5, 1, 3, 2, -1], [nan, 0, nan, nan, 2], [1, nan, 0, 0, nan]], "float32")).numpy()
    # The columns of one kind stand together: real, real, binary, count, three classes; then the two that are told.
    np.testing.assert_allclose(
        out,
        [
            [0.5, -1, 1, np.log(4), 0, 0, 1, 0, 0],
            [0, 2, -1, 0, 0, 0, 0, 0, 1],
            [1, 0, 0, 0, 1, 0, 0, 1, 0],
        ],
        rtol=1e-6,
    )
    assert layer.compute_output_shape((None, 5)) == (None, 9)


@pytest.mark.parametrize(
    ("value", "column", "message"),
    [
        (2.0, 3, r"Mixed, .*x\[:, 3\].* the likelihood Bernoulli"),
        (3.0, 2, r"Mixed, .*x\[:, 2\].* the likelihood Categorical"),
        (-1.0, 1, r"Mixed, .*x\[:, 1\].* the likelihood NegativeBinomial"),
        (np.inf, 5, r"Mixed, .*x\[:, 5\].* the likelihood Gaussian"),
    ],
)
def test_a_value_outside_the_support_is_named_with_its_column(x, value, column, message):
    likelihood = Mixed(COLUMNS)
    x[0, 0] = nan
    likelihood.check_support(x)
    assert not likelihood.is_outside(tf.constant(x))
    x[1, column] = value
    with pytest.raises(ValueError, match=message):
        likelihood.check_support(x)
    assert bool(likelihood.is_outside(tf.constant(x))) == np.isfinite(value)


def test_arrays_that_are_no_rows_of_these_columns_are_refused(x):
    for bad in (x[:, :6], x[:0], x[0], x.astype(str)):
        with pytest.raises(ValueError, match=r"an array of numbers of shape \(n, 7\)"):
            Mixed(COLUMNS).check_support(bad)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"columns": []}, "`columns` must name at least one column"),
        ({"columns": "gaussian"}, "`columns` must be a sequence"),
        ({"columns": ["multinomial"]}, "`columns` must hold 'gaussian'.* Received: 'multinomial'"),
        ({"columns": [1]}, "`columns` must be a whole number >= 2"),
        ({"columns": [2], "holes": [1]}, "`holes` must be numbers of the 1 columns"),
        ({"columns": [2], "holes": 1}, "`holes` must be a sequence"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Mixed(**arguments)


def test_shapes_of_other_tables_are_refused():
    likelihood = Mixed(COLUMNS)
    with pytest.raises(ValueError, match=r"`event_shape` must be \(7,\)"):
        likelihood.params_shape((6,))
    with pytest.raises(ValueError, match="it must put out 15 numbers for 7 columns"):
        likelihood.event_shape((14,))
