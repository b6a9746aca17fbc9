"""Shapes and conversions beyond the table: methods, what astype does where C leaves it open."""

import numpy as np
import pytest
from hypothesis import given

import lanewise as lw
from operations import reshaped
from support import FLOATS, INTEGERS, SMALL, assert_equal, once, result


@given(reshaped(SMALL))
def test_methods_are_the_functions(case):
    (a, shape), _ = case
    x = lw.asarray(a)
    assert_equal(x.reshape(shape), a.reshape(shape))
    if shape:
        assert_equal(x.reshape(*shape), a.reshape(*shape))
    assert_equal(x.ravel(), a.ravel())
    assert_equal(x.T, a.T)
    assert_equal(x.transpose(), a.transpose())
    axes = range(a.ndim)[::-1]
    assert_equal(x.transpose(*axes), a.transpose(*axes))
    assert_equal(x.transpose(tuple(axes)), a.transpose(tuple(axes)))
    assert_equal(x.transpose(np.array(axes, int)), a.transpose(tuple(axes)))
    assert_equal(lw.transpose(x, np.array(axes, int)), a.transpose(tuple(axes)))
    assert_equal(x[None].squeeze(0), a)
    assert_equal(x[None].swapaxes(0, -1), a[None].swapaxes(0, -1))
    assert_equal(x.astype("float64"), a.astype("float64"))
    if a.size:
        assert_equal(x.take([0, -1]), a.take([0, -1]))


@pytest.mark.parametrize("source", FLOATS)
@pytest.mark.parametrize("target", INTEGERS)
def test_floats_beyond_an_integer_saturate(source, target):
    info = np.iinfo(target)
    a = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 3.99, -0.99, 0.0], source)
    expected = np.array([0, info.max, info.min, info.max, info.min, 3, 0, 0], target)
    assert_equal(lw.asarray(a).astype(target), expected)
    assert_equal(lw.asarray(np.repeat(a, 9)[::-2]).astype(target), np.repeat(expected, 9)[::-2])


@once
@pytest.mark.parametrize("count", [33, 100_001])
def test_executors_agree_on_conversions(count):
    rng = np.random.RandomState(3)
    a = rng.randn(count) * 10.0 ** rng.randint(-3, 25, count)
    for source in FLOATS:
        for target in INTEGERS:
            both = []
            for name in lw.executors():
                lw.set_executor(name)
                both.append(result(lw.asarray(a.astype(source)).astype(target)))
            for other in both[1:]:
                np.testing.assert_array_equal(other, both[0])
