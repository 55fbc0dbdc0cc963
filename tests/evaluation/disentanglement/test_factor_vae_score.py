import itertools

import numpy as np
import pytest

from keras_vae.evaluation.disentanglement.factor_vae_score import factor_vae_score, generated_factor_vae_score

SIZES = (3, 4, 5)
GRID = np.array(list(itertools.product(*map(range, SIZES))))
# 800 votes that are right with probability p have a standard error of at most 0.018.
FIVE_ERRORS = 0.09


class FactorsAsImages:
    """A generator whose images are the factors themselves, and which counts them."""

    def __init__(self, sizes=SIZES):
        self.sizes = sizes
        self.made = []

    def images(self, factors):
        self.made.append(factors)
        return factors


def both_scores(encode, sizes, **kwargs):
    """The score of all codes of a grid, and that of images drawn for it."""
    grid = np.array(list(itertools.product(*map(range, sizes))))
    drawn = generated_factor_vae_score(encode, FactorsAsImages(sizes), **kwargs)
    return np.array([factor_vae_score(encode(grid), grid, **kwargs), drawn])


def test_a_perfect_code_is_always_right():
    # The dimension of the fixed factor does not vary at all, and every other one does among 64 images.
    np.testing.assert_array_equal(both_scores(lambda f: 1.0 * f[:, [2, 0, 1]], SIZES), 1.0)


def test_a_random_code_is_right_by_chance(rng):
    code = rng.normal(size=(4000, 6))
    factors = rng.integers(0, SIZES, size=(4000, 3))
    assert abs(factor_vae_score(code, factors) - 1 / 3) < FIVE_ERRORS


def test_votes_are_judged_that_the_classifier_has_not_seen(rng):
    # With 200 dimensions and 60 votes almost every dimension is noted once, and right by hindsight.
    code, factors = rng.normal(size=(2000, 200)), rng.integers(0, SIZES, size=(2000, 3))
    assert np.mean([factor_vae_score(code, factors, n_votes=60, seed=seed) for seed in range(10)]) < 0.5


def test_a_code_that_tells_two_of_four_factors_is_right_half_of_the_time():
    # Of the two dimensions one is named whatever is fixed, for its own factor every time.
    scores = both_scores(lambda f: 1.0 * f[:, :2], (4, 4, 4, 4))
    np.testing.assert_allclose(scores, 0.5, atol=FIVE_ERRORS)


def test_a_code_turned_by_half_a_right_angle_is_right_by_chance():
    # Sum and difference of two factors vary equally little when either is fixed.
    scores = both_scores(lambda f: f @ np.array([[1.0, 1.0], [1.0, -1.0]]), (9, 9))
    np.testing.assert_allclose(scores, 0.5, atol=FIVE_ERRORS)


def test_a_code_turned_a_little_is_almost_always_right():
    turn = np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    scores = both_scores(lambda f: f @ turn, (9, 9))
    # The dimension that keeps 0.09 of its variance against one that keeps 0.91.
    assert scores.min() > 0.99


def test_the_scale_of_a_dimension_does_not_matter():
    turned = GRID @ np.array([[1.0, 0.4, 0.2], [-0.3, 1.0, 0.3], [0.1, -0.5, 1.0]])
    assert factor_vae_score(turned * np.array([1.0, 1024.0, 2.0]), GRID) == factor_vae_score(turned, GRID)


def test_dead_dimensions_take_no_part(rng):
    constant = np.concatenate([np.full((len(GRID), 1), 0.3), GRID], axis=1)
    assert factor_vae_score(constant, GRID) == 1.0
    # A dimension that follows the first factor exactly, but a hundred times below the threshold.
    faint = np.stack([1e-3 * GRID[:, 0], GRID[:, 1]], axis=1)
    half = factor_vae_score(faint, GRID)
    assert abs(half - 1 / 3) < FIVE_ERRORS
    assert factor_vae_score(faint, GRID, threshold=0.0) > half + 0.2


def test_a_dead_code_scores_zero():
    np.testing.assert_array_equal(both_scores(lambda f: np.zeros((len(f), 2)), SIZES), 0.0)


def test_given_and_drawn_images_have_the_same_score(rng):
    mixing = rng.normal(size=(3, 4))
    given, drawn = both_scores(lambda f: f @ mixing, SIZES, n_votes=4000, batch_size=16)
    assert 0.4 < given < 0.95
    # Two shares of 4000 votes differ with a standard error of at most 0.0112.
    assert abs(given - drawn) < 5 * 0.0112


def test_one_factor_is_fixed_in_a_batch_and_the_others_are_not(rng):
    # A code of the row number of a batch would show it; with two images a batch the score falls, with many it is one.
    few = factor_vae_score(1.0 * GRID, GRID, batch_size=2)
    assert 0.4 < few < 0.95
    assert factor_vae_score(1.0 * GRID, GRID, batch_size=64) == 1.0


def test_an_image_is_made_once(rng):
    generator = FactorsAsImages()
    generated_factor_vae_score(lambda f: 1.0 * f, generator)
    made = np.concatenate(generator.made)
    assert len(made) == len(np.unique(made, axis=0)) == len(GRID)


def test_more_combinations_than_fit_in_a_grid():
    sizes = (50,) * 6
    assert generated_factor_vae_score(lambda f: 1.0 * f, FactorsAsImages(sizes), n_votes=60) == 1.0


def test_an_encoder_may_give_mean_and_log_variance():
    score = generated_factor_vae_score(lambda f: (1.0 * f, np.full(f.shape, np.nan)), FactorsAsImages())
    assert score == 1.0


def test_the_same_seed_gives_the_same_score(rng):
    mixing = rng.normal(size=(3, 4))
    first, second, other = (both_scores(lambda f: f @ mixing, SIZES, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert np.all(first != other)


@pytest.mark.parametrize(
    ("argument", "value", "wanted"),
    [
        ("n_votes", 0, "a whole number >= 1"),
        ("batch_size", 1, "a whole number >= 2"),
        ("threshold", -1.0, "a finite number >= 0.0"),
        ("seed", -1, "a whole number >= 0"),
    ],
)
def test_numbers_out_of_bounds_are_refused(argument, value, wanted):
    with pytest.raises(ValueError, match=f"`{argument}` must be {wanted}"):
        factor_vae_score(GRID, GRID, **{argument: value})
    with pytest.raises(ValueError, match=f"`{argument}` must be {wanted}"):
        generated_factor_vae_score(lambda f: f, FactorsAsImages(), **{argument: value})


@pytest.mark.parametrize("sizes", [(3,), (3, 1), 4])
def test_a_generator_with_nothing_to_tell_apart_is_refused(sizes):
    with pytest.raises(ValueError, match=r"`generator.sizes` must be at least two numbers >= 2"):
        generated_factor_vae_score(lambda f: f, FactorsAsImages(sizes))


@pytest.mark.parametrize("encode", [lambda f: f[:-1], lambda f: f[..., None], lambda f: f[:, 0]])
def test_an_encoder_without_one_code_per_image_is_refused(encode):
    with pytest.raises(ValueError, match=r"`encode` must give one code per image, \(60, latent_dim\)"):
        generated_factor_vae_score(encode, FactorsAsImages())
