import contextlib
import io
import re

import pytest

from keras_vae import _progress
from keras_vae.callbacks.training_bar import TrainingBar


@pytest.fixture(autouse=True)
def every_step_is_written(monkeypatch):
    monkeypatch.setattr(_progress, "LINE_SECONDS", 0.0)


def lines_of(vae, x, bar, **kwargs):
    """What is written while a model is trained, a line for every move of the bar."""
    with contextlib.redirect_stderr(io.StringIO()) as file:
        vae.fit(x, batch_size=4, callbacks=[bar], verbose=0, **kwargs)
    return file.getvalue().splitlines()


def test_one_bar_goes_over_all_epochs(vae, x):
    lines = lines_of(vae, x, bar := TrainingBar(), epochs=3)
    assert lines[0].startswith("training: 0 %, 0 of 6 steps")
    assert any(line.startswith("epoch 1 of 3: 17 %, 1 of 6 steps") for line in lines)
    assert any(line.startswith("epoch 3 of 3: 100 %, 6 of 6 steps") for line in lines)
    numbers = [int(re.search(r"(\d+) of 6", line)[1]) for line in lines]
    assert numbers == sorted(numbers)
    assert bar.bar is None


def test_it_shows_the_held_out_bound_or_the_bound_of_the_training(vae, x):
    lines = lines_of(vae, x, TrainingBar(), epochs=2, validation_data=x[:4])
    assert re.search(r"held-out ELBO -\d+\.\d\d$", lines[-1])
    lines = lines_of(vae, x, TrainingBar(), epochs=2)
    assert re.search(r", ELBO -\d+\.\d\d$", lines[-1])


def test_a_training_that_goes_on_starts_where_it_was(vae, x):
    lines = lines_of(vae, x, TrainingBar(), epochs=4, initial_epoch=3)
    assert lines[0].startswith("training: 75 %, 6 of 8 steps")
    assert lines[-1].startswith("epoch 4 of 4: 100 %, 8 of 8 steps")


def test_it_goes_away_when_asked_twice_and_after_an_exception(vae, x):
    class Stop(TrainingBar):
        def on_train_batch_end(self, batch, logs=None):
            super().on_train_batch_end(batch, logs)
            raise KeyboardInterrupt

    bar = Stop()
    with pytest.raises(KeyboardInterrupt):
        lines_of(vae, x, bar, epochs=2)
    assert bar.bar is not None
    with contextlib.redirect_stderr(io.StringIO()):
        bar.close()
        bar.close()
    assert bar.bar is None


def test_the_same_bar_serves_a_second_training(vae, x):
    bar = TrainingBar()
    lines_of(vae, x, bar, epochs=1)
    assert lines_of(vae, x, bar, epochs=1)[-1].startswith("epoch 1 of 1: 100 %, 2 of 2 steps")
