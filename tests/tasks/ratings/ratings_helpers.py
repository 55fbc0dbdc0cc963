"""Interactions with a structure that can be learned in a second: groups of users who like groups of items."""

import numpy as np
from scipy import sparse

N_GROUPS, ITEMS_OF_GROUP = 4, 10


def group_clicks(rng, n_users=120):
    """Every user chooses half of the items of one group, and one of any other: SciPy matrix `(n_users, 40)`."""
    n_items = N_GROUPS * ITEMS_OF_GROUP
    group = np.arange(n_users) % N_GROUPS
    chosen = np.zeros((n_users, n_items), "float32")
    for user in range(n_users):
        own = group[user] * ITEMS_OF_GROUP + rng.permutation(ITEMS_OF_GROUP)[:5]
        chosen[user, own] = 1.0
        chosen[user, rng.integers(n_items)] = 1.0
    return sparse.csr_matrix(chosen)


SMALL = {"latent_dim": 4, "hidden_units": [16], "seed": 0}


def write_log(path, n_users=60, seed=0):
    """A .csv file of users and the songs that they play, with the time; returns its path."""
    x = group_clicks(np.random.default_rng(seed), n_users).tocoo()
    rows = [f"u{u},song {i},{1_300_000_000 + 1000 * (7 * i + u)}" for u, i in zip(x.row, x.col, strict=True)]
    path.write_text("\n".join(["user,item,timestamp", *rows]) + "\n")
    return path
