import json

import numpy as np
import pytest
from health_cases import D, examples

from keras_vae.divergences import gaussian_kl
from keras_vae.evaluation.health import findings
from keras_vae.evaluation.health import layers as layers_module
from keras_vae.evaluation.health import measures as measures_module
from keras_vae.evaluation.health.check_health import check_health
from keras_vae.evaluation.health.finding import FAULT, LAYERS, OK, WARNING
from keras_vae.evaluation.health.layers import has_layers, layer_kl, top_codes, top_prior
from keras_vae.evaluation.health.measures import measure
from keras_vae.evaluation.health.plot_health import plot_health
from keras_vae.models.make_vae import make_ladder_vae, make_vae
from keras_vae.training.batch import Batch


@pytest.fixture(scope="module")
def ladder():
    model = make_ladder_vae((D,), (3, 2), hidden_units=(8, 8), likelihood="gaussian_fixed", seed=0)
    model.compile("adam")
    return model


@pytest.fixture(scope="module")
def report(ladder):
    return check_health(ladder, examples(60), examples(60, seed=1))


def test_the_kl_of_the_layers_is_that_of_the_model(ladder):
    x = examples(40)
    kls = layer_kl(ladder, Batch(x))
    found = ladder.evaluate(x, verbose=0, return_dict=True)
    assert kls.shape == (40, 2)
    np.testing.assert_allclose(kls.mean(axis=0), [found["kl_1"], found["kl_2"]], rtol=1e-5)
    np.testing.assert_allclose(kls.sum(axis=1).mean(), found["kl_loss"], rtol=1e-5)


def test_the_code_of_the_top_layer_is_what_the_encoder_says_and_has_its_kl(ladder):
    x = examples(40)
    z_mean, z_log_var = top_codes(ladder, Batch(x))
    assert z_mean.shape == z_log_var.shape == (40, 2)
    np.testing.assert_allclose(z_mean, ladder.encoder(x)[0][:, :2], rtol=1e-5, atol=1e-6)
    # No draw stands above it, so that its KL has a closed form.
    np.testing.assert_allclose(gaussian_kl(z_mean, z_log_var), layer_kl(ladder, Batch(x))[:, 0], rtol=1e-4, atol=1e-6)
    assert top_prior(ladder).sample(5, seed=(0, 1)).shape == (5, 2)


def test_one_layer_is_no_ladder_of_several():
    one = make_ladder_vae((D,), (3,), hidden_units=(8,), likelihood="gaussian_fixed")
    assert not has_layers(one)
    assert not has_layers(make_vae((D,), 2, hidden_units=(4,), likelihood="gaussian_fixed"))


@pytest.mark.parametrize(
    ("kls", "status", "value", "sentence"),
    [
        ([3.0, 0.2], OK, 2, "layers that hold something; KL of each from the top down: 3.00, 0.20 nats"),
        ([3.0, 0.01, 2.0], WARNING, 2, "layer 2 holds next to nothing; KL of each from the top down: 3.00, 0.01, 2.00"),
        ([3.0, 0.01, 0.0], WARNING, 1, "layers 2 and 3 hold next to nothing"),
        ([3.0, np.nan], WARNING, 1, "layer 2 holds next to nothing"),
        ([0.02, 0.01], FAULT, 0, "layers 1 and 2 hold next to nothing"),
    ],
)
def test_a_layer_without_a_kl_is_told(kls, status, value, sentence):
    finding = findings.judge_layers(np.float64([kls, kls]), beta=1.0)
    assert (finding.status, finding.value, finding.unit) == (status, value, f"of {len(kls)}")
    assert finding.sentence.startswith(sentence)
    assert bool(finding.remedy) == (status != OK)


@pytest.mark.slow
def test_a_ladder_is_judged_by_its_layers_and_its_top(report):
    names = [finding.name for finding in report.findings]
    assert names == [
        LAYERS,
        "training on",
        "marginal KL",
        "holes",
        "codes beyond the prior",
        "posterior variance",
        "train-test gap",
    ]
    assert report.finding("holes").sentence.startswith("in the top layer: of the samples")
    found = json.loads(json.dumps(report.as_dict()))
    assert found["kl"] == pytest.approx(sum(found["kl_per_layer"]))
    assert len(found["kl_per_dim"]) == 2
    # The prior of a ladder is no argument, and its latents are no single number.
    remedies = " ".join(str(remedy) for finding in report.findings for remedy in finding.remedy)
    assert "prior=" not in remedies
    assert "latent_dim=" not in remedies


def test_a_ladder_that_holds_nothing_has_collapsed(ladder, monkeypatch):
    monkeypatch.setattr(measures_module, "layer_kl", lambda model, rows: np.zeros((60, 2)))
    monkeypatch.setattr(measures_module, "gain_of_more_steps", lambda *args: None)
    report = check_health(ladder, examples(60))
    assert report.verdict == "collapsed"
    assert str(report.remedy[0]) == "objective=keras_vae.objectives.ELBO(free_bits=0.25)"


@pytest.mark.slow
def test_the_page_of_a_ladder_has_a_bar_for_each_layer(report):
    figure = plot_health(report)
    ax = next(ax for ax in figure.axes if "layers" in ax.get_title())
    assert len(ax.patches) == 2
    assert [label.get_text() for label in ax.get_xticklabels()] == ["1, the top", "2, next to x"]


@pytest.mark.slow
def test_the_bar_of_a_ladder_ends_full(ladder, monkeypatch):
    seen = []

    def watched(parts, total, desc, unit):
        seen.extend(parts)
        assert total == len(seen)
        return seen

    monkeypatch.setattr(measures_module, "progress", watched)
    assert measure(ladder, examples(30)).code_use is None
    assert layers_module.layer_kl is measures_module.layer_kl
