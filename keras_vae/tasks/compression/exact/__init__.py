"""Networks and likelihoods in arithmetic that gives the same bits on every machine.

A decoder must see the numbers of the encoder to the last bit. Here they come from two kinds of steps only: single
elementwise operations of IEEE 754 in float64, which every machine rounds alike, and sums and matrix products of whole
numbers below 2^53, which are exact in any order. See `exact_math` and `whole_products`.
"""
