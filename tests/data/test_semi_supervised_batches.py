import numpy as np
import pytest
import tensorflow as tf

from keras_vae.data.semi_supervised_batches import semi_supervised_batches

N, N_KNOWN = 50, 7


@pytest.fixture
def x():
    return np.arange(2 * N, dtype="float32").reshape(N, 2)


LABELS = np.where(np.arange(N) % 7 == 0, np.arange(N) % 3, -1)[: N - 1]
LABELS = np.append(LABELS, -1)


def in_rows(dataset):
    return [tf.nest.map_structure(np.asarray, batch) for batch in dataset]


def test_every_batch_has_its_labelled_rows_and_an_epoch_all_the_others(x):
    known, unknown = np.flatnonzero(LABELS >= 0), np.flatnonzero(LABELS < 0)
    dataset = semi_supervised_batches(x, LABELS, batch_size=10, n_labelled=3, seed=1)
    epochs = [in_rows(dataset), in_rows(dataset)]
    assert int(dataset.cardinality()) == len(epochs[0]) == -(-len(unknown) // 7)
    for batches in epochs:
        assert all((told >= 0).sum() == 3 for (_, told), _, _ in batches)
        rows = np.concatenate([values[:, 0] for (values, _), _, _ in batches]).astype(int) // 2
        told = np.concatenate([told for (_, told), _, _ in batches])
        np.testing.assert_array_equal(told, LABELS[rows])
        np.testing.assert_array_equal(np.sort(rows[told < 0]), unknown)
        # Those with a label come round equally often, but for the last round.
        counts = np.bincount(rows[told >= 0], minlength=N)[known]
        assert counts.max() - counts.min() <= 1
        for (values, _), target, _ in batches:
            np.testing.assert_array_equal(target, values)
    orders = [np.concatenate([v[:, 0] for (v, _), _, _ in batches]) for batches in epochs]
    assert not np.array_equal(*orders)


def test_the_weighted_mean_is_the_mean_of_all_rows_where_all_batches_are_full(x):
    # 48 rows without a label in batches of 12 + 4, 16 with one.
    x, labels = np.arange(64.0)[:, None], np.where(np.arange(64) < 16, 0, -1)
    batches = in_rows(semi_supervised_batches(x, labels, batch_size=16, n_labelled=4))
    values = np.concatenate([value[:, 0] for (value, _), _, _ in batches])
    weights = np.concatenate([weight for *_, weight in batches])
    np.testing.assert_allclose(weights, 1.0)
    np.testing.assert_allclose(np.average(values, weights=weights), x.mean())
    few = in_rows(semi_supervised_batches(x, labels, batch_size=20, n_labelled=8))
    for (_, told), _, weight in few:
        np.testing.assert_allclose(weight[told >= 0], (16 / 64) / (8 / 20))
        np.testing.assert_allclose(weight[told < 0], (48 / 64) / (12 / 20))
        np.testing.assert_allclose(weight.mean(), 1.0)
        np.testing.assert_allclose(weight[told >= 0].sum() / weight.sum(), 16 / 64)


def test_the_seed_fixes_the_order(x):
    first = [in_rows(semi_supervised_batches(x, LABELS, 10, 3, seed=seed)) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(first[0][0][1], first[1][0][1])
    assert not np.array_equal(first[0][0][1], first[2][0][1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"labels": LABELS[:-1]}, r"`labels` must have the shape \(n,\), one for each of 50 rows"),
        ({"labels": LABELS + 0.5}, "`labels` must be whole numbers >= -1, which stands for a row without a label"),
        ({"labels": LABELS - 1}, r"`labels` must be whole numbers >= -1, .* such as \[-1, -2"),
        ({"labels": LABELS.astype(str)}, "`labels` must be whole numbers"),
        ({"labels": np.full(N, -1)}, "`labels` must have rows with a label .* Received: 0 of 50 rows"),
        ({"labels": np.zeros(N)}, "Received: 50 of 50 rows with a label"),
        ({"n_labelled": 10}, "`n_labelled` must be below `batch_size`. Received: 10 and 10"),
        ({"n_labelled": 0}, "`n_labelled` must be .* >= 1"),
        ({"batch_size": 1}, "`batch_size` must be .* >= 2"),
        ({"seed": -1}, "`seed` must be .* >= 0"),
    ],
)
def test_what_cannot_be_mixed_is_refused(x, arguments, message):
    with pytest.raises(ValueError, match=message):
        semi_supervised_batches(x, **{"labels": LABELS, "batch_size": 10, "n_labelled": 3, **arguments})
