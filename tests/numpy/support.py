"""What the tests share: random arrays of every layout, and comparison with NumPy."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import strategies as st

import lanewise as lw

# What comes first is drawn more often.
DTYPES = ["float32", "float64", "int64", "int32", "uint8", "int8", "bool"]
FLOATS = ["float32", "float64"]
INTEGERS = ["int8", "uint8", "int32", "int64"]

# For tests that look at both executors themselves.
once = pytest.mark.parametrize("executor", ["vectorized"], indirect=True)


class Sizes(NamedTuple):
    shapes: st.SearchStrategy
    extents: st.SearchStrategy  # of the axes of products


@st.composite
def shapes_of(draw, ranks, extents, largest=5000):
    """Shapes that hold at most `largest` elements. What comes first is drawn more often."""
    shape = [draw(st.sampled_from(extents)) for _ in range(draw(st.sampled_from(ranks)))]
    while np.prod(shape, dtype=int) > largest:
        shape[int(np.argmax(shape))] = 3
    return tuple(shape)


SMALL = Sizes(shapes_of([2, 3, 1, 4, 0], [3, 7, 16, 2, 17, 1, 0]),
              st.sampled_from([3, 7, 16, 33, 2, 17, 1, 0]))
# Beyond a block of a sum, a group of blocks, and what is worth a second thread.
LARGE = Sizes(st.sampled_from([(140_003,), (2, 70_001), (70_001, 2), (5, 130, 257), (401, 449),
                               (33, 1, 65, 67)]),
              st.sampled_from([1, 31, 130, 257]))

seeds = st.integers(0, 2**32 - 1)


def ordinary(rng, shape, dtype):
    """Random values."""
    dtype = np.dtype(dtype)
    if dtype == bool:
        return np.asarray(rng.rand(*shape) < 0.5)
    if dtype.kind in "iu":
        return np.asarray(rng.randint(max(np.iinfo(dtype).min, -9), 10, shape)).astype(dtype)
    return np.asarray(rng.randn(*shape) * 10.0 ** rng.randint(-2, 2, shape)).astype(dtype)


def values(rng, shape, dtype):
    """Random values; in half of the arrays some are the awkward ones of the dtype."""
    dtype = np.dtype(dtype)
    out = ordinary(rng, shape, dtype)
    if dtype == bool or rng.rand() < 0.5:
        return out
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        awkward = [info.min, info.max, 0, 1]
    else:
        info = np.finfo(dtype)
        awkward = [np.nan, np.inf, -np.inf, 0.0, -0.0, info.tiny, info.smallest_subnormal, info.eps,
                   1.0, -1.0, 100.0, -100.0]
    pick = np.array(awkward, dtype)[rng.randint(0, len(awkward), shape)]
    return np.asarray(np.where(rng.rand(*shape) < 0.15, pick, out))


def strided(rng, shape, dtype, fill=values):
    """An array of `shape` whose axes lie in any order, with a step of -2 … 2 each; 0 repeats."""
    steps = rng.choice([1, 1, -1, 2, -2, 0], len(shape))
    order = rng.permutation(len(shape))
    stored = [1 if step == 0 else extent * abs(step) for extent, step in zip(shape, steps)]
    memory = fill(rng, tuple(stored[axis] for axis in order), dtype)
    stepped = memory.transpose(np.argsort(order))[tuple(slice(None, None, s or 1) for s in steps)]
    return np.broadcast_to(stepped, shape)


@st.composite
def layouts(draw):
    """A function (rng, shape, dtype, fill) that makes an array, row-major or strided."""
    if draw(st.booleans()):
        return lambda rng, shape, dtype, fill=values: fill(rng, shape, dtype)
    return strided


@st.composite
def arrays(draw, sizes=SMALL, dtypes=DTYPES, fill=values, min_rank=0):
    shape = draw(sizes.shapes.filter(lambda shape: len(shape) >= min_rank))
    rng = np.random.RandomState(draw(seeds))
    return draw(layouts())(rng, shape, draw(st.sampled_from(dtypes)), fill)


@st.composite
def broadcastable(draw, count=2, sizes=SMALL, dtypes=DTYPES, fills=()):
    """`count` arrays whose shapes broadcast together, number i filled by fills[i]."""
    rng = np.random.RandomState(draw(seeds))
    shape = draw(sizes.shapes)
    out = []
    for i in range(count):
        mine = tuple(draw(st.sampled_from([n, n, n, 1])) for n in shape)
        mine = mine[draw(st.integers(0, len(mine))):] if draw(st.booleans()) else mine
        fill = fills[i] if i < len(fills) else values
        out.append(draw(layouts())(rng, mine, draw(st.sampled_from(dtypes)), fill))
    return out


@st.composite
def axes_of(draw, rank):
    """An `axis` argument: None, an int or a tuple, which may be empty; negative ones too."""
    chosen = draw(st.lists(st.sampled_from(range(rank)), unique=True)) if rank else []
    chosen = [axis - rank if draw(st.booleans()) else axis for axis in chosen]
    kind = draw(st.sampled_from(["none", "int", "tuple"]))
    if kind == "tuple":
        return tuple(chosen)
    return chosen[0] if kind == "int" and chosen else None


# ---- comparison

# Where Lanewise gives another dtype than NumPy, because NumPy's is one that it lacks.
DIFFERENT_DTYPES = {
    "float16": "float32",  # exp of int8, uint8, bool
    "int16": "int32",      # int8 with uint8
    "uint64": "int64",     # the sum of uint8
}


def ours(dtype):
    return DIFFERENT_DTYPES.get(np.dtype(dtype).name, np.dtype(dtype).name)


def common_dtype(*arrays):
    """That of Lanewise for operands of these dtypes."""
    dtype = arrays[0].dtype
    for a in arrays[1:]:
        dtype = np.dtype(ours(np.promote_types(dtype, a.dtype)))
    return dtype.name


def floating(dtype):
    """The dtype in which functions such as exp are computed."""
    dtype = np.dtype(dtype)
    return dtype.name if dtype.kind == "f" else "float32" if dtype.itemsize == 1 else "float64"


class Near(NamedTuple):
    """The exact result, as well as a long double has it, and how far `dtype`'s may be from it."""
    exact: np.ndarray
    dtype: str
    bound: np.ndarray


def wide(a, dtype=None):
    return np.asarray(a).astype(dtype or a.dtype).astype(np.longdouble)


def unit(dtype):
    """The relative error of one rounding."""
    return np.longdouble(np.finfo(dtype).eps) / 2


def smallest(dtype):
    return np.longdouble(np.finfo(dtype).smallest_subnormal)


def ulps(count, exact, dtype):
    """`count` units in the last place of the exact result."""
    size = np.minimum(np.abs(exact), np.finfo(dtype).max).astype(dtype)
    return count * np.spacing(size).astype(np.longdouble)


def result(a):
    return lw.to_numpy(a)


def assert_layout(actual, shape, dtype):
    assert isinstance(actual, lw.Array)
    assert actual.shape == shape
    assert actual.dtype == dtype, f"{actual.dtype} instead of {dtype}"


def differences(wrong, got, expected):
    return (f"{int(wrong.sum())} of {wrong.size} differ, first at {np.argwhere(wrong)[0].tolist()}: "
            f"{got[wrong][:5]} instead of {expected[wrong][:5]}")


def different(got, expected, signs=True):
    """Where bits differ, but for the sign and payload of a NaN; without `signs`, of a zero too."""
    same = got == expected
    if got.dtype.kind == "f":
        if signs:
            same &= np.signbit(got) == np.signbit(expected)
        same |= np.isnan(got) & np.isnan(expected)
    return ~same


def assert_equal(actual, expected, dtype=None, signs=True):
    """Equal to the bit."""
    expected = np.asarray(expected)
    assert_layout(actual, expected.shape, dtype or ours(expected.dtype))
    got = result(actual)
    wrong = different(got, expected.astype(got.dtype), signs)
    assert not wrong.any(), differences(wrong, got, expected)


def assert_near(actual, near, signs=True):
    exact = np.asarray(near.exact)
    assert_layout(actual, exact.shape, near.dtype)
    got = result(actual)
    rounded = exact.astype(near.dtype)
    with np.errstate(all="ignore"):
        close = np.abs(got.astype(np.longdouble) - exact) <= near.bound
    wrong = different(got, rounded) & ~(close & np.isfinite(got) & np.isfinite(exact))
    if signs:
        wrong |= (got == 0) & (rounded == 0) & (np.signbit(got) != np.signbit(rounded))
    assert not wrong.any(), differences(wrong, got, exact)


def assert_agrees(actual, expected, signs=True):
    if isinstance(expected, Near):
        assert_near(actual, expected, signs)
    else:
        assert_equal(actual, expected, signs=signs)


def assert_close(actual, expected, dtype=None):
    """Near NumPy's own result: for tests of other things than accuracy."""
    expected = np.asarray(expected)
    assert_layout(actual, expected.shape, dtype or ours(expected.dtype))
    rtol = 1e-6 if actual.dtype == "float32" else 1e-13
    np.testing.assert_allclose(result(actual), expected, rtol=rtol)
