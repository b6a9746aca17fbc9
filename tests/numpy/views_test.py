"""Indexing, views and assignment."""

import re

import numpy as np
import pytest
from hypothesis import given, strategies as st

import lanewise as lw
from operations import reshaped
from support import SMALL, arrays, assert_equal, result


def bounds(extent):
    return st.one_of(st.none(), st.integers(-extent - 3, extent + 3))


@st.composite
def array_with_key(draw):
    """An array and a basic index that is valid for it."""
    a = draw(arrays())
    key = []
    for extent in a.shape[:draw(st.integers(0, a.ndim))]:
        if extent and draw(st.booleans()):
            key.append(draw(st.integers(-extent, extent - 1)))
        else:
            step = draw(st.sampled_from([None, 1, 2, 3, -1, -2, -5, 2**63 - 1, -10**30]))
            key.append(slice(draw(bounds(extent)), draw(bounds(extent)), step))
    if draw(st.booleans()):
        key.insert(draw(st.integers(0, len(key))), None)
    if draw(st.integers(0, 2)) == 0:
        key.append(...)
    return a, tuple(key)


@given(array_with_key())
def test_basic_indexing(case):
    a, key = case
    x = lw.asarray(a)
    assert_equal(x[key], a[key])
    if len(key) == 1:
        assert_equal(x[key[0]], a[key[0]])


@given(array_with_key(), array_with_key())
def test_views_of_views(first, second):
    a, key = first
    x, b = lw.asarray(a)[key], a[key]
    assert_equal(x.T, b.T)
    back = tuple(slice(None, None, -1) for _ in b.shape)
    assert_equal(x[back].T, b[back].T)
    assert_equal(x[back].reshape(-1) if b.size else x, b[back].reshape(-1) if b.size else b)


def assert_same_view(actual, view):
    """The same elements of the same memory."""
    assert_equal(actual, view)
    got = result(actual)
    for axis, extent in enumerate(view.shape):
        assert not view.size or extent == 1 or got.strides[axis] == view.strides[axis]
    address, expected = (a.__array_interface__["data"][0] for a in (got, view))
    assert not view.size or address == expected


@given(array_with_key(), st.data())
def test_views_copy_nothing(case, data):
    a, key = case
    x = lw.asarray(a)
    view = a[key if ... in key else (*key, ...)]  # of rank 0 too: no number
    assert_same_view(x[key], view)
    assert_same_view(x[key].T, view.T)
    axes = data.draw(st.permutations(range(view.ndim)))
    assert_same_view(x[key].transpose(axes), view.transpose(axes))
    assert_same_view(lw.expand_dims(x[key], 0), view[None])
    larger = (2, *view.shape)
    assert_same_view(lw.broadcast_to(x[key], larger), np.broadcast_to(view, larger))


@given(reshaped(SMALL), st.data())
def test_reshape_copies_only_where_strides_need_it(case, data):
    (a, shape), _ = case
    b = a.transpose(data.draw(st.permutations(range(a.ndim))))
    try:
        view = np.reshape(b, shape, copy=False)
    except ValueError:
        assert_equal(lw.asarray(b).reshape(shape), np.reshape(b, shape))
    else:
        assert_same_view(lw.asarray(b).reshape(shape), view)


@given(array_with_key(), array_with_key())
def test_operations_on_views(first, second):
    for a, key in (first, second):
        view, x = a[key], lw.asarray(a)[key]
        assert_equal(x.astype("float64") + 1, view.astype("float64") + 1)
        assert_equal(lw.sum(x != 0), np.sum(view != 0))
        assert_equal(lw.concatenate([x[None], x[None]]), np.concatenate([view[None], view[None]]))


@given(array_with_key(), st.booleans())
def test_assignment(case, scalar):
    a, key = case
    expected = a.copy()
    value = a.dtype.type(1) if scalar else (a[key] == 0).astype(a.dtype)
    expected[key] = value
    x = lw.asarray(a)
    view, before = x[key], x.T
    x[key] = value
    assert_equal(x, expected)
    assert_equal(view, a[key])
    assert_equal(before, a.T)


def test_assignment_rebinds():
    x = lw.zeros((2, 3))
    row, same = x[0], x
    x[0] = [1, 2, 3]
    x[:, 1] += 10
    assert x.tolist() == [[1, 12, 3], [0, 10, 0]]
    assert same is x and same.tolist() == x.tolist()
    assert row.tolist() == [0, 0, 0]
    integers = lw.arange(4)
    integers[1:3] = 7.9  # converted to the array's dtype, as in NumPy
    assert integers.dtype == "int64" and integers.tolist() == [0, 7, 7, 3]


def test_assignment_through_a_mask():
    a = np.arange(12.0).reshape(3, 4)
    x = lw.array(a)
    x[x > 5] = -1
    a[a > 5] = -1
    assert_equal(x, a)
    rows = np.array([True, False, True])
    x[rows] = 0
    a[rows] = 0
    assert_equal(x, a)
    with pytest.raises(lw.ValueError, match="where"):
        x[x == 0] = np.arange(8.0)
    with pytest.raises(lw.ValueError, match="where"):
        x[[0, 1]] = 1


def test_assignment_at_integers_of_numpy():
    x, a = lw.zeros((3, 2)), np.zeros((3, 2))
    for i in np.arange(3):
        for j in (np.int8(-1), np.array(0), lw.array(1)):
            x[i, j] = i + 1
            a[i, int(j)] = i + 1
        x[i] += 1
        a[i] += 1
    x[lw.array(-1)] = 7
    a[-1] = 7
    assert_equal(x, a)


def test_assignment_through_a_list_of_bools():
    x = lw.zeros((2, 3))
    x[[True, False]] = 9
    assert x.tolist() == [[9] * 3, [0] * 3]


@pytest.mark.parametrize("key", [0, (slice(None), 1), ...], ids=str)
def test_assignment_drops_leading_extents_of_one(key):
    x, a = lw.zeros((2, 3)), np.zeros((2, 3))
    value = np.full((1, 1, *a[key].shape), 4.0)
    x[key] = value
    a[key] = value
    assert_equal(x, a)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e30, np.float64(np.nan), np.float32(np.inf)])
def test_assignment_of_floats_that_are_no_integers(value):
    a = np.zeros(2, "int64")
    with pytest.raises((ValueError, OverflowError)) as expected:
        a[0] = value
    x = lw.array(a)
    for key in (0, slice(None), np.array([True, False])):
        with pytest.raises(expected.type):
            x[key] = value
    assert x.tolist() == [0, 0]


def test_assignment_must_fit():
    x = lw.zeros((2, 3))
    with pytest.raises(lw.ShapeError):
        x[0] = np.ones(4)
    with pytest.raises(lw.IndexError):
        x[2] = 1


KEYS = [
    np.array([0, 2, 1]), [0, -1], np.array([[0, 1], [2, 0]]), (slice(None), [1, 0]),
    (slice(None), slice(None), np.array([3, 3, 0])), (0, [1, 0]), ([1, 0], 0), (0, slice(None), [1, 2]),
    ([1, 0], slice(None), 2), ([0, 1, 2], [0, 1, 1]), ([0, 1, 2], [0, 1, 1], [0, 1, -1]),
    (np.array([[0], [2]]), np.array([0, 1])), (..., [0, 1]), (None, [0, 1]), ([0, 1], None),
    (slice(1, None), [0, 1], slice(None, None, -1)), ([0, 1, 2], slice(None), [0, 1, -1]), [],
    np.array([True, False, True]), (slice(None), np.array([True, False])), np.int64(1),
    (np.array([True, False, True]), [1, 0]), (slice(None), [0, 1], ..., 0), ([0, 1], ..., [0, 1], 1),
    (0, ..., [0, 1], slice(None)), (slice(None), [0, 1], [2, 3], ...), (..., 0, [0, 1], [2, 3]),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_integer_arrays_and_masks(key):
    a = np.arange(24).reshape(3, 2, 4)
    assert_equal(lw.asarray(a)[key], a[key])


MASKS = [np.ones(2, bool), np.ones(5, bool), [True, False], np.ones((3, 1), bool),
         np.ones((2, 2), bool), (slice(None), np.ones(3, bool)), (..., np.ones(3, bool)),
         (0, np.ones(1, bool)), (None, np.ones(1, bool)), ([0, 1], np.ones(5, bool)),
         np.zeros(2, bool)]


@pytest.mark.parametrize("key", MASKS, ids=str)
def test_masks_of_other_extents(key):
    a = np.arange(24).reshape(3, 2, 4)
    with pytest.raises(IndexError, match="axis") as expected:
        a[key]
    with pytest.raises(lw.IndexError, match=r"mask.* axis \d .*extent \d") as caught:
        lw.asarray(a)[key]
    axis = re.search(r"axis \d", str(expected.value)).group()
    assert axis in str(caught.value)


def test_assignment_through_masks_of_other_extents():
    x = lw.zeros((3, 2))
    for mask in (np.ones(2, bool), np.ones((3, 1), bool)):
        with pytest.raises(lw.IndexError, match=r"axis \d .*extent \d"):
            x[mask] = 1
    with pytest.raises(lw.IndexError, match="too many"):
        x[np.ones((3, 2, 1), bool)] = 1


def test_arrays_as_keys():
    a = np.arange(12).reshape(3, 4)
    x = lw.asarray(a)
    assert_equal(x[lw.argmax(x, axis=0)], a[a.argmax(0)])
    assert_equal(x[x % 5 == 0] if hasattr(x, "__mod__") else x[x > 4], a[a > 4])
    assert_equal(x[a > 4], a[a > 4])
    assert_equal(x[lw.array(1)], a[1])


@pytest.mark.parametrize("key", [5, -4, (0, 4), (0, 0, 0), (..., 5), [3], (0, [4]), [-4],
                                 ([0, 1], [0, 4])], ids=str)
def test_out_of_range(key):
    x = lw.asarray(np.arange(12).reshape(3, 4))
    with pytest.raises(lw.IndexError):
        x[key].eval()
    with pytest.raises(IndexError):
        x[key].eval()


@pytest.mark.parametrize("key", ["a", 1.5, [0.5], (..., 0, ...), np.array(True)], ids=str)
def test_bad_keys(key):
    with pytest.raises((IndexError, TypeError)):
        lw.zeros((3, 4))[key]


def test_python_protocols():
    x = lw.asarray(np.arange(6).reshape(2, 3))
    assert len(x) == 2 and [row.tolist() for row in x] == [[0, 1, 2], [3, 4, 5]]
    assert (x.shape, x.ndim, x.size, x.dtype) == ((2, 3), 2, 6, np.dtype("int64"))
    assert float(x[1, 2]) == 5.0 and int(x[1, 2]) == 5 and [10, 20][x[0, 1]] == 20
    assert type(x[0, 1].item()) is int and type((x[0, 1] / 2).item()) is float
    assert bool(x[0, 1]) and not bool(x[0, 0])
    assert f"{x[1, 2] / 4:.2f}" == "1.25"
    assert 4 in x and 9 not in x
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)
    with pytest.raises(ValueError, match=r"\(2, 3\)"):
        x.item()
    with pytest.raises(TypeError):
        len(x[0, 0])
    with pytest.raises(TypeError):
        hash(x)


def test_text():
    x = lw.asarray(np.arange(6.0).reshape(2, 3))
    assert str(x) == str(np.arange(6.0).reshape(2, 3))
    assert repr(lw.array([1.5, 2.0])) == "Array([1.5, 2. ], dtype=float64)"
    assert repr(x).count("\n") == 1
    assert "traced" in repr_inside_of_grad()


def repr_inside_of_grad():
    seen = []

    def f(x):
        y = x * x
        seen.append(repr(y))
        return lw.sum(y)

    lw.compile(f)(lw.ones(3))
    return seen[0]
