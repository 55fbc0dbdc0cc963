"""Token ids that stand for no word, in every text model."""

# Fills the rows of a batch on the right, and counts nowhere.
PADDING_ID = 0
# What a decoder is told before the first word.
START_ID = 1
# A word that the training part did not have.
UNKNOWN_ID = 2
# Stands behind the last word of every text, and is predicted like one.
END_ID = 3
# Padding and start are never predicted: the classes of a softmax are the ids from here on.
N_UNPREDICTED = 2
