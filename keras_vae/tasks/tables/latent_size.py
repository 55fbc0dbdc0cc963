"""`choose_latent_dim`, the number of latent dimensions that a table calls for."""

from keras_vae.tasks.tables.latent_size_search import Search


def choose_latent_dim(
    data, sizes=None, folder=None, n_jobs=None, task="vae", seed=0, n_samples=100, verbose=True, **settings
):
    """Train a model of every size, and choose the smallest that is as good as the best on rows held out.

    A fifth of the training rows is set aside, 5,000 at most: no model learns from them or is stopped by them, and the
    test part is left for the model that is trained in the end. The score is the importance-weighted bound of these
    rows, the rule that of one standard error; see `LatentSizes`, and `plot` of it for the picture.

    Args:
        data: name or path as `keras_vae.data.load` takes it, array `(n, columns)` of training rows, or `Dataset`.
        sizes: list of int >= 1, or None to search from coarse to fine as `Search` says.
        folder: path or None. Finished trainings are kept there, and the same call goes on after a break.
        n_jobs: int or None. Processes, as scikit-learn has it: None is 1, -1 one for every core.
        task: str. A use in `keras_vae.tasks.registry` that has a `latent_dim`.
        seed: int >= 0. Of the split and of the trainings.
        n_samples: int >= 1. Importance samples per row.
        verbose: bool. Whether a line is printed for every finished training.
        **settings: others of the task. `minutes`, of one training, is 1 where nothing is said.

    Returns:
        `LatentSizes`.

    Raises:
        ValueError: for sizes, settings or a task that cannot be, fewer than 25 training rows, a folder of images, or a
            `folder` with trainings of other data or settings; and as `keras_vae.data.load`.
        NotADirectoryError: if `folder` is a file.

    References:
        Breiman et al. 1984, Classification and Regression Trees, section 3.4.3 (the rule).
        Burda et al. 2016, eq. 8 (the bound). https://arxiv.org/abs/1509.00519
    """
    return Search(data, sizes, folder, n_jobs, task, seed, n_samples, verbose, settings).run()
