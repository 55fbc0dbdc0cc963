"""Pieces of words by sentencepiece, such that every text comes back as it was."""

import io
import itertools

import numpy as np

MISSING = 'pieces of words need the package sentencepiece: pip install "keras_vae[text]"'
# sentencepiece writes a space as U+2581, so one that is in the text is written otherwise: as a private character and a
# second one. The private character itself gets another second one, which makes the way back unique.
_BLANK, _ESCAPE = "\u2581", "\ue000"
ESCAPES = ((_ESCAPE, _ESCAPE + "\ue001"), (_BLANK, _ESCAPE + "\ue002"))


def learn_pieces(sentences: list[bytes], n_pieces: int) -> bytes:
    """A sentencepiece model (byte pair encoding) that restores every text, characters it has never seen included.

    Args:
        sentences: list of bytes, UTF-8, with one that is not blank.
        n_pieces: int. Number of pieces at most, the 256 single bytes and the model's own unknown included.

    Returns:
        bytes. The model.

    Raises:
        ImportError: if sentencepiece is not installed.
        ValueError: if that many pieces cannot hold the bytes and the characters of the text.

    References:
        Kudo & Richardson 2018, https://arxiv.org/abs/1808.06226
    """
    sentencepiece, model = _sentencepiece(), io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter([escaped(sentence.decode()) for sentence in sentences]),
            model_writer=model,
            model_type="bpe",
            vocab_size=n_pieces,
            hard_vocab_limit=False,
            normalization_rule_name="identity",
            byte_fallback=True,
            remove_extra_whitespaces=False,
            add_dummy_prefix=False,
            unk_id=0,
            bos_id=-1,
            eos_id=-1,
            pad_id=-1,
            # Longer sentences would be left out.
            max_sentence_length=3 * max(map(len, sentences)) + 1,
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).split("] ")[-1].strip() or str(error)
        raise ValueError(f"`max_tokens` does not allow pieces of these sentences: {reason}") from error
    return model.getvalue()


class Pieces:
    """The pieces of a sentencepiece model by number.

    Args:
        model: bytes. The model, as `learn_pieces` makes it.

    Attributes:
        names: list of str. Names of the pieces, which sentencepiece gives them.
        spellings: list of bytes. What each piece stands for.
    """

    def __init__(self, model):
        try:
            self._processor = _sentencepiece().SentencePieceProcessor(model_proto=model)
        except (RuntimeError, TypeError) as error:
            raise ValueError(f"`pieces_model` is no model of sentencepiece: {error}") from error
        numbers = range(self._processor.get_piece_size())
        self.names = [self._processor.id_to_piece(number) for number in numbers]
        self.spellings = [self._spelling(number) for number in numbers]

    def numbers(self, vocabulary: tuple[str, ...]) -> list[int]:
        """Numbers of the pieces of these names.

        Raises:
            ValueError: if they are not the names of all pieces but the unknown.
        """
        number_of = {name: number for number, name in enumerate(self.names) if number}
        if number_of.keys() != set(vocabulary):
            raise ValueError("`vocabulary` must hold the pieces of `pieces_model`. Received: others")
        return [number_of[name] for name in vocabulary]

    def _spelling(self, number):
        name = self.names[number]
        if self._processor.is_unknown(number):
            return b""
        return bytes([int(name[3:5], 16)]) if self._processor.is_byte(number) else name.replace(_BLANK, " ").encode()

    def split(self, sentences: list[bytes]) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the pieces of all sentences end to end, and how many each sentence has: int32, int64."""
        found = self._processor.encode([escaped(sentence.decode()) for sentence in sentences])
        lengths = np.fromiter(map(len, found), np.int64, len(found))
        return np.fromiter(itertools.chain.from_iterable(found), np.int32, int(lengths.sum())), lengths


def escaped(text: str) -> str:
    """The text without U+2581, which replacing the `ESCAPES` the other way, last one first, undoes."""
    for plain, written in ESCAPES:
        text = text.replace(plain, written)
    return text


def _sentencepiece():
    try:
        import sentencepiece
    except ImportError as error:
        raise ImportError(MISSING) from error
    return sentencepiece
