import numpy as np
import pytest
from scipy import stats

from keras_vae.tasks.compression.latent_bins import LatentBins


@pytest.mark.parametrize("bits", [0, 1, 2, 5, 12])
def test_the_gaussian_of_the_bins_fills_them_evenly(bits):
    mean, scale = np.array([0.0, -3.0]), np.array([1.0, 0.25])
    bins = LatentBins(mean, scale, bits)
    k = np.repeat(np.arange(bins.levels + 1)[:, np.newaxis], 2, axis=1)
    np.testing.assert_allclose(bins.cdf(mean, scale)(k), k / bins.levels, atol=1e-12)


@pytest.mark.parametrize("bits", [1, 4, 9])
def test_bins_hold_the_mass_of_any_gaussian_and_its_medians_are_the_centers(bits):
    bins = LatentBins(np.array([0.5]), np.array([2.0]), bits)
    k = np.arange(bins.levels + 1)[:, np.newaxis]
    edges = 0.5 + 2.0 * stats.norm.ppf(np.arange(bins.levels + 1) / bins.levels)[:, np.newaxis]
    np.testing.assert_allclose(bins.cdf(0.3, 0.7)(k), stats.norm.cdf((edges - 0.3) / 0.7), atol=1e-12)
    medians = 0.5 + 2.0 * stats.norm.ppf((np.arange(bins.levels) + 0.5) / bins.levels)[:, np.newaxis]
    np.testing.assert_allclose(bins.centers(k[:-1]), medians, rtol=1e-11, atol=1e-11)


def test_one_bin_has_the_mean_as_its_center():
    bins = LatentBins(np.array([1.5, 2.0]), np.ones(2), 0)
    np.testing.assert_array_equal(bins.centers(np.zeros((3, 2), int)), [[1.5, 2.0]] * 3)


def test_the_same_gaussians_can_be_cut_again():
    bins = LatentBins(np.array([1.5]), np.array([3.0]), 4).with_bits(2)
    assert (bins.levels, bins.bits, bins.mean[0], bins.scale[0]) == (4, 2, 1.5, 3.0)
