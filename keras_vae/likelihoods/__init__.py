"""Likelihoods p(x | z): maps from decoder output to log probability, mean and samples."""

from keras_vae._lazy import lazy_names

# Lazy, so that the shell gets the names of the registry without waiting for TensorFlow.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "base": ["Likelihood"],
        "registry": ["get_likelihood", "LIKELIHOODS"],
        "bernoulli": ["Bernoulli"],
        "continuous_bernoulli": ["ContinuousBernoulli"],
        "gaussian": ["Gaussian"],
        "gaussian_fixed": ["GaussianFixed"],
        "gaussian_shared": ["GaussianShared"],
        "student_t": ["StudentT"],
        "discretized_logistic": ["DiscretizedLogistic"],
        "discretized_logistic_mixture": ["DiscretizedLogisticMixture"],
        "categorical": ["Categorical"],
        "multinomial": ["Multinomial"],
        "negative_binomial": ["NegativeBinomial"],
        "mixed": ["Mixed"],
    },
)
