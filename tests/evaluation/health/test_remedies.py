import pytest
from health_cases import examples, linear_vae

import keras_vae
from keras_vae.evaluation.health import remedies
from keras_vae.evaluation.health.check_health import check_health
from keras_vae.evaluation.health.remedies import (
    ANNEALING,
    BETA_1,
    EARLY_STOPPING,
    ELBO_FIRST,
    FEWER_UNITS,
    FIT,
    FLEXIBLE_PRIOR,
    FREE_BITS,
    LONGER,
    NETWORK,
    Call,
    Remedy,
    Rule,
    epochs_of,
    latent_dim_of,
)

ALL = [value for value in vars(remedies).values() if isinstance(value, Remedy)] + [epochs_of(3), latent_dim_of(5)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The schedule of beta is longer")
@pytest.mark.parametrize("remedy", ALL, ids=str)
def test_the_python_of_a_remedy_is_an_argument_of_make_vae_or_of_fit(remedy):
    assert len(ALL) == 10
    if isinstance(remedy.value, Rule):
        assert str(remedy) in ("more epochs", "fewer hidden_units")
        return
    arguments = eval(f"dict({remedy})", {"keras_vae": keras_vae, "dict": dict})
    if remedy.place == FIT:
        vae = keras_vae.make_vae((4,), 2, hidden_units=(3,), likelihood="gaussian_fixed")
        vae.compile("sgd")
        x = examples(40)[:, :4]
        vae.fit(x, validation_data=x, verbose=0, **{"epochs": 1, **arguments})
    else:
        keras_vae.make_vae((4,), **{"latent_dim": 2, "hidden_units": (3,), **arguments})


@pytest.mark.parametrize(
    ("remedy", "text", "as_dict"),
    [
        (FREE_BITS, "objective=keras_vae.objectives.ELBO(free_bits=0.25)", {"free_bits": 0.25}),
        (BETA_1, "objective=keras_vae.objectives.ELBO(beta=1.0)", {"beta": 1.0}),
        (FLEXIBLE_PRIOR, "prior=keras_vae.priors.VampPrior(50)", {"prior": "keras_vae.priors.VampPrior(50)"}),
        (
            ANNEALING,
            "callbacks=[keras_vae.callbacks.BetaAnnealing(keras_vae.schedules.linear(n_steps=5000))]",
            {"callbacks": "[keras_vae.callbacks.BetaAnnealing(keras_vae.schedules.linear(n_steps=5000))]"},
        ),
        (
            EARLY_STOPPING,
            "callbacks=[keras_vae.callbacks.EarlyStopping(patience=5)]",
            {"callbacks": "[keras_vae.callbacks.EarlyStopping(patience=5)]"},
        ),
        (
            ELBO_FIRST,
            "objective=keras_vae.objectives.ELBO(free_bits=0.25)",
            {"objective": "keras_vae.objectives.ELBO(free_bits=0.25)"},
        ),
        (LONGER, "more epochs", {"epochs": "more"}),
        (FEWER_UNITS, "fewer hidden_units", {"hidden_units": "fewer"}),
        (latent_dim_of(8), "latent_dim=8", {"latent_dim": 8}),
        (epochs_of(12), "epochs=12", {"epochs": 12}),
        (Remedy("likelihood", "gaussian"), "likelihood='gaussian'", {"likelihood": "gaussian"}),
    ],
    ids=str,
)
def test_a_remedy_as_text_and_for_json(remedy, text, as_dict):
    assert str(remedy) == text
    assert remedy.as_dict() == as_dict


def test_a_call_is_written_with_all_its_arguments():
    assert (
        str(Call("a.b", (1, "x", Call("c")), (("n", 2.0), ("of", Call("d", (3,))))))
        == "a.b(1, 'x', c(), n=2.0, of=d(3))"
    )


@pytest.mark.parametrize(
    ("remedy", "settings", "changed"),
    [
        pytest.param(BETA_1, {"beta": 4.0}, {"beta": 1.0}, id="value"),
        pytest.param(BETA_1, {"beta": 1.0}, None, id="has-it-already"),
        pytest.param(FREE_BITS, {"free_bits": None}, {"free_bits": 0.25}, id="not-set-so-far"),
        pytest.param(FREE_BITS, {"beta": 1.0}, None, id="no-such-setting"),
        pytest.param(LONGER, {"epochs": 30}, {"epochs": 60}, id="twice"),
        pytest.param(LONGER, {"epochs": None}, None, id="twice-nothing"),
        pytest.param(epochs_of(12), {"epochs": 30}, {"epochs": 12}, id="a-number"),
        pytest.param(FEWER_UNITS, {"hidden_units": [512, 3, 1]}, {"hidden_units": [256, 1, 1]}, id="half-of-each"),
        pytest.param(FEWER_UNITS, {"hidden_units": (512, 256)}, {"hidden_units": [256, 128]}, id="half-of-a-tuple"),
        pytest.param(FEWER_UNITS, {"hidden_units": 512}, {"hidden_units": 256}, id="half"),
        pytest.param(FEWER_UNITS, {"hidden_units": [1, 1]}, None, id="cannot-be-halved"),
        pytest.param(FEWER_UNITS, {"hidden_units": (1,)}, None, id="tuple-that-cannot-be-halved"),
        pytest.param(FEWER_UNITS, {"hidden_units": None}, None, id="networks-own"),
        pytest.param(FLEXIBLE_PRIOR, {"prior": None}, None, id="no-number"),
        pytest.param(ANNEALING, {"callbacks": None}, None, id="callbacks"),
    ],
)
def test_a_remedy_changes_the_settings_of_a_run_or_leads_nowhere(remedy, settings, changed):
    before = dict(settings)
    assert remedy.changed(settings) == changed
    assert settings == before


def test_every_remedy_says_where_it_belongs():
    assert (FREE_BITS.place, FLEXIBLE_PRIOR.place, LONGER.place) == ("objective", "model", "fit")
    assert FEWER_UNITS.place == latent_dim_of(3).place == NETWORK


@pytest.mark.slow
def test_the_remedies_of_reports_are_these():
    report = check_health(linear_vae(n_used=0, beta=50.0), examples(100))
    assert all(isinstance(remedy, Remedy) for finding in report.findings for remedy in finding.remedy)
    assert report.as_dict()["remedy"] == [remedy.as_dict() for remedy in report.remedy]
