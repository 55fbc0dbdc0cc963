import dataclasses

import numpy as np
import pytest
from health_cases import examples, linear_vae

from keras_vae.evaluation.health.check_health import check_health
from keras_vae.evaluation.health.finding import FAULT, OK
from keras_vae.evaluation.health.plot_health import COLOURS, MAX_BARS, plot_health
from keras_vae.priors.standard_normal import StandardNormal


@pytest.fixture(scope="module")
def report():
    """Of a half-collapsed model."""
    return check_health(linear_vae(n_used=2), examples(300, seed=1), examples(300))


def texts(figure):
    return [text.get_text() for ax in figure.axes for text in ax.texts]


@pytest.mark.slow
def test_the_page_says_what_the_report_says(report, tmp_path):
    figure = plot_health(report)
    words = texts(figure)
    assert words[:3] == ["half-collapsed", "300 test and 300 training examples", report.sentence]
    assert "pass  objective=keras_vae.objectives.ELBO(free_bits=0.25)" in words
    assert {f.name for f in report.findings} <= set(words)
    assert " ".join(report.finding("left for the code").sentence.split()[:4]) in " ".join(words)
    figure.savefig(tmp_path / "health.png")
    assert (tmp_path / "health.png").read_bytes().startswith(b"\x89PNG")


def test_every_finding_has_the_colour_of_its_status(report):
    table = plot_health(report).axes[-1]
    assert [line.get_color() for line in table.lines] == [COLOURS[f.status] for f in report.findings]
    bold = {text.get_text() for text in table.texts if text.get_weight() == "bold"}
    assert bold == {f.name for f in report.findings if f.status != OK} == {"left for the code", "training on"}


def test_the_bars_are_the_kl_largest_first(report):
    ax = plot_health(report).axes[1]
    kl = np.sort(report.measures.kl_per_dim)[::-1]
    np.testing.assert_allclose([bar.get_height() for bar in ax.patches[:4]], kl)
    assert ax.get_title() == f"{report.measures.split.kl:.1f} nats of KL, 2 of 4 dimensions active"
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert labels == ["KL of the marginal from the prior", "information about x", "information of inactive ones"]
    information = report.measures.split.dimension_information[report.measures.active]
    heights = sorted((bar.get_height() for bar in ax.patches[4:8]), reverse=True)[:2]
    np.testing.assert_allclose(heights, np.sort(information)[::-1])


def test_the_pictures_hold_the_measured_numbers(report):
    figure = plot_health(report)
    codes, holes, bounds = figure.axes[2:5]
    assert [len(c.get_offsets()) for c in codes.collections] == [300, 300]
    strongest = np.argsort(-report.measures.split.dimension_information)[:2]
    np.testing.assert_allclose(codes.collections[1].get_offsets(), report.measures.codes[:, strongest])
    tail = report.measures.holes
    np.testing.assert_allclose(holes.lines[0].get_xdata(), np.quantile(tail.others, 0.05))
    assert f"{tail.share:.0%} of the prior's samples" in holes.get_title()
    means = [line.get_xdata()[0] for line in bounds.lines]
    np.testing.assert_allclose(means, [report.measures.elbo_train.mean(), report.measures.elbo_test.mean()])
    # Every example is in one bin, those beyond the ends as well.
    for ax in (holes, bounds):
        assert sum(bar.get_height() for bar in ax.patches) == pytest.approx(2.0)


def test_what_was_not_measured_is_not_drawn():
    class OnlyKL:
        kl = StandardNormal().kl

    report = check_health(linear_vae(latent_dim=70, prior=OnlyKL()), examples(60))
    figure = plot_health(report)
    words = texts(figure)
    assert {report.verdict, "60 test examples", "the prior cannot be sampled"} <= set(words)
    # The aggregate of 60 examples is not smooth in 70 dimensions.
    assert report.verdict == "doubtful"
    assert report.sentence.endswith("not judged: holes, codes beyond the prior, train-test gap")
    kl, codes, _, bounds = figure.axes[1:5]
    assert len(kl.patches) in (MAX_BARS, 2 * MAX_BARS)
    assert len(codes.collections) == len(bounds.lines) == 1


@pytest.mark.slow
def test_one_dimension_and_one_bound_for_all_are_drawn(report, tmp_path):
    report = check_health(linear_vae(n_used=1, latent_dim=1), examples(40))
    flat = dataclasses.replace(report.measures, elbo_test=np.full(40, -3.0), elbo_train=np.full(40, -3.0))
    plot_health(dataclasses.replace(report, measures=flat)).savefig(tmp_path / "health.png")


def test_many_findings_make_a_longer_page(report):
    long = dataclasses.replace(report.findings[0], status=FAULT, sentence="word " * 100)
    longer = dataclasses.replace(report, findings=(*report.findings, long))
    assert plot_health(longer).get_figheight() > plot_health(report).get_figheight() + 0.5
