"""Names of a package that come with their module when they are first used."""

import importlib
import sys


def lazy_names(package, modules):
    """`__getattr__`, `__dir__` and `__all__` of a package whose modules are imported when a name of theirs is used.

    Args:
        package: str. Its `__name__`.
        modules: dict from the name of a module to the public names in it. No name may also be the name of a module.

    Returns:
        Tuple of the three, to be assigned in the package's `__init__`.
    """
    module_of = {name: module for module, names in modules.items() for name in names}

    def __getattr__(name):
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(f"{package}.{module_of[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    def __dir__():
        return list(module_of)

    return __getattr__, __dir__, list(module_of)
