import os
import resource
import subprocess
import sys

import numpy as np
import pytest
from tasks.compression.trained import trained

from keras_vae.tasks.compression import Compressor

LIKELIHOODS = [
    "bernoulli",
    "discretized_logistic",
    "discretized_logistic_mixture",
    "categorical",
    "negative_binomial",
]


@pytest.fixture(scope="module")
def ladder():
    model, x = trained("bernoulli", "ladder", epochs=0)
    return Compressor(model=model), x


@pytest.mark.slow
@pytest.mark.parametrize("likelihood", LIKELIHOODS)
@pytest.mark.parametrize("graph", ["vae", "ladder"])
def test_every_bit_of_what_any_likelihood_can_code_comes_back(likelihood, graph):
    model, x = trained(likelihood, graph, epochs=0)
    compressor = Compressor(model=model, block_rows=7)
    back = compressor.decompress(compressor.compress(x[:12], verify=False))
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, x[:12])


@pytest.mark.parametrize(
    ("likelihood", "graph"),
    [("discretized_logistic", "ladder"), pytest.param("categorical", "vae", marks=pytest.mark.slow)],
)
def test_the_file_is_as_long_as_the_bound_says(likelihood, graph):
    """With all that is in it: header, checksums, bits that were there before the first row."""
    model, x = trained(likelihood, graph)
    compressor = Compressor(model=model)
    # Draws of the latents are others: the mean over 1797 rows of the bound at one draw has an error of a few tenths of
    # a percent, and eight of less.
    ratio = compressor.bits_per_dim(x) / compressor.elbo_bits_per_dim(x, n_samples=8)
    assert 0.99 < ratio < 1.02


@pytest.mark.slow
def test_a_compressor_that_was_fitted_and_saved_decompresses_in_another_process(tmp_path):
    x = np.random.default_rng(0).integers(0, 2, (90, 6, 6), np.uint8) * np.eye(6, dtype=np.uint8)
    settings = {"hidden_units": [8]}
    compressor = Compressor(likelihood="bernoulli", latent_dim=[2], epochs=1, seed=0, settings=settings)
    assert compressor.fit(x, verbose=0) is compressor
    compressor.compress_to(tmp_path / "x.kvz", x)
    compressor.save(tmp_path / "c.keras")
    np.save(tmp_path / "x.npy", x)
    code = (
        "import numpy as np\n"
        "from keras_vae.tasks.compression import Compressor\n"
        "x = Compressor.load('c.keras').decompress(open('x.kvz', 'rb').read())\n"
        "wanted = np.load('x.npy')\n"
        "assert x.dtype == wanted.dtype and x.tobytes() == wanted.tobytes()\n"
    )
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "TF_ENABLE_ONEDNN_OPTS": "0"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)


@pytest.mark.slow
def test_a_model_that_was_saved_codes_as_before(ladder, tmp_path):
    compressor, x = ladder
    compressor.save(tmp_path / "c.keras")
    loaded = Compressor.load(tmp_path / "c.keras")
    data = compressor.compress(x[:20])
    assert loaded.compress(x[:20]) == data
    np.testing.assert_array_equal(loaded.decompress(data, rows=slice(3, 5)), x[3:5])
    assert (loaded.bits, loaded.block_rows) == (compressor.bits, compressor.block_rows)


def test_bits_per_dim_are_those_of_the_bytes(ladder):
    compressor, x = ladder
    assert compressor.bits_per_dim(x[:20]) == len(compressor.compress(x[:20])) * 8 / x[:20].size
    assert np.isnan(compressor.bits_per_dim(x[:0]))
    assert np.isnan(compressor.elbo_bits_per_dim(x[:0]))


def test_a_last_axis_of_one_may_be_left_out(ladder):
    compressor, x = ladder
    assert compressor.decompress(compressor.compress(x[:5, ..., 0])).shape == (5, 8, 8)
    assert compressor.elbo_bits_per_dim(x[:5, ..., 0]) == compressor.elbo_bits_per_dim(x[:5])


def test_a_file_is_there_when_it_is_whole(ladder, tmp_path, monkeypatch):
    compressor, x = ladder
    path = tmp_path / "x.kvz"
    path.write_bytes(b"before")
    wrong = x[:5].copy()
    wrong[2, 3, 1, 0] = 2
    with pytest.raises(ValueError, match=r"x\[2, 3, 1, 0\] = 2"):
        compressor.compress_to(path, wrong)
    assert [p.name for p in tmp_path.iterdir()] == ["x.kvz"]
    assert path.read_bytes() == b"before"
    compressor.compress_to(path, x[:5], metadata={"a": 1})
    np.testing.assert_array_equal(compressor.decompress(path.read_bytes()), x[:5])


@pytest.mark.parametrize("bits", [0, 17, 2.5])
def test_bits_out_of_range_are_refused(bits, ladder):
    with pytest.raises(ValueError, match=r"`bits` must be"):
        _ = Compressor(model=ladder[0].model_, bits=bits).codec_


def test_block_rows_out_of_range_are_refused(ladder):
    with pytest.raises(ValueError, match="`block_rows` must be"):
        Compressor(model=ladder[0].model_, block_rows=0).compress(ladder[1][:2])


def test_without_a_model_nothing_can_be_done():
    for use in (lambda c: c.compress(np.zeros((1, 2))), lambda c: c.save("c.keras"), lambda c: c.decompress(b"")):
        with pytest.raises(ValueError, match="has no model yet: call `fit`, or pass a trained one"):
            use(Compressor())


def test_a_trained_model_is_not_trained_again(ladder):
    with pytest.raises(ValueError, match="was given a trained `model`: there is nothing to fit"):
        ladder[0].fit(ladder[1])


def test_arguments_are_kept_as_they_were_given():
    assert Compressor(latent_dim=[3], bits=5).get_params()["bits"] == 5
    assert Compressor(minutes=2.0).get_params()["minutes"] == 2.0


@pytest.mark.slow
def test_no_space_left_leaves_the_file_that_was_there(ladder, tmp_path):
    compressor, x = ladder
    path = tmp_path / "x.kvz"
    path.write_bytes(b"before")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            compressor.compress_to(path, x[:200], verify=False)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == ["x.kvz"]
