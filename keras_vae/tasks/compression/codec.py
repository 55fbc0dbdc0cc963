"""A model as a codec: arrays of whole numbers to containers and back."""

from keras_vae.tasks.compression.block_coder import BlockCoder
from keras_vae.tasks.compression.blockwise_codec import BlockwiseCodec
from keras_vae.tasks.compression.container.payload import block_from_bytes, block_to_bytes
from keras_vae.tasks.compression.fingerprint import fingerprint
from keras_vae.tasks.compression.latent_bins import SPREAD, LatentBins
from keras_vae.tasks.compression.marginals import measure_marginals
from keras_vae.tasks.compression.row_coder import RowCoder


class Codec(BlockwiseCodec):
    """Compresses arrays by a model.

    Args:
        exact: model with exact arithmetic, as `exact.ExactModel`.
        bits: int. Each latent has `2^bits` bins.
        marginals: list of pairs of arrays, as `measure_marginals` gives them, or None to measure them.
    """

    def __init__(self, exact, bits, marginals=None):
        self.exact, self.event_shape, self.levels = exact, tuple(exact.event_shape), exact.levels
        self.marginals = measure_marginals(exact) if marginals is None else marginals
        bins = [LatentBins(mean, scale, bits, SPREAD) for mean, scale in self.marginals]
        self.fingerprint = fingerprint(exact, bins)
        self._blocks = BlockCoder(RowCoder(exact, bins))

    def encode_block(self, rows, told):
        return block_to_bytes(self._blocks.encode(rows, told))

    def decode_block(self, payload, n_rows, dtype, name, told):
        block = block_from_bytes(payload, name)
        try:
            return self._blocks.decode(block, n_rows, dtype, told)
        except ValueError as error:
            raise ValueError(f"{name} cannot be decoded: {error}") from None
