import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import (
    POINT,
    UnbuiltEncoder,
    dense_weights,
    linear_decoder,
    linear_encoder,
    prepared,
    small_vae,
    squared_error_nats,
    terms_of,
)

from keras_vae.models.vae import VAE
from keras_vae.optimizers import Adam
from keras_vae.priors.vamp_prior import VampPrior

# Two float32 sums of the same numbers in another order.
SAME = {"rtol": 1e-5, "atol": 1e-6}


@pytest.fixture
def x(rng):
    return rng.normal(size=(10, 6)).astype("float32")


@pytest.fixture
def y(rng):
    return rng.normal(size=(10, 6)).astype("float32") + 1.0


def point_vae(**kwargs):
    """A model without noise: losses and gradients can be compared exactly."""
    return small_vae(z_log_var=POINT, **kwargs)


def terms_by_hand(vae, x, y):
    """Reconstruction loss and KL of every example of `point_vae`, in float64."""
    kernel, bias = dense_weights(vae.encoder, "z_mean")
    z_mean = x @ kernel + bias
    kernel, bias = dense_weights(vae.decoder, "x_params")
    kl = 0.5 * np.sum(z_mean**2 - 1.0 - POINT, axis=-1)
    return squared_error_nats(y, z_mean @ kernel + bias), kl


def weights_after(vae, *args, **kwargs):
    """All weights after one gradient step, made in eager mode."""
    vae.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    vae.fit(*args, **{"batch_size": 100, "shuffle": False, "verbose": 0, **kwargs})
    return vae.get_weights()


def assert_same_weights(a, b):
    for v, w in zip(a, b, strict=True):
        np.testing.assert_allclose(v, w, **SAME)


def evaluated(vae, *args, **kwargs):
    vae.compile("sgd", run_eagerly=True)
    return vae.evaluate(*args, verbose=0, return_dict=True, **kwargs)


# What fit does.


def test_fit_lowers_the_loss_and_logs_every_term(x):
    vae = small_vae()
    vae.compile(keras.optimizers.Adam(0.1))
    x = 3.0 * x
    history = vae.fit(x, epochs=20, batch_size=5, validation_data=x, verbose=0).history
    assert set(history) == {f"{p}{t}" for p in ("", "val_") for t in ("loss", "reconstruction_loss", "kl_loss", "elbo")}
    # One draw per row: the mean of five epochs has a noise of about 0.3 nats.
    assert np.mean(history["loss"][-5:]) < np.mean(history["loss"][:5]) - 1.0
    assert np.mean(history["val_loss"][-5:]) < np.mean(history["val_loss"][:5]) - 1.0
    for p in ("", "val_"):
        loss, rec, kl, elbo = (np.array(history[p + t]) for t in ("loss", "reconstruction_loss", "kl_loss", "elbo"))
        np.testing.assert_allclose(loss, rec + kl, rtol=1e-5)
        np.testing.assert_allclose(elbo, -loss, rtol=1e-5)


def test_a_step_follows_the_gradient_of_the_mean_loss(x):
    vae = point_vae(beta=2.0)
    kernel = vae.decoder.get_layer("x_params").kernel
    before, bias_before = dense_weights(vae.decoder, "x_params")
    z = vae.encode(x)[0].astype("float64")
    weights_after(vae, x)
    # d/dW mean |x - zW - b|^2 / 2 = -z'(x - zW - b) / n.
    gradient = -z.T @ (x - z @ before - bias_before) / len(x)
    np.testing.assert_allclose(kernel.numpy(), before - 0.01 * gradient, **SAME)


def test_targets_of_their_own_are_reconstructed(x, y):
    vae = point_vae()
    rec, kl = terms_by_hand(vae, x, y)
    result = evaluated(vae, x, y)
    assert result["reconstruction_loss"] == pytest.approx(rec.mean(), rel=1e-5)
    assert result["kl_loss"] == pytest.approx(kl.mean(), rel=1e-5)


def test_a_short_last_batch_weighs_by_its_rows(x):
    vae = point_vae(beta=3.0)
    rec, kl = terms_by_hand(vae, x, x)
    for batch_size in (3, 4, 10, 100):
        result = evaluated(vae, x, batch_size=batch_size)
        expected = {
            "loss": (rec + 3.0 * kl).mean(),
            "reconstruction_loss": rec.mean(),
            "kl_loss": kl.mean(),
            "elbo": -(rec + kl).mean(),
        }
        assert result == pytest.approx(expected, rel=1e-5)


def test_evaluate_returns_a_list_in_the_order_of_the_terms(x):
    vae = point_vae()
    by_name = evaluated(vae, x)
    assert vae.evaluate(x, verbose=0) == [by_name[n] for n in ("loss", "reconstruction_loss", "kl_loss", "elbo")]


@pytest.mark.slow
def test_evaluate_repeats_itself_and_fit_in_between_does_not_reset_the_training_noise(x):
    vae = small_vae()
    vae.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    first = vae.evaluate(x, verbose=0)
    states = [vae.sampling.seed_generator.state.numpy()]
    losses = []
    for _ in range(2):
        losses += vae.fit(x, verbose=0, validation_data=x).history["loss"]
        states.append(vae.sampling.seed_generator.state.numpy())
        assert vae.evaluate(x, verbose=0) == first
    assert len({tuple(s) for s in states}) == 3
    assert losses[0] != losses[1]  # The weights stand still: another loss is another noise.


# Weights of examples and of elements.

WEIGHTS = np.array([0, 1, 2, 1, 3, 1, 0, 1, 1, 2], "float32")


@pytest.mark.parametrize("shape", [(10,), (10, 1)], ids=["vector", "column"])
def test_weights_of_examples_equal_repeated_rows(x, y, shape):
    weighted = weights_after(point_vae(), x, y, sample_weight=WEIGHTS.reshape(shape))
    rows = np.repeat(np.arange(10), WEIGHTS.astype(int))
    assert_same_weights(weighted, weights_after(point_vae(), x[rows], y[rows]))


def test_weights_of_examples_weigh_the_metrics_over_batches(x, y):
    vae = point_vae()
    rec, kl = terms_by_hand(vae, x, y)
    result = evaluated(vae, x, y, sample_weight=WEIGHTS, batch_size=4)
    assert result["reconstruction_loss"] == pytest.approx(np.average(rec, weights=WEIGHTS), rel=1e-5)
    assert result["kl_loss"] == pytest.approx(np.average(kl, weights=WEIGHTS), rel=1e-5)


def test_weights_count_as_much_without_targets(x):
    # Keras drops the weights of an array that comes without targets.
    vae = point_vae()
    weighted = evaluated(vae, x, sample_weight=WEIGHTS)
    assert weighted == evaluated(vae, x, x, sample_weight=WEIGHTS)
    assert weighted["loss"] != pytest.approx(evaluated(vae, x)["loss"], rel=1e-3)


def test_only_the_ratio_of_the_weights_matters(x):
    assert_same_weights(
        weights_after(point_vae(), x, x, sample_weight=WEIGHTS),
        weights_after(point_vae(), x, x, sample_weight=100.0 * WEIGHTS),
    )


def test_a_mask_hides_elements_from_the_reconstruction_and_leaves_the_kl(x, y, rng):
    vae = point_vae()
    mask = (rng.uniform(size=x.shape) < 0.5).astype("float32")
    result = evaluated(vae, x, y, sample_weight=mask)
    error = 0.5 * ((y - vae.predict(x, verbose=0)) ** 2 + np.log(2 * np.pi))
    assert result["reconstruction_loss"] == pytest.approx((error * mask).sum(axis=1).mean(), rel=1e-5)
    assert result["kl_loss"] == pytest.approx(terms_by_hand(vae, x, y)[1].mean(), rel=1e-5)


def test_what_a_mask_hides_does_not_change_the_step(x, y, rng):
    mask = rng.uniform(size=x.shape) < 0.5
    hidden = np.where(mask, y, 1e6).astype("float32")
    visible = weights_after(point_vae(), x, y, sample_weight=mask)
    assert_same_weights(weights_after(point_vae(), x, hidden, sample_weight=mask), visible)


def test_a_mask_of_leading_axes_covers_whole_steps(rng):
    x = rng.normal(size=(5, 4, 3)).astype("float32")
    vae = VAE(linear_encoder((4, 3), z_log_var=POINT), linear_decoder((4, 3)), likelihood="gaussian_fixed", seed=0)
    steps = np.array([[1, 1, 0, 0]] * 5, "float32")  # Padding behind the second step.
    per_step, per_element = (
        evaluated(vae, x, x, sample_weight=w) for w in (steps, np.repeat(steps[..., None], 3, axis=-1))
    )
    assert per_step == pytest.approx(per_element, rel=1e-6)
    assert per_step["reconstruction_loss"] < evaluated(vae, x)["reconstruction_loss"]


# Streams.


class Batches(keras.utils.PyDataset):
    def __init__(self, *parts):
        super().__init__()
        self.parts = parts

    def __len__(self):
        return 3

    def __getitem__(self, i):
        return tuple(p[4 * i : 4 * (i + 1)] for p in self.parts)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Your input ran out of data")  # Keras's remark on every generator.
@pytest.mark.parametrize(
    "n_parts",
    [pytest.param(1, id="x"), pytest.param(2, id="x-y", marks=pytest.mark.slow), pytest.param(3, id="x-y-weight")],
)
@pytest.mark.parametrize("kind", ["tf.data", "PyDataset", "generator"])
def test_a_stream_trains_as_the_arrays_do(x, y, n_parts, kind):
    parts = (x, y, WEIGHTS)[:n_parts]
    arrays = dict(zip(("x", "y", "sample_weight"), parts, strict=False))
    expected = weights_after(point_vae(), **arrays, batch_size=4)
    dataset = tf.data.Dataset.from_tensor_slices(parts).batch(4)
    batches = Batches(*parts)
    stream = {"tf.data": dataset, "PyDataset": batches, "generator": (batches[i] for i in range(3))}[kind]
    vae = point_vae()
    assert_same_weights(weights_after(vae, stream, batch_size=None), expected)
    if kind != "generator":
        assert evaluated(vae, stream) == pytest.approx(evaluated(vae, **arrays, batch_size=4), rel=1e-5)


def test_a_dataset_of_bare_arrays_is_a_dataset_of_inputs(x):
    dataset = tf.data.Dataset.from_tensor_slices(x).batch(4)
    assert_same_weights(
        weights_after(point_vae(), dataset, batch_size=None), weights_after(point_vae(), x, batch_size=4)
    )


@pytest.mark.slow
@pytest.mark.parametrize("form", [lambda x: x, lambda x: (x,), lambda x: (x, x), lambda x: [x, x, np.ones(10)]])
def test_validation_data_take_every_form(x, form):
    vae = point_vae()
    vae.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    history = vae.fit(x, validation_data=form(x), verbose=0).history
    assert history["val_loss"] == pytest.approx(history["loss"], rel=1e-5)


def test_a_validation_dataset_and_a_validation_split_work(x):
    vae = point_vae()
    vae.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    expected = vae.evaluate(x[7:], verbose=0)[0]
    dataset = tf.data.Dataset.from_tensor_slices(x[7:]).batch(2)
    assert vae.fit(x, validation_data=dataset, verbose=0).history["val_loss"] == pytest.approx([expected], rel=1e-5)
    # Keras takes the last rows for validation.
    assert vae.fit(x, validation_split=0.3, verbose=0).history["val_loss"] == pytest.approx([expected], rel=1e-5)


def test_lists_of_numbers_are_arrays(x):
    assert_same_weights(weights_after(point_vae(), x.tolist()), weights_after(point_vae(), x))


def test_whole_numbers_and_bools_train_as_floats(x):
    ones = x > 0
    expected = weights_after(point_vae(), ones.astype("float32"))
    for data in (ones, ones.astype("uint8"), ones.astype("int64"), ones.astype("float64")):
        assert_same_weights(weights_after(point_vae(), data), expected)


# Steps per call of the compiled function.


def numbered(n_batches):
    """Batches that can be told apart: batch i holds the number i."""
    rows = np.repeat(np.arange(n_batches, dtype="float32"), 2)[:, None] * np.ones(6, "float32")
    return tf.data.Dataset.from_tensor_slices(rows).batch(2)


@pytest.mark.parametrize("steps_per_execution", ["auto", 3, pytest.param(1, marks=pytest.mark.slow)])
def test_an_endless_stream_is_left_after_exactly_the_steps_asked_for(steps_per_execution):
    vae = point_vae()
    vae.compile(keras.optimizers.SGD(0.0), steps_per_execution=steps_per_execution)
    endless = numbered(40).repeat()
    history = vae.fit(endless, steps_per_epoch=6, epochs=2, validation_data=endless, validation_steps=3, verbose=0)
    assert int(vae.optimizer.iterations) == 12
    three = [vae.evaluate(numbered(3), verbose=0)[0]]
    assert history.history["val_loss"] == pytest.approx(three * 2, rel=1e-5)
    assert [vae.evaluate(endless, steps=3, verbose=0)[0]] == pytest.approx(three, rel=1e-5)
    assert vae.predict(endless, steps=3, verbose=0).shape == (6, 6)
    # Afterwards all the data count again.
    assert vae.evaluate(numbered(5), verbose=0)[0] == pytest.approx(point_loss(numbered(5)), rel=1e-5)
    assert vae.fit(numbered(5), verbose=0).history["loss"] == pytest.approx([point_loss(numbered(5))], rel=1e-5)
    assert int(vae.optimizer.iterations) == 17


def point_loss(dataset):
    x = np.concatenate(list(dataset.as_numpy_iterator()))
    return np.mean(np.sum(terms_by_hand(point_vae(), x, x), axis=0))


@pytest.mark.slow
def test_a_callback_may_evaluate_and_predict_in_the_middle_of_fit(x):
    class Look(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.model.evaluate(x, verbose=0)

        def on_epoch_end(self, epoch, logs=None):
            self.model.evaluate(x, verbose=0)
            self.model.predict(x, verbose=0)

    vae = point_vae()
    vae.compile(keras.optimizers.SGD(0.0))
    endless = numbered(40).repeat()
    arguments = {"steps_per_epoch": 2, "validation_data": endless, "validation_steps": 4, "verbose": 0}
    history = vae.fit(endless, epochs=2, callbacks=[Look()], **arguments).history
    assert int(vae.optimizer.iterations) == 4
    assert history["val_loss"] == pytest.approx([point_loss(numbered(4))] * 2, rel=1e-5)


def test_the_step_is_traced_once_for_all_batches_of_all_epochs(rng):
    traces = []

    class Counting(VAE):
        def terms(self, *args, training=False, **kwargs):
            traces.append(training)
            return super().terms(*args, training=training, **kwargs)

    vae = Counting(linear_encoder(), linear_decoder(), likelihood="gaussian_fixed", seed=0)
    vae.compile("adam", steps_per_execution=1)
    x = rng.normal(size=(273, 6)).astype("float32")
    vae.fit(x, batch_size=128, epochs=2, verbose=0)  # 128, 128 and 17 rows.
    vae.fit(x[:50], verbose=0)
    assert traces == [True]


# Compiling.


def test_adam_by_name_is_the_fused_one_and_an_optimizer_object_is_kept():
    vae = point_vae()
    vae.compile("adam")
    assert type(vae.optimizer) is Adam
    optimizer = keras.optimizers.Adam()
    vae.compile(optimizer)
    assert vae.optimizer is optimizer


@pytest.mark.parametrize("arguments", [{"loss": "mse"}, {"metrics": ["mae"]}, {"loss_weights": [1.0]}], ids=str)
def test_a_second_loss_is_refused_with_the_reason(arguments):
    (name,) = arguments
    with pytest.raises(ValueError, match=rf"`{name}` must not be passed to `compile`.*silently train something else"):
        point_vae().compile("adam", **arguments)


def test_a_loss_by_position_is_refused_with_the_same_reason():
    with pytest.raises(ValueError, match="`loss` must not be passed to `compile`"):
        point_vae().compile("adam", "mse")


def test_none_for_a_loss_is_no_loss():
    vae = point_vae()
    vae.compile("adam", loss=None, metrics=None)
    assert vae.compiled


@pytest.mark.slow
@pytest.mark.parametrize(("n_steps", "trained", "evaluated"), [(2, 1, 1), (16, 8, 1), (40, 8, 8)])
def test_a_loop_over_steps_is_compiled_where_there_are_many(n_steps, trained, evaluated, rng):
    class Seen(keras.callbacks.Callback):
        calls: tuple = ()

        def on_epoch_begin(self, epoch, logs=None):
            self.calls += (self.model.steps_per_execution,)

        def on_test_end(self, logs=None):
            self.calls += (self.model.steps_per_execution,)

    vae, x, seen = point_vae(), rng.normal(size=(n_steps, 6)).astype("float32"), Seen()
    vae.compile("sgd")
    vae.fit(x, batch_size=1, verbose=0, callbacks=[seen])
    vae.evaluate(x, batch_size=1, verbose=0, callbacks=[seen])
    assert seen.calls == (trained, evaluated)


@pytest.mark.parametrize("steps", [0, 1.5, "all"])
def test_steps_per_execution_that_is_no_number_is_refused(steps):
    with pytest.raises(ValueError, match="`steps_per_execution` must be a whole number >= 1"):
        point_vae().compile(steps_per_execution=steps)


def test_an_unknown_argument_is_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'los'"):
        point_vae().compile(los="mse")


def test_a_model_that_is_not_compiled_cannot_train_but_can_be_looked_at(x):
    vae = point_vae()
    with pytest.raises(ValueError, match="must call `compile"):
        vae.fit(x, verbose=0)
    assert vae.predict(x, verbose=0).shape == x.shape


# `test_keras_optimizers.py` compiles with XLA too.
@pytest.mark.parametrize("jit_compile", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_compiled_steps_equal_eager_ones(x, jit_compile):
    eager, compiled = point_vae(), point_vae()
    eager.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    compiled.compile(keras.optimizers.SGD(0.01), jit_compile=jit_compile)
    for vae in (eager, compiled):
        vae.fit(x, batch_size=4, epochs=3, shuffle=False, verbose=0)
    assert_same_weights(eager.get_weights(), compiled.get_weights())
    assert compiled.evaluate(x, verbose=0) == pytest.approx(eager.evaluate(x, verbose=0), rel=1e-5)


# Penalties in the user's own networks.


def test_a_penalty_on_weights_is_in_the_loss_of_the_validation_too(x):
    penalised = point_vae(encoder=linear_encoder(z_log_var=POINT, kernel_regularizer=keras.regularizers.L2(0.5)))
    penalised.compile(keras.optimizers.SGD(0.0))
    history = penalised.fit(x, validation_data=x, verbose=0).history
    assert history["val_loss"][0] == pytest.approx(history["loss"][0], rel=1e-5)
    assert history["loss"][0] > history["reconstruction_loss"][0] + history["kl_loss"][0] + 0.1


def test_a_penalty_on_weights_counts_once_in_loss_and_gradient(x):
    penalised = point_vae(encoder=linear_encoder(z_log_var=POINT, kernel_regularizer=keras.regularizers.L2(0.5)))
    plain = point_vae()
    kernel = dense_weights(plain.encoder, "z_mean")[0]
    penalty = 0.5 * np.sum(kernel**2)
    for vae in (penalised, plain):
        vae.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    losses = [vae.fit(x, batch_size=100, verbose=0).history["loss"][0] for vae in (penalised, plain)]
    assert losses[0] - losses[1] == pytest.approx(penalty, rel=1e-4)  # A difference of numbers a hundred times larger.
    moved = dense_weights(plain.encoder, "z_mean")[0] - dense_weights(penalised.encoder, "z_mean")[0]
    np.testing.assert_allclose(moved, 0.01 * 2 * 0.5 * kernel, rtol=1e-3, atol=1e-6)  # A difference again.


@pytest.mark.slow
@pytest.mark.parametrize("run_eagerly", [True, False], ids=["eager", "graph"])
def test_a_penalty_on_activations_counts_once_per_step(x, run_eagerly):
    regularizer = keras.regularizers.L2(0.5)
    penalised = point_vae(encoder=linear_encoder(z_log_var=POINT, activity_regularizer=regularizer))
    penalty = 0.5 * np.sum(penalised.encode(x)[0] ** 2) / len(x)  # Keras divides it by the size of the batch.
    penalised.compile(keras.optimizers.SGD(0.0), run_eagerly=run_eagerly)
    for _ in range(2):  # What was added by one batch must be gone in the next.
        penalised.encode(x)
        loss = penalised.fit(x, batch_size=100, epochs=2, verbose=0).history["loss"]
        assert loss == pytest.approx([point_loss(tf.data.Dataset.from_tensors(x)) + penalty] * 2, rel=1e-5)


# Other kinds of models.


@pytest.mark.slow
def test_mixed_precision_keeps_losses_in_single_precision(x, mixed_float16):
    vae = small_vae(decoder=linear_decoder())
    vae.compile("adam")
    assert isinstance(vae.optimizer, keras.optimizers.LossScaleOptimizer)
    assert type(vae.optimizer.inner_optimizer) is Adam
    terms = terms_of(vae, x, training=True)
    assert all(t.dtype == tf.float32 for t in terms.values())
    assert all(t.dtype == tf.float32 for t in vae.posterior(prepared(vae, x)))
    losses = vae.fit(x, epochs=20, verbose=0).history["loss"]
    assert np.isfinite(losses).all()
    assert int(vae.optimizer.inner_optimizer.iterations) > 10  # Few steps were skipped while the scale settled.
    assert all(w.dtype == "float32" for w in vae.trainable_weights)
    assert vae.predict(x, verbose=0).dtype == np.float32
    assert vae.sample(2).dtype == np.float32


def test_single_precision_terms_do_not_overflow_where_half_precision_would(mixed_float16):
    x = np.full((2, 6), 300.0, "float32")  # The square, 90000, is infinite in float16.
    terms = terms_of(point_vae(), x)
    assert all(np.isfinite(t).all() for t in terms.values())


@pytest.mark.parametrize("prior", [None, VampPrior(3)], ids=["normal", "vamp"])
def test_an_encoder_without_a_shape_gets_it_from_the_data(x, prior):
    vae = small_vae(encoder=UnbuiltEncoder(), decoder=keras.layers.Dense(6), prior=prior)
    assert not vae.built
    vae.compile("adam", run_eagerly=True)
    vae.fit(x, verbose=0)
    assert vae.built
    assert vae.event_shape == (6,)
    assert vae.sample(2).shape == (2, 6)


def test_an_encoder_without_a_shape_gets_it_from_a_stream(x):
    vae = small_vae(encoder=UnbuiltEncoder(), decoder=keras.layers.Dense(6))
    vae.compile("adam", run_eagerly=True)
    vae.fit(tf.data.Dataset.from_tensor_slices((x, x)).batch(4), verbose=0)
    assert vae.predict(x, verbose=0).shape == (10, 6)


@pytest.mark.slow
def test_targets_may_be_larger_than_inputs(rng):
    small, large = rng.normal(size=(6, 4, 4, 1)).astype("float32"), rng.normal(size=(6, 8, 8, 1)).astype("float32")
    encoder, decoder = linear_encoder((4, 4, 1)), linear_decoder((8, 8, 1))
    vae = VAE(encoder, decoder, likelihood="gaussian_fixed", target_shape=(8, 8, 1), seed=0)
    vae.compile("adam", run_eagerly=True)
    vae.fit(small, large, validation_data=(small, large), verbose=0)
    assert vae.predict(small, verbose=0).shape == (6, 8, 8, 1)
    assert vae.reconstruct(small).shape == (6, 8, 8, 1)
    assert vae.elbo(small, y=large).shape == (6,)
    assert vae.log_prob(small, 5, y=large).shape == (6,)
    assert vae.interpolate(small[0], small[1], steps=3).shape == (3, 8, 8, 1)
    for call in (lambda: vae.fit(small, verbose=0), lambda: vae.elbo(small), lambda: vae.evaluate(small)):
        with pytest.raises(ValueError, match=r"`y` must be given: the model maps \(4, 4, 1\) to \(8, 8, 1\)"):
            call()


def test_a_frozen_part_does_not_move(x):
    vae = small_vae()
    vae.encoder.trainable = False
    encoder, decoder = vae.encoder.get_weights(), vae.decoder.get_weights()
    vae.compile("adam", run_eagerly=True)
    vae.fit(x, verbose=0)
    assert_same_weights(vae.encoder.get_weights(), encoder)
    assert not np.allclose(vae.decoder.get_weights()[0], decoder[0])


def test_a_batch_of_zero_weight_makes_no_step_and_no_nan(x):
    weights = np.ones(10, "float32")
    weights[4:8] = 0.0  # The second batch of four.
    vae = point_vae()
    vae.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    history = vae.fit(x, x, sample_weight=weights, batch_size=4, shuffle=False, verbose=0).history
    rec, kl = terms_by_hand(vae, x, x)
    assert history["loss"] == pytest.approx([np.average(rec + kl, weights=weights)], rel=1e-5)
