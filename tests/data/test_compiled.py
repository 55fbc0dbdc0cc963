import concurrent.futures

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.data.compiled import Compiled


def test_it_answers_from_many_threads_at_once():
    double = Compiled(lambda x: 2 * x, tf.int32, (None,))
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda k: double(np.full(3, k)), range(100)))
    np.testing.assert_array_equal(answers, np.repeat(2 * np.arange(100)[:, None], 3, axis=1))


def test_an_error_of_its_operations_comes_out():
    with pytest.raises(tf.errors.InvalidArgumentError, match="JPEG"):
        Compiled(tf.io.decode_jpeg, tf.string, ())(b"no picture")


def test_equal_tensors_are_equal():
    """In a graph of old style `==` would ask whether two tensors are the same object."""
    is_two = Compiled(lambda x: x == 2, tf.int32, ())
    assert is_two(2)
    assert not is_two(3)
