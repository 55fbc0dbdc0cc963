"""The objective of a model from its arguments."""

from keras_vae._checks import check_number
from keras_vae.objectives.elbo import ELBO
from keras_vae.objectives.objective import Objective


def get_objective(objective: Objective | None = None, beta: float = 1.0) -> Objective:
    """The objective given, or the ELBO with that weight of its KL.

    Args:
        objective: `Objective` or None.
        beta: float >= 0. Short for `ELBO(beta=...)`; 1 beside an objective, which has its own.

    Returns:
        `Objective`.

    Raises:
        ValueError: for another object, or a beta beside an objective.
    """
    check_number("beta", beta, minimum=0.0)
    if objective is None:
        return ELBO(beta=beta)
    if not isinstance(objective, Objective):
        raise ValueError(
            f"`objective` must be an object such as keras_vae.objectives.ELBO(beta=4.0). Received: {objective!r}"
        )
    if beta != 1.0:
        raise ValueError(
            f"`beta` must be an argument of the objective where one is given. "
            f"Received: beta={beta} beside objective={type(objective).__name__}"
        )
    return objective
