"""Text as tokens and what is not in the vocabulary, and the same text again."""

import numpy as np
import pytest
from tasks.compression.text.text_stand_in import SENTENCES

from keras_vae.data.tokenizer import Tokenizer
from keras_vae.tasks.compression.text.word_split import WordSplit

TEXTS = [
    b"the cat sat on the mat",
    b"the  zoo cat",
    b"cat\tdog the cat a",
    "the c\u0301at \U0001f408 a dog ran".encode(),
]


def split_of(unit, **kwargs):
    return WordSplit(
        Tokenizer.learn(SENTENCES, unit=unit, **({"max_tokens": 300} if unit == "pieces" else {}), **kwargs)
    )


@pytest.mark.parametrize("unit", ["words", "characters", "bytes", "pieces"])
def test_texts_come_back(unit):
    split = split_of(unit)
    found = split.split(TEXTS)
    assert split.join([one for (one,) in found]) == TEXTS
    assert all(one.tokens[-1] == 3 and one.tokens.dtype == np.int32 for (one,) in found)


def test_words_are_between_single_spaces_and_unknown_ones_are_kept():
    split = split_of("words")
    (one,) = split.split([b"the zoo  cat <unk> cat"])[0]
    assert one.unknown == [b"zoo", b"", b"<unk>"]
    assert one.tokens.tolist()[1:5] == [2, 2, split.spellings.index(b"cat") + 4, 2]
    assert split.split([b""])[0][0].tokens.tolist() == [3]


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("words", b"entirely unknown words the"),
        ("characters", b"the cat\xff"),
        ("pieces", b"the cat\xff"),
        ("words", b"   "),
        ("words", b"the " * 2000 + b"x" * 5000),
    ],
)
def test_what_is_no_text_of_the_vocabulary_is_none(unit, text):
    assert split_of(unit).split([b"the cat", text])[1] is None


def test_long_texts_are_cut_or_left_out():
    split = split_of("words", max_length=4)
    found = split.split([b"the cat sat on the mat a", b"the cat sat"])
    assert [[len(one.tokens) for one in parts] for parts in found] == [[4, 4, 2], [4]]
    assert split.space.join(split.join(found[0])) == b"the cat sat on the mat a"
    # Pieces do not stand alone.
    assert split_of("pieces", max_length=4).split([b"the cat sat on the mat"]) == [None]
    assert split_of("pieces").split([b"\xff"]) == [None]
