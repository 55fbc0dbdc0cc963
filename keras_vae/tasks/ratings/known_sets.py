"""Known sets of interactions, in the folder `$KERAS_VAE_DATA`: Last.fm, Gowalla, Amazon, MovieLens."""

import os
import pathlib

import numpy as np

from keras_vae.data.named import VARIABLE
from keras_vae.data.reading import ReadAs
from keras_vae.data.whole_file import decode_text, read_bytes
from keras_vae.tasks.ratings.interaction_log import InteractionLog

# Name to the folder or file below `$KERAS_VAE_DATA`.
PLACES = {
    "lastfm": "lastfm-hetrec2011",
    "gowalla": "gowalla",
    "video_games": "amazon/Video_Games.txt.gz",
    "beauty": "amazon/Beauty.txt.gz",
    "movielens-100k": "movielens-100k/u.data",
    "movielens-1m": "movielens-1m/pairs.npz",
}
NAMES = tuple(PLACES)


def place_of(name):
    """The path of a known set.

    Raises:
        FileNotFoundError: if it is not there: these sets are not downloaded, their terms are their owners'.
    """
    folder = os.environ.get(VARIABLE)
    path = pathlib.Path(folder or "").expanduser() / PLACES[name]
    if not folder or not path.exists():
        raise FileNotFoundError(
            f"{name} must be {PLACES[name]} in the folder that ${VARIABLE} names. Received: {VARIABLE}={folder}"
        )
    return path


def known_log(name):
    """The log of a known set that is no file of interactions by itself; None for one that is.

    Args:
        name: one of `NAMES`.

    Raises:
        FileNotFoundError: as `place_of`.
    """
    if name == "lastfm":
        return _lastfm(place_of(name))
    return _pairs(name, place_of(name)) if name == "movielens-1m" else None


def _lastfm(folder):
    """Who has played which artist, by the names of the artists; play counts as ratings."""
    rows = [line.split("\t") for line in _lines(folder / "user_artists.dat.gz")[1:]]
    users, artists, plays = (np.array(column) for column in zip(*rows, strict=True))
    names = dict(line.split("\t")[:2] for line in _lines(folder / "artists.dat.gz")[1:])
    # Some artists have the same name.
    called = {}
    for number, title in names.items():
        called.setdefault(title, []).append(number)
    unique = {n: title if len(same) == 1 else f"{title} ({n})" for title, same in called.items() for n in same}
    items = np.array([unique.get(artist, artist) for artist in artists])
    report = [ReadAs("items", "artists by name, with their number where two have the same")]
    return InteractionLog("lastfm", users, items, plays.astype(np.float64), report=report)


def _lines(path):
    return [line for line in decode_text(read_bytes(path), path)[0].splitlines() if line]


def _pairs(name, path):
    with np.load(path, allow_pickle=False) as archive:
        users, items = (archive[key].astype(str) for key in ("user_id", "movie_id"))
    return InteractionLog(
        name, users, items, report=[ReadAs("interactions", "who has rated what, whatever the rating")]
    )
