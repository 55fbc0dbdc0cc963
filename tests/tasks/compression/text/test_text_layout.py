"""A text in parts, and the same text again."""

import pytest
from tasks.compression.text.text_stand_in import SENTENCES

from keras_vae.data.tokenizer import Tokenizer
from keras_vae.tasks.compression.text.text_layout import RUN, lay_out, put_together
from keras_vae.tasks.compression.text.word_split import WordSplit

SPLIT = WordSplit(Tokenizer.learn(SENTENCES, max_length=5))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n \n",
        b"the cat",
        b"\n\n the cat\n",
        b" the cat \r\n\r\n\tthe dog \r\n \n",
        b"\xef\xbb\xbfthe cat ran to the mat\n\x00\x00\n\xff\xfe\nthe dog",
        b"the cat ran to the mat a dog the end is zoo \n",
        b"nothing of it\nis known\nthe cat sat\nand not\x0b\x0c\n",
        "the cat\u2028ran\u00a0to\n".encode(),
    ],
)
def test_every_byte_comes_back(data):
    assert put_together(lay_out(data, SPLIT), SPLIT) == data


def test_lines_of_one_form_have_one_frame():
    layout = lay_out(b" the cat \n the dog \n a dog ran \n", SPLIT)
    assert layout.frames == [(b" ", b" \n")]
    assert (layout.kinds, layout.runs, len(layout.sentences)) == ([0, 0, 0], [], 3)


def test_a_long_line_is_several_sentences_and_what_is_no_text_a_run():
    layout = lay_out(b"the cat ran to the mat\n\xff\n\xfe\nthe cat", SPLIT)
    assert layout.frames == [(b"", b" "), (b"", b"\n"), RUN, (b"", b"")]
    assert (layout.kinds, layout.runs) == ([0, 1, 2, 3], [b"\xff\n\xfe\n"])
