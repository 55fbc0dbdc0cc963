"""Which worker a process is, by TF_CONFIG."""

import json
import signal
import threading

import pytest
import tensorflow as tf

from keras_vae.runs.workers import Worker, check_agreement, this_worker

TWO = {"worker": ["a:1", "b:1"]}


@pytest.fixture
def tf_config(monkeypatch):
    return lambda value: monkeypatch.setenv("TF_CONFIG", value if isinstance(value, str) else json.dumps(value))


def test_without_tf_config_a_process_is_alone(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert this_worker() == Worker(0, 1)
    assert this_worker().is_chief


@pytest.mark.parametrize(
    ("config", "index", "n_workers"),
    [
        pytest.param("", 0, 1, id="empty"),
        pytest.param({}, 0, 1, id="no-cluster"),
        pytest.param({"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 0}}, 0, 1, id="one"),
        pytest.param({"cluster": TWO, "task": {"type": "worker", "index": 0}}, 0, 2, id="first"),
        pytest.param({"cluster": TWO, "task": {"type": "worker", "index": 1}}, 1, 2, id="second"),
        pytest.param({"cluster": {"chief": ["c:1"], **TWO}, "task": {"type": "chief", "index": 0}}, 0, 3, id="chief"),
        pytest.param({"cluster": {"chief": ["c:1"], **TWO}, "task": {"type": "worker", "index": 1}}, 2, 3, id="third"),
    ],
)
def test_tf_config_says_which_worker_this_is(tf_config, config, index, n_workers):
    tf_config(config)
    assert this_worker() == Worker(index, n_workers)
    assert this_worker().is_chief == (index == 0)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        pytest.param("{", "`TF_CONFIG` must be JSON with a cluster and a task. Received: TF_CONFIG='{'", id="no-json"),
        pytest.param([1], "must be JSON with a cluster", id="list"),
        pytest.param({"cluster": {"worker": 3}}, "must be JSON with a cluster", id="number-of-workers"),
        pytest.param({"cluster": {**TWO, "ps": ["d:1"]}}, "must name workers, and at most one chief", id="ps"),
        pytest.param({"cluster": {**TWO, "chief": ["d:1", "e:1"]}}, "at most one chief", id="two-chiefs"),
        pytest.param({"cluster": TWO, "task": {"type": "worker", "index": 2}}, "must name a task of", id="beyond"),
        pytest.param({"cluster": TWO, "task": {"type": "worker", "index": -1}}, "must name a task of", id="negative"),
        pytest.param({"cluster": TWO, "task": {"type": "chief", "index": 0}}, "must name a task of", id="no-chief"),
    ],
)
def test_a_tf_config_that_makes_no_sense_is_refused(tf_config, config, message):
    tf_config(config)
    with pytest.raises(ValueError, match=message):
        this_worker()


def test_a_lone_worker_agrees_with_itself_and_has_the_default_strategy():
    check_agreement(Worker(), seed=1)
    with Worker().strategy() as strategy:
        assert strategy is tf.distribute.get_strategy()


def test_another_seed_than_the_chiefs_is_refused(monkeypatch):
    seen = []

    def chiefs(value, trainable):
        seen.append(value)
        return tf.constant(seen[0])

    # Stands for a strategy, whose variables begin with the value of the chief.
    monkeypatch.setattr(tf, "Variable", chiefs)
    check_agreement(Worker(0, 2), epochs_done=3, seed=1)
    check_agreement(Worker(1, 2), epochs_done=3, seed=1)
    with pytest.raises(ValueError, match=r"worker 1 has another seed than the chief: seed=2"):
        check_agreement(Worker(1, 2), epochs_done=3, seed=2)
    with pytest.raises(ValueError, match=r"another epochs_done and seed than the chief: epochs_done=2, seed=2"):
        check_agreement(Worker(1, 2), epochs_done=2, seed=2)
    with pytest.raises(ValueError, match="share the run folder"):
        check_agreement(Worker(1, 2), epochs_done=2, seed=1)


@pytest.mark.parametrize("kind", ["UnavailableError", "AbortedError", "CancelledError", "DeadlineExceededError"])
def test_a_lost_worker_is_said_to_be_lost(monkeypatch, kind):
    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", lambda: None)
    with (
        pytest.raises(ConnectionError, match=rf"worker 1 of 2 has lost another one \({kind}\): start all"),
        Worker(1, 2).strategy(),
    ):
        raise getattr(tf.errors, kind)(None, None, "gone")


@pytest.fixture
def handlers(monkeypatch):
    """What SIGINT and SIGTERM do while the strategy is made, by TensorFlow's leave."""
    during = []

    def strategy():
        during.append(signal.getsignal(signal.SIGINT))
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # As TensorFlow does.
        return "strategy"

    monkeypatch.setattr(tf.distribute, "MultiWorkerMirroredStrategy", strategy)
    before = signal.getsignal(signal.SIGTERM)
    yield during
    signal.signal(signal.SIGTERM, before)


def test_signals_end_a_worker_as_they_end_any_program(handlers):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Worker(1, 2).strategy() as strategy:
        assert strategy == "strategy"
        assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert handlers == [signal.SIG_DFL]


def test_signals_are_left_alone_in_other_threads(handlers):
    found = []

    def join():
        with Worker(1, 2).strategy() as strategy:
            found.append(strategy)

    thread = threading.Thread(target=join)
    thread.start()
    thread.join()
    assert found == ["strategy"]
    assert handlers == [signal.getsignal(signal.SIGINT)]
