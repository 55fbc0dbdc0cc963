"""Variational autoencoders for people who already use Keras."""

import importlib.util

from keras_vae._backend import check_backend
from keras_vae._shell import choose_backend, is_shell_program, silence_native_log

__version__ = "0.1.0"

if is_shell_program():
    # The shell imports what a command needs, when it needs it: `keras-vae --help` does not wait for TensorFlow.
    silence_native_log()
    choose_backend()
elif importlib.util.find_spec("tensorflow") is not None:  # Without it `keras_vae.serving.Client` works all the same.
    check_backend()
    from keras_vae import (
        callbacks,
        data,
        divergences,
        evaluation,
        layers,
        likelihoods,
        networks,
        numerics,
        objectives,
        optimizers,
        priors,
        samplers,
        schedules,
        serving,
    )
    from keras_vae.models import (
        VAE,
        VAEGAN,
        VQVAE,
        Autoencoder,
        LadderVAE,
        LanguageModel,
        SemiSupervisedVAE,
        SequenceVAE,
        make_autoencoder,
        make_ladder_vae,
        make_language_model,
        make_semi_supervised_vae,
        make_sequence_vae,
        make_vae,
        make_vae_gan,
        make_vq_vae,
    )
    from keras_vae.models.registered import register_classes
    from keras_vae.networks import make_decoder, make_encoder
    from keras_vae.serving import export_saved_model, load_saved_model

    register_classes()

    __all__ = [
        "VAE",
        "LadderVAE",
        "SemiSupervisedVAE",
        "SequenceVAE",
        "LanguageModel",
        "VAEGAN",
        "VQVAE",
        "Autoencoder",
        "make_vae",
        "make_vae_gan",
        "make_vq_vae",
        "make_ladder_vae",
        "make_semi_supervised_vae",
        "make_sequence_vae",
        "make_language_model",
        "make_autoencoder",
        "make_encoder",
        "make_decoder",
        "export_saved_model",
        "load_saved_model",
        "load_run",
        "callbacks",
        "data",
        "divergences",
        "evaluation",
        "layers",
        "likelihoods",
        "networks",
        "numerics",
        "objectives",
        "optimizers",
        "priors",
        "samplers",
        "schedules",
        "serving",
    ]

    def __getattr__(name):
        # A run needs tasks and scikit-learn, which most who import this do not.
        if name == "load_run":
            from keras_vae.runs.finished_run import load_run

            return load_run
        raise AttributeError(f"module 'keras_vae' has no attribute {name!r}")

    def __dir__():
        return [*__all__, "__version__", "__doc__"]
else:

    def __getattr__(name):
        raise AttributeError(
            f"keras_vae.{name} needs TensorFlow, which is not installed; without it there is keras_vae.serving.Client"
        )
