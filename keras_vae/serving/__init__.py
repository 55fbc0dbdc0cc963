"""Serving: SavedModels for TensorFlow Serving, and a client for it that needs no TensorFlow."""

import importlib

# Each name comes with its module when it is first used: the client must not wait for, or need, TensorFlow.
_MODULES = {
    "export_saved_model": "export",
    "load_saved_model": "saved_model",
    "inspect_saved_model": "inspection",
    "export_onnx": "other_formats",
    "export_litert": "other_formats",
    "Preprocess": "preprocess",
    "write_server_config": "server_config",
    "models_config": "server_config",
    "batching_parameters": "server_config",
    "Client": "client",
    "ServingError": "transport",
}

__all__ = list(_MODULES)


def __getattr__(name):
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
