import numpy as np
import pytest
import tensorflow as tf

import keras_vae as kv


def test_hides_the_share_of_the_words_and_never_padding_or_start():
    tokens = np.tile([1, 4, 5, 6, 7, 8, 3, 0], (4000, 1))
    found = kv.layers.WordDropout(0.3, unknown_id=2, n_kept=2, seed=0)(tokens, training=True).numpy()
    assert (found[:, 0] == 1).all()
    assert (found[:, -1] == 0).all()
    hidden = found[:, 1:-1] == 2
    # 24,000 draws: five standard errors are 0.015.
    assert abs(hidden.mean() - 0.3) < 0.015
    assert np.array_equal(found[:, 1:-1][~hidden], tokens[:, 1:-1][~hidden])


def test_noise_is_fresh_at_every_step_in_a_graph_and_absent_otherwise():
    layer = kv.layers.WordDropout(0.5, unknown_id=2, seed=0)
    run = tf.function(lambda tokens, training: layer(tokens, training=training), reduce_retracing=True)
    tokens = tf.fill([50, 20], 9)
    first, second = run(tokens, True), run(tokens, True)
    assert not np.array_equal(first, second)
    assert np.array_equal(run(tokens, False), tokens)


def test_a_loaded_layer_goes_on_with_the_noise(tmp_path):
    import keras

    tokens = keras.Input((None,), dtype="int32")
    model = keras.Model(tokens, kv.layers.WordDropout(0.5, 2, seed=3)(tokens))
    rows = tf.fill([4, 30], 9)
    model(rows, training=True)
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert np.array_equal(loaded(rows, training=True), model(rows, training=True))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((-0.1, 2), r"`rate` must be"), ((1.1, 2), r"`rate` must be"), ((0.1, -1), r"`unknown_id` must be")],
)
def test_arguments_out_of_bounds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        kv.layers.WordDropout(*arguments)
