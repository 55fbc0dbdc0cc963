import itertools

import numpy as np
import pytest

from keras_vae.data.factor_shapes import FactorShapes
from keras_vae.evaluation.disentanglement.dci import dci
from keras_vae.evaluation.disentanglement.factor_vae_score import factor_vae_score, generated_factor_vae_score
from keras_vae.evaluation.disentanglement.mutual_information_gap import mig_histogram, mig_posterior
from keras_vae.evaluation.disentanglement.scores import code_scores, disentanglement_scores
from keras_vae.evaluation.disentanglement.separated_predictability import sap
from keras_vae.models.make_vae import make_autoencoder, make_vae

SIZES = (3, 4, 4, 5)
GRID = np.array(list(itertools.product(*map(range, SIZES))))
NAMES = [
    "mig_posterior",
    "mig_histogram",
    "sap",
    "dci_disentanglement",
    "dci_completeness",
    "dci_informativeness",
    "factor_vae_score",
]
# Every score as a function of codes and factors.
SCORES = {
    "mig_posterior": lambda z, v: mig_posterior(z, np.zeros(np.shape(z)), v, n_samples=20),
    "mig_histogram": mig_histogram,
    "sap": sap,
    "dci": lambda z, v: dci(z, v, n_trees=2)["disentanglement"],
    "factor_vae_score": lambda z, v: factor_vae_score(z, v, n_votes=50),
}
every_score = pytest.mark.parametrize("score", SCORES.values(), ids=SCORES)


def standardized(factors):
    sizes = np.array(SIZES)
    return (factors - (sizes - 1) / 2) / np.sqrt((sizes**2 - 1) / 12)


class Model:
    """A generator whose images are the factors, and a model whose code is a linear map of them and two empty ones."""

    sizes, categorical, n_images = SIZES, (0,), len(GRID)

    def __init__(self, matrix, log_var=-8.0):
        self.matrix, self.log_var = matrix, log_var

    def factors_at(self, index):
        return GRID[index]

    def images(self, factors):
        return factors

    def encode(self, x):
        z_mean = np.concatenate([standardized(x) @ self.matrix, np.zeros((len(x), 2))], axis=1)
        return z_mean, np.where(np.arange(6) < 4, self.log_var, 0.0) + 0.0 * z_mean


def scores_of(model, **kwargs):
    return disentanglement_scores(model, model, **kwargs)


def test_a_perfect_code_scores_what_its_scores_say():
    scores = scores_of(Model(np.eye(4)))
    assert list(scores) == NAMES
    # In SAP the shape's second best dimension is right for one in three; everything else is exactly told.
    expected = dict.fromkeys(NAMES, 1.0) | {"sap": (3.0 + 2.0 / 3.0) / 4}
    for name in NAMES:
        np.testing.assert_allclose(scores[name], expected[name], atol=0.01, err_msg=name)


@pytest.mark.slow
def test_a_turned_code_scores_less_and_informs_as_much():
    angle = 0.6
    turn = np.eye(4)
    turn[np.ix_([1, 2], [1, 2])] = turn[np.ix_([0, 3], [0, 3])] = [
        [np.cos(angle), -np.sin(angle)],
        [np.sin(angle), np.cos(angle)],
    ]
    perfect, turned = scores_of(Model(np.eye(4))), scores_of(Model(turn))
    for name in NAMES:
        if name not in ("dci_informativeness", "factor_vae_score"):
            assert turned[name] < perfect[name] - 0.2, name
    assert turned["factor_vae_score"] <= perfect["factor_vae_score"]
    assert turned["dci_informativeness"] > 0.9


@pytest.mark.slow
def test_a_random_code_scores_about_zero_and_by_chance(rng):
    factors = rng.integers(0, SIZES, size=(2000, 4))
    z_mean = rng.normal(size=(2000, 6))
    scores = code_scores(z_mean, factors, np.zeros_like(z_mean), categorical=(0,))
    for name in set(NAMES) - {"dci_informativeness", "factor_vae_score"}:
        assert abs(scores[name]) < 0.03, name
    assert scores["dci_informativeness"] < 0.05
    assert abs(scores["factor_vae_score"] - 1 / 4) < 5 * 0.0153  # sqrt(3 / 16 / 800).


def test_a_code_drowned_in_noise_loses_the_gap_of_the_posterior_alone():
    scores = scores_of(Model(np.eye(4), log_var=4.0))
    assert scores["mig_posterior"] < 0.05
    assert scores["mig_histogram"] > 0.99


@pytest.mark.slow
def test_a_model_is_scored_as_its_codes_are():
    model = Model(np.random.default_rng(3).normal(size=(4, 4)))
    of_model = scores_of(model, seed=2)
    of_codes = code_scores(model.encode(GRID)[0], GRID, model.encode(GRID)[1], categorical=(0,), seed=2)
    for name in NAMES[:-1]:
        np.testing.assert_allclose(of_model[name], of_codes[name], rtol=1e-12, err_msg=name)
    assert of_model["factor_vae_score"] == generated_factor_vae_score(model.encode, model, seed=2)


def test_a_part_of_all_images_counts_as_a_part():
    model = Model(np.random.default_rng(3).normal(size=(4, 4)))
    rows = np.sort(np.random.default_rng(2).choice(len(GRID), 100, replace=False))
    expected = mig_posterior(*model.encode(GRID[rows]), GRID[rows], n_population=len(GRID), seed=2)
    assert scores_of(model, n=100, seed=2)["mig_posterior"] == expected
    assert expected != mig_posterior(*model.encode(GRID[rows]), GRID[rows], seed=2)


@pytest.mark.slow
def test_scores_belong_to_their_seed():
    model = Model(np.random.default_rng(3).normal(size=(4, 4)))
    assert scores_of(model, n=100, seed=1) == scores_of(model, n=100, seed=1)
    assert scores_of(model, n=100, seed=1) != scores_of(model, n=100, seed=2)


@pytest.mark.filterwarnings("ignore:.*grey values")
def test_a_model_of_the_library_is_scored_on_images():
    generator = FactorShapes(image_size=8, n_scales=2, n_angles=2, n_positions=2)
    scores = disentanglement_scores(make_vae((8, 8, 1), latent_dim=3, seed=0), generator)
    assert list(scores) == NAMES
    assert all(np.isfinite(value) and value <= 1.0 for value in scores.values())


def test_a_model_without_variances_has_no_gap_of_the_posterior():
    generator = FactorShapes(image_size=8, n_scales=2, n_angles=2, n_positions=2)
    assert list(disentanglement_scores(make_autoencoder((8, 8, 1), latent_dim=3, seed=0), generator)) == NAMES[1:]


@pytest.mark.parametrize(("arguments", "name"), [({"n": 7}, "n"), ({"seed": -1}, "seed")])
def test_numbers_out_of_bounds_are_refused(arguments, name):
    with pytest.raises(ValueError, match=f"`{name}` must be a whole number"):
        scores_of(Model(np.eye(4)), **arguments)


# What every score refuses.


@every_score
@pytest.mark.parametrize(
    ("code", "factors", "message"),
    [
        pytest.param(GRID[:-1], GRID, "same number of rows. Received: 239 and 240", id="unlike-lengths"),
        pytest.param(GRID[:, :1], GRID, "`z_mean` must be numbers of shape .* latent_dim >= 2", id="one-dimension"),
        pytest.param(GRID[:, 0], GRID, "`z_mean` must be numbers of shape", id="no-matrix"),
        pytest.param(GRID.astype(str), GRID, "`z_mean` must be numbers", id="text"),
        pytest.param(GRID, GRID[:, 0], "`factors` must be numbers of shape", id="one-column-of-factors"),
        pytest.param(GRID[:0], GRID[:0], "`z_mean` must be numbers of shape", id="no-rows"),
        pytest.param(GRID * np.nan, GRID, "`z_mean` must be finite", id="nan-code"),
        pytest.param(GRID, np.where(GRID == 4, np.inf, GRID), "`factors` must be finite", id="infinite-factor"),
        pytest.param(GRID, GRID * [1, 0, 1, 1], r"factors\[:, 1\] is 0 in all rows", id="constant-factor"),
    ],
)
def test_codes_and_factors_that_do_not_belong_together_are_refused(score, code, factors, message):
    with pytest.raises(ValueError, match=message):
        score(code, factors)


@pytest.mark.parametrize("name", ["dci", "factor_vae_score"])
def test_one_factor_is_nothing_to_tell_apart(name):
    with pytest.raises(ValueError, match=r"`factors` must be numbers of shape .* n_factors >= 2"):
        SCORES[name](GRID, GRID[:, :1])


@pytest.mark.slow
def test_images_of_another_shape_than_the_model_takes_are_refused():
    vae = make_vae((28, 28, 1), 2, hidden_units=(4,))
    with pytest.raises(
        ValueError, match=r"`generator` must make images of the shape that the model takes, \(28, 28, 1\)"
    ):
        disentanglement_scores(vae)
