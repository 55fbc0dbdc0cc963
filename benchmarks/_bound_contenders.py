"""The contenders of `bound_speed.py`: importance-weighted log p(x) of the same images under the same weights."""

import math
import os
import signal
import time
import traceback

import numpy as np

LATENT_DIM, HIDDEN_UNITS = 20, (512,)
# Sizes that the peers may choose from, by trial: draws of z at once for one image.
DRAWS_AT_ONCE = (100, 250, 500, 1000, 2500, 5000)


def make_vae(seed):
    import keras_vae as kv

    return kv.make_vae((784,), LATENT_DIM, network="dense", hidden_units=HIDDEN_UNITS, seed=seed)


def train_weights(images, n_epochs, seed, path):
    """Train the VAE on grey images `(n, 784)` and write its weights, one array per kernel and bias."""
    import keras_vae as kv

    vae = make_vae(seed)
    vae.compile("adam")
    vae.fit(kv.data.binarized(images, batch_size=128, seed=seed), epochs=n_epochs, verbose=0)
    np.savez(path, *vae.encoder.get_weights(), *vae.decoder.get_weights())


def read_weights(path):
    """The arrays in the order of the layers: trunk, mean, log variance; hidden, output."""
    with np.load(path) as file:
        return [file[name] for name in file.files]


def ours(path, n_samples, seed):
    """`vae.log_prob` as a user calls it."""
    vae = make_vae(seed)
    weights = read_weights(path)
    vae.encoder.set_weights(weights[:6])
    vae.decoder.set_weights(weights[6:])
    return lambda x, _: vae.log_prob(x, n_samples=n_samples, seed=seed), None


def products(path, n_samples, seed):
    """The two matrix products of the decoder alone, as a ceiling: no noise, bias, relu or density, and no estimate."""
    import tensorflow as tf

    from keras_vae.models.bounds import ROWS_PER_DECODE

    kernels = [tf.Variable(kernel) for kernel in read_weights(path)[6::2]]
    z = tf.random.stateless_normal([ROWS_PER_DECODE, LATENT_DIM], seed=[seed, 0])

    @tf.function
    def decode(n_rows):
        total, n_done = 0.0, 0
        while n_done < n_rows:
            # Another z every time, so that no product is done once for all. One number is used: none is left out.
            total += (((z + total) @ kernels[0]) @ kernels[1])[0, 0] * 1e-9
            n_done += ROWS_PER_DECODE
        return total

    def estimate(x, _):
        decode(tf.constant(len(x) * n_samples)).numpy()
        return np.zeros(0)

    return estimate, None


def torch_loop(path, n_samples, seed):
    """PyTorch by hand: the encoder once per image, draws in a vector, the Bernoulli density from the logits."""
    import torch
    from torch.nn import functional

    encoder, decoder = make_torch_networks(path)
    torch.manual_seed(seed)

    def estimate(x, n_at_once):
        values = []
        with torch.inference_mode():
            for row in torch.from_numpy(x):
                z_mean, z_log_var = encoder(row)
                log_weights = []
                for _ in range(0, n_samples, n_at_once):
                    epsilon = torch.randn(n_at_once, LATENT_DIM)
                    z = z_mean + torch.exp(0.5 * z_log_var) * epsilon
                    logits = decoder(z)
                    # One pass less than the ready-made cross-entropy: the faster of the two here.
                    log_p_x = logits @ row - functional.softplus(logits).sum(-1)
                    log_weights.append(log_p_x + 0.5 * (z_log_var + epsilon.square() - z.square()).sum(-1))
                values.append(torch.logsumexp(torch.cat(log_weights), 0).item() - math.log(n_samples))
        return np.array(values)

    return estimate, [n for n in DRAWS_AT_ONCE if n_samples % n == 0]


def pythae(path, n_samples, seed):
    """`get_nll` with its default batch size."""
    estimate = pythae_estimate(path, n_samples, seed)
    return lambda x, _: estimate(x, 100), None


def pythae_tuned(path, n_samples, seed):
    """`get_nll` without gradients and with the best batch size, which for pythae is that of the draws."""
    import torch

    estimate = pythae_estimate(path, n_samples, seed)

    def tuned(x, batch_size):
        with torch.inference_mode():
            return estimate(x, batch_size)

    return tuned, [n for n in DRAWS_AT_ONCE if n_samples % n == 0]


def pythae_estimate(path, n_samples, seed):
    import torch
    from _pythae_vae import make_model

    model = make_model("dense", (784,))
    encoder, decoder = make_torch_networks(path)
    model.encoder.network, model.decoder.network = encoder, decoder
    model.eval()
    torch.manual_seed(seed)

    def estimate(x, batch_size):
        # It gives the mean over images, which it goes through one by one: one at a time they can be told apart.
        images = torch.from_numpy(x).split(1)
        return np.array([model.get_nll(image, n_samples=n_samples, batch_size=batch_size) for image in images])

    return estimate


def make_torch_networks(path):
    import torch
    from _torch_vae import make_networks

    encoder, decoder = make_networks("dense")
    layers = [encoder.trunk[0], encoder.z_mean, encoder.z_log_var, decoder[0], decoder[2]]
    arrays = read_weights(path)
    with torch.no_grad():
        for layer, kernel, bias in zip(layers, arrays[::2], arrays[1::2], strict=True):
            layer.weight.copy_(torch.from_numpy(kernel.T))
            layer.bias.copy_(torch.from_numpy(bias))
    return encoder, decoder


CONTENDERS = {
    "keras_vae": (ours, None),
    "products": (products, None),
    "torch": (torch_loop, "torch"),
    "pythae": (pythae, "pythae"),
    "pythae, tuned": (pythae_tuned, "pythae"),
}


def work(name, pipe, weights_path, x_path, one_core, n_samples, seed):
    """A worker process: answer every slice of rows by the seconds it took and its estimates, until the parent is gone.

    The first answer is the size that was chosen by trial on a few rows, which also warms up.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if one_core:
        # Before TensorFlow and PyTorch count the cores.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    clock = time.process_time if one_core else time.perf_counter
    try:
        _set_torch_threads(name)
        estimate, sizes = CONTENDERS[name][0](weights_path, n_samples, seed)
        x = np.load(x_path)
        first, n_rows = pipe.recv()
        size = _best(estimate, sizes, x[first : first + n_rows], clock)
        pipe.send(size)
        while True:
            first, n_rows = pipe.recv()
            started = clock()
            values = estimate(x[first : first + n_rows], size)
            pipe.send((clock() - started, values))
    except EOFError:
        pass
    except Exception:
        pipe.send(traceback.format_exc())


def _best(estimate, sizes, x, clock):
    """The size with which the rows take the least time."""
    seconds = {}
    for size in sizes or (None,):
        estimate(x[:1], size)
        started = clock()
        estimate(x, size)
        seconds[size] = clock() - started
    return min(seconds, key=seconds.get)


def _set_torch_threads(name):
    if name != "keras_vae":
        import torch
        from _contenders import n_cores

        torch.set_num_threads(n_cores())
