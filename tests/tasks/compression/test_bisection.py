import numpy as np
import pytest

from keras_vae.tasks.compression.bisection import COUNTS_END, UNIT, bisect, questions_of


def table(p):
    """The distribution function of a table of probabilities, as a function of whole numbers."""
    below = np.concatenate([[0.0], np.cumsum(p)])
    below[-1] = 1.0
    return lambda k: below[k]


def bits_of(asked):
    """What the answers cost, bits per value."""
    bits = 0.0
    for question, above in asked:
        p = np.where(above != question.flipped, question.p, 1.0 - question.p)
        bits = bits - np.log2(p) * (1.0 if question.active is None else question.active)
    return bits


@pytest.mark.parametrize("levels", [1, 2, 3, 7, 8, 11, 256])
def test_the_answers_to_all_questions_cost_the_logarithm_of_the_probability(levels, rng):
    p = rng.dirichlet(np.ones(levels))
    values = np.arange(levels)[np.newaxis]
    asked = questions_of(table(p), levels, values)
    assert len(asked) == np.ceil(np.log2(levels))
    # Eight questions, each with a probability that is rounded to a multiple of 2^-24.
    np.testing.assert_allclose(bits_of(asked) if asked else np.zeros((1, 1)), -np.log2(p)[np.newaxis], atol=2e-3)


def geometric(k):
    return 1.0 - 0.7**k


def test_counts_cost_the_logarithm_of_their_probability_without_a_bound():
    values = np.arange(30)[np.newaxis]
    np.testing.assert_allclose(
        bits_of(questions_of(geometric, None, values)), -np.log2(0.3 * 0.7**values), rtol=1e-5, atol=1e-5
    )


@pytest.mark.parametrize("value", [0, 1, 2**20, COUNTS_END - 2, COUNTS_END - 1])
def test_every_count_has_questions_and_is_found_by_them(value):
    values = np.array([[value, 3]])
    asked = questions_of(geometric, None, values)
    assert len(asked) <= 62
    answers = iter(asked)
    found = bisect(geometric, None, values.shape, lambda mid, question: next(answers)[1])
    np.testing.assert_array_equal(found, values)


def test_where_a_distribution_function_says_nothing_an_answer_costs_a_bit():
    asked = questions_of(lambda k: np.where(k > 0, 1.0, 0.0), 8, np.array([[0, 5]]))
    assert bits_of(asked)[0, 0] == 0.0
    # The impossible first answer is all that it costs more than the questions behind it.
    assert asked[0][0].p[0, 1] == 0.0
    assert [question.p[0, 1] for question, _ in asked[1:]] == [0.5, 0.5]


def test_a_distribution_function_that_falls_by_rounding_is_held():
    falls = np.array([0.0, 0.5, 0.5 - 1e-12, 0.5 + 1e-12, 1.0])
    for question, _ in questions_of(lambda k: falls[k], 4, np.arange(4)[np.newaxis]):
        assert ((question.p >= 0.0) & (question.p <= 0.5)).all()


def test_probabilities_are_multiples_of_the_unit_of_the_coder(rng):
    for question, _ in questions_of(table(rng.dirichlet(np.ones(16))), 16, rng.integers(0, 16, (3, 5))):
        np.testing.assert_array_equal(question.p * UNIT, np.rint(question.p * UNIT))
        assert question.p.max() <= 0.5
