"""The ELBO of a model whose codes are entries of a codebook, and what keeps the encoder near its entries."""

import keras
import tensorflow as tf

from keras_vae._checks import check_number
from keras_vae.objectives.objective import WeightedObjective


@keras.saving.register_keras_serializable(package="keras_vae")
class VectorQuantizedELBO(WeightedObjective):
    """`loss = reconstruction_loss + beta * kl_loss + commitment * commitment_loss`, the objective of a `VQVAE`.

    `kl_loss` is `-log p(codes)`: its gradient reaches the prior alone, so that beta changes nothing but the step of the
    prior. `commitment_loss` is the squared distance of the vectors of the encoder from their entries of the codebook,
    summed over the places of the grid; its gradient reaches the encoder alone. `perplexity` says how many entries are
    in use in a batch: exp of the entropy of their shares.

    Args:
        commitment: float >= 0. The beta of the paper, which has another meaning in this library.
        beta: float >= 0. Weight of the KL.

    Raises:
        ValueError: for a number out of bounds.

    Examples:
        >>> kv.objectives.VectorQuantizedELBO(commitment=0.5).term_names
        ('commitment_loss', 'perplexity')

    References:
        van den Oord et al. 2017, eq. 3. https://arxiv.org/abs/1711.00937
    """

    settings = ("commitment",)
    term_names = ("commitment_loss", "perplexity")
    hint = "plus the code length of the codes and the distance of the encoder from the codebook"

    def __init__(self, commitment: float = 0.25, beta: float = 1.0, **kwargs):
        super().__init__(beta, **kwargs)
        self.commitment = commitment
        self.build()

    def checked(self, name, value):
        return check_number(name, value, minimum=0.0)

    def check(self, model):
        if not hasattr(model, "commitment_terms"):
            raise ValueError(
                "`objective` must be another one for a model without a codebook. "
                f"Received: {type(self).__name__} for a {type(model).__name__}"
            )

    def terms(self, model, batch, training=False):
        inferred = model.infer(batch, training)
        # Before the pieces, which in training move the codebook.
        distance, in_use = model.commitment_terms(inferred)
        pieces = model.pieces(inferred, None, batch, training)
        loss = pieces.reconstruction_loss + self._beta * pieces.kl + self.commitment * distance
        terms = {"commitment_loss": distance, "perplexity": tf.fill(tf.shape(distance), in_use)}
        return {"loss": loss, **model.assemble(pieces), **terms}

    def get_config(self):
        return {**super().get_config(), "commitment": self.commitment}
