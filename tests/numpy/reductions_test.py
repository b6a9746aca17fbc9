"""Reductions against NumPy: axes, keepdims, empty arrays, NaN."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given, strategies as st

import lanewise as lw
from support import (DTYPES, FLOATS, array_with_axes, arrays, assert_close, assert_equal, values)

NON_EMPTY = [1, 2, 3, 7, 16, 17]

# Where Lanewise differs from NumPy: it has no uint64, so uint8 sums in int64.
SUM_DTYPES = {"uint64": "int64"}


def size_of_terms(a, axis):
    """Σ|x|, to which the error of a sum is relative."""
    return np.sum(np.abs(a.astype("f8")), axis=axis)


@given(array_with_axes(), st.booleans())
def test_sum(case, keepdims):
    a, axis = case
    expected = np.sum(a, axis=axis, keepdims=keepdims)
    scale = np.sum(np.abs(a.astype("f8")), axis=axis, keepdims=keepdims)
    if a.dtype.kind == "f":
        expected = np.sum(a.astype("f8"), axis=axis, keepdims=keepdims)
    dtype = a.dtype.name if a.dtype.kind == "f" else "int64"
    scale = np.where(np.isfinite(scale), scale, 0) if a.dtype.kind == "f" else None
    assert_close(lw.sum(lw.asarray(a), axis=axis, keepdims=keepdims), expected, dtype, scale=scale,
                 rtol={"float32": 2e-6}.get(dtype))


@given(array_with_axes(), st.booleans())
def test_prod(case, keepdims):
    a, axis = case
    if a.dtype.kind == "f":
        a = np.where(np.isfinite(a), np.sign(a) * (1 + np.abs(a) % 1), a).astype(a.dtype)
    expected = np.prod(a.astype("f8") if a.dtype.kind == "f" else a, axis=axis, keepdims=keepdims)
    dtype = a.dtype.name if a.dtype.kind == "f" else "int64"
    if dtype == "float32":  # beyond its range, order decides
        expected = np.where(np.abs(expected) > 1e30, np.nan, expected)
        got = lw.prod(lw.asarray(a), axis=axis, keepdims=keepdims)
        got = lw.where(lw.abs(got) > 1e30, np.float32("nan"), got)
        return assert_close(got, expected, dtype, rtol=2e-4)
    assert_close(lw.prod(lw.asarray(a), axis=axis, keepdims=keepdims), expected, dtype)


@pytest.mark.parametrize("name", ["mean", "var", "std"])
def test_moments(name):
    @given(array_with_axes(special=False), st.booleans(), st.integers(0, 2))
    def check(case, keepdims, ddof):
        a, axis = case
        options = {} if name == "mean" else {"ddof": ddof}
        dtype = a.dtype.name if a.dtype.kind == "f" else "float64"
        expected = getattr(np, name)(a.astype("f8"), axis=axis, keepdims=keepdims, **options)
        got = getattr(lw, name)(lw.asarray(a), axis=axis, keepdims=keepdims, **options)
        largest = np.max(np.abs(a.astype("f8")), initial=1e-30)
        scale = largest ** 2 if name == "var" else largest
        scale = np.where(np.isfinite(expected), np.maximum(scale, np.abs(expected)), 0)
        assert_close(got, expected, dtype, scale=scale,
                     rtol={"float32": 1e-5, "float64": 1e-7 if name == "std" else 1e-11}[dtype])

    check()


@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes(name):
    @given(array_with_axes(extents=NON_EMPTY), st.booleans())
    def check(case, keepdims):
        a, axis = case
        assert_equal(getattr(lw, name)(lw.asarray(a), axis=axis, keepdims=keepdims),
                     getattr(np, name)(a, axis=axis, keepdims=keepdims), signed_zeros=False)

    check()


@pytest.mark.parametrize("name", ["all", "any"])
def test_logic(name):
    @given(array_with_axes(), st.booleans())
    def check(case, keepdims):
        a, axis = case
        assert_equal(getattr(lw, name)(lw.asarray(a), axis=axis, keepdims=keepdims),
                     getattr(np, name)(a, axis=axis, keepdims=keepdims))

    check()


@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_searches(name):
    @given(arrays(extents=NON_EMPTY), st.booleans(), st.integers(0, 3), st.booleans())
    def check(a, keepdims, axis, flat):
        axis = None if flat or a.ndim == 0 else axis % a.ndim
        assert_equal(getattr(lw, name)(lw.asarray(a), axis=axis, keepdims=keepdims),
                     getattr(np, name)(a, axis=axis, keepdims=keepdims))

    check()


@given(array_with_axes(FLOATS, extents=NON_EMPTY), st.booleans())
def test_logsumexp(case, keepdims):
    a, axis = case
    expected = scipy.special.logsumexp(a.astype("f8"), axis=axis, keepdims=keepdims)
    expected = np.reshape(expected, np.sum(a, axis=axis, keepdims=keepdims).shape)  # rank 0 too
    scale = np.where(np.isfinite(expected), np.maximum(1, np.abs(expected)), 0)
    assert_close(lw.logsumexp(lw.asarray(a), axis=axis, keepdims=keepdims), expected,
                 a.dtype, scale=scale, rtol=1e-6 if a.dtype == "f4" else 1e-12)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(name):
    @given(arrays(FLOATS, min_rank=1, extents=NON_EMPTY, special=False), st.integers(0, 3))
    def check(a, axis):
        axis = axis % a.ndim - a.ndim
        expected = getattr(scipy.special, name)(a.astype("f8"), axis=axis)
        scale = 1 if name == "softmax" else np.maximum(1, np.abs(a).max())
        assert_close(getattr(lw, name)(lw.asarray(a), axis=axis), expected, a.dtype, scale=scale,
                     rtol=1e-6 if a.dtype == "f4" else 1e-12)

    check()


def test_softmax_of_far_values():
    far = np.array([[1000.0, 0.0, -1000.0], [-1e300, 0.0, -1e300]])
    assert_close(lw.softmax(far), [[1, 0, 0], [0, 1, 0]], "float64")


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape, axis", [((0,), None), ((3, 0), 1), ((0, 3), 0), ((0, 3), None)])
def test_no_elements(dtype, shape, axis):
    a = np.zeros(shape, dtype)
    x = lw.asarray(a)
    for name in ("sum", "prod", "all", "any", "mean"):
        expected = getattr(np, name)(a, axis=axis)
        got = getattr(lw, name)(x, axis=axis)
        assert_equal(got, expected, SUM_DTYPES.get(expected.dtype.name))
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


def test_long_sums_are_accurate(executor):
    a = values(np.random.RandomState(1), (1_000_003,), "float32", special=False)
    exact = np.sum(a.astype("f8"))
    assert abs(lw.sum(lw.asarray(a)).item() - exact) <= 1e-4 * np.sum(np.abs(a))
    if executor != "loop":  # which sums one by one, as a textbook does
        ones = lw.broadcast_to(lw.ones((), "float32"), (20_000_000,))
        assert lw.sum(ones).item() == 20_000_000


def test_methods_are_the_functions():
    a = np.arange(12.0).reshape(3, 4)
    x = lw.asarray(a)
    for name in ("sum", "prod", "mean", "max", "min", "std", "var", "argmax", "argmin", "all", "any"):
        assert_close(getattr(x, name)(axis=1), getattr(a, name)(axis=1))
        assert_close(getattr(x, name)(0), getattr(a, name)(0))
    assert_close(x.sum(axis=(0, 1), keepdims=True), a.sum(axis=(0, 1), keepdims=True))
