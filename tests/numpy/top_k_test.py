"""The k best: against NumPy's stable sort, in programs over many samples, and their gradients."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lanewise as lw
from operations import drawn
from support import LARGE, SMALL, Sizes, arrays, assert_equal, result


def order(a, axis, largest):
    """The indices of all elements, best first."""
    if not largest:
        return np.argsort(a, axis=axis, stable=True)
    # Backwards twice: of equals the first stays in front.
    backwards = np.argsort(np.flip(a, axis), axis=axis, stable=True)
    return a.shape[axis] - 1 - np.flip(backwards, axis)


@drawn
def cases(draw, sizes):
    shapes = sizes.shapes.filter(lambda shape: any(shape))
    a = draw(arrays(Sizes(shapes, sizes.extents), min_rank=1))
    axis = draw(st.sampled_from([axis for axis, extent in enumerate(a.shape) if extent]))
    axis -= a.ndim * draw(st.booleans())
    return a, draw(st.integers(1, min(a.shape[axis], 40))), axis, draw(st.booleans())


def check(case):
    a, k, axis, largest = case
    values, indices = lw.top_k(lw.asarray(a), k, axis, largest=largest)
    expected = np.take(order(a, axis, largest), np.arange(k), axis=axis)
    assert_equal(indices, expected)
    assert_equal(values, np.take_along_axis(a, expected, axis))
    assert_equal(lw.take_along_axis(a, indices, axis), np.take_along_axis(a, expected, axis))


@given(cases(SMALL))
def test_agrees_with_a_stable_sort(case):
    check(case)


@settings(max_examples=8)
@given(cases(LARGE))
def test_large_arrays_agree_with_a_stable_sort(case):
    check(case)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("threads", [1, 2])
def test_nearest_of_many_samples(axis, threads):
    """Scores of whole numbers, so that many are equal and products exact."""
    rng = np.random.RandomState(1)
    a, queries = rng.randint(-3, 4, (20_000, 5)).astype("f4"), rng.randint(-3, 4, (5, 3)).astype("f4")
    before = lw.thread_count()
    lw.set_threads(threads)
    nearest = lw.compile(lambda x, q: lw.top_k(x @ q if axis == 0 else (x @ q).T, 10, axis),
                         sample_axis=(0, None))
    try:
        for m in (10, 1000, 20_000):
            values, indices = nearest(a[:m], queries)
            scores = a[:m] @ queries
            expected = order(scores, 0, True)[:10]
            best = np.take_along_axis(scores, expected, 0)
            assert_equal(indices, expected if axis == 0 else expected.T)
            assert_equal(values, best if axis == 0 else best.T)
        assert nearest.plan_count == 1
        with pytest.raises(lw.ShapeError, match="k is 10, but axis . of .* has only 9 elements"):
            nearest(a[:9], queries)
    finally:
        lw.set_threads(before)


def test_the_best_have_the_gradient():
    x = np.array([[3.0, 1.0, 3.0, 2.0], [0.5, 4.0, -1.0, 4.0]])
    weights = np.array([[1.0, 10.0], [100.0, 1000.0]])
    for largest, expected in ((True, [[1, 0, 10, 0], [0, 100, 0, 1000]]),
                              (False, [[0, 1, 0, 10], [1000, 0, 100, 0]])):
        def loss(x):
            return lw.sum(lw.top_k(x, 2, largest=largest)[0] * weights)

        np.testing.assert_array_equal(result(lw.grad(loss)(x)), expected)


def test_what_does_not_fit():
    x = lw.zeros((3, 4))
    with pytest.raises(lw.ShapeError, match=r"k is 5, but axis 1 of \(3, 4\) has only 4") as caught:
        lw.top_k(x, 5)
    assert (caught.value.operation, caught.value.left, caught.value.right) == ("top_k", 5, 4)
    with pytest.raises(lw.ValueError, match="k is 0, expected 1 up to the extent 3 of axis 0"):
        lw.top_k(x, 0, axis=0)
    with pytest.raises(lw.IndexError, match="axis"):
        lw.top_k(x, 1, axis=2)
    with pytest.raises(lw.IndexError, match="axis|axes"):
        lw.top_k(lw.zeros(()), 1)
    with pytest.raises(lw.ShapeError, match="has only 0"):
        lw.top_k(lw.zeros((0, 3)), 1, axis=0)


def test_indices_along_an_axis_that_do_not_fit():
    x = lw.zeros((3, 4))
    with pytest.raises(lw.IndexError, match="take_along_axis: index 4 .* axis 1 with extent 4"):
        lw.take_along_axis(x, np.array([[4], [0], [0]])).eval()
    with pytest.raises(lw.ShapeError, match="another number of axes"):
        lw.take_along_axis(x, np.array([0]))
    with pytest.raises(lw.ShapeError, match="take_along_axis"):
        lw.take_along_axis(x, np.zeros((2, 4), int))
    with pytest.raises(lw.DTypeError, match="integers"):
        lw.take_along_axis(x, np.zeros((3, 1)))
