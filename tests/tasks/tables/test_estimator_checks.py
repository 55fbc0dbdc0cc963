"""scikit-learn's own checks of the estimators of tables."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from keras_vae.tasks.tables import VAEImputer, VAETransformer

pytestmark = pytest.mark.slow


@parametrize_with_checks([VAETransformer(), VAEImputer()])
def test_scikit_learn_finds_nothing(estimator, check):
    check(estimator)
