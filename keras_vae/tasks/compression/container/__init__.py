"""The file that holds compressed data: a header with an index of its blocks, and the blocks."""
