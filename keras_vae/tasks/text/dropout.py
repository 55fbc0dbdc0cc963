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
    layers = all_layers(model)
    # The attention of Keras has one that is never used.
    noisy = [layer for layer in layers if isinstance(layer, keras.layers.Dropout) and hasattr(layer, "seed_generator")]
    if rate and not noisy:
        raise ValueError(f"`dropout` must stay 0 for a model that was built without any. Received: dropout={rate}")
    for layer in noisy:
        layer.rate = rate
    for layer in layers:
        # What our networks are saved with.
        if "dropout" in vars(layer):
            layer.dropout = rate
