import subprocess
import sys

import pytest

from keras_vae import networks
from keras_vae.networks import NETWORKS


def test_the_package_shows_its_public_names_alone():
    assert dir(networks) == sorted(networks.__all__)
    functions = {f"{name}_{half}" for name in NETWORKS for half in ("encoder", "decoder")}
    assert functions | {"NETWORKS", "make_encoder", "make_decoder"} <= set(networks.__all__)
    for name in networks.__all__:
        assert getattr(networks, name) is not None
    with pytest.raises(AttributeError, match=r"'keras_vae\.networks' has no attribute 'transformer_encoder'"):
        networks.transformer_encoder  # noqa: B018


def test_the_names_are_known_without_tensorflow():
    # As in the program `keras-vae`, which does not import TensorFlow before it needs it.
    code = (
        "import sys; sys.argv = ['keras-vae']\n"
        "from keras_vae.networks.registry import NETWORKS\n"
        "print(len(NETWORKS), 'tensorflow' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.split() == [str(len(NETWORKS)), "False"]
