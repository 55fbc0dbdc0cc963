"""The peer networks in PyTorch: the layers, sizes and initial weights of `keras_vae.make_vae`, and the same loss."""

import torch
from torch import nn
from torch.nn import functional

LATENT_DIM = 20


class Reshape(nn.Module):
    """View of a batch as `(batch, *shape)`."""

    def __init__(self, *shape):
        super().__init__()
        self.shape = shape

    def forward(self, h):
        return h.reshape(-1, *self.shape)


class Encoder(nn.Module):
    """A trunk and two linear heads, `x -> (z_mean, z_log_var)`."""

    def __init__(self, trunk, n_features):
        super().__init__()
        self.trunk = trunk
        self.z_mean = nn.Linear(n_features, LATENT_DIM)
        self.z_log_var = nn.Linear(n_features, LATENT_DIM)

    def forward(self, x):
        h = self.trunk(x)
        return self.z_mean(h), self.z_log_var(h)


def make_networks(network):
    """Encoder and decoder (logits) for images `(batch, 1, 28, 28)`, or `(batch, 784)` where `network` is "dense"."""
    if network == "dense":
        encoder = Encoder(nn.Sequential(nn.Linear(784, 512), nn.ReLU()), 512)
        decoder = nn.Sequential(nn.Linear(LATENT_DIM, 512), nn.ReLU(), nn.Linear(512, 784))
    else:
        down = (
            nn.Conv2d(1, 32, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, stride=2, padding=1),
            nn.ReLU(),
        )
        encoder = Encoder(nn.Sequential(*down, nn.Flatten()), 64 * 7 * 7)
        decoder = nn.Sequential(
            nn.Linear(LATENT_DIM, 64 * 7 * 7),
            nn.ReLU(),
            Reshape(64, 7, 7),
            nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(32, 1, 3, stride=2, padding=1, output_padding=1),
        )
    for module in (*encoder.modules(), *decoder.modules()):
        if isinstance(module, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.xavier_uniform_(module.weight)
            nn.init.zeros_(module.bias)
    return encoder, decoder


def loss_terms(encoder, decoder, x):
    """Mean reconstruction loss and mean KL of a batch from one draw of z; nats per example."""
    z_mean, z_log_var = encoder(x)
    z = z_mean + torch.exp(0.5 * z_log_var) * torch.randn_like(z_mean)
    reconstruction_loss = functional.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum")
    kl = 0.5 * torch.sum(z_mean.square() + torch.expm1(z_log_var) - z_log_var)
    return reconstruction_loss / len(x), kl / len(x)
