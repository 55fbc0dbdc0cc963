import pytest

import keras_vae.evaluation
import keras_vae.evaluation.disentanglement
import keras_vae.evaluation.health


@pytest.mark.parametrize(
    "package",
    [keras_vae.evaluation, keras_vae.evaluation.health, keras_vae.evaluation.disentanglement],
    ids=["evaluation", "health", "disentanglement"],
)
def test_the_namespace_shows_public_names_only(package):
    assert dir(package) == sorted(package.__all__)
    assert all(callable(getattr(package, name)) for name in package.__all__)
