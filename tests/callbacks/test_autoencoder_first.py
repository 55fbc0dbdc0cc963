import keras
import numpy as np
import pytest

import keras_vae as kv
from keras_vae.callbacks import AutoencoderFirst, BetaAnnealing


@pytest.fixture
def vae():
    model = kv.make_vae((6,), latent_dim=2, hidden_units=(4,), likelihood="gaussian", seed=0)
    model.compile(keras.optimizers.Adam(1e-2))
    return model


@pytest.fixture
def x(rng):
    return rng.normal(size=(32, 6)).astype("float32")


class Kept(keras.callbacks.Callback):
    """What the model is like when each epoch begins; put behind the callback that is looked at."""

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_epoch_begin(self, epoch, logs=None):
        optimizer = self.model.optimizer
        moments = [np.abs(v.numpy()).max() for v in optimizer.variables if len(v.shape)]
        weights = self.model.encoder.get_weights(), self.model.decoder.get_weights()
        self.seen.append((*weights, max(moments, default=0.0), int(optimizer.iterations)))


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_the_decoder_begins_again_and_the_encoder_does_not(vae, x):
    kept = Kept()
    history = vae.fit(x, epochs=4, batch_size=8, callbacks=[AutoencoderFirst(2), kept], verbose=0).history
    assert history["beta"] == [0.0, 0.0, 1.0, 1.0]
    (encoder_0, decoder_0, *_), (_, decoder_1, moments_1, _), (encoder_2, decoder_2, moments_2, steps), _ = kept.seen
    assert not same(decoder_0, decoder_1)
    assert same(decoder_0, decoder_2)
    assert not same(encoder_0, encoder_2)
    # The optimizer forgets the old decoder, and not how far it has come.
    assert moments_1 > 0.0
    assert (moments_2, steps) == (0.0, 8)
    assert not same(decoder_2, vae.decoder.get_weights())


def test_a_new_decoder_may_be_given_and_beta_be_annealed_behind(vae, x):
    fresh = [np.full(w.shape, 0.01, w.dtype) for w in vae.decoder.get_weights()]
    kept, rise = Kept(), BetaAnnealing(lambda step: min(1.0, max(0.0, (step - 3) / 2)))
    callbacks = [rise, AutoencoderFirst(1, lambda: fresh), kept]
    history = vae.fit(x, epochs=2, batch_size=8, callbacks=callbacks, verbose=0).history
    assert same(kept.seen[1][1], fresh)
    assert history["beta"][0] == 0.0
    assert history["beta"][1] > 0.0


def test_a_training_that_goes_on(vae, x):
    fresh = vae.decoder.get_weights()
    with pytest.raises(ValueError, match=r"`fresh_weights` must be given for a training that goes on at epoch 2, in"):
        vae.fit(x, epochs=3, initial_epoch=1, callbacks=[AutoencoderFirst(2)], verbose=0)
    kept = Kept()
    vae.fit(x, epochs=3, initial_epoch=1, callbacks=[AutoencoderFirst(2, lambda: fresh), kept], verbose=0)
    assert same(kept.seen[1][1], fresh)
    # Behind those epochs nothing is left to do.
    trained = vae.decoder.get_weights()
    vae.fit(x, epochs=4, initial_epoch=3, callbacks=[AutoencoderFirst(2), kept], verbose=0)
    assert same(kept.seen[0][1], trained)


@pytest.mark.parametrize("n_epochs", [0, -1, 1.5, None])
def test_a_number_out_of_bounds_is_refused(n_epochs):
    with pytest.raises(ValueError, match="`n_epochs` must be a whole number >= 1"):
        AutoencoderFirst(n_epochs)
