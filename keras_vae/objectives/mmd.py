"""All codes together are held to the prior, instead of the code of every example: the InfoVAE."""

import math

import keras

from keras_vae._checks import check_number
from keras_vae.divergences import standard_normal_mmd
from keras_vae.objectives.objective import WeightedObjective


@keras.saving.register_keras_serializable(package="keras_vae")
class MMD(WeightedObjective):
    """`loss = reconstruction_loss + beta * kl_loss + weight * mmd`.

    The maximum mean discrepancy compares the codes of a batch with the standard normal; unlike the KL it does not
    push the code of every example to the prior, so that the codes can keep all their information. In the terms of the
    paper `beta` is 1 - alpha and `weight` is alpha + lambda - 1; with beta = 0 it is the MMD-VAE. `elbo` stays the
    bound of log p(x), and is far below it where beta is 0: compare by it with care.

    Args:
        weight: float >= 0, nats. Weight of the discrepancy, which lies between 0 and 2.
        beta: float >= 0. Weight of the KL.
        bandwidth: float > 0 or None. Of the kernel, in units of z; None is `sqrt(latent_dim)`, at which two draws of
            the prior have a kernel of about exp(-1).

    Raises:
        ValueError: for a number out of bounds.

    Examples:
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, objective=kv.objectives.MMD(weight=100.0), seed=0)
        >>> model.term_names[-1]
        'mmd'

    References:
        Zhao et al. 2019, eq. 6 and section 3.2 (MMD). https://arxiv.org/abs/1706.02262
    """

    settings = ("weight", "bandwidth")
    term_names = ("mmd",)
    hint = "plus `beta` times the KL and `weight` times the discrepancy of the codes from the prior"

    def __init__(self, weight: float = 1000.0, beta: float = 0.0, bandwidth: float | None = None, **kwargs):
        super().__init__(beta, **kwargs)
        self.weight = weight
        self.bandwidth = bandwidth
        self.build()

    def checked(self, name, value):
        if name == "bandwidth" and value is None:
            return None
        return check_number(name, value, minimum=0.0, exclusive=name == "bandwidth")

    def check(self, model):
        if not getattr(model.prior, "is_standard_normal", False):
            raise ValueError(
                "`prior` must be the standard normal for the objective MMD, which compares the codes with it. "
                f"Received: prior={model.prior!r}"
            )

    def terms(self, model, batch, training=False):
        pieces = model.one_draw(batch, training)
        mmd = standard_normal_mmd(pieces.z, self.bandwidth or math.sqrt(model.latent_dim), batch.weight)
        loss = pieces.reconstruction_loss + self._beta * pieces.kl + self.weight * mmd
        return {"loss": loss, **model.assemble(pieces), "mmd": mmd}

    def get_config(self):
        return {**super().get_config(), "weight": self.weight, "bandwidth": self.bandwidth}
