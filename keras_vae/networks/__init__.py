"""Encoders and decoders per kind of data, as functional Keras models."""

from keras_vae.networks.conv import conv_decoder, conv_encoder
from keras_vae.networks.dense import dense_decoder, dense_encoder
from keras_vae.networks.recurrent import recurrent_decoder, recurrent_encoder
from keras_vae.networks.registry import NETWORKS, make_decoder, make_encoder
from keras_vae.networks.resnet import resnet_decoder, resnet_encoder

__all__ = [
    "NETWORKS",
    "make_encoder",
    "make_decoder",
    "dense_encoder",
    "dense_decoder",
    "conv_encoder",
    "conv_decoder",
    "resnet_encoder",
    "resnet_decoder",
    "recurrent_encoder",
    "recurrent_decoder",
]
