"""Arguments of a `VAE` that a subclass with a bound of its own does not take: none may be left without effect."""

OTHER_OBJECTIVES = ("beta", "capacity", "free_bits", "free_bits_over", "posterior_flow")


def refuse_other_objectives(model, arguments):
    """Refuse arguments that would be taken and do nothing.

    Args:
        model: the model that is made.
        arguments: dict of the arguments that it does not name itself.

    Raises:
        ValueError: if one of them is an objective of `VAE`.
    """
    for name in OTHER_OBJECTIVES:
        if name in arguments:
            raise ValueError(
                f"`{name}` must not be passed to {type(model).__name__}, whose loss it would not change. "
                f"Received: {name}={arguments[name]!r}"
            )


def without_other_objectives(config, keep=()):
    """The config of a `VAE` without the arguments above, but for those to `keep`."""
    return {name: value for name, value in config.items() if name not in OTHER_OBJECTIVES or name in keep}
