"""Networks by name."""

from keras_vae._checks import check_choice
from keras_vae.networks.conv import conv_decoder, conv_encoder
from keras_vae.networks.dense import dense_decoder, dense_encoder
from keras_vae.networks.recurrent import recurrent_decoder, recurrent_encoder
from keras_vae.networks.resnet import resnet_decoder, resnet_encoder

# A new network is one file with two functions of these signatures, and one line here.
NETWORKS = {
    "dense": (dense_encoder, dense_decoder),
    "conv": (conv_encoder, conv_decoder),
    "resnet": (resnet_encoder, resnet_decoder),
    "recurrent": (recurrent_encoder, recurrent_decoder),
}


def make_encoder(
    event_shape, latent_dim, network="dense", hidden_units=None, n_outputs=2, input_layers=(), name="encoder"
):
    """Functional model from data to the parameters of its posterior.

    Args:
        event_shape: tuple of ints. Shape of one example, without the batch axis.
        latent_dim: int >= 1.
        network: "dense" (any shape), "conv" or "resnet" (images `(height, width, channels)` of any size), or
            "recurrent" (sequences `(steps,)` or `(steps, features)`).
        hidden_units: tuple of ints, in the order of the encoder, or None for the default of the network. What they
            count: widths of hidden layers ("dense"), channels per stage ("conv", "resnet"), widths of recurrent layers
            ("recurrent").
        n_outputs: 2 for `[z_mean, z_log_var]`, 1 for the code `z` of a plain autoencoder.
        input_layers: Keras layers applied to the data first (rescaling, one-hot). They may change the last axis or add
            one; `network` has to fit what they put out.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, *event_shape)` -> list of two tensors (or one tensor) `(batch, latent_dim)`, float32
        also under mixed precision.

    Raises:
        ValueError: for an unknown network, a shape that it cannot take, or an argument out of bounds.
    """
    build, _ = NETWORKS[check_choice("network", network, tuple(NETWORKS))]
    widths = {} if hidden_units is None else {"hidden_units": hidden_units}
    return build(event_shape, latent_dim, n_outputs=n_outputs, input_layers=input_layers, name=name, **widths)


def make_decoder(params_shape, latent_dim, network="dense", hidden_units=None, name="decoder"):
    """Functional model from codes to the raw parameters of p(x|z), the mirror image of `make_encoder`.

    Args:
        params_shape: tuple of ints. Shape of the parameters of one example, as its likelihood wants them, without the
            batch axis.
        latent_dim: int >= 1.
        network: "dense", "conv", "resnet" or "recurrent", as in `make_encoder`.
        hidden_units: tuple of ints, in the order of the *encoder*: the same tuple makes a matching pair. None for the
            default of the network.
        name: str. Name of the model.

    Returns:
        `keras.Model`, `(batch, latent_dim)` -> `(batch, *params_shape)`, linear (no activation), float32 also under
        mixed precision. The layer that holds its last weights is called "x_params".

    Raises:
        ValueError: for an unknown network, a shape that it cannot put out, or an argument out of bounds.
    """
    _, build = NETWORKS[check_choice("network", network, tuple(NETWORKS))]
    widths = {} if hidden_units is None else {"hidden_units": hidden_units}
    return build(params_shape, latent_dim, name=name, **widths)
