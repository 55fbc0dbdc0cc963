import contextlib
import sys

import numpy as np
import pytest
from tasks.compression.lossy.small_model import drawn_code, small_model

from keras_vae.tasks.compression.lossy.code_coder import CodeCoder
from keras_vae.tasks.compression.lossy.exact_prior import ExactPrior


@pytest.fixture(scope="module")
def prior():
    return small_model().prior


@pytest.fixture(scope="module")
def coder(prior):
    return CodeCoder(ExactPrior(prior))


@pytest.fixture(scope="module")
def code(prior):
    return drawn_code(prior, 20)


def test_every_number_comes_back_and_the_bytes_are_as_many_as_the_prior_says(prior, coder, code):
    data = coder.encode(code)
    np.testing.assert_array_equal(coder.decode(data, len(code), "the code"), code)
    bits = -np.sum(prior.log_prob(code.astype("float32"))) / np.log(2.0)
    assert 8 * len(data) < 1.004 * bits + 64


def test_numbers_of_any_size_come_back(coder, code):
    wild = code[:3].copy()
    # Of w, and of the last part of y; those of other parts decide what the tables of the last one are.
    wild[0, 0], wild[1, -1], wild[2, 60], wild[2, -3] = 2**40, -(2**50), -5000, 9999
    np.testing.assert_array_equal(coder.decode(coder.encode(wild), 3, "the code"), wild)


def test_one_row_and_rows_alike(coder, code):
    for rows in (code[:1], np.zeros_like(code[:2]), np.repeat(code[:1], 5, axis=0)):
        np.testing.assert_array_equal(coder.decode(coder.encode(rows), len(rows), "the code"), rows)


def test_damage_is_an_error_or_another_code_and_never_a_crash(coder, code, rng):
    data = coder.encode(code)
    with pytest.raises(ValueError, match="the code is damaged: it ends within a field"):
        coder.decode(data[:-9], len(code), "the code")
    with pytest.raises(ValueError, match="the code is damaged: 1 bytes follow its last field"):
        coder.decode(data + b"\0", len(code), "the code")
    for _ in range(40):
        changed = bytearray(data)
        changed[rng.integers(len(data))] ^= 1 << rng.integers(8)
        # Its checksums are the container's: here it is enough that nothing else is raised.
        with contextlib.suppress(ValueError):
            assert coder.decode(bytes(changed), len(code), "the code").shape == code.shape


def test_a_code_with_fewer_numbers_behind_it_than_it_asks_for_is_refused(coder, code):
    wild = code[:1].copy()
    wild[0, 0] = 10**6
    data = coder.encode(wild)
    # The three bytes of the number, and before it how many there are.
    with pytest.raises(ValueError, match="the code is damaged: it is shorter than its numbers"):
        coder.decode(data[:-4] + b"\0", 1, "the code")
    with pytest.raises(ValueError, match="the code is damaged: it is shorter than its numbers"):
        coder.decode(data[:-4] + b"\x7f", 1, "the code")


def test_without_constriction_it_says_how_to_install_it(prior, monkeypatch):
    monkeypatch.setitem(sys.modules, "constriction", None)
    with pytest.raises(ImportError, match="compression needs the package constriction"):
        CodeCoder(ExactPrior(prior))
