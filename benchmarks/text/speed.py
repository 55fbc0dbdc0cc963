"""How many words per CPU second `fit` of a language model takes, beside PyTorch by hand and layers of Keras alone.

Penn Treebank sentences, vocabulary of 10,000 words, LSTM of 256 units, embedding of 256, dropout 0.2, Adam, batches of
64 sentences of about one length, float32, one thread. Every contender trains on the same sentences in a process of its
own, in turns; the time is the CPU time of `fit` after ten batches that are not counted. The nats of the validation part
show that all learn the same: the rate of learning falls to zero, so that they do not depend on the last batches. Ours
has the exact softmax in two levels, PyTorch a tied one with its gradient in blocks, which is what one writes by hand
for speed, and Keras `Embedding`, `LSTM` and `Dense`, which is what one writes first.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from _common import format_table, make_parser, some_rows, write_result

CONTENDERS = ("ours", "torch", "keras")
UNITS, DROPOUT, LEARNING_RATE, BATCH, N_WARM_UP, POOL = 256, 0.2, 3e-3, 64, 10, 100
ONE_THREAD = ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OPENBLAS_NUM_THREADS")


def texts(n, n_valid, seed):
    """Sentences of the training and of the validation part, and of the whole training part for the vocabulary."""
    import keras_vae as kv

    data = kv.data.load("ptb")
    order = np.random.default_rng(seed).permutation(len(data.x_train))
    whole = np.asarray(data.x_train, dtype=object)
    valid = some_rows(np.asarray(data.x_validation, dtype=object), n_valid, seed)
    return whole[order[:n]].tolist(), valid.tolist(), whole.tolist()


def write_rows(path, n, n_valid, seed):
    """The sentences as tokens, for processes that must not load TensorFlow."""
    import keras_vae as kv

    train, valid, whole = texts(n, n_valid, seed)
    tokenizer = kv.data.Tokenizer.learn(whole)
    arrays = {"counts": np.array(tokenizer.counts)}
    for name, part in (("train", train), ("valid", valid)):
        ids = tokenizer.ids(part)
        arrays |= {f"{name}_flat": np.concatenate(ids), f"{name}_lengths": np.array([len(row) for row in ids])}
    np.savez(path, **arrays)


def batches(rows, seed):
    """Shuffled batches of rows of about one length, padded: the way ours are made, for the peers."""
    rng = np.random.default_rng(seed)
    order, found = rng.permutation(len(rows)), []
    for i in range(0, len(order), BATCH * POOL):
        pool = sorted(order[i : i + BATCH * POOL], key=lambda j: len(rows[j]))
        found += [pool[k : k + BATCH] for k in range(0, len(pool), BATCH)]
    made = []
    for k in rng.permutation(len(found)):
        part = [rows[j] for j in found[k]]
        batch = np.zeros((len(part), max(map(len, part))), np.int32)
        for row, tokens in zip(batch, part, strict=True):
            row[: len(tokens)] = tokens
        made.append(batch)
    return made


def n_steps(parts):
    return N_WARM_UP + -(-len(parts["train"]) // BATCH)


def falling_rate(parts):
    """The rate of learning of Keras, from the first step to the last."""
    import keras

    return keras.optimizers.schedules.PolynomialDecay(LEARNING_RATE, n_steps(parts), 0.0)


def ours(parts, counts, seed):
    """CPU seconds of `fit`, and nats of the validation part."""
    import keras_vae as kv

    vocabulary = [f"word{i}" for i in range(len(counts) - 4)]
    tokenizer = kv.data.Tokenizer(vocabulary, counts.tolist())
    model = kv.make_language_model(tokenizer, units=UNITS, dropout=DROPOUT, seed=seed)
    model.compile(kv.optimizers.Adam(falling_rate(parts)))
    model.fit(parts["warm_up"], batch_size=BATCH, verbose=0)
    begun = time.process_time()
    model.fit(parts["train"], batch_size=BATCH, verbose=0)
    seconds = time.process_time() - begun
    return seconds, -float(model.log_prob(parts["valid"]).sum())


def plain_keras(parts, counts, seed):
    """The same of layers of Keras: `Embedding`, `LSTM`, `Dense` over the vocabulary."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(seed)
    n_tokens = len(counts)
    start = keras.initializers.Constant(np.log((counts + 1.0) / (counts + 1.0).sum()))
    told = keras.Input((None,), dtype="int32")
    h = keras.layers.Dropout(DROPOUT)(keras.layers.Embedding(n_tokens, UNITS)(told))
    h = keras.layers.Dropout(DROPOUT)(keras.layers.LSTM(UNITS, return_sequences=True)(h))
    model = keras.Model(told, keras.layers.Dense(n_tokens, bias_initializer=start)(h))

    def loss(wanted, logits):
        # A sum over the words of a sentence, as in the others; padding is 0 and counts nothing.
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(wanted, tf.int32), logits=logits)
        return tf.reduce_sum(each * tf.cast(wanted != 0, each.dtype), axis=1)

    class Pairs(keras.utils.PyDataset):
        """Batches of what is told before each token, and the tokens."""

        def __init__(self, part, seed):
            super().__init__()
            made = batches(part, seed)
            self.pairs = [(np.pad(batch[:, :-1], ((0, 0), (1, 0)), constant_values=1), batch) for batch in made]

        def __len__(self):
            return len(self.pairs)

        def __getitem__(self, i):
            return self.pairs[i]

    model.compile(keras.optimizers.Adam(falling_rate(parts)), loss=loss)
    model.fit(Pairs(parts["warm_up"], 1), verbose=0)
    train = Pairs(parts["train"], seed)
    begun = time.process_time()
    model.fit(train, verbose=0)
    seconds = time.process_time() - begun
    nats = sum(float(tf.reduce_sum(loss(wanted, model(told)))) for told, wanted in Pairs(parts["valid"], 0).pairs)
    return seconds, nats


def contend(name, path, seed):
    """One contender in this process: words per CPU second, and nats a sentence of the validation part."""
    data = dict(np.load(path))
    parts = {
        part: np.split(data[f"{part}_flat"], np.cumsum(data[f"{part}_lengths"])[:-1]) for part in ("train", "valid")
    }
    parts["warm_up"] = parts["train"][: N_WARM_UP * BATCH]
    if name == "torch":
        import _torch_language_model

        made = {part: batches(rows, seed) for part, rows in parts.items()}
        seconds, nats = _torch_language_model.run(data, made, UNITS, DROPOUT, LEARNING_RATE, n_steps(parts), seed)
    else:
        seconds, nats = (ours if name == "ours" else plain_keras)(parts, data["counts"], seed)
    n_words = int(data["train_lengths"].sum())
    return {
        "words_per_cpu_second": n_words / seconds,
        "microseconds_per_word": 1e6 * seconds / n_words,
        "valid_nats_per_sentence": nats / len(parts["valid"]),
    }


def apart(name, path, seed):
    """What this script prints for a contender in a process of one thread; None, said aloud, for a missing package."""
    environment = os.environ | dict.fromkeys(ONE_THREAD, "1")
    command = [sys.executable, __file__, "--contender", name, "--rows", str(path), "--seed", str(seed)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        if "No module named 'torch'" in done.stderr:
            print("torch is not installed: left out", flush=True)
            return None
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    """Measure all contenders in turns."""
    parser = make_parser(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="turns of the contenders (default: 3)")
    parser.add_argument("--sentences", type=int, default=12_000, help="sentences of a turn (default: 12000)")
    parser.add_argument(
        "--contender", choices=CONTENDERS, help="one contender in this process (the script calls itself)"
    )
    parser.add_argument("--rows", type=pathlib.Path, help="file of the tokens for --contender")
    arguments = parser.parse_args()
    if arguments.contender:
        print(json.dumps(contend(arguments.contender, arguments.rows, arguments.seed)))
        return
    begun, n_rounds = time.monotonic(), 1 if arguments.quick else arguments.rounds
    n, n_valid = (1000, 200) if arguments.quick else (arguments.sentences, 1000)
    turns = []
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "rows.npz"
        write_rows(path, n, n_valid, arguments.seed)
        for i in range(n_rounds):
            turns.append({})
            for name in CONTENDERS:
                turns[-1][name] = apart(name, path, arguments.seed + i)
                print(f"turn {i + 1} of {n_rounds}, {name}: {turns[-1][name]}", flush=True)
    there = [name for name in CONTENDERS if turns[0][name]]
    figures = {name: {key: float(np.median([t[name][key] for t in turns])) for key in turns[0][name]} for name in there}
    for name in there[1:]:
        ratios = [t["ours"]["words_per_cpu_second"] / t[name]["words_per_cpu_second"] for t in turns]
        figures[f"ours_by_{name}"] = {"median": float(np.median(ratios)), "least": min(ratios), "most": max(ratios)}
    settings = {"rounds": n_rounds, "sentences": n, "units": UNITS, "dropout": DROPOUT, "batch_size": BATCH}
    write_result("text_speed", figures, settings, arguments, time.monotonic() - begun, ("torch",))
    print(format_table(["", *figures["ours"]], [[name, *figures[name].values()] for name in there]))
    for name in there[1:]:
        print(f"ours by {name}: {figures[f'ours_by_{name}']}")


if __name__ == "__main__":
    main()
