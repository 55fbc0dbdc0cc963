import numpy as np
import pytest
import tensorflow as tf

from keras_vae.training.term_tracker import TermTracker


def terms(loss, kl):
    return {"loss": tf.constant(loss), "kl_loss": tf.constant(kl), "unknown": tf.zeros(len(loss))}


def results(tracker):
    return {name: float(value) for name, value in tracker.result().items()}


def test_every_example_counts_once_whatever_its_batch():
    tracker = TermTracker(("loss", "kl_loss"))
    tracker.update_state(terms([1.0, 2.0, 3.0], [0.0, 0.0, 3.0]))
    tracker.update_state(terms([10.0], [1.0]))
    assert results(tracker) == {"loss": 4.0, "kl_loss": 1.0}


def test_examples_count_by_their_weights():
    tracker = TermTracker(("loss",))
    tracker.update_state(terms([1.0, 5.0], [0.0, 0.0]), tf.constant([3.0, 1.0]))
    tracker.update_state(terms([100.0], [0.0]), tf.constant([0.0]))
    assert results(tracker) == {"loss": 2.0}


def test_a_tracker_starts_anew_after_a_reset_and_has_no_mean_of_nothing():
    tracker = TermTracker(("loss",))
    assert results(tracker) == {"loss": 0.0}
    tracker.update_state(terms([7.0], [0.0]))
    tracker.reset_state()
    tracker.update_state(terms([1.0], [0.0]))
    assert results(tracker) == {"loss": 1.0}


def test_half_precision_terms_are_summed_in_single_precision():
    tracker = TermTracker(("loss",))
    for _ in range(50):
        tracker.update_state({"loss": tf.fill((100,), tf.constant(100.0, tf.float16))})
    assert results(tracker)["loss"] == pytest.approx(100.0, rel=1e-6)  # The sum, 500000, is infinite in float16.


def test_config_round_trip():
    tracker = TermTracker(("loss", "kl_loss"), name="mine")
    again = TermTracker.from_config(tracker.get_config())
    assert again.term_names == ("loss", "kl_loss")
    assert again.name == "mine"
    np.testing.assert_array_equal(again.total.shape, (2,))


def test_a_relative_term_is_the_mean_over_the_examples_that_have_it():
    tracker = TermTracker(("loss", "hits", "known"), relative_terms=[("hits", "known")])
    zeros = tf.zeros(2)
    tracker.update_state({"loss": zeros, "hits": zeros, "known": zeros})
    assert np.isnan(results(tracker)["hits"])
    tracker.update_state({"loss": zeros, "hits": tf.constant([1.0, 0.0]), "known": tf.ones(2)})
    tracker.update_state({"loss": zeros, "hits": tf.constant([1.0, 0.0]), "known": tf.constant([1.0, 0.0])})
    assert results(tracker) == {"loss": 0.0, "hits": pytest.approx(2 / 3), "known": 0.5}
    again = TermTracker.from_config(tracker.get_config())
    assert again.relative_terms == tracker.relative_terms
