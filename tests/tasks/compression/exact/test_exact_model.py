import json

import keras
import numpy as np
import pytest
from tasks.compression.exact.exact_models import CASES, data, make, one_way, shared

import keras_vae as kv
from keras_vae.tasks.compression.exact.exact_model import MAX_MEAN, MAX_SCALE, MIN_SCALE, ExactModel


@pytest.fixture(scope="module", params=CASES)
def case(request):
    """A model, its exact form, and data for it."""
    model = shared(request.param)
    return model, ExactModel.of(model), data(model, 20)


@pytest.mark.slow
def test_posteriors_and_parameters_are_near_those_of_the_model(case):
    model, exact, x = case
    way, gaussians = one_way(exact, x)
    z_mean, z_log_var = (np.asarray(t) for t in model.encode(x.astype(np.float32)))
    # float32 through some twenty layers.
    near = {"rtol": 1e-3, "atol": 1e-4}
    np.testing.assert_allclose(np.concatenate(gaussians[2::4], axis=1), z_mean, **near)
    np.testing.assert_allclose(2.0 * np.log(np.concatenate(gaussians[3::4], axis=1)), z_log_var, **near)
    x_params = np.asarray(model.decoder(z_mean))
    np.testing.assert_allclose(way.x_params(), x_params, rtol=1e-3, atol=1e-4 * np.abs(x_params).max())


@pytest.mark.slow
def test_the_priors_of_a_ladder_are_those_of_its_decoder(case):
    model, exact, x = case
    _, gaussians = one_way(exact, x)
    assert np.all(gaussians[0] == 0.0)
    assert np.all(gaussians[1] == 1.0)
    z, wanted = np.asarray(model.encode(x.astype(np.float32))[0]), []
    if len(exact.latent_dims) > 1:
        latents = model.decoder.split(keras.ops.convert_to_tensor(z))
        model.decoder.descend(lambda layer, *p: wanted.extend(p) or latents[layer], to_data=False)
        means, log_vars = wanted[2::2], wanted[3::2]
        np.testing.assert_allclose(np.concatenate(gaussians[4::4], 1), np.concatenate(means, 1), rtol=1e-3, atol=1e-4)
        scales = np.exp(0.5 * np.concatenate(log_vars, 1))
        np.testing.assert_allclose(np.concatenate(gaussians[5::4], 1), scales, rtol=1e-3)


def test_rows_have_the_same_bits_in_any_batch(case):
    _, exact, x = case
    x = np.tile(x, (4, *[1] * (x.ndim - 1)))
    way, gaussians = one_way(exact, x)
    for rows in (slice(0, 1), slice(63, 66), slice(5, 69), slice(0, 0)):
        part, part_gaussians = one_way(exact, x[rows])
        assert np.array_equal(part.x_params(), way.x_params()[rows])
        for alone, together in zip(part_gaussians, gaussians, strict=True):
            assert np.array_equal(alone, together[rows])


def test_configuration_and_arrays_make_it_again(case):
    _, exact, x = case
    again = ExactModel(json.loads(json.dumps(exact.config)), dict(exact.arrays))
    assert np.array_equal(one_way(again, x)[0].x_params(), one_way(exact, x)[0].x_params())
    assert (again.event_shape, again.latent_dims, again.levels) == (exact.event_shape, exact.latent_dims, exact.levels)


def test_posteriors_may_come_at_the_end_when_the_data_are_known(case):
    _, exact, x = case
    _, gaussians = one_way(exact, x)
    way = exact.way(len(x))
    for layer in range(len(exact.latent_dims)):
        way.prior(layer)
        way.take(layer, gaussians[4 * layer + 2])
    evidence = exact.evidence(x)
    for layer in range(len(exact.latent_dims)):
        mean, scale = way.posterior(layer, evidence)
        assert np.array_equal(mean, gaussians[4 * layer + 2])
        assert np.array_equal(scale, gaussians[4 * layer + 3])


@pytest.mark.parametrize("name", ["bernoulli-conv", "bernoulli-dense-ladder"])
def test_scales_and_means_of_a_wild_model_stay_within_bounds(name):
    model = make(name)
    for part in (model.encoder, model.decoder):
        part.set_weights([1e4 * w for w in part.get_weights()])
    x = data(model, 10)
    way, gaussians = one_way(ExactModel.of(model), x)
    assert np.all(np.isfinite(way.x_params()))
    for means, scales in zip(gaussians[::2], gaussians[1::2], strict=True):
        assert np.all(np.abs(means) <= MAX_MEAN)
        assert np.all((scales >= MIN_SCALE) & (scales <= MAX_SCALE))


def parts(**kwargs):
    settings = {"latent_dim": 2, "hidden_units": (4,), "seed": 0, **kwargs}
    return lambda: kv.make_vae((6,), **settings)


def with_condition():
    x, z, condition = keras.Input((6,)), keras.Input((2,)), keras.Input((3,))
    h = keras.layers.Concatenate()([x, condition])
    encoder = keras.Model([x, condition], [keras.layers.Dense(2)(h), keras.layers.Dense(2)(h)])
    return kv.VAE(
        encoder, keras.Model([z, condition], keras.layers.Dense(6)(keras.layers.Concatenate()([z, condition])))
    )


def with_another_target():
    networks = kv.make_encoder((6,), 2, hidden_units=(4,)), kv.make_decoder((3,), 2, hidden_units=(4,))
    return kv.VAE(*networks, target_shape=(3,))


def not_built():
    decoder = kv.make_decoder((6,), 2, hidden_units=(4,))
    heads = keras.layers.Dense(2), keras.layers.Dense(2)

    class Encoder(keras.Model):
        def call(self, x):
            return [head(x) for head in heads]

    return kv.VAE(Encoder(), decoder)


@pytest.mark.parametrize(
    ("make_model", "wanted"),
    [
        pytest.param(lambda: kv.make_autoencoder((6,), 2), "a VAE or a LadderVAE. Received: Autoencoder", id="ae"),
        pytest.param(not_built, "built: call it on data.* Received: a model that is not built", id="not built"),
        pytest.param(parts(prior=kv.priors.MixtureOfGaussians(3)), "with a standard normal prior. Received: prior=Mix"),
        pytest.param(
            parts(posterior_flow=kv.layers.InverseAutoregressiveFlow()),
            "with a Gaussian posterior. Received: posterior_flow=InverseAutoregressiveFlow",
        ),
        pytest.param(with_condition, r"without a condition. Received: a condition of shape \(3,\)", id="condition"),
        pytest.param(
            parts(preprocessing=kv.layers.Standardize()),
            "that takes whole numbers as they are. Received: preprocessing=Standardize",
        ),
        pytest.param(with_another_target, r"whose targets have the shape of its inputs.*target_shape=\(3,\)", id="t"),
    ],
)
def test_models_that_cannot_be_coded_are_refused(make_model, wanted):
    with pytest.raises(ValueError, match=f"`model` must be one that can be coded, {wanted}"):
        ExactModel.of(make_model())


def test_a_continuous_likelihood_and_an_unknown_network_are_refused():
    with pytest.raises(ValueError, match="`likelihood` must be one over whole numbers"):
        ExactModel.of(parts(likelihood="gaussian", preprocessing=None)())
    with pytest.raises(ValueError, match="of class Bidirectional, which has no exact form"):
        ExactModel.of(parts(network="recurrent")())
