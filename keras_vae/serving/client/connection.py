"""A connection to a served model: the transport that the address stands for, with retries."""

import random
import re
import time

from keras_vae.serving.client.transport import ServingError

# Seconds before the second attempt; every further wait is twice as long, up to the longest.
_FIRST_WAIT, _LONGEST_WAIT = 0.25, 8.0


class Connection:
    """Calls of a transport, repeated while nobody answers.

    Args:
        address: str. `host:port` or `unix:path` for gRPC, `http://...` or `https://...` for REST.
        model: `Model`.
        timeout: float, seconds for one attempt.
        retries: int, attempts after the first.
        tls: see the transports.
        metadata: pairs of str, or a dict.

    Raises:
        ValueError: for an address of another form, or metadata that is not pairs of plain text.
        TypeError, FileNotFoundError, ImportError: see the transports.
    """

    def __init__(self, address, model, timeout, retries, tls, metadata):
        self.address = address
        self._model = model
        self._retries = retries
        # Of its own, so that nothing in the caller's program draws other numbers because of a wait.
        self._random = random.Random()
        self._transport = _transport_class(address)(address, model, timeout, tls, _pairs(metadata))

    def call(self, method, *arguments):
        """Call a method of the transport by its name.

        Raises:
            ServingError: from the last attempt.
            ValueError: if the connection is closed.
        """
        for attempt in range(self._retries + 1):
            if self._transport is None:
                raise ValueError("the client is closed")
            try:
                return getattr(self._transport, method)(*arguments)
            except ServingError as error:
                if error.code != "UNAVAILABLE" or attempt == self._retries:
                    tried = f", after {attempt + 1} attempts" if attempt else ""
                    message = f"{self._model} at {self.address}: {error.message}{tried}"
                    raise ServingError(error.code, message) from None
            # Clients that failed together do not come back together.
            longest = min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt)
            time.sleep(longest * self._random.uniform(0.75, 1.0))

    def close(self):
        """Let go of the connection; a second time does nothing."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None


def _transport_class(address):
    if isinstance(address, str) and re.match(r"https?://[^/]", address):
        from keras_vae.serving.client.rest_transport import RestTransport

        return RestTransport
    if isinstance(address, str) and re.fullmatch(r"unix:.+|[^/\s]+:\d+", address):
        from keras_vae.serving.client.grpc_transport import GrpcTransport

        return GrpcTransport
    raise ValueError(
        "`address` must be 'host:port' for gRPC, or begin with http:// or https:// for REST. "
        f"Received: address={address!r}"
    )


def _pairs(metadata):
    """Pairs of str; a message about them must not show them, they may be secrets."""
    try:
        pairs = [(key, value) for key, value in (metadata.items() if hasattr(metadata, "items") else metadata)]
        plain = all(
            re.fullmatch(r"[\w.-]+", key, re.ASCII) and value.isascii() and value.isprintable() for key, value in pairs
        )
    except (TypeError, ValueError, AttributeError):
        plain = False
    if not plain:
        raise ValueError("`metadata` must be pairs of a name and a line of ASCII text. Received: something else")
    return pairs
