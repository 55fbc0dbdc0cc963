"""`LanguageModel`: an exact likelihood of texts, and the twin of every claim about a VAE of them."""

from keras_vae.models.make_sequence_vae import make_language_model
from keras_vae.models.text_rows import lengths_of
from keras_vae.tasks.text.language_settings import SETTINGS
from keras_vae.tasks.text.perplexities import perplexity
from keras_vae.tasks.text.pictures import language_pictures
from keras_vae.tasks.text.text_task import TextTask, check_not_annealed


class LanguageModel(TextTask):
    """Train a language model on texts: the decoder of a `SentenceVAE` without a code.

    After `fit` there are `model_`, a `models.LanguageModel`, and `history_`.

    Args:
        unit: "words", "characters", "bytes" or "pieces".
        state_units: int. Size of the states and of the embedding.
        **settings: as in the table `settings`, those of every task among them.

    Examples:
        >>> from keras_vae.tasks.text import LanguageModel
        >>> texts = ["the cat sat", "the dog sat down", "a cat ran"] * 20
        >>> model = LanguageModel(state_units=16, epochs=1, seed=0).fit(texts, verbose=0)
        >>> len(model.sample(3, seed=0)), model.score(texts) < 0.0
        (3, True)

    References:
        Mikolov et al. 2010.
    """

    settings = SETTINGS

    def untrained(self, max_length):
        return make_language_model(self.tokenizer, max_length=max_length, **self.sizes())

    def report(self, model, data=None, history=None):
        x, _, part = self.held_out(data)
        figures = {"part": part, **self.figures(model, x), "units": self.units(model), "note": data.note}
        return figures, language_pictures(model, history)

    def evaluate(self, model, data, n_samples=None, n_annealed=0, n_rows=None, seconds=None):
        check_not_annealed(n_annealed)
        x, _, part = self.held_out(data)
        return {"part": part, **self.figures(model, x), "units": self.units(model), "note": data.note}

    def figures(self, model, tokens):
        """dict: `negative_log_prob` (nats a text), and its perplexity in both conventions."""
        found = perplexity(model.log_prob(tokens), lengths_of(tokens))
        return {
            "negative_log_prob": found.nats_per_text,
            "perplexity": found.with_end,
            "perplexity_words_only": found.words_only,
            "n_texts": found.n_texts,
        }

    def score_rows(self, model, x, n_samples):
        return {"log_prob": model.log_prob(x)}

    def score(self, texts):
        """Mean log p(x) of texts, nats a text, its end counted; exact."""
        return float(self._model("score").log_prob(texts).mean())
