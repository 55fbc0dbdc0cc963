import numpy as np
import pytest
from scipy import stats

from keras_vae.tasks.compression.latent_bins import SPREAD, LatentBins


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


def test_a_spread_makes_bins_of_about_one_width_far_out():
    mean, scale = np.array([1.0]), np.array([2.0])
    bins = LatentBins(mean, scale, 12, SPREAD)
    k = np.arange(bins.levels + 1)[:, np.newaxis]
    # The Gaussian that fills them is eight times as wide.
    np.testing.assert_allclose(bins.cdf(mean, SPREAD * scale)(k), k / bins.levels, atol=1e-12)
    centers = bins.centers(k[:-1])[:, 0]
    widths = np.diff(centers[np.abs(centers - 1.0) < 8.0 * 2.0])
    assert widths.max() < 1.7 * widths.min()
    np.testing.assert_allclose(bins.marginal_cdf()(k), bins.cdf(mean, scale)(k), rtol=0.0)
    np.testing.assert_allclose(np.diff(bins.marginal_cdf()(k), axis=0).sum(), 1.0, rtol=1e-12)


@pytest.mark.parametrize(("bits", "spread", "wanted"), [(14, 8, 11), (10, 1, 10), (2, 8, 0)])
def test_a_latent_of_the_marginal_takes_fewer_bits_than_there_are_with_a_spread(bits, spread, wanted):
    bins = LatentBins(np.zeros(1), np.ones(1), bits, spread)
    assert bins.n_bits == wanted
    # By their entropy, which is at most half a bit more.
    masses = np.diff(bins.marginal_cdf()(np.arange(bins.levels + 1)[:, np.newaxis]), axis=0)
    masses = masses[masses > 0.0]
    entropy = -np.sum(masses * np.log2(masses))
    assert wanted - 0.01 < entropy < wanted + 1.1


def test_few_bins_lie_where_the_latents_are():
    bins = LatentBins(np.zeros(1), np.ones(1), 14, SPREAD)
    few = bins.with_bits(3)
    assert (few.bits, few.spread) == (3, 1)
    assert bins.with_bits(14) is bins


@pytest.mark.parametrize("mean", [0.0, -3.0, 6.0, -7.5])
def test_a_latent_far_out_is_held_as_exactly_as_others(mean):
    bins = LatentBins(np.zeros(1), np.ones(1), 14, SPREAD)
    cdf, k = bins.cdf(np.array([mean]), np.array([0.003])), np.arange(bins.levels + 1)[:, np.newaxis]
    masses = np.diff(cdf(k), axis=0)[:, 0]
    centers = bins.centers(k[:-1])[:, 0]
    np.testing.assert_allclose(masses @ centers, mean, atol=1e-4)
    # The spread is that of the posterior, and not that of a bin.
    np.testing.assert_allclose(np.sqrt(masses @ np.square(centers - mean)), 0.003, rtol=0.05)
