"""The peer in PyTorch, written by hand for one thread: LSTM, tied embedding, the full softmax in blocks."""

import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional

# Rows of the output layer at a time: their logits stay in the cache, which is faster than all at once.
BLOCK = 256


class LanguageModel(nn.Module):
    """log p of tokens from those before them: what `keras_vae.make_language_model` makes, of one level.

    Args:
        n_tokens: int. One more than the largest token.
        units: int. Of the embedding and the state.
        dropout: float. Of embedded words and of the features.
        counts: array `(n_tokens,)`. The output starts at these frequencies.
    """

    def __init__(self, n_tokens, units, dropout, counts):
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, units)
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        self.lstm = nn.LSTM(units, units, batch_first=True)
        frequencies = (np.asarray(counts) + 1.0) / np.sum(np.asarray(counts) + 1.0)
        self.bias = nn.Parameter(torch.tensor(np.log(frequencies), dtype=torch.float32))
        self.dropout = nn.Dropout(dropout)

    def features(self, tokens):
        """Features of the places that are no padding, and the tokens there."""
        told = functional.pad(tokens[:, :-1], (1, 0), value=1)
        h, _ = self.lstm(self.dropout(self.embedding(told)))
        is_token = tokens != 0
        return self.dropout(h)[is_token], tokens[is_token]

    def loss(self, features, wanted):
        """Sum of -log p over places."""
        logits = functional.linear(features, self.embedding.weight, self.bias)
        return functional.cross_entropy(logits, wanted, reduction="sum")

    def train_step(self, tokens, optimizer, schedule):
        """One step: the gradient of the output layer block by block, then that of the rest."""
        features, wanted = self.features(tokens)
        apart = features.detach().requires_grad_()
        for i in range(0, len(wanted), BLOCK):
            (self.loss(apart[i : i + BLOCK], wanted[i : i + BLOCK]) / len(tokens)).backward()
        features.backward(apart.grad)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def run(data, make_batches, units, dropout, learning_rate, n_steps, seed):
    """Train one pass over batches.

    Args:
        data: dict of arrays: counts.
        make_batches: dict of lists of int arrays `(batch, steps)`: warm_up, train, valid.
        units, dropout, learning_rate, seed: numbers.
        n_steps: int. After so many steps the rate of learning has fallen to zero.

    Returns:
        `(CPU seconds of the pass, nats of the validation part)`.
    """
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    model = LanguageModel(len(data["counts"]), units, dropout, data["counts"])
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: max(0.0, 1.0 - step / n_steps))
    parts = {name: [torch.from_numpy(b).long() for b in part] for name, part in make_batches.items()}
    for tokens in parts["warm_up"]:
        model.train_step(tokens, optimizer, schedule)
    begun = time.process_time()
    for tokens in parts["train"]:
        model.train_step(tokens, optimizer, schedule)
    seconds = time.process_time() - begun
    model.eval()
    with torch.no_grad():
        nats = sum(float(model.loss(*model.features(tokens))) for tokens in parts["valid"])
    return seconds, nats
