"""The search for a latent size: which sizes are trained, in which order, and which a second time."""

import math

from keras_vae._checks import check_int, check_sizes
from keras_vae.tasks.registry import settings_of, task_class
from keras_vae.tasks.setting import check_seed, check_values
from keras_vae.tasks.tables.latent_size_folder import KeptSizes
from keras_vae.tasks.tables.latent_size_rule import by_one_standard_error, is_worse
from keras_vae.tasks.tables.latent_size_training import train_sizes, with_rows_to_choose_by

FIRST_SIZES, MOST = (1, 2, 4, 8, 16), 256
# Tables are small: their training mostly ends by itself before that.
MINUTES = 1.0


class Search:
    """Train sizes until the choice stands.

    Without sizes the search goes from coarse to fine: 1, 2, 4, 8 and 16, no more than there are columns; twice the
    largest, as long as the largest is chosen; then the middle between the chosen size and the next smaller one, until
    nothing is between them.

    A training that ended badly must not decide. Below the best size those that are clearly worse than a smaller one are
    trained a second time with another seed, and so is the next larger size where it is worse, and the one next below
    the chosen size; of the two trainings the one with the better ELBO of the validation part counts.

    Args:
        data, sizes, folder, n_jobs, task, seed, n_samples, verbose: as in `choose_latent_dim`.
        settings: dict. Further settings of the task.

    Attributes:
        report: tuple of `ReadAs`. What was read as what.

    Raises:
        ValueError: as `choose_latent_dim`.
    """

    def __init__(self, data, sizes, folder, n_jobs, task, seed, n_samples, verbose, settings):
        self._given = None if sizes is None else check_sizes("sizes", sizes)
        check_int("n_samples", n_samples, 1)
        check_seed("seed", seed)
        self._n_jobs = number_of_processes(n_jobs)
        self._settings = checked_settings(task, settings)
        self._task, self._seed, self._n_samples, self._verbose = task, seed, n_samples, verbose
        loader = task_class(task)(**self._settings, seed=seed)
        whole = loader.load(data)
        self.report = whole.report
        self._data = with_rows_to_choose_by(whole, seed)
        self._most = min(MOST, math.prod(whole.event_shape))
        config = {
            "task": task,
            "data": loader.fingerprint(whole),
            "seed": seed,
            "n_samples": n_samples,
            **{name: value for name, value in self._settings.items() if value is not None},
        }
        self._kept = KeptSizes(folder, config)
        # By pairs of a size and a seed.
        self._done = self._kept.load()

    def run(self):
        """Train what is not there yet, and choose.

        Returns:
            `LatentSizes`.
        """
        if self._verbose:
            print(told_of_data(self._data), flush=True)
        is_open = self._given is None
        self._sizes = {n for n in FIRST_SIZES if n <= self._most} if is_open else set(self._given)
        while True:
            self._train([(size, self._seed) for size in sorted(self._sizes)])
            found = self._choose()
            more = self._next_size(found) if is_open else None
            if more is not None:
                self._sizes.add(more)
                continue
            doubtful = self._doubtful(found)
            if not doubtful:
                self._kept.finish(found)
                return found
            self._train(doubtful)

    def _train(self, jobs):
        jobs = [job for job in jobs if job not in self._done]
        for rows, figures in train_sizes(jobs, self._n_jobs, self._task, self._data, self._settings, self._n_samples):
            self._kept.save(rows, figures)
            self._done[figures["latent_dim"], figures["seed"]] = rows, figures
            if self._verbose:
                print(told(figures, self._seed), flush=True)

    def _choose(self):
        values, units = {}, ""
        for size in self._sizes:
            trainings = [self._done[job] for job in self._jobs_of(size) if job in self._done]
            values[size], figures = max(trainings, key=lambda one: _number(one[1]["validation_elbo"]))
            units = figures["units"]
        self._values = values
        return by_one_standard_error(values, self._n_samples, units)

    def _jobs_of(self, size):
        # The bit turned over, a second seed is in bounds whatever the first.
        return (size, self._seed), (size, self._seed ^ 1)

    def _next_size(self, found):
        """The size to look at next; None where there is none."""
        largest, smaller = found.sizes[-1], [size for size in found.sizes if size < found.chosen]
        if found.chosen == largest < self._most:
            return min(2 * largest, self._most)
        below = smaller[-1] if smaller else 0
        return (below + found.chosen) // 2 if found.chosen - below > 1 else None

    def _doubtful(self, found):
        """Pairs of a size whose training may have ended badly, and another seed; none that is done."""
        best_so_far, sizes = None, []
        up_to_best = [size for size in found.sizes if size <= found.best]
        for size in found.sizes[: len(up_to_best) + 1]:
            rows = self._values[size]
            if best_so_far is not None and is_worse(rows, best_so_far):
                sizes.append(size)
            elif best_so_far is None or rows.mean() > best_so_far.mean():
                best_so_far = rows
        sizes += [size for size in found.sizes if size < found.chosen][-1:]
        jobs = [self._jobs_of(size)[1] for size in dict.fromkeys(sizes)]
        return [job for job in jobs if job not in self._done]


def number_of_processes(n_jobs):
    """The number of processes that `n_jobs` means.

    Raises:
        ValueError: for 0, or what is no whole number.
    """
    from joblib import effective_n_jobs

    if n_jobs is not None and (isinstance(n_jobs, bool) or not isinstance(n_jobs, int) or n_jobs == 0):
        raise ValueError(f"`n_jobs` must be a whole number other than 0, or None. Received: n_jobs={n_jobs!r}")
    return effective_n_jobs(n_jobs)


def checked_settings(task, settings):
    """The settings that were given, checked, and `minutes`.

    Raises:
        ValueError: for a task without `latent_dim`, settings that are chosen or given elsewhere, or out of range.
    """
    table = settings_of(task).SETTINGS
    if "latent_dim" not in table:
        raise ValueError(f"`task` must have a setting `latent_dim`. Received: task={task!r}")
    if "latent_dim" in settings:
        raise ValueError(f"`sizes` must be given, not `latent_dim`. Received: latent_dim={settings['latent_dim']!r}")
    settings = {"minutes": MINUTES, **settings}
    checked = check_values(table, settings)
    return {name: checked[name] for name in settings}


def told_of_data(data):
    """Which rows are used for what, in a line."""
    columns = "x".join(map(str, data.event_shape))
    return (
        f"{data.name}: {data.n_train} rows of {columns} to train on, {data.n_validation} to end the training by, "
        f"{data.n_test} to choose by"
    )


def told(figures, seed):
    """A finished training in a line."""
    again = "" if figures["seed"] == seed else ", a second training"
    cut = ", cut by the minutes" if figures["is_cut"] else ""
    return (
        f"{figures['latent_dim']:>4} latent  {figures['log_prob']:>10.3f} nats per row, {figures['epochs']} epochs in "
        f"{figures['seconds']:.0f} s{cut}{again}"
    )


def _number(value):
    return value if value == value else -math.inf
