"""The commands that restore image files: noise taken away, sizes multiplied, holes filled."""

from pathlib import Path
from typing import Annotated

import typer

from keras_vae.cli.options import AsJson, Run, option

SECTION = "Images"
FORCE = "Write over files that are there."

Source = Annotated[Path, typer.Argument(help="An image file, or a folder of them.", show_default=False)]
Out = Annotated[Path, typer.Argument(help="The file, or the folder, that is written.", show_default=False)]
Force = Annotated[bool, option(FORCE, "refuse", ("--force",))]


def images_commands(app):
    """Add the commands of this file to the program."""
    for command in (denoise, enlarge, inpaint):
        app.command(command.__name__, rich_help_panel=SECTION)(command)


def denoise(run: Run, source: Source, out: Out, force: Force = False, as_json: AsJson = False):
    """Remove the noise of image files, of any size.

    Levels of 8 or 16 bits, alpha and the colour profile stay; pictures come out upright. A file of a folder that cannot
    be read is left out with a warning. Inputs are never written over.

    \b
    Examples:
      keras-vae denoise runs/photos-train-denoiser noisy.png clean.png
      keras-vae denoise runs/photos-train-denoiser noisy/ clean/
    """
    from keras_vae.tasks.images.restoration.restore_files import restored_picture

    restorer = _restorer(run, "denoising")
    _restore(source, out, force, as_json, lambda picture, _: restored_picture(restorer, picture))


def enlarge(run: Run, source: Source, out: Out, force: Force = False, as_json: AsJson = False):
    """Enlarge image files, of any size, by the factor of the run.

    Bits, alpha and profile as with `keras-vae denoise`.

    \b
    Examples:
      keras-vae enlarge runs/photos-train-enlarger small.png large.png
      keras-vae enlarge runs/photos-train-enlarger small/ large/
    """
    from keras_vae.tasks.images.restoration.restore_files import enlarged_picture

    restorer = _restorer(run, "enlarging")
    _restore(source, out, force, as_json, lambda picture, _: enlarged_picture(restorer, picture))


def inpaint(
    run: Run,
    source: Source,
    out: Out,
    mask: Annotated[Path | None, option("Image whose white pixels are filled; or a folder of them by name.")] = None,
    colour: Annotated[str | None, option("Fill the pixels of this colour, as #ff00ff or 255,0,255.")] = None,
    force: Force = False,
    as_json: AsJson = False,
):
    """Fill the missing pixels of image files: those of a mask, of a colour, or the transparent ones.

    All other pixels stay as they are. Bits, alpha and profile as with `keras-vae denoise`.

    \b
    Examples:
      keras-vae inpaint runs/photos-train-inpainter holed.png filled.png --mask mask.png
      keras-vae inpaint runs/photos-train-inpainter scratched/ filled/ --colour "#ff00ff"
    """
    from keras_vae.tasks.images.restoration.restore_files import filled_picture, missing_by_colour, parse_colour

    if mask is not None and colour is not None:
        raise ValueError("`mask` and `colour` must not both be given. Received: both")
    colour = None if colour is None else parse_colour("colour", colour)
    if mask is not None and not mask.exists():
        raise FileNotFoundError(f"there is no file or folder {mask}")
    restorer = _restorer(run, "inpainting")

    def fill(picture, path):
        missing = missing_by_colour(picture, colour) if colour else _missing(mask, path)
        try:
            return filled_picture(restorer, picture, missing)
        except ValueError as error:
            raise ValueError(f"{path} {error}") from None

    _restore(source, out, force, as_json, fill)


def _missing(mask, path):
    """Where the mask of a file is white; None without a mask."""
    from keras_vae.tasks.images.restoration.restore_files import missing_by_mask

    if mask is None:
        return None
    found = mask / path.name if mask.is_dir() else mask
    if not found.is_file():
        raise ValueError(f"{path} has no mask: there is no {found}")
    return missing_by_mask(found)


def _restore(source, out, force, as_json, function):
    from keras_vae.runs.output import check_writable, to_json
    from keras_vae.tasks.images.restoration.restore_files import restore_files

    check_writable(out)
    told = restore_files(source, out, function, force)
    if as_json:
        print(to_json(told))
        return
    n, skipped = len(told["files"]), len(told["skipped"])
    print(f"{n} image{'s' if n > 1 else ''} in {out}{f', {skipped} left out' if skipped else ''}")


def _restorer(run, name):
    """The restorer of a run, with its model."""
    from keras_vae.runs.config import task_of
    from keras_vae.runs.run_folder import RunFolder
    from keras_vae.tasks.registry import entry_of

    folder = RunFolder.open(run)
    config = folder.read_config()
    if config["task"] != name:
        command = entry_of(name).command
        raise ValueError(f"{run} must be a run of `keras-vae {command}`. Received: one of another use")
    task = task_of(config)
    task.model_ = folder.load_model()
    return task
