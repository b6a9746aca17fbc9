"""Memory shared with NumPy, and dtypes that Lanewise lacks."""

import array as standard_array
import gc
import weakref

import numpy as np
import pytest
from hypothesis import given

import lanewise as lw
from support import DTYPES, arrays, assert_equal


class Owned(np.ndarray):
    """An ndarray whose end can be seen."""


def owned():
    a = Owned(1000)  # owns its memory; a view would keep another array alive
    a[:] = np.arange(1000.0)
    return a


def address(a):
    return a.__array_interface__["data"][0]


@given(arrays())
def test_there_and_back(a):
    assert_equal(lw.asarray(a), a)
    assert_equal(lw.array(a), a)
    np.testing.assert_array_equal(np.asarray(lw.asarray(a)), a)


@pytest.mark.parametrize("dtype", DTYPES)
def test_no_copy_in_either_direction(dtype):
    a = np.ones((4, 6), dtype)
    for view in (a, a[::2], a.T, a[:, ::-1], np.broadcast_to(a[0], (3, 6)), a[1:, 2]):
        out = lw.to_numpy(lw.asarray(view))
        assert address(out) == address(view) and out.strides == view.strides
        assert not out.flags.writeable
    assert address(lw.to_numpy(lw.array(a))) != address(a)


def test_views_share_memory():
    a = np.arange(24.0).reshape(4, 6)
    x = lw.asarray(a)
    assert np.shares_memory(lw.to_numpy(x[1:, ::-2]), a)
    assert np.shares_memory(lw.to_numpy(x.T), a)
    assert np.shares_memory(lw.to_numpy(x.reshape(2, 12)), a)


def test_memory_lives_as_long_as_needed():
    a = owned()
    alive = weakref.ref(a)
    x = lw.asarray(a)
    part = lw.to_numpy(x[10:])
    del a, x
    gc.collect()
    assert alive() is not None and part[0] == 10
    del part
    lw.ones(1).tolist()
    gc.collect()
    assert alive() is None


def test_memory_ends_with_a_pending_result():
    a = owned()
    alive = weakref.ref(a)
    y = lw.asarray(a) + 1
    del a
    gc.collect()
    assert alive() is not None
    assert y.tolist()[-1] == 1000.0
    gc.collect()
    assert alive() is None


def test_results_outlive_their_array():
    out = lw.to_numpy(lw.arange(5) * 2)
    gc.collect()
    assert out.tolist() == [0, 2, 4, 6, 8]


def test_read_only_arrays():
    a = np.arange(3)
    a.flags.writeable = False
    assert lw.asarray(a).tolist() == [0, 1, 2]
    assert lw.asarray(np.frombuffer(b"\x01\x02", "uint8")).tolist() == [1, 2]
    assert lw.asarray(memoryview(b"\x01\x02")).tolist() == [1, 2]


def test_numpy_array_protocol():
    x = lw.arange(3)
    assert np.asarray(x).dtype == "int64" and np.asarray(x, dtype="float32").dtype == "float32"
    copy = np.array(x)
    copy[0] = 9
    assert copy.flags.writeable and x.tolist() == [0, 1, 2]
    with pytest.raises(ValueError):
        np.asarray(x, dtype="float32", copy=False)


def test_sources():
    assert_equal(lw.array([1, 2]), np.array([1, 2]))
    assert_equal(lw.array([[1.0], [2.0]]), np.array([[1.0], [2.0]]))
    assert_equal(lw.array(True), np.array(True))
    assert_equal(lw.array([]), np.array([]))
    assert_equal(lw.array((1, 2), dtype="float32"), np.array((1, 2), "float32"))
    assert_equal(lw.array([1, 2], dtype=np.int8), np.array([1, 2], np.int8))
    assert_equal(lw.asarray(standard_array.array("d", [1, 2])), np.array([1.0, 2.0]))
    x = lw.arange(3)
    assert lw.asarray(x) is x or lw.asarray(x).tolist() == [0, 1, 2]
    assert lw.array(x, dtype="float64").dtype == "float64"
    with pytest.raises(ValueError):
        lw.array([[1, 2], [3]])


@pytest.mark.parametrize("dtype, repair", [
    ("float16", "float32"), ("int16", "int32"), ("uint16", "int32"), ("uint32", "int64"),
    ("uint64", "int64"), ("complex128", "real"), ("longdouble", "float64"), ("O", "float64"),
    ("U3", "number"), ("datetime64[s]", "number"), (">f8", "newbyteorder")])
def test_dtypes_that_are_refused(dtype, repair):
    a = np.zeros(3, dtype)
    for use in (lw.asarray, lambda a: lw.ones(3) + a, lw.exp):
        with pytest.raises(lw.DTypeError, match=repair) as caught:
            use(a)
        assert isinstance(caught.value, TypeError)
    if a.dtype.isnative:
        with pytest.raises(lw.DTypeError, match="not supported"):
            lw.ones(3).astype(dtype)


def test_memory_that_cannot_be_borrowed():
    odd = np.frombuffer(bytes(17), "uint8")[1:].view("float64")
    with pytest.raises(lw.ValueError, match="lanewise.array copies"):
        lw.asarray(odd)
    assert lw.array(odd).tolist() == [0, 0]
    record = np.zeros(3, [("a", "int8"), ("b", "float32")])
    with pytest.raises(lw.ValueError, match="lanewise.array copies"):
        lw.asarray(record["b"])


def test_too_many_axes():
    with pytest.raises(lw.ValueError):
        lw.asarray(np.zeros((1,) * 13))


def test_int64_keeps_all_its_bits():
    big = 2**53 + 1
    assert lw.array([big]).tolist() == [big] and (lw.array(big) + 0).item() == big
    assert (lw.array([0]) + big).tolist() == [big]
    assert (lw.array([big]) == big).tolist() == [True]
    with pytest.raises(OverflowError):
        lw.array([1]) + 2**70
