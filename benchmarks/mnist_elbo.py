"""Bound reached on MNIST: a dense 784-512-20 VAE trained by `fit`, beside a hand-written PyTorch loop of that setting.

Adam 1e-3, batches of 128, images binarised anew in every epoch. Both are judged on one fixed binarised test set
(`kv.data.binarize_once`, seed 0). All figures are nats per image.
"""

import math
import sys
import time

from _common import format_table, make_parser, some_rows, write_result

LATENT_DIM, HIDDEN_UNITS = 20, (512,)
BATCH_SIZE, LEARNING_RATE = 128, 1e-3
TEST_SEED = 0
WANTED = {"negative_elbo": 102.5, "kl": 26.6}


def train_ours(images, n_epochs, seed):
    """Train by `fit`.

    Args:
        images: uint8 array `(n, 28, 28, 1)`.
        n_epochs: int.
        seed: int.

    Returns:
        `keras_vae.VAE`.
    """
    import keras

    import keras_vae as kv

    vae = kv.make_vae((28, 28, 1), LATENT_DIM, network="dense", hidden_units=HIDDEN_UNITS, seed=seed)
    vae.compile(kv.optimizers.Adam(LEARNING_RATE))
    started = time.perf_counter()

    def report(epoch, logs):
        report_epoch("keras_vae", epoch + 1, n_epochs, -logs["elbo"], started)

    data = kv.data.binarized(images, batch_size=BATCH_SIZE, seed=seed)
    vae.fit(data, epochs=n_epochs, verbose=0, callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=report)])
    return vae


def judge_ours(vae, x, n_draws, n_samples):
    """Figures of a trained model on binary test images `(n, 28, 28, 1)`."""
    return {
        "negative_elbo": -vae.elbo(x, n_samples=n_draws).mean(),
        "kl": vae.evaluate(x, batch_size=500, verbose=0, return_dict=True)["kl_loss"],
        "negative_log_prob": -vae.log_prob(x, n_samples=n_samples).mean(),
    }


def train_torch(images, n_epochs, seed):
    """Train the same network in PyTorch.

    Args:
        images: uint8 array `(n, 28, 28, 1)`.
        n_epochs: int.
        seed: int.

    Returns:
        Pair of modules, encoder and decoder.
    """
    import torch
    from _torch_vae import loss_terms, make_networks

    torch.manual_seed(seed)
    encoder, decoder = make_networks("dense")
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=LEARNING_RATE, fused=True)
    grey = torch.from_numpy(images.reshape(len(images), -1)).float() / 255
    started = time.perf_counter()
    for epoch in range(n_epochs):
        order = torch.randperm(len(grey))
        total = 0.0
        for start in range(0, len(grey), BATCH_SIZE):
            x = torch.bernoulli(grey[order[start : start + BATCH_SIZE]])
            optimizer.zero_grad()
            loss = sum(loss_terms(encoder, decoder, x))
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(x)
        report_epoch("torch", epoch + 1, n_epochs, float(total) / len(grey), started)
    return encoder, decoder


def judge_torch(encoder, decoder, x, n_draws, n_samples, seed):
    """Figures of the peer on binary test images, by code of its own."""
    import torch

    torch.manual_seed(seed)
    x = torch.from_numpy(x.reshape(len(x), -1))
    sums = {"negative_elbo": 0.0, "kl": 0.0, "negative_log_prob": 0.0}
    with torch.no_grad():
        for rows in x.split(100):
            z_mean, z_log_var = encoder(rows)
            kl = 0.5 * (z_mean**2 + z_log_var.exp() - 1 - z_log_var).sum(-1)
            epsilon = torch.randn(max(n_draws, n_samples), *z_mean.shape)
            z = z_mean + (0.5 * z_log_var).exp() * epsilon
            log_p_x = log_bernoulli(decoder, z, rows)
            log_ratio = 0.5 * (z_log_var + epsilon**2 - z**2).sum(-1)
            log_prob = torch.logsumexp((log_p_x + log_ratio)[:n_samples], 0) - math.log(n_samples)
            sums["kl"] += float(kl.sum())
            sums["negative_elbo"] += float((kl - log_p_x[:n_draws].mean(0)).sum())
            sums["negative_log_prob"] -= float(log_prob.sum())
    return {name: value / len(x) for name, value in sums.items()}


def log_bernoulli(decoder, z, x):
    """log p(x|z), `(draws, batch)`, a draw at a time to spare memory."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

    return torch.stack([-cross_entropy(decoder(one), x, reduction="none").sum(-1) for one in z])


def report_epoch(name, epoch, n_epochs, loss, started):
    seconds = time.perf_counter() - started
    print(f"{name}: epoch {epoch} of {n_epochs}, training -ELBO {loss:.2f}, {seconds:.0f} s", file=sys.stderr)


def parse_arguments(argv=None):
    parser = make_parser(__doc__)
    parser.add_argument("--epochs", type=int, help="default: 10, quick: 1")
    parser.add_argument("--no-peer", action="store_true", help="leave PyTorch out")
    return parser.parse_args(argv)


def main(argv=None):
    arguments = parse_arguments(argv)
    started = time.perf_counter()
    n_train, n_test = (12800, 1000) if arguments.quick else (60000, 10000)
    n_draws, n_samples = (5, 20) if arguments.quick else (10, 100)
    n_epochs = arguments.epochs or (1 if arguments.quick else 10)

    from keras_vae.data.named import load_named
    from keras_vae.data.pipelines import binarize_once

    mnist = load_named("mnist")
    train, seed = some_rows(mnist.x_train, n_train, TEST_SEED), arguments.seed
    test = some_rows(binarize_once(mnist.x_test, seed=TEST_SEED), n_test, TEST_SEED)

    figures = {"keras_vae": judge_ours(train_ours(train, n_epochs, seed), test, n_draws, n_samples)}
    if not arguments.no_peer:
        figures["torch"] = judge_torch(*train_torch(train, n_epochs, seed), test, n_draws, n_samples, seed)

    header = ["test set, nats per image", "-ELBO", "KL", f"-log p(x), {n_samples} samples"]
    rows = [[name, *map(float, f.values())] for name, f in figures.items()]
    rows.append(["wanted (-ELBO at most, KL about)", *WANTED.values(), None])
    print(format_table(header, rows))
    settings = {
        "network": f"dense 784-{HIDDEN_UNITS[0]}-{LATENT_DIM}",
        "optimizer": f"Adam {LEARNING_RATE}",
        "batch_size": BATCH_SIZE,
        "epochs": n_epochs,
        "training_images": n_train,
        "test_images": n_test,
        "test_set": f"binarised once, seed {TEST_SEED}",
        "draws_of_z_for_elbo": n_draws,
        "importance_samples": n_samples,
        "wanted": WANTED,
    }
    print(write_result("mnist_elbo", figures, settings, arguments, time.perf_counter() - started, peers=("torch",)))


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted; nothing was written")
