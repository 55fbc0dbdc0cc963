"""Capacity and free bits: what they do to the loss, and that nothing else sees them."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from helpers import POINT, small_vae

from keras_vae.divergences import gaussian_kl
from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.kl_penalty import capacity_penalty, free_bits_penalty
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians


@pytest.fixture
def x(rng):
    return rng.normal(size=(64, 6)).astype("float32")


@pytest.mark.parametrize("capacity", [0.5, 2.0, 10.0])
def test_the_mean_of_the_capacity_penalty_is_the_distance_of_the_mean_kl(capacity):
    kl = np.array([1.0, 2.0, 6.0], "float32")
    assert np.mean(capacity_penalty(tf.constant(kl), capacity)) == pytest.approx(abs(3.0 - capacity), rel=1e-6)


def test_the_gradient_of_the_capacity_penalty_pulls_the_kl_to_the_capacity():
    def gradient(capacity):
        kl = tf.constant([1.0, 3.0])
        with tf.GradientTape() as tape:
            tape.watch(kl)
            penalty = tf.reduce_mean(capacity_penalty(kl, capacity))
        return tape.gradient(penalty, kl).numpy()

    np.testing.assert_allclose(gradient(5.0), [-0.5, -0.5])
    np.testing.assert_allclose(gradient(1.0), [0.5, 0.5])


def test_the_mean_of_the_free_bits_penalty_is_the_sum_of_the_floored_means():
    # Means 0.1, 0.3 and 2: the first counts as 0.2, although one of its entries is above that.
    parts = np.array([[0.0, 0.5, 3.0], [0.2, 0.1, 1.0]], "float32") + np.array([0.0, 0.0, 0.0], "float32")
    assert np.mean(free_bits_penalty(tf.constant(parts), 0.2)) == pytest.approx(0.2 + 0.3 + 2.0, rel=1e-6)


def test_a_part_within_its_free_bits_has_no_gradient():
    parts = tf.constant([[0.1, 1.0], [0.1, 3.0]])
    with tf.GradientTape() as tape:
        tape.watch(parts)
        penalty = tf.reduce_mean(free_bits_penalty(parts, 0.2))
    np.testing.assert_allclose(tape.gradient(penalty, parts), [[0.0, 0.5], [0.0, 0.5]])


def test_examples_of_no_weight_do_not_choose_the_side():
    kl, weight = tf.constant([0.0, 100.0]), tf.constant([1.0, 0.0])
    # The first example is all there is: it lies 30 below the capacity, and within its free bits.
    assert float(capacity_penalty(kl, 30.0, weight)[0]) == pytest.approx(30.0)
    assert float(free_bits_penalty(kl[:, None], 30.0, weight)[0]) == pytest.approx(30.0)
    parts = tf.constant([[0.1, 1.0], [0.1, 3.0], [9.0, 0.0]])
    weight = tf.constant([2.0, 1.0, 0.0])
    mean = tf.reduce_sum(weight * free_bits_penalty(parts, 0.2, weight)) / 3.0
    assert float(mean) == pytest.approx(0.2 + 5.0 / 3.0)


@pytest.mark.slow
@pytest.mark.parametrize("over", ["capacity", "free_bits"])
def test_a_step_takes_the_side_of_the_examples_that_count(x, over):
    bound = float(np.mean(gaussian_kl(*small_vae().encode(x)))) + 1.0
    arguments = {"capacity": {"capacity": bound}, "free_bits": {"free_bits": bound, "free_bits_over": "total"}}[over]
    # As many examples again, far beyond the bound, that weigh nothing.
    data = np.concatenate([x, 20.0 * np.ones_like(x)])
    weight = np.repeat([1.0, 0.0], len(x)).astype("float32")
    vae = small_vae(objective=ELBO(**arguments))
    vae.compile(keras.optimizers.SGD(0.0))
    history = vae.fit(data, sample_weight=weight, batch_size=len(data), verbose=0).history
    evaluated = vae.evaluate(data, sample_weight=weight, batch_size=len(data), verbose=0, return_dict=True)
    for loss, rest in (
        (history["loss"][0], history["reconstruction_loss"][0]),
        (evaluated["loss"], evaluated["reconstruction_loss"]),
    ):
        assert loss - rest == pytest.approx(1.0 if over == "capacity" else bound, rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "penalty"),
    [
        pytest.param({"capacity": 3.0}, lambda kl, parts: abs(kl - 3.0), id="capacity"),
        pytest.param({"free_bits": 0.4}, lambda kl, parts: np.maximum(parts, 0.4).sum(), id="free-bits"),
        pytest.param(
            {"free_bits": 5.0, "free_bits_over": "total"}, lambda kl, parts: max(kl, 5.0), id="free-bits-in-total"
        ),
    ],
)
def test_the_loss_has_the_penalty_and_the_metrics_the_true_kl(x, arguments, penalty):
    # A clamped KL that is logged instead of the true one hides a collapse.
    plain, model = small_vae(z_log_var=POINT), small_vae(z_log_var=POINT, objective=ELBO(beta=2.0, **arguments))
    for vae in (plain, model):
        vae.compile()
    expected, terms = (vae.evaluate(x, batch_size=64, verbose=0, return_dict=True) for vae in (plain, model))
    for name in ("kl_loss", "reconstruction_loss", "elbo"):
        assert terms[name] == pytest.approx(expected[name], rel=1e-6)
    z_mean, z_log_var = (a.astype("float64") for a in model.encode(x))
    parts = 0.5 * np.mean(z_mean**2 + np.exp(z_log_var) - 1.0 - z_log_var, axis=0)
    wanted = expected["reconstruction_loss"] + 2.0 * penalty(parts.sum(), parts)
    assert terms["loss"] == pytest.approx(wanted, rel=1e-5)


def trained_kl(x, **arguments):
    vae = small_vae(objective=ELBO(**arguments))
    # A posterior that starts with 0.8 nats per dimension.
    vae.encoder.get_layer("z_log_var").bias.assign([-2.4, -2.4])
    vae.compile(keras.optimizers.Adam(0.03))
    vae.fit(tf.data.Dataset.from_tensors(x).repeat(120), verbose=0)
    return vae.evaluate(x, verbose=0, return_dict=True)["kl_loss"]


@pytest.mark.slow
def test_training_reaches_the_capacity(x):
    # An argument without effect would leave the KL of the plain model, for both.
    assert trained_kl(x, capacity=1.0, beta=30.0) == pytest.approx(1.0, abs=0.25)
    assert trained_kl(x, capacity=3.0, beta=30.0) == pytest.approx(3.0, abs=0.25)


@pytest.mark.slow
def test_free_bits_keep_the_kl_open_where_the_loss_would_close_it(rng):
    noise = 0.1 * rng.normal(size=(64, 6)).astype("float32")  # Nothing worth encoding under unit variance.
    assert trained_kl(noise) < 0.1
    assert trained_kl(noise, free_bits=0.5) > 0.5


def test_capacity_can_be_changed_during_training_and_is_saved(x, tmp_path):
    vae = small_vae(objective=ELBO(capacity=1.0))
    vae.objective.capacity = 2.5
    vae.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert loaded.objective.capacity == 2.5
    assert loaded.objective.get_config()["capacity"] == 1.0


def test_an_objective_without_capacity_says_so():
    assert ELBO().capacity is None
    with pytest.raises(ValueError, match="`capacity` must be given when the model is made"):
        ELBO().capacity = 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"capacity": -1.0}, "`capacity` must be a finite number >= 0.0"),
        ({"free_bits": -1.0}, "`free_bits` must be a finite number >= 0.0"),
        ({"free_bits_over": "layer"}, "`free_bits_over` must be one of 'parts', 'total'"),
        ({"free_bits": 0.1, "capacity": 1.0}, "`free_bits` and `capacity` must not be combined"),
        ({"free_bits": 0.1, "prior": MixtureOfGaussians(2)}, "`free_bits_over` must be 'total' where the KL has no"),
        (
            {"free_bits": 0.1, "posterior_flow": InverseAutoregressiveFlow(1, (4,))},
            "`free_bits_over` must be 'total' where the KL has no",
        ),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments, message):
    graph = {name: arguments.pop(name) for name in ("prior", "posterior_flow") if name in arguments}
    with pytest.raises(ValueError, match=message):
        small_vae(objective=ELBO(**arguments), **graph)


# In a process of its own, since devices are split before TensorFlow starts.
TWO_REPLICAS = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from keras_vae.objectives.kl_penalty import free_bits_penalty

strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
parts = strategy.experimental_distribute_values_from_function(
    lambda context: tf.fill([2, 1], 2.0 * context.replica_id_in_sync_group)
)
penalties = strategy.run(tf.function(lambda p: free_bits_penalty(p, 0.5)), args=(parts,))
print([p.numpy().tolist() for p in strategy.experimental_local_results(penalties)])
"""


@pytest.mark.slow
def test_the_gates_see_the_batch_of_all_replicas():
    # One replica has no KL, the other 2 nats: alone, the first would be below its free bits, and answer 0.5.
    process = subprocess.run([sys.executable, "-c", TWO_REPLICAS], capture_output=True, text=True, timeout=300)
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip().splitlines()[-1] == "[[0.0, 0.0], [2.0, 2.0]]"
