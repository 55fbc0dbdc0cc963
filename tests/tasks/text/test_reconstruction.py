"""BLEU by its formula and by hand, and exact matches by length."""

import collections
import math
import sys

import numpy as np
import pytest

from keras_vae.tasks.text.reconstruction import bleu, reconstruction_quality


def bleu_by_formula(texts, reconstructions):
    """Papineni et al. 2002, of one reference each, without smoothing."""
    found, total = np.zeros(4), np.zeros(4)
    for text, made in zip(texts, reconstructions, strict=True):
        for n in range(1, 5):
            runs, wanted = (
                collections.Counter(tuple(w[i : i + n]) for i in range(len(w) - n + 1))
                for w in (made.split(), text.split())
            )
            found[n - 1] += sum((runs & wanted).values())
            total[n - 1] += sum(runs.values())
    length, wanted = (sum(len(t.split()) for t in part) for part in (reconstructions, texts))
    return 100.0 * min(1.0, math.exp(1.0 - wanted / length)) * math.exp(np.mean(np.log(found / total)))


def some_pairs(rng, n=60):
    texts = [" ".join(rng.choice(list("abcdef"), size=k)) for k in rng.integers(4, 40, size=n)]
    made = [" ".join(w for w in text.split() if rng.random() < 0.8) for text in texts]
    return texts, [a if rng.random() < 0.3 else b for a, b in zip(texts, made, strict=True)]


def test_bleu_is_its_formula(rng):
    texts, made = some_pairs(rng)
    assert bleu(texts, made) == pytest.approx(bleu_by_formula(texts, made), rel=1e-6)
    assert bleu(texts, texts) == pytest.approx(100.0)


def test_bleu_changes_nothing_of_the_words():
    # The usual tokenisation would split them, and let case pass or not.
    assert bleu(["U.S. <unk> 's n't"], ["U.S. <unk> 's n't"]) == pytest.approx(100.0)
    assert bleu(["a b c d-e"], ["a b c d - e"]) < 60.0


def test_buckets_are_the_texts_of_their_lengths(rng):
    texts, made = some_pairs(rng)
    found = reconstruction_quality(texts, made, buckets=(5, 15))
    assert [part.longest for part in found.by_length] == [5, 15, None]
    assert sum(part.n for part in found.by_length) == found.n == 60
    assert found.exact == pytest.approx(np.mean([a == b for a, b in zip(texts, made, strict=True)]))
    assert found.bleu == pytest.approx(bleu(texts, made))
    for part, (low, high) in zip(found.by_length, [(0, 5), (5, 15), (15, 99)], strict=True):
        pairs = [(a, b) for a, b in zip(texts, made, strict=True) if low < len(a.split()) <= high]
        assert part.n == len(pairs)
        assert part.exact == pytest.approx(np.mean([a == b for a, b in pairs]))
        assert part.bleu == pytest.approx(bleu(*zip(*pairs, strict=True)))


def test_a_bucket_of_no_text_is_left_out():
    found = reconstruction_quality(["a b", "a b c d"], ["a b", ""], buckets=(1, 2, 3))
    assert [(part.longest, part.n, part.exact) for part in found.by_length] == [(2, 1, 1.0), (None, 1, 0.0)]


def test_what_does_not_fit_is_refused():
    for texts, made in (([], []), (["a"], ["a", "b"])):
        with pytest.raises(ValueError, match="`texts` and `reconstructions` must be as many, and at least one"):
            reconstruction_quality(texts, made)
    with pytest.raises(ValueError, match=r"`buckets` must increase. Received: buckets=\(3, 2\)"):
        reconstruction_quality(["a"], ["a"], (3, 2))


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    with pytest.raises(ImportError, match=r"BLEU needs the package sacrebleu: pip install \"keras_vae\[text\]\""):
        bleu(["a"], ["a"])
