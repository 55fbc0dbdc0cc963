"""The settings of `keras-vae train-recommender`: one more of them is one more line here."""

import functools

from keras_vae._checks import check_number
from keras_vae.tasks.setting import (
    COMMON,
    Setting,
    check_dropout,
    check_text,
    check_widths,
    choice,
    listed,
    number,
    parse_widths,
    whole,
)

MODELS = ("mult_vae", "mult_dae", "rec_vae")
ENCODERS = ("plain", "residual")
DECODERS = ("linear", "mirrored")
STARTS = ("correspondence", "random")
SPLITS = ("weak", "strong", "time")
BY_DATA = "by the data"
DATA = "Data"


MODEL = {
    "model": Setting(default="mult_vae", help=f"Which recommender: {listed(MODELS)}", names_run=True, **choice(MODELS)),
    "latent_dim": Setting(whole(1), 200, "Latent dimensions."),
    "hidden_units": Setting(check_widths, [600], "Widths of the hidden layers.", "600", parse=parse_widths),
    "encoder": Setting(
        default=None,
        help=f"Layers of tanh, or five of swish that see the sum of all before: {listed(ENCODERS)}",
        default_text="plain; residual of rec_vae",
        **choice(ENCODERS),
    ),
    "decoder": Setting(
        default="linear",
        help=f"From the code to the items by one layer, or by those of the encoder backwards: {listed(DECODERS)}",
        **choice(DECODERS),
    ),
    "start": Setting(
        default=None,
        help=f"The weights that training begins with: {listed(STARTS)}",
        default_text="correspondence where the layers can hold it",
        **choice(STARTS),
    ),
    "dropout": Setting(check_dropout, 0.5, "Share of a user's items that a step hides from the encoder."),
    "beta": Setting(
        number(0.0),
        None,
        "Weight of the KL once it has risen; of rec_vae times the number of a user's items.",
        "0.2; 0.005 of rec_vae",
        kind=float,
    ),
    "sampled_items": Setting(
        whole(1),
        None,
        "Compare the items of a batch with so many random ones, not with all: for catalogues of 100,000 and more.",
        "all items",
        kind=int,
    ),
}
_READING = {
    "user_column": Setting(check_text, None, "Column with the users.", "by its name", kind=str, option="user"),
    "item_column": Setting(check_text, None, "Column with the items.", "by its name", kind=str, option="item"),
    "rating_column": Setting(
        check_text,
        None,
        "Column with ratings or counts; none for no such column.",
        "by its name",
        kind=str,
        option="rating",
    ),
    "time_column": Setting(
        check_text, None, "Column with the time; none for no such column.", "by its name", kind=str, option="time"
    ),
    "threshold": Setting(
        functools.partial(check_number),
        None,
        "Ratings below it are no interaction.",
        "4 of 1 to 5 stars, else 0",
        kind=float,
    ),
    "min_user_items": Setting(whole(1), 5, "Users with fewer items are left out."),
    "min_item_users": Setting(whole(1), 1, "Items with fewer users are left out."),
    "split": Setting(
        default="weak",
        help="What is held out for the test: some items of every user (weak), users (strong), the last part in time "
        f"(time): {listed(SPLITS)}",
        **choice(SPLITS),
    ),
    "test_share": Setting(
        functools.partial(check_number, minimum=0.0, maximum=0.5), 0.2, "How much of it is held out; 0 for nothing."
    ),
}
READING = {name: setting.under(DATA) for name, setting in _READING.items()}

# Looking at few of a training's epochs is enough, and a recommender is worth more of them than five minutes have.
MINUTES = {"minutes": Setting(**{**vars(COMMON["minutes"]), "default": 20.0})}

SETTINGS = {**MODEL, **READING, **COMMON, **MINUTES}

SOURCES = (
    "a log of interactions (.csv, .tsv, .dat, .parquet, .jsonl: users, items, ratings, time), a folder with train.txt "
    "and test.txt (a line per user: user item item ...), a SciPy matrix (.npz); lastfm, gowalla, video_games, beauty, "
    "movielens-100k, movielens-1m of the folder $KERAS_VAE_DATA."
)
HELP = """Train a recommender on who liked what, into a run folder: model, history, figures, ranking measures.

What the columns are, which ratings count and how the test part is split off is printed before training begins, and can
be overruled. The measures are those of all items ranked, with what popularity and nearest neighbours reach beside them.
A run that was interrupted goes on with the same command and --resume.

\b
Examples:
  keras-vae train-recommender --data plays.csv
  keras-vae train-recommender --data ratings.dat --threshold 4 --split time --minutes 10
  keras-vae train-recommender --data lastfm --model rec_vae --out runs/lastfm
  keras-vae recommend runs/lastfm --user-items new_users.csv -k 10
"""
