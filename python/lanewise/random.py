"""NumPy's legacy random stream, to the bit: the same calls give the same numbers."""

from lanewise._lanewise._random import (  # noqa: F401
    Generator, permutation, rand, randint, randn, seed, shuffle)
