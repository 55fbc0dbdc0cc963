"""Serving: SavedModels for TensorFlow Serving, and a client for it that needs no TensorFlow."""

from keras_vae._lazy import lazy_names

# The client must not wait for, or need, TensorFlow.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "export": ["export_saved_model"],
        "saved_model": ["load_saved_model"],
        "inspection": ["inspect_saved_model"],
        "other_formats": ["export_onnx", "export_litert"],
        "preprocess": ["Preprocess"],
        "server_config": ["write_server_config", "models_config", "batching_parameters"],
        "client.client": ["Client"],
        "client.transport": ["ServingError"],
    },
)
