"""A SavedModel of texts: strings in and strings out, what Python gives, row by row, in any process with TensorFlow."""

import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

import keras_vae as kv
from keras_vae.models.token_draws import seeds_of_rows

TEXTS = ["the cat sat", "the dog sat down", "a cat ran", "a dog ran away from the cat", "the cat"]
SIGNATURES = {"serving_default", "reconstruct", "encode", "score", "decode"}
DRAWS = {"generate", "generate_rows", "sample", "sample_rows"}


def lively(model):
    """An untrained model whose texts depend on the code: with larger weights than those a training begins with."""
    model.set_weights([4.0 * w if w.ndim > 1 else w for w in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    model = kv.make_sequence_vae(kv.data.Tokenizer.learn(TEXTS), latent_dim=3, units=8, max_length=9, seed=0)
    folder = kv.export_saved_model(lively(model), tmp_path_factory.mktemp("text") / "m")
    return model, kv.load_saved_model(folder)


@pytest.fixture(scope="module")
def codes():
    return np.random.default_rng(0).normal(size=(6, 3)).astype("float32") * 2.0


def as_text(rows):
    return [row.decode() for row in rows]


def test_it_serves_strings_by_every_name(exported):
    _, served = exported
    assert set(served.signatures) == SIGNATURES | DRAWS
    for name in SIGNATURES - {"decode"}:
        assert served.input_specs(name)["x"] == tf.TensorSpec((None,), tf.string, name="x")


def test_verbs_answer_as_in_python(exported, codes):
    model, served = exported
    for mine, of_python in zip(served.encode(TEXTS), model.encode(TEXTS), strict=True):
        np.testing.assert_allclose(mine, of_python, rtol=1e-5, atol=1e-6)
    terms = model.elbo_terms(model.prepare(kv.training.Batch(tf.constant(model.tokenizer.rows(TEXTS)))), z="mean")
    scored = served.score(TEXTS)
    for name, of_python in (("elbo", "elbo"), ("kl", "kl_loss"), ("reconstruction_loss", "reconstruction_loss")):
        np.testing.assert_allclose(scored[name], terms[of_python], rtol=1e-5, atol=1e-6)
    assert as_text(served.reconstruct(TEXTS)) == model.reconstruct(TEXTS)
    assert as_text(served.call("reconstruct", x=TEXTS)["x"]) == model.reconstruct(TEXTS)
    assert as_text(served.decode(codes)) == model.decode(codes)
    assert len(set(model.decode(codes))) > 1


def test_draws_are_those_of_the_seed(exported):
    model, served = exported
    drawn = served.call("sample", n=5, seed=[3, 4])
    seeds = seeds_of_rows(tf.random.experimental.stateless_fold_in(tf.constant([3, 4], tf.int64), 1), 5)
    assert as_text(drawn["x"]) == model.tokenizer.texts(model.written(drawn["z"], "sample", seeds=seeds))
    again = served.call("sample", n=5, seed=[3, 4])
    np.testing.assert_array_equal(drawn["z"], again["z"])
    assert drawn["x"].tolist() == again["x"].tolist()
    assert drawn["x"].tolist() != served.sample(5, seed=9).tolist()
    assert len(set(served.generate(20))) > 1
    assert served.generate(20).tolist() != served.generate(20).tolist()


def test_a_row_does_not_depend_on_the_rows_beside_it(exported, codes):
    _, served = exported
    np.testing.assert_allclose(served.encode(TEXTS[:1])[0], served.encode(TEXTS)[0][:1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(served.score(TEXTS[4:])["elbo"], served.score(TEXTS)["elbo"][4:], rtol=1e-5)
    assert served.decode(codes[2:3])[0] == served.decode(codes)[2]
    rows = served.call("sample_rows", seed=[5, 6, 7])
    one = served.call("sample_rows", seed=[6])
    assert one["x"][0] == rows["x"][1]
    np.testing.assert_allclose(one["z"][0], rows["z"][1], rtol=1e-6)


def test_a_row_that_is_not_finite_has_no_text_and_the_others_have_theirs(exported, codes):
    _, served = exported
    z = codes.copy()
    z[1, 0] = np.nan
    found, wanted = served.decode(z), served.decode(codes)
    assert found[1] == b""
    assert np.delete(found, 1).tolist() == np.delete(wanted, 1).tolist()
    drawn = served.call("generate_rows", temperature=[1.0, -1.0, 0.0])
    assert np.isfinite(drawn["z"]).all(axis=1).tolist() == [True, False, True]
    assert drawn["x"][1] == b""
    np.testing.assert_array_equal(drawn["z"][2], 0.0)
    with pytest.raises(ValueError, match="`temperature` must be finite and >= 0"):
        served.call("generate", n=2, temperature=-1.0)


def test_odd_strings_are_answered_and_harm_no_other(exported):
    _, served = exported
    odd = [b"\xff\xfe cat", b"the\x00cat", b"", b"   ", "zebra \U0001f993 שלום".encode(), b"<pad> </s> <unk>"]
    odd += [b"cat " * 500]
    found = served.encode([*odd, b"the cat sat"])
    wanted = served.encode([b"the cat sat"])
    for mine, alone in zip(found, wanted, strict=True):
        assert np.isfinite(mine).all()
        np.testing.assert_allclose(mine[-1:], alone, rtol=1e-4, atol=1e-5)
    assert np.isfinite(served.score(odd)["elbo"]).all()
    # Words that nobody knows are all alike, and so are blanks and nothing.
    unknown = served.encode([b"zebra quagga", b"</s> <pad>"])[0]
    np.testing.assert_array_equal(unknown[0], unknown[1])
    np.testing.assert_array_equal(found[0][2], found[0][3])


@pytest.mark.slow
def test_a_text_beyond_the_limit_of_the_model_is_refused(tmp_path):
    tokenizer = kv.data.Tokenizer.learn(TEXTS, max_length=5)
    model = kv.make_sequence_vae(tokenizer, latent_dim=2, units=4, seed=0)
    served = kv.load_saved_model(kv.export_saved_model(model, tmp_path / "m"))
    assert served.encode(["the dog sat down"])[0].shape == (1, 2)
    with pytest.raises(ValueError, match="sentences must have at most 5 tokens, the end included"):
        served.encode(["the dog sat down", "the dog sat down again"])


@pytest.mark.slow
def test_pieces_of_words_come_and_go_as_ids(tmp_path):
    pytest.importorskip("sentencepiece")
    tokenizer = kv.data.Tokenizer.learn(TEXTS * 5, unit="pieces", max_tokens=300)
    model = lively(kv.make_sequence_vae(tokenizer, latent_dim=2, units=6, max_length=8, seed=0))
    served = kv.load_saved_model(kv.export_saved_model(model, tmp_path / "m"))
    rows = tokenizer.rows(TEXTS)
    assert served.input_specs("encode")["x"] == tf.TensorSpec((None, None), tf.int32, name="x")
    np.testing.assert_allclose(served.encode(rows)[0], model.encode(TEXTS)[0], rtol=1e-5, atol=1e-6)
    assert tokenizer.texts(served.reconstruct(rows)) == model.reconstruct(TEXTS)
    assert served.sample(3, seed=1).dtype == np.int32
    for strange in (tokenizer.n_tokens, -1, 2**30):
        beyond = rows.copy()
        beyond[1, 0] = strange
        found = served.score(beyond)["elbo"]
        assert np.isnan(found[1])
        np.testing.assert_allclose(np.delete(found, 1), np.delete(served.score(rows)["elbo"], 1), rtol=1e-5)
        assert (served.reconstruct(beyond)[1] == -1).all()


@pytest.mark.slow
def test_a_language_model_scores_and_draws(tmp_path):
    model = lively(kv.make_language_model(kv.data.Tokenizer.learn(TEXTS), units=6, max_length=9, seed=0))
    served = kv.load_saved_model(kv.export_saved_model(model, tmp_path / "m"))
    assert set(served.signatures) == {"serving_default", "score"} | DRAWS
    found = served.call("score", x=TEXTS)["log_prob"]
    np.testing.assert_allclose(found, model.log_prob(TEXTS), rtol=1e-5)
    rows = served.call("sample_rows", seed=[1, 2, 3])["x"]
    assert served.call("sample_rows", seed=[2])["x"][0] == rows[1]
    greedy = served.call("generate_rows", temperature=[0.0])["x"]
    assert as_text(greedy) == model.sample(1, strategy="greedy")


OF_TENSORFLOW_ALONE = """
import sys
import tensorflow as tf
assert "keras_vae" not in sys.modules
loaded = tf.saved_model.load(sys.argv[1])
z = loaded.signatures["encode"](x=tf.constant(["the cat sat", ""]))["z_mean"]
assert z.shape == (2, 3) and bool(tf.reduce_all(tf.math.is_finite(z)))
texts = loaded.signatures["decode"](z=z)["x"]
print(texts[0].numpy().decode())
"""


@pytest.mark.slow
def test_it_is_loaded_with_tensorflow_alone(exported, tmp_path):
    model, served = exported
    command = [sys.executable, "-c", OF_TENSORFLOW_ALONE, str(served.folder)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.splitlines()[-1] == model.reconstruct(["the cat sat"])[0]
