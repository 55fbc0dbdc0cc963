"""Penn Treebank sentences: a VAE, the language model that its decoder is without a code, and n-grams, in nats.

Mikolov's files as they are: every sentence by itself, the end predicted and counted, no state carried over; an LSTM and
an embedding of 256, 32 latent dimensions. The VAE and its twin have the same decoder, dropout, batches, rate of
learning and epochs, of which the VAE spends the first as an autoencoder. Both are runs of the shell, kept in the folder
--work, and go on where they stopped; what was measured is not measured again.

    python benchmarks/text/ptb.py --work benchmarks/work/ptb

The bound of the VAE is of the whole test part, from one draw of the code a sentence; its log p(x) by importance
sampling is of every 24th sentence, where the twin is measured as well. Both are trained with much dropout first, and
with less in the last epochs. Information is of all test sentences together.
10,000 sentences are drawn word by word, codes from the prior. Remedies of a collapse are compared after two epochs on
the first 8,000 sentences with half the width, on the validation part.
"""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from _common import format_table, make_parser, write_result  # noqa: E402

NAME = "text_ptb"
SETTINGS = {"batch_size": 64, "learning_rate": 0.0025}
# At the end of a training with much dropout a network has more to learn than it may: the last epochs have less of it.
STAGES = ({"epochs": 13, "dropout": 0.5}, {"epochs": 18, "dropout": 0.3})
# Of the VAE alone.
OWN = {"free_nats": 5.6}
QUICK = {**SETTINGS, "state_units": 32}
QUICK_STAGES = ({"epochs": 1, "dropout": 0.5}, {"epochs": 2, "dropout": 0.3})
N_IMPORTANCE, EVERY = 500, 24
N_SAMPLES, N_GREEDY, N_PATHS, N_STEPS = 10_000, 2000, 200, 8
N_SHORT, SHORT_EPOCHS, SHORT_UNITS = 8000, 2, 128
REMEDIES = ("none", "annealing", "free bits", "aggressive encoder", "autoencoder first")
PARTS = ("ngram", "vae", "samples", "yardsticks", "paths", "reconstruction", "serving", "memory")
PARTS += ("twin", "importance", "twin_samples", "remedies")


def parse_arguments(given=None):
    parser = make_parser(__doc__)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "benchmarks" / "work" / NAME, help="folder of runs")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="what is measured now")
    parser.add_argument("--memory", action="store_true", help="measure the memory of one bound, print it, and stop")
    return parser.parse_args(given)


class Benchmark:
    """The data, the two runs, and what was measured so far."""

    def __init__(self, arguments):
        import keras_vae as kv

        self.quick, self.work, self.seed = arguments.quick, arguments.work, arguments.seed
        self.work.mkdir(parents=True, exist_ok=True)
        self.data = kv.data.load("ptb")
        self.file = self.work / "figures.json"
        self.figures = json.loads(self.file.read_text()) if self.file.exists() else {}

    def measure(self, part):
        """The figures of a part, measured unless they are there."""
        if part not in self.figures:
            started = time.process_time()
            found = getattr(self, part)()
            self.figures[part] = {**found, "cpu_minutes": (time.process_time() - started) / 60.0}
            self.file.write_text(json.dumps(self.figures, indent=1, default=float))
        return self.figures[part]

    @property
    def test(self):
        return list(self.data.x_test[:200] if self.quick else self.data.x_test)

    def model(self, command):
        """The model of a run of the shell, trained to its end."""
        import keras_vae as kv
        from keras_vae.runs.run_folder import RunFolder

        out = self.work / command
        if not (out / "metrics.json").exists():
            is_vae = command == "train-text"
            alone = ["--no-twin"] if is_vae else []
            for stage in QUICK_STAGES if self.quick else STAGES:
                if RunFolder(out).epochs_done >= stage["epochs"]:
                    continue
                settings = {**(QUICK if self.quick else SETTINGS), **(OWN if is_vae else {}), **stage}
                words = [w for name, value in settings.items() for w in (f"--{name.replace('_', '-')}", str(value))]
                shell = [sys.executable, "-m", "keras_vae", command, "--data", "ptb", "--out", str(out), "--resume"]
                subprocess.run([*shell, *alone, *words], check=True)
        return kv.load_run(out).model

    def vae_model(self):
        return self.model("train-text")

    def judge(self):
        from keras_vae.tasks.text import TextJudge

        return TextJudge(self.vae_model().tokenizer, list(self.data.x_train), self.test)

    # The parts.

    def ngram(self):
        import keras_vae as kv
        from keras_vae.tasks.text import NGramModel, perplexity

        tokenizer = kv.data.Tokenizer.learn(list(self.data.x_train))
        rows = tokenizer.rows(self.test)
        model = NGramModel(tokenizer.rows(list(self.data.x_train)), tokenizer.n_tokens)
        return perplexity(model.log_prob(rows), np.count_nonzero(rows, axis=1))._asdict()

    def twin(self):
        from keras_vae.tasks.text import perplexity

        model = self.model("train-language-model")
        rows = model.tokenizer.rows(self.test)
        return perplexity(model.log_prob(rows), np.count_nonzero(rows, axis=1))._asdict()

    def vae(self):
        from keras_vae.tasks.text import model_quality

        found = model_quality(self.vae_model(), self.test)
        return {name: _plain(value) for name, value in vars(found).items() if value is not None}

    def importance(self):
        vae, twin = self.vae_model(), self.model("train-language-model")
        some = self.test[::EVERY]
        by_weights, exact = -vae.log_prob(some, N_IMPORTANCE), -twin.log_prob(some)
        ahead = exact - by_weights
        return {
            "n": len(some),
            "vae": float(by_weights.mean()),
            "vae_standard_error": _error(by_weights),
            "twin": float(exact.mean()),
            "vae_ahead": float(ahead.mean()),
            "vae_ahead_standard_error": _error(ahead),
            "vae_elbo": float(-vae.elbo(some, n_samples=10).mean()),
        }

    def samples(self):
        return self._samples_of(self.vae_model())

    def twin_samples(self):
        return self._samples_of(self.model("train-language-model"))

    def _samples_of(self, model):
        texts = model.sample(200 if self.quick else N_SAMPLES, seed=self.seed)
        return {**dataclasses.asdict(self.judge()(texts)), "shown": texts[:8]}

    def yardsticks(self):
        """Real text as the samples are judged, and how many of the likeliest texts of the VAE are different ones."""
        greedy = self.vae_model().sample(100 if self.quick else N_GREEDY, seed=self.seed, strategy="greedy")
        real = list(self.data.x_train[: 200 if self.quick else N_SAMPLES])
        return {
            "real_forward_perplexity": self.measure("ngram")["with_end"],
            "real_reverse_perplexity": self.judge()(real).reverse_perplexity,
            "greedy_share_different": len(set(greedy)) / len(greedy),
        }

    def paths(self):
        from keras_vae.tasks.text import path_quality

        vae, rng = self.vae_model(), np.random.default_rng(self.seed)
        n = 5 if self.quick else N_PATHS
        ends = rng.permutation(len(self.test))[: 2 * n].reshape(n, 2)
        judge, found = self.judge(), {}
        for name, candidates in (("together", 8), ("one by one", 0)):
            ways = [vae.interpolate(self.test[a], self.test[b], N_STEPS, candidates=candidates) for a, b in ends]
            found[name] = {**dataclasses.asdict(path_quality(judge, ways)), "shown": ways[0]}
        return found

    def reconstruction(self):
        from keras_vae.tasks.text import reconstruction_quality

        vae = self.vae_model()
        some = self.test[::4]
        found = {s: reconstruction_quality(some, vae.reconstruct(some, strategy=s)) for s in ("greedy", "beam")}
        figures = {name: {"bleu": q.bleu, "exact": q.exact} for name, q in found.items()}
        return {**figures, "bits": self.measure("vae")["kl"] / np.log(2.0)}

    def serving(self):
        """Strings through the SavedModel: the same as Python, row by row, and how long 100 new sentences take."""
        import keras_vae as kv

        vae, some = self.vae_model(), self.test[:64]
        served = kv.load_saved_model(kv.export_saved_model(vae, self.work / "exported"))
        texts = lambda signature, **inputs: [x.decode() for x in served.call(signature, **inputs)["x"]]  # noqa: E731
        x, seed, n = np.array(some, object), np.array([self.seed, 0], np.int64), np.int32(100)
        whole, alone = texts("reconstruct", x=x), [texts("reconstruct", x=x[i : i + 1])[0] for i in range(8)]
        texts("sample", n=n, seed=seed)
        seconds = []
        for _ in range(5):
            started = time.perf_counter()
            texts("sample", n=n, seed=seed)
            seconds.append(time.perf_counter() - started)
        bounds = served.call("score", x=x)["elbo"]
        own = vae.rows(lambda batch: vae.elbo_terms(batch, z="mean")["elbo"], some, needs_target=True)
        return {
            "same_as_python": whole == vae.reconstruct(some),
            "same_alone": alone == whole[:8],
            "largest_difference_of_elbo": float(np.abs(bounds - own).max()),
            "seconds_for_100_sentences": float(np.median(seconds)),
        }

    def memory(self):
        """Of a process of its own: what was highest in this one is higher already."""
        words = [sys.executable, __file__, "--work", str(self.work), "--memory", *(["--quick"] if self.quick else [])]
        return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout.splitlines()[-1])

    def memory_here(self):
        """Gigabytes that 5,000 importance samples of the longest sentence take beyond what TensorFlow has by then."""
        import resource

        vae = self.vae_model()
        longest = max(self.data.x_train, key=lambda text: len(text.split()))
        vae.log_prob([self.test[0]], n_samples=2)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        vae.log_prob([longest], n_samples=100 if self.quick else 5000)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return {"words": len(longest.split()), "gigabytes": (after - before) / 2**20}

    def remedies(self):
        return {name: self._short(name) for name in REMEDIES}

    def _short(self, remedy):
        import keras

        import keras_vae as kv

        n, width = (400, 16) if self.quick else (N_SHORT, SHORT_UNITS)
        train = list(self.data.x_train[:n])
        tokenizer = kv.data.Tokenizer.learn(train)
        floor = {"free_bits": 8.0, "free_bits_over": "total"} if remedy in ("free bits", "autoencoder first") else {}
        objective = kv.objectives.ELBO(**floor)
        model = kv.make_sequence_vae(tokenizer, units=width, objective=objective, seed=self.seed)
        model.compile(keras.optimizers.Adam(SETTINGS["learning_rate"], clipnorm=5.0), steps_per_execution=1)
        rows = tokenizer.rows(train)
        batches = kv.data.token_batches(rows, SETTINGS["batch_size"], seed=self.seed)
        n_first = 1 if remedy == "autoencoder first" else 0
        begins, rises = n_first * len(batches), max(1, len(batches) // 2)
        own = []
        if remedy in ("annealing", "autoencoder first", "aggressive encoder"):
            own.append(kv.callbacks.BetaAnnealing(lambda step: min(1.0, max(0.0, (step - begins) / rises))))
        if n_first:
            own.append(kv.callbacks.AutoencoderFirst(n_first))
        if remedy == "aggressive encoder":
            own.append(kv.callbacks.AggressiveEncoder(rows, max_inner_steps=10, window=5, batch_size=64))
        started = time.process_time()
        model.fit(batches, epochs=SHORT_EPOCHS + n_first, callbacks=own, verbose=0)
        seconds = time.process_time() - started
        from keras_vae.tasks.text import model_quality

        found = model_quality(model, list(self.data.x_validation[: 100 if self.quick else 1000]))
        return {
            "negative_elbo": found.negative_elbo.mean,
            "kl": found.kl.mean,
            "mutual_information": found.mutual_information,
            "active_units": found.active_units,
            "nats_lost_when_shuffled": found.nats_lost_when_shuffled.mean,
            "cpu_minutes": seconds / 60.0,
        }


def _plain(value):
    return getattr(value, "mean", value) if not hasattr(value, "_asdict") else value._asdict()


def _without_texts(figures):
    if not isinstance(figures, dict):
        return figures
    return {name: _without_texts(value) for name, value in figures.items() if name != "shown"}


def _error(values):
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def print_tables(figures):
    """What was measured, for people."""
    rows = []
    if "ngram" in figures:
        rows.append(["5-gram, modified Kneser-Ney", f"{figures['ngram']['nats_per_text']:.2f}", "", "", ""])
    if "twin" in figures:
        rows.append(["LSTM language model (twin)", f"{figures['twin']['nats_per_text']:.2f}", "", "", ""])
    if "vae" in figures:
        v = figures["vae"]
        numbers = ("negative_elbo", "kl", "mutual_information", "nats_lost_when_shuffled")
        rows.append(["VAE, bound", *(f"{v[name]:.2f}" for name in numbers)])
    for name, found in figures.get("remedies", {}).items():
        if isinstance(found, dict):
            numbers = ("negative_elbo", "kl", "mutual_information", "nats_lost_when_shuffled")
            rows.append([f"  short: {name}", *(f"{found[key]:.2f}" for key in numbers)])
    print(format_table(["model", "nats a sentence", "KL", "information", "lost when shuffled"], rows))
    for part in ("importance", "samples", "twin_samples", "yardsticks", "paths", "reconstruction", "serving", "memory"):
        if part in figures:
            print(part, json.dumps(_without_texts(figures[part]), indent=1))


def main(given=None):
    arguments = parse_arguments(given)
    started = time.monotonic()
    benchmark = Benchmark(arguments)
    if arguments.memory:
        print(json.dumps(benchmark.memory_here()))
        return
    for part in arguments.parts:
        benchmark.measure(part)
        print(f"{part}: measured", flush=True)
    print_tables(benchmark.figures)
    settings = {**(QUICK if arguments.quick else SETTINGS), **OWN}
    settings["stages"] = QUICK_STAGES if arguments.quick else STAGES
    settings |= {"importance_samples": N_IMPORTANCE, "every": EVERY}
    print(write_result(NAME, benchmark.figures, settings, arguments, time.monotonic() - started))


if __name__ == "__main__":
    main()
