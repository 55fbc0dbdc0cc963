"""Search on toy chains, whose texts can be counted out: the best ones, how often each is drawn, and where rows end."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from keras_vae.models.token_draws import drawn_tokens, seeds_of_rows, uniforms_of_rows
from keras_vae.models.token_search import beam, greedy, sampled

N_TOKENS, END = 6, 3
WORDS = (2, 4, 5)


def chains(rng, n, sharpness=1.5):
    """Log probabilities `(n, 6, 6, 6)` of a token after two others, another chain for every row."""
    logits = sharpness * rng.normal(size=(n, *3 * [N_TOKENS])).astype("float32")
    logits[..., :2] = -np.inf
    return tf.nn.log_softmax(logits)


def step(tokens, state):
    """A step of the chains; the state is what came before and the chain itself, so that mixed-up rows are seen."""
    log_probs = tf.gather(tf.gather(state["chain"], state["before"], batch_dims=1), tokens, batch_dims=1)
    return log_probs, {**state, "before": tokens}


def start(chain):
    return {"chain": chain, "before": tf.zeros([len(chain)], tf.int32)}


def log_prob(chain, text):
    """log p of a text, in Python."""
    before, last, total = 0, 1, 0.0
    for token in text:
        total += float(chain[before, last, token])
        before, last = last, token
    return total


def texts(max_length):
    """All texts that end, as tuples."""
    return [(*words, END) for k in range(max_length) for words in itertools.product(WORDS, repeat=k)]


def padded(text, max_length):
    return (*text, *(max_length - len(text)) * [0])


@pytest.mark.parametrize("length_penalty", [0.0, 0.7, 1.0])
def test_a_wide_beam_finds_the_best_of_all_texts(rng, length_penalty):
    chain, max_length = chains(rng, 20), 4
    search = tf.function(lambda state: beam(step, state, 20, max_length, 100, length_penalty))
    found = search(start(chain)).numpy()
    for row, rows_chain in zip(found, chain.numpy(), strict=True):
        best = max(texts(max_length), key=lambda text: log_prob(rows_chain, text) / len(text) ** length_penalty)
        assert tuple(row) == padded(best, max_length)


def test_a_beam_without_normalisation_prefers_shorter_texts(rng):
    chain = chains(rng, 50)
    lengths = [np.count_nonzero(beam(step, start(chain), 50, 8, 20, penalty), axis=1).mean() for penalty in (0.0, 1.0)]
    assert lengths[0] < lengths[1]


def test_a_wider_beam_is_no_worse_on_average(rng):
    chain = chains(rng, 200)

    def mean_score(n_beams):
        found = beam(step, start(chain), 200, 6, n_beams, 0.0).numpy()
        return np.mean([log_prob(c, row[row > 0]) for c, row in zip(chain.numpy(), found, strict=True)])

    assert mean_score(1) < mean_score(3) <= mean_score(50)


def greedy_by_hand(chain, max_length):
    before, last, text = 0, 1, []
    while len(text) < max_length and last != END:
        before, last = last, int(np.argmax(chain[before, last]))
        text.append(last)
    return padded(text, max_length)


def test_greedy_takes_the_likeliest_token_of_each_row(rng):
    chain = chains(rng, 30)
    found = greedy(step, start(chain), 30, 7)
    assert found.dtype == tf.int32
    expected = [greedy_by_hand(c, 7) for c in chain.numpy()]
    np.testing.assert_array_equal(found, expected)
    # Some rows end before others, and some not at all.
    assert len({row.index(END) if END in row else None for row in expected}) > 3


def test_one_beam_is_greedy_and_so_are_no_temperature_and_a_tiny_share(rng):
    chain = chains(rng, 30)
    expected = greedy(step, start(chain), 30, 7)
    np.testing.assert_array_equal(beam(step, start(chain), 30, 7, 1), expected)
    seeds = rng.integers(0, 2**62, size=(30, 2))
    np.testing.assert_array_equal(sampled(step, start(chain), 30, 7, seeds, temperature=0.0), expected)
    np.testing.assert_array_equal(sampled(step, start(chain), 30, 7, seeds, top_p=1e-6), expected)


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_texts_are_drawn_as_often_as_they_are_probable(rng, temperature):
    n, max_length = 20_000, 3
    chain = chains(rng, 1, sharpness=0.7)
    rows = tf.repeat(chain, n, axis=0)
    draw = tf.function(lambda state, seeds: sampled(step, state, n, max_length, seeds, temperature))
    found = draw(start(rows), rng.integers(0, 2**62, size=(n, 2))).numpy()
    warm = tf.nn.log_softmax(chain[0] / temperature).numpy()
    drawn, counts = np.unique(found, axis=0, return_counts=True)
    frequencies = {tuple(row): count / n for row, count in zip(drawn, counts, strict=True)}
    unfinished = list(itertools.product(WORDS, repeat=max_length))
    assert set(frequencies) <= {padded(text, max_length) for text in texts(max_length) + unfinished}
    for text in texts(max_length) + unfinished:
        p = np.exp(log_prob(warm, text))
        error = np.sqrt(p * (1.0 - p) / n)
        assert abs(frequencies.get(padded(text, max_length), 0.0) - p) < 5.0 * error


def test_what_a_row_draws_depends_on_its_seed_alone(rng):
    chain, seeds = chains(rng, 40), rng.integers(-(2**62), 2**62, size=(40, 2))
    together = sampled(step, start(chain), 40, 9, seeds).numpy()
    for i in (0, 17, 39):
        alone = sampled(step, start(chain[i : i + 1]), 1, 9, seeds[i : i + 1])
        np.testing.assert_array_equal(alone[0], together[i])
    order = rng.permutation(40)
    mixed = sampled(step, start(tf.gather(chain, order)), 40, 9, seeds[order])
    np.testing.assert_array_equal(mixed, together[order])
    # A shorter limit cuts the same texts.
    np.testing.assert_array_equal(sampled(step, start(chain), 40, 4, seeds), together[:, :4])
    others = sampled(step, start(chain), 40, 9, seeds + 1)
    assert np.any(others != together)


def test_draws_are_from_the_likeliest_tokens_alone(rng):
    # 0.5, 0.3, 0.15, 0.05: seven tenths are two tokens, eight tenths still, and a little more three.
    log_probs = np.log(np.tile(np.float32([1e-30, 0.3, 0.05, 0.5, 0.15]), (5000, 1)))
    uniform = rng.random(5000)
    for top_p, kept in ((0.2, {3}), (0.7, {1, 3}), (0.81, {1, 3, 4}), (1.0, {1, 2, 3, 4})):
        found = drawn_tokens(log_probs, uniform, top_p=top_p).numpy()
        assert set(found) == kept
        share = 0.5 / np.exp(log_probs[0, list(kept)]).sum()
        assert abs(np.mean(found == 3) - share) < 5.0 * np.sqrt(share * (1 - share) / 5000) + 1e-9


@pytest.mark.parametrize("n_tokens", [3, 128, 129, 1000])
def test_a_token_is_where_the_uniform_number_lies_in_the_running_sum(rng, n_tokens):
    weights = rng.random((50, n_tokens)) * (rng.random((50, n_tokens)) < 0.5)
    weights[:, rng.integers(n_tokens)] += 0.1
    with np.errstate(divide="ignore"):
        log_probs = np.log(weights).astype("float32") + rng.normal(size=(50, 1)).astype("float32")
    uniform = rng.random(50)
    uniform[:3] = 0.0, 1.0 - 2.0**-53, 0.5
    found = drawn_tokens(log_probs, uniform).numpy()
    ends = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    expected = [np.searchsorted(row, u, side="right") for row, u in zip(ends, uniform, strict=True)]
    expected[1] = np.flatnonzero(weights[1])[-1]
    np.testing.assert_array_equal(found, expected)
    assert np.all(weights[np.arange(50), found] > 0.0)


def test_every_row_may_have_its_own_temperature(rng):
    chain, seeds = chains(rng, 30), seeds_of_rows((4, 2), 30)
    temperature = np.where(np.arange(30) % 2, 0.0, 2.0).astype("float32")
    found = sampled(step, start(chain), 30, 7, seeds, temperature).numpy()
    np.testing.assert_array_equal(found[1::2], greedy(step, start(chain), 30, 7)[1::2])
    np.testing.assert_array_equal(found[::2], sampled(step, start(chain), 30, 7, seeds, 2.0)[::2])


def test_the_seed_of_a_row_depends_on_its_number_alone():
    np.testing.assert_array_equal(seeds_of_rows((7, 3), 4)[:2], seeds_of_rows((7, 3), 2))
    np.testing.assert_array_equal(seeds_of_rows((7, 3), 2), [[7, 3], [7, 4]])


def test_uniform_numbers_are_uniform(rng):
    found = uniforms_of_rows(rng.integers(0, 2**62, size=(300, 2)), 50).numpy()
    assert found.shape == (300, 50)
    for power in (1, 2):
        mean, variance = 1 / (power + 1), 1 / (2 * power + 1) - 1 / (power + 1) ** 2
        assert abs(np.mean(found**power) - mean) < 5.0 * np.sqrt(variance / found.size)
    # Neighbours, in a row and between rows, have nothing in common.
    for a, b in ((found[:, 1:], found[:, :-1]), (found[1:], found[:-1])):
        assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 5.0 / np.sqrt(a.size)


SEARCHES = {
    "greedy": lambda state, n, max_length: greedy(step, state, n, max_length),
    "beam": lambda state, n, max_length: beam(step, state, n, max_length, 3),
    "sampled": lambda state, n, max_length: sampled(step, state, n, max_length, seeds_of_rows((0, 1), n)),
}


@pytest.mark.slow
@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_one_graph_takes_any_number_of_rows_and_any_limit(rng, search):
    @tf.function(input_signature=[tf.TensorSpec((None, *3 * [N_TOKENS])), tf.TensorSpec((), tf.int32)])
    def graph(chain, max_length):
        state = {"chain": chain, "before": tf.zeros([tf.shape(chain)[0]], tf.int32)}
        return search(state, tf.shape(chain)[0], max_length)

    for n, max_length in ((5, 4), (1, 9), (0, 3), (3, 1)):
        chain = chains(rng, n)
        found = graph(chain, max_length).numpy()
        assert found.shape == (n, max_length)
        np.testing.assert_array_equal(found, search(start(chain), n, max_length))
        after_end = np.cumsum(found == END, axis=1) - (found == END) > 0
        assert np.all((found == 0) == after_end)


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_a_loop_stops_when_all_rows_have_ended(search):
    """Chains that must end after 2, 3 and 5 tokens: what is asked of a step afterwards does not count its rows."""
    asked = []

    def counting_step(tokens, state):
        asked.append(len(tokens))
        left = state["left"] - 1
        words = tf.where(left[:, None] > 0, tf.constant([2.0, 1.0]), -np.inf)
        end = tf.where(left[:, None] > 0, -np.inf, 0.0)
        nothing = tf.fill([len(tokens), 2], -np.inf)
        log_probs = tf.nn.log_softmax(tf.concat([nothing, words[:, :1], end, words[:, 1:]], axis=1))
        return log_probs, {"left": left}

    rows = {"left": tf.constant([2, 5, 3])}
    found = {
        "greedy": lambda: greedy(counting_step, rows, 3, 50),
        "beam": lambda: beam(counting_step, rows, 3, 50, 3),
        "sampled": lambda: sampled(counting_step, rows, 3, 50, [[0, 1], [0, 2], [0, 3]]),
    }[next(name for name, function in SEARCHES.items() if function is search)]()
    np.testing.assert_array_equal(np.count_nonzero(found, axis=1), [2, 5, 3])
    assert [n // max(asked[-1], 1) for n in asked] == [3, 3, 2, 1, 1]


def test_a_text_that_does_not_end_is_cut():
    log_probs = np.log(np.float32([[0, 0, 0.6, 0, 0.4]]) + 1e-30)
    log_probs[:, [0, 1, 3]] = -np.inf

    def endless(tokens, state):
        return tf.repeat(log_probs, tf.shape(tokens)[0], axis=0), state

    for found in (greedy(endless, (), 2, 4), beam(endless, (), 2, 4, 2)):
        np.testing.assert_array_equal(found, np.full((2, 4), 2))
