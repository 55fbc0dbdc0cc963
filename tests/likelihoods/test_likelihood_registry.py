import subprocess
import sys

import pytest

from keras_vae import likelihoods
from keras_vae.likelihoods import LIKELIHOODS, Categorical, Gaussian, get_likelihood

NAMES = "bernoulli.*continuous_bernoulli.*gaussian.*gaussian_fixed.*gaussian_shared.*discretized_logistic.*categorical"


@pytest.mark.parametrize("name", LIKELIHOODS)
def test_a_name_gives_a_new_object_of_its_class(name):
    arguments = {"columns": ["gaussian"]} if name == "mixed" else {}
    likelihood = get_likelihood(name, **arguments)
    assert type(likelihood) is getattr(likelihoods, LIKELIHOODS[name])
    assert get_likelihood(name, **arguments) is not likelihood


def test_arguments_reach_the_class():
    assert get_likelihood("categorical", n_classes=7).n_classes == 7


def test_an_object_passes_through():
    likelihood = Gaussian()
    assert get_likelihood(likelihood) is likelihood


def test_an_object_with_arguments_is_refused():
    with pytest.raises(ValueError, match=r"`likelihood` must be a name when arguments come with it.*n_classes"):
        get_likelihood(Categorical(3), n_classes=4)


def test_an_unknown_name_is_refused_with_the_names():
    with pytest.raises(ValueError, match=f"{NAMES}.*Received: 'mse'"):
        get_likelihood("mse")


@pytest.mark.parametrize("identifier", [None, 3, Gaussian], ids=["none", "int", "class"])
def test_what_is_neither_name_nor_object_is_refused_with_the_names(identifier):
    with pytest.raises(TypeError, match=NAMES):
        get_likelihood(identifier)


def test_the_package_shows_its_public_names_alone():
    assert dir(likelihoods) == sorted(likelihoods.__all__)
    assert {"Likelihood", "get_likelihood", "LIKELIHOODS", *LIKELIHOODS.values()} == set(likelihoods.__all__)
    with pytest.raises(AttributeError, match=r"'keras_vae\.likelihoods' has no attribute 'Laplace'"):
        likelihoods.Laplace  # noqa: B018


def test_the_names_are_known_without_tensorflow():
    # As in the program `keras-vae`, which does not import TensorFlow before it needs it.
    code = (
        "import sys; sys.argv = ['keras-vae']\n"
        "from keras_vae.likelihoods.registry import LIKELIHOODS\n"
        "print(len(LIKELIHOODS), 'tensorflow' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.split() == [str(len(LIKELIHOODS)), "False"]
