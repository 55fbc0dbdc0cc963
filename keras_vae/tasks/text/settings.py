"""The settings of `keras-vae train-text` and `train-language-model`: one more of them is one more line here."""

import functools

from keras_vae._checks import check_number
from keras_vae.tasks.reading_settings import READING as ALL_READING
from keras_vae.tasks.setting import COMMON, Setting, check_dropout, check_flag, choice, listed, number, whole

UNITS = ("words", "characters", "bytes", "pieces")
NETWORKS = ("lstm", "gru", "transformer")
TOKENS, TRAINING = "Tokens", COMMON["epochs"].section
SHARE = functools.partial(check_number, minimum=0.0, maximum=1.0)

FIGURE_UNITS = {
    "nats_lost_when_shuffled": "nats per text, when each gets the code of another",
    "perplexity": "per token, the ends counted",
    "perplexity_words_only": "per token, the ends not counted as tokens",
    "twin_negative_log_prob": "nats per text, of the same decoder without a code",
}

_TOKENS = {
    "unit": Setting(default="words", help=f"What a text is cut into: {listed(UNITS)}", names_run=True, **choice(UNITS)),
    "max_tokens": Setting(
        whole(5), None, "Size of the vocabulary at most; rarer words are unknown.", "all; 4000 pieces", kind=int
    ),
    "min_count": Setting(whole(1), 1, "Words that come less often in the training part are unknown."),
    "lower": Setting(check_flag, False, "Make capital letters small ones."),
    "max_length": Setting(
        whole(2), None, "Leave out longer texts, in tokens; they are counted.", "the longest one's", kind=int
    ),
}
TOKENS_TABLE = {name: setting.under(TOKENS) for name, setting in _TOKENS.items()}

_NETWORK = {
    "network": Setting(default="lstm", help=f"Kind of the layers: {listed(NETWORKS)}", **choice(NETWORKS)),
    "state_units": Setting(whole(1), 256, "Size of the states and of the embedding."),
    "n_layers": Setting(whole(1), None, "Layers of the decoder.", "1; 2 of a transformer", kind=int),
    "dropout": Setting(
        check_dropout,
        None,
        "Of words and features; a run that goes on may have another one.",
        "by the number of texts",
        kind=float,
        may_change=True,
    ),
}
READING = {name: ALL_READING[name] for name in ("columns", "label", "header") if name in ALL_READING}
MINUTES = {"minutes": Setting(**{**vars(COMMON["minutes"]), "default": 30.0})}

LANGUAGE_SETTINGS = {**_NETWORK, **TOKENS_TABLE, **READING, **COMMON, **MINUTES}
SETTINGS = {
    "latent_dim": Setting(whole(1), 32, "Latent dimensions."),
    **_NETWORK,
    "both_ways": Setting(check_flag, False, "Let the encoder read texts from the right as well."),
    "word_dropout": Setting(SHARE, 0.0, "Share of the words that the decoder is not told in training."),
    "beta": Setting(number(0.0), 1.0, "Weight of the KL once it has risen."),
    "free_nats": Setting(
        number(0.0),
        None,
        "Nats a text of the KL that cost nothing: so much of a text the code may say.",
        "a twentieth of what a text costs word by word",
        kind=float,
    ),
    "autoencoder_first": Setting(
        whole(0), None, "Epochs without the KL before the decoder begins anew.", "a tenth of the epochs", kind=int
    ),
    "warm_up_share": Setting(SHARE, 0.1, "Share of the epochs over which the weight of the KL rises."),
    "twin": Setting(
        check_flag,
        True,
        "Train the same decoder without a code as well, and say what it reaches: half of the time more.",
    ),
    **TOKENS_TABLE,
    **READING,
    **COMMON,
    **MINUTES,
}

SOURCES = (
    "a file of texts (.txt with one a line; .tsv or .csv with a column of them); ptb, sst2, rt_polarity or multi30k of "
    "the folder $KERAS_VAE_DATA."
)
HELP = """Train a VAE on texts, into a run folder: model, history, figures, samples.

How texts are read and cut into words is printed before training begins. The same decoder is trained without a code,
too: what a code is worth shows only beside it. A run that was interrupted goes on with the same command and --resume.

\b
Examples:
  keras-vae train-text --data reviews.txt
  keras-vae train-text --data ptb --minutes 60 --out runs/ptb
  keras-vae train-text --data names.tsv --unit characters --state-units 128
  keras-vae sample runs/ptb -n 20 --out texts.txt
  keras-vae interpolate runs/ptb "the market rose" "a judge said no"
"""
LANGUAGE_HELP = """Train a language model on texts, into a run folder: model, history, figures, samples.

It is the decoder of `train-text` without a code: an exact likelihood, the model to beat, and to compress texts with.

\b
Examples:
  keras-vae train-language-model --data reviews.txt
  keras-vae sample runs/reviews-train-language-model -n 20 --out texts.txt
"""
