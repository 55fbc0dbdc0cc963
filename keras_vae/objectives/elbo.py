"""The evidence lower bound, with a weight, a target or a floor of its KL."""

import keras

from keras_vae._checks import check_choice, check_number
from keras_vae.objectives.kl_penalty import capacity_penalty, free_bits_penalty
from keras_vae.objectives.objective import WeightedObjective

FREE_BITS_OVER = ("parts", "total")


@keras.saving.register_keras_serializable(package="keras_vae")
class ELBO(WeightedObjective):
    """`loss = reconstruction_loss + beta * kl_loss`, the default objective; with beta = 1 minus the ELBO.

    The metrics `elbo` and `kl_loss` contain neither beta nor capacity nor free bits.

    Args:
        beta: float >= 0. Weight of the KL; `vae.beta = ...` changes it, also during training.
        capacity: float >= 0 or None, nats. The loss becomes `reconstruction_loss + beta * |kl - capacity|`, with the
            mean KL of the batch; `vae.objective.capacity = ...` changes it, also during training.
        free_bits: float >= 0 or None, nats. A part of the mean KL below it counts as `free_bits` in the loss, so that
            nothing is gained by closing it. `vae.objective.free_bits = ...` changes it between trainings.
        free_bits_over: "parts" or "total". What `free_bits` is a floor of: each part into which the model can split its
            KL (the dimensions of a VAE with the standard normal prior, the layers of a ladder), or all together.

    Raises:
        ValueError: for a number out of bounds, or free bits beside a capacity.

    Examples:
        >>> model = kv.make_vae((8, 8, 1), latent_dim=4, objective=kv.objectives.ELBO(beta=4.0), seed=0)
        >>> model.compile("adam")
        >>> found = model.evaluate(x, verbose=0, return_dict=True)
        >>> bool(np.isclose(found["loss"], found["reconstruction_loss"] + 4.0 * found["kl_loss"]))
        True

    References:
        Kingma & Welling 2014, eq. 10. https://arxiv.org/abs/1312.6114
        Higgins et al. 2017, eq. 4 (beta). https://openreview.net/forum?id=Sy2fzU9gl
        Burgess et al. 2018, eq. 8 (capacity). https://arxiv.org/abs/1804.03599
        Kingma et al. 2016, eq. 15 (free bits). https://arxiv.org/abs/1606.04934
    """

    settings = ("free_bits", "free_bits_over")
    hint = "plus `beta` times the KL of the posterior from the prior"

    def __init__(
        self,
        beta: float = 1.0,
        capacity: float | None = None,
        free_bits: float | None = None,
        free_bits_over: str = "parts",
        **kwargs,
    ):
        super().__init__(beta, **kwargs)
        self._initial_capacity = capacity
        if capacity is not None:
            self._capacity = self._scalar("capacity", capacity)
        self.free_bits_over = free_bits_over
        self.free_bits = free_bits
        self._check_combination()
        self.build()

    def checked(self, name, value):
        if name == "free_bits_over":
            return check_choice(name, value, FREE_BITS_OVER)
        return None if value is None else check_number(name, value, minimum=0.0)

    def _check_combination(self):
        if self.free_bits is not None and self._initial_capacity is not None:
            raise ValueError(
                "`free_bits` and `capacity` must not be combined: each says what the KL should be. "
                f"Received: free_bits={self.free_bits}, capacity={self._initial_capacity}"
            )

    @property
    def capacity(self):
        """Target of the KL at this moment, nats; None for an objective without one."""
        return None if self._initial_capacity is None else float(self._capacity.numpy())

    @capacity.setter
    def capacity(self, value):
        if self._initial_capacity is None:
            raise ValueError(
                "`capacity` must be given when the model is made, such as ELBO(capacity=0.0), to be changed"
            )
        self._capacity.assign(check_number("capacity", value, minimum=0.0))

    def check(self, model):
        self._check_combination()
        if self.free_bits is not None and self.free_bits_over == "parts" and not model.splits_kl:
            raise ValueError(
                "`free_bits_over` must be 'total' where the KL has no closed form by dimension (another prior than the "
                "standard normal, or a posterior flow). Received: free_bits_over='parts'"
            )

    def terms(self, model, batch, training=False):
        pieces = model.one_draw(batch, training)
        loss = pieces.reconstruction_loss + self._beta * self.kl_penalty(pieces, batch.weight)
        return {"loss": loss, **model.assemble(pieces)}

    def kl_penalty(self, pieces, weight=None):
        """What beta multiplies in the loss, `(batch,)` nats: the KL, or what capacity and free bits make of it."""
        if self._initial_capacity is not None:
            return capacity_penalty(pieces.kl, self._capacity, weight)
        if self.free_bits is not None:
            parts = pieces.kl_parts if self.free_bits_over == "parts" else pieces.kl[:, None]
            return free_bits_penalty(parts, self.free_bits, weight)
        return pieces.kl

    def get_config(self):
        """Arguments of the constructor; beta and capacity as given, their present values are weights."""
        own = {name: getattr(self, name) for name in ("free_bits", "free_bits_over")}
        return {**super().get_config(), "capacity": self._initial_capacity, **own}
