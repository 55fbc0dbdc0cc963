"""scikit-learn's own checks of the estimators of tables."""

import pytest
from sklearn.utils import estimator_checks

from keras_vae.tasks.tables import VAEImputer, VAETransformer

pytestmark = pytest.mark.slow


@estimator_checks.parametrize_with_checks([VAETransformer(), VAEImputer()])
def test_scikit_learn_finds_nothing(estimator, check):
    check(estimator)


class Transformer(VAETransformer):
    """One that claims to be deterministic to the last digit."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.non_deterministic = False
        return tags


@pytest.mark.parametrize("name", ["transformer_general", "pipeline_consistency", "methods_subset_invariance"])
def test_what_the_last_digit_leaves_out_is_not_needed_for_the_others(name):
    # These allow for a last digit, as the check of the order of rows does not.
    getattr(estimator_checks, f"check_{name}")("Transformer", Transformer())
