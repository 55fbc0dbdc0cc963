import numpy as np
import pytest

from keras_vae.objectives import ELBO, MMD, ImportanceWeighted, TotalCorrelation
from keras_vae.priors import FlowPrior, MixtureOfGaussians, VampPrior
from keras_vae.tasks.vae.make_objective import ARGUMENTS, check_components, has_beta, make_objective, make_prior
from keras_vae.tasks.vae.settings import OBJECTIVES, PRIORS, SETTINGS

ROWS = np.random.default_rng(0).normal(size=(30, 3)).astype("float32")


def settings(**given):
    return {**{name: setting.default for name, setting in SETTINGS.items()}, **given}


def test_every_objective_of_the_settings_can_be_made():
    assert tuple(ARGUMENTS) == OBJECTIVES
    for name in OBJECTIVES:
        assert type(make_objective(settings(objective=name))) is ARGUMENTS[name][0]


@pytest.mark.parametrize(
    ("given", "kind", "arguments"),
    [
        ({"beta": 2.0, "free_bits": 0.5}, ELBO, {"beta": 2.0, "free_bits": 0.5}),
        ({"capacity": 10.0}, ELBO, {"capacity": 10.0}),
        # Zero is a value, not nothing.
        ({"beta": 0.0}, ELBO, {"beta": 0.0}),
        ({"objective": "importance_weighted", "n_draws": 7}, ImportanceWeighted, {"n_samples": 7}),
        ({"objective": "total_correlation", "beta": 9.0}, TotalCorrelation, {"beta": 9.0}),
        ({"objective": "mmd", "beta": 0.5, "mmd_weight": 3.0}, MMD, {"beta": 0.5, "weight": 3.0}),
    ],
)
def test_an_objective_has_the_arguments_that_were_given(given, kind, arguments):
    objective = make_objective(settings(**given))
    assert type(objective) is kind
    assert {name: getattr(objective, name) for name in arguments} == arguments


@pytest.mark.parametrize(
    ("objective", "name", "value"),
    [
        ("elbo", "n_draws", 5),
        ("elbo", "mmd_weight", 1.0),
        ("importance_weighted", "beta", 2.0),
        ("importance_weighted", "beta", 0.0),
        ("total_correlation", "free_bits", 1.0),
        ("mmd", "capacity", 1.0),
    ],
)
def test_a_setting_that_the_objective_does_not_take_is_refused(objective, name, value):
    message = rf"`{name}` must not be given for the objective {objective}, which takes .*Received: {name}={value}"
    with pytest.raises(ValueError, match=message):
        make_objective(settings(objective=objective, **{name: value}))


def test_beta_can_rise_where_there_is_one():
    assert [name for name in OBJECTIVES if not has_beta(settings(objective=name))] == ["importance_weighted"]


@pytest.mark.parametrize(
    ("given", "kind", "size"),
    [
        ({}, type(None), None),
        ({"prior": "mixture"}, MixtureOfGaussians, ("n_components", 10)),
        ({"prior": "mixture", "n_components": 4}, MixtureOfGaussians, ("n_components", 4)),
        ({"prior": "flow"}, FlowPrior, None),
        # There are no more than thirty rows.
        ({"prior": "vamp"}, VampPrior, ("n_components", 30)),
        ({"prior": "vamp", "n_components": 7}, VampPrior, ("n_components", 7)),
    ],
)
def test_the_prior_that_was_asked_for(given, kind, size):
    asked = []
    prior = make_prior(settings(**given), lambda n: asked.append(n) or ROWS[:n])
    assert type(prior) is kind
    if size is not None:
        assert getattr(prior, size[0]) == size[1]
    # Data are read only for the prior that is made of them.
    assert asked == ([given.get("n_components", 50)] if kind is VampPrior else [])


def test_every_prior_of_the_settings_can_be_made():
    made = {name: make_prior(settings(prior=name), lambda n: ROWS[:n]) for name in PRIORS}
    assert [name for name, prior in made.items() if prior is None] == ["standard_normal"]


@pytest.mark.parametrize("prior", ["standard_normal", "flow"])
def test_components_of_a_prior_without_any_are_refused(prior):
    message = rf"`n_components` must not be given for the prior {prior}: mixture and vamp have components"
    for check in (check_components, lambda s: make_prior(s, None)):
        with pytest.raises(ValueError, match=message):
            check(settings(prior=prior, n_components=5))
