"""Sentences of a small grammar, for the tests of tasks, runs and the shell."""

import numpy as np

SUBJECTS = ("the cat", "a dog", "the old man", "a judge")
VERBS = ("saw", "sold", "liked")
OBJECTS = ("the house", "a bird", "some shares", "the tree by the lake")


def sentences(n=80, seed=0):
    """`n` sentences, list of str."""
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words) for words in (SUBJECTS, VERBS, OBJECTS)) for _ in range(n)]


def write_sentences(path, n=60):
    """A .txt file of sentences beside a path; returns its path."""
    path = path.with_suffix(".txt")
    path.write_text("\n".join(sentences(n)) + "\n", encoding="utf-8")
    return path
