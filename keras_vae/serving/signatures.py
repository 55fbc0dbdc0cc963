"""The functions of a model that are put into a SavedModel, each with its named inputs."""

import tensorflow as tf

from keras_vae.serving.draws import can_sample, draws
from keras_vae.serving.graph_checks import expecting, nan_where_not_finite


def signatures(model, preprocess=None, endpoints=None):
    """Signatures of a model: what it says it serves in `model.endpoints()`, and draws of its `sample_source`.

    The outputs are dicts of tensors, rows first; floats are float32. The models of this library serve `serving_default`
    x -> x, the deterministic mean reconstruction; `encode` x -> z_mean, z_log_var (z for a plain autoencoder); `decode`
    z -> x; `score` x -> elbo, reconstruction_loss, kl, each `(n,)` nats, deterministic through z_mean, where the inputs
    are the targets. A model that overrides `endpoints` serves what it names there.

    Draws need a prior or sampler that can be sampled, and an endpoint `decode`: `generate` and `generate_rows` give
    other noise at every call, `sample` and `sample_rows` the same for the same seed; the `_rows` forms have one row of
    input per sample, so that a server may batch them. A call draws at most `samples_per_call(model.target_shape)`.

    A model with a condition takes it as one more input, `condition` or one per key, in every signature that needs it;
    `generate` and `sample` take one row for all as well.

    An input of another shape is refused. A row that is not finite gives NaN in every output of that row; NaN in a model
    that takes holes is one.

    A temperature must be finite and not negative, and 1 for a prior that has none. `generate` refuses another one;
    `generate_rows` answers with NaN in that row alone, because the rows of a batch may come from different clients.

    Args:
        model: a built model of this library.
        preprocess: `Preprocess` that makes x of what the client sends, or None for x itself.
        endpoints: dict of `Endpoint` by name, or None: what is served beside those of the model.

    Returns:
        dict of `Endpoint` by name.

    Raises:
        ValueError: if two inputs of a signature have the same name, or one has a name that is no identifier.
    """
    own = {
        name: _in_single_precision(endpoint) for name, endpoint in {**model.endpoints(), **(endpoints or {})}.items()
    }
    draws_codes = "decode" in own or hasattr(model, "drawn_rows")
    drawn = draws(model, own.get("decode")) if draws_codes and can_sample(model.sample_source) else {}
    result = {name: _behind(preprocess, nan_where_not_finite(endpoint)) for name, endpoint in own.items()}
    result |= {name: endpoint for name, endpoint in drawn.items() if name not in own}
    for name, endpoint in result.items():
        _check_names(name, [spec.name for spec in endpoint.specs])
    return {name: expecting(endpoint) for name, endpoint in result.items()}


def _in_single_precision(endpoint):
    """The endpoint with float32 instead of every other type of float."""

    def function(*inputs):
        outputs = endpoint.function(*inputs).items()
        return {name: tf.cast(value, tf.float32) if value.dtype.is_floating else value for name, value in outputs}

    return endpoint._replace(function=function, specs=tuple(endpoint.specs))


def _behind(preprocess, endpoint):
    """The endpoint with a preprocessing in front of its input x."""
    names = [spec.name for spec in endpoint.specs]
    if preprocess is None or "x" not in names:
        return endpoint
    i = names.index("x")

    def function(*inputs):
        return endpoint.function(*inputs[:i], preprocess(inputs[i]), *inputs[i + 1 :])

    return endpoint._replace(function=function, specs=(*endpoint.specs[:i], preprocess.spec, *endpoint.specs[i + 1 :]))


def _check_names(signature, names):
    if len(set(names)) < len(names) or not all(name.isidentifier() and name.isascii() for name in names):
        raise ValueError(
            "`model` must have a name of its own for every input of a signature, made of letters, digits and _, to be "
            f"exported: a key of the condition may be called otherwise. Received: {', '.join(names)} for {signature!r}"
        )
