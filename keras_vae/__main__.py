"""`python -m keras_vae` is the shell."""

from keras_vae.cli.app import main

if __name__ == "__main__":
    main()
