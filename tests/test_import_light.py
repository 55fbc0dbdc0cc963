import json
import subprocess
import sys

# Keras imports some of these itself where they are installed, so what counts is who asked: the names that a module of
# this package asks for while it is imported.
SCRIPT = """
import builtins, json, sys
heavy = ("tensorflow_probability", "tf_keras", "sklearn", "matplotlib", "typer", "PIL")
asked, original = set(), builtins.__import__

def spy(name, globals=None, *args, **kwargs):
    caller = (globals or {}).get("__name__", "")
    if caller.split(".")[0] == "keras_vae" and name.split(".")[0] in heavy:
        asked.add((caller, name))
    return original(name, globals, *args, **kwargs)

import keras, tensorflow
before = set(sys.modules)
builtins.__import__ = spy
import keras_vae
builtins.__import__ = original
new = sorted({m.split(".")[0] for m in set(sys.modules) - before} & set(heavy))
print(json.dumps({"asked": sorted(asked), "new": new, "public": keras_vae.make_vae.__name__}))
"""


def test_importing_the_package_does_not_import_what_only_some_functions_need():
    run = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    result = json.loads(run.stdout.splitlines()[-1])
    assert result["public"] == "make_vae"  # The whole package was imported, not the shell's part alone.
    assert result["asked"] == []
    assert result["new"] == []
