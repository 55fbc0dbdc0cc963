"""A model says itself what it serves: endpoints of its own become signatures like any other."""

import numpy as np
import pytest
import tensorflow as tf
from helpers import linear_decoder, linear_encoder
from sessions import PythonSession

from keras_vae.models.endpoint import Endpoint
from keras_vae.models.vae import VAE
from keras_vae.serving.export import export_saved_model
from keras_vae.serving.inspection import inspect_saved_model
from keras_vae.serving.other_formats import export_litert
from keras_vae.serving.preprocess import Preprocess
from keras_vae.serving.saved_model import load_saved_model

VAE_SIGNATURES = {
    *("serving_default", "encode", "decode", "score", "generate", "generate_rows", "sample", "sample_rows")
}
X = np.random.default_rng(0).integers(0, 5, (7, 6)).astype("float32")


class Recommender(VAE):
    """Answers with the items of largest mean that a row does not have yet."""

    def endpoints(self):
        def recommend(x, n_items):
            scores = tf.where(x > 0.0, -np.inf, self(x, training=False))
            values, items = tf.math.top_k(scores, n_items)
            return {"item": items, "score": tf.cast(values, tf.float16), "is_new": tf.reduce_all(x == 0.0, axis=1)}

        def say(x):
            return {"text": tf.strings.join(["sum ", tf.strings.as_string(tf.reduce_sum(x, axis=1))])}

        x = tf.TensorSpec((None, 6), tf.float32, name="x")
        n_items = tf.TensorSpec((), tf.int32, name="n_items")
        own = {"recommend": Endpoint(recommend, (x, n_items)), "say": Endpoint(say, (x,))}
        return {**super().endpoints(), **own}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    model = Recommender(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    return model, export_saved_model(model, tmp_path_factory.mktemp("own") / "m")


def test_an_endpoint_of_its_own_is_a_signature(exported):
    model, folder = exported
    answer = load_saved_model(folder).call("recommend", x=X, n_items=2)
    scores = np.where(X > 0, -np.inf, model.predict(X, verbose=0))
    np.testing.assert_array_equal(answer["item"], np.argsort(-scores, axis=1, kind="stable")[:, :2])
    assert answer["score"].dtype == np.float32
    expected = np.sort(scores, axis=1)[:, :-3:-1]
    np.testing.assert_allclose(answer["score"], expected, rtol=1e-3)  # It computes it in half precision.


def test_the_signatures_of_its_class_stand_beside_it(exported):
    model, folder = exported
    loaded = load_saved_model(folder)
    assert {"recommend", "say"} == set(loaded.signatures) - VAE_SIGNATURES
    np.testing.assert_allclose(loaded.reconstruct(X), model.predict(X, verbose=0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(loaded.sample(3, seed=1), model.sample(3, seed=1), rtol=1e-5, atol=1e-6)


def test_a_row_that_is_not_finite_has_no_answer_of_any_type(exported):
    spoilt = X.copy()
    spoilt[2, 1] = np.inf
    with PythonSession(exported[1]) as session:
        fine, answer = (session.call("recommend", x=x, n_items=np.int32(2)) for x in (X, spoilt))
        text = session.call("say", x=spoilt)["text"]
    assert np.isnan(answer["score"][2]).all()
    assert answer["item"][2].tolist() == [-1, -1]
    assert not answer["is_new"][2]
    assert text[2] == b""
    assert text[0] == f"sum {X[0].sum():f}".encode()
    for name, value in answer.items():
        np.testing.assert_array_equal(np.delete(value, 2, axis=0), np.delete(fine[name], 2, axis=0))


@pytest.mark.slow
def test_a_preprocessing_stands_in_front_of_its_x_too(tmp_path, exported):
    model, _ = exported
    halves = Preprocess(lambda half: tf.repeat(half, 2, axis=1), tf.TensorSpec((None, 3), tf.float32, name="half"))
    loaded = load_saved_model(export_saved_model(model, tmp_path / "m", preprocess=halves))
    assert set(loaded.input_specs("recommend")) == {"half", "n_items"}
    assert loaded.call("say", half=X[:, :3])["text"][0] == f"sum {2 * X[0, :3].sum():f}".encode()


def test_it_is_warmed_up_and_looked_at_like_the_others(exported):
    model, folder = exported
    report = inspect_saved_model(folder, model)
    assert report["agrees"] is True
    assert set(report["signatures"]["recommend"]["difference"]) == {"item", "score", "is_new"}
    assert report["signatures"]["say"]["difference"]["text"] == {"max_abs": 0.0, "max_rel": 0.0}
    assert report["warmup_requests"] == 14 + 1 + 2


class Louder(Recommender):
    def endpoints(self):
        own = super().endpoints()

        def say(x):
            return {"text": tf.strings.join(["SUM ", tf.strings.as_string(tf.reduce_sum(x, axis=1))])}

        return {**own, "say": Endpoint(say, own["say"].specs)}


def test_texts_that_differ_are_no_agreement(exported):
    louder = Louder(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    report = inspect_saved_model(exported[1], louder)
    assert report["agrees"] is False
    assert report["signatures"]["say"]["difference"]["text"]["max_abs"] == 1.0


class Fixed(VAE):
    """Serves what it likes under the names of others, and cannot be decoded."""

    def endpoints(self):
        x = tf.TensorSpec((None, 6), tf.float32, name="x")
        return {"generate": Endpoint(lambda x: {"y": 2.0 * x}, (x,))}


def test_a_model_may_serve_less_and_draws_need_its_decode(tmp_path):
    model = Fixed(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    loaded = load_saved_model(export_saved_model(model, tmp_path / "m"))
    # Keras gives the first one the name that a server asks for by default.
    assert set(loaded.signatures) == {"generate", "serving_default"}
    np.testing.assert_array_equal(loaded.call("generate", x=X)["y"], 2.0 * X)


class OwnGenerate(VAE):
    def endpoints(self):
        x = tf.TensorSpec((None, 6), tf.float32, name="x")
        return {**super().endpoints(), "generate": Endpoint(lambda x: {"y": 2.0 * x}, (x,))}


def test_an_endpoint_of_its_own_goes_before_a_draw_of_that_name(tmp_path):
    model = OwnGenerate(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    loaded = load_saved_model(export_saved_model(model, tmp_path / "m"))
    assert set(loaded.signatures) == VAE_SIGNATURES
    assert set(loaded.input_specs("generate")) == {"x"}


class NoEncoding(VAE):
    def endpoints(self):
        return {name: endpoint for name, endpoint in super().endpoints().items() if name != "encode"}


def test_other_formats_hold_the_verbs_that_the_model_serves(tmp_path):
    litert = pytest.importorskip("ai_edge_litert.interpreter", reason="ai-edge-litert is not installed")
    model = NoEncoding(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    interpreter = litert.Interpreter(str(export_litert(model, tmp_path / "m.tflite")))
    assert set(interpreter.get_signature_list()) == {"reconstruct", "decode"}
