"""Sparse rows: read from any container, and the same rows as the dense ones."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse

from keras_vae._sparse import as_csr, as_sparse_tensor, is_sparse, repeat_sparse, values_of


@pytest.fixture
def dense(rng):
    return (rng.random((5, 7)) < 0.3) * rng.integers(1, 4, (5, 7)).astype("float32")


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_matrix, sparse.coo_array, sparse.lil_matrix])
def test_every_kind_of_scipy_is_read_by_rows(dense, kind):
    assert is_sparse(kind(dense))
    np.testing.assert_array_equal(as_csr("x", kind(dense)).toarray(), dense)


def test_a_sparse_tensor_is_read_and_made(dense):
    tensor = as_sparse_tensor(as_csr("x", sparse.csr_matrix(dense)))
    assert is_sparse(tensor)
    np.testing.assert_array_equal(tf.sparse.to_dense(tensor), dense)
    np.testing.assert_array_equal(as_csr("x", tensor).toarray(), dense)
    np.testing.assert_array_equal(values_of(tensor), dense[dense != 0])
    assert values_of(dense) is dense
    assert not is_sparse(dense)


def test_entries_at_one_place_are_added_up_and_the_source_stays_as_it_was():
    twice = sparse.csr_matrix((np.ones(3), np.array([2, 0, 2]), np.array([0, 3])), shape=(1, 3))
    np.testing.assert_array_equal(as_csr("x", twice).toarray(), [[1.0, 0.0, 2.0]])
    assert twice.nnz == 3


def test_rows_are_repeated_draw_by_draw_also_by_a_tensor(dense):
    tensor = as_sparse_tensor(as_csr("x", sparse.csr_matrix(dense)))
    repeated = tf.function(repeat_sparse)(tensor, tf.constant(3))
    np.testing.assert_array_equal(tf.sparse.to_dense(repeated), np.tile(dense, (3, 1)))
    assert repeated.shape[1] == 7


def test_other_numbers_of_axes_and_other_things_are_refused():
    with pytest.raises(ValueError, match=r"`x` must have two axes where it is sparse. Received: x.shape=\(1, 2, 3\)"):
        as_csr("x", tf.sparse.from_dense(np.ones((1, 2, 3))))
    with pytest.raises(ValueError, match=r"`x` must hold numbers. Received: csr_matrix of dtype complex128"):
        as_csr("x", sparse.csr_matrix(np.ones((1, 2), complex)))
