"""State of the committed results: on what each was measured, and which parts of the package have changed since.

`--write` puts the table into docs/figures.md. The commit is the one that the result names; for an older result, and for
one whose commit is not in this repository, it is the commit that brought the file.
"""

import argparse
import json
import pathlib
import sys

from _common import RESULTS
from _provenance import ROOT, git

PAGE = ROOT / "docs" / "figures.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
HEADER = ("result", "date", "commit", "processor", "instruction sets", "older than the code: parts changed since")
# Made before results named their commit and instruction sets. A result that is made anew leaves this list; none joins.
OLDER = (
    "bound_speed",
    "collapse",
    "disentangle",
    "mnist_best",
    "mnist_elbo",
    "mnist_nll",
    "serving",
    "throughput_one_core",
)
# With more parts than these a list says nothing.
MANY_PARTS = 6


def names_what_it_was_measured_on(result):
    """Whether a result, as read from its file, names commit, processor, instruction sets and cores."""
    machine = result.get("machine", {})
    return bool(result.get("commit")) and all(machine.get(key) for key in ("cpu", "instruction_sets", "cpu_count"))


def row_of(path):
    """Cells of the table for one result file, the last one as of the working tree."""
    result = json.loads(path.read_text())
    machine = result["machine"]
    found = commit_of(result, path)
    sets = wide_sets(machine.get("instruction_sets", ()))
    known = result.get("commit") or (f"before {found}" if found else "unknown")
    return [f"`{path.stem}`", result["date"], known, machine["cpu"], sets or "not recorded", changed_since(found)]


def commit_of(result, path):
    """The commit to compare with: that of the result if git knows it, else the one that brought the file, or None."""
    named = (result.get("commit") or "").removesuffix("+changes")
    if named and git(ROOT, "cat-file", "-e", f"{named}^{{commit}}") is not None:
        return named
    return git(ROOT, "log", "-1", "--format=%h", "--", str(path)) or None


def changed_since(found):
    """The parts of `keras_vae` that differ from a commit, as a text."""
    changed = None if found is None else git(ROOT, "diff", "--name-only", "--no-renames", found, "--", "keras_vae")
    if changed is None:
        return "unknown"
    parts = sorted({pathlib.PurePath(line).parts[1].removesuffix(".py") for line in changed.splitlines()})
    if not parts:
        return "no"
    return ", ".join(parts) if len(parts) <= MANY_PARTS else f"yes, {len(parts)} parts"


def wide_sets(sets):
    """The instruction sets that a reader looks for, the foundation of AVX-512 standing for its parts."""
    looked_for = ("avx2", "fma", "avx512f", "amx_tile", "asimd", "sve")
    return ", ".join(name for name in looked_for if name in sets)


def table_of(paths):
    lines = [HEADER, ["---"] * len(HEADER), *map(row_of, paths)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def parse_arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    parser.add_argument("--write", action="store_true", help="put the table into docs/figures.md")
    return parser.parse_args(argv)


def main(argv=None):
    arguments = parse_arguments(argv)
    table = table_of(sorted(RESULTS.glob("*.json")))
    print(table)
    if arguments.write:
        before, _, rest = PAGE.read_text().partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n{table}\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
