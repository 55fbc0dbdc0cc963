"""Images at work: restored, generated, controlled."""

from keras_vae._lazy import lazy_names

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "restoration.denoiser": ["Denoiser"],
        "restoration.super_resolver": ["SuperResolver"],
        "restoration.inpainter": ["Inpainter"],
        "generation.image_classifier": ["ImageClassifier", "train_classifier"],
        "generation.compare_samples": ["compare_samples"],
        "generation.frechet_distance": ["frechet_distance"],
        "generation.precision_and_recall": ["precision_and_recall"],
        "control.transfer_style": ["transfer_style"],
        "control.class_labels_of": ["read_classes"],
        "control.augment": ["augment"],
        "control.augment_with_vae": ["AugmentWithVAE"],
    },
)
