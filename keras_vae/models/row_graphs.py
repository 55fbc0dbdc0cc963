"""Methods of a model applied to any number of rows, each compiled once."""

from keras_vae.training.rows import RowFunction, map_rows


class RowGraphs:
    """Mixed into a `Trainer`: rows in, rows out, by a graph for each method."""

    def rows(self, function, x, tensors=(), needs_target=False, parts=("encoder", "decoder"), **data):
        """Apply a method of this model to any number of rows.

        Args:
            function: bound method of a prepared `Batch`, and of further tensors.
            x: as in `map_rows`.
            tensors: tuple of further tensors; or a callable from the number of rows of a batch to such a tuple.
            needs_target: bool. Whether the method reads the target.
            parts: tuple of "encoder" and "decoder". What the method runs: only those ask for a condition.
            **data: `y`, `mask`, `condition`, `batch_size` and `name`, as in `map_rows`.
        """
        spec = self.row_spec._replace(needs_condition=any(map(self.takes_condition, parts)))
        spec = spec if needs_target else spec._replace(target_shape=None)
        graph = self._graph_of(function, spec, lambda batch, *rest: function(self.prepare(batch), *rest))
        of_batch = tensors if callable(tensors) else lambda n_rows: tensors
        return map_rows(lambda batch: graph(batch, *of_batch(batch.x.shape[0])), x, spec, **data)

    def _graph_of(self, function, spec, traced):
        # In __dict__, where Keras does not track it.
        graphs = self.__dict__.setdefault("_graphs", {})
        key = function.__name__, spec.target_shape
        if key not in graphs:
            graphs[key] = RowFunction(traced, spec)
        return graphs[key]

    def takes_condition(self, part: str) -> bool:
        """Whether the "encoder" or the "decoder" is told the condition."""
        return self._takes_condition[part]
