"""The commands that use a recommender: what to recommend to whom, and which items are alike."""

from pathlib import Path
from typing import Annotated

import typer

from keras_vae.cli.options import AsJson, Run, option

SECTION = "Ratings"
LOG = "A log of what users have chosen, as the run was trained on: users who are new are answered as well."
# Items shown beside each other on a terminal.
SHOWN = 20


def ratings_commands(app):
    """Add the commands of this file to the program."""
    app.command("recommend", rich_help_panel=SECTION)(recommend)
    app.command("similar-items", rich_help_panel=SECTION)(similar_items)


def recommend(
    run: Run,
    user_items: Annotated[Path | None, option(LOG, "none")] = None,
    items: Annotated[str | None, option("Items of one user instead, with commas.", "none")] = None,
    k: Annotated[int, typer.Option("-k", "--k", help="Items for each user.")] = 20,
    include_seen: Annotated[bool, typer.Option("--include-seen", help="Also what a user has chosen already.")] = False,
    out: Annotated[Path, typer.Option(help="A table (.csv, .tsv, .parquet, .jsonl): user, rank, item, score.")] = Path(
        "recommended.csv"
    ),
    as_json: AsJson = False,
):
    """Rank the items that users are most likely to choose next.

    Scores are log p(item | user) in nats. Users need not have been there in training. Items that the run does not know
    are passed over, and told.

    \b
    Examples:
      keras-vae recommend runs/plays --user-items plays.csv -k 10 --out recommended.csv
      keras-vae recommend runs/lastfm-train-recommender --items "Radiohead,Portishead"
    """
    if (user_items is None) == (items is None):
        raise ValueError("one of `user_items` and `items` must be given (--user-items, --items)")
    task = _recommender(run)
    if items is not None:
        _recommend_one(task, items, k, include_seen, as_json)
        return
    _recommend_all(task, user_items, k, include_seen, out, as_json)


def _recommend_one(task, items, k, include_seen, as_json):
    from keras_vae.runs.output import to_json
    from keras_vae.tasks.setting import parse_names

    ids, scores = task.recommend([_typed(task, parse_names("items", items))], k, not include_seen)
    rows = [(str(item), float(score)) for item, score in zip(ids[0], scores[0], strict=True) if _is_item(item)]
    if as_json:
        print(to_json({"items": [item for item, _ in rows], "scores": [score for _, score in rows]}))
        return
    for rank, (item, score) in enumerate(rows, 1):
        print(f"{rank:>4}  {score:7.2f}  {item}")


def _recommend_all(task, user_items, k, include_seen, out, as_json):
    import warnings

    import numpy as np

    from keras_vae.runs.output import check_other, to_json
    from keras_vae.runs.rows_out import check_rows_out, write_rows

    check_other(user_items, out)
    check_rows_out(out)
    users = task.user_items(user_items)
    if users.unknown:
        shown = ", ".join(users.unknown[:3])
        warnings.warn(f"{len(users.unknown)} items are not known to the run and passed over: {shown}", stacklevel=1)
    ids, scores = task.recommend(users.rows, k, not include_seen)
    is_item = np.isfinite(scores)
    ranks = np.broadcast_to(np.arange(1, k + 1), ids.shape)
    columns = {"user": np.repeat(users.users, is_item.sum(axis=1)), "rank": ranks[is_item]}
    write_rows(out, {}, {**columns, "item": ids[is_item], "score": scores[is_item]})
    if as_json:
        print(to_json({"users": len(users.users), "rows": int(is_item.sum()), "out": str(out)}))
    else:
        print(f"{int(is_item.sum())} recommendations for {len(users.users)} users in {out}")


def similar_items(
    run: Run,
    items: Annotated[str, typer.Argument(help="Items, with commas.", show_default=False)],
    k: Annotated[int, typer.Option("-k", "--k", help="How many for each.")] = 10,
    as_json: AsJson = False,
):
    """List the items that the model knows as most like others: by the cosine of their vectors.

    \b
    Example:
      keras-vae similar-items runs/lastfm-train-recommender "Radiohead" -k 5
    """
    from keras_vae.runs.output import to_json
    from keras_vae.tasks.setting import parse_names

    task, names = _recommender(run), parse_names("items", items)
    ids, cosines = task.similar_items(_typed(task, names), k)
    if as_json:
        print(to_json({name: [str(one) for one in row] for name, row in zip(names, ids, strict=True)}))
        return
    for name, row, values in zip(names, ids, cosines, strict=True):
        print(name)
        for item, cosine in zip(row, values, strict=True):
            print(f"  {cosine:6.3f}  {item}")


def _recommender(run):
    """The task of a run of a recommender, with its model."""
    from keras_vae.runs.config import task_of
    from keras_vae.runs.run_folder import RunFolder

    folder = RunFolder.open(run)
    config = folder.read_config()
    if config["task"] != "ratings":
        raise ValueError(f"{run} must be the run of a recommender (keras-vae train-recommender). Received: another one")
    task = task_of(config)
    task.model_ = folder.load_model()
    return task


def _typed(task, names):
    """Items as they were typed, as ids: numbers where the run knows its items by columns."""
    return names if task.items_ is not None else [int(name) if name.isdigit() else name for name in names]


def _is_item(item):
    return item != "" and item != -1
