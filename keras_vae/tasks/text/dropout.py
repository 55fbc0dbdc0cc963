"""The dropout of a model that was built with another one."""

import keras

from keras_vae._keras import all_layers


def set_dropout(model, rate):
    """Let the layers of a model leave out another share in training.

    Args:
        model: `SequenceVAE` or `LanguageModel`; before its next `fit` begins.
        rate: float from 0 to 1.

    Raises:
        ValueError: if the model was built without dropout: its layers have no noise.
    """
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.Dropout):
            if rate and not hasattr(layer, "seed_generator"):
                raise ValueError(
                    f"`dropout` must stay 0 for a model that was built without any. Received: dropout={rate}"
                )
            layer.rate = rate
        elif "dropout" in vars(layer):
            # What the networks are saved with.
            layer.dropout = rate
