from typing import Annotated

import typer
from typer.testing import CliRunner

from keras_vae.cli.sections import SectionedCommand


def help_of(function):
    app = typer.Typer(rich_markup_mode=None, add_completion=False)
    app.command(cls=SectionedCommand)(function)
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    return result.output


def command(
    width: Annotated[int, typer.Option(help="Of the layer.", rich_help_panel="Model")] = 3,
    rate: Annotated[float, typer.Option(help="Of the steps.", rich_help_panel="Training")] = 0.5,
    depth: Annotated[int, typer.Option(help="Of the network.", rich_help_panel="Model")] = 2,
    plain: Annotated[int, typer.Option(help="Of no section.")] = 1,
    secret: Annotated[int, typer.Option(hidden=True, rich_help_panel="Hidden")] = 1,
):
    """Do something."""


def test_options_stand_under_their_headings_in_their_order():
    text = help_of(command)
    headings = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Model:", "Training:", "Other:"]
    places = [text.index(word) for word in ("Model:", "--width", "--depth", "Training:", "--rate", "Other:", "--plain")]
    assert places == sorted(places)
    assert "--help" in text.partition("Other:")[2]


def test_what_is_hidden_makes_no_heading():
    text = help_of(command)
    assert "Hidden" not in text
    assert "--secret" not in text
