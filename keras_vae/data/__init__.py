"""Data: `load` reads a named set, a file or a folder; `batches` and `binarized` turn it into `tf.data`."""

from keras_vae.data.dataset import Dataset
from keras_vae.data.factor_shapes import FactorShapes, factor_shapes
from keras_vae.data.folder import image_folder
from keras_vae.data.load import load
from keras_vae.data.pipelines import batches, binarize_once, binarized

__all__ = ["load", "Dataset", "binarized", "binarize_once", "batches", "image_folder", "FactorShapes", "factor_shapes"]
