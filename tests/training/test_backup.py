"""`keras.callbacks.BackupAndRestore`: a killed `fit` ends with the numbers of one that was not."""

import json

import keras
import numpy as np
import pytest
from helpers import small_vae

from keras_vae._files import atomic_path
from keras_vae.optimizers import Adam

X = np.random.default_rng(0).normal(size=(40, 6)).astype("float32")


class Killed(BaseException):
    """Stands for the end of the process: nothing catches it."""


def train(folder=None, die_in_epoch=None):
    vae = small_vae(seed=7)
    vae.compile(Adam(0.05))

    def die(batch, logs):
        if int(vae.optimizer.iterations.numpy()) > die_in_epoch * 3:
            raise Killed

    callbacks = [] if folder is None else [keras.callbacks.BackupAndRestore(folder)]
    if die_in_epoch is not None:
        callbacks.append(keras.callbacks.LambdaCallback(on_train_batch_end=die))
    history = vae.fit(
        X, batch_size=16, epochs=5, shuffle=False, validation_data=X[:7], verbose=0, callbacks=callbacks
    ).history
    return history, [v.numpy() for v in vae.variables] + [v.numpy() for v in vae.optimizer.variables]


@pytest.mark.slow
def test_a_killed_fit_ends_with_the_same_numbers(tmp_path):
    history, state = train()
    with pytest.raises(Killed):
        train(tmp_path / "backup", die_in_epoch=2)
    rest, resumed = train(tmp_path / "backup")
    assert {name: values[2:] for name, values in history.items()} == rest
    # Random state, optimizer and weights, bit for bit.
    assert any("seed" in v.name for v in small_vae().variables)
    for a, b in zip(state, resumed, strict=True):
        np.testing.assert_array_equal(a, b)


def test_weights_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.weights.h5"
    vae = small_vae()
    vae.save_weights(path)
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("no space left")

    monkeypatch.setattr(type(vae.sampling), "save_own_variables", fail)
    with pytest.raises(OSError, match="no space left"):
        vae.save_weights(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_weights_in_several_files_are_keras_own(tmp_path):
    vae = small_vae()
    vae.save_weights(tmp_path / "a.weights.json", max_shard_size=1.0)
    assert json.loads((tmp_path / "a.weights.json").read_text())["weight_map"]
    other = small_vae(seed=5)
    other.load_weights(tmp_path / "a.weights.json")
    for a, b in zip(vae.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_existing_weights_are_not_replaced_without_a_word(tmp_path, monkeypatch):
    vae = small_vae()
    path = tmp_path / "a.weights.h5"
    with atomic_path(path) as temporary:
        temporary.write_bytes(b"kept")
    # Keras asks.
    monkeypatch.setattr("builtins.input", lambda *_: "n")
    vae.save_weights(path, overwrite=False)
    assert path.read_bytes() == b"kept"
