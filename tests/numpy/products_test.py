"""matmul, dot and outer against NumPy: vectors, matrices, batches, strides, empty arrays."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import lanewise as lw
from support import FLOATS, assert_close, layouts, seeds, with_layout

EXTENTS = st.sampled_from([0, 1, 2, 3, 7, 16, 17, 33])
CASES = ["k k", "k kn", "mk k", "mk kn", "bmk kn", "mk bkn", "bmk bkn", "abmk bkn", "a1mk bkn",
         "bmk k", "k bkn"]


def close(got, a, b, function):
    wide = function(a.astype("f8"), b.astype("f8"))
    scale = function(np.abs(a).astype("f8"), np.abs(b).astype("f8"))
    dtype = np.result_type(a, b)
    if dtype.kind != "f":
        return assert_close(got, function(a, b))
    assert_close(got, wide, dtype, scale=scale, rtol=2e-6 if dtype == "f4" else 1e-13)


@pytest.mark.parametrize("case", CASES)
def test_matmul(case):
    left, right = case.split()

    @given(seeds, st.tuples(EXTENTS, EXTENTS, EXTENTS), layouts, layouts, st.sampled_from(FLOATS),
           st.sampled_from(FLOATS))
    def check(seed, extents, left_layout, right_layout, left_dtype, right_dtype):
        rng = np.random.RandomState(seed)
        extent = dict(zip("mkn", extents), a=2, b=3, **{"1": 1})
        a = with_layout(rng, tuple(extent[c] for c in left), left_dtype, left_layout, False)
        b = with_layout(rng, tuple(extent[c] for c in right), right_dtype, right_layout, False)
        close(lw.asarray(a) @ lw.asarray(b), a, b, np.matmul)

    check()


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int32", "int64"])
def test_matmul_of_integers(dtype):
    rng = np.random.RandomState(3)
    a = rng.randint(0, 5, (5, 7)).astype(dtype)
    b = rng.randint(0, 5, (7, 3)).astype(dtype)
    assert_close(lw.matmul(a, b), a @ b)


@pytest.mark.parametrize("left, right", [
    ((), ()), ((), (3,)), ((2, 3), ()), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)),
    ((2, 3), (3, 4)), ((5, 2, 3), (3,)), ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((3,), (5, 3, 4)),
    ((5, 2, 3), (6, 3, 4)), ((2, 0), (0, 3))])
def test_dot(left, right):
    rng = np.random.RandomState(4)
    a, b = rng.randn(*left), rng.randn(*right)
    a, b = np.asarray(a), np.asarray(b)
    assert_close(lw.dot(lw.asarray(a), lw.asarray(b)), np.dot(a, b),
                 scale=np.dot(np.abs(a), np.abs(b)))


@pytest.mark.parametrize("left, right", [((3,), (4,)), ((2, 3), (4,)), ((), (2,)), ((0,), (3,))])
def test_outer(left, right):
    rng = np.random.RandomState(5)
    a, b = np.asarray(rng.randn(*left)), np.asarray(rng.randn(*right))
    assert_close(lw.outer(a, b), np.outer(a, b))


def test_large_products():
    rng = np.random.RandomState(6)
    for dtype in FLOATS:
        a, b = rng.randn(257, 515).astype(dtype), rng.randn(515, 130).astype(dtype)
        close(lw.asarray(a) @ lw.asarray(b), a, b, np.matmul)
        close(lw.asarray(b.T) @ lw.asarray(a.T), b.T, a.T, np.matmul)
        close(lw.asarray(a) @ lw.asarray(b[:, 0]), a, b[:, 0], np.matmul)


def test_nan_and_infinity_pass_through():
    a = np.array([[np.nan, 1.0], [np.inf, 0.0]])
    np.testing.assert_array_equal(lw.to_numpy(lw.asarray(a) @ lw.asarray(a)), a @ a)
