"""Images at work: restored, generated, controlled."""

from keras_vae._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "restoration.denoiser": ["Denoiser"],
        "restoration.super_resolver": ["SuperResolver"],
        "restoration.inpainter": ["Inpainter"],
        "control.transfer_style": ["transfer_style"],
        "control.class_labels_of": ["read_classes"],
    },
)
