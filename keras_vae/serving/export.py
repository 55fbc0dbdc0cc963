"""SavedModels in the folder layout of TensorFlow Serving: `path/<version>/`."""

import contextlib
import errno
import os
import pathlib
import re
import shutil
import traceback
import uuid

import keras
import tensorflow as tf

from keras_vae.serving.graph_scan import replayed_noise
from keras_vae.serving.preprocess import get_preprocess
from keras_vae.serving.signatures import signatures
from keras_vae.serving.versions import check_plain, is_version_name
from keras_vae.serving.warmup import add_warmup
from keras_vae.training.trainer import Trainer


def export_saved_model(model, path, preprocess=None, endpoints=None):
    """Write a SavedModel as the next version below `path`, ready for TensorFlow Serving.

    It is written under a temporary name that TensorFlow Serving passes over, scanned for noise that would repeat itself
    after a restart, given a warm-up file that is replayed, and renamed when it is whole; versions that stand there are
    never touched. Loading it needs TensorFlow alone. Signatures: see `serving.signatures`.

    Args:
        model: a built model of this library: it says itself what it serves, in `model.endpoints()`.
        path: str or path. Folder of the model, such as `saved_models/digits`; made if need be.
        preprocess: None for data as `fit` takes them, "uint8" (values 0 to 255 as they are in a file), "image_bytes"
            (JPEG, PNG, GIF, BMP), or a `serving.Preprocess`: what stands inside the graph before every input called x.
        endpoints: dict of `models.Endpoint` by name, or None: what is served beside those of the model.

    Returns:
        `pathlib.Path` of the version written, `path/<integer>`: 1, or one more than the largest there.

    Raises:
        TypeError: if `model` is not a model of this library.
        ValueError: if it is not built yet or has a layer that cannot be traced, `preprocess` does not fit it, or `path`
            holds a character that TensorFlow takes for a pattern.
        NotADirectoryError: if `path` is a file.
        OSError: if it cannot be written. Nothing of the export is left behind, whatever it fails of.

    Examples:
        >>> kv.export_saved_model(vae, "exported/digits").name
        '1'
    """
    check_model(model)
    check_plain(path)
    path = pathlib.Path(path)
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f"`path` must be a folder. Received: path={str(path)!r}, which is a file")
    preprocess = _checked_preprocess(preprocess, model)
    with _unfinished(path) as temporary:
        _write(model, temporary, preprocess, endpoints)
        findings = replayed_noise(temporary)
        if findings:
            raise ValueError(
                "`model` must not carry noise that every restart repeats; draw it from a seed that is an input, or not "
                f"at all in inference. Received: {'; '.join(findings)}"
            )
        add_warmup(temporary, path.name)
        return _publish(temporary, path)


def _checked_preprocess(preprocess, model):
    preprocess = get_preprocess(preprocess, model)
    if preprocess is not None:
        preprocess.check(model.event_shape)
    return preprocess


@contextlib.contextmanager
def _unfinished(path):
    """A temporary folder below `path`; where anything fails it is gone, and so are the folders made for it."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    temporary = path / f".tmp-{uuid.uuid4().hex[:12]}"
    try:
        # Made here, where a folder that must not be written to is an OSError that names it.
        temporary.mkdir(parents=True)
        yield temporary
    except BaseException as error:
        shutil.rmtree(temporary, ignore_errors=True)
        with contextlib.suppress(OSError):  # Another export may be at work there.
            for folder in missing:
                folder.rmdir()
        if isinstance(error, tf.errors.OpError):  # A full disk and the like, in TensorFlow's words.
            raise OSError(f"{path} cannot be written: {' '.join(error.message.split())[:300]}") from error
        raise


def check_model(model):
    """Check that something can be exported.

    Raises:
        TypeError: if `model` is not a model of this library.
        ValueError: if it is not built yet.
    """
    if not isinstance(model, Trainer) or not hasattr(model, "endpoints"):
        raise TypeError(f"`model` must be a keras_vae model. Received: {type(model).__name__}")
    if not model.built:
        raise ValueError(
            "`model` must be built before it is exported: call `fit`, or `build((None, *event_shape))`. "
            f"Received: {type(model).__name__} that has not seen the shape of its data"
        )


def _write(model, folder, preprocess, endpoints):
    """The SavedModel alone. The model itself is not tracked: the variables used are, and nothing of its training."""
    archive = keras.export.ExportArchive()
    for name, endpoint in signatures(model, preprocess, endpoints).items():
        for resource in endpoint.resources:
            archive.track(resource)
        archive.add_endpoint(name, _explained(name, endpoint.function), endpoint.specs)
    archive.write_out(str(folder), verbose=False)


def _explained(signature, function):
    """`function`, whose failure to become a graph is told in one line that names the layer it was in."""

    def traced(*inputs):
        try:
            return function(*inputs)
        except Exception as error:
            raise ValueError(
                f"`model` must be traceable as a graph to be exported, without Python's `if`, `float()` or NumPy on "
                f"tensors, but {_layer_at_fault(error)} fails for the signature {signature!r}. "
                f"Received: {type(error).__name__}: {_essence(error)}"
            ) from error

    return traced


def _layer_at_fault(error):
    """The innermost layer of the calls that ended in `error`, in words."""
    layers = [one for one in _owners(error.__traceback__) if isinstance(one, keras.layers.Layer)]
    # Keras cuts its own layers out of the calls, but says the class of the innermost in the message.
    called = re.search(r"when calling (\w+)\.call", str(error))
    if layers and (called is None or type(layers[-1]).__name__ == called.group(1)):
        return f"the layer {layers[-1].name!r} ({type(layers[-1]).__name__})"
    return f"a layer {called.group(1)}" if called else "it"


def _owners(calls):
    """The objects whose methods were called, outermost first: the first arguments of the functions."""
    for frame, _ in traceback.walk_tb(calls):
        if frame.f_code.co_argcount:
            yield frame.f_locals.get(frame.f_code.co_varnames[0])


def _essence(error):
    """What an error says, in one line and without what Keras puts around it."""
    text = re.sub(r"\x1b\[[\d;]*m", "", str(error.args[0] if error.args else error))
    text = re.sub(r"^Exception encountered when calling .*", "", text).split("Arguments received by")[0]
    return " ".join(text.split())[:300]


def _publish(temporary, path):
    """Rename `temporary` to the next free version; another export may take that number first."""
    taken = max((int(p.name) for p in path.iterdir() if is_version_name(p.name)), default=0)
    while True:
        taken += 1
        try:
            # Unlike os.replace, a rename onto a version that has come up in between fails: it holds files.
            os.rename(temporary, path / str(taken))
            return path / str(taken)
        except OSError as error:
            if error.errno not in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise
