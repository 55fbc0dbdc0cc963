import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_vae as kv

TOKENS = np.array([[5, 7, 9, 3, 0, 0], [6, 3, 0, 0, 0, 0], [8, 9, 5, 6, 7, 3]])
N_TOKENS = 20


def decoder_of(network="lstm", latent_dim=4, units=6, **options):
    sizes = {"embedding_dim": 8, "units": units, "network": network, "n_frequent": 5}
    kind = kv.networks.TransformerTextDecoder if network == "transformer" else kv.networks.TextDecoder
    return kind(
        N_TOKENS, latent_dim, **{**sizes, "n_heads": 2, **options} if network == "transformer" else {**sizes, **options}
    )


def encoder_of(network="lstm", **options):
    kind = kv.networks.TransformerTextEncoder if network == "transformer" else kv.networks.TextEncoder
    options |= {"n_heads": 2} if network == "transformer" else {}
    return kind(N_TOKENS, 4, network=network, embedding_dim=8, units=6, **options)


def log_prob(decoder, z, tokens):
    return decoder.log_prob(decoder([z, decoder.told_before(tokens)]), tokens).numpy()


@pytest.fixture
def z():
    return np.random.default_rng(0).normal(size=(3, 4)).astype("float32")


@pytest.mark.parametrize("options", [{}, {"units": 8}, {"n_layers": 2}, {"network": "gru"}, {"network": "transformer"}])
def test_the_words_before_and_nothing_else_decide(z, options):
    decoder = decoder_of(**options)
    before = decoder.log_probs(decoder([z, decoder.told_before(TOKENS)])).numpy()
    changed = TOKENS.copy()
    changed[2, 3] = 11
    after = decoder.log_probs(decoder([z, decoder.told_before(changed)])).numpy()
    np.testing.assert_array_equal(after[2, :4], before[2, :4])
    assert np.abs(after[2, 4:, 2:] - before[2, 4:, 2:]).max(axis=-1).min() > 1e-6


@pytest.mark.parametrize("network", ["lstm", "gru", "transformer"])
def test_padding_and_neighbours_change_nothing(z, network):
    decoder = decoder_of(network)
    whole = log_prob(decoder, z, TOKENS)
    assert not whole[TOKENS == 0].any()
    wider = np.pad(TOKENS, ((0, 0), (0, 5)))
    np.testing.assert_allclose(log_prob(decoder, z, wider)[:, :6], whole, rtol=1e-5, atol=1e-6)
    alone = log_prob(decoder, z[1:2], TOKENS[1:2, :2])
    np.testing.assert_allclose(alone[0], whole[1, :2], rtol=1e-5, atol=1e-6)


def test_log_prob_is_that_of_all_tokens_and_sums_to_one(z):
    decoder = decoder_of()
    decoder.start_at(np.arange(N_TOKENS)[::-1])
    features = decoder([z, decoder.told_before(TOKENS)])
    of_all = decoder.log_probs(features).numpy()
    np.testing.assert_allclose(np.exp(of_all).sum(axis=-1), 1.0, rtol=1e-5)
    assert np.isneginf(of_all[..., :2]).all()
    picked = np.take_along_axis(of_all, TOKENS[..., None], axis=-1)[..., 0]
    np.testing.assert_allclose(np.where(TOKENS > 0, picked, 0.0), decoder.log_prob(features, TOKENS), atol=1e-5)


@pytest.mark.parametrize(
    "options", [{}, {"n_layers": 2, "network": "gru"}, {"latent_dim": 0}, {"network": "transformer"}]
)
def test_step_by_step_is_the_whole_at_once(z, options):
    decoder = decoder_of(**options)
    z = z[:, : decoder.latent_dim]
    whole = decoder.log_probs(decoder([z, decoder.told_before(TOKENS)])).numpy()
    state, tokens = decoder.initial_state(z), np.ones(3, int)
    for i in range(TOKENS.shape[1]):
        found, state = decoder.step(tf.constant(tokens), z, state)
        np.testing.assert_allclose(found.numpy()[:, 2:], whole[:, i, 2:], rtol=1e-4, atol=1e-5)
        tokens = TOKENS[:, i]


def test_the_code_reaches_every_word(z):
    decoder = decoder_of()
    first, second = (log_prob(decoder, codes, TOKENS) for codes in (z, z + 1.0))
    assert (np.abs(first - second)[TOKENS > 0] > 1e-6).all()


def test_dropouts_are_of_training_alone_and_hide_inputs_not_targets(z):
    decoder = decoder_of(dropout=0.5, word_dropout=1.0, seed=0)
    told = decoder.told_before(TOKENS)
    assert np.array_equal(decoder([z, told]), decoder([z, told]))
    assert not np.array_equal(decoder([z, told], training=True), decoder([z, told], training=True))
    blind = decoder_of(word_dropout=1.0)
    other = np.where(TOKENS > 3, 15, TOKENS)
    one, two = (blind([z, blind.told_before(tokens)], training=True) for tokens in (TOKENS, other))
    np.testing.assert_allclose(one[0, :4], two[0, :4])
    assert not np.allclose(blind.log_prob(one, TOKENS)[0, :3], blind.log_prob(two, other)[0, :3])


def test_predictions_start_at_the_frequencies():
    decoder = decoder_of(latent_dim=0)
    counts = np.r_[0, 0, 0, 40, 30, 20, np.ones(N_TOKENS - 6, int)]
    decoder.start_at(counts)
    decoder.embedding.embeddings.assign(tf.zeros_like(decoder.embedding.embeddings))
    found, _ = decoder.step(tf.constant([1]), tf.zeros((1, 0)), decoder.initial_state(tf.zeros((1, 0))))
    wanted = (counts[2:] + 1) / (counts[2:] + 1).sum()
    np.testing.assert_allclose(np.exp(found.numpy()[0, 2:]), wanted, rtol=1e-5)


@pytest.mark.parametrize(
    "options", [{}, {"both_ways": True}, {"network": "gru", "both_ways": True}, {"network": "transformer"}]
)
def test_the_encoder_does_not_see_padding_or_neighbours(options):
    encoder = encoder_of(**options)
    whole = [part.numpy() for part in encoder(TOKENS)]
    wider = encoder(np.pad(TOKENS, ((0, 0), (0, 4))))
    alone = encoder(TOKENS[1:2, :2])
    for i in range(2):
        np.testing.assert_allclose(wider[i], whole[i], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(alone[i][0], whole[i][1], rtol=1e-5, atol=1e-6)
    changed = TOKENS.copy()
    changed[0, 0] = 11
    assert np.abs(encoder(changed)[0].numpy() - whole[0]).max(axis=1)[0] > 1e-5
    assert np.isfinite(encoder(np.zeros((1, 3)))[0]).all()


@pytest.mark.slow
@pytest.mark.parametrize("network", ["lstm", "transformer"])
def test_networks_survive_saving(tmp_path, z, network):
    tokens, code = keras.Input((None,), dtype="int32"), keras.Input((4,))
    encoder = encoder_of(network, seed=1, name="encoder")
    decoder = decoder_of(network, seed=1, n_layers=2, name="decoder")
    model = keras.Model([code, tokens], [*encoder(tokens), decoder([code, tokens])])
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    for one, other in zip(model([z, TOKENS]), loaded([z, TOKENS]), strict=True):
        np.testing.assert_array_equal(one, other)
    for layer in (encoder, decoder):
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_tokens": 3}, r"`n_tokens` must be"),
        ({"latent_dim": -1}, r"`latent_dim` must be"),
        ({"network": "rnn"}, r"`network` must be one of"),
        ({"units": 0}, r"`units` must be"),
        ({"n_layers": 0}, r"`n_layers` must be"),
        ({"embedding_dim": 0}, r"`embedding_dim` must be"),
    ],
)
def test_arguments_out_of_bounds_are_refused(arguments, message):
    given = {"n_tokens": N_TOKENS, "latent_dim": 4, **arguments}
    with pytest.raises(ValueError, match=message):
        kv.networks.TextDecoder(**given)
    given.pop("n_layers", None)
    if "n_layers" not in arguments and arguments.get("latent_dim") != -1:
        with pytest.raises(ValueError, match=message):
            kv.networks.TextEncoder(**given)
