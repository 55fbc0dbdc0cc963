import ast
import pathlib

import pytest

import keras_vae

PACKAGE = pathlib.Path(keras_vae.__file__).parent

FLOORS = {
    "_checks": 0,
    "numerics": 0,
    "_files": 0,
    "_shell": 0,
    "divergences": 1,
    "schedules": 1,
    "optimizers": 1,
    "likelihoods": 2,
    "layers": 3,
    "networks": 4,
    "data": 4,
    "models": 5,
    "callbacks": 6,
    "evaluation": 6,
    "tasks": 7,
    "serving": 8,
    "cli": 9,
    "__main__": 10,
}
# On one floor, but not to know of each other.
STRANGERS = {("data", "networks"), ("networks", "data")}

# The package's own `__init__` gathers the public names: it is exempt.
FILES = sorted(p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py")


def part(path_or_module):
    """The top-level part of the package that a file or a dotted module name belongs to."""
    if isinstance(path_or_module, pathlib.Path):
        return path_or_module.relative_to(PACKAGE).with_suffix("").parts[0]
    return path_or_module.split(".")[1]


def is_own(dotted):
    return dotted.split(".")[0] == "keras_vae"


def own_imports(path):
    """The import statements of a file that concern this package, also those inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            own = node.level > 0 or is_own(node.module)
        else:
            own = isinstance(node, ast.Import) and any(is_own(alias.name) for alias in node.names)
        if own:
            yield node


def name(path):
    return str(path.relative_to(PACKAGE))


def test_every_part_of_the_package_has_a_floor():
    assert {part(p) for p in FILES} <= set(FLOORS)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_imports_are_written_from_the_module_that_defines_the_name(path):
    for node in own_imports(path):
        written = f"line {node.lineno}: {ast.unparse(node)}"
        assert isinstance(node, ast.ImportFrom), f"write `from keras_vae.x.y import Z`; {written}"
        assert node.level == 0, f"no relative imports; {written}"
        # The version is the one thing that lives in the package itself.
        names = {alias.name for alias in node.names}
        assert node.module != "keras_vae" or names == {"__version__"}, f"write `from keras_vae.x.y import Z`; {written}"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_import_points_upward(path):
    own = part(path)
    for node in own_imports(path):
        if not isinstance(node, ast.ImportFrom) or node.module == "keras_vae":
            continue
        other = part(node.module)
        written = f"line {node.lineno}: {ast.unparse(node)}"
        assert FLOORS[other] <= FLOORS[own], f"{own} is below {other}; {written}"
        assert (own, other) not in STRANGERS, f"{own} and {other} do not see each other; {written}"
