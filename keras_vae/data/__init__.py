"""Data: `load` reads a named set, a file or a folder; `batches` and `binarized` make `tf.data` batches of it."""

from keras_vae.data.columns import TableColumns
from keras_vae.data.dataset import Dataset
from keras_vae.data.factor_shapes import FactorShapes, factor_shapes
from keras_vae.data.folder import image_folder
from keras_vae.data.load import load
from keras_vae.data.pipelines import batches, binarize_once, binarized
from keras_vae.data.reading import ReadAs, Reading
from keras_vae.data.semi_supervised_batches import semi_supervised_batches
from keras_vae.data.token_batches import token_batches
from keras_vae.data.tokenizer import Tokenizer
from keras_vae.data.word_distance import word_distance

__all__ = ["load", "Dataset", "Reading", "ReadAs", "binarized", "binarize_once", "batches", "image_folder"]
__all__ += ["FactorShapes", "factor_shapes", "TableColumns", "semi_supervised_batches", "Tokenizer"]
__all__ += ["token_batches", "word_distance"]


def __dir__():
    return __all__
