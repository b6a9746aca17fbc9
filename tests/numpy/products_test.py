"""Products beyond the table: every block edge, awkward values, the same bits everywhere."""

import numpy as np
import pytest

import lanewise as lw
from operations import product_of
from support import FLOATS, assert_agrees, assert_equal, ordinary, result

matrix_product = product_of(np.matmul)


def check(a, b):
    assert_agrees(lw.asarray(a) @ lw.asarray(b), matrix_product(a, b), signs=False)


@pytest.mark.parametrize("dtype", FLOATS)
def test_large_products(dtype):
    rng = np.random.RandomState(6)
    a, b = ordinary(rng, (257, 515), dtype), ordinary(rng, (515, 130), dtype)
    check(a, b)
    check(b.T, a.T)
    check(a[::-1, ::-1], b[::-1])
    check(a, b[:, 0])
    check(b[:, 0], a.T)
    check(a[::2, ::-3], b[::3, ::-2][:172])


@pytest.mark.parametrize("dtype", FLOATS)
def test_every_small_shape(dtype):
    rng = np.random.RandomState(7)
    for m in [1, 2, 5, 6, 7]:
        for n in [1, 7, 8, 9, 15, 16, 17, 31, 33]:
            for k in [0, 1, 2, 9]:
                check(ordinary(rng, (m, k), dtype), ordinary(rng, (k, n), dtype))


@pytest.mark.parametrize("dtype", FLOATS)
def test_rows_do_not_depend_on_their_neighbours(dtype):
    rng = np.random.RandomState(8)
    a, b = ordinary(rng, (70, 300), dtype), ordinary(rng, (300, 50), dtype)
    whole = result(lw.asarray(a) @ lw.asarray(b))
    for rows in (slice(0, 1), slice(3, 10), slice(64, 70)):
        assert_equal(lw.asarray(a[rows]) @ lw.asarray(b), whole[rows])
        assert_equal(lw.asarray(a[rows].copy(order="F")) @ lw.asarray(b), whole[rows])
    assert_equal(lw.asarray(a) @ lw.asarray(b[:, 7]), whole[:, 7])
    assert_equal(lw.asarray(b.T) @ lw.asarray(a.T), whole.T)


def test_the_method_and_the_operator():
    a = ordinary(np.random.RandomState(9), (3, 3), "int64")
    x = lw.asarray(a)
    for product in (x.dot(x), x.dot(a), x @ a, a @ x, lw.dot(a, a)):
        assert_equal(product, a @ a)


def test_nan_and_infinity_pass_through():
    a = np.array([[np.nan, 1.0], [np.inf, 0.0]])
    assert_equal(lw.asarray(a) @ lw.asarray(a), a @ a)
