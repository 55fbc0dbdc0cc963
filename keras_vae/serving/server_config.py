"""Text files that TensorFlow Serving is started with: which models, and how requests are batched."""

import pathlib

from keras_vae._checks import check_int
from keras_vae._files import write_text
from keras_vae.serving.versions import versions


def models_config(folder, base_path="/models"):
    """`models.config` for every model below a folder.

    Args:
        folder: str or path. Holds `NAME/<version>/`.
        base_path: str. Where the server sees that folder; "/models" in the Docker image.

    Returns:
        str, for `--model_config_file`.

    Raises:
        ValueError: if there is no exported model in the folder.

    Examples:
        >>> print(kv.serving.models_config("saved_models"))
        model_config_list {
          config {
            name: "digits"
            base_path: "/models/digits"
            model_platform: "tensorflow"
          }
        }
    """
    folder = pathlib.Path(folder)
    names = sorted(p.name for p in folder.iterdir() if versions(p)) if folder.is_dir() else []
    if not names:
        raise ValueError(f"`folder` must hold exported models, NAME/<version>/. Received: folder={str(folder)!r}")
    entries = [
        f"  config {{\n    name: {_quoted(name)}\n    base_path: {_quoted(base_path.rstrip('/') + '/' + name)}\n"
        '    model_platform: "tensorflow"\n  }\n'
        for name in names
    ]
    return "model_config_list {\n" + "".join(entries) + "}\n"


def _quoted(text):
    """A string as it is written in a text proto."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def batching_parameters(max_batch_size=128, timeout_micros=1000, n_threads=2, max_enqueued=100):
    """Batching parameters; with batching on, only signatures with rows can be called: use the `_rows` forms.

    Args:
        max_batch_size: int >= 1. Rows of one call of the graph.
        timeout_micros: int >= 0. How long a row waits for others.
        n_threads: int >= 1. Batches worked on at once.
        max_enqueued: int >= 1. Batches that may wait before requests are refused.

    Returns:
        str, for `--batching_parameters_file` or, in a version folder, `batching_params.pbtxt`.

    Raises:
        ValueError: for a number out of range.

    Examples:
        >>> print(kv.serving.batching_parameters(max_batch_size=64))
        max_batch_size { value: 64 }
        batch_timeout_micros { value: 1000 }
        num_batch_threads { value: 2 }
        max_enqueued_batches { value: 100 }
    """
    values = {
        "max_batch_size": check_int("max_batch_size", max_batch_size, 1),
        "batch_timeout_micros": check_int("timeout_micros", timeout_micros, 0),
        "num_batch_threads": check_int("n_threads", n_threads, 1),
        "max_enqueued_batches": check_int("max_enqueued", max_enqueued, 1),
    }
    return "".join(f"{name} {{ value: {value} }}\n" for name, value in values.items())


def write_server_config(folder, base_path="/models"):
    """Write `models.config` and `batching.config` into a folder of exported models.

    Returns:
        Pair of `pathlib.Path`.

    Raises:
        ValueError: if there is no exported model in the folder.

    Examples:
        >>> [path.name for path in kv.serving.write_server_config("saved_models")]
        ['models.config', 'batching.config']
    """
    folder = pathlib.Path(folder)
    models, batching = folder / "models.config", folder / "batching.config"
    write_text(models, models_config(folder, base_path))
    write_text(batching, batching_parameters())
    return models, batching
