"""Text: sentences in, a model of them out, and the measures that tell a good one from a fluent one."""

from keras_vae._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "ngram_model": ["NGramModel"],
    },
)
