"""Bits per character of test sentences by a language model or a sentence VAE, beside PPMd, xz, zstd and a 5-gram.

The text is the test part as it is, all bytes of the file; a character is a byte. Compressors that know nothing are
primed by the training text: what they make of both, less what they make of it alone; zstd takes a dictionary of it. The
5-gram is its ideal code, without a coder. Files are decoded and compared. Sentences one by one are records that are
read without the others, their bytes summed up. Lossy are rounded codes with the first words of each sentence, after
which the model writes the rest; a language model has the words alone. Each part is kept as soon as it is measured, and
not measured again.
"""

import bz2
import gzip
import importlib
import json
import lzma
import os
import pathlib
import sys
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import format_table, make_parser, some_rows, write_result

# Training, validation and test file, unit, and the dropout, which was chosen by the validation part.
SETS = {
    "ptb": ("ptb/ptb.train.txt.gz", "ptb/ptb.valid.txt.gz", "ptb/ptb.test.txt.gz", "words", 0.3),
    "multi30k_en": ("multi30k/train.en.gz", "multi30k/val.en.gz", "multi30k/test_2016_flickr.en.gz", "pieces", 0.5),
    "multi30k_de": ("multi30k/train.de.gz", "multi30k/val.de.gz", "multi30k/test_2016_flickr.de.gz", "pieces", 0.3),
}
UNITS, LEARNING_RATE, BATCH = 256, 2.5e-3, 64
# Lines of which PPMd codes each by itself: every time it reads the training text.
PPMD_LINES = 30
PACKAGES = ("pyppmd", "zstandard", "constriction", "sentencepiece", "sacrebleu")
PARTS = ("whole_file", "one_by_one", "random_bytes", "peers", "lossy")
STEPS = (1.5, 3.0, 6.0)


def read(name):
    """Bytes of the training, validation and test file of a set."""
    folder = pathlib.Path(os.environ["KERAS_VAE_DATA"])
    return [gzip.decompress((folder / path).read_bytes()) for path in SETS[name][:3]]


def lines_of(data):
    return [line.strip() for line in data.decode().split("\n")[:-1]]


def trained(name, arguments):
    """The model of a set: one that is given, one that an earlier run has trained, or one that is trained now."""
    import keras

    import keras_vae as kv
    from keras_vae.models.registered import register_classes

    register_classes()
    if arguments.model is not None:
        path = arguments.model / "model.keras" if arguments.model.is_dir() else arguments.model
        return keras.models.load_model(path), {"model": path.name}
    path = arguments.work / f"{name}{'_quick' if arguments.quick else ''}.keras"
    settings = {"units": UNITS, "dropout": SETS[name][4], "learning_rate": LEARNING_RATE, "minutes": arguments.minutes}
    if not path.is_file():
        train = lines_of(read(name)[0])[: 2000 if arguments.quick else None]
        tokenizer = kv.data.Tokenizer.learn(train, unit=SETS[name][3])
        model = kv.make_language_model(tokenizer, units=32 if arguments.quick else UNITS, dropout=SETS[name][4], seed=0)
        train_for_minutes(model, train, arguments.minutes)
        path.parent.mkdir(parents=True, exist_ok=True)
        model.save(path)
    return keras.models.load_model(path), settings


def train_for_minutes(model, train, minutes):
    """Train for so much CPU time, the learning rate falling to zero along a cosine over it."""
    import keras

    begun = time.process_time()

    class Fall(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            share = min(1.0, (time.process_time() - begun) / 60 / minutes)
            self.model.optimizer.learning_rate = LEARNING_RATE * 0.5 * (1.0 + np.cos(np.pi * share)) + 1e-5
            self.model.stop_training = share >= 1.0

    model.compile(keras.optimizers.Adam(LEARNING_RATE, clipnorm=5.0))
    model.fit(train, batch_size=BATCH, epochs=1000, verbose=0, callbacks=[Fall()])


def whole_file(model, data, lines, seed):
    """Figures of a model on a file: bits of all bytes, the time of both ways, and the model's own nats."""
    from keras_vae.tasks.compression import TextCompressor

    compressor = TextCompressor(model)
    begun = time.time(), time.process_time()
    packed = compressor.compress(data, verify=False)
    between = time.time(), time.process_time()
    if compressor.decompress(packed) != data:
        raise RuntimeError("the file does not come back")
    ended = time.time(), time.process_time()
    own = model.elbo(lines) if getattr(model, "latent_dim", 0) else model.log_prob(lines)
    return {
        "characters": len(data),
        "bytes": len(packed),
        "bits_per_character": 8 * len(packed) / len(data),
        "way": _metadata(packed)["way"],
        "seconds_compress": between[0] - begun[0],
        "seconds_decompress": ended[0] - between[0],
        "cpu_seconds_compress": between[1] - begun[1],
        "cpu_seconds_decompress": ended[1] - between[1],
        "model_parameters": int(sum(np.prod(w.shape) for w in model.get_weights())),
        "nats_per_sentence": float(-own.mean()),
        "bits_per_character_by_nats": float(-own.sum() / np.log(2) / len(_stripped(lines))),
    }


def _stripped(lines):
    return "".join(f"{line}\n" for line in lines).encode()


def one_by_one(model, data, lines, seed):
    """Bits of records, of the text without blanks at the ends of lines."""
    from keras_vae.tasks.compression import TextCompressor

    records = TextCompressor(model).compress_each(lines)
    return {"bits_per_character": 8 * sum(map(len, records)) / len(_stripped(lines))}


def random_bytes(model, data, lines, seed):
    """By how much a megabyte of random bytes grows."""
    from keras_vae.tasks.compression import TextCompressor

    noise = np.random.default_rng(seed).bytes(2**20)
    return {"growth": len(TextCompressor(model).compress(noise)) / len(noise) - 1}


def _metadata(packed):
    from keras_vae.tasks.compression.container.container import Container

    return Container.read(packed).header.metadata


def peers(name, train, test, lines, seed):
    """Figures of other compressors: bits per character of the whole file, and one by one."""
    found = {"bz2, alone": [8 * len(bz2.compress(test)) / len(test), None]}
    xz = {"id": lzma.FILTER_LZMA2, "preset": 9 | lzma.PRESET_EXTREME, "dict_size": 2**24, "lc": 4, "lp": 0, "pb": 0}
    size = lambda data: len(lzma.compress(data, lzma.FORMAT_RAW, filters=[xz]))  # noqa: E731
    found["xz, alone"] = [8 * size(test) / len(test), None]
    found["xz, primed"] = [8 * (size(train + test) - size(train)) / len(test), None]
    for package, measure in (("pyppmd", _ppmd), ("zstandard", _zstd)):
        try:
            module = importlib.import_module(package)
        except ImportError:
            print(f"{package} is not installed and left out")
            continue
        found |= measure(module, train, test, lines, seed)
    if SETS[name][3] == "words":
        found["5-gram of words, ideal code"] = [_ngram(train, lines) / len(test), None]
    return found


def _ppmd(pyppmd, train, test, lines, seed):
    def size(data, order):
        encoder = pyppmd.Ppmd7Encoder(order, 256 << 20)
        return len(encoder.encode(data) + encoder.flush())

    found = {f"PPMd {o}, primed": [8 * (size(train + test, o) - size(train, o)) / len(test), None] for o in (6, 8, 12)}
    some = some_rows(np.array([f"{line}\n".encode() for line in lines], dtype=object), PPMD_LINES, seed)
    # Of lines without blanks at their ends, as the records are.
    known = _stripped(lines_of(train))
    base = size(known, 6)
    found["PPMd 6, primed"][1] = 8 * sum(size(known + line, 6) - base for line in some) / sum(map(len, some))
    return found


def _zstd(zstandard, train, test, lines, seed):
    whole = zstandard.ZstdCompressor(level=22, dict_data=zstandard.ZstdCompressionDict(train))
    samples = [f"{line}\n".encode() for line in lines_of(train)]
    bare = {"write_content_size": False, "write_checksum": False, "write_dict_id": False}
    record = zstandard.ZstdCompressor(level=19, dict_data=zstandard.train_dictionary(110_000, samples), **bare)
    n_bytes = sum(len(record.compress(f"{line}\n".encode())) for line in lines)
    return {"zstd, dictionary": [8 * len(whole.compress(test)) / len(test), 8 * n_bytes / len(_stripped(lines))]}


def _ngram(train, lines):
    """Bits of all sentences under a 5-gram."""
    import keras_vae as kv
    from keras_vae.tasks.text import NGramModel

    sentences = lines_of(train)
    tokenizer = kv.data.Tokenizer.learn(sentences)
    model = NGramModel(tokenizer.ids(sentences), tokenizer.n_tokens)
    return float(-model.log_prob(tokenizer.ids(lines)).sum() / np.log(2))


def lossy(model, train, lines, arguments):
    """Points of the curve of rounded codes and first words; of first words alone for a model without codes."""
    from keras_vae.tasks.compression import text_rate_curve

    numbers = [int(number) for number in arguments.first_words.split(",")]
    some = some_rows(np.array(lines, dtype=object), arguments.lossy_lines, arguments.seed).tolist()
    points = text_rate_curve(model, some, lines_of(train)[:5000], STEPS, numbers, strategy=arguments.strategy)
    return [point._asdict() for point in points]


def measured(name, arguments, figures):
    """Measure the parts that are wanted and not there; yields after each."""
    train, _, test = read(name)
    if arguments.quick:
        train, test = b"".join(train.splitlines(True)[:2000]), b"".join(test.splitlines(True)[:100])
    model, figures["settings"] = trained(name, arguments)
    lines = lines_of(test)
    parts = {
        "whole_file": lambda: whole_file(model, test, lines, arguments.seed),
        "one_by_one": lambda: one_by_one(model, test, lines, arguments.seed),
        "random_bytes": lambda: random_bytes(model, test, lines, arguments.seed),
        "peers": lambda: peers(name, train, test, lines, arguments.seed),
        "lossy": lambda: lossy(model, train, lines, arguments),
    }
    for part in arguments.parts.split(","):
        if part not in figures:
            figures[part] = parts[part]()
            yield


def tables(figures):
    """Printed rows: bits per character of whole files, and of sentences one by one."""
    for name, own in figures.items():
        whole, records = own.get("whole_file", {}), own.get("one_by_one", {})
        rows = [["ours", whole.get("bits_per_character"), records.get("bits_per_character")]]
        rows += [["ours, by its nats", whole.get("bits_per_character_by_nats"), None]]
        rows += [[peer, *values] for peer, values in own.get("peers", {}).items()]
        print(f"{name}: {whole}, random bytes {own.get('random_bytes')}")
        print(format_table(["bits per character", "file", "one by one"], rows))
        if own.get("lossy"):
            print(format_table(list(own["lossy"][0]), [list(point.values()) for point in own["lossy"]]))


def main():
    parser = make_parser(__doc__)
    parser.add_argument("--sets", default="ptb", help=f"some of {','.join(SETS)} (default: ptb)")
    parser.add_argument("--model", type=pathlib.Path, help="a run folder or .keras file, instead of training one")
    parser.add_argument("--label", help="name under which the figures of --model are kept (default: that of the set)")
    parser.add_argument("--minutes", type=float, default=20.0, help="CPU minutes of a training (default: 20)")
    parser.add_argument("--parts", default=",".join(PARTS), help="some of %(default)s (default: all)")
    parser.add_argument("--lossy-lines", type=int, help="test sentences of the lossy curve (default: all)")
    words = "numbers of first words that the lossy curve tells beside the codes (default: %(default)s)"
    parser.add_argument("--first-words", default="0,2,4,6,8,11,14", help=words)
    parser.add_argument("--strategy", default="greedy", help="search of the lossy curve (default: greedy)")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("work/text_compression"))
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.minutes = min(arguments.minutes, 0.2)
    os.environ.setdefault("KERAS_VAE_DATA", str(pathlib.Path.home() / ".keras" / "datasets"))
    begun = time.time()
    path = (arguments.results / "quick" if arguments.quick else arguments.results) / "text_compression.json"
    figures = json.loads(path.read_text())["figures"] if path.is_file() else {}
    for name in arguments.sets.split(","):
        own = figures.setdefault(arguments.label or name, {})
        for _ in measured(name, arguments, own):
            settings = {"sets": arguments.sets, "steps": STEPS, "strategy": arguments.strategy}
            settings["first_words"] = arguments.first_words
            write_result("text_compression", figures, settings, arguments, time.time() - begun, PACKAGES)
    tables(figures)


if __name__ == "__main__":
    main()
