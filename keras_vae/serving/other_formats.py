"""Exports for other runtimes than TensorFlow's: ONNX files, and a LiteRT (TensorFlow Lite) file.

They hold what is deterministic and needs no likelihood: `reconstruct` x -> reconstruction, `encode` x -> z_mean,
z_log_var (z for a plain autoencoder), `decode` z -> x, each with the condition of the model. Names, types and the
treatment of rows that are not finite are as in the SavedModel.
"""

import os
import pathlib
import tempfile

import tensorflow as tf

from keras_vae._checks import check_int
from keras_vae._files import atomic_path
from keras_vae._keras import all_layers
from keras_vae.serving.export import check_model
from keras_vae.serving.signatures import signatures

# Name here, name in the SavedModel.
VERBS = {"reconstruct": "serving_default", "encode": "encode", "decode": "decode"}


def export_onnx(model, path):
    """Write `reconstruct.onnx`, `encode.onnx` and `decode.onnx`, each for any number of rows.

    Args:
        model: a built `VAE` or `Autoencoder`.
        path: str or path. Folder that is made; nothing must stand there.

    Returns:
        `pathlib.Path` of the folder.

    Raises:
        ImportError: if `tf2onnx` is not installed.
        FileExistsError: if `path` exists.
        TypeError: if `model` is not a model of this library.
        ValueError: if the model is not built, or ONNX has no form of something in it.

    Examples:
        >>> folder = kv.serving.export_onnx(vae, "onnx")
        >>> sorted(path.name for path in folder.iterdir())
        ['decode.onnx', 'encode.onnx', 'reconstruct.onnx']
    """
    try:
        import onnx
        import tf2onnx
    except ImportError as error:
        raise ImportError('`export_onnx` needs tf2onnx: pip install "keras_vae[onnx]"') from error
    check_model(model)
    path = _free_path(path)
    with atomic_path(path) as folder:
        folder.mkdir()
        for verb, function in _functions(model).items():
            proto, _ = tf2onnx.convert.from_function(
                function, function.input_signature, custom_op_handlers=_onnx_handlers()
            )
            try:
                onnx.checker.check_model(proto)
            except onnx.checker.ValidationError as error:
                reason = " ".join(str(error).split())[:300]
                raise ValueError(f"`model` cannot be written as ONNX: {verb} is not valid there: {reason}") from error
            (folder / f"{verb}.onnx").write_bytes(proto.SerializeToString())
    return path


def export_litert(model, path, batch_size=None):
    """Write a LiteRT file with the signatures `reconstruct`, `encode` and `decode`, which share the weights.

    Args:
        model: a built `VAE` or `Autoencoder`.
        path: str or path. File that is made, such as `digits.tflite`; nothing must stand there.
        batch_size: int or None. Number of rows that every call has to bring; None for any. Recurrent networks need one:
            LiteRT keeps the steps of a sequence in lists of tensors of a fixed size.

    Returns:
        `pathlib.Path` of the file.

    Raises:
        FileExistsError: if `path` exists.
        TypeError: if `model` is not a model of this library.
        ValueError: if the model is not built or computes in half precision, or LiteRT has no form of something in it.

    Examples:
        >>> kv.serving.export_litert(vae, "digits.tflite").name
        'digits.tflite'
    """
    check_model(model)
    _check_single_precision(model)
    if batch_size is not None:
        check_int("batch_size", batch_size, 1)
    path = _free_path(path)
    with atomic_path(path) as temporary:
        temporary.write_bytes(_litert_file(model, batch_size))
    return path


def _check_single_precision(model):
    halves = sorted({layer.compute_dtype for layer in all_layers(model)} & {"float16", "bfloat16"})
    if halves:
        raise ValueError(
            "`model` must compute in float32 to be written for LiteRT, which has no matrix product in half precision: "
            "load the weights into a model that was made under the dtype policy 'float32'. "
            f"Received: layers that compute in {halves[0]}"
        )


def _litert_file(model, batch_size):
    """The bytes of the file."""
    module = tf.Module()
    module.functions = _functions(model, batch_size)
    # What the functions read; they see the model from outside of the module.
    module.variables_read = [v.value for v in model.variables]
    with tempfile.TemporaryDirectory() as folder:
        saved = os.path.join(folder, "saved_model")
        graphs = {verb: function.get_concrete_function() for verb, function in module.functions.items()}
        tf.saved_model.save(module, saved, signatures=graphs)
        converter = tf.lite.TFLiteConverter.from_saved_model(saved, signature_keys=list(graphs))
        # Not TensorFlow's own ops beside them: interpreters come without those.
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
        try:
            return converter.convert()
        except Exception as error:  # The converter's own class has no public name.
            reason = " ".join(str(error).split())
            hint = ", pass `batch_size`" if "TensorList" in reason and batch_size is None else ""
            raise ValueError(f"`model` cannot be written for LiteRT{hint}. Received: {reason[:300]}") from error


def _functions(model, batch_size=None):
    """Each verb as a `tf.function` with the names of the SavedModel, and a fixed number of rows if one is given."""
    all_signatures = signatures(model)
    functions = {}
    for verb, name in VERBS.items():
        if name not in all_signatures:  # A model with its own endpoints may do without.
            continue
        function, specs = all_signatures[name].function, all_signatures[name].specs
        specs = [tf.TensorSpec((batch_size, *spec.shape[1:]), spec.dtype, spec.name) for spec in specs]
        # ONNX has one space of names: an output cannot be called as the input.
        function = _reconstruct(function) if verb == "reconstruct" else function
        functions[verb] = tf.function(function, input_signature=specs, autograph=False)
    return functions


def _reconstruct(function):
    return lambda *inputs: {"reconstruction": function(*inputs)["x"]}


def _onnx_handlers():
    """How to write the ops that ONNX does not have and tf2onnx does not know."""
    return {"Expm1": (_expm1, []), "Log1p": (_log1p, [])}


def _expm1(ctx, node, name, args):
    """exp(x) - 1 = tanh(x / 2) (exp(x) + 1), which keeps its precision around 0."""
    import numpy as np

    x, shape, dtype = node.input[0], ctx.get_shape(node.output[0]), ctx.get_dtype(node.output[0])
    ctx.remove_node(node.name)
    half = ctx.make_const(name + "_half", np.array(0.5, np.float32)).output[0]
    one = ctx.make_const(name + "_one", np.array(1.0, np.float32)).output[0]
    tanh = ctx.make_node("Tanh", [ctx.make_node("Mul", [x, half]).output[0]]).output[0]
    plus = ctx.make_node("Add", [ctx.make_node("Exp", [x]).output[0], one]).output[0]
    ctx.make_node("Mul", [tanh, plus], outputs=node.output, name=node.name, shapes=[shape], dtypes=[dtype])


def _log1p(ctx, node, name, args):
    """log(1 + x): of counts, where x near 0 is 0."""
    import numpy as np

    x, shape, dtype = node.input[0], ctx.get_shape(node.output[0]), ctx.get_dtype(node.output[0])
    ctx.remove_node(node.name)
    one = ctx.make_const(name + "_one", np.array(1.0, np.float32)).output[0]
    plus = ctx.make_node("Add", [x, one]).output[0]
    ctx.make_node("Log", [plus], outputs=node.output, name=node.name, shapes=[shape], dtypes=[dtype])


def _free_path(path):
    path = pathlib.Path(path)
    if path.exists():
        raise FileExistsError(f"`path` must not exist yet. Received: path={str(path)!r}")
    return path
