import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_vae as kv

TEXTS = ["the cat sat", "the dog sat down", "a cat ran", "a dog ran away from the cat"] * 4


@pytest.fixture(scope="module")
def tokenizer():
    return kv.data.Tokenizer.learn(TEXTS)


def new_model(tokenizer, **options):
    return kv.make_sequence_vae(tokenizer, **{"latent_dim": 3, "units": 12, "seed": 0, **options})


def fitted(model, epochs=1, **options):
    model.compile(keras.optimizers.Adam(1e-2))
    model.fit(TEXTS, epochs=epochs, batch_size=8, verbose=0, **options)
    return model


@pytest.fixture(scope="module")
def model(tokenizer):
    """A model that has learned its four texts by heart."""
    return fitted(new_model(tokenizer, units=24, dropout=0.0, beta=0.02), epochs=60)


@pytest.fixture(scope="module")
def tiny():
    """Two words, at most two of them in a text: all texts can be counted."""
    tokenizer = kv.data.Tokenizer.learn(["a b", "b", "a a", "a"])
    return new_model(tokenizer, latent_dim=1, units=4)


@pytest.mark.slow
def test_training_lowers_the_loss_and_the_terms_are_those_of_the_bound(tokenizer):
    model = new_model(tokenizer)
    model.compile(keras.optimizers.Adam(1e-2))
    history = model.fit(TEXTS, epochs=8, batch_size=8, verbose=0, validation_data=TEXTS[:4]).history
    assert history["loss"][-1] < history["loss"][0]
    assert set(history) >= {"val_elbo", "val_kl_loss", "kl_loss", "reconstruction_loss"}
    found = model.evaluate(TEXTS, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(found["reconstruction_loss"] + found["kl_loss"], rel=1e-5)
    assert found["elbo"] == pytest.approx(-found["loss"], rel=1e-5)


def test_probabilities_of_all_texts_sum_to_one(tiny):
    """p(x) by quadrature over the one dimension of z, of every text of up to two words, and of what goes on longer."""
    z = np.linspace(-6.0, 6.0, 241, dtype=np.float32)[:, None]
    weights = np.exp(-0.5 * z[:, 0] ** 2) / np.sqrt(2.0 * np.pi) * (z[1, 0] - z[0, 0])
    words = range(4, tiny.tokenizer.n_tokens)
    texts = [[*body, 3] for n in range(3) for body in itertools.product([2, *words], repeat=n)]
    rows = np.zeros((len(texts), 3), np.int32)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = text
    p_of_text = []
    for row in rows:
        tokens = np.tile(row, (len(z), 1))
        features = tiny.decoder([z, tiny.decoder.told_before(tokens)])
        p_of_text.append(np.exp(tiny.decoder.log_prob(features, tokens).numpy().sum(axis=1)) @ weights)
    longer = []
    for body in itertools.product([2, *words], repeat=2):
        tokens = np.tile([*body, 3], (len(z), 1))
        features = tiny.decoder([z, tiny.decoder.told_before(tokens)])
        log_prob = tiny.decoder.log_prob(features, tokens).numpy()
        longer.append((np.exp(log_prob[:, :2].sum(axis=1)) * (1.0 - np.exp(log_prob[:, 2]))) @ weights)
    assert sum(p_of_text) + sum(longer) == pytest.approx(1.0, abs=1e-4)
    # And the importance-weighted bound is the same number.
    bound = tiny.log_prob(rows[1:6], n_samples=4000)
    np.testing.assert_allclose(bound, np.log(p_of_text[1:6]), atol=0.02)


def test_the_bound_is_kl_and_log_prob_by_hand(model):
    tokens = model.tokenizer.rows(TEXTS[:4])
    z_mean, z_log_var = model.encode(TEXTS[:4])
    terms = model.elbo_terms(model.prepare(kv.training.Batch(tf.constant(tokens))), z="mean")
    kl = 0.5 * (z_mean**2 + np.exp(z_log_var) - 1.0 - z_log_var).sum(axis=1)
    features = model.decoder([z_mean, model.decoder.told_before(tokens)])
    np.testing.assert_allclose(terms["kl_loss"], kl, rtol=1e-4)
    by_hand = np.take_along_axis(model.decoder.log_probs(features).numpy(), tokens[..., None], -1)[..., 0]
    np.testing.assert_allclose(-terms["reconstruction_loss"], np.where(tokens > 0, by_hand, 0).sum(1), rtol=1e-4)


def test_padding_order_and_neighbours_change_no_figure(model):
    whole = model.elbo(TEXTS[:4], n_samples=3)
    wide = model.elbo(model.tokenizer.rows(TEXTS[:4], width=40), n_samples=3)
    np.testing.assert_allclose(wide, whole, rtol=1e-4)
    np.testing.assert_allclose(model.elbo(TEXTS[3:0:-1], n_samples=3), whole[3:0:-1], rtol=1e-4)
    np.testing.assert_allclose(model.elbo(TEXTS[:1], n_samples=3), whole[:1], rtol=1e-4)
    np.testing.assert_allclose(model.log_prob(TEXTS[:4], 40, batch_size=3), model.log_prob(TEXTS[:4], 40), rtol=1e-4)


def test_rows_may_be_texts_ids_arrays_or_streams(model):
    wanted = model.encode(TEXTS[:4])[0]
    ids = model.tokenizer.ids(TEXTS[:4])
    rows = model.tokenizer.rows(TEXTS[:4])
    stream = tf.data.Dataset.from_tensor_slices(TEXTS[:4]).batch(2)
    generator = (TEXTS[i : i + 2] for i in (0, 2))
    for x in (np.array(TEXTS[:4]), tuple(TEXTS[:4]), ids, rows, rows.astype(float), stream, generator):
        np.testing.assert_allclose(model.encode(x)[0], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_a_stream_of_texts_trains_as_well(tokenizer):
    model = new_model(tokenizer)
    model.compile(keras.optimizers.Adam(1e-2))
    stream = tf.data.Dataset.from_tensor_slices(TEXTS).batch(4)
    history = model.fit(stream, validation_data=TEXTS[:4], epochs=2, verbose=0).history
    assert history["loss"][1] < history["loss"][0]
    assert np.isfinite(model.evaluate(stream, verbose=0)).all()
    assert np.isfinite(model.train_on_batch(TEXTS[:3])).all()
    assert np.isfinite(model.test_on_batch(TEXTS[:3])).all()


@pytest.mark.slow
def test_a_part_of_the_texts_may_be_held_out(tokenizer):
    model = new_model(tokenizer)
    model.compile("adam")
    history = model.fit(TEXTS, validation_split=0.25, verbose=0).history
    assert np.isfinite(history["val_elbo"]).all()


def test_what_was_learned_is_written_again(model):
    assert model.reconstruct(TEXTS[:4], strategy="beam") == TEXTS[:4]
    assert model.reconstruct(TEXTS[:4]) == TEXTS[:4]
    ids = model.predict(TEXTS[:4])
    assert model.tokenizer.texts(ids.astype(int)) == TEXTS[:4]
    assert model(model.tokenizer.rows(TEXTS[:2])).shape == ids[:2].shape


def test_samples_repeat_by_seed_whatever_the_batches(model):
    first = model.sample(20, seed=3)
    assert first == model.sample(20, seed=3, batch_size=7)
    assert first[:5] == model.sample(5, seed=3)
    assert first != model.sample(20, seed=4)
    assert len(set(first)) > 2
    z = model.encode(TEXTS[:1])[0]
    assert model.decode(z, "sample", temperature=0.0, seed=1) == model.decode(z)
    assert model.decode(z, "sample", top_p=1e-6, seed=1) == model.decode(z)


def test_ways_between_texts_begin_and_end_with_them(model):
    for path in ("linear", "spherical"):
        way = model.interpolate(TEXTS[0], TEXTS[3], steps=5, path=path)
        assert len(way) == 5
        assert (way[0], way[-1]) == (TEXTS[0], TEXTS[3])
    vector = model.attribute_vector(TEXTS, ["dog" in text for text in TEXTS])
    moved = model.shift(TEXTS[:2], vector, (0.0, 1.0))
    assert [row[0] for row in moved] == model.reconstruct(TEXTS[:2], strategy="beam")
    assert list(map(len, moved)) == [2, 2]


def test_gaps_get_words_and_the_rest_stays(model):
    found = model.impute(["the ___ sat down", "a ___ ran away from the ___"])
    assert found[0].split()[0] == "the"
    assert found[0].split()[2:] == ["sat", "down"]
    assert "___" not in " ".join(found)
    assert found[1] == "a dog ran away from the cat"
    with pytest.raises(ValueError, match="gap"):
        model.impute(["no such thing"])
    with pytest.raises(ValueError, match=r"at most max_length=\d+ tokens a text"):
        model.impute(["the ___" + " sat" * model.max_length])


@pytest.mark.slow
def test_a_saved_model_is_the_same_and_goes_on(tokenizer, tmp_path):
    model = fitted(new_model(tokenizer, dropout=0.3, word_dropout=0.2))
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.elbo(TEXTS), model.elbo(TEXTS))
    assert loaded.sample(3, seed=0) == model.sample(3, seed=0)
    assert loaded.tokenizer.vocabulary == model.tokenizer.vocabulary
    for one in (model, loaded):
        # Anew for each: every pass over a stream of batches is the next epoch.
        one.fit(kv.data.token_batches(tokenizer.rows(TEXTS), 8, seed=5), verbose=0)
    np.testing.assert_array_equal(loaded.elbo(TEXTS), model.elbo(TEXTS))


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        {"objective": lambda: kv.objectives.ELBO(free_bits=4.0, free_bits_over="total")},
        {"objective": lambda: kv.objectives.ELBO(free_bits=0.5)},
        {"objective": lambda: kv.objectives.ELBO(beta=2.0, capacity=3.0)},
        {"objective": lambda: kv.objectives.ImportanceWeighted(3)},
        {"objective": lambda: kv.objectives.ImportanceWeighted(3, gradient="doubly_reparameterized")},
        {"objective": lambda: kv.objectives.MMD(10.0)},
        {"objective": lambda: kv.objectives.TotalCorrelation(2.0)},
        {"prior": lambda: kv.priors.MixtureOfGaussians(3, seed=0)},
        {"posterior_flow": lambda: kv.layers.InverseAutoregressiveFlow(hidden_units=(8,))},
        {"network": lambda: "gru"},
        {"both_ways": lambda: True, "n_layers": lambda: 2, "embedding_dim": lambda: 7},
    ],
    ids=lambda options: "-".join(options),
)
def test_every_objective_prior_and_network_trains(tokenizer, options):
    model = fitted(new_model(tokenizer, **{name: make() for name, make in options.items()}))
    assert np.isfinite(model.evaluate(TEXTS, verbose=0)).all()
    assert len(model.sample(2, seed=0)) == 2


@pytest.mark.slow
def test_the_encoder_may_be_trained_ahead_and_a_sampler_fitted(tokenizer):
    model = new_model(tokenizer)
    model.compile("adam", steps_per_execution=1)
    rows = tokenizer.rows(TEXTS)
    ahead = kv.callbacks.AggressiveEncoder(rows, max_inner_steps=2, window=1, batch_size=8)
    history = model.fit(TEXTS, callbacks=[ahead], verbose=0).history
    assert "mutual_information" in history
    kv.samplers.fit(model, rows, "gmm", n_components=2)
    assert len(model.sample(3, seed=0)) == 3


@pytest.mark.slow
def test_half_precision_trains_with_losses_in_single(tokenizer):
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = fitted(new_model(tokenizer))
    finally:
        keras.config.set_dtype_policy("float32")
    assert model.decoder.compute_dtype == "bfloat16"
    assert np.isfinite(model.elbo(TEXTS)).all()


@pytest.mark.slow
def test_many_draws_of_a_long_text_are_made_in_parts(model):
    long = " ".join(["the cat"] * 60)
    few, many = model.log_prob([long], n_samples=5), model.log_prob([long], n_samples=300)
    assert np.isfinite(few).all()
    assert many >= few - 1.0


@pytest.mark.slow
def test_doctor_looks_at_texts_as_at_anything(model):
    rows = model.tokenizer.rows(TEXTS * 2)
    report = kv.evaluation.check_health(model, rows, rows)
    assert "active" in str(report)


def test_a_twin_is_saved_with_the_model_and_never_trained(tokenizer, tmp_path):
    model = new_model(tokenizer)
    twin = kv.make_language_model(tokenizer, units=12, seed=1)
    n_weights = len(model.trainable_variables)
    model.twin = twin
    assert len(model.trainable_variables) == n_weights
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(loaded.twin.log_prob(TEXTS), twin.log_prob(TEXTS))
    assert len(loaded.trainable_variables) == n_weights
    with pytest.raises(ValueError, match=r"`twin` must be a `models\.LanguageModel` of the same tokenizer"):
        model.twin = kv.make_language_model(kv.data.Tokenizer.learn(["another"]), units=4)
    with pytest.raises(ValueError, match=r"`twin` must be"):
        model.twin = model


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ("one text", r"`x` must be a list of texts. Received: one text"),
        ([], r"at least one"),
        (["fine", None], r"None"),
        (["fine", 3.0], r"3\.0"),
        (np.array([[4, 5]]), r"the end \(3\) behind them"),
        (np.array([[4, 3, 5]]), r"the end \(3\) behind them"),
        (np.array([[4, 0, 3]]), r"the end \(3\) behind them"),
        (np.array([[4.5, 3.0]]), r"whole numbers"),
        (np.array([[999, 3]]), r"999"),
        (np.array([[-1, 3]]), r"-1"),
        (np.zeros((0, 4), int), r"at least one row"),
    ],
)
def test_what_is_no_text_is_refused_by_fit_and_by_verbs(model, x, message):
    for verb in (model.encode, model.elbo, model.fit, model.evaluate):
        with pytest.raises(ValueError, match=message):
            verb(x)


def test_arguments_that_mean_nothing_are_refused(tokenizer, model):
    other = kv.data.Tokenizer.learn(["only these"])
    with pytest.raises(ValueError, match="`y` must be None"):
        model.fit(TEXTS, TEXTS)
    with pytest.raises(ValueError, match=r"`validation_data` must be texts alone"):
        model.fit(TEXTS, validation_data=(TEXTS, TEXTS))
    with pytest.raises(ValueError, match="`sample_weight` must be None"):
        model.fit(TEXTS, sample_weight=np.ones(len(TEXTS)))
    with pytest.raises(ValueError, match="`mask` must be None"):
        model.elbo(TEXTS, mask=np.ones((len(TEXTS), 3)))
    with pytest.raises(ValueError, match="n_tokens"):
        kv.models.SequenceVAE(model.encoder, model.decoder, other)
    with pytest.raises(ValueError, match=r"`tokenizer` must be a keras_vae\.data\.Tokenizer"):
        kv.models.SequenceVAE(model.encoder, model.decoder, TEXTS)
    with pytest.raises(ValueError, match=r"`decoder` must be a `networks.TextDecoder`"):
        kv.models.SequenceVAE(model.encoder, keras.layers.Dense(3), tokenizer)
    decoder = kv.networks.TextDecoder(tokenizer.n_tokens, 5, units=4, embedding_dim=4)
    with pytest.raises(ValueError, match="latent_dim=3: as the encoder has"):
        kv.models.SequenceVAE(model.encoder, decoder, tokenizer)
    with pytest.raises(ValueError, match="must not be set"):
        model.decoder = kv.networks.TextDecoder(tokenizer.n_tokens, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strategy": "best"}, r"`strategy` must be one of"),
        ({"beam": 0}, r"`beam` must be"),
        ({"top_p": 0.0}, r"`top_p` must be"),
        ({"top_p": 1.5}, r"`top_p` must be"),
        ({"temperature": -1.0}, r"`temperature` must be"),
        ({"batch_size": 0}, r"`batch_size` must be"),
    ],
)
def test_arguments_of_decode_out_of_bounds_are_refused(model, options, message):
    with pytest.raises(ValueError, match=message):
        model.decode(np.zeros((1, 3)), **options)
    for z in (np.zeros((1, 4)), np.zeros(3), np.full((1, 3), np.nan)):
        with pytest.raises(ValueError, match="`z` must be finite codes"):
            model.decode(z)
