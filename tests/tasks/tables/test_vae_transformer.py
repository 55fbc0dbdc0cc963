"""`VAETransformer`: features for other estimators."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from keras_vae.tasks.tables import VAETransformer

QUICK = {"epochs": 1, "hidden_units": (8,), "random_state": 0, "latent_dim": 2}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    return rng.normal(size=(60, 2)) @ rng.normal(size=(2, 4)) + 0.1 * rng.normal(size=(60, 4))


@pytest.fixture(scope="module")
def transformer(table):
    return VAETransformer(**QUICK).fit(table)


def test_features_have_names_and_come_as_frames(transformer, table):
    assert list(transformer.get_feature_names_out()) == ["vaetransformer0", "vaetransformer1"]
    frame = clone(transformer).set_output(transform="pandas").fit_transform(table)
    assert list(frame.columns) == ["vaetransformer0", "vaetransformer1"]
    np.testing.assert_array_equal(frame.to_numpy(), transformer.transform(table))


def test_uncertainty_comes_with_the_means(transformer, table):
    mean, stddev = transformer.encode(table)
    np.testing.assert_array_equal(mean, transformer.transform(table))
    assert stddev.shape == (60, 2)
    assert (stddev > 0).all()


def test_codes_become_tables_again(transformer, table):
    assert transformer.inverse_transform(transformer.transform(table)).shape == table.shape
    assert np.isfinite(transformer.score(table))


@pytest.mark.slow
def test_a_pipeline_is_searched(table):
    labels = (table[:, 0] > 0).astype(int)
    pipeline = make_pipeline(VAETransformer(**QUICK), LogisticRegression())
    search = GridSearchCV(pipeline, {"vaetransformer__latent_dim": [1, 2]}, cv=2, refit=False).fit(table, labels)
    assert search.best_params_["vaetransformer__latent_dim"] in (1, 2)


@pytest.mark.slow
def test_pixels_share_a_scale_unless_something_else_is_asked_for(capsys):
    pixels = np.random.default_rng(0).integers(0, 17, (60, 9)).astype(float)
    pixels[:, 8] = 0.0
    shared = VAETransformer(verbose=1, **QUICK).fit(pixels)
    assert "scale                   one for all columns, which share a unit" in capsys.readouterr().out
    assert shared.shares_unit_
    assert shared.model_.preprocessing.scale.shape == ()
    apart = VAETransformer(units="columns", **QUICK).fit(pixels)
    assert not apart.shares_unit_
    assert apart.model_.preprocessing.over == "columns"


def test_units_have_names():
    with pytest.raises(ValueError, match="`units` must be one of"):
        VAETransformer(units="metres").fit(np.ones((5, 2)))
