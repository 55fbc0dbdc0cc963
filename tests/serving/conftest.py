import pathlib
import sys

import pytest

# The helpers beside this file are for the tests in the folders below as well.
if str(pathlib.Path(__file__).parent) not in sys.path:
    sys.path.insert(0, str(pathlib.Path(__file__).parent))


@pytest.fixture(scope="session")
def cpp_program(pytestconfig, tmp_path_factory):
    """The compiled `serve_check.cc`; tests that need it are skipped where it cannot be compiled."""
    from sessions import compile_program, why_no_program

    reason = why_no_program()
    if reason:
        pytest.skip(reason)
    cache = getattr(pytestconfig, "cache", None)  # None under -p no:cacheprovider.
    return compile_program(cache.mkdir("serve_check") if cache else tmp_path_factory.mktemp("serve_check"))


@pytest.fixture(scope="session")
def digits_like(tmp_path_factory):
    """A dense VAE of 8x8 images and the folder of its export: only to be looked at."""
    from keras_vae.models.make_vae import make_vae
    from keras_vae.serving.export import export_saved_model

    vae = make_vae((8, 8, 1), latent_dim=3, hidden_units=(16,), seed=0)
    return vae, export_saved_model(vae, tmp_path_factory.mktemp("export") / "digits")
