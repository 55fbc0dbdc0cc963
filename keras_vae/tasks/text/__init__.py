"""Text: sentences in, a model of them out, and the measures that tell a good one from a fluent one."""

from keras_vae._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "sentence_vae": ["SentenceVAE"],
        "language_model": ["LanguageModel"],
        "ngram_model": ["NGramModel"],
        "paths": ["path_quality"],
        "perplexities": ["perplexity"],
        "quality": ["model_quality"],
        "reconstruction": ["bleu", "reconstruction_quality"],
        "text_monitor": ["TextMonitor"],
        "text_judge": ["TextJudge", "distinct_runs"],
    },
)
