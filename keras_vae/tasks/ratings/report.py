"""The figures of a recommender on users of whom something is held out, with simple methods beside."""

import numpy as np

from keras_vae.tasks.ratings.baselines import ItemKNN, Popularity
from keras_vae.tasks.ratings.measures import by_activity, coverage, interval, measure_lists, novelty

SHORT, LONG = 20, 100
# Pairs of items of one user; more would take minutes and gigabytes to count.
MAX_PAIRS = 3e8


def ranking_report(ranker, data, held):
    """Measures of ranked lists, and those of popularity and nearest neighbours.

    Args:
        ranker: has `best(x, k)`, such as `Ranker`.
        data: `Interactions`. The simple methods are fitted to its training part.
        held: `Held`.

    Returns:
        dict that JSON can hold: `recall_at_20`, `ndcg_at_20`, `ndcg_at_100` and so on, means over users; pairs
        `..._interval` of the first ones, by bootstrap with 95 % confidence; `by_activity`, NDCG@100 by the number of
        known items; `popularity_...` and `neighbours_...`, the same of the simple methods.
    """
    n_items = held.seen.shape[1]
    short, long = min(SHORT, n_items), min(LONG, n_items)
    ranked, _ = ranker.best(held.seen, long)
    judged = np.diff(held.hidden.indptr) > 0
    of_short, of_long = (measure_lists(ranked, held.hidden, k) for k in (short, long))
    popularity = data.x_train.getnnz(axis=0)
    figures = {
        **_means(of_short, of_long, short, long),
        f"coverage_at_{short}": coverage(ranked[:, :short], n_items),
        f"novelty_at_{short}": novelty(ranked[:, :short], popularity, data.n_train),
        "n_users": int(judged.sum()),
        f"recall_at_{short}_interval": list(interval(of_short.recall)),
        f"ndcg_at_{short}_interval": list(interval(of_short.ndcg)),
        f"ndcg_at_{long}_interval": list(interval(of_long.ndcg)),
        "by_activity": by_activity(of_long.ndcg, np.diff(held.seen.indptr)[judged]),
    }
    for name, baseline in _baselines(data.x_train):
        ranked, _ = baseline.fit(data.x_train).recommend(held.seen, long)
        measures = (measure_lists(ranked, held.hidden, k) for k in (short, long))
        figures |= {f"{name}_{key}": value for key, value in _means(*measures, short, long).items() if "map" not in key}
    return figures


def _means(of_short, of_long, short, long):
    means = {
        f"recall_at_{short}": of_short.recall,
        f"ndcg_at_{short}": of_short.ndcg,
        f"map_at_{short}": of_short.average_precision,
        f"recall_at_{long}": of_long.recall,
        f"ndcg_at_{long}": of_long.ndcg,
    }
    return {name: float(values.mean()) for name, values in means.items()}


def _baselines(x):
    yield "popularity", Popularity()
    if np.square(np.diff(x.indptr), dtype=float).sum() <= MAX_PAIRS:
        yield "neighbours", ItemKNN()
