"""The commands that make files smaller by a model, and give every bit back."""

from pathlib import Path
from typing import Annotated

import typer

from keras_vae.cli.options import AsJson, option

SECTION = "Compress"
MODEL = "A finished run folder, as `keras-vae train` makes it, or a .keras file that a compressor has saved."
FILES = "Arrays (.npy, .npz), pictures, tables of whole numbers (.csv, .tsv), or folders; any for a model of text."
FORCE = "Write over files that are there."

Model = Annotated[Path, typer.Argument(metavar="RUN", help=MODEL, show_default=False)]
Compressed = Annotated[Path, typer.Argument(help="A file that `keras-vae compress` has made.", show_default=False)]
# Names shown of a file with many.
MAX_LISTED = 20


def compression_commands(app):
    """Add the commands of this file to the program."""
    for name, command in {"compress": compress, "decompress": decompress, "list": list_, "verify": verify}.items():
        app.command(name, rich_help_panel=SECTION)(command)


def compress(
    run: Model,
    files: Annotated[list[Path], typer.Argument(help=FILES, show_default=False)],
    out: Annotated[Path, typer.Option(help="The compressed file, as x.kvz.", show_default=False)],
    key: Annotated[list[str] | None, option("An array of an .npz file; may be given several times.", "all")] = None,
    force: Annotated[bool, option(FORCE, "refuse", ("--force",))] = False,
    replace: Annotated[bool, option("Delete FILES once OUT was compared with them.", "keep them", ("--replace",))] = (
        False
    ),
    as_json: AsJson = False,
):
    """Make files smaller by a model that was trained on others of their kind, without losing a bit.

    The model must know examples of their shape and all of their values: whole numbers, as pixels of 8 bits. Runs on
    pictures do, if they were trained with --likelihood discretized_logistic_mixture (grey values, colours) or on black
    and white ones; runs on tables with --likelihood negative_binomial, categorical or bernoulli. A model of text takes
    any bytes: the text that it knows becomes small, and nothing becomes larger by more than some bytes.

    Arrays come back bit for bit with their names, types and shapes; tables of whole numbers to the byte; of pictures
    the pixels and the names, as PNG files. What was written is decoded and compared with the files before it gets its
    name. Keep the run: without its model nobody can decompress, and training it further makes another model of it.

    \b
    Examples:
      keras-vae compress runs/scans scans/ --out scans.kvz
      keras-vae compress runs/digits test.npz --key x_test --out test.kvz
      keras-vae compress digits.keras a.npy b.npy --out both.kvz --json
      keras-vae compress runs/news monday.txt --out monday.kvz
      keras-vae compress runs/scans scans/ --out scans.kvz --replace
    """
    from keras_vae.runs.output import check_writable
    from keras_vae.tasks.compression.files.archive import compress_files

    check_writable(out)
    told = compress_files(_compressor(run), files, out, key or (), force, replace)
    _warn_of_lost(told["lost"])
    told |= {"ratio": told["bytes_before"] / told["bytes"], "replaced": replace}
    if as_json:
        _print_json(told)
        return
    n = len(told["files"])
    print(f"{n} file{'s' if n > 1 else ''}, {_rows(told)}, in {out}; decoded again, and the same")
    print(f"before      {told['bytes_before']} bytes{', deleted' if replace else ''}")
    print(f"after       {told['bytes']} bytes{_bits(told)}: {told['ratio']:.2f} times smaller")
    print(f"model       {run} ({told['model']}), which decompressing needs")


def decompress(
    run: Model,
    file: Compressed,
    out: Annotated[
        Path,
        typer.Option(help="A folder for the files, or a file with the ending of a single one.", show_default=False),
    ],
    force: Annotated[bool, option(FORCE, "refuse", ("--force",))] = False,
    as_json: AsJson = False,
):
    """Give back the files that were compressed, on any machine, by the model that compressed them.

    Every block is compared with its checksum: wrong values are never written. A new folder appears when all files are
    in it. Names in a compressed file that lead out of the folder are refused.

    \b
    Examples:
      keras-vae decompress runs/scans scans.kvz --out scans-again
      keras-vae decompress digits.keras digits.kvz --out digits.npy
    """
    from keras_vae.runs.output import check_writable
    from keras_vae.tasks.compression.files.archive import decompress_file

    check_writable(out)
    told = decompress_file(_compressor(run), file, out, force)
    if as_json:
        _print_json(told)
        return
    n = len(told["files"])
    print(f"{n} file{'s' if n > 1 else ''}, {_rows(told)}, in {out}")


def list_(file: Compressed, as_json: AsJson = False):
    """Say what is in a compressed file, without decoding it: no model is needed.

    \b
    Examples:
      keras-vae list scans.kvz
      keras-vae list scans.kvz --json
    """
    from keras_vae.tasks.compression.files.listing import list_file

    told = list_file(file)
    if as_json:
        _print_json(told)
        return
    print(f"{file}: {told['bytes']} bytes for {told['bytes_of_values']}{_bits(told)}")
    print(f"model       {told['model']}")
    print(f"values      {told['dtype'].lstrip('|')}, {_rows(told)}")
    if told["way"]:
        print(f"way         {told['way']}")
    print(f"blocks      {told['blocks']} of {told['rows_of_a_block']} rows")
    print(f"files       {len(told['files'])}")
    for entry in told["files"][:MAX_LISTED]:
        print(f"  {entry['name']}{_of_file(entry)}")
    if len(told["files"]) > MAX_LISTED:
        print(f"  and {len(told['files']) - MAX_LISTED} more, which --json lists")


def verify(
    run: Model,
    file: Compressed,
    files: Annotated[list[Path] | None, typer.Argument(help="What was compressed, to compare it.")] = None,
    as_json: AsJson = False,
):
    """Decode all of a compressed file and compare it with its checksums, or with the files themselves.

    Nothing is written. The program ends with code 2 where something is damaged or different.

    \b
    Examples:
      keras-vae verify runs/scans scans.kvz
      keras-vae verify runs/scans scans.kvz scans/
    """
    from keras_vae.tasks.compression.files.archive import verify_file

    told = verify_file(_compressor(run), file, files or ())
    if as_json:
        _print_json(told)
        return
    beside = "what is in the files" if files else "what its checksums say"
    print(f"{file} is whole: {_rows(told)} decoded, and they are {beside}")


def _compressor(path):
    """The model of a run, or of a file, as a compressor."""
    from keras_vae.tasks.compression.compressor_of import compressor_of, load_compressor

    if path.suffix == ".keras":
        return load_compressor(path)
    from keras_vae.runs.run_folder import RunFolder

    run = RunFolder.open(path)
    if not run.model_file.is_file():
        raise ValueError(
            f"{path} is not finished: further training would make another model of it, and files could not be "
            f"decompressed. Finish it with `keras-vae train --out {path} --resume`"
        )
    return compressor_of(run.load_model())


def _warn_of_lost(lost):
    import warnings

    if lost:
        more = f", and {len(lost) - 1} more like this" if len(lost) > 1 else ""
        warnings.warn(f"pixels and names come back, other things do not: {lost[0]}{more}", stacklevel=2)


def _rows(told):
    """How many examples of what shape."""
    n, *shape = told["shape"]
    if not shape:
        return f"{n} byte{'' if n == 1 else 's'}"
    return f"{n} example{'' if n == 1 else 's'} of {' x '.join(map(str, shape))}"


def _bits(told):
    bits = told["bits_per_dim"]
    unit = "bits per character" if told["way"] else "bits/dim"
    return "" if bits is None else f", {bits:.3f} {unit}"


def _of_file(entry):
    """What stands behind the name of a file."""
    if "mode" in entry:
        return f"  {entry['mode']}"
    if "arrays" in entry:
        parts = [(a["key"], a["dtype"].lstrip("|"), tuple(a["shape"])) for a in entry["arrays"]]
        return "  " + ", ".join(f"{key} {dtype} {shape}".strip() for key, dtype, shape in parts)
    if "n_columns" in entry:
        return f"  {entry['rows']} rows of {entry['n_columns']} columns"
    return f"  {entry['rows']} bytes"


def _print_json(told):
    from keras_vae.runs.output import to_json

    print(to_json(told))
