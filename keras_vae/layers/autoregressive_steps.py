"""The networks of an autoregressive flow: one masked network per step, every other one in reversed order."""

from collections.abc import Callable, Sequence
from typing import Any

from keras_vae._checks import check_int
from keras_vae.layers.masked_autoregressive_network import MaskedAutoregressiveNetwork


def autoregressive_steps(
    n_steps: int,
    hidden_units: int | tuple[int, ...],
    activation: str | Callable,
    max_log_scale: float,
    seed: int | None,
) -> list[MaskedAutoregressiveNetwork]:
    """One network per step of a flow, not built yet.

    Args:
        n_steps: int >= 1.
        hidden_units: tuple of ints >= 1. Widths of the hidden layers of every network.
        activation: name or function. Activation of the hidden layers.
        max_log_scale: float > 0. Bound of the log scale of a step.
        seed: int or None. Seed of the initial weights, different in every step.

    Returns:
        list of `MaskedAutoregressiveNetwork`.

    Raises:
        ValueError: if an argument is out of bounds.
    """
    return [
        MaskedAutoregressiveNetwork(
            hidden_units,
            activation,
            reverse=i % 2 == 1,
            max_log_scale=max_log_scale,
            seed=None if seed is None else seed + 1000 * i,
            name=f"step_{i}",
        )
        for i in range(check_int("n_steps", n_steps, 1))
    ]


def config_of_steps(networks: Sequence[MaskedAutoregressiveNetwork]) -> dict[str, Any]:
    """The arguments of `autoregressive_steps` that these networks were made with, as `get_config` wants them."""
    first = networks[0].get_config()
    names = ("hidden_units", "activation", "max_log_scale", "seed")
    return {"n_steps": len(networks), **{name: first[name] for name in names}}
