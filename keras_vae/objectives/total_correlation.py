"""A weight on the total correlation of the codes alone: the beta-TC-VAE."""

import keras

from keras_vae.divergences import total_correlation
from keras_vae.objectives.objective import WeightedObjective


@keras.saving.register_keras_serializable(package="keras_vae")
class TotalCorrelation(WeightedObjective):
    """`loss = -elbo + (beta - 1) * total_correlation`: `beta` weighs the total correlation instead of the whole KL.

    The KL is the sum of mutual information, total correlation and the KL of each dimension; beta = 1 is the VAE. The
    total correlation is estimated within a batch, so larger batches are better, and each replica takes its own part.

    Args:
        beta: float >= 0. Weight of the total correlation; 6 in the paper's comparison on images of shapes.

    Raises:
        ValueError: for a negative beta.

    Examples:
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, objective=kv.objectives.TotalCorrelation(beta=6.0), seed=0)
        >>> model.term_names[-1]
        'total_correlation'

    References:
        Chen et al. 2018, eq. 4. https://arxiv.org/abs/1802.04942
    """

    term_names = ("total_correlation",)
    hint = "plus the KL with `beta` on its total correlation"

    def __init__(self, beta: float = 6.0, **kwargs):
        super().__init__(beta, **kwargs)
        self.build()

    def check(self, model):
        if not model.has_gaussian_posterior:
            raise ValueError(
                "`objective` must not be TotalCorrelation for a model whose q(z|x) is not the Gaussian of its encoder: "
                f"their mixture has no density by dimension. Received: a {type(model).__name__} of that kind"
            )

    def terms(self, model, batch, training=False):
        pieces = model.one_draw(batch, training)
        terms = model.assemble(pieces)
        tc = total_correlation(pieces.z, *pieces.posterior, batch.weight)
        return {"loss": (self._beta - 1.0) * tc - terms["elbo"], **terms, "total_correlation": tc}
