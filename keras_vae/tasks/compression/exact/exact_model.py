"""Models whose priors, posteriors and decoder outputs have the same bits on every machine."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from keras_vae.tasks.compression.exact import exact_math
from keras_vae.tasks.compression.exact.exact_likelihood import check_likelihood, exact_likelihood, likelihood_entry
from keras_vae.tasks.compression.exact.exact_network import ExactNetwork

if TYPE_CHECKING:
    from keras_vae.models.variational_model import VariationalModel

# Bounds of the scale of every Gaussian, prior or posterior, and of the magnitude of its mean: wider than those of the
# models (a ladder's prior is at least 2^-22 wide), so that they change nothing but what had no meaning any more.
MIN_SCALE, MAX_SCALE = 2.0**-24, 2.0**16
MAX_MEAN = 2.0**24
# As `networks.top_down_decoder.P_LOG_VAR_RANGE` and `models.gaussian_heads` have them.
P_LOG_VAR_RANGE = (-30.0, 10.0)
Z_LOG_VAR_RANGE = (-80.0, 20.0)

Gaussian = tuple[np.ndarray, np.ndarray]


class Evidence(NamedTuple):
    """What the encoder says of the latents of n rows, by layer, the top first.

    Attributes:
        means: list of float64 arrays `(n, latent_dims[l])`.
        log_vars: list of the same shapes.
    """

    means: list[np.ndarray]
    log_vars: list[np.ndarray]


class ExactModel:
    """A `VAE` with one layer of latents or a `LadderVAE`, in exact arithmetic.

    Args:
        config: dict of what JSON can hold, as the attribute `config` of another.
        arrays: dict of arrays, as the attribute `arrays` of another. The model needs nothing else, no TensorFlow.

    Attributes:
        config: dict. Everything but the weights.
        arrays: dict of float32 arrays, the weights.
        event_shape: tuple of ints. Shape of one example.
        latent_dims: tuple of ints. Latents per layer, the top first.
        likelihood: `ExactLikelihood`.
        levels: int, the number of values of a dimension, 0 to levels - 1; None for counts without an upper bound.
    """

    def __init__(self, config: dict[str, Any], arrays: dict[str, np.ndarray]):
        self.config, self.arrays = config, arrays
        self.event_shape = tuple(config["event_shape"])
        self.latent_dims = tuple(config["latent_dims"])
        self.likelihood = exact_likelihood(config["likelihood"], self.event_shape)
        self.levels = self.likelihood.levels
        self._encoder = self._network("encoder", config["encoder"])
        self.decoders = [self._network(f"decoder_{i}", part) for i, part in enumerate(config["decoders"])]

    def _network(self, name, config):
        own = {key.removeprefix(f"{name}/"): a for key, a in self.arrays.items() if key.startswith(f"{name}/")}
        return ExactNetwork(config, own)

    @classmethod
    def of(cls, model: "VariationalModel") -> "ExactModel":
        """The exact form of a model.

        Args:
            model: `VAE` with a standard normal prior and a Gaussian posterior, or `LadderVAE`, with a likelihood over
                whole numbers: bernoulli, discretized_logistic, discretized_logistic_mixture, categorical or
                negative_binomial.

        Raises:
            ValueError: for another model, prior or likelihood, a posterior flow, a condition, a preprocessing, a target
                of another shape than the input, or networks that have no exact form.
        """
        decoders = _check_model(model)
        networks = {"encoder": ExactNetwork.of(model.encoder)}
        networks |= {f"decoder_{i}": ExactNetwork.of(decoder) for i, decoder in enumerate(decoders)}
        config = {
            "event_shape": list(model.event_shape),
            "latent_dims": list(getattr(model.decoder, "latent_dims", [model.latent_dim])),
            "likelihood": likelihood_entry(model.likelihood, tuple(decoders[-1].output_shape[1:])),
            "encoder": networks["encoder"].config,
            "decoders": [networks[f"decoder_{i}"].config for i in range(len(decoders))],
        }
        arrays = {f"{name}/{key}": array for name, part in networks.items() for key, array in part.arrays.items()}
        return cls(config, arrays)

    def evidence(self, x: np.ndarray) -> Evidence:
        """What the encoder says of data.

        Args:
            x: array of whole numbers, shape `(n, *event_shape)`.

        Returns:
            `Evidence`, for `posterior` of a way down.
        """
        ends = np.cumsum(self.latent_dims)[:-1]
        return Evidence(*(np.split(part, ends, axis=1) for part in self._encoder(np.asarray(x, np.float64))))

    def way(self, n: int, evidence: Evidence | None = None) -> "Way":
        """One way down from the top latents to the parameters of p(x|z), for n rows at a time.

        Args:
            n: int. Number of rows.
            evidence: as `evidence` gives it, for the posteriors; it may also come later, for each of them.
        """
        return Way(self, n, evidence)


class Way:
    """One way down, layer by layer: `prior(l)`, then `posterior(l)` if wanted, then `take(l, z)`; then `x_params()`.

    The prior of a layer is known once the latents above are taken, and stays: posteriors may also be asked for at the
    end, when a decoder has x.

    Args:
        model: `ExactModel`.
        n: int. Number of rows.
        evidence: `Evidence` or None.
    """

    def __init__(self, model: ExactModel, n: int, evidence: Evidence | None = None):
        self._model, self._evidence = model, evidence
        self._features = None
        top = (n, model.latent_dims[0])
        # Mean and log variance of the priors so far.
        self._priors = [(np.zeros(top), np.zeros(top))]
        self._x_params = None

    def prior(self, layer: int) -> Gaussian:
        """Mean and scale of p(z_l | z_<l), float64 arrays `(n, latent_dims[layer])`; 0 and 1 for the top.

        Args:
            layer: int. 0 is the top; all layers above must have been taken.
        """
        mean, log_var = self._priors[layer]
        return _bounded(mean, exact_math.exp(0.5 * log_var))

    def posterior(self, layer: int, evidence: Evidence | None = None) -> Gaussian:
        """Mean and scale of q(z_l | x, z_<l), float64 arrays `(n, latent_dims[layer])`.

        Args:
            layer: int, as in `prior`.
            evidence: `Evidence` of the same n rows; None for the one given to `way`.
        """
        evidence = self._evidence if evidence is None else evidence
        mean, log_var = evidence.means[layer], exact_clip(evidence.log_vars[layer], *Z_LOG_VAR_RANGE)
        if layer == 0:
            return _bounded(mean, exact_math.exp(0.5 * log_var))
        # Product of two Gaussians, as in `LadderVAE`: the precisions add up, the means are weighted by them.
        p_mean, p_log_var = self._priors[layer]
        gap = p_log_var - log_var
        q_mean = p_mean + (mean - p_mean) * exact_math.sigmoid(gap)
        q_scale = exact_math.exp(0.5 * p_log_var) * np.sqrt(exact_math.sigmoid(-gap))
        return _bounded(q_mean, q_scale)

    def take(self, layer: int, z: np.ndarray) -> None:
        """Go on to the next layer, or to the data.

        Args:
            layer: int. The layers are taken in order.
            z: float64 array `(n, latent_dims[layer])`.
        """
        network = self._model.decoders[layer]
        outputs = network(z if layer == 0 else [self._features, z])
        if layer == len(self._model.decoders) - 1:
            self._x_params, self._features = outputs, None
        else:
            self._features, mean, log_var = outputs
            self._priors.append((mean, exact_clip(log_var, *P_LOG_VAR_RANGE)))

    def x_params(self) -> np.ndarray:
        """Parameters of p(x|z), float64 array `(n, *params_shape)`, once the last layer is taken."""
        return self._x_params


def exact_clip(x: np.ndarray, low: float, high: float) -> np.ndarray:
    """Clipped values; where x is a zero, its sign stays: bounds that are 0 themselves are not allowed."""
    return np.minimum(np.maximum(x, low), high)


def _bounded(mean, scale):
    return exact_clip(mean, -MAX_MEAN, MAX_MEAN), exact_clip(scale, MIN_SCALE, MAX_SCALE)


def _check_model(model) -> Sequence[Any]:
    """The networks of the decoder from the top down, of a model that can be coded.

    Raises:
        ValueError: for one that cannot.
    """
    # Not at the top of the file: an exact model of a file needs no TensorFlow.
    from keras_vae.models.ladder_vae import LadderVAE
    from keras_vae.models.vae import VAE

    if not isinstance(model, (VAE, LadderVAE)):
        _refuse(f"a VAE or a LadderVAE. Received: {type(model).__name__}")
    if not model.built:
        _refuse("built: call it on data, or make its encoder with an Input. Received: a model that is not built")
    # First: continuous data are why most models have a preprocessing.
    check_likelihood(model.likelihood)
    is_ladder = isinstance(model, LadderVAE)
    if not is_ladder and not getattr(model.prior, "is_standard_normal", False):
        _refuse(f"with a standard normal prior. Received: prior={type(model.prior).__name__}")
    if not is_ladder and model.posterior_flow is not None:
        _refuse(f"with a Gaussian posterior. Received: posterior_flow={type(model.posterior_flow).__name__}")
    if model.condition_shape is not None:
        _refuse(f"without a condition. Received: a condition of shape {model.condition_shape}")
    if model.preprocessing is not None:
        _refuse(f"that takes whole numbers as they are. Received: preprocessing={type(model.preprocessing).__name__}")
    if tuple(model.target_shape) != tuple(model.event_shape) or None in model.event_shape:
        _refuse(
            "whose targets have the shape of its inputs, which must be known. "
            f"Received: event_shape={model.event_shape}, target_shape={model.target_shape}"
        )
    return model.decoder.networks if is_ladder else [model.decoder]


def _refuse(what):
    raise ValueError(f"`model` must be one that can be coded, {what}")
