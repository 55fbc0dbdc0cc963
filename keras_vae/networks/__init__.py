"""Encoders and decoders per kind of data, as functional Keras models."""

from keras_vae._lazy import lazy_names

# Lazy, so that the shell gets the names of the registry without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "registry": ["NETWORKS", "make_encoder", "make_decoder"],
        "dense": ["dense_encoder", "dense_decoder"],
        "skip": ["skip_encoder", "skip_decoder"],
        "conv": ["conv_encoder", "conv_decoder"],
        "resnet": ["resnet_encoder", "resnet_decoder"],
        "recurrent": ["recurrent_encoder", "recurrent_decoder"],
        "grid": ["grid_encoder", "grid_decoder"],
        "discriminator": ["make_discriminator"],
        "ladder": ["make_ladder", "LADDER_NETWORKS"],
        "text_decoder": ["TextDecoder"],
        "text_encoder": ["TextEncoder"],
        "text_transformer": ["TransformerTextDecoder", "TransformerTextEncoder"],
        "top_down_decoder": ["TopDownDecoder"],
    },
)
