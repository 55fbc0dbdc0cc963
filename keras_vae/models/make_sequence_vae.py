"""Models of texts from a few words: tokenizer, size of the code, kind and width of the network."""

import keras

from keras_vae._checks import check_choice
from keras_vae._token_ids import N_UNPREDICTED
from keras_vae.data.tokenizer import Tokenizer
from keras_vae.layers.two_level_softmax import frequent_classes
from keras_vae.models.language_model import LanguageModel
from keras_vae.models.make_vae import initial_weights_from
from keras_vae.models.sequence_vae import SequenceVAE
from keras_vae.networks.text_decoder import TextDecoder
from keras_vae.networks.text_encoder import TextEncoder
from keras_vae.networks.text_transformer import TransformerTextDecoder, TransformerTextEncoder
from keras_vae.objectives.objective import Objective
from keras_vae.priors.prior import Prior

MAX_LENGTH = 128
NETWORKS = ("lstm", "gru", "transformer")
# Blocks of attention where nothing is said.
N_BLOCKS = 2


def make_sequence_vae(
    tokenizer: Tokenizer, latent_dim: int = 32, network: str = "lstm", units: int = 256,
    embedding_dim: int | None = None, n_layers: int | None = None, both_ways: bool = False, dropout: float = 0.3,
    word_dropout: float = 0.0, n_frequent: int | None = None, prior: Prior | None = None, beta: float = 1.0,
    objective: Objective | None = None, posterior_flow: keras.layers.Layer | None = None,
    max_length: int | None = None, seed: int | None = None,
) -> SequenceVAE:  # fmt: skip
    """A `SequenceVAE` of one `networks.TextEncoder` and one `networks.TextDecoder`.

    Args:
        tokenizer: `data.Tokenizer`, learned from the training part. Its counts are where the predictions start.
        latent_dim: int >= 1.
        network: "lstm", "gru" or "transformer".
        units: int >= 1. Size of the states; four heads of attention share it.
        embedding_dim: int >= 1 or None for `units`.
        n_layers: int >= 1 or None. Of the decoder, and of an encoder with attention; None for 1, or 2 with attention.
        both_ways: bool. Let a recurrent encoder read the text from the right as well.
        dropout: float from 0 to 1. Of embedded words, of encoder and decoder, and of the features.
        word_dropout: float from 0 to 1. Share of the words that the decoder is not told in training.
        n_frequent: int or None. Words on the first level of the softmax; None for the number that costs least.
        prior, beta, objective, posterior_flow: as in `SequenceVAE`.
        max_length: int >= 1 or None. Tokens at which a text that is written ends; None for that of the tokenizer, or
            128.
        seed: int or None. Initial weights and random state; None takes them from Keras's global seed.

    Returns:
        `SequenceVAE`, built, not compiled.

    Raises:
        ValueError: for an argument out of bounds.
    """
    sizes = {"network": network, "embedding_dim": embedding_dim or units, "units": units, "seed": seed}
    with initial_weights_from(seed):
        encoder = _encoder(tokenizer, latent_dim, sizes, n_layers, both_ways, dropout)
        decoder = _decoder(tokenizer, latent_dim, sizes, n_layers, dropout, word_dropout, n_frequent)
        bound = {"prior": prior, "beta": beta, "objective": objective, "posterior_flow": posterior_flow}
        length = max_length or tokenizer.max_length or MAX_LENGTH
        model = SequenceVAE(encoder, decoder, tokenizer, seed=seed, max_length=length, **bound)
    decoder.start_at(tokenizer.counts)
    return model


def make_language_model(
    tokenizer: Tokenizer,
    network: str = "lstm",
    units: int = 256,
    embedding_dim: int | None = None,
    n_layers: int | None = None,
    dropout: float = 0.3,
    n_frequent: int | None = None,
    max_length: int | None = None,
    seed: int | None = None,
) -> LanguageModel:
    """A `LanguageModel`: the decoder of `make_sequence_vae` without a code; arguments as there."""
    sizes = {"network": network, "embedding_dim": embedding_dim or units, "units": units, "seed": seed}
    with initial_weights_from(seed):
        decoder = _decoder(tokenizer, 0, sizes, n_layers, dropout, 0.0, n_frequent)
        length = max_length or tokenizer.max_length or MAX_LENGTH
        model = LanguageModel(decoder, tokenizer, seed=seed, max_length=length)
    decoder.start_at(tokenizer.counts)
    return model


def _encoder(tokenizer, latent_dim, sizes, n_layers, both_ways, dropout):
    if sizes["network"] == "transformer":
        return TransformerTextEncoder(
            tokenizer.n_tokens, latent_dim, n_layers=n_layers or N_BLOCKS, dropout=dropout, **sizes
        )
    return TextEncoder(tokenizer.n_tokens, latent_dim, both_ways=both_ways, dropout=dropout, **sizes)


def _decoder(tokenizer, latent_dim, sizes, n_layers, dropout, word_dropout, n_frequent):
    check_choice("network", sizes["network"], NETWORKS)
    if n_frequent is None:
        n_frequent = frequent_classes(tokenizer.counts[N_UNPREDICTED:])
    is_transformer = sizes["network"] == "transformer"
    n_layers = n_layers or (N_BLOCKS if is_transformer else 1)
    options = {"dropout": dropout, "word_dropout": word_dropout, "n_frequent": n_frequent, **sizes}
    kind = TransformerTextDecoder if is_transformer else TextDecoder
    return kind(tokenizer.n_tokens, latent_dim, n_layers=n_layers, **options)
