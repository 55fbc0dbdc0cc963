"""The size of the images of a folder: the size of the run, or one that a model can be trained on."""

import dataclasses

# Photographs of their full size would need a model that fits into no memory.
MAX_SIDE = 64


def at_image_size(dataset, event_shape=None):
    """The data set with images in a folder, which are stretched to one size anyway, in a size to train on.

    Args:
        dataset: `Dataset`. One that holds arrays stays as it is.
        event_shape: tuple or None. Shape of the examples of a run, to which images are stretched. None is the size of
            the first image, shrunk to 64 pixels on the longer side.

    Returns:
        `Dataset`, with a note where the size is another.
    """
    if dataset.train_files is None:
        return dataset
    height, width, channels = dataset.event_shape
    if event_shape is None:
        factor = min(1.0, MAX_SIDE / max(height, width))
        event_shape = (max(1, round(height * factor)), max(1, round(width * factor)), channels)
    if tuple(event_shape) == dataset.event_shape or len(event_shape) != 3 or event_shape[-1] not in (1, 3):
        return dataset
    note = f"images of {height}x{width} are stretched to {event_shape[0]}x{event_shape[1]}"
    return dataclasses.replace(dataset, event_shape=tuple(event_shape), note=note)
