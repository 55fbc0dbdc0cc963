"""What to change about a model or its training: a setting, its new value, and the Python that says so."""

import dataclasses
from collections.abc import Mapping
from typing import Any

# Where a setting belongs: what is minimised, the model, its networks, or the training.
OBJECTIVE, MODEL, NETWORK, FIT = "objective", "model", "network", "fit"


@dataclasses.dataclass(frozen=True)
class Call:
    """An object, by the call that makes it; `str()` is the Python.

    Args:
        function: str. Dotted name of a class or function.
        arguments: tuple of values or further calls.
        keywords: tuple of pairs of a name and a value.
    """

    function: str
    arguments: tuple = ()
    keywords: tuple[tuple[str, Any], ...] = ()

    def __str__(self):
        written = [_python(value) for value in self.arguments]
        written += [f"{name}={_python(value)}" for name, value in self.keywords]
        return f"{self.function}({', '.join(written)})"


@dataclasses.dataclass(frozen=True)
class Rule:
    """A new value that follows from the present one.

    Args:
        word: "more" for twice the number, "fewer" for half of it, or of each number of a list.
    """

    word: str

    def of(self, present):
        """The new value, or None where the present one is not known."""
        if not present:
            return None
        if self.word == "more":
            return 2 * present
        if isinstance(present, (list, tuple)):
            return [max(1, n // 2) for n in present]
        return max(1, present // 2)


@dataclasses.dataclass(frozen=True)
class Remedy:
    """One setting to change.

    Args:
        name: str. The setting.
        value: number, `Call` or `Rule`. What it should be.
        place: "objective", "model", "network" or "fit". Where the setting belongs.
        settings: tuple of pairs. The same in settings of a task, where these have other names.

    Examples:
        >>> print(kv.evaluation.Remedy("beta", 1.0, "objective"))
        objective=keras_vae.objectives.ELBO(beta=1.0)
    """

    name: str
    value: Any
    place: str = MODEL
    settings: tuple[tuple[str, Any], ...] = ()

    def __str__(self):
        """What to write: Python, or the rule in words where the present number is not known here."""
        if isinstance(self.value, Rule):
            return f"{self.value.word} {self.name}"
        if self.place == OBJECTIVE:
            return f"objective={Call('keras_vae.objectives.ELBO', keywords=((self.name, self.value),))}"
        return f"{self.name}={self._text()}"

    def _text(self):
        return f"[{self.value}]" if self.name == "callbacks" else _python(self.value)

    def as_dict(self) -> dict:
        """The remedy for JSON: name of the setting, and its value as a number or as text."""
        if isinstance(self.value, Rule):
            return {self.name: self.value.word}
        return {self.name: self._text() if isinstance(self.value, Call) else self.value}

    def changed(self, settings: Mapping) -> dict | None:
        """What to change in the settings of a run.

        Args:
            settings: mapping from names to present values, such as the settings of a task.

        Returns:
            dict of the settings that change and their new values; None where the remedy leads nowhere: the run has no
            such setting, has that value already, or the setting is not a number.
        """
        if self.settings:
            changed = {name: value for name, value in self.settings if settings.get(name) != value}
            return changed if changed and set(dict(self.settings)) <= set(settings) else None
        if self.name not in settings or isinstance(self.value, Call):
            return None
        present = settings[self.name]
        # A list of one number is that number: a model with several layers of latents has several.
        present = present[0] if isinstance(present, (list, tuple)) and len(present) == 1 else present
        value = self.value.of(present) if isinstance(self.value, Rule) else self.value
        if value is None or value == (list(present) if isinstance(present, tuple) else present):
            return None
        return {self.name: value}


def _python(value):
    return str(value) if isinstance(value, Call) else repr(value)


FREE_BITS = Remedy("free_bits", 0.25, OBJECTIVE)
BETA_1 = Remedy("beta", 1.0, OBJECTIVE)
ANNEALING = Remedy(
    "callbacks",
    Call("keras_vae.callbacks.BetaAnnealing", (Call("keras_vae.schedules.linear", keywords=(("n_steps", 5000),)),)),
    FIT,
    (("warm_up", 5000),),
)
EARLY_STOPPING = Remedy(
    "callbacks", Call("keras_vae.callbacks.EarlyStopping", keywords=(("patience", 5),)), FIT, (("patience", 5),)
)
FLEXIBLE_PRIOR = Remedy(
    "prior", Call("keras_vae.priors.VampPrior", (50,)), MODEL, (("prior", "vamp"), ("n_components", 50))
)
# Where the present number is not known here.
LONGER = Remedy("epochs", Rule("more"), FIT)
FEWER_UNITS = Remedy("hidden_units", Rule("fewer"), NETWORK)
# An importance-weighted bound has neither beta nor free bits; such a model can begin where the ELBO with them ends.
ELBO_FIRST = Remedy(
    "objective",
    Call("keras_vae.objectives.ELBO", keywords=(("free_bits", 0.25),)),
    MODEL,
    (("objective", "elbo"), ("free_bits", 0.25)),
)


def latent_dim_of(n: int) -> Remedy:
    """The remedy of another number of latent dimensions."""
    return Remedy("latent_dim", n, NETWORK)


def epochs_of(n: int) -> Remedy:
    """The remedy of a training of so many epochs."""
    return Remedy("epochs", n, FIT)
