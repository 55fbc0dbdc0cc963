"""The `keras-vae` program."""

__all__ = ["main"]


def __dir__():
    return __all__


def main():
    """Run the program on the arguments of this process; see `app.main`."""
    # Not at the top: `python -m keras_vae.cli.app` would find its module imported already.
    from keras_vae.cli.app import main as run

    run()
