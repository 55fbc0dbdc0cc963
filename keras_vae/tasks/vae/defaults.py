"""What is trained where nothing is said: graph, network, sizes, likelihood and pace by kind and number of the data.

`benchmarks/core/defaults.py` measures them over many sets at once, and other choices beside them.
"""

import math

from keras_vae.tasks.vae.kind_of_data import default_likelihood, is_nearly_black_and_white
from keras_vae.tasks.vae.starts import start_of

# Below, images have no use for convolutions or several layers of latents.
MIN_SIDE = 16
LATENT_DIM = 20
# Widths of a dense network, and of the network beside a linear map. With one layer curved tables are bent too little,
# and more latents than they have factors make up for it.
UNITS = {"dense": [512], "skip": [256, 256]}
# A network beside a linear map begins where factor analysis ends; larger steps would lose that first.
SKIP_RATE = 3e-4
# Channels and latent channels of the stages of a ladder, the finest first; widths and latents of a dense one.
LADDER = {
    "resnet": ([48, 64, 64, 64, 64, 64], [8, 16, 32, 32, 32, 32]),
    "dense": ([512, 256], [32, 16]),
}
# Channels for pictures of more pixels, whose steps cost so much more that wide networks would see too few of them.
MANY_PIXELS, NARROW = 48 * 48, [24, 32, 48, 48, 48, 48]
# Share of the training in which the KL of a ladder is weighed less: without it the latents next to the data stay
# unused. A ladder that begins as a pyramid has them in use.
LADDER_WARM_UP = 0.15
# Its steps are costly, so that few examples are to make many of them: batches of so many at most and at least, of which
# an epoch has about so many. Small batches take smaller steps.
LADDER_BATCHES, STEPS_OF_LADDER = (4, 8, 16, 32), 64
LADDER_RATE, SMALL_BATCH, RATE_OF_SMALL = 2e-3, 8, 1e-3


def defaults_for(data, given):
    """Settings by the data, for what nobody has chosen.

    Args:
        data: `Dataset`.
        given: dict of settings, None where nothing was given: the others follow from those that were.

    Returns:
        dict by name, with `graph`, `network`, `likelihood`, `latent_dim`, `hidden_units` and `warm_up_share`.
    """
    graph = given["graph"] or _graph(data, given)
    network = given["network"] or _network(data, graph)
    chosen = {"graph": graph, "network": network, "likelihood": given["likelihood"] or default_likelihood(data)}
    if graph == "ladder":
        chosen |= _ladder_sizes(data, network, given)
        sizes = {name: given[name] or chosen[name] for name in ("latent_dim", "hidden_units")}
        warm_up = 0.0 if start_of({**given, **chosen, **sizes}, data.event_shape) else LADDER_WARM_UP
        return {**chosen, **_ladder_pace(data, given), "warm_up_share": warm_up}
    n_latent = min(LATENT_DIM, data.event_shape[0]) if data.kind == "table" else LATENT_DIM
    # Other networks know their own widths.
    pace = {"warm_up_share": 0.0, **({"learning_rate": SKIP_RATE} if network == "skip" else {})}
    return {**chosen, **pace, "latent_dim": [n_latent], "hidden_units": UNITS.get(network)}


def _graph(data, given):
    """A ladder for pictures, unless something was asked for that it cannot do."""
    if given["latent_dim"] is not None:
        return "ladder" if len(given["latent_dim"]) > 1 else "vae"
    wants_one_layer = (
        given["condition"] is not None
        or given["prior"] != "standard_normal"
        or given["objective"] in ("total_correlation", "mmd")
    )
    is_ladder_network = given["network"] in (None, _network_of_pictures(data))
    return "ladder" if _is_picture(data) and is_ladder_network and not wants_one_layer else "vae"


def _is_picture(data):
    """Whether there is more to an image than a few pixels."""
    return data.kind == "image" and max(data.event_shape[:2]) >= MIN_SIDE


def _network_of_pictures(data):
    """Lines on paper have no use for convolutions; photographs do."""
    return "dense" if is_nearly_black_and_white(data) else "resnet"


def _network(data, graph):
    if _is_picture(data):
        return _network_of_pictures(data)
    if graph == "ladder":
        return "dense"
    return {"sequence": "recurrent", "table": "skip", "image": "dense"}[data.kind]


def _ladder_pace(data, given):
    fitting = [n for n in LADDER_BATCHES if n * STEPS_OF_LADDER <= data.n_train]
    batch_size = given["batch_size"] or max(fitting, default=LADDER_BATCHES[0])
    rate = RATE_OF_SMALL if batch_size <= SMALL_BATCH else LADDER_RATE
    return {"learning_rate": rate, "batch_size": batch_size}


def _ladder_sizes(data, network, given):
    units, latents = LADDER.get(network, LADDER["dense"])
    if network == "resnet" and math.prod(data.event_shape[:2]) > MANY_PIXELS:
        units = NARROW
    n_layers = len(given["latent_dim"] or given["hidden_units"] or latents)
    if network == "resnet" and given["latent_dim"] is None and given["hidden_units"] is None:
        # Down to a map of one pixel, whose latents are the plan of the whole picture: on a larger one the places are
        # drawn without each other.
        n_layers = min(n_layers, max(1, (min(data.event_shape[:2]) - 1).bit_length()))
    if n_layers > len(latents):
        # Somebody has asked for more layers than are known here: the network has its own widths.
        return {"latent_dim": [*latents, *[latents[-1]] * (n_layers - len(latents))], "hidden_units": None}
    return {"latent_dim": latents[:n_layers], "hidden_units": units[:n_layers]}
