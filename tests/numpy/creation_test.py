"""Arrays from nothing."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import lanewise as lw
from support import DTYPES, SMALL, arrays, assert_equal

integers = st.one_of(st.integers(-40, 40), st.integers(-2**62, 2**62))
floats = st.one_of(st.integers(-40, 40).map(lambda n: n / 8), st.floats(-40, 40), integers)


@given(SMALL.shapes, st.sampled_from(DTYPES), st.integers(0, 1))
def test_filled(shape, dtype, value):
    assert_equal(lw.zeros(shape, dtype), np.zeros(shape, dtype))
    assert_equal(lw.ones(shape, dtype=dtype), np.ones(shape, dtype))
    assert_equal(lw.full(shape, value, dtype), np.full(shape, value, dtype))


@pytest.mark.parametrize("shape", [np.int64(3), np.array(3), np.array([2, 3]), np.uint8(2), range(2, 4),
                                   [np.int32(2), 3], np.array([], int)], ids=repr)
def test_shapes_from_numpy(shape):
    assert_equal(lw.zeros(shape), np.zeros(shape))
    assert_equal(lw.full(shape, 2), np.full(shape, 2))
    expected = np.zeros(shape)
    assert_equal(lw.broadcast_to(0.0, shape), expected)
    assert_equal(lw.arange(expected.size).reshape(shape), np.arange(expected.size).reshape(shape))
    assert_equal(lw.reshape(expected, shape), expected)
    assert lw.random.randint(0, 5, shape).shape == expected.shape


def test_shapes_from_arrays():
    assert lw.ones(lw.array(3)).shape == (3,) and lw.ones(lw.array([2, 3])).shape == (2, 3)
    assert lw.ones(lw.zeros((4, 5)).shape).shape == (4, 5)


@pytest.mark.parametrize("shape", [1.5, None, np.array([2.0]), np.array(2.0), np.float64(2), "ab"])
def test_no_shapes(shape):
    with pytest.raises(TypeError):
        lw.zeros(shape)


@given(arrays())
def test_like(a):
    assert_equal(lw.zeros_like(a), np.zeros_like(a))
    assert_equal(lw.ones_like(lw.asarray(a)), np.ones_like(a))
    assert_equal(lw.zeros_like(a, "int8"), np.zeros_like(a, "int8"))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("n", [0, 1, 2, 17])
def test_eye(n, dtype):
    assert_equal(lw.eye(n, dtype), np.eye(n, dtype=dtype))


def test_dtypes_by_default():
    assert_equal(lw.zeros(2), np.zeros(2))
    assert_equal(lw.ones(()), np.ones(()))
    assert_equal(lw.eye(2), np.eye(2))
    for value in (True, 3, 2**62 + 1, 2.5, np.float32(1), np.int8(-1)):
        assert_equal(lw.full(3, value), np.full(3, value))
    for dtype in DTYPES:
        assert getattr(lw, "bool_" if dtype == "bool" else dtype) == np.dtype(dtype)


@given(st.one_of(st.tuples(integers), st.tuples(integers, integers),
                 st.tuples(integers, integers, integers.filter(bool))))
def test_arange_of_integers(args):
    length = len(range(*args))
    if length > 10_000:
        args = (args[0] if len(args) > 1 else 0, (args[0] if len(args) > 1 else 0) + 7)
    assert_equal(lw.arange(*args), np.arange(*args))


@given(st.floats(-40, 40), st.floats(-3, 3).filter(lambda step: abs(step) > 1e-3),
       st.integers(0, 3000), st.sampled_from(["float32", "float64", None]))
def test_arange_of_floats(start, step, count, dtype):
    stop = start + count * step
    assert_equal(lw.arange(start, stop, step, dtype), np.arange(start, stop, step, dtype))


@pytest.mark.parametrize("args", [(5,), (2, 5), (5, 2, -1), (0, 1, 0.1), (1, 2, 0.1), (1.0,), (0,),
                                  (3, 1), (-3, 3, 2), (0.5, 3), (2**53 + 1, 2**53 + 9, 3)])
@pytest.mark.parametrize("dtype", [None, "int32", "int64", "uint8", "float32", "float64"])
def test_arange_in_a_dtype(args, dtype):
    if dtype in ("int32", "uint8") and not 0 <= args[0] < 2**31:
        return  # NumPy refuses such ends
    assert_equal(lw.arange(*args, dtype=dtype), np.arange(*args, dtype=dtype))


@given(floats, floats, st.sampled_from([50, 0, 1, 2, 3, 7, 1000]),
       st.sampled_from([None, "float32", "float64", "int64", "int32"]))
def test_linspace(start, stop, count, dtype):
    if dtype == "int32":
        start, stop = start % 1000, stop % 1000
    assert_equal(lw.linspace(start, stop, count, dtype), np.linspace(start, stop, count, dtype=dtype))


def test_linspace_of_fifty():
    assert_equal(lw.linspace(0, 1), np.linspace(0, 1))
    assert_equal(lw.linspace(0, 5e-324, 3), np.linspace(0, 5e-324, 3))
    assert_equal(lw.linspace(2, 2, 3), np.linspace(2, 2, 3))


@pytest.mark.parametrize("make", [
    lambda: lw.arange(0, 1, 0), lambda: lw.arange(0, np.inf), lambda: lw.arange(np.nan),
    lambda: lw.linspace(0, 1, -1), lambda: lw.zeros(-1), lambda: lw.eye(-1),
    lambda: lw.arange(0, 1e18)])
def test_errors(make):
    with pytest.raises(lw.ValueError):
        make().eval()
