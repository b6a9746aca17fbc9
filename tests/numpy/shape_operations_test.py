"""Operations that move elements: transpose, reshape, joins, take."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import lanewise as lw
from support import DTYPES, arrays, assert_equal, broadcastable, seeds, values, with_layout


@given(arrays(), st.randoms(use_true_random=False))
def test_transpose(a, random):
    axes = list(range(a.ndim))
    random.shuffle(axes)
    x = lw.asarray(a)
    assert_equal(lw.transpose(x), a.T)
    assert_equal(x.T, a.T)
    assert_equal(lw.transpose(x, axes), np.transpose(a, axes))
    assert_equal(x.transpose(*[axis - a.ndim for axis in axes]), np.transpose(a, axes))
    if a.ndim:
        assert_equal(lw.swapaxes(x, 0, -1), np.swapaxes(a, 0, -1))


@given(arrays())
def test_reshape(a):
    x = lw.asarray(a)
    assert_equal(lw.ravel(x), a.ravel())
    assert_equal(x.reshape(a.shape[::-1]), a.reshape(a.shape[::-1]))
    assert_equal(x.T.reshape(a.shape), a.T.reshape(a.shape))
    assert_equal(lw.expand_dims(x, (0, -1)), np.expand_dims(a, (0, -1)))
    if a.size:
        assert_equal(x.reshape(-1, 1), a.reshape(-1, 1))
        assert_equal(x.reshape((1, -1)), a.reshape((1, -1)))


@given(arrays(extents=[1, 3]))
def test_squeeze(a):
    x = lw.asarray(a)
    assert_equal(lw.squeeze(x), np.squeeze(a))
    for axis in [i for i, extent in enumerate(a.shape) if extent == 1]:
        assert_equal(lw.squeeze(x, axis), np.squeeze(a, axis))


@given(broadcastable())
def test_broadcast_to(pair):
    a, b = pair
    shape = np.broadcast_shapes(a.shape, b.shape)
    assert_equal(lw.broadcast_to(lw.asarray(a), shape), np.broadcast_to(a, shape))


@given(arrays(min_rank=1), st.integers(0, 3), seeds)
def test_concatenate(a, axis, seed):
    axis = axis % a.ndim - (a.ndim if seed % 2 else 0)
    rng = np.random.RandomState(seed)
    shape = list(a.shape)
    shape[axis] = 2
    b = with_layout(rng, tuple(shape), a.dtype, "transposed")
    assert_equal(lw.concatenate([lw.asarray(a), lw.asarray(b), lw.asarray(a)], axis=axis),
                 np.concatenate([a, b, a], axis=axis))
    assert_equal(lw.concatenate([lw.asarray(a), lw.asarray(b)], axis=None),
                 np.concatenate([a, b], axis=None))


@given(arrays(), st.integers(0, 4), st.booleans())
def test_stack(a, axis, negative):
    axis = axis % (a.ndim + 1) - (a.ndim + 1 if negative else 0)
    assert_equal(lw.stack([lw.asarray(a), lw.asarray(a)], axis=axis), np.stack([a, a], axis=axis))


@given(arrays(min_rank=1, extents=[1, 2, 3, 7, 17]), st.integers(0, 3),
       st.sampled_from([(), (0,), (5,), (2, 3)]), seeds, st.sampled_from(["int32", "int64", "int8"]))
def test_take(a, axis, shape, seed, dtype):
    axis = axis % a.ndim
    extent = a.shape[axis]
    indices = np.random.RandomState(seed).randint(-extent, extent, shape).astype(dtype)
    x, i = lw.asarray(a), lw.asarray(indices)
    assert_equal(lw.take(x, i, axis=axis), np.take(a, indices, axis=axis))
    flat = indices.astype("int64") % a.size
    assert_equal(lw.take(x, lw.asarray(flat)), np.take(a, flat))


@pytest.mark.parametrize("source", DTYPES)
@pytest.mark.parametrize("target", DTYPES)
def test_astype(source, target):
    a = values(np.random.RandomState(2), (33,), source)
    if np.dtype(source).kind == "f" and np.dtype(target).kind in "iu":
        a = np.abs(np.where(np.isfinite(a), a, 0)) % 100  # else C and C++ leave it open
        a = a.astype(source)
    with np.errstate(all="ignore"):
        assert_equal(lw.asarray(a).astype(target), a.astype(target))
        assert_equal(lw.asarray(a[::-2]).astype(target), a[::-2].astype(target))
