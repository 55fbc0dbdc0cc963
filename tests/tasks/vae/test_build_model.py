import keras
import numpy as np
import pytest
from tasks.vae.data_sets import images, table

from keras_vae.likelihoods.registry import get_likelihood
from keras_vae.models.ladder_vae import LadderVAE
from keras_vae.models.vae import VAE
from keras_vae.tasks.vae.build_model import build_model, precision_of_networks
from keras_vae.tasks.vae.settings import SETTINGS

# The last column of the table is constant.
pytestmark = pytest.mark.filterwarnings("ignore:Columns 2 do not vary")

SMALL = {"graph": "vae", "network": "dense", "likelihood": "gaussian", "latent_dim": [2], "hidden_units": [8]}


def rows_of(data):
    return lambda part, n=None: data.x_train[:n].astype("float32") if part == "train" else None


def built(data=None, **given):
    data = table() if data is None else data
    settings = {**{name: setting.default for name, setting in SETTINGS.items()}, **SMALL, **given}
    likelihood = get_likelihood(settings["likelihood"])
    return build_model(settings, data.event_shape, likelihood, data, rows_of(data))


def test_the_parts_are_those_of_the_settings():
    model = built(latent_dim=[3], prior="mixture", n_components=4, beta=2.0, seed=7)
    assert isinstance(model, VAE)
    assert (model.latent_dim, model.prior.n_components, model.beta, model.seed) == (3, 4, 2.0, 7)
    assert model.event_shape == (3,)


def test_a_ladder_has_a_layer_per_number():
    model = built(graph="ladder", latent_dim=[3, 2], hidden_units=[8, 6])
    assert isinstance(model, LadderVAE)
    assert model.latent_dim == 5


def test_the_same_seed_gives_the_same_weights():
    first, second, other = (built(seed=seed).get_weights() for seed in (1, 1, 2))
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(np.any(one != two) for one, two in zip(first, other, strict=True))


def test_a_table_is_standardised_by_its_own_numbers_and_pictures_of_8_bits_are_not():
    data = table()
    model = built(data)
    scaled = model.preprocessing(data.x_train).numpy()
    np.testing.assert_allclose(scaled[:, :2].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(scaled[:, :2].std(axis=0), 1, atol=1e-3)
    assert built(images(), likelihood="discretized_logistic_mixture").preprocessing is None


def test_the_pseudo_inputs_of_vamp_are_training_rows_as_the_encoder_takes_them():
    data = table()
    model = built(data, prior="vamp", n_components=5)
    expected = model.preprocessing(data.x_train[:5]).numpy()
    pseudo = [w for w in model.prior.get_weights() if w.shape == (5, 3)]
    np.testing.assert_allclose(pseudo[0], expected, rtol=1e-5)


def test_mixed_precision_is_that_of_the_networks_and_of_nothing_after_them():
    model = built(mixed_precision=True)
    assert any(layer.compute_dtype == "bfloat16" for layer in model.encoder.layers)
    assert model.likelihood.compute_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"
    assert not any(layer.compute_dtype == "bfloat16" for layer in built().encoder.layers)


def test_the_precision_comes_back_after_an_error():
    seen = []

    def fail():
        with precision_of_networks(True):
            seen.append(keras.config.dtype_policy().name)
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    assert seen == ["mixed_bfloat16"]
    assert keras.config.dtype_policy().name == "float32"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"latent_dim": [2, 3]}, r"`latent_dim` must be one number for the graph vae.*\[2, 3\]"),
        ({"graph": "ladder", "prior": "vamp"}, "`prior` must be standard_normal for a ladder. Received: prior='vamp'"),
        ({"graph": "ladder", "n_components": 5}, "`n_components` must not be given for the prior standard_normal"),
        ({"n_draws": 5}, "`n_draws` must not be given for the objective elbo"),
    ],
)
def test_settings_that_do_not_fit_each_other_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        built(**given)
    assert keras.config.dtype_policy().name == "float32"
