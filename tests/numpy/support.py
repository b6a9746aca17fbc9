"""What the tests share: random arrays of every layout, and comparison with NumPy."""

import numpy as np
from hypothesis import strategies as st

import lanewise as lw

DTYPES = ["bool", "int8", "uint8", "int32", "int64", "float32", "float64"]
FLOATS = ["float32", "float64"]
INTEGERS = ["int8", "uint8", "int32", "int64"]
EXTENTS = [0, 1, 2, 3, 7, 16, 17]
LAYOUTS = ["plain", "reversed", "stepped", "transposed", "repeated", "offset"]
MAX_SIZE = 5000

# Relative tolerance against a result of the next higher precision.
RTOL = {"float32": 3e-7, "float64": 1e-12}


def values(rng, shape, dtype, special=True):
    """Random values that include the awkward ones of the dtype."""
    return np.asarray(_values(rng, shape, np.dtype(dtype), special))


def _values(rng, shape, dtype, special):
    if dtype == bool:
        return np.asarray(rng.rand(*shape)) < 0.5
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        small = rng.randint(max(info.min, -9), 10, shape)
        extreme = np.array([info.min, info.max, 0, 1], dtype)[rng.randint(0, 4, shape)]
        return np.where(rng.rand(*shape) < 0.1, extreme, small).astype(dtype)
    out = np.asarray(rng.randn(*shape) * 10.0 ** rng.randint(-2, 2, shape)).astype(dtype)
    if special:
        info = np.finfo(dtype)
        awkward = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, info.tiny, info.smallest_subnormal,
                            info.eps, 1.0, -1.0, 100.0, -100.0], dtype)
        pick = awkward[rng.randint(0, len(awkward), shape)]
        out = np.where(rng.rand(*shape) < 0.15, pick, out).astype(dtype)
    return out


def with_layout(rng, shape, dtype, layout, special=True):
    """An array of `shape` whose strides are awkward in the way that `layout` names."""
    if shape == ():
        return values(rng, shape, dtype, special)
    if layout == "reversed":
        return values(rng, shape, dtype, special)[tuple(slice(None, None, -1) for _ in shape)]
    if layout == "stepped":
        wide = values(rng, tuple(2 * n for n in shape), dtype, special)
        return wide[tuple(slice(None, None, 2 if i % 2 else -2) for i in range(len(shape)))]
    if layout == "transposed":
        return values(rng, shape[::-1], dtype, special).T
    if layout == "repeated":
        axis = rng.randint(0, len(shape))
        one = shape[:axis] + (1,) + shape[axis + 1:]
        return np.broadcast_to(values(rng, one, dtype, special), shape)
    if layout == "offset":
        larger = values(rng, tuple(n + 1 for n in shape), dtype, special)
        return larger[tuple(slice(1, None) for _ in shape)]
    return values(rng, shape, dtype, special)


def limited(shape):
    """`shape` with extents reduced until the array is small enough for a test."""
    shape = list(shape)
    while np.prod(shape, dtype=int) > MAX_SIZE:
        shape[int(np.argmax(shape))] = 3
    return tuple(shape)


def shapes(min_rank=0, max_rank=4, extents=EXTENTS):
    return st.lists(st.sampled_from(extents), min_size=min_rank, max_size=max_rank).map(limited)


seeds = st.integers(0, 2**32 - 1)
layouts = st.sampled_from(LAYOUTS)


@st.composite
def arrays(draw, dtypes=DTYPES, min_rank=0, max_rank=4, extents=EXTENTS, special=True):
    rng = np.random.RandomState(draw(seeds))
    shape = draw(shapes(min_rank, max_rank, extents))
    return with_layout(rng, shape, draw(st.sampled_from(dtypes)), draw(layouts), special)


@st.composite
def broadcastable(draw, count=2, dtypes=DTYPES, special=True):
    """`count` arrays whose shapes broadcast together."""
    rng = np.random.RandomState(draw(seeds))
    shape = draw(shapes())
    out = []
    for _ in range(count):
        mine = tuple(1 if draw(st.integers(0, 3)) == 0 else n for n in shape)
        mine = mine[draw(st.integers(0, len(mine))):] if draw(st.booleans()) else mine
        out.append(with_layout(rng, mine, draw(st.sampled_from(dtypes)), draw(layouts), special))
    return out


@st.composite
def array_with_axes(draw, dtypes=DTYPES, extents=EXTENTS, special=True):
    """An array and an `axis` argument for it: None, an int or a tuple; negative ones too."""
    a = draw(arrays(dtypes, extents=extents, special=special))
    axes = draw(st.lists(st.sampled_from(range(a.ndim)), unique=True)) if a.ndim else []
    axes = [axis - a.ndim if draw(st.booleans()) else axis for axis in axes]
    kind = draw(st.sampled_from(["none", "int", "tuple"]))
    if kind == "none" or not axes:
        return a, None
    return a, axes[0] if kind == "int" else tuple(axes)


def result(a):
    return lw.to_numpy(a)


def assert_layout(actual, expected, dtype=None):
    dtype = np.dtype(dtype or expected.dtype)
    assert isinstance(actual, lw.Array)
    assert actual.shape == np.shape(expected)
    assert actual.dtype == dtype, f"{actual.dtype} instead of {dtype}"


def assert_equal(actual, expected, dtype=None, signed_zeros=True):
    """Equal to the bit, but for the sign and payload of a NaN."""
    expected = np.asarray(expected)
    assert_layout(actual, expected, dtype)
    got = result(actual)
    np.testing.assert_array_equal(got, expected.astype(got.dtype))
    if signed_zeros and got.dtype.kind == "f":
        zero = (got == 0) & (expected == 0)
        np.testing.assert_array_equal(np.signbit(got)[zero], np.signbit(expected)[zero])


def assert_close(actual, expected, dtype=None, scale=None, rtol=None):
    """Within a tolerance relative to `expected`, or to `scale` (the sum of the terms' sizes)."""
    expected = np.asarray(expected)
    assert_layout(actual, expected, dtype)
    got = result(actual)
    if got.dtype.kind != "f":
        return np.testing.assert_array_equal(got, expected.astype(got.dtype))
    rtol = rtol or RTOL[got.dtype.name]
    info = np.finfo(got.dtype)
    expected = expected.astype(got.dtype)
    size = np.abs(expected) if scale is None else np.asarray(scale)
    with np.errstate(all="ignore"):
        bound = rtol * size + 4 * info.smallest_subnormal
        same = (got == expected) | (np.isnan(got) & np.isnan(expected))
        near = np.abs(got.astype("f8") - expected.astype("f8")) <= bound
    wrong = ~(same | near)
    assert not wrong.any(), (
        f"{int(wrong.sum())} of {wrong.size} differ: {got[wrong][:5]} instead of "
        f"{expected[wrong][:5]}")
