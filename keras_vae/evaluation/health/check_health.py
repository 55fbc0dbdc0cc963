"""Is a model healthy: measured, judged, and one verdict."""

import dataclasses
import textwrap

from keras_vae.evaluation.health import findings, findings_of_fit
from keras_vae.evaluation.health.finding import SHARE, Finding, for_model
from keras_vae.evaluation.health.measures import Measures, measure
from keras_vae.evaluation.health.verdict import HEALTHY, leads_to, sentence_of, verdict_of
from keras_vae.evaluation.latent import ACTIVE_UNIT_THRESHOLD


@dataclasses.dataclass(frozen=True, eq=False)
class HealthReport:
    """What was found about a model.

    Args:
        verdict: str. A key of `verdict.VERDICTS`; "healthy" only if every finding is ok.
        findings: tuple of `Finding`.
        measures: `Measures`, for the figure.
        n_test: int. Test examples looked at.
        n_train: int. Training examples looked at; 0 for none.

    Examples:
        >>> report.finding("active units").unit
        'of 4'
    """

    verdict: str
    findings: tuple
    measures: Measures = dataclasses.field(repr=False)
    n_test: int
    n_train: int

    @property
    def sentence(self) -> str:
        """What the verdict means, in one sentence, with warnings and with what could not be judged."""
        return sentence_of(self.verdict, self.findings)

    @property
    def remedy(self) -> tuple:
        """Alternatives, each a `Remedy`, against the findings that led to the verdict; empty when healthy."""
        if self.verdict == HEALTHY:
            return ()
        return next((f.remedy for f in self.findings if f.remedy and leads_to(f) == self.verdict), ())

    def finding(self, name: str) -> Finding:
        """The finding of that name.

        Raises:
            KeyError: if there is none.
        """
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(name)

    def as_dict(self) -> dict:
        """The report for JSON: numbers, lists and text."""
        m = self.measures
        return {
            "verdict": self.verdict,
            "sentence": self.sentence,
            "remedy": [remedy.as_dict() for remedy in self.remedy],
            "findings": [f.as_dict() for f in self.findings],
            "kl": m.kl,
            "kl_per_layer": None if m.layer_kl is None else m.layer_kl.mean(axis=0).tolist(),
            "kl_per_dim": None if m.kl_per_dim is None else m.kl_per_dim.tolist(),
            "information_per_dim": m.split.dimension_information.tolist(),
            "elbo_test": float(m.elbo_test.mean()),
            "elbo_train": None if m.elbo_train is None else float(m.elbo_train.mean()),
            "n_test": self.n_test,
            "n_train": self.n_train,
        }

    def __str__(self):
        """The report as text: the verdict, a line per finding, the remedies."""
        rows = [(f.status, f.name, number_text(f), f.sentence) for f in self.findings]
        widths = [max(len(row[i]) for row in rows) for i in range(3)]
        lines = [f"{self.verdict}: {self.sentence}", ""]
        for row in rows:
            head = "  ".join(cell.ljust(width) for cell, width in zip(row[:3], widths, strict=True))
            first, rest = f"  {head}  ", " " * (len(head) + 4)
            lines.extend(textwrap.wrap(row[3], 118, initial_indent=first, subsequent_indent=rest))
        lines.extend(self._remedy_lines())
        return "\n".join(lines)

    def _remedy_lines(self):
        """Every remedy once, under the findings it would change; the remedy for the verdict comes first."""
        names = {}
        for finding in sorted(self.findings, key=lambda f: leads_to(f) != self.verdict):
            if finding.remedy:
                names.setdefault(remedies_text(finding.remedy, "\n  "), []).append(finding.name)
        for remedies, changed in names.items():
            yield f"\nto change {', '.join(changed)}, pass one of these:"
            yield f"  {remedies}"


def number_text(finding: Finding) -> str:
    """The value of a finding with its unit: shares in percent, whole numbers whole, others to two digits or more."""
    value = finding.value
    if value != value:
        return "-"
    if finding.unit == SHARE:
        return f"{value:.0%}"
    if isinstance(value, int):
        return f"{value} {finding.unit}"
    rounded = f"{value:.2f}"
    if rounded in ("0.00", "-0.00"):
        rounded = f"{value:.1g}" if abs(value) >= 0.0005 else "0.00"
    elif abs(value) < 0.095:
        rounded = f"{value:.2g}"
    return f"{rounded} {finding.unit}".strip()


def remedies_text(remedies, separator: str = "  or  ") -> str:
    """Alternatives as they are written in a call; "more epochs" where the number is open."""
    return separator.join(map(str, remedies))


def check_health(
    vae, x_test, x_train=None, y_test=None, y_train=None, history=None, n_rows: int = 2000, seed: int = 0
) -> HealthReport:
    """Whether a model is healthy: what its codes carry, whether the prior fits them, what to change.

    Args:
        vae: `VAE` whose q(z|x) is the Gaussian of its encoder; or a `LadderVAE`, of which the layers are judged, and
            how codes and prior lie to each other in the top one.
        x_test: array `(n, *event_shape)` of at least 20 held-out examples; `(x, condition)` or a dict of both for a
            model with a condition; or a `tf.data.Dataset` of batches.
        x_train: the same of the examples that the model was trained on, or None. Without them the gap between the two
            is not measured, and what training has led to is read off the held-out ones.
        y_test: array of targets where they are not the inputs, or None.
        y_train: the same for `x_train`.
        history: dict of lists by name, as `fit(...).history`, or None. With `val_elbo` in it the remedy of an
            overfitted model names the epoch at which it was best, and the end of the curve says whether training on
            would help; without, some steps are tried, and the model is put back as it was.
        n_rows: int >= 20. Examples looked at of each, at random; time grows with its square.
        seed: int >= 0. The same seed gives the same report.

    Returns:
        `HealthReport`: `str()` for people, `as_dict()` for JSON, `verdict`, `findings`, `remedy`.

    Raises:
        ValueError: for another model, data that do not fit it, or too few of them.

    Examples:
        >>> report = kv.evaluation.check_health(vae, x, x_train, n_rows=100)
        >>> [finding.name for finding in report.findings][:3]
        ['active units', 'mutual information', 'use of the code']
    """
    measures = measure(vae, x_test, x_train, y_test, y_train, n_rows, seed, history)
    layered = measures.layer_kl is not None
    found = tuple(
        for_model(finding, measures.beta, measures.weighted, layered)
        for finding in _findings(measures, best_epoch(history))
    )
    n_train = 0 if measures.elbo_train is None else len(measures.elbo_train)
    return HealthReport(verdict_of(found), found, measures, len(measures.elbo_test), n_train)


def _findings(m, epoch):
    layered = m.layer_kl is not None
    yield from [findings.judge_layers(m.layer_kl, m.beta)] if layered else _findings_of_code(m)
    yield findings_of_fit.judge_training_on(m.training_on, m.kl, m.from_history)
    of_top = (
        findings_of_fit.judge_marginal_kl(m.split),
        findings_of_fit.judge_holes(m.holes),
        findings_of_fit.judge_uncovered(m.uncovered),
        findings.judge_variance(m.variance, m.clipped),
    )
    for finding in of_top:
        yield dataclasses.replace(finding, sentence=f"in the top layer: {finding.sentence}") if layered else finding
    n_rows = None if m.elbo_train is None else (len(m.elbo_train), len(m.elbo_test))
    n_latent = None if layered else len(m.active)
    yield findings_of_fit.judge_gap(m.gap, m.recognition, n_latent, epoch, n_rows)


def _findings_of_code(m):
    """What is judged of a code that is one Gaussian."""
    yield findings.judge_active_units(int(m.active.sum()), len(m.active), ACTIVE_UNIT_THRESHOLD, m.beta)
    yield findings.judge_information(m.split, m.beta)
    yield findings.judge_code_use(m.code_use, m.beta)
    yield findings.judge_idle_dimensions(m.split.dimension_information, m.residual_gain, m.split.kl)
    yield findings.judge_exchange_rate(m.exchange_rate, m.beta, m.weighted)


def best_epoch(history: dict | None) -> int | None:
    """Epoch, counted from 1 or as `epoch` in the history has it, of the highest bound of held-out data; None if it rose
    to the end."""
    values = (history or {}).get("val_elbo")
    if not values:
        return None
    best = max(range(len(values)), key=lambda i: values[i])
    if best == len(values) - 1:
        return None
    return int(history["epoch"][best]) if "epoch" in history else best + 1
