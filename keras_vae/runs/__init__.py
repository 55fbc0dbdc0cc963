"""Runs: the folder of one training, whatever it is a training of."""
