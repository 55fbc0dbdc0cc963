"""Settings of a run: those given, the others by the kind of data; kept when it goes on."""

import os

from keras_vae._checks import check_choice, check_int, check_number
from keras_vae.data.named import NAMES
from keras_vae.likelihoods import LIKELIHOODS
from keras_vae.networks import NETWORKS
from keras_vae.tasks.data_source import fingerprint, load_data
from keras_vae.tasks.model_input import (
    default_batch_size,
    default_epochs,
    default_likelihood,
    default_network,
    input_settings,
)
from keras_vae.tasks.run_folder import RunFolder

# TensorFlow takes seeds of 64 bits.
MAX_SEED = 2**63 - 1


def open_run(path, resume=False, **given):
    """The run to train at `path`: a new one, or the one that is there.

    Nothing is written yet.

    Args:
        path: str or path. The run folder.
        resume: bool. Whether a run that is there goes on.
        **given: settings, as `make_config` takes them; None is not given.

    Returns:
        `(run, config, dataset)`; the data set is None, and not loaded, if the run is finished.

    Raises:
        ValueError: for a setting out of range or in conflict with the run that is there; without `resume` for a run
            that has finished an epoch, and for a folder of other things.
        FileNotFoundError: if there are no such data.
    """
    run = RunFolder(path)
    if resume and run.exists:
        config = resume_config(run, **given)
        if run.is_finished(config["epochs"]):
            return run, config, None
        return run, config, load_data(config["data"], config["seed"], event_shape=config["event_shape"])
    run.check_free()
    settings = {key: value for key, value in given.items() if value is not None}
    return run, *make_config(**{"data": "digits", **settings})


def make_config(
    data,
    network=None,
    likelihood=None,
    latent_dim=20,
    hidden_units=None,
    beta=1.0,
    free_bits=None,
    learning_rate=1e-3,
    epochs=None,
    batch_size=None,
    seed=0,
):
    """Settings of a run; what is None is chosen by the kind of data.

    Args:
        data: str. Name or path, as `data.load` takes it; a path is kept in full.
        network: str or None.
        likelihood: str or None.
        latent_dim: int >= 1.
        hidden_units: list of int or None.
        beta: float >= 0.
        free_bits: float >= 0 or None. Nats per dimension.
        learning_rate: float > 0. Of Adam.
        epochs: int >= 1 or None.
        batch_size: int >= 1 or None.
        seed: int from 0 to 2**63 - 1. Of weights, order, draws and noise.

    Returns:
        `(config, dataset)`: a dict that JSON can hold, and the loaded data.

    Raises:
        ValueError: for a setting out of range.
        FileNotFoundError: if there are no such data.
    """
    if network is not None:
        check_choice("network", network, tuple(NETWORKS))
    if likelihood is not None:
        check_choice("likelihood", likelihood, tuple(LIKELIHOODS))
    settings = {
        "latent_dim": check_int("latent_dim", latent_dim, 1),
        "hidden_units": hidden_units,
        "beta": check_number("beta", beta, minimum=0.0),
        "free_bits": None if free_bits is None else check_number("free_bits", free_bits, minimum=0.0),
        "learning_rate": check_number("learning_rate", learning_rate, minimum=0.0, exclusive=True),
        "seed": check_int("seed", seed, 0),
    }
    if seed > MAX_SEED:
        raise ValueError(f"`seed` must be at most {MAX_SEED}. Received: seed={seed}")
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if value is not None:
            check_int(name, value, 1)
    dataset = load_data(data, seed)
    likelihood = likelihood or default_likelihood(dataset)
    batch_size = batch_size or default_batch_size(dataset)
    return {
        "data": full_name(data),
        "n_train": dataset.n_train,
        "fingerprint": fingerprint(dataset),
        "event_shape": list(dataset.event_shape),
        "network": network or default_network(dataset),
        "likelihood": likelihood,
        **settings,
        "epochs": epochs or default_epochs(dataset, batch_size),
        "batch_size": batch_size,
        "input": input_settings(dataset, likelihood),
    }, dataset


def resume_config(run, **given):
    """The config of a run that goes on, with more epochs if they are asked for.

    Args:
        run: `RunFolder` with a config.
        **given: settings given again; None is not given.

    Returns:
        dict.

    Raises:
        ValueError: if a setting other than `epochs` differs from that of the run, or epochs would be taken away.
    """
    config = run.read_config()
    epochs = given.pop("epochs", None)
    for key, value in given.items():
        if value is None:
            continue
        value = full_name(value) if key == "data" else value
        if value != config[key]:
            raise ValueError(
                f"`{key}` must stay what it was when the run began, {config[key]!r}; begin another with --out. "
                f"Received: {key}={value!r}"
            )
    if epochs is not None:
        config["epochs"] = check_int("epochs", epochs, 1)
        if epochs < run.epochs_done:
            raise ValueError(f"`epochs` must be at least the {run.epochs_done} done. Received: epochs={epochs}")
    return config


def full_name(data):
    """A name as it is, a path in full: the run may go on from another working directory."""
    return data if data == "digits" or data in NAMES else os.path.abspath(os.path.expanduser(data))
