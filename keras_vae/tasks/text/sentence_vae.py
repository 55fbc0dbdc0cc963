"""`SentenceVAE`: a VAE of texts that uses its code, beside the language model that its decoder is without one."""

import math

import numpy as np

from keras_vae.callbacks.annealing import BetaAnnealing
from keras_vae.callbacks.autoencoder_first import AutoencoderFirst
from keras_vae.callbacks.training_bar import TrainingBar
from keras_vae.models.make_sequence_vae import make_language_model, make_sequence_vae
from keras_vae.models.text_rows import lengths_of
from keras_vae.objectives.elbo import ELBO
from keras_vae.optimizers import Adam
from keras_vae.tasks.text.pictures import pictures
from keras_vae.tasks.text.quality import model_quality
from keras_vae.tasks.text.settings import SETTINGS
from keras_vae.tasks.text.text_task import CLIP_NORM, TextTask, check_not_annealed

# Of the nats that a text costs word by word, by the frequencies alone: so much the code may say for nothing.
SHARE_OF_CODE = 1 / 20
SHARE_AS_AUTOENCODER = 0.1
# Draws of the code for log p(x), and texts that are looked at for it, after a training and when it is asked for.
N_SAMPLES, N_TEXTS = 50, 200


class SentenceVAE(TextTask):
    """Train a VAE on texts, and the same decoder without a code as its twin.

    The encoder learns first, in an autoencoder; the decoder then begins anew, while the weight of the KL rises, and the
    first nats of the KL are free. After `fit` there are `model_`, a `models.SequenceVAE` with its `twin`, and
    `history_`.

    Args:
        latent_dim: int. Latent dimensions.
        state_units: int. Size of the states and of the embedding.
        free_nats: float or None. Nats a text of the KL that cost nothing; None for a twentieth of what a text costs by
            the frequencies of its words.
        autoencoder_first: int or None. Epochs as an autoencoder; None for a tenth.
        twin: bool. Whether the same decoder is trained without a code, too.
        **settings: as in the table `settings`, those of every task among them.

    Examples:
        >>> from keras_vae.tasks.text import SentenceVAE
        >>> texts = ["the cat sat", "the dog sat down", "a cat ran"] * 20
        >>> model = SentenceVAE(latent_dim=4, state_units=16, epochs=2, twin=False, seed=0).fit(texts, verbose=0)
        >>> len(model.sample(3, seed=0)), len(model.interpolate("the cat sat", "a cat ran", steps=4))
        (3, 4)

    References:
        Bowman et al. 2016, section 3. https://arxiv.org/abs/1511.06349
        Li et al. 2019, section 3 (autoencoder first, free bits). https://arxiv.org/abs/1909.00868
    """

    settings = SETTINGS

    def choose(self, data):
        chosen = super().choose(data)
        counts = np.array(self.tokenizer.counts, float)
        shares = counts[counts > 0] / counts.sum()
        nats = -np.sum(shares * np.log(shares)) * counts.sum() / max(1.0, counts[3])
        return {**chosen, "free_nats": round(float(SHARE_OF_CODE * nats), 2)}

    def prepare(self, data):
        super().prepare(data)
        if self.autoencoder_first is None:
            self.settings_["autoencoder_first"] = self._n_first()
        return self

    def _n_first(self):
        return math.ceil(SHARE_AS_AUTOENCODER * self.settings_["epochs"]) if self.settings_["epochs"] > 1 else 0

    def untrained(self, max_length):
        settings = self.settings_
        objective = ELBO(settings["beta"], free_bits=settings["free_nats"] or None, free_bits_over="total")
        own = {name: settings[name] for name in ("latent_dim", "both_ways", "word_dropout")}
        return make_sequence_vae(self.tokenizer, max_length=max_length, objective=objective, **own, **self.sizes())

    def plan(self, model, data):
        # The twin has no encoder: half of the time, and its share of the minutes.
        asked = self.settings_["minutes"]
        if self.settings_["twin"]:
            self.settings_["minutes"] = asked / 1.5
        plan = super().plan(model, data)
        self.settings_["minutes"] = asked
        if self.autoencoder_first is None:
            self.settings_["autoencoder_first"] = self._n_first()
        return plan

    def train(self, model, data, start_epoch=0, callbacks=(), **kwargs):
        settings, n_steps = self.settings_, self.steps_per_epoch(data)
        n_first = settings["autoencoder_first"]
        rises = _rise_behind(
            n_first * n_steps, settings["warm_up_share"] * settings["epochs"] * n_steps, settings["beta"]
        )
        own = [BetaAnnealing(rises)]
        if n_first:
            own.append(AutoencoderFirst(n_first, lambda: self.build_model().decoder.get_weights()))
        return super().train(model, data, start_epoch, [*own, *callbacks], **kwargs)

    def finish(self, model, data):
        """Train the twin for as many epochs, with the same rate, dropout and order."""
        if not self.settings_["twin"]:
            return
        twin = make_language_model(self.tokenizer, max_length=model.max_length, **self.sizes())
        twin.compile(Adam(self.settings_["learning_rate"], clipnorm=CLIP_NORM))
        keeper = self.keep_best()
        super().train(twin, data, callbacks=[keeper, TrainingBar(label="twin without a code, ")], verbose=0)
        keeper.restore(twin)
        model.twin = twin

    # What it is worth.

    def figures(self, model, texts, n_samples=1):
        """Figures on texts, or rows of tokens: dict that JSON can hold.

        Returns:
            dict, nats a text: `negative_elbo`, `kl`; `mutual_information` of all these texts together, at most
            `mutual_information_at_most`, and the rest of the KL, `marginal_kl`; `active_units`, `latent_dim`;
            `nats_lost_when_shuffled`; `perplexity` of the bound, the end counted, and `perplexity_words_only`; with
            several samples `negative_log_prob`; `twin_negative_log_prob`, None without a twin.
        """
        tokens = model.as_tokens(texts)
        found = model_quality(model, tokens, n_samples)
        shuffled = found.nats_lost_when_shuffled
        figures = {
            "negative_elbo": found.negative_elbo.mean,
            "kl": found.kl.mean,
            "mutual_information": found.mutual_information,
            "active_units": found.active_units,
            "latent_dim": found.latent_dim,
            "nats_lost_when_shuffled": None if shuffled is None else shuffled.mean,
            "perplexity": found.bound_perplexity.with_end,
            "perplexity_words_only": found.bound_perplexity.words_only,
        }
        if found.mutual_information is not None:
            figures["mutual_information_at_most"] = math.log(len(tokens))
            figures["marginal_kl"] = found.kl.mean - found.mutual_information
        if found.negative_log_prob is not None:
            figures["negative_log_prob"] = found.negative_log_prob.mean
            figures["negative_log_prob_standard_error"] = found.negative_log_prob.standard_error
        figures["twin_negative_log_prob"] = None
        if model.twin is not None:
            figures["twin_negative_log_prob"] = -float(model.twin.log_prob(tokens).mean())
        return {**figures, "n_texts": len(tokens), "n_tokens": int(lengths_of(tokens).sum())}

    def report(self, model, data=None, history=None):
        """Figures on texts, dict as of `figures`; or, for a run, figures and pictures of a training as `Task.report`.

        Args:
            model: list of str, of a fitted task; or a trained model.
            data, history: None; or as in `Task.report`.
        """
        if data is None:
            return self.figures(self._model("report"), model)
        x, _, part = self.held_out(data)
        figures = {"part": part, **self.figures(model, x), "units": self.units(model), "note": data.note}
        return figures, pictures(model, x, figures, history)

    def evaluate(self, model, data, n_samples=None, n_annealed=0, n_rows=None, seconds=None):
        check_not_annealed(n_annealed)
        x, _, part = self.held_out(data)
        figures = self.figures(model, x)
        some = x[np.random.default_rng(0).permutation(len(x))[: n_rows or N_TEXTS]]
        weighted = self.figures(model, some, n_samples or N_SAMPLES)
        names = ("negative_log_prob", "negative_log_prob_standard_error")
        figures |= {name: weighted[name] for name in names if name in weighted}
        figures |= {"negative_log_prob_n_rows": len(some), "negative_log_prob_n_samples": n_samples or N_SAMPLES}
        return {"part": part, **figures, "units": self.units(model), "note": data.note}

    def score(self, texts, n_samples=N_SAMPLES):
        """Mean log p(x) of texts by importance sampling, nats a text, its end counted.

        Args:
            texts: list of str.
            n_samples: int >= 1. Draws of the code for each; with more of them the bound is tighter.
        """
        return float(self._model("score").log_prob(texts, n_samples).mean())

    # Texts.

    def reconstruct(self, texts, **kwargs):
        """What the codes of texts decode to, list of str; arguments as in `SequenceVAE.reconstruct`."""
        return self._model("reconstruct").reconstruct(texts, **kwargs)

    def interpolate(self, a, b, steps=8, **kwargs):
        """Texts on the way from one to another; arguments as in `SequenceVAE.interpolate`."""
        return self._model("interpolate").interpolate(a, b, steps, **kwargs)


def _rise_behind(n_before, n_rising, end):
    """A schedule that is 0 for some steps and then rises in a line."""

    def at(step):
        return end * min(1.0, max(0.0, step - n_before) / max(1.0, n_rising))

    return at
