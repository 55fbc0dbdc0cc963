"""Trees of classes: every class is found, and likely ones by few questions."""

import numpy as np
import pytest

from keras_vae.tasks.compression.text.class_tree import ClassTree


def found(tree, classes, p_yes=lambda nodes, places: np.full(len(nodes), 0.5)):
    return tree.descend(len(classes), p_yes, tree.known(np.asarray(classes)))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 50])
def test_every_class_is_found(n, rng):
    tree = ClassTree(rng.integers(0, 100, n))
    np.testing.assert_array_equal(found(tree, np.arange(n)), np.arange(n))
    assert len(tree.children) == len(tree.mids) == n - 1
    assert sorted(tree.children.reshape(-1).tolist()) == list(range(1, 2 * n - 1))


def test_masses_of_nodes_are_sums_of_their_classes(rng):
    tree, p = ClassTree(rng.integers(0, 9, 20)), rng.random((20, 3))
    masses = tree.masses(p)
    below = np.eye(20)
    reached = tree.masses(below) > 0
    np.testing.assert_allclose(masses, reached @ p, rtol=1e-12)
    np.testing.assert_allclose(masses[0], p.sum(axis=0), rtol=1e-12)


def test_as_many_questions_are_asked_as_the_entropy_says():
    weights = (10_000 / np.arange(1, 2001)).astype(int)
    tree, asked = ClassTree(weights), np.zeros(2000)

    def p_yes(nodes, places):
        asked[places] += 1
        return np.full(len(nodes), 0.5)

    found(tree, np.arange(2000), p_yes)
    share = (weights + 1) / (weights + 1).sum()
    entropy = -(share * np.log2(share)).sum()
    assert entropy <= (share * asked).sum() < entropy + 0.2


def test_the_probability_of_a_class_is_the_product_of_its_answers(rng):
    tree, p = ClassTree([5, 1, 1, 3, 9]), rng.random(5)
    masses, log_p, classes = tree.masses(p / p.sum()), np.zeros(5), np.arange(5)
    share = masses[tree.children[:, 1]] / masses[: tree.n_nodes]

    def answer(nodes, places, p_yes):
        yes = classes[places] >= tree.mids[nodes]
        log_p[places] += np.log(np.where(yes, p_yes, 1 - p_yes))
        return yes

    tree.descend(5, lambda nodes, places: share[nodes], answer)
    np.testing.assert_allclose(np.exp(log_p), p / p.sum(), rtol=1e-12)
