import json
import math

import numpy as np
import pytest
import tensorflow as tf
from health_cases import CASES, FACTORS, NOISE, D, examples, gain_of, linear_vae

from keras_vae.evaluation.estimate import Estimate
from keras_vae.evaluation.health import finding as findings
from keras_vae.evaluation.health import findings_of_fit
from keras_vae.evaluation.health.check_health import best_epoch, check_health, number_text, remedies_text
from keras_vae.evaluation.health.finding import FAULT, OK, UNKNOWN, WARNING, Finding
from keras_vae.evaluation.health.findings import judge_exchange_rate
from keras_vae.evaluation.health.remedies import (
    ANNEALING,
    BETA_1,
    ELBO_FIRST,
    FEWER_UNITS,
    FREE_BITS,
    LONGER,
    Remedy,
    epochs_of,
)
from keras_vae.evaluation.health.verdict import VERDICTS
from keras_vae.layers.inverse_autoregressive_flow import InverseAutoregressiveFlow
from keras_vae.likelihoods.categorical import Categorical
from keras_vae.models.make_vae import make_autoencoder, make_vae
from keras_vae.models.vae import VAE
from keras_vae.objectives.importance_weighted import ImportanceWeighted
from keras_vae.objectives.total_correlation import TotalCorrelation
from keras_vae.priors.mixture_of_gaussians import MixtureOfGaussians
from keras_vae.priors.standard_normal import StandardNormal
from keras_vae.samplers.fit import fit


class Reports(dict):
    """Reports of cases by their names, each made when it is first asked for."""

    def __missing__(self, name):
        vae, x_train, x_test = CASES[name][1]()
        self[name] = check_health(vae, x_test, x_train)
        return self[name]


@pytest.fixture(scope="module")
def reports():
    return Reports()


# The other cases are slow tests.
QUICK = ("healthy", "collapsed")


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n not in QUICK)) for n in CASES])
def test_every_planted_case_gets_its_verdict(reports, name):
    report = reports[name]
    assert report.verdict == CASES[name][0]
    assert str(report).startswith(f"{report.verdict}: {VERDICTS[report.verdict]}")
    assert bool(report.remedy) == (report.verdict != "healthy")


@pytest.mark.parametrize("name", ["healthy", pytest.param("too-many-dimensions", marks=pytest.mark.slow)])
def test_a_healthy_model_has_nothing_to_be_looked_at(reports, name):
    assert {f.status for f in reports[name].findings} == {OK}
    assert reports[name].sentence == "no fault found"
    assert "pass" not in str(reports[name])


@pytest.mark.parametrize(
    ("name", "finding", "exact"),
    [
        pytest.param("healthy", findings.ACTIVE_UNITS, 4, id="active"),
        pytest.param("too-many-dimensions", findings.ACTIVE_UNITS, 4, id="active-of-ten", marks=pytest.mark.slow),
        pytest.param("healthy", findings.RATE, 1.0, id="rate"),
        pytest.param("over-regularised", findings.RATE, 8.0, id="rate-of-beta-8", marks=pytest.mark.slow),
        pytest.param("autoencoder", findings.RATE, 0.01, id="rate-of-beta-0.01", marks=pytest.mark.slow),
        pytest.param("healthy", findings.CODE_USE, np.sum(FACTORS / NOISE - 1.0), id="use"),
        pytest.param("half-collapsed", findings.LEFT, gain_of(FACTORS[2:]), id="left", marks=pytest.mark.slow),
        pytest.param("collapsed", findings.LEFT, gain_of(FACTORS), id="left-of-all"),
        pytest.param("healthy", findings.HOLES, 0.05, id="holes"),
        pytest.param("healthy", findings.UNCOVERED, 0.05, id="uncovered"),
        pytest.param("healthy", findings.GAP, 0.0, id="gap"),
    ],
)
def test_the_numbers_are_those_of_the_linear_model(reports, name, finding, exact):
    found = reports[name].finding(finding)
    error = found.standard_error or 0.0
    assert found.value == pytest.approx(exact, abs=5.0 * error + 0.02 * abs(exact))


def test_the_information_of_a_dimension_is_that_of_the_linear_model(reports):
    information = reports["healthy"].measures.split.dimension_information
    np.testing.assert_allclose(information, 0.5 * np.log(FACTORS / NOISE), atol=0.1)


@pytest.mark.slow
def test_the_information_is_at_most_the_log_of_the_number_of_examples(reports):
    assert reports["autoencoder"].finding(findings.INFORMATION).value == pytest.approx(math.log(1000), abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["over-regularised", "autoencoder"])
def test_the_remedy_of_a_wrong_beta_is_another_and_helps(reports, name):
    # The optimum of the loss with that argument is where training with it leads.
    assert reports[name].remedy == (BETA_1,)
    changed = reports[name].remedy[0].changed({"beta": 8.0})
    report = check_health(linear_vae(**changed), examples(600, seed=1), examples(1000))
    assert report.verdict == "healthy"
    assert report.measures.elbo_test.mean() > reports[name].measures.elbo_test.mean() + 0.5


@pytest.mark.slow
def test_idle_dimensions_are_harmless_only_if_nothing_is_left_for_them(reports):
    harmless, harmful = (reports[name].finding(findings.LEFT) for name in ("too-many-dimensions", "half-collapsed"))
    assert "6 of 10 dimensions hold less than 0.1 nats; idle they cost nothing" in harmless.sentence
    assert "2 of 4 dimensions hold less than 0.1 nats, while the residuals hold structure" in harmful.sentence
    assert FREE_BITS in harmful.remedy


@pytest.mark.slow
def test_a_collapsed_model_of_large_beta_is_told_so():
    report = check_health(linear_vae(n_used=0, beta=50.0), examples(100))
    assert report.verdict == "collapsed"
    assert report.remedy == (BETA_1, FREE_BITS, ANNEALING)
    assert check_health(linear_vae(n_used=0), examples(100)).remedy == (FREE_BITS, ANNEALING)


@pytest.mark.slow
def test_without_training_examples_the_gap_is_not_told():
    report = check_health(linear_vae(), examples(300))
    assert (report.verdict, report.n_test, report.n_train) == ("judged in part", 300, 0)
    assert report.sentence == "no fault found in what could be judged; not judged: train-test gap"
    assert report.finding(findings.GAP).status == UNKNOWN
    with pytest.raises(KeyError, match="no such"):
        report.finding("no such")
    assert report.finding(findings.HOLES).value == pytest.approx(0.05, abs=0.1)


@pytest.mark.parametrize(
    ("history", "epoch"),
    [
        ({"val_elbo": [-9.0, -3.0, -5.0]}, 2),
        ({"val_elbo": [-9.0, -3.0, -5.0], "epoch": [11, 12, 13]}, 12),
        ({"val_elbo": [-9.0, -5.0, -3.0]}, None),
        ({"elbo": [-1.0]}, None),
        (None, None),
    ],
    ids=["best-in-between", "numbered", "best-at-the-end", "no-held-out-data", "none"],
)
def test_the_best_epoch_is_that_of_the_history(history, epoch):
    assert best_epoch(history) == epoch


@pytest.mark.slow
def test_an_overfitted_model_is_to_stop_at_its_best_epoch(reports):
    vae, x_train, x_test = CASES["overfitted"][1]()
    report = check_health(vae, x_test, x_train, history={"val_elbo": [-9.0, -3.0, -5.0]})
    assert report.remedy[0] == epochs_of(2)
    assert report.finding(findings.GAP).sentence.endswith("by heart; the bound was best after epoch 2")
    assert "epochs" not in [remedy.name for remedy in reports["overfitted"].remedy]


@pytest.mark.slow
def test_the_report_is_json_and_repeats_with_its_seed(reports):
    arguments = linear_vae(n_used=0), examples(200), examples(200, seed=1)
    one, same, other = (json.dumps(check_health(*arguments, seed=s).as_dict(), allow_nan=False) for s in (0, 0, 1))
    assert one == same
    assert one != other
    facts = json.loads(one)
    assert facts["verdict"] == "collapsed"
    assert facts["findings"][0]["value"] == 0
    rate = next(f for f in facts["findings"] if f["name"] == findings.RATE)
    assert (rate["value"], rate["standard_error"]) == (None, None)
    assert len(facts["kl_per_dim"]) == len(facts["information_per_dim"]) == 4
    assert facts["elbo_train"] > facts["elbo_test"] - 100


@pytest.mark.slow
def test_a_learned_prior_is_taken_as_it_is():
    # One component at the centre is the standard normal, but without a KL by dimension.
    prior = MixtureOfGaussians(1, initial_stddev=1e-6)
    report = check_health(linear_vae(prior=prior), examples(600, seed=1), examples(600))
    assert report.verdict == "healthy"
    assert report.as_dict()["kl_per_dim"] is None
    # Few examples count as distance of all codes together: the aggregate of 600 is not smooth in four dimensions.
    assert report.finding(findings.MARGINAL).value < 2.0


@pytest.mark.slow
def test_a_prior_of_a_closed_form_alone_has_no_holes_to_be_measured():
    class OnlyKL:
        kl = StandardNormal().kl

    report = check_health(linear_vae(prior=OnlyKL()), examples(100))
    assert report.measures.holes is None
    for name in (findings.HOLES, findings.UNCOVERED):
        assert report.finding(name).status == UNKNOWN
        assert name in report.sentence.split("not judged: ")[1]


@pytest.mark.slow
def test_targets_of_their_own_have_no_residuals_and_tokens_have(rng):
    vae = make_vae((4,), 2, hidden_units=(8,), likelihood=Categorical(n_classes=5), seed=0)
    report = check_health(vae, rng.integers(0, 5, size=(50, 4)))
    assert report.measures.residual_gain.mean < 0.5
    x = examples(50)
    report = check_health(linear_vae(), x + 0.1, y_test=x)
    assert report.measures.residual_gain is None
    assert "not measured" in report.finding(findings.LEFT).sentence
    assert report.finding(findings.LEFT).status == UNKNOWN


@pytest.mark.slow
def test_a_stream_gives_its_first_rows():
    x = examples(300)
    streams = [tf.data.Dataset.from_tensor_slices(part).batch(32) for part in (x[:200], x)]
    report = check_health(linear_vae(), *streams, n_rows=100)
    assert (report.n_test, report.n_train) == (100, 100)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x_test": np.zeros((19, D))}, r"`x_test` must hold at least 20 examples. Received: x_test.shape=\(19, 12\)"),
        ({"x_train": np.zeros((3, D))}, "`x_train` must hold at least 20 examples"),
        ({"x_test": np.zeros((30, 5))}, "`x_test` must have the shape"),
        (
            {"y_test": np.zeros((7, D))},
            "`x_test` and its targets must have the same number of rows. Received: 30 and 7",
        ),
        ({"x_test": np.full((30, D), np.inf)}, "`x_test` must be finite"),
        ({"x_train": np.full((30, D), np.nan)}, "`x_train` must be finite"),
        ({"y_test": np.zeros((30, 2))}, "`y_test` must have the shape"),
        ({"n_rows": 10}, "`n_rows` must be a whole number >= 20"),
        ({"seed": -1}, "`seed` must be a whole number >= 0"),
        ({"vae": make_autoencoder((D,), 2, hidden_units=(4,))}, "`vae` must be a VAE .* Received: Autoencoder"),
    ],
    ids=[
        "few",
        "few-training",
        "shape",
        "targets",
        "infinite",
        "nan-training",
        "shape-of-targets",
        "rows",
        "seed",
        "autoencoder",
    ],
)
def test_wrong_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        check_health(**{"vae": linear_vae(), "x_test": np.zeros((30, D)), **arguments})


def test_targets_beside_a_stream_and_a_posterior_that_is_no_gaussian_are_refused():
    x = examples(30)
    stream = tf.data.Dataset.from_tensor_slices(x).batch(10)
    with pytest.raises(ValueError, match="`y` must be part of the stream when `x_test` is one"):
        check_health(linear_vae(), stream, y_test=x)
    with pytest.raises(ValueError, match="`x_test` must hold at least 20 examples"):
        check_health(linear_vae(), stream.take(0))
    vae = make_vae((D,), 2, hidden_units=(4,), likelihood="gaussian", posterior_flow=InverseAutoregressiveFlow())
    with pytest.raises(ValueError, match=r"or a LadderVAE\. Received: VAE with a posterior flow"):
        check_health(vae, x)


@pytest.mark.slow
def test_a_model_on_the_importance_weighted_bound_is_not_judged_by_the_rate_of_the_elbo(reports):
    vae, x_train, x_test = CASES["over-regularised"][1]()
    assert reports["over-regularised"].finding(findings.RATE).status == FAULT
    weighted = VAE(vae.encoder, vae.decoder, likelihood=vae.likelihood, objective=ImportanceWeighted(5))
    report = check_health(weighted, x_test, x_train)
    assert report.finding(findings.RATE).status == UNKNOWN
    assert report.finding(findings.RATE).sentence.startswith("what another nat of KL would save; not judged")
    assert report.verdict != "over-regularised"


@pytest.mark.slow
def test_no_remedy_is_what_the_model_has_already():
    low = judge_exchange_rate(Estimate(0.05, 0.001), 1.0)
    assert low.remedy == (BETA_1,)
    assert findings.for_model(low, beta=1.0).remedy == (LONGER,)
    assert findings.for_model(low, beta=0.01).remedy == (BETA_1,)
    assert low.status == FAULT
    shifted = linear_vae()
    shifted.encoder.get_layer("z_mean").bias.assign_add(np.full(shifted.latent_dim, 6.0))
    for finding in check_health(shifted, examples(300)).findings:
        assert BETA_1 not in finding.remedy


def test_grey_values_of_255_are_refused_by_name_before_anything_is_computed():
    vae = make_vae((D,), 2, hidden_units=(4,), likelihood="bernoulli")
    with pytest.raises(ValueError, match=r"`x_test` does not fit the likelihood Bernoulli.*divide by 255"):
        check_health(vae, np.full((30, D), 255.0))


@pytest.mark.slow
def test_no_remedy_is_a_setting_that_the_objective_has_not():
    _, (vae, x_train, x_test) = "collapsed", CASES["collapsed"][1]()
    weighted = VAE(vae.encoder, vae.decoder, likelihood=vae.likelihood, objective=ImportanceWeighted(5))
    report = check_health(weighted, x_test, x_train)
    assert report.verdict == "collapsed"
    assert report.remedy == (ELBO_FIRST,)
    assert report.as_dict()["remedy"] == [{"objective": "keras_vae.objectives.ELBO(free_bits=0.25)"}]
    for finding in report.findings:
        assert not {BETA_1, FREE_BITS, ANNEALING} & set(finding.remedy)


@pytest.mark.slow
def test_a_model_of_another_objective_is_judged_by_its_beta():
    vae = linear_vae(n_used=0)
    other = VAE(vae.encoder, vae.decoder, likelihood=vae.likelihood, objective=TotalCorrelation(6.0))
    report = check_health(other, examples(100))
    assert report.measures.beta == 6.0
    assert report.remedy[0] == BETA_1


@pytest.mark.slow
def test_a_fitted_sampler_does_not_hide_that_the_prior_misses_the_codes():
    vae = linear_vae()
    x = examples(300)
    vae.encoder.get_layer("z_mean").bias.assign_add(np.full(vae.latent_dim, 6.0))  # All codes in a far corner.
    before = check_health(vae, x).finding(findings.UNCOVERED)
    fit(vae, x, "gmm", n_components=1)
    after = check_health(vae, x).finding(findings.UNCOVERED)
    assert before.value > 0.9
    assert after.value == before.value


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (4, "of 9", "4 of 9"),
        (0.051, "share", "5%"),
        (12.345, "nats", "12.35 nats"),
        (0.0123, "nats", "0.012 nats"),
        (0.004, "nats", "0.004 nats"),
        (-0.0001, "nats", "0.00 nats"),
        (1.0, "", "1.00"),
        (math.nan, "nats", "-"),
    ],
)
def test_numbers_as_they_are_printed(value, unit, text):
    assert number_text(Finding("x", value, unit, "", OK, "")) == text


def test_remedies_as_they_are_printed():
    remedies = (BETA_1, Remedy("latent_dim", 5), LONGER, FEWER_UNITS)
    text = "objective=keras_vae.objectives.ELBO(beta=1.0)  or  latent_dim=5  or  more epochs  or  fewer hidden_units"
    assert remedies_text(remedies) == text


@pytest.mark.slow
def test_a_warning_is_named_and_not_called_healthy(reports, monkeypatch):
    monkeypatch.setattr(findings_of_fit, "MISMATCH", (0.0, 1.0))
    report = check_health(linear_vae(), examples(600, seed=1), examples(600))
    assert report.verdict == "doubtful"
    assert report.finding(findings.HOLES).status == WARNING
    assert report.sentence == "no fault found, but not all is well; look at: holes, codes beyond the prior"
    remedy = "to change holes, codes beyond the prior, pass one of these:\n  prior=keras_vae.priors.VampPrior(50)"
    assert remedy in str(report)
    assert FAULT not in {f.status for f in report.findings}


@pytest.mark.slow
def test_a_conditional_model_is_measured_under_its_conditions(conditional_vae):
    model, x, condition = conditional_vae
    report = check_health(model, (x, condition), {"x": x, "condition": condition})
    np.testing.assert_array_equal(report.measures.elbo_test, model.elbo(x, 10, condition=condition).astype("float64"))
    np.testing.assert_allclose(report.measures.variance, np.exp(-1.0), rtol=1e-6)
    assert report.finding(findings.LEFT).status == OK
    stream = tf.data.Dataset.from_tensor_slices(((x, condition),)).batch(16)
    assert check_health(model, stream, stream).as_dict() == report.as_dict()
    with pytest.raises(ValueError, match="`condition` must be given"):
        check_health(model, x)
    with pytest.raises(ValueError, match="`x_test` and its condition must have the same number of rows"):
        check_health(model, (x, condition[:-1]))
