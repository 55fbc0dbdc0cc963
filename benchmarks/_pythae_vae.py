"""The peer networks as pythae takes them; its decoder puts out probabilities."""

import torch
from _torch_vae import LATENT_DIM, make_networks
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder


class Encoder(BaseEncoder):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        z_mean, z_log_var = self.network(x)
        return ModelOutput(embedding=z_mean, log_covariance=z_log_var)


class Decoder(BaseDecoder):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, z):
        return ModelOutput(reconstruction=torch.sigmoid(self.network(z)))


def make_model(network, input_dim):
    """`pythae.models.VAE` with the cross-entropy of binary data."""
    encoder, decoder = make_networks(network)
    config = VAEConfig(input_dim=input_dim, latent_dim=LATENT_DIM, reconstruction_loss="bce")
    return VAE(config, encoder=Encoder(encoder), decoder=Decoder(decoder))
