"""The backend of Keras that the package needs, or one sentence that says so."""

import os

WANTED = (
    "keras_vae needs the TensorFlow backend of Keras: set the environment variable KERAS_BACKEND=tensorflow before the "
    "first import of keras"
)


def check_backend() -> None:
    """Check that Keras runs on TensorFlow.

    Raises:
        ImportError: if it does not, or its backend is not installed.
    """
    try:
        import keras

        backend = keras.config.backend()
    except ImportError as error:
        backend = os.environ.get("KERAS_BACKEND", "tensorflow")
        if backend == "tensorflow":
            raise
        raise ImportError(f"{WANTED}. Received: {backend!r}, which is not installed ({error})") from None
    if backend != "tensorflow":
        raise ImportError(f"{WANTED}. Received: {backend!r}")
