"""Inputs of the workloads: the same numbers as bench/workloads/data.cc makes."""

import numpy as np

INPUTS, MORE, FIRST_PARAMETER = 1, 2, 10


def hash32(x):
    """"lowbias32", Chris Wellons: Prospecting for Hash Functions, 2018. In place."""
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7FEB352D)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846CA68B)
    x ^= x >> np.uint32(16)
    return x


def uniform(seed, shape):
    """float32 in [-1, 1), row-major; an element depends on `seed` and its place alone."""
    bits = np.arange(np.prod(shape), dtype=np.uint32)
    bits += hash32(np.array([seed], np.uint32))
    values = (hash32(bits) >> np.uint32(8)).astype(np.float32)
    values *= np.float32(2**-23)
    values -= np.float32(1)
    return values.reshape(shape)


def parameter(number, *shape):
    return np.float32(0.1) * uniform(FIRST_PARAMETER + number, shape)


def dense(rows):
    """Parameters of 100 -> 64 -> 1."""
    if rows:
        shapes = (100, 64), (64,), (64, 1), (1,)
    else:
        shapes = (64, 100), (64, 1), (1, 64), (1, 1)
    return [parameter(i, *shape) for i, shape in enumerate(shapes)]


def samples(m, rows):
    """X of 100 features, and Y: whether the first one is negative."""
    X = uniform(INPUTS, (m, 100) if rows else (100, m))
    first = X[:, :1] if rows else X[:1]
    return X, (first < 0).astype(np.float32)


def untuned(m):
    """Parameters, X and Y of 77 -> 48 -> 24 -> 3."""
    ones, zeros = np.ones, np.zeros
    parameters = [
        parameter(0, 77, 48), parameter(1, 48), ones(48, np.float32), zeros(48, np.float32),
        parameter(4, 48, 24), parameter(5, 24), ones(24, np.float32), zeros(24, np.float32),
        parameter(8, 24, 3), parameter(9, 3),
    ]
    X = uniform(INPUTS, (m, 77))
    first = X[:, :3]
    return parameters, X, (first == first.max(1, keepdims=True)).astype(np.float32)


def textbook(m):
    """Parameters of 2 -> 10 -> 1, X of two features a column, and Y: whether the first one is negative."""
    parameters = [parameter(i, *shape) for i, shape in enumerate([(10, 2), (10, 1), (1, 10), (1, 1)])]
    X = uniform(INPUTS, (2, m))
    return parameters, X, (X[:1] < 0).astype(np.float32)


def mean_magnitude(result):
    return np.abs(np.asarray(result)).mean(dtype=np.float64)
