"""What an exported recommender serves: ranked items for lists of items, by the ids that its users know."""

import numpy as np
import tensorflow as tf

from keras_vae.models.endpoint import Endpoint
from keras_vae.tasks.ratings.ranking import best_items


def recommend_endpoint(model, items=None):
    """The endpoint `recommend`, for users who need not have been there in training.

    Inputs: `item_ids (n, m)`, the items of each user, int64 or strings as the ids are, filled up with -1 or ""; ids
    that are not known are passed over. `k ()` int32. Outputs: `ids (n, k)`, best first, -1 or "" where nothing is left;
    `scores (n, k)`, log p(item | user) in nats. Items of the user are not among the answers.

    Args:
        model: as in `item_log_probs`.
        items: str array `(n_items,)`, the ids; None for the numbers of the columns.

    Returns:
        `Endpoint`.
    """
    n_items = model.event_shape[0]
    if items is None:
        id_type, tables = tf.int64, ()
        column_of, id_of = (lambda ids: ids), (lambda columns: tf.cast(columns, tf.int64))
    else:
        id_type = tf.string
        pairs = tf.lookup.KeyValueTensorInitializer(list(items), np.arange(n_items), tf.string, tf.int64)
        tables = (tf.lookup.StaticHashTable(pairs, -1),)
        # An answer of nothing, -1, is the last entry.
        names = tf.constant([*items, ""])
        column_of, id_of = tables[0].lookup, lambda columns: tf.gather(names, tf.where(columns < 0, n_items, columns))

    def outputs(item_ids, k):
        columns = column_of(item_ids)
        is_item = (columns >= 0) & (columns < n_items)
        places = tf.where(is_item)
        # An item that is named twice counts once, as in training.
        flat = tf.unique(places[:, 0] * n_items + tf.boolean_mask(columns, is_item)).y
        flat = tf.sort(flat)
        indices = tf.stack([flat // n_items, flat % n_items], axis=1)
        shape = tf.stack([tf.shape(item_ids, tf.int64)[0], n_items])
        x = tf.SparseTensor(indices, tf.ones_like(flat, tf.float32), shape)
        x.set_shape((None, n_items))
        found, scores = best_items(model, x, tf.clip_by_value(k, 1, n_items))
        return {"ids": id_of(found), "scores": scores}

    specs = tf.TensorSpec((None, None), id_type, name="item_ids"), tf.TensorSpec((), tf.int32, name="k")
    return Endpoint(outputs, specs, resources=tables)
