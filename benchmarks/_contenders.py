"""The contenders of `throughput.py`: each trains the same VAE and marks where its epochs begin and end."""

import contextlib
import os
import signal
import tempfile
import time
import traceback

import numpy as np

NETWORKS = {"dense": ((784,), (512,)), "conv": ((28, 28, 1), (32, 64))}
LATENT_DIM = 20
LEARNING_RATE = 1e-3
# Those of `keras_vae.training.trainer.STEPS_PER_EXECUTION`, which a test compares: a worker that runs a peer imports no
# TensorFlow.
STEPS_PER_CALL = 8


class Turn:
    """A worker's side of the pipe: wait for the word, then report the seconds of one epoch.

    Args:
        pipe: `multiprocessing` connection to the parent.
        clock: Callable that gives seconds.
    """

    def __init__(self, pipe, clock):
        self.pipe = pipe
        self.clock = clock

    def begin(self):
        self.pipe.recv()
        self.started = self.clock()

    def end(self, scale=1.0):
        self.pipe.send(scale * (self.clock() - self.started))

    @contextlib.contextmanager
    def epoch(self):
        self.begin()
        yield
        self.end()


def run_fit(turn, images, network, batch_size, n_epochs, seed):
    """One long `fit` on an array, as a user calls it."""
    x = binary(images).reshape(-1, *NETWORKS[network][0])
    make_compiled_vae(network, seed).fit(
        x, batch_size=batch_size, epochs=n_epochs, verbose=0, callbacks=[turn_callback(turn)]
    )


def run_fit_binarized(turn, images, network, batch_size, n_epochs, seed):
    """One long `fit` on grey images that are drawn anew in every epoch."""
    import keras_vae as kv

    data = kv.data.binarized(images.reshape(-1, *NETWORKS[network][0]), batch_size=batch_size, seed=seed)
    make_compiled_vae(network, seed).fit(data, epochs=n_epochs, verbose=0, callbacks=[turn_callback(turn)])


def make_compiled_vae(network, seed):
    import keras_vae as kv

    event_shape, hidden_units = NETWORKS[network]
    vae = kv.make_vae(event_shape, LATENT_DIM, network=network, hidden_units=hidden_units, seed=seed)
    vae.compile("adam")
    return vae


def turn_callback(turn):
    import keras

    return keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: turn.begin(), on_epoch_end=lambda epoch, logs: turn.end()
    )


def run_bare(turn, images, network, batch_size, n_epochs, seed):
    """The same layers and arithmetic in a `tf.function`, as many steps per call as `fit` makes, with nothing around."""
    import tensorflow as tf

    vae = make_compiled_vae(network, seed)
    encoder, decoder, weights = vae.encoder, vae.decoder, vae.trainable_weights
    slots = [[tf.Variable(tf.zeros_like(w.value)) for w in weights] for _ in range(2)]
    n_steps = tf.Variable(0.0)

    def step(x):
        with tf.GradientTape() as tape:
            z_mean, z_log_var = encoder(x, training=True)
            z = z_mean + tf.exp(0.5 * z_log_var) * tf.random.normal(tf.shape(z_mean))
            cross_entropy = tf.nn.sigmoid_cross_entropy_with_logits(labels=x, logits=decoder(z, training=True))
            kl = 0.5 * tf.reduce_sum(tf.square(z_mean) + tf.math.expm1(z_log_var) - z_log_var)
            loss = (tf.reduce_sum(cross_entropy) + kl) / tf.cast(tf.shape(x)[0], tf.float32)
        gradients = tape.gradient(loss, [w.value for w in weights])
        n_steps.assign_add(1.0)
        for w, m, v, gradient in zip(weights, *slots, gradients, strict=True):
            tf.raw_ops.ResourceApplyAdam(
                var=w.value.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=tf.pow(0.9, n_steps),
                beta2_power=tf.pow(0.999, n_steps),
                lr=LEARNING_RATE,
                beta1=0.9,
                beta2=0.999,
                epsilon=1e-7,
                grad=gradient,
            )
        return loss

    @tf.function(reduce_retracing=True)
    def steps(iterator, n):
        loss = 0.0
        for _ in tf.range(n):
            loss = step(next(iterator))
        return loss

    x = tf.constant(binary(images).reshape(-1, *NETWORKS[network][0]))
    # Slices of one permutation: a dataset that hands on single rows or row numbers is slower.
    order = tf.Variable(tf.range(len(x)))
    n_batches = -(-len(x) // batch_size)
    batches = (
        tf.data.Dataset.range(n_batches)
        .map(lambda i: tf.gather(x, order[i * batch_size : (i + 1) * batch_size]), num_parallel_calls=tf.data.AUTOTUNE)
        .prefetch(tf.data.AUTOTUNE)
    )
    for _ in range(n_epochs):
        with turn.epoch():
            order.assign(tf.random.shuffle(order))
            iterator = iter(batches)
            for start in range(0, n_batches, STEPS_PER_CALL):
                loss = steps(iterator, tf.constant(min(STEPS_PER_CALL, n_batches - start)))
            loss.numpy()


def run_products(turn, images, network, batch_size, n_epochs, seed):
    """The matrix products of the dense network alone, as a ceiling: no bias, no relu, no loss, no optimizer, no data.

    Forward a product per layer, backward two (of the weights and of the inputs), without the gradient of the first
    layer's inputs, which nobody needs. Shapes, float32 and steps per call are those of `fit`.
    """
    import tensorflow as tf

    n_pixels, n_hidden = NETWORKS["dense"][0][0], NETWORKS["dense"][1][0]
    rng = np.random.default_rng(seed)
    shapes = {"trunk": (n_pixels, n_hidden), "mean": (n_hidden, LATENT_DIM), "log_var": (n_hidden, LATENT_DIM)}
    shapes |= {"hidden": (LATENT_DIM, n_hidden), "output": (n_hidden, n_pixels)}
    # Of about the size that keeps a product as large as its input: nothing overflows, nothing is denormal.
    w = {name: tf.Variable(rng.normal(0.0, m**-0.5, (m, n)).astype("float32")) for name, (m, n) in shapes.items()}

    def step(x):
        h = x @ w["trunk"]
        z = h @ w["mean"] + h @ w["log_var"]
        g = z @ w["hidden"]
        y = g @ w["output"]
        d_g = tf.matmul(y, w["output"], transpose_b=True)
        d_z = tf.matmul(d_g, w["hidden"], transpose_b=True)
        d_h = tf.matmul(d_z, w["mean"], transpose_b=True) + tf.matmul(d_z, w["log_var"], transpose_b=True)
        pairs = ((g, y), (z, d_g), (h, d_z), (h, z), (x, d_h))
        # One number of each is used, so that none is left out.
        return tf.add_n([tf.matmul(a, b, transpose_a=True)[0, 0] for a, b in pairs])

    @tf.function
    def steps(batches):
        total = 0.0
        for x in batches:
            total += step(x)
        return total

    # The same batches in every call: an epoch is their number of calls, as near as it goes.
    batches = tf.constant(binary(images)[: STEPS_PER_CALL * batch_size].reshape(-1, batch_size, n_pixels))
    n_calls = len(images) / (STEPS_PER_CALL * batch_size)
    for _ in range(n_epochs):
        turn.begin()
        for _ in range(max(1, round(n_calls))):
            total = steps(batches)
        total.numpy()
        turn.end(scale=n_calls / max(1, round(n_calls)))


def run_torch(turn, images, network, batch_size, n_epochs, seed):
    """A PyTorch loop without a `DataLoader`."""
    import torch
    from _torch_vae import loss_terms, make_networks

    torch.manual_seed(seed)
    torch.set_num_threads(n_cores())
    encoder, decoder = make_networks(network)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=LEARNING_RATE, fused=True)
    x = torch.from_numpy(binary(images)).reshape(-1, *torch_shape(network))
    for _ in range(n_epochs):
        with turn.epoch():
            order = torch.randperm(len(x))
            for start in range(0, len(x), batch_size):
                optimizer.zero_grad()
                loss = sum(loss_terms(encoder, decoder, x[order[start : start + batch_size]]))
                loss.backward()
                optimizer.step()
            loss.item()


def run_pythae(turn, images, network, batch_size, n_epochs, seed):
    """pythae's VAE and trainer on the same networks; only the training part of its epochs counts."""
    import logging

    import torch
    from _pythae_vae import make_model
    from pythae.data.datasets import BaseDataset
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from pythae.trainers.training_callbacks import ProgressBarCallback

    class TurnTrainer(BaseTrainer):
        def _setup_callbacks(self):
            super()._setup_callbacks()
            handlers = self.callback_handler.callbacks
            handlers[:] = [handler for handler in handlers if not isinstance(handler, ProgressBarCallback)]

        def train_step(self, epoch):
            with turn.epoch():
                return super().train_step(epoch)

    logging.disable(logging.INFO)
    torch.set_num_threads(n_cores())
    torch.manual_seed(seed)
    x = torch.from_numpy(binary(images)).reshape(-1, *torch_shape(network))
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder,
            per_device_train_batch_size=batch_size,
            num_epochs=n_epochs,
            learning_rate=LEARNING_RATE,
            optimizer_params={"fused": True},
            no_cuda=True,
            seed=seed,
        )
        data = BaseDataset(x, torch.zeros(len(x)))
        TurnTrainer(make_model(network, torch_shape(network)), data, training_config=config).train()


def binary(images):
    """Float32 0 and 1 from grey images."""
    return (images > 127).astype(np.float32)


def n_cores():
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def torch_shape(network):
    return (784,) if network == "dense" else (1, 28, 28)


CONTENDERS = {
    "fit": (run_fit, None),
    "bare": (run_bare, None),
    "products": (run_products, None),
    "torch": (run_torch, "torch"),
    "pythae": (run_pythae, "pythae"),
    "fit_binarized": (run_fit_binarized, None),
}


def work(name, pipe, path, one_core, *setting):
    """A worker process: train until all epochs are done or the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if one_core:
        # Before TensorFlow and PyTorch count the cores.
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        clock = time.process_time if one_core else time.perf_counter
        CONTENDERS[name][0](Turn(pipe, clock), np.load(path), *setting)
    except EOFError:
        pass
    except Exception:
        pipe.send(traceback.format_exc())
