"""Uses of a VAE, one folder each, and what they share: a table of settings and an estimator."""
