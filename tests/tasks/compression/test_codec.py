import dataclasses
import tracemalloc
import zlib

import numpy as np
import pytest
from tasks.compression.stand_in import Bernoulli, Counts, Grey, Halves, StandIn, draw

from keras_vae.tasks.compression.codec import Codec
from keras_vae.tasks.compression.container.container import Container, write


def codec(likelihood=Grey, **kwargs):
    return Codec(StandIn(likelihood, **{"latent_dims": (3, 2), **kwargs}), 8)


@pytest.fixture(scope="module")
def own():
    return codec()


@pytest.fixture(scope="module")
def x():
    return draw(StandIn(Grey, (3, 2)), 23, np.random.default_rng(0)).astype(np.uint8)


@pytest.fixture(scope="module")
def data(own, x):
    return own.compress(x, 6)


@pytest.mark.parametrize("likelihood", [Bernoulli, Grey, Counts, Halves])
def test_arrays_come_back(likelihood, rng):
    own = codec(likelihood)
    x = draw(own.exact, 30, rng)
    np.testing.assert_array_equal(own.decompress(own.compress(x, 100)), x)


@pytest.mark.slow
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", ">i2", "uint64", "float16", ">f4", "float64"])
def test_they_have_their_type_and_every_bit_of_it(dtype, rng):
    own = codec(Bernoulli)
    x = draw(own.exact, 13, rng).astype(dtype)
    back = own.decompress(own.compress(x, 5))
    assert back.dtype.str == x.dtype.str
    assert back.tobytes() == x.tobytes()


@pytest.mark.parametrize("shape", [(0, 8), (0, 8, 1), (4, 8, 1), (1, 8)])
def test_they_have_their_shape(shape, own):
    back = own.decompress(own.compress(np.full(shape, 3, np.int32), 3))
    assert (back.shape, back.dtype, back.tolist()) == (shape, np.int32, np.full(shape, 3).tolist())


def test_rows_that_do_not_lie_in_order_come_back(own, x):
    np.testing.assert_array_equal(own.decompress(own.compress(np.asfortranarray(x)[::-2], 5)), x[::-2])


@pytest.mark.parametrize(
    "rows",
    [slice(3), slice(5, 7), slice(6, 12), slice(-1, None), slice(None, None, -4), slice(2, 21, 7), slice(9, 2)],
)
def test_some_rows_can_be_decoded_alone(rows, own, x, data):
    np.testing.assert_array_equal(own.decompress(data, rows), x[rows])


def test_blocks_have_about_the_same_size(own, x):
    header = Container.read(own.compress(x, 22, verify=False)).header
    assert [header.rows_of(block) for block in range(2)] == [(0, 12), (12, 23)]


def test_blocks_without_wanted_rows_are_not_looked_at(own, x, data):
    damaged = data[:-1] + bytes([data[-1] ^ 1])
    np.testing.assert_array_equal(own.decompress(damaged, slice(17)), x[:17])
    with pytest.raises(ValueError, match=r"block 3 \(rows 18 to 22\) is damaged"):
        own.decompress(damaged, slice(17, 19))


def test_the_bytes_are_the_same_every_time(x, data):
    assert codec().compress(x, 6) == data


def test_metadata_come_back(own, x):
    found = Container.read(own.compress(x, 6, {"names": ["ä", "b"] * 100})).header
    assert found.metadata == {"names": ["ä", "b"] * 100}


def test_the_file_of_another_model_is_refused(own, data):
    other = codec(latent_dims=(2, 3))
    with pytest.raises(ValueError, match=f"made by another model, {own.fingerprint.hex()}; this one is"):
        other.decompress(data)


def test_a_file_of_examples_of_another_shape_is_refused(own, data):
    container = Container.read(data)
    header = dataclasses.replace(container.header, shape=(23, 9))
    with pytest.raises(ValueError, match=r"examples of shape \(9,\), the model has \(8,\)"):
        own.decompress(write(header, [container.payload(i) for i in range(4)]))


def changed_block(data, change):
    """The container with another first block, whose own checksum is right."""
    container = Container.read(data)
    payloads = [container.payload(i) for i in range(4)]
    payloads[0] = change(payloads[0])
    entry = dataclasses.replace(container.header.blocks[0], n_bytes=len(payloads[0]), stored=zlib.crc32(payloads[0]))
    return write(dataclasses.replace(container.header, blocks=(entry, *container.header.blocks[1:])), payloads)


def test_a_block_that_holds_other_rows_is_refused(own, data):
    for bit in range(8):
        with pytest.raises(ValueError, match=r"block 0 \(rows 0 to 5\) (decodes to other rows|cannot be decoded)"):
            own.decompress(changed_block(data, lambda p, bit=bit: p[:-2] + bytes([p[-2] ^ 1 << bit]) + p[-1:]))


def test_the_block_of_other_rows_is_refused(own, data):
    with pytest.raises(
        ValueError, match=r"block 0 .* cannot be decoded: the block has steps for other than its 6 rows"
    ):
        own.decompress(changed_block(data, lambda p: Container.read(data).payload(3)))


@pytest.mark.slow
def test_what_does_not_come_back_is_not_given(monkeypatch):
    """As it would be where a machine computes other numbers the second time."""
    own = codec(Bernoulli)
    evidence, calls = own.exact.evidence, []

    def other_later(x):
        calls.append(1)
        return evidence(x) + (0.5 if len(calls) > n_calls else 0.0)

    x = draw(own.exact, 40, np.random.default_rng(1))
    monkeypatch.setattr(own.exact, "evidence", other_later)
    n_calls = 1000
    own.compress(x, 40, verify=False)
    # From then on, when it decodes.
    n_calls, calls[:] = len(calls), []
    with pytest.raises(RuntimeError, match="the compressed rows do not come back"):
        own.compress(x, 40)


def test_values_that_the_model_does_not_know_are_refused(own, x):
    x = x.copy()
    x[4, 3] = 11
    with pytest.raises(ValueError, match=r"whole numbers from 0 to 10, .* Received: x\[4, 3\] = 11"):
        own.compress(x, 6)


# ---- damage ----


def changes(data, n, rng):
    """Containers that differ from one, in ways that files do: bits, bytes, runs, cuts, insertions, exchanges."""
    for _ in range(n):
        changed, kind = bytearray(data), rng.integers(6)
        at, length = rng.integers(len(data)), 1 + rng.integers(12)
        if kind == 0:
            changed[at] ^= 1 << rng.integers(8)
        elif kind == 1:
            changed[at : at + length] = rng.bytes(len(changed[at : at + length]))
        elif kind == 2:
            changed[at : at + length] = bytes(len(changed[at : at + length]))
        elif kind == 3:
            del changed[at : at + length if rng.integers(2) else None]
        elif kind == 4:
            changed[at:at] = rng.bytes(length)
        else:
            other = rng.integers(len(data))
            changed[at], changed[other] = changed[other], changed[at]
        yield bytes(changed)


def check_changes(own, x, data, n, seed):
    n_refused = 0
    for changed in changes(data, n, np.random.default_rng(seed)):
        try:
            back = own.decompress(changed)
        except ValueError:
            n_refused += 1
        else:
            assert changed == data
            np.testing.assert_array_equal(back, x)
    return n_refused


@pytest.mark.slow
def test_changed_containers_are_refused(own, x, data):
    assert check_changes(own, x, data, 3000, seed=0) > 2700


def test_refusing_takes_no_memory(own, x, data):
    tracemalloc.start()
    try:
        check_changes(own, x, data, 300, seed=1)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_hundred_thousand_changed_containers_are_refused(own, x, data):
    assert check_changes(own, x, data, 100_000, seed=2) > 90_000


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_blocks_with_right_checksums_and_wrong_bytes_never_give_wrong_rows(seed, own, x, data):
    """What no accident does: only the checksum of the rows is left to find it."""
    rng, payload, n_refused = np.random.default_rng(seed), Container.read(data).payload(0), 0
    n = 30 if seed == 0 else 5000
    for changed in changes(payload, n, rng):
        try:
            back = own.decompress(changed_block(data, lambda p, changed=changed: changed))
        except ValueError as error:
            n_refused += "block 0 " in str(error)
        else:
            # A number can be written in several ways, for one.
            np.testing.assert_array_equal(back, x)
    assert n_refused > 0.8 * n


def test_rows_that_are_others_are_counted(own, x, data):
    assert own.n_other_rows(data) == 0
    assert own.n_other_rows(data, x) == 0
    other = x.copy()
    other[[2, 2, 19], [3, 4, 0]] ^= 1
    assert own.n_other_rows(data, other) == 2
    with pytest.raises(ValueError, match=r"as the file says, uint8 of shape \(23, 8\). Received: x of dtype int64"):
        own.n_other_rows(data, x.astype(np.int64))
    with pytest.raises(ValueError, match=r"block 3 \(rows 18 to 22\) is damaged"):
        own.n_other_rows(data[:-1] + bytes([data[-1] ^ 1]))
