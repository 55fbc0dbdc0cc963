"""The `keras-vae` program: arguments in, one task called, errors in one line."""

import os
import re
import shlex
import sys
import time
import warnings
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="keras-vae",
    help="Train variational autoencoders, look at them, and deploy them.\n\n"
    "Start with `keras-vae train`: it needs no data, and ends with an honest likelihood and pictures in runs/.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

SOURCES = "digits, mnist, fashion_mnist, cifar10, FILE.npz, FILE.csv or a folder of images."
LIKELIHOODS = (
    "bernoulli, continuous_bernoulli, gaussian, gaussian_fixed, gaussian_shared, discretized_logistic, categorical, "
    "multinomial or negative_binomial."
)

Run = Annotated[Path, typer.Argument(help="Run folder, as `keras-vae train` makes it.", show_default=False)]
Data = Annotated[str, typer.Option("--data", help=SOURCES)]


def _option(help, default=None):
    """An option that may be left out; its default, which depends on other things, is told in words."""
    return typer.Option(help=f"{help} [default: {default}]" if default is not None else help, show_default=False)


@app.command()
def train(
    data: Annotated[str | None, _option(SOURCES, "digits")] = None,
    network: Annotated[str | None, _option("dense, conv, resnet or recurrent.", "by the kind of data")] = None,
    likelihood: Annotated[str | None, _option(LIKELIHOODS, "by the kind of data")] = None,
    latent_dim: Annotated[int | None, _option("Number of latent dimensions.", 20)] = None,
    hidden_units: Annotated[
        str | None, _option("Widths of layers or channels of stages, as 512,256.", "by the network")
    ] = None,
    beta: Annotated[float | None, _option("Weight of the KL in the loss.", 1.0)] = None,
    free_bits: Annotated[float | None, _option("Nats per latent dimension that cost nothing.", "none")] = None,
    learning_rate: Annotated[float | None, _option("Of Adam.", 0.001)] = None,
    epochs: Annotated[int | None, _option("Passes over the training data.", "10, more for small data")] = None,
    batch_size: Annotated[int | None, _option("Examples per step.", "128, 32 for small data")] = None,
    seed: Annotated[int | None, _option("Of weights, order and noise: the same seed gives the same run.", 0)] = None,
    out: Annotated[Path | None, _option("Run folder to make.", "runs/DATA, runs/DATA-NETWORK")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --out where it stopped, or begin it.")
    ] = False,
):
    """Train a VAE into a run folder: model, history, figures, an honest likelihood.

    A run that was interrupted goes on with the same command and --resume, and ends with the same numbers. With --resume
    and more --epochs a finished run is trained further.

    \b
    Examples:
      keras-vae train
      keras-vae train --data photos/ --latent-dim 32 --epochs 50 --out runs/photos
      keras-vae train --out runs/photos --resume
    """
    from keras_vae.tasks.settings import open_run
    from keras_vae.tasks.training import train as train_run

    out = out or _default_out(data or "digits", network)
    run, config, dataset = open_run(
        out,
        resume,
        data=data,
        network=network,
        likelihood=likelihood,
        latent_dim=latent_dim,
        hidden_units=_whole_numbers(hidden_units),
        beta=beta,
        free_bits=free_bits,
        learning_rate=learning_rate,
        epochs=epochs,
        batch_size=batch_size,
        seed=seed,
    )
    if dataset is None:
        metrics = run.read_metrics()
        print(f"{out} is trained already: {metrics['epochs']} epochs")
    else:
        _print_start(out, config, dataset, run.epochs_done)
        started = time.monotonic()
        try:
            # Outside a terminal a bar is a screenful of control characters.
            metrics = train_run(run, config, dataset, verbose=1 if sys.stdout.isatty() else 2)
        except KeyboardInterrupt:
            command = shlex.join(["keras-vae", "train", "--out", str(out), "--resume"])
            go_on = f", {run.epochs_done} epochs saved; go on with: {command}"
            _fail(f"interrupted{go_on if run.exists else ''}", 130)
        if metrics is None:
            print(f"\ndone in {time.monotonic() - started:.0f} s; the chief writes {out}")
            return
        print(f"\ntrained and scored in {time.monotonic() - started:.0f} s")
    _print_summary(metrics)
    print(f"\nfigures     {run.figures}/")
    print(f"model       {run.model_file}")
    export = shlex.join(["keras-vae", "export", str(out), f"saved_models/{out.resolve().name}"])
    print(f"next        {export}")


@app.command()
def evaluate(
    run: Run,
    data: Annotated[str | None, _option("Other data of the same shape.", "those of the run")] = None,
    n_samples: Annotated[int, typer.Option(help="Importance samples per example for log p(x).")] = 5000,
    annealed: Annotated[
        int,
        typer.Option(help="Examples whose log p(x) is checked by annealed importance sampling, slow; 20 are a start."),
    ] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
):
    """Print ELBO, reconstruction, KL and what it is made of, and the importance-weighted log p(x) on held-out data.

    These are the test part of the data of the run. Of other data it is their own test part, or all rows where there is
    none.

    \b
    Examples:
      keras-vae evaluate runs/digits
      keras-vae evaluate runs/digits --n-samples 100 --json
      keras-vae evaluate runs/digits --annealed 20
    """
    from keras_vae.tasks.run_folder import to_json
    from keras_vae.tasks.using import evaluate_run

    figures = evaluate_run(run, data, n_samples, annealed)
    if as_json:
        print(to_json(figures))
    else:
        _print_summary(figures)


@app.command()
def doctor(
    run: Run,
    data: Annotated[str | None, _option("Other data of the same shape.", "those of the run")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
):
    """Say whether a run is healthy, and what to change: what its codes carry, whether samples will look like data.

    Every number comes with what it means; a page of pictures goes to RUN/figures/health.png.

    \b
    Examples:
      keras-vae doctor runs/digits
      keras-vae doctor runs/digits --json
    """
    from keras_vae.tasks.doctor import doctor_run
    from keras_vae.tasks.run_folder import to_json

    report, context = doctor_run(run, data)
    if as_json:
        print(to_json({**context, **report.as_dict()}))
        return
    print(report)
    if context["commands"]:
        print("\nor at the shell\n  " + "\n  ".join(context["commands"]))
    print(f"\nfigure      {context['figure']}")


@app.command()
def sample(
    run: Run,
    n: Annotated[int, typer.Option("-n", "--n", help="How many.")] = 64,
    seed: Annotated[int | None, _option("The same seed gives the same samples.", "new ones each time")] = None,
    temperature: Annotated[float, typer.Option(help="Factor on the standard deviation of the prior.")] = 1.0,
    out: Annotated[Path, typer.Option(help="A picture (.png, .jpg, .pdf, .svg), or an .npz file: x.")] = Path(
        "samples.png"
    ),
):
    """Draw new examples from a run.

    \b
    Examples:
      keras-vae sample runs/digits
      keras-vae sample runs/digits -n 10000 --seed 1 --out samples.npz
    """
    from keras_vae.tasks.using import sample_run

    sample_run(run, out, n, seed, temperature)
    print(f"{n} samples in {out}")


@app.command()
def encode(
    run: Run,
    data: Data,
    out: Annotated[Path, typer.Option(help="An .npz file: z_mean, z_log_var, label.")] = Path("z.npz"),
):
    """Write the latent codes of every row of the data.

    \b
    Example:
      keras-vae encode runs/digits --data digits --out z.npz
    """
    from keras_vae.tasks.using import encode_run

    print(f"{encode_run(run, data, out)} codes in {out}")


@app.command()
def reconstruct(run: Run, data: Data, out: Annotated[Path, typer.Option(help="An .npz file: x.")] = Path("r.npz")):
    """Write the mean reconstruction of every row of the data.

    \b
    Example:
      keras-vae reconstruct runs/digits --data digits --out r.npz
    """
    from keras_vae.tasks.using import reconstruct_run

    print(f"{reconstruct_run(run, data, out)} reconstructions in {out}")


@app.command()
def export(
    run: Run,
    path: Annotated[
        Path,
        typer.Argument(help="Model folder, such as saved_models/NAME; gets the next version.", show_default=False),
    ],
    preprocess: Annotated[
        str | None,
        typer.Option(help="What clients send: uint8 values 0 to 255, or image_bytes (PNG, JPEG). [default: x itself]"),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Compare every signature with the run's model, and time it.")
    ] = False,
):
    """Export a run as a SavedModel for TensorFlow Serving.

    \b
    Example:
      keras-vae export runs/digits saved_models/digits --check
    """
    from keras_vae.serving.export import export_saved_model
    from keras_vae.tasks.run_folder import RunFolder

    model = RunFolder.open(run).load_model()
    version = export_saved_model(model, path, preprocess)
    print(version)
    if check:
        from keras_vae.serving.inspection import format_inspection, inspect_saved_model

        report = inspect_saved_model(version, model, preprocess)
        print(format_inspection(report))
        if not report["agrees"]:
            raise ValueError(f"{version} does not answer as the model of {run} does: do not ship it")


@app.command()
def inspect(
    path: Annotated[Path, typer.Argument(help="saved_models/NAME or saved_models/NAME/VERSION.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
):
    """Show what an exported model takes and gives, its versions and size, and how fast it answers.

    \b
    Example:
      keras-vae inspect saved_models/digits
    """
    from keras_vae.serving.inspection import format_inspection, inspect_saved_model
    from keras_vae.tasks.run_folder import to_json

    report = inspect_saved_model(path)
    print(to_json(report) if as_json else format_inspection(report))


def _default_out(data, network):
    # Resolved: `.` has no name of its own.
    return Path("runs") / "-".join(filter(None, [Path(os.path.expanduser(data)).resolve().stem, network]))


def _whole_numbers(text):
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"`hidden_units` must be whole numbers with commas, as 512,256. Received: {text!r}") from None


def _print_start(out, config, dataset, epochs_done):
    shape = "x".join(map(str, config["event_shape"]))
    print(f"data        {dataset.name}: {dataset.n_train} training and {dataset.n_test} test examples of {shape}")
    if dataset.note:
        print(f"            {dataset.note}")
    drawn = ", pixels drawn anew as 0 or 1 in every epoch" if config["input"]["binarize"] else ""
    standardised = ", values standardised" if config["input"]["standardize"] else ""
    print(
        f"model       {config['network']}, {config['latent_dim']} latent, {config['likelihood']}{drawn}{standardised}"
    )
    resumed = f", {epochs_done} of them done" if epochs_done else ""
    print(f"training    {config['epochs']} epochs of batch {config['batch_size']}{resumed}, into {out}\n", flush=True)


def _print_summary(figures):
    """The closing table: one figure a line, with its unit."""
    error = figures["log_prob_standard_error"]
    error = "" if error is None else f" +- {error:.2f}"
    draws = f"nats, {figures['log_prob_n_samples']} importance samples, {figures['log_prob_n_rows']} examples"
    rows = [
        ("ELBO", _number(figures["elbo"]), "nats per example"),
        ("reconstruction", _number(figures["reconstruction_loss"]), "nats"),
        ("KL", _number(figures["kl_loss"]), "nats"),
        ("log p(x)", _number(figures["log_prob"]) + error, draws),
    ]
    if "bits_per_dim" in figures:
        rows.append(("bits/dim", _number(figures["bits_per_dim"], 3), ""))
    if "mutual_information" in figures:
        most = figures["mutual_information_at_most"]
        # The doctor says the same at half a nat below.
        is_full = figures["mutual_information"] > most - 0.5
        limit = f"; as much as so many examples can show, {most:.2f}: there may be more" if is_full else ""
        rest = ", with the information that does not show" if is_full else ""
        rows[3:3] = [
            ("  information", _number(figures["mutual_information"]), f"nats that the codes carry about x{limit}"),
            ("  marginal KL", _number(figures["marginal_kl"]), f"nats between all codes together and the prior{rest}"),
        ]
    if "annealed_log_prob" in figures:
        error = figures["annealed_difference_standard_error"]
        beside = f"nats by annealing, {figures['annealed_n_rows']} examples; weighted, the same ones"
        beside += f" {_number(figures['annealed_log_prob_bound'])}" + ("" if error is None else f" +- {error:.2f}")
        rows.append(("  check", _number(figures["annealed_log_prob"]), beside))
    rows.append(("active units", f"{figures['active_units']} of {figures['latent_dim']}", ""))
    width = max(len(value) for _, value, _ in rows)
    print(f"\n{figures['part']} part" if figures["part"] != "all" else "\nall rows")
    for name, value, unit in rows:
        print(f"  {name:<15}{value:>{width}}  {unit}".rstrip())
    if figures["units"]:
        print(f"  nats of {figures['units']}")


def _number(value, digits=2):
    # JSON has no word for NaN and infinity: they are null there.
    return "not finite" if value is None else f"{value:.{digits}f}"


def _fail(message, code=2):
    print(f"keras-vae: {message}", file=sys.stderr)
    raise SystemExit(code)


def main():
    """Entry point: a mistake of the user ends in one line on stderr and exit code 2."""
    warnings.showwarning = lambda message, *_: print(f"keras-vae: warning: {_one_line(message)}", file=sys.stderr)
    try:
        # Without arguments: the help, which is no mistake.
        code = app(sys.argv[1:] or ["--help"], prog_name="keras-vae", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):
        code = 130
    except Exception as error:
        if not _is_mistake(error):
            raise
        _fail(_reason(error))
    # Typer, too, turns Ctrl-C into a code.
    if code == 130:
        _fail("interrupted", 130)
    if code:
        raise SystemExit(code)


def _is_mistake(error):
    """Whether an error speaks of input, files, disk or memory; anything else is a bug and shows its traceback."""
    # OSError covers a missing file, a full disk, a folder without write access; ConnectionError a failed download.
    # By name, as neither Typer's own errors (of wrong options) nor TensorFlow's are to be imported.
    names = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, ValueError | OSError | MemoryError | OverflowError) or bool(
        names & {"ClickException", "OpError"}
    )


def _reason(error):
    """What went wrong, in one line."""
    if hasattr(error, "format_message"):
        help_of = f" (see {error.ctx.command_path} --help)" if getattr(error, "ctx", None) else ""
        return _one_line(error.format_message()).rstrip(".") + help_of
    if isinstance(error, MemoryError):
        return _one_line(f"not enough memory {error}")
    if isinstance(error, OSError) and error.strerror:
        return _one_line(": ".join(filter(None, [error.filename and str(error.filename), error.strerror])))
    # What Python code inside a TensorFlow graph raised stands in the midst of a traceback.
    inner = re.search(r"(?:^|\s)\w+Error: (.+)$", str(error), re.MULTILINE) if hasattr(error, "op") else None
    return _one_line(inner[1] if inner else error) or type(error).__name__


def _one_line(message):
    return " ".join(str(message).split())


if __name__ == "__main__":
    main()
