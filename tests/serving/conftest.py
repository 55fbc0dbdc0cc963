import pytest


@pytest.fixture(scope="session")
def cpp_program(pytestconfig):
    """The compiled `serve_check.cc`; tests that need it are skipped where it cannot be compiled."""
    from sessions import compile_program, why_no_program

    reason = why_no_program()
    if reason:
        pytest.skip(reason)
    return compile_program(pytestconfig.cache.mkdir("serve_check"))


@pytest.fixture(scope="session")
def digits_like(tmp_path_factory):
    """A dense VAE of 8x8 images and the folder of its export: only to be looked at."""
    from keras_vae.models.make_vae import make_vae
    from keras_vae.serving.export import export_saved_model

    vae = make_vae((8, 8, 1), latent_dim=3, hidden_units=(16,), seed=0)
    return vae, export_saved_model(vae, tmp_path_factory.mktemp("export") / "digits")
