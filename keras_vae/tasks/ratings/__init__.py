"""Recommendation: who liked what in, ranked items out, with honest measures and the methods to beat beside."""

from keras_vae._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "recommender": ["Recommender"],
        "baselines": ["Popularity", "ItemKNN", "EASE"],
        "measures": ["measure_lists", "coverage", "novelty", "interval"],
    },
)
