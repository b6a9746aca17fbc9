"""Broadcasting: NumPy's user guide, any number of operands, and what is said when shapes clash."""

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

import lanewise as lw
from support import assert_close, assert_equal


def zeros(shapes):
    return [lw.zeros(shape) for shape in shapes]


def text_of_error(f):
    with pytest.raises(lw.ShapeError) as caught:
        f()
    return caught.value


# ---- https://numpy.org/doc/stable/user/basics.broadcasting.html, from top to bottom

def test_the_guides_first_products():
    a, b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    assert_equal(lw.asarray(a) * lw.asarray(b), np.array([2.0, 4.0, 6.0]))
    assert_equal(lw.asarray(a) * 2.0, np.array([2.0, 4.0, 6.0]))


# Operands and result; None where there is none.
GUIDE = [
    ([(256, 256, 3), (3,)], (256, 256, 3)),
    ([(8, 1, 6, 1), (7, 1, 5)], (8, 7, 6, 5)),
    ([(5, 1), (1, 6), (6,), ()], (5, 6)),
    ([(5, 4), (1,)], (5, 4)),
    ([(5, 4), (4,)], (5, 4)),
    ([(15, 3, 5), (15, 1, 5)], (15, 3, 5)),
    ([(15, 3, 5), (3, 5)], (15, 3, 5)),
    ([(15, 3, 5), (3, 1)], (15, 3, 5)),
    ([(3,), (4,)], None),
    ([(2, 1), (8, 4, 3)], None),
    ([(4, 3), (3,)], (4, 3)),
    ([(4, 3), (4,)], None),
    ([(4, 1), (3,)], (4, 3)),
    ([(2,), (4, 2)], (4, 2)),
    ([(10, 3), (5, 1, 3)], (5, 10, 3)),
]
# What the project promises besides.
MORE = [
    ([(4, 1, 3), (1, 5, 1)], (4, 5, 3)),
    ([(2, 3, 4), (3, 1)], (2, 3, 4)),
    ([(4,), (4, 1)], (4, 4)),
    ([(5, 3), (5,)], None),
    ([(3, 100), (3,)], None),
    ([(), ()], ()),
    ([(0,), (1,)], (0,)),
    ([(0,), (2,)], None),
    ([(5, 1, 0), (3, 1)], (5, 3, 0)),
]


@pytest.mark.parametrize("shapes, expected", GUIDE + MORE, ids=str)
def test_examples(shapes, expected):
    explained = lw.explain_broadcast(*shapes, operation="add")
    assert explained.ok == (expected is not None) and explained.shape == expected
    for order in itertools.permutations(shapes):
        if expected is None:
            error = text_of_error(lambda: lw.add(*zeros(order)))
            assert error.operation == "add" and error.shapes == list(order)
            assert error.axis == explained.axis
            assert {error.left, error.right} == {explained.left, explained.right}
            with pytest.raises(lw.ShapeError):
                lw.broadcast_shapes(*order)
        else:
            assert lw.broadcast_shapes(*order) == np.broadcast_shapes(*order) == expected
            together = zeros(order)[0]
            for x in zeros(order)[1:]:
                together = together + x
            assert together.shape == expected


def test_the_guides_sums():
    a = np.repeat([[0.0], [10.0], [20.0], [30.0]], 3, axis=1)
    b = np.array([1.0, 2.0, 3.0])
    expected = np.array([[1.0, 2, 3], [11, 12, 13], [21, 22, 23], [31, 32, 33]])
    assert_equal(lw.asarray(a) + lw.asarray(b), expected)
    text_of_error(lambda: lw.asarray(a) + np.array([1.0, 2.0, 3.0, 4.0]))
    column = lw.array([0.0, 10.0, 20.0, 30.0])
    assert_equal(column[:, lw.newaxis] + b, expected)
    assert_equal(lw.expand_dims(column, 1) + b, expected)


def test_the_guides_vector_quantization():
    observation = lw.array([111.0, 188.0])
    codes = lw.array([[102.0, 203.0], [132.0, 193.0], [45.0, 155.0], [57.0, 173.0]])
    difference = codes - observation
    distance = lw.sqrt(lw.sum(difference ** 2, axis=-1))
    assert difference.shape == (4, 2) and lw.argmin(distance).item() == 0
    assert_close(distance, np.linalg.norm(np.asarray(codes) - np.asarray(observation), axis=1))
    rng = np.random.RandomState(1)
    observations, codes = rng.randn(10, 3), rng.randn(5, 3)
    expected = codes[:, None] - observations
    difference = lw.asarray(codes)[:, None] - lw.asarray(observations)
    assert_equal(difference, expected)
    assert_equal(lw.argmin(lw.sum(difference ** 2, axis=-1), axis=0),
                 (expected ** 2).sum(-1).argmin(0))


# ---- any number of operands

extents = st.sampled_from([1, 2, 3, 0, 17])
shape_lists = st.one_of(
    st.lists(st.lists(extents, max_size=5).map(tuple), max_size=5),
    st.tuples(st.lists(extents, max_size=5), st.lists(st.lists(st.booleans(), max_size=5), max_size=5))
    .map(lambda t: [tuple(1 if one else n for n, one in zip(t[0][-len(row):], row)) if row else ()
                    for row in t[1]]))


@given(shape_lists)
def test_shapes_of_any_number_of_operands(shapes):
    explained = lw.explain_broadcast(*shapes, operation="where")
    try:
        expected = np.broadcast_shapes(*shapes)
    except ValueError:
        error = text_of_error(lambda: lw.broadcast_shapes(*shapes))
        assert not explained.ok and explained.shape is None
        assert (error.axis, error.left, error.right, error.repair) == (
            explained.axis, explained.left, explained.right, explained.repair)
        rank = max(map(len, shapes))
        column = [shape[explained.axis - rank] for shape in shapes
                  if len(shape) >= rank - explained.axis]
        assert {explained.left, explained.right} <= set(column)
        assert explained.left != explained.right and 1 not in (explained.left, explained.right)
        assert explained.repair in explained.error and explained.error in explained.text
    else:
        assert explained.ok and explained.shape == lw.broadcast_shapes(*shapes) == expected
        assert explained.axis is None and explained.error == "" == explained.repair
        arrays = zeros(shapes)
        if len(shapes) == 3:
            assert lw.where(*arrays).shape == expected
        for array in arrays:
            assert lw.broadcast_to(array, expected).shape == expected
    assert all(str(shape) in explained.text for shape in shapes)


def test_arrays_and_numbers_stand_for_shapes():
    assert lw.broadcast_shapes() == () and lw.explain_broadcast().shape == ()
    assert lw.broadcast_shapes(5, (2, 1)) == np.broadcast_shapes(5, (2, 1)) == (2, 5)
    assert lw.broadcast_shapes(np.int64(5), (2, 1)) == (2, 5)
    assert lw.explain_broadcast(np.zeros((2, 3)), lw.zeros(3)).shape == (2, 3)
    assert lw.explain_broadcast(np.arange(3), lw.array(7), np.array(1.5)).shape == (3,)


def test_the_third_operand_is_to_blame():
    explained = lw.explain_broadcast((2, 3), (1,), (4,), operation="where")
    assert (explained.axis, explained.left, explained.right) == (1, 3, 4)
    assert "operand 3" in explained.text and "where" in explained.error
    error = text_of_error(lambda: lw.where(*zeros([(2, 3), (1,), (4,)])))
    assert error.operation == "where" and error.shapes == [(2, 3), (1,), (4,)] and error.axis == 1
    error = text_of_error(lambda: lw.clip(*zeros([(2, 3), (1,), (4,)])))
    assert (error.axis, {error.left, error.right}) == (1, {3, 4})


# ---- what is said

def test_a_column_that_lost_its_axis():
    for shapes, which in ([(5, 3), (5,)], "second"), ([(5,), (5, 3)], "first"):
        error = text_of_error(lambda: lw.add(*zeros(shapes)))
        assert error.axis == 1 and {error.left, error.right} == {3, 5}
        assert f"add: shapes {shapes[0]} and {shapes[1]} do not broadcast: axis 1" in str(error)
        assert "keepdims=True gives (5, 1)" in error.repair
        assert f"expand_dims(…, 1) on the {which} operand" in error.repair
        assert error.repair in str(error)


def test_a_sum_without_keepdims():
    x = lw.ones((3, 100))
    error = text_of_error(lambda: x - x.mean(axis=1))
    assert (error.operation, error.left, error.right) == ("subtract", 100, 3)
    assert "keepdims=True gives (3, 1)" in error.repair
    assert (x - x.mean(axis=1, keepdims=True)).shape == (3, 100)


@pytest.mark.parametrize("shapes, name, text", [
    ([(4,), (4, 1)], "rank-1 meets a column", "a rank-1 array (4,) met a column (4, 1)"),
    ([(4, 1), (4,)], "rank-1 meets a column", "a rank-1 array (4,) met a column (4, 1)"),
    ([(4, 4), (4,)], "square matrix meets a rank-1 array", "(4,) fits either axis of (4, 4)"),
    ([(4, 1), (1, 4)], "accidental outer product", "a column and a row of 4 elements"),
    ([(2, 1, 1), (4,), (4, 1)], "rank-1 meets a column", "a rank-1 array (4,)"),
])
def test_silent_mistakes_have_names(shapes, name, text):
    explained = lw.explain_broadcast(*shapes, operation="add")
    assert explained.ok and explained.shape == np.broadcast_shapes(*shapes)
    assert [w.name for w in explained.warnings] == [name]
    assert text in explained.warnings[0].text
    assert f"warning: {name}: " in explained.text and text in explained.text
    assert sum(zeros(shapes[1:]), zeros(shapes)[0]).shape == explained.shape  # but they work


@pytest.mark.parametrize("shapes", [
    [(5, 4), (4,)], [(5, 4), (5, 1)], [(5, 4), ()], [(1,), (4, 1)], [(4, 1), (1, 5)], [(3,), (4, 1)],
    [(4, 1), (4, 1)], [(7, 4, 1), (4,)]])
def test_good_shapes_get_no_warning(shapes):
    assert not lw.explain_broadcast(*shapes).warnings


def test_strict_shapes_raise():
    lw.set_strict_shapes(True)
    try:
        assert lw.strict_shapes()
        error = text_of_error(lambda: lw.zeros(4) + lw.zeros((4, 1)))
        assert error.shapes == [(4,), (4, 1)] and "reshape to (4, 1)" in error.repair
        assert (lw.zeros((5, 4)) + lw.zeros(4)).shape == (5, 4)
        assert (lw.zeros((5, 4)) * 2).shape == (5, 4)
    finally:
        lw.set_strict_shapes(False)
    assert (lw.zeros(4) + lw.zeros((4, 1))).shape == (4, 4)
