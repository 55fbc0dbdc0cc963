"""A client for an exported model behind TensorFlow Serving, on NumPy arrays and without TensorFlow."""

import numpy as np

from keras_vae._checks import check_int, check_number
from keras_vae.serving.client.client_inputs import as_input
from keras_vae.serving.client.condition import by_name, data_input, for_all_rows
from keras_vae.serving.client.connection import Connection
from keras_vae.serving.client.transport import Model, ServingError


class Client:
    """Verbs of a served model, over gRPC or REST alike.

    `sample` and `sample_rows` give the same samples for the same seed on every server; `generate` gives new ones at
    every call. Inputs are converted to the types that the model has and checked against its shapes before they are
    sent; these are asked for once, with the first call. Big arrays go in batches, one after the other. A model with a
    condition takes it in every verb by name: `condition=` an array or a dict of arrays, or one keyword per key.

    Requests only read, so an attempt that finds nobody (UNAVAILABLE: connection refused or lost, HTTP 503) is repeated
    after a wait that doubles from a quarter of a second; everything else fails at once, with `ServingError`. Threads
    may share a client over gRPC; over REST each should have its own.

    Args:
        address: str. `host:8500` for gRPC, the faster one: REST writes every number in decimal;
            `http://host:8501` or `https://...` for REST.
        model: str. Name of the model on the server.
        version: int >= 0 or None for the newest.
        label: str or None. Label of a version, such as "stable", instead of its number.
        timeout: float > 0. Seconds for one attempt; over REST for the connection and then for every wait for bytes.
        retries: int >= 0. Attempts after the first.
        batch_size: int >= 1. Rows per request; not above the server's `max_batch_size`, if it batches.
        tls: None, True for the machine's CA certificates, or the path of a file of them; over gRPC also
            `grpc.ChannelCredentials`. An https address needs nothing here.
        metadata: pairs of str, or a dict. gRPC metadata or HTTP headers sent with every call, such as
            `[("authorization", "Bearer ...")]`.

    Raises:
        ValueError: for an argument out of bounds.
        TypeError: for another kind of `tls`.
        FileNotFoundError: if `tls` is a path and nothing is there.
        ImportError: if grpcio and protobuf, or requests, are not installed.

    Examples:
        >>> client = kv.serving.Client("http://localhost:8501", model="digits", label="stable")
        >>> z_mean, z_log_var = client.encode(x)  # doctest: +SKIP
        >>> client.batch_size
        256
    """

    def __init__(
        self,
        address,
        model,
        version=None,
        label=None,
        timeout=10.0,
        retries=3,
        batch_size=256,
        tls=None,
        metadata=(),
    ):
        if not isinstance(model, str) or not model:
            raise ValueError(f"`model` must be the name of a model. Received: model={model!r}")
        if version is not None and label is not None:
            raise ValueError(f"`version` or `label` must be None. Received: version={version!r}, label={label!r}")
        if label is not None and (not isinstance(label, str) or not label):
            raise ValueError(f"`label` must be the label of a version. Received: label={label!r}")
        version = None if version is None else check_int("version", version, 0)
        timeout = check_number("timeout", timeout, 0.0, exclusive=True)
        self.batch_size = check_int("batch_size", batch_size, 1)
        self._model = Model(model, version, label)
        self._connection = Connection(address, self._model, timeout, check_int("retries", retries, 0), tls, metadata)
        self._signatures = None

    def encode(self, x, **condition):
        """Posterior of every example.

        Args:
            x: array `(n, *event_shape)`, or what the export's `preprocess` takes.
            **condition: arrays `(n, ...)` by name, for a model with a condition.

        Returns:
            `(z_mean, z_log_var)`, each `(n, latent_dim)`; z alone of a plain autoencoder.

        Raises:
            ValueError: for another shape, no rows, or values that are not finite or do not fit the type.
            TypeError: if `x` does not hold numbers (or byte strings, where the model takes files).
            ServingError: if the server refuses or does not answer.
        """
        outputs = self._predict_rows("encode", x, condition)
        return outputs["z"] if "z" in outputs else (_get(outputs, "z_mean"), _get(outputs, "z_log_var"))

    def decode(self, z, **condition):
        """Mean of p(x|z), `(n, *event_shape)`, of `z (n, latent_dim)`. Raises as `encode`."""
        return _get(self._predict_rows("decode", z, condition), "x")

    def reconstruct(self, x, **condition):
        """Mean reconstruction through z_mean, `(n, *event_shape)`. Raises as `encode`."""
        return _get(self._predict_rows("serving_default", x, condition), "x")

    def score(self, x, **condition):
        """How well the model explains every example, deterministic through z_mean.

        Args:
            x, **condition: as for `encode`.

        Returns:
            dict of `elbo`, `reconstruction_loss`, `kl`, each `(n,)` nats; of a plain autoencoder the loss alone.

        Raises:
            ServingError, TypeError, ValueError: as `encode`.
        """
        return self._predict_rows("score", x, condition)

    def generate(self, n, temperature=1.0, **condition):
        """New samples at every call, whatever was seeded; in batches, as their noise is independent anyway.

        They come from `generate_rows`, which servers that batch requests take as well, or else from `generate`.

        Args:
            n: int >= 1. How many.
            temperature: float >= 0. Factor on the standard deviation of the prior.
            **condition: arrays by name, `(n, ...)` or one example's for all, where the decoder takes a condition.

        Returns:
            array `(n, *event_shape)`; for their latents too call `predict("generate", n=n, temperature=1.0)`.

        Raises:
            ValueError: for `n` below 1, a negative temperature, or a condition that does not fit.
            ServingError: if the server refuses or does not answer.
        """
        n, temperature = check_int("n", n, 1), check_number("temperature", temperature, 0.0)
        if "generate_rows" in self._known_signatures():
            rows = self._for_all("generate_rows", condition, n)
            return _get(self.predict("generate_rows", temperature=np.full(n, temperature), **rows), "x")
        rows, parts = self._for_all("generate", condition, n), []
        for start in range(0, n, self.batch_size):
            batch = {name: value[start : start + self.batch_size] for name, value in rows.items()}
            size = min(self.batch_size, n - start)
            parts.append(_get(self.predict("generate", n=size, temperature=temperature, **batch), "x"))
        return np.concatenate(parts)

    def sample(self, n, seed, **condition):
        """The same samples for the same seed, bit for bit, on every server.

        All n are drawn from one stream, so they go as one request whatever `batch_size` is, to a signature that
        servers that batch requests cannot serve: for many samples, or from such a server, take `sample_rows`.

        Args:
            n: int >= 1. How many.
            seed: int >= 0, which stands for `(seed, 0)`, or a pair of ints.
            **condition: as for `generate`.

        Returns:
            array `(n, *event_shape)`.

        Raises:
            ValueError: for `n` below 1, another seed, or a condition that does not fit.
            ServingError: if the server refuses or does not answer.
        """
        pair = (check_int("seed", seed, 0), 0) if np.ndim(seed) == 0 else seed
        n = check_int("n", n, 1)
        return _get(self.predict("sample", n=n, seed=pair, **self._for_all("sample", condition, n)), "x")

    def sample_rows(self, seed, **condition):
        """One sample per seed, `(n, *event_shape)`, each a function of its own seed alone; in batches.

        Args:
            seed: array of ints `(n,)`.
            **condition: as for `generate`.

        Raises:
            ServingError, TypeError, ValueError: as `encode`.
        """
        seed = np.asarray(seed)
        rows = self._for_all("sample_rows", condition, len(seed)) if seed.ndim else condition
        return _get(self._predict_rows("sample_rows", seed, rows), "x")

    def predict(self, signature, /, **inputs):
        """Call a signature by its name.

        Args:
            signature: str.
            **inputs: arrays by name of input. They are split into batches if all inputs and outputs have rows.

        Returns:
            dict of arrays by name of output.

        Raises:
            ServingError, TypeError, ValueError: as `encode`; ValueError also for inputs of other names or of different
                numbers of rows.
        """
        definition = self._signature(signature)
        if set(inputs) != set(definition.inputs):
            raise ValueError(
                f"signature {signature!r} takes {', '.join(sorted(definition.inputs))}. "
                f"Received: {', '.join(inputs) or 'none'}"
            )
        arrays = {name: as_input(name, value, definition.inputs[name], signature) for name, value in inputs.items()}
        tensors = [*definition.inputs.values(), *definition.outputs.values()]
        if not arrays or not all(tensor.has_rows for tensor in tensors):
            return self._connection.call("predict", signature, arrays, definition)
        return self._batches(signature, arrays, definition)

    def metadata(self):
        """What the server says of the model, asked for anew; later calls are checked against this.

        Returns:
            dict: `model`, `version` and `signatures`: for every name its `inputs` and `outputs`, each a dict of name to
            `{"dtype": "float32", "shape": (None, 8, 8, 1)}`; None for an unknown size or rank.

        Raises:
            ServingError: if the server refuses or does not answer.
        """
        version, self._signatures = self._fetch()

        def described(tensors):
            return {name: tensor._asdict() for name, tensor in tensors.items()}

        signatures = {
            name: {"inputs": described(each.inputs), "outputs": described(each.outputs)}
            for name, each in self._signatures.items()
        }
        return {"model": self._model.name, "version": version, "signatures": signatures}

    def status(self):
        """State of every version of the model that the server knows, whichever this client asks for.

        Returns:
            dict of int to str: START, LOADING, AVAILABLE, UNLOADING or END (gone, or failed to load).

        Raises:
            ServingError: if the server refuses or does not answer; NOT_FOUND for a model it does not know.
        """
        return self._connection.call("status")

    def close(self):
        """Let go of the connection; no call after this."""
        self._connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def __repr__(self):
        return f"<Client of {self._model} at {self._connection.address}>"

    def _predict_rows(self, signature, rows, condition):
        """Call a signature with one input, whatever its name, and the condition."""
        condition = by_name(condition)
        name = data_input(signature, self._signature(signature).inputs, condition)
        return self.predict(signature, **{name: rows}, **condition)

    def _for_all(self, signature, condition, n):
        """The condition by name, with `n` rows."""
        tensors = self._signature(signature).inputs
        ranks = {name: len(tensor.shape) for name, tensor in tensors.items() if tensor.shape is not None}
        return for_all_rows(by_name(condition), ranks, n)

    def _batches(self, signature, arrays, definition):
        sizes = {name: len(array) for name, array in arrays.items()}
        n = next(iter(sizes.values()))
        if any(size != n for size in sizes.values()):
            raise ValueError(f"all inputs of {signature!r} must have the same number of rows. Received: {sizes}")
        parts = []
        for start in range(0, n, self.batch_size):
            batch = {name: array[start : start + self.batch_size] for name, array in arrays.items()}
            parts.append(self._connection.call("predict", signature, batch, definition))
            n_rows = min(self.batch_size, n - start)
            wrong = {name: part.shape for name, part in parts[-1].items() if part.shape[:1] != (n_rows,)}
            if wrong:
                raise ServingError("INTERNAL", f"{n_rows} rows sent to {signature!r} came back with shapes {wrong}")
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _signature(self, name):
        known = self._known_signatures()
        if name not in known:
            raise ServingError(
                "FAILED_PRECONDITION",
                f"{self._model} at {self._connection.address} has no signature {name!r}. "
                f"Signatures there: {', '.join(sorted(known)) or 'none'}",
            )
        return known[name]

    def _known_signatures(self):
        if self._signatures is None:
            _, self._signatures = self._fetch()
        return self._signatures

    def _fetch(self):
        """`(version, signatures)`; a version that is not there is answered with those that are."""
        try:
            return self._connection.call("signatures")
        except ServingError as error:
            if error.code != "NOT_FOUND" or self._model.version is self._model.label is None:
                raise
            try:
                states = self._connection.call("status")
            except ServingError:
                raise error from None
            there = ", ".join(f"{version} {state}" for version, state in sorted(states.items()))
            raise ServingError(error.code, f"{error.message}. Versions there: {there or 'none'}") from None


def _get(outputs, name):
    if name not in outputs:
        raise ServingError("INTERNAL", f"the answer has no output {name!r}. Outputs in it: {', '.join(outputs)}")
    return outputs[name]
