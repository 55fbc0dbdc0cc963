"""The commands that look at the rows of tables: outliers among them, and estimates for their holes."""

from pathlib import Path
from typing import Annotated

import typer

from keras_vae.cli.options import AsJson, Run, option
from keras_vae.cli.summary import model_of
from keras_vae.tasks.tables.settings import SCORES, THRESHOLDS

SECTION = "Tables"
TABLE = "A table with the columns of the run's data (.csv, .tsv, .parquet, .jsonl, .xlsx)."
N_REASONS = 3

Table = Annotated[Path, typer.Argument(help=TABLE, show_default=False)]


def table_row_commands(app):
    """Add the commands of this file to the program."""
    for command in (detect, impute):
        app.command(rich_help_panel=SECTION)(command)


def detect(
    run: Run,
    table: Table,
    out: Annotated[Path, typer.Option(help="A table (.csv, .tsv, .parquet, .jsonl) or an .npz file.")] = Path(
        "scored.csv"
    ),
    contamination: Annotated[float, typer.Option(help="Share of rows that are outliers, in (0, 0.5].")] = 0.1,
    threshold: Annotated[
        str, typer.Option(help=f"How that share is meant: {', '.join(THRESHOLDS)}; see below.")
    ] = "contamination",
    score_by: Annotated[str, typer.Option(help=f"What makes a row an outlier: {', '.join(SCORES)}.")] = "combined",
    trim: Annotated[float, typer.Option(help="Share of the training rows that nothing is learned from.")] = 0.2,
    figure: Annotated[Path | None, option("Picture of the scores and their reasons.", "OUT with .png")] = None,
    drift: Annotated[Path | None, option("Picture of the scores in the order of the rows.", "none")] = None,
    export: Annotated[Path | None, option("Model folder for a SavedModel with the signature `detect`.", "none")] = None,
    as_json: AsJson = False,
):
    """Score the rows of a table, and say which are outliers and why.

    Scores are in nats of surprise, larger for rows that are less like the training rows of the run; `because` names the
    columns that add most. With --threshold contamination the share is that of the training rows that would be flagged;
    quantile flags at most this share of rows like them, with a confidence of 95 %; extreme_value is for small shares,
    such as 0.001. The table itself is never changed.

    \b
    Examples:
      keras-vae detect runs/payments march.csv --out scored.csv
      keras-vae detect runs/payments march.csv --contamination 0.001 --threshold extreme_value
      keras-vae detect runs/payments march.parquet --drift drift.png --export saved_models/payments
    """
    figure = out.with_suffix(".png") if figure is None else figure
    _check_paths(table, out, figure, drift)
    _check_settings(contamination, threshold, score_by, trim)
    _detect(run, table, out, figure, drift, export, as_json, contamination, threshold, score_by, trim)


def _check_paths(table, out, figure, drift):
    """Check, before anything is computed, that everything can be written."""
    from keras_vae.runs.output import PICTURES, check_other, check_out
    from keras_vae.runs.rows_out import check_rows_out

    check_other(table, out)
    check_rows_out(out)
    check_out(figure, *PICTURES, name="figure")
    if drift is not None:
        check_out(drift, *PICTURES, name="drift")
        if drift.resolve() == figure.resolve():
            raise ValueError(f"`drift` must be another file than the figure. Received: drift={str(drift)!r}")


def _check_settings(*settings):
    """Check, before anything is loaded, that the detector can have these settings."""
    from keras_vae.tasks.tables import VAEOutlierDetector

    VAEOutlierDetector(**_named(*settings)).checked_settings()


def _named(*settings):
    return dict(zip(("contamination", "threshold", "score_by", "trim"), settings, strict=True))


def _detect(run, table, out, figure, drift, export, as_json, *settings):
    from keras_vae.runs.rows_out import write_rows
    from keras_vae.tasks.tables.anomaly.drift import check_enough_rows, score_drift

    loaded, rows = _rows(run, table, out)
    if drift is not None:
        check_enough_rows("table", rows.x)
    detector = _detector(loaded, **_named(*settings))
    _warn_of_words(detector.columns_, rows.x)
    scores, contributions = detector.scorer_.scores(rows.x), detector.scorer_.contributions(rows.x)
    is_outlier = scores > -detector.offset_
    # Refused of few training rows too, and then nothing is to be written.
    drifted = None if drift is None else score_drift(detector.training_scores_, scores, -detector.offset_)
    names = [column.name for column in detector.columns_.columns]
    results = {"score": scores, "is_outlier": is_outlier.astype(int), "because": _reasons(contributions, names)}
    write_rows(out, rows.described, results)
    _draw(figure, detector, rows, scores, contributions)
    if drift is not None:
        _draw_drift(drift, drifted)
    version = None if export is None else detector.export(export)
    told = {"rows": len(scores), "outliers": int(is_outlier.sum()), "threshold": float(-detector.offset_)}
    _tell(told | {"out": str(out), "figure": str(figure), "exported": version and str(version)}, run, as_json)


def impute(
    run: Run,
    table: Table,
    out: Annotated[Path, typer.Option(help="A table (.csv, .tsv, .parquet, .jsonl).")] = Path("filled.csv"),
    draws: Annotated[
        int, typer.Option(help="Tables with a draw in each hole, OUT-1, OUT-2 ...; 0 for one with estimates.")
    ] = 0,
    n_samples: Annotated[int, typer.Option(help="Draws of z per row, weighted by importance.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same numbers.")] = 0,
):
    """Fill the holes of a table: means for numbers, the most probable words for words, by what the row holds.

    All other cells, and columns that the run does not know, are written as they are. The run must have been trained on
    a table with holes, or with --likelihood mixed.

    \b
    Examples:
      keras-vae impute runs/patients patients.csv --out filled.csv
      keras-vae impute runs/patients patients.csv --out filled.csv --draws 5
    """
    from keras_vae._checks import check_int
    from keras_vae._files import atomic_path
    from keras_vae.runs.output import check_other
    from keras_vae.runs.rows_out import TABLES, check_rows_out, write_frame
    from keras_vae.tasks.tables.filled_frames import filled_frames

    check_int("draws", draws, 0)
    paths = [out.with_stem(f"{out.stem}-{k + 1}") for k in range(draws)] or [out]
    check_other(table, *paths)
    if out.suffix.lower() not in TABLES:
        raise ValueError(f"`out` must end in {', '.join(TABLES)}. Received: out={str(out)!r}")
    check_rows_out(out)
    loaded = _load(run)
    frames, n_holes = filled_frames(loaded.model, loaded.task.schema_, table, draws, n_samples, seed, as_written=True)
    for path, frame in zip(paths, frames, strict=True):
        with atomic_path(path) as temporary:
            write_frame(temporary, frame, path.suffix.lower())
    print(f"{n_holes} cells filled in {', '.join(map(str, paths))}, by {model_of(loaded.epoch)}")


def _load(run):
    from keras_vae.runs.finished_run import load_run

    loaded = load_run(run)
    if len(loaded.model.event_shape) != 1:
        raise ValueError(
            f"{run} must be a run on a table. Received: examples of shape {tuple(loaded.model.event_shape)}"
        )
    return loaded


def _rows(run, table, out):
    from keras_vae.runs.verbs import Rows

    loaded = _load(run)
    return loaded, Rows.of_run(run, str(table), out.suffix.lower())


def _detector(loaded, **settings):
    """The detector around the model of a run."""
    from keras_vae.data.columns import TableColumns
    from keras_vae.tasks.tables import VAEOutlierDetector

    x, names = loaded.task.rows(loaded.data, "train"), loaded.task.feature_names_
    columns = loaded.data.columns or TableColumns.of_numbers(names or x.shape[1])
    return VAEOutlierDetector(random_state=loaded.settings["seed"], **settings).fit_around(loaded.model, x, columns)


def _warn_of_words(columns, x):
    """Warn of words that stand in the last class of a category: the run has not seen them, or hardly ever."""
    import warnings

    other = {
        c.name: int((x[:, j] == c.n_classes - 1).sum()) for j, c in enumerate(columns.columns) if c.kind == "category"
    }
    told = ", ".join(f"`{name}` in {n} rows" for name, n in other.items() if n)
    if told:
        warnings.warn(f"words that the run does not know, or hardly: {told}", stacklevel=2)


def _reasons(contributions, names):
    """The columns that add most to the score of each row, in words."""
    import numpy as np

    largest = np.argsort(-contributions, axis=1)[:, :N_REASONS]
    total = np.maximum(contributions.sum(axis=1), 1e-9)
    shares = np.take_along_axis(contributions, largest, axis=1) / total[:, None]
    rows = zip(largest, shares, strict=True)
    return np.array([", ".join(f"{names[j]} {s:.0%}" for j, s in zip(*row, strict=True) if s > 0.01) for row in rows])


def _draw(path, detector, rows, scores, contributions):
    from keras_vae._files import atomic_path
    from keras_vae.tasks.tables.anomaly.plot_outliers import plot_outliers

    cells = detector.columns_.decode(rows.x, like="dict")
    names = rows.described.get("id", rows.described.get("row"))
    figure = plot_outliers(
        scores,
        -detector.offset_,
        contributions,
        list(cells.values()),
        list(cells),
        names,
        detector.training_scores_,
        detector.settings_["score_by"] == "combined",
    )
    with atomic_path(path) as temporary:
        figure.savefig(temporary)


def _draw_drift(path, drifted):
    from keras_vae._files import atomic_path
    from keras_vae.tasks.tables.anomaly.drift import plot_drift

    figure = plot_drift(drifted)
    with atomic_path(path) as temporary:
        figure.savefig(temporary)


def _tell(told, run, as_json):
    if as_json:
        from keras_vae.runs.output import to_json

        print(to_json(told))
        return
    from keras_vae.runs.run_folder import RunFolder

    print(f"{told['outliers']} of {told['rows']} rows are outliers: score above {told['threshold']:.2f}")
    print(f"scores      {told['out']}, by {model_of(RunFolder(run).kept_epoch)}")
    print(f"figure      {told['figure']}")
    if told["exported"]:
        print(f"SavedModel  {told['exported']}")
