"""A model that takes sparse rows: the same numbers as of dense ones, wherever data go in."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse

import keras_vae as kv
from keras_vae.data.pipelines import batches
from keras_vae.layers import SparseDense, UnitRows

N_ITEMS = 20


def clicks_vae(is_sparse=True, seed=0):
    glorot = [keras.initializers.GlorotUniform(i) for i in range(4)]
    x = keras.Input((N_ITEMS,), sparse=is_sparse)
    h = SparseDense(8, "tanh", kernel_initializer=glorot[0])(UnitRows()(x))
    encoder = keras.Model(x, [keras.layers.Dense(3, kernel_initializer=g)(h) for g in glorot[1:3]])
    z = keras.Input((3,))
    decoder = keras.Model(z, keras.layers.Dense(N_ITEMS, kernel_initializer=glorot[3])(z))
    vae = kv.VAE(encoder, decoder, "multinomial", seed=seed)
    vae.compile("adam")
    return vae


@pytest.fixture
def clicks(rng):
    dense = (rng.random((50, N_ITEMS)) < 0.3) * rng.integers(1, 4, (50, N_ITEMS))
    dense[7] = 0
    return sparse.csr_matrix(dense.astype("float32"))


@pytest.mark.slow
def test_every_verb_answers_as_it_does_for_dense_rows(clicks):
    vae, dense = clicks_vae(), clicks.toarray()
    assert vae.takes_sparse
    assert not clicks_vae(is_sparse=False).takes_sparse
    for x in (clicks, clicks.tocsc(), tf.sparse.from_dense(dense)):
        for found, expected in zip(vae.encode(x), vae.encode(dense), strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(vae.reconstruct(x), vae.reconstruct(dense), rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(vae.predict(x, verbose=0), vae.predict(dense, verbose=0), rtol=1e-5, atol=1e-6)
        # The noise of a row is that of its values, however they are kept.
        np.testing.assert_allclose(vae.elbo(x, n_samples=3), vae.elbo(dense, n_samples=3), rtol=1e-5)
        np.testing.assert_allclose(vae.log_prob(x, n_samples=300), vae.log_prob(dense, n_samples=300), rtol=1e-5)
    np.testing.assert_allclose(vae.draw(clicks, seed=1), vae.draw(dense, seed=1), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_training_goes_the_same_way(clicks):
    sparse_vae, dense_vae = clicks_vae(), clicks_vae(is_sparse=False)
    one = sparse_vae.fit(clicks, epochs=3, shuffle=False, batch_size=16, verbose=0)
    other = dense_vae.fit(clicks.toarray(), epochs=3, shuffle=False, batch_size=16, verbose=0)
    np.testing.assert_allclose(one.history["loss"], other.history["loss"], rtol=1e-5)
    found = sparse_vae.evaluate(clicks, verbose=0, return_dict=True)
    expected = dense_vae.evaluate(clicks.toarray(), verbose=0, return_dict=True)
    assert found == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_streams_targets_weights_and_single_batches(clicks):
    vae = clicks_vae()
    stream = batches(clicks, 16, seed=0)
    assert np.isfinite(vae.fit(stream, epochs=2, validation_data=(clicks, clicks), verbose=0).history["val_loss"]).all()
    np.testing.assert_allclose(vae.elbo(batches(clicks, 16, shuffle=False)), vae.elbo(clicks), rtol=1e-5)
    vae.fit(clicks, clicks, sample_weight=np.arange(50.0) + 1, verbose=0)
    pairs = tf.data.Dataset.zip((stream, stream)).repeat(2)
    vae.fit(pairs, epochs=1, verbose=0)
    for one in (clicks[:4], tf.sparse.from_dense(clicks.toarray()[:4])):
        assert len(vae.train_on_batch(one)) == len(vae.term_names)
        assert vae.test_on_batch(one) == pytest.approx(vae.test_on_batch(clicks.toarray()[:4]), rel=1e-4)
        np.testing.assert_allclose(vae.predict_on_batch(one), vae.reconstruct(clicks[:4]), rtol=1e-5, atol=1e-6)


@pytest.mark.slow
def test_it_is_saved_exported_and_trained_on_replicas(clicks, tmp_path):
    vae = clicks_vae()
    vae.fit(clicks, verbose=0)
    vae.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.elbo(clicks), vae.elbo(clicks))
    served = kv.load_saved_model(kv.export_saved_model(vae, tmp_path / "served").parent)
    np.testing.assert_allclose(served.encode(clicks.toarray())[0], vae.encode(clicks)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda x: -x, "whose values must be whole numbers >= 0", id="negative"),
        pytest.param(lambda x: x * 0.5, "whose values must be whole numbers >= 0", id="fractions"),
        pytest.param(lambda x: x * np.nan, r"`x` must be finite, in float32.*first x\[0, \d+\]=nan", id="nan"),
        pytest.param(lambda x: x[:, :7], r"`x` must have the shape \(batch, 20\)", id="columns"),
        pytest.param(lambda x: x[:0], "`x` must hold at least one example", id="empty"),
    ],
)
def test_bad_rows_are_refused_before_the_first_step(clicks, change, message):
    vae = clicks_vae()
    with pytest.raises(ValueError, match=message):
        vae.fit(change(clicks), verbose=0)
    if len(message) < 60:
        with pytest.raises(ValueError, match=message):
            vae.elbo(change(clicks))


def test_a_bad_batch_of_a_stream_is_told_by_its_number(clicks):
    vae, bad = clicks_vae(), clicks.copy()
    bad.data[bad.indptr[40]] = -2.0
    with pytest.raises(ValueError, match=r"batch 3 of the stream: .* whole numbers >= 0"):
        vae.fit(batches(bad, 16, shuffle=False), verbose=0)


def test_weights_of_elements_and_models_that_take_dense_rows_refuse_sparse_ones(clicks):
    weights = np.ones((50, N_ITEMS))
    weights[0, 0] = 0.0
    with pytest.raises(ValueError, match="weights of elements must be None for sparse rows"):
        clicks_vae().fit(clicks, sample_weight=weights, verbose=0)
    with pytest.raises(ValueError, match=r"`x` must be a dense array.*pass x.toarray\(\)"):
        clicks_vae(is_sparse=False).fit(clicks, verbose=0)


def test_rows_without_a_single_click_are_rows(clicks):
    nothing = sparse.csr_matrix((4, N_ITEMS), dtype="float32")
    np.testing.assert_allclose(clicks_vae().elbo(nothing), clicks_vae().elbo(nothing.toarray()), rtol=1e-5)
