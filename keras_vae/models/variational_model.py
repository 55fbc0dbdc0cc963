"""What every model with a posterior shares: codes, the bound on log p(x), and an objective that training minimises."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae.layers.sampling import Sampling, next_seed
from keras_vae.likelihoods.base import Likelihood
from keras_vae.models.bounds import bound_tensors, bounds_of_batch, share_of_mask
from keras_vae.models.draws import draws_of_batch, seed_of_batch
from keras_vae.models.endpoint import of_data
from keras_vae.models.generative_model import GenerativeModel
from keras_vae.objectives.get_objective import get_objective
from keras_vae.objectives.objective import Objective
from keras_vae.objectives.pieces import Pieces
from keras_vae.training.batch import Batch, Condition, Data


class VariationalModel(GenerativeModel):
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
    """

    encoder_outputs = ("z_mean", "z_log_var")
    # What the graph can compute; the objectives ask.
    has_gaussian_posterior = True
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
        self._evaluation_seeds = keras.random.SeedGenerator(0)

    def _complete(self):
        self.objective.check(self)
        super()._complete()

    @property
    def term_names(self):
        return ("loss", "reconstruction_loss", "kl_loss", "elbo", *self.kl_part_names, *self.objective.term_names)

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
        return self.pieces(self.infer(batch, training), self.noise(batch.n_rows, training), batch, training)

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

    def noise(self, n_rows: int | tf.Tensor, training: bool) -> tf.Tensor:
        """Noise of a step `(n_rows, noise_dim)`: training and evaluation have a state each, and do not share it."""
        seed = None if training else next_seed(self._evaluation_seeds)
        return self.sampling.noise((n_rows, self.noise_dim), seed)

    def terms(self, batch: Batch, training: bool = False) -> dict[str, tf.Tensor]:
        return self.objective.terms(self, batch, training)

    def _restart_evaluation_noise(self):
        self._evaluation_seeds.state.assign([0, 0])

    # Rows in, rows out.

    def encode(
        self, x: Data, condition: Condition | None = None, batch_size: int = 256
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and log variance of q(z|x).

        Args:
            x: array `(n, *event_shape)`, or a `tf.data.Dataset` of batches.
            condition: array or dict of arrays `(n, ...)`, for a model whose encoder takes one.
            batch_size: int. Rows per call.

        Returns:
            Pair of NumPy arrays `(z_mean, z_log_var)`, each `(n, latent_dim)`.

        Raises:
            ValueError: for data of another shape, empty or not finite.
        """
        self._check_built("encode")
        return self.rows(self.posterior, x, parts=("encoder",), condition=condition, batch_size=batch_size)

    def draw(
        self,
        x: Data,
        seed: int | None = None,
        n_draws: int | None = None,
        condition: Condition | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Draws z of q(z|x).

        Args:
            x: as in `encode`.
            seed: int or None. The same seed gives the same draws; None is new noise at every call.
            n_draws: int >= 1, or None for one draw without the axis of draws.
            condition: as in `encode`.
            batch_size: int. Rows per call.

        Returns:
            NumPy array `(n, latent_dim)`, or `(n, n_draws, latent_dim)`. All draws are made in one pass: a stream may
            shuffle anew in the next.

        Raises:
            ValueError: for data of another shape, empty or not finite, or `n_draws` below 1.
        """
        self._check_built("draw")
        n = 1 if n_draws is None else check_int("n_draws", n_draws, 1)
        tensors = seed_of_batch(self._seed_pair(seed), tf.constant(n))
        data = {"parts": ("encoder",), "condition": condition, "batch_size": batch_size}
        z = self.rows(self._draws_of, x, tensors, **data)
        return z[:, 0] if n_draws is None else z

    def _draws_of(self, batch, seed, n_draws):
        return draws_of_batch(self, batch, n_draws, seed)

    def reconstruct(
        self,
        x: Data,
        sample: bool = False,
        seed: int | None = None,
        condition: Condition | None = None,
        batch_size: int = 256,
    ) -> np.ndarray:
        """Mean of p(x|z) at the code of x, or at a draw of it; see `LatentModel.reconstruct`.

        Args:
            x, condition, batch_size: as in `LatentModel.reconstruct`.
            sample: bool. Draw z from q(z|x) instead of taking its mean.
            seed: int or None. Seed of that draw; None is new noise at every call.
        """
        if not sample:
            return super().reconstruct(x, condition, batch_size)
        self._check_built("reconstruct")
        tensors = seed_of_batch(self._seed_pair(seed))
        return self.rows(self._drawn_reconstruction, x, tensors, condition=condition, batch_size=batch_size)

    def _drawn_reconstruction(self, batch, seed):
        return self.mean(draws_of_batch(self, batch, 1, seed)[:, 0], batch)

    def elbo(
        self,
        x: Data,
        n_samples: int = 1,
        y: Any = None,
        seed: int = 0,
        batch_size: int = 256,
        mask: Any = None,
        condition: Condition | None = None,
    ) -> np.ndarray:
        """Evidence lower bound of every example, averaged over draws of q(z|x); beta is not in it.

        Args:
            x: array `(n, *event_shape)`, `(x, condition)`, or a `tf.data.Dataset` of batches of x, `(x, y)` or
                `(x, y, sample_weight)`.
            n_samples: int >= 1. Draws per example.
            y: array `(n, *target_shape)` or None for x itself.
            seed: int. The same seed gives the same numbers.
            batch_size: int. Rows per call.
            mask: array of weights of elements `(n, *leading event axes)`, 0 for what was not seen, or None for all. In
                a dataset it is the `sample_weight`.
            condition: array or dict of arrays `(n, ...)`, for a model with a condition.

        Returns:
            NumPy array `(n,)`. Nats.

        Raises:
            ValueError: for data that does not fit the model, or `n_samples` below 1.

        References:
            Kingma & Welling 2014, eq. 3. https://arxiv.org/abs/1312.6114
        """
        return self.bound_rows(x, n_samples, y, seed, batch_size, mask, condition)[0]

    def log_prob(
        self,
        x: Data,
        n_samples: int = 100,
        y: Any = None,
        seed: int = 0,
        batch_size: int = 256,
        mask: Any = None,
        condition: Condition | None = None,
    ) -> np.ndarray:
        """Importance-weighted log p(x) of every example: a lower bound in expectation, tighter with more draws.

        Args:
            x, y, seed, batch_size, mask, condition: as in `elbo`.
            n_samples: int >= 1. Draws per example; quote it with the number.

        Returns:
            NumPy array `(n,)`. Nats.

        Raises:
            ValueError: for data that does not fit the model, `n_samples` below 1, or a prior without `log_prob`.

        References:
            Burda et al. 2016, eq. 8. https://arxiv.org/abs/1509.00519
        """
        if not self.has_density:
            raise ValueError(f"`prior` must have `log_prob` for importance weights. Received: prior={self.prior!r}")
        return self.bound_rows(x, n_samples, y, seed, batch_size, mask, condition)[1]

    def bound_rows(self, x, n_samples, y=None, seed=0, batch_size=256, mask=None, condition=None):
        """ELBO and importance-weighted log p(x) of every example from the same draws: see `elbo` and `log_prob`.

        Returns:
            Three NumPy arrays `(n,)`: the two bounds in nats, the second minus infinity for a prior without `log_prob`,
            and the share of its elements that counts in every example, 1 without a mask.
        """
        self._check_built("score")
        tensors = bound_tensors(n_samples, seed)
        data = {"y": y, "mask": mask, "condition": condition, "batch_size": batch_size}
        return self.rows(self._bounds_of, x, tensors, needs_target=True, **data)

    def _bounds_of(self, batch, n_samples, chunk, seed):
        return *bounds_of_batch(self, batch, n_samples, chunk, seed), share_of_mask(batch)

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
