"""Every objective beside every graph: it trains and is saved, or is refused by name."""

import keras
import numpy as np
import pytest
from helpers import conditional_vae, prepared, small_vae

from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.models.make_vae import make_ladder_vae
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.get_objective import get_objective
from keras_vae.objectives.importance_weighted import ImportanceWeighted
from keras_vae.objectives.mmd import MMD
from keras_vae.objectives.objective import Objective
from keras_vae.objectives.total_correlation import TotalCorrelation
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians

OBJECTIVES = [
    pytest.param(lambda: ELBO(beta=2.0), id="elbo"),
    pytest.param(lambda: ELBO(beta=3.0, capacity=1.0), id="capacity"),
    pytest.param(lambda: ELBO(free_bits=0.2), id="free-bits"),
    pytest.param(lambda: ELBO(free_bits=0.2, free_bits_over="total"), id="free-bits-total"),
    pytest.param(lambda: ImportanceWeighted(3), id="iw"),
    pytest.param(lambda: ImportanceWeighted(3, resampled=True), id="iw-resampled"),
    pytest.param(lambda: ImportanceWeighted(3, "doubly_reparameterized"), id="iw-doubly"),
    pytest.param(lambda: TotalCorrelation(4.0), id="tc"),
    pytest.param(lambda: MMD(10.0, beta=0.5), id="mmd"),
]
GRAPHS = {
    "vae": lambda **k: small_vae(**k),
    "mixture": lambda **k: small_vae(prior=MixtureOfGaussians(2, seed=0), **k),
    "flow": lambda **k: small_vae(posterior_flow=InverseAutoregressiveFlow(1, (4,), seed=0), **k),
    "ladder": lambda **k: make_ladder_vae((6,), (2, 2), "dense", (4, 4), "gaussian_fixed", seed=0, **k),
    "ladder-1": lambda **k: make_ladder_vae((6,), (2,), "dense", (4,), "gaussian_fixed", seed=0, **k),
}
# What a graph cannot compute, by the name of the argument that is at fault.
REFUSED = {
    ("mixture", "free-bits"): "`free_bits_over` must be 'total'",
    ("mixture", "mmd"): "`prior` must be the standard normal",
    ("flow", "free-bits"): "`free_bits_over` must be 'total'",
    ("flow", "iw-doubly"): "`gradient` must be 'standard'",
    ("flow", "tc"): "`objective` must not be TotalCorrelation",
    ("ladder", "iw-doubly"): "`gradient` must be 'standard'",
    ("ladder", "tc"): "`objective` must not be TotalCorrelation",
    ("ladder", "mmd"): "`prior` must be the standard normal",
    ("ladder-1", "iw-doubly"): "`gradient` must be 'standard'",
    ("ladder-1", "mmd"): "`prior` must be the standard normal",
}


@pytest.fixture
def x(rng):
    return rng.normal(size=(32, 6)).astype("float32")


# Every objective on one graph, every graph with one objective, all that is refused: other pairs are slow tests.
QUICK_OBJECTIVE, QUICK_GRAPH = "elbo", "vae"


def pairs():
    for objective in OBJECTIVES:
        for graph in GRAPHS:
            is_quick = objective.id == QUICK_OBJECTIVE or graph == QUICK_GRAPH or (graph, objective.id) in REFUSED
            marks = [] if is_quick else [pytest.mark.slow]
            yield pytest.param(objective.values[0], graph, objective.id, id=f"{objective.id}-{graph}", marks=marks)


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "graph", "name"), list(pairs()))
def test_a_pair_trains_and_is_saved_or_is_refused_by_name(objective, graph, name, x, tmp_path):
    if (graph, name) in REFUSED:
        with pytest.raises(ValueError, match=REFUSED[graph, name]):
            GRAPHS[graph](objective=objective())
        return
    model = GRAPHS[graph](objective=objective())
    # Eagerly: a graph of every pair would take minutes. `test_other_objectives.py` and its neighbours compile.
    model.compile("adam", run_eagerly=True)
    history = model.fit(x, epochs=1, verbose=0, validation_data=x).history
    assert set(history) == {n for term in model.term_names for n in (term, f"val_{term}")}
    assert np.isfinite(list(history.values())).all()
    assert all(np.isfinite(weight).all() for weight in model.get_weights())
    assert history["val_elbo"][0] == pytest.approx(
        -history["val_reconstruction_loss"][0] - history["val_kl_loss"][0], rel=1e-5
    )
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert loaded.objective.get_config() == model.objective.get_config()
    assert loaded.evaluate(x, verbose=0) == model.evaluate(x, verbose=0)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_config_makes_the_same_objective(objective):
    one = objective()
    other = type(one).from_config(one.get_config())
    assert other.get_config() == one.get_config()
    assert one.built
    assert one.hint
    assert one.trainable_weights == []


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_term_has_a_number_per_example_and_the_loss_a_gradient(objective, x):
    import tensorflow as tf

    model = small_vae(objective=objective())
    with tf.GradientTape() as tape:
        terms = model.terms(prepared(model, x), training=True)
        loss = tf.reduce_mean(terms["loss"])
    assert set(terms) == set(model.term_names)
    assert all(t.shape == (32,) and t.dtype == tf.float32 for t in terms.values())
    gradients = tape.gradient(loss, model.trainable_weights)
    assert all(g is not None and np.isfinite(g).all() for g in gradients)


def test_an_objective_with_a_beta_can_be_told_another():
    for objective in (ELBO(2.0), TotalCorrelation(2.0), MMD(1.0, beta=2.0)):
        model = small_vae(objective=objective)
        assert model.beta == 2.0
        model.beta = 0.5
        assert objective.beta == 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"objective": "elbo"}, r"`objective` must be an object such as keras_vae.objectives.ELBO\(beta=4.0\)"),
        ({"objective": ELBO, "beta": 1.0}, "`objective` must be an object"),
        ({"objective": ELBO(), "beta": 2.0}, "`beta` must be an argument of the objective where one is given"),
        ({"beta": -1.0}, "`beta` must be a finite number >= 0"),
    ],
)
def test_what_is_no_objective_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        get_objective(**arguments)


def test_a_new_objective_must_say_its_terms(x):
    model = small_vae(objective=Objective())
    with pytest.raises(NotImplementedError, match=r"Objective must implement `terms\(model, batch, training\)`"):
        model.terms(prepared(model, x))


@pytest.mark.slow
def test_a_condition_reaches_every_objective(x, rng):
    c = rng.normal(size=(32, 3)).astype("float32")
    for case in OBJECTIVES:
        model = conditional_vae((3,), objective=case.values[0]())
        model.compile("adam", run_eagerly=True)
        assert np.isfinite(model.fit((x, c), verbose=0).history["loss"][0])
