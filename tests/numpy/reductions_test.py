"""Reductions beyond the table: no elements, no axes, NaN, long sums, methods."""

import numpy as np
import pytest

import lanewise as lw
from operations import mean, total, variance
from support import DTYPES, FLOATS, assert_agrees, assert_close, assert_equal, ordinary


def test_softmax_of_far_values():
    far = np.array([[1000.0, 0.0, -1000.0], [-1e300, 0.0, -1e300]])
    assert_equal(lw.softmax(far), np.array([[1.0, 0, 0], [0, 1, 0]]))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axis", [((0,), None), ((3, 0), 1), ((0, 3), 0), ((0, 3), None)])
def test_no_elements(dtype, shape, axis):
    a = np.zeros(shape, dtype)
    x = lw.asarray(a)
    for name in ("sum", "prod", "all", "any", "mean"):
        assert_equal(getattr(lw, name)(x, axis=axis), getattr(np, name)(a, axis=axis))
    for name in ("max", "min", "argmax", "argmin"):
        with pytest.raises(lw.ValueError, match="no elements|empty|zero"):
            getattr(lw, name)(x, axis=axis)


def test_no_results():
    x = lw.zeros((0, 3))
    assert lw.max(x, axis=1).shape == (0,)
    assert lw.argmax(x, axis=1, keepdims=True).shape == (0, 1)
    assert lw.softmax(x, axis=1).shape == (0, 3)


def test_an_empty_tuple_of_axes_reduces_nothing():
    a = np.arange(6.0).reshape(2, 3)
    assert_equal(lw.sum(a, axis=()), np.sum(a, axis=()))


def test_nan_wins():
    a = np.array([[1.0, np.nan, 3.0], [4.0, 5.0, 6.0]])
    for name in ("max", "min", "sum", "mean", "argmax", "argmin"):
        assert_equal(getattr(lw, name)(a, axis=1), getattr(np, name)(a, axis=1))


@pytest.mark.parametrize("dtype", FLOATS)
def test_long_sums_are_accurate(dtype):
    a = ordinary(np.random.RandomState(1), (1_000_003,), dtype)
    assert_agrees(lw.sum(lw.asarray(a)), total(a, None, False), signs=False)
    assert_agrees(lw.mean(lw.asarray(a)), mean(a, None, False), signs=False)
    shifted = a + 1000
    assert_agrees(lw.var(lw.asarray(shifted)), variance(shifted, None, False, 0))


def test_a_sum_beyond_the_bits_of_float32(executor):
    if executor != "loop":  # which sums one by one, as a textbook does
        ones = lw.broadcast_to(lw.ones((), "float32"), (20_000_000,))
        assert lw.sum(ones).item() == 20_000_000


@pytest.mark.parametrize("name", ["argmax", "argmin", "max", "min"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_ties_and_nan_far_apart(name, dtype):
    a = np.zeros((3, 200_001), dtype)
    for row in a:
        row[[70_000, 130_000, 200_000]] = 1
    if a.dtype.kind == "f":
        a[2, [131_072, 199_999]] = np.nan
    for b in (a, np.logical_not(a).astype(dtype)):
        for view in (b, b[:, ::-1], np.asfortranarray(b)):
            assert_equal(getattr(lw, name)(lw.asarray(view), axis=1), getattr(np, name)(view, axis=1))
            assert_equal(getattr(lw, name)(lw.asarray(view)), getattr(np, name)(view))


def test_methods_are_the_functions():
    a = np.arange(12.0).reshape(3, 4)
    x = lw.asarray(a)
    for name in ("sum", "prod", "mean", "max", "min", "std", "var", "argmax", "argmin", "all", "any"):
        assert_close(getattr(x, name)(axis=1), getattr(a, name)(axis=1))
        assert_close(getattr(x, name)(0), getattr(a, name)(0))
    assert_close(x.sum(axis=(0, 1), keepdims=True), a.sum(axis=(0, 1), keepdims=True))


REDUCTIONS = ["sum", "prod", "mean", "max", "min", "std", "var", "any", "all", "argmax", "argmin"]


@pytest.mark.parametrize("name", REDUCTIONS)
def test_functions_of_numpy_call_the_methods(name):
    a = np.array([[3.0, 1.0], [0.0, 4.0]])
    x, f = lw.array(a), getattr(np, name)
    assert_close(f(x), f(a))
    assert_close(f(x, axis=1), f(a, axis=1))
    assert_close(f(x, axis=0, keepdims=True), f(a, axis=0, keepdims=True))
    with pytest.raises(TypeError, match="out is not supported"):
        getattr(x, name)(out=np.zeros(()))


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "std", "var"])
def test_reductions_in_another_dtype(name):
    a = np.arange(1, 5, dtype="int32")
    for dtype in ("float32", np.float64):
        assert_close(getattr(lw, name)(a, dtype=dtype), getattr(a, name)(dtype=dtype))
        assert_close(getattr(np, name)(lw.array(a), dtype=dtype), getattr(a, name)(dtype=dtype))


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "any", "all", "argmax", "argmin"])
def test_the_axis_of_a_scalar(name):
    a = np.array(3.0)
    for axis in (0, -1, np.int64(0)):
        assert_equal(getattr(lw, name)(a, axis=axis), getattr(np, name)(a, axis=axis))
        assert_equal(getattr(lw.array(a), name)(axis), getattr(a, name)(axis))
    for axis in (1, -2):
        with pytest.raises(lw.IndexError):
            getattr(lw, name)(lw.array(3.0), axis=axis)
