import pytest

import keras_vae.likelihoods as likelihoods
from keras_vae._lazy import lazy_names


def test_a_name_comes_with_its_module_and_stays():
    get, names, public = lazy_names("keras_vae.likelihoods", {"bernoulli": ["Bernoulli"]})
    assert get("Bernoulli") is likelihoods.Bernoulli
    assert names() == public == ["Bernoulli"]


def test_another_name_is_refused_as_python_does():
    with pytest.raises(AttributeError, match=r"module 'keras_vae\.likelihoods' has no attribute 'Normal'"):
        _ = likelihoods.Normal
