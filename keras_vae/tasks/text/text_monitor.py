"""Callback that looks during a training whether a VAE of texts uses its code."""

from typing import Any

import keras

from keras_vae._checks import check_int
from keras_vae.tasks.text.quality import model_quality


class TextMonitor(keras.callbacks.Callback):
    """Log and print what `model_quality` says of some texts: bound, KL, information, nats lost when codes are shuffled.

    Adds `text_nats`, `text_perplexity` (of the bound, the end counted), `text_kl`, `text_information` and
    `text_lost_when_shuffled` to the logs of the epochs it looks at.

    Args:
        texts: list of at least two str, or rows of token ids, that are not trained on.
        every: int >= 1. Epochs from one look to the next.
        n_shown: int >= 0. New texts that are printed with it.
        verbose: 0 or 1. Whether it prints.
        seed: int >= 0. Of the draws.

    Raises:
        ValueError: for a number out of bounds.

    Examples:
        >>> from keras_vae.tasks.text import TextMonitor
        >>> texts = ["the cat sat", "the dog sat down", "a cat ran"]
        >>> model = kv.make_sequence_vae(kv.data.Tokenizer.learn(texts), latent_dim=4, units=8, seed=0)
        >>> model.compile("adam")
        >>> history = model.fit(texts, callbacks=[TextMonitor(texts, verbose=0)], verbose=0).history
        >>> "text_information" in history
        True
    """

    looks_at_batches = False

    def __init__(self, texts: Any, every: int = 1, n_shown: int = 2, verbose: int = 1, seed: int = 0):
        super().__init__()
        self.texts, self.verbose = texts, verbose
        self.every, self.n_shown = check_int("every", every, 1), check_int("n_shown", n_shown, 0)
        self.seed = check_int("seed", seed, 0)

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every:
            return
        found = model_quality(self.model, self.texts, seed=self.seed)
        lost = found.nats_lost_when_shuffled
        values = {
            "text_nats": found.negative_elbo.mean,
            "text_perplexity": found.bound_perplexity.with_end,
            "text_kl": found.kl.mean,
            "text_information": found.mutual_information,
            "text_lost_when_shuffled": None if lost is None else lost.mean,
        }
        values = {name: value for name, value in values.items() if value is not None}
        if logs is not None:
            logs |= values
        if self.verbose:
            told = ", ".join(f"{name.removeprefix('text_').replace('_', ' ')} {v:.2f}" for name, v in values.items())
            print(f"\nepoch {epoch + 1}: {told} (nats a text)")
            for text in self.model.sample(self.n_shown, seed=self.seed) if self.n_shown else ():
                print(f"  {text}")
