"""Tables at work: outliers, features, holes, and how many latent dimensions a table calls for."""

from keras_vae._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "vae_transformer": ["VAETransformer"],
        "vae_outlier_detector": ["VAEOutlierDetector"],
        "vae_imputer": ["VAEImputer"],
        "latent_size": ["choose_latent_dim"],
        "latent_size_rule": ["LatentSizes"],
        "latent_size_picture": ["plot_latent_sizes"],
    },
)
