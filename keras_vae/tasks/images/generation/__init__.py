"""How good the pictures of a generative model are: a classifier, and distances between its features of two sets."""
