"""What a training and an evaluation print: one figure a line, with its unit."""

# Figures that have their own line, or are part of one.
KNOWN = (
    "run",
    "data",
    "part",
    "epochs",
    "epochs_done",
    "kept_epoch",
    "model_epoch",
    "units",
    "note",
    "elbo",
    "reconstruction_loss",
    "kl_loss",
    "loss",
    "log_prob",
    "negative_elbo",
    "kl",
    "negative_log_prob",
)
KNOWN_PREFIXES = (
    "log_prob_",
    "negative_log_prob_",
    "mutual_information",
    "marginal_kl",
    "annealed_",
    "bits_per_dim",
    "active_units",
    "latent_dim",
)


def print_start(out, task, data, epochs_done):
    """What was read as what, and what is trained on it, before the first epoch.

    Args:
        out: path. The run folder.
        task: prepared `Task`.
        data: what the task loaded.
        epochs_done: int.
    """
    print_reading(getattr(data, "report", ()))
    for word, line in task.describe(data):
        print(f"{word:<12}{line}")
    settings = task.settings_
    resumed = f", {epochs_done} of {settings['epochs']} epochs done" if epochs_done else ""
    print(f"training    batches of {settings['batch_size']}{resumed}, into {out}", flush=True)


def print_reading(report):
    """A table of what was read as what, with the option that overrules each guess.

    Args:
        report: list of `keras_vae.data.ReadAs`.
    """
    if not report:
        return
    width = min(34, max(len(row.what) for row in report))
    for row in report:
        overrule = f"  [{row.overrule}]" if row.overrule else ""
        print(f"  {row.what:<{width}}  {row.read_as}{overrule}")
    print()


def print_plan(plan):
    """How long a training will take, before its first step.

    Args:
        plan: `tasks.plan.Plan`.
    """
    cut = ", fewer than the data call for: more --minutes may give a better model" if plan.is_cut else ""
    print(f"            {plan.epochs} epochs, at most {_duration(plan.seconds)}{cut}\n", flush=True)


def _duration(seconds):
    return f"{max(1, round(seconds))} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"


def print_summary(figures, units=None):
    """The closing table.

    Args:
        figures: dict, as `Task.report` and `runs.verbs.evaluate_run` give it. Numbers without a line of their own are
            printed by their names.
        units: dict or None. What stands behind figures of this use, as `tasks.registry.units_of` gives it.
    """
    rows = [
        *_epoch_rows(figures),
        *_bound_rows(figures),
        *_kl_rows(figures),
        *_log_prob_rows(figures),
        *_text_rows(figures),
        *_latent_rows(figures),
        *_other_rows(figures, units or {}),
    ]
    width = max((len(value) for _, value, _ in rows), default=0)
    print(f"\n{figures['part']} part" if figures["part"] != "all" else "\nall rows")
    label = max(15, *(len(name) + 1 for name, _, _ in rows)) if rows else 15
    for name, value, unit in rows:
        print(f"  {name:<{label}}{value:>{width}}  {unit}".rstrip())
    if figures.get("units"):
        print(f"  nats of {figures['units']}")


def print_curves(figures):
    """How far a training has come.

    Args:
        figures: dict, as `curves_run` gives it.
    """
    state = "finished" if figures["is_finished"] else "not finished"
    print(f"epoch       {figures['epochs_done']} of {figures['epochs']}, {state}")
    last = figures["last"]
    values = {"training": last.get("elbo"), "held out": last.get("val_elbo")}
    told = [f"{_number(value)} {name}" for name, value in values.items() if value is not None and value == value]
    if told:
        print(f"ELBO        {', '.join(told)} (nats per example)")
    if figures["kept_epoch"] is not None:
        print(f"best        epoch {figures['kept_epoch']}")
    print(f"figure      {figures['figure']}")


def model_of(epoch):
    """Which weights a command has used, in words.

    Args:
        epoch: int or None, as `RunFolder.kept_epoch`.
    """
    if epoch is None:
        return "the weights at the end of the training"
    return f"the weights of epoch {epoch}" if epoch else "the weights that the training began with"


def _epoch_rows(figures):
    """The epoch whose weights the model has."""
    kept, done = figures.get("kept_epoch", figures.get("model_epoch")), figures.get("epochs_done")
    if kept is None:
        return []
    why = f"of {done}" if kept == done else f"of {done}: the best on what was held out"
    why = why if kept else f"{why}, the linear model that training began with"
    return [("model of epoch", str(kept), why if done else "the best on what was held out")]


def _bound_rows(figures):
    names = {
        "elbo": ("ELBO", "nats per example"),
        "reconstruction_loss": ("reconstruction", "nats"),
        "kl_loss": ("KL", "nats"),
        "negative_elbo": ("-ELBO", "nats per text"),
        "kl": ("KL", "nats per text"),
    }
    return [(name, _number(figures[key]), unit) for key, (name, unit) in names.items() if key in figures]


def _kl_rows(figures):
    # None where q(z|x) has no density in closed form, and then without the others; NaN is null in JSON.
    information, most = figures.get("mutual_information"), figures.get("mutual_information_at_most")
    if information is None:
        return []
    # The doctor says the same at half a nat below.
    is_full = most is not None and information > most - 0.5
    limit = f"; as much as so many examples can show, {most:.2f}: there may be more" if is_full else ""
    rows = [("  information", _number(information), f"nats that the codes carry about x{limit}")]
    if "marginal_kl" in figures:
        rest = ", with the information that does not show" if is_full else ""
        told = f"nats between all codes together and the prior{rest}"
        rows.append(("  marginal KL", _number(figures["marginal_kl"]), told))
    return rows


def _log_prob_rows(figures):
    if "log_prob" not in figures:
        return []
    draws = f"nats, {figures['log_prob_n_samples']} importance samples, {figures['log_prob_n_rows']} examples"
    rows = [("log p(x)", _number(figures["log_prob"]) + _error(figures["log_prob_standard_error"]), draws)]
    if "bits_per_dim" in figures:
        rows.append(("bits/dim", _number(figures["bits_per_dim"], 3), ""))
    if "annealed_log_prob" in figures:
        beside = f"nats by annealing, {figures['annealed_n_rows']} examples; weighted, the same ones"
        beside += f" {_number(figures['annealed_log_prob_bound'])}"
        beside += _error(figures["annealed_difference_standard_error"])
        rows.append(("  check", _number(figures["annealed_log_prob"]), beside))
    return rows


def _text_rows(figures):
    """-log p(x) of texts: an estimate of a VAE, or exact."""
    if "negative_log_prob" not in figures:
        return []
    unit = "nats per text"
    if "negative_log_prob_n_samples" in figures:
        unit += f", {figures['negative_log_prob_n_samples']} importance samples"
        unit += f", {figures['negative_log_prob_n_rows']} texts"
    error = _error(figures.get("negative_log_prob_standard_error"))
    return [("-log p(x)", _number(figures["negative_log_prob"]) + error, unit)]


def _latent_rows(figures):
    if "active_units" not in figures:
        return []
    return [("active units", f"{figures['active_units']} of {figures['latent_dim']}", "")]


def _other_rows(figures, units):
    """Figures that one use adds to the figures of every model."""
    for name, value in figures.items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if is_number and name not in KNOWN and not name.startswith(KNOWN_PREFIXES):
            # The figure of a method has its name in front.
            unit = units.get(name) or next((unit for end, unit in units.items() if name.endswith(f"_{end}")), "")
            said = str(value) if isinstance(value, int) else f"{value:.4g}"
            yield name.replace("_", " "), _number(value) if unit else said, unit


def _error(error):
    return "" if error is None else f" +- {error:.2f}"


def _number(value, digits=2):
    # JSON has no word for NaN and infinity: they are null there.
    return "not finite" if value is None else f"{value:.{digits}f}"
