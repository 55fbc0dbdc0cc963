"""The house: which part of the package may import which, read from the table in CONTRIBUTING.md."""

import ast
import pathlib
import re

import pytest

PACKAGE = pathlib.Path(__file__).parents[1] / "keras_vae"
TABLE = PACKAGE.parent / "CONTRIBUTING.md"
# Files of cli/ that the others may use; those are strangers to each other.
SHARED_IN_CLI = {"app", "options", "sections", "summary"}
MAX_LINES, MAX_FUNCTION_LINES = 350, 45


def read_floors(text):
    """Part of the package to its floor, from a table whose rows begin `| floor | `part` |`."""
    return {part: int(floor) for floor, part in re.findall(r"^\| (\d+) \| `(\w+)` \|", text, re.MULTILINE)}


def modules_of(package):
    """Dotted name to path of every file; not of the package's own `__init__`, which only gathers names."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        if parts != ("__init__",):
            found[".".join(parts)] = path
    return found


def imports_of(path):
    """Pairs of the line and the dotted module below the package of every import, also of those inside functions.

    A name that is a module itself counts as that module: `from keras_vae.a import b`.
    """
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("keras_vae."):
            for alias in node.names:
                yield node.lineno, node.module.removeprefix("keras_vae."), alias.name
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            own = any(name.split(".")[0] == "keras_vae" for name in names) or getattr(node, "level", 0)
            only_version = isinstance(node, ast.ImportFrom) and {a.name for a in node.names} == {"__version__"}
            if own and not only_version:
                yield node.lineno, None, ast.unparse(node)


def graph_of(package):
    """Module to the set of modules that it imports, and the imports that are not written as they should be."""
    modules = modules_of(package)
    graph, wrong = {name: set() for name in modules}, []
    for name, path in modules.items():
        for line, module, imported in imports_of(path):
            if module is None:
                wrong.append(f"{name}:{line}: write `from keras_vae.x.y import Z`, not `{imported}`")
                continue
            target = next((m for m in (f"{module}.{imported}", module, f"{module}.__init__") if m in modules), None)
            if target is None:
                wrong.append(f"{name}:{line}: {module} is no module")
            elif target != name:
                graph[name].add(target)
    return graph, wrong


def climbs(graph, floors):
    """Imports that point upward, or to another part on the same floor."""
    part = {name: name.split(".")[0] for name in graph}
    return [
        f"{name} imports {other}"
        for name, others in graph.items()
        for other in others
        if part[name] != part[other] and floors[part[other]] >= floors[part[name]]
    ]


def strangers(graph):
    """Imports of a use below `tasks/` from outside of it, and between files of `cli/` that are not shared."""
    found = []
    for name, others in graph.items():
        for other in others:
            (part, *rest), (other_part, *other_rest) = name.split("."), other.split(".")
            of_another_use = part == other_part == "tasks" and len(other_rest) > 1 and rest[0] != other_rest[0]
            of_the_shell = part == other_part == "cli" and rest[0] != "app" and other_rest[0] not in SHARED_IN_CLI
            if of_another_use or of_the_shell:
                found.append(f"{name} imports {other}")
    return found


def circles(graph):
    """Modules that import each other, directly or by way of others; each circle once, as a sorted tuple."""
    reached = {}
    for start in graph:
        seen, waiting = set(), list(graph[start])
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting.extend(graph[module])
        reached[start] = seen
    return sorted({tuple(sorted(m for m in reached[n] if n in reached[m])) for n in graph if n in reached[n]})


FLOORS = read_floors(TABLE.read_text(encoding="utf-8"))
GRAPH, WRONG = graph_of(PACKAGE)


def test_every_part_of_the_package_has_a_floor_and_every_floor_a_part():
    assert {name.split(".")[0] for name in GRAPH} == set(FLOORS)


def test_imports_are_written_from_the_module_that_defines_the_name():
    assert WRONG == []


def test_no_import_points_upward_or_sideways():
    assert climbs(GRAPH, FLOORS) == []


def test_uses_and_files_of_the_shell_do_not_know_each_other():
    assert strangers(GRAPH) == []


def test_there_is_no_circle():
    assert circles(GRAPH) == []


def plant(folder, **files):
    """A package of files with these contents; names are dotted below it, with `__` for a dot."""
    for name, text in files.items():
        path = folder.joinpath(*name.split("__")).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return graph_of(folder)


def test_a_planted_import_upward_is_found_also_inside_a_function(tmp_path):
    graph, wrong = plant(tmp_path, low__a="def f():\n    from keras_vae.high.b import g\n", high__b="g = 1\n")
    assert wrong == []
    assert climbs(graph, {"low": 0, "high": 1}) == ["low.a imports high.b"]
    assert climbs(graph, {"low": 1, "high": 1}) == ["low.a imports high.b"]
    assert climbs(graph, {"low": 2, "high": 1}) == []


def test_a_planted_circle_is_found_also_within_a_folder(tmp_path):
    graph, _ = plant(
        tmp_path,
        x__a="from keras_vae.x.b import b\n",
        x__b="from keras_vae.x.c import c\n",
        x__c="from keras_vae.x.a import a\n",
        x__d="from keras_vae.x.a import a\n",
    )
    assert circles(graph) == [("x.a", "x.b", "x.c")]


def test_a_planted_import_between_uses_is_found(tmp_path):
    graph, _ = plant(
        tmp_path,
        tasks__one__a="from keras_vae.tasks.two.b import b\nfrom keras_vae.tasks.task import Task\n",
        tasks__two__b="b = 1\n",
        tasks__task="from keras_vae.tasks.one.a import a\nTask = 1\n",
        cli__one="from keras_vae.cli.two import f\nfrom keras_vae.cli.options import RUN\n",
        cli__two="f = 1\n",
        cli__options="RUN = 1\n",
        cli__app="from keras_vae.cli.one import f\n",
    )
    found = ["cli.one imports cli.two", "tasks.one.a imports tasks.two.b", "tasks.task imports tasks.one.a"]
    assert sorted(strangers(graph)) == found


@pytest.mark.parametrize("text", ["import keras_vae.x\n", "from . import x\n", "from keras_vae import VAE\n"])
def test_a_planted_import_of_another_form_is_found(tmp_path, text):
    _, wrong = plant(tmp_path, x__a=text)
    assert len(wrong) == 1


@pytest.mark.parametrize("path", modules_of(PACKAGE).values(), ids=modules_of(PACKAGE))
def test_files_and_functions_are_short(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= MAX_LINES
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
    sizes = {f.name: f.end_lineno - f.lineno + 1 for f in functions}
    assert {name: size for name, size in sizes.items() if size > MAX_FUNCTION_LINES} == {}
