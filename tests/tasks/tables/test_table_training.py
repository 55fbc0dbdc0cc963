"""The training of a model of a table."""

import numpy as np
import pytest

from keras_vae.data.columns import TableColumns
from keras_vae.tasks.table_likelihood import table_likelihood
from keras_vae.tasks.tables.table_training import default_batch_size, table_model, train_table_model

SETTINGS = {
    "latent_dim": 2,
    "hidden_units": (8,),
    "epochs": 1,
    "batch_size": None,
    "learning_rate": 1e-3,
    "validation": 0.1,
}


def trained(x, **kwargs):
    columns = TableColumns.learn(x)
    model = table_model(table_likelihood(columns, x, "gaussian"), [c.name for c in columns.columns], x, SETTINGS, 0)
    return model, train_table_model(model, x, SETTINGS, 0, 100, **kwargs)


def table(n=100):
    rng = np.random.default_rng(0)
    return (rng.normal(size=(n, 1)) @ rng.normal(size=(1, 4)) + 0.3 * rng.normal(size=(n, 4))).astype("float32")


@pytest.mark.slow
def test_rows_are_held_out_where_no_cells_are_hidden():
    _, history = trained(table())
    assert "val_elbo" in history
    assert "val_hidden_error" not in history


@pytest.mark.slow
def test_cells_are_held_out_where_some_are_hidden():
    x = table()
    x[::3, 1] = np.nan
    model, history = trained(x, hidden_share=0.2)
    assert "val_elbo" not in history
    assert history["val_hidden_error"][0] < 1.0
    assert np.isfinite(model.impute(x, 10)).all()


def test_batches_are_about_twenty_per_epoch():
    assert [default_batch_size(n) for n in (1, 100, 640, 10_000, 10**6)] == [16, 16, 32, 256, 256]
