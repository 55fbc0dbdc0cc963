"""What a user sees behind a dot: public names only, each of which is there and documented."""

import inspect

import pytest

import keras_vae as kv

NAMESPACES = sorted(name for name in kv.__all__ if inspect.ismodule(getattr(kv, name)))
PACKAGES = [name for name in NAMESPACES if hasattr(getattr(kv, name), "__path__")]


def test_the_package_shows_its_public_names():
    shown = [name for name in dir(kv) if not name.startswith("__")]
    assert sorted(shown) == sorted(kv.__all__)
    assert {"VAE", "make_vae", "objectives", "priors", "samplers", "serving"} <= set(shown)


@pytest.mark.parametrize("namespace", PACKAGES)
def test_a_namespace_shows_public_names_only_and_all_are_there(namespace):
    package = getattr(kv, namespace)
    assert sorted(dir(package)) == sorted(package.__all__)
    for name in package.__all__:
        assert not name.startswith("_")
        value = getattr(package, name)
        assert not inspect.ismodule(value), f"{namespace}.{name} is hidden behind the module of its name"


@pytest.mark.parametrize("namespace", PACKAGES)
def test_every_public_class_and_function_is_documented(namespace):
    package = getattr(kv, namespace)
    values = {name: getattr(package, name) for name in package.__all__}
    undocumented = [n for n, v in values.items() if (inspect.isclass(v) or inspect.isfunction(v)) and not v.__doc__]
    assert undocumented == []
