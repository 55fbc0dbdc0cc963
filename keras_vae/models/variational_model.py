"""What every model with a posterior shares: codes, the bound on log p(x), and an objective that training minimises."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from keras_vae.layers.sampling import Sampling
from keras_vae.likelihoods.base import Likelihood
from keras_vae.models.endpoint import of_data
from keras_vae.models.filling_verbs import FillingVerbs
from keras_vae.models.generative_model import GenerativeModel
from keras_vae.models.posterior_verbs import PosteriorVerbs
from keras_vae.models.row_noise import row_noise, row_shifts
from keras_vae.objectives.get_objective import get_objective
from keras_vae.objectives.objective import Objective
from keras_vae.objectives.pieces import Pieces
from keras_vae.training.batch import Batch

# The noise of `evaluate` and `elbo` is the same at their first draw.
EVALUATION_SEED = 0


class VariationalModel(FillingVerbs, PosteriorVerbs, GenerativeModel):
    """Base of the variational models: a posterior q(z|x), and an objective made of the pieces of the bound on log p(x).

    The next class gives `posterior(batch)`, `infer(batch)` where that is something else, `pieces(inferred, epsilon,
    batch)`, `draw_latents(inferred, epsilon)` and `code(inferred)`, and says by `splits_kl`, `takes_path` and
    `has_gaussian_posterior` what its graph can compute.

    Args:
        encoder, decoder, likelihood, prior, seed, **kwargs: as in `GenerativeModel`.
        objective: `keras_vae.objectives.Objective`, or None for the ELBO.
        beta: float >= 0. Short for `ELBO(beta=...)`.

    Raises:
        ValueError: if the parts do not fit each other, or the graph cannot compute the objective.

    Examples:
        >>> isinstance(vae, kv.models.VariationalModel), vae.elbo(x[:3]).shape
        (True, (3,))
    """

    encoder_outputs = ("z_mean", "z_log_var")
    # What the graph can compute; the objectives ask.
    has_gaussian_posterior = True
    # Whether the elements of x are independent given z: not where a decoder is told those before.
    has_independent_elements = True
    splits_kl = False
    takes_path = False
    kl_part_names = ()

    def __init__(
        self,
        encoder: keras.layers.Layer,
        decoder: keras.layers.Layer,
        likelihood: str | Likelihood,
        prior: Any,
        objective: Objective | None = None,
        beta: float = 1.0,
        seed: int | None = None,
        **kwargs,
    ):
        super().__init__(encoder, decoder, likelihood, prior, seed=seed, **kwargs)
        self.objective = get_objective(objective, beta)
        self.sampling = Sampling(seed=seed)

    def __setattr__(self, name, value):
        objective = self.__dict__.get("objective")
        if name not in self.__dict__ and name in getattr(objective, "settings", ()):
            raise ValueError(
                f"`{name}` is a setting of the objective: set `objective.{name}` instead. Received: {name}={value!r}"
            )
        super().__setattr__(name, value)

    def _complete(self):
        self.objective.belong_to(self)
        super()._complete()

    @property
    def term_names(self):
        return ("loss", "reconstruction_loss", "kl_loss", "elbo", *self.kl_part_names, *self.objective.term_names)

    @property
    def relative_terms(self):
        return self.objective.relative_terms

    @property
    def loss_hint(self):
        """What the loss adds to `-log p(x|z)`, in words."""
        return self.objective.hint

    @property
    def beta(self):
        """Weight of the KL in the loss at this moment; 1 for an objective without one. May be set during training."""
        return self.objective.beta

    @beta.setter
    def beta(self, value):
        self.objective.beta = value

    # What the next class gives.

    @property
    def noise_dim(self):
        """How many standard normal numbers one draw of z takes."""
        return self.latent_dim

    def posterior(self, batch: Batch, training: bool = False) -> tuple[tf.Tensor, tf.Tensor]:
        """Mean and log variance of q(z|x), each `(batch, latent_dim)` float32."""
        raise NotImplementedError(f"{type(self).__name__} must implement `posterior(batch, training)`.")

    def infer(self, batch, training=False):
        return self.posterior(batch, training)

    def pieces(
        self,
        inferred: Any,
        epsilon: tf.Tensor | None,
        batch: Batch,
        training: bool = False,
        path: Callable | None = None,
    ) -> Pieces:
        """The pieces of the bound at one draw of z.

        Args:
            inferred: as `infer` gives it.
            epsilon: Tensor, shape `(batch, noise_dim)`, standard normal noise; or None for the deterministic plug-in of
                z_mean. Without a closed form the density of the prior is then taken there,
                `kl = -entropy - log p(z_mean)`: not a bound.
            batch: `Batch`, as `prepare` leaves it.
            training: bool. Whether the networks run in training mode.
            path: Callable z -> z or None, for a graph with `takes_path`. With it q has no other gradient than through
                z, which passes through the callable: for gradient estimators.

        Returns:
            `Pieces`.
        """
        raise NotImplementedError(f"{type(self).__name__} must implement `pieces(inferred, epsilon, batch)`.")

    def draw_latents(self, inferred: Any, epsilon: tf.Tensor) -> tf.Tensor:
        """Draws z of q(z|x), `(batch, latent_dim)`, from what `infer` gave and noise `(batch, noise_dim)`."""
        raise NotImplementedError(f"{type(self).__name__} must implement `draw_latents(inferred, epsilon)`.")

    # The bound, per example and inside a graph.

    def assemble(self, pieces: Pieces) -> dict[str, tf.Tensor]:
        """The terms of the bound from its pieces: the one place where it is put together.

        Args:
            pieces: `Pieces`.

        Returns:
            dict of `(batch,)` float32 tensors in nats: `reconstruction_loss`, `kl_loss`, `elbo`, and the KL of every
            part in `kl_part_names`.
        """
        parts = tf.unstack(pieces.kl_parts, num=len(self.kl_part_names), axis=-1) if self.kl_part_names else ()
        return {
            "reconstruction_loss": pieces.reconstruction_loss,
            "kl_loss": pieces.kl,
            "elbo": -(pieces.reconstruction_loss + pieces.kl),
            **dict(zip(self.kl_part_names, parts, strict=True)),
        }

    def one_draw(self, batch: Batch, training: bool = False) -> Pieces:
        """`Pieces` at one draw of q(z|x) with the noise of the training, or of the evaluation."""
        return self.pieces(self.infer(batch, training), self.noise(batch, training), batch, training)

    def elbo_terms(self, batch: Batch, z: str = "sample") -> dict[str, tf.Tensor]:
        """The terms of the bound for a prepared `Batch`, without training.

        Args:
            batch: `Batch`.
            z: "sample" for one draw of q(z|x), "mean" for the deterministic plug-in of its mean.

        Returns:
            dict, as `assemble` gives it.
        """
        if z != "mean":
            return self.assemble(self.one_draw(batch))
        return self.assemble(self.pieces(self.infer(batch), None, batch))

    def noise(self, batch: Batch, training: bool, n_draws: int = 1) -> tf.Tensor:
        """Noise of a step, `(n_draws * batch, noise_dim)`, draw by draw.

        In training it goes on from step to step. In evaluation it belongs to the row: the same row has the same terms
        in every batch and at every call.
        """
        if training:
            return self.sampling.noise((n_draws * batch.n_rows, self.noise_dim))
        shifts = row_shifts(batch.x, self.noise_dim)
        return row_noise(shifts, tf.constant([EVALUATION_SEED, 0], tf.int64), self.noise_dim, n_draws)

    def terms(self, batch: Batch, training: bool = False) -> dict[str, tf.Tensor]:
        return self.objective.terms(self, batch, training)

    def described_parts(self):
        return {"objective": self.objective, **super().described_parts()}

    # What is served, and what is saved.

    def endpoints(self):
        return {
            **super().endpoints(),
            "encode": of_data(
                self, lambda batch: dict(zip(("z_mean", "z_log_var"), self.posterior(batch), strict=True)), ("encoder",)
            ),
            **({"score": of_data(self, self._score)} if self.target_shape == self.event_shape else {}),
        }

    def _score(self, batch):
        terms = self.elbo_terms(batch, z="mean")
        return {"elbo": terms["elbo"], "reconstruction_loss": terms["reconstruction_loss"], "kl": terms["kl_loss"]}

    def get_config(self):
        """Arguments of the constructor, serialised; numbers that training changes are weights."""
        return {**super().get_config(), "objective": keras.saving.serialize_keras_object(self.objective)}
