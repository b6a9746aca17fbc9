"""What errors say: texts, fields and classes."""

import builtins

import numpy as np
import pytest

import lanewise as lw


def shape_error(f, *shapes):
    with pytest.raises(lw.ShapeError) as caught:
        f(*[lw.zeros(shape) for shape in shapes])
    return caught.value


def test_classes():
    for name, base in [("ShapeError", ValueError), ("DTypeError", TypeError),
                       ("IndexError", IndexError), ("ValueError", ValueError), ("IoError", OSError),
                       ("DataError", ValueError), ("InternalError", RuntimeError)]:
        assert issubclass(getattr(lw, name), base)
        assert issubclass(getattr(lw, name), lw.Error)
        assert getattr(lw, name).__name__ == name
    assert lw.ValueError is not builtins.ValueError


def test_matmul_with_a_forgotten_transpose():
    error = shape_error(lw.matmul, (100, 4), (100, 4))
    assert (error.operation, error.shapes) == ("matmul", [(100, 4), (100, 4)])
    assert {error.left, error.right} == {4, 100}
    assert "transpose" in error.repair or ".T" in error.repair


def test_other_products():
    assert shape_error(lw.matmul, (2, 3), (4,)).operation == "matmul"
    with pytest.raises(lw.ShapeError):
        lw.matmul(lw.zeros(()), lw.zeros(3))
    with pytest.raises(lw.ShapeError):
        lw.matmul(lw.zeros((2, 3, 4)), lw.zeros((3, 4, 5)))
    with pytest.raises(lw.ShapeError):
        lw.dot(lw.zeros((2, 3)), lw.zeros((2, 3)))


@pytest.mark.parametrize("f", [
    lambda x: x.reshape(4, 2), lambda x: x.reshape(-1, 4), lambda x: x.reshape(-1, -1),
    lambda x: x.reshape(2**62, 4, -1),
    lambda x: lw.broadcast_to(x, (3, 2)), lambda x: lw.concatenate([x, lw.zeros((3, 3))], axis=1),
    lambda x: lw.stack([x, lw.zeros(3)]), lambda x: lw.squeeze(x, 0),
    lambda x: lw.where(x > 0, x, lw.zeros(4)), lambda x: lw.transpose(x, (0, 0)),
    lambda x: lw.transpose(x, (0,)), lambda x: lw.concatenate([]), lambda x: lw.zeros((-2, 3)),
    lambda x: lw.zeros((2**40, 2**40)), lambda x: lw.broadcast_to(lw.ones(()), (2**62,)),
    lambda x: lw.linspace(0, 1, -1)])
def test_arguments_that_do_not_fit(f):
    with pytest.raises(builtins.ValueError) as caught:
        f(lw.zeros((2, 3)))
    assert isinstance(caught.value, lw.Error) and len(str(caught.value)) > 20


@pytest.mark.parametrize("f", [
    lambda x: lw.sum(x, axis=2), lambda x: lw.sum(x, axis=-3), lambda x: lw.mean(x, axis=(0, 5)),
    lambda x: lw.argmax(x, axis=2), lambda x: lw.softmax(x, axis=2), lambda x: lw.swapaxes(x, 0, 2),
    lambda x: lw.stack([x], axis=4), lambda x: lw.concatenate([x], axis=2),
    lambda x: lw.take(x, np.array([0]), axis=2), lambda x: lw.expand_dims(x, 5),
    lambda x: lw.transpose(x, (0, 2))])
def test_axes_out_of_range(f):
    with pytest.raises(lw.IndexError, match=r"axis|axes"):
        f(lw.zeros((2, 3)))


def test_an_axis_named_twice():
    with pytest.raises(lw.ValueError, match="twice"):
        lw.sum(lw.zeros((2, 3)), axis=(0, -2))


def test_indices_out_of_range():
    x = lw.zeros((2, 3))
    with pytest.raises(lw.IndexError, match=r"index 5.*axis 1.*3"):
        x[0, 5]
    with pytest.raises(lw.IndexError, match="7"):
        lw.take(x, np.array([0, 7]), axis=0).eval()
    with pytest.raises(lw.IndexError):
        lw.take(x, np.array([-3]), axis=0).eval()
    with pytest.raises(lw.IndexError, match="too many"):
        x[0, 0, 0]
    with pytest.raises(lw.ValueError):
        x[::0]


@pytest.mark.parametrize("f", [
    lambda: lw.negative(lw.array([True])), lambda: lw.sign(lw.array([True])),
    lambda: lw.array([True]) - lw.array([False]), lambda: lw.take(lw.ones(3), lw.ones(2)),
    lambda: lw.arange(3) & lw.arange(3), lambda: ~lw.arange(3), lambda: lw.ones(2).astype("float16"),
    lambda: lw.exp("x")])
def test_dtypes_that_do_not_fit(f):
    with pytest.raises(lw.DTypeError) as caught:
        f()
    assert len(str(caught.value)) > 20


def test_integers_to_negative_powers():
    with pytest.raises(lw.ValueError, match="negative"):
        lw.arange(3) ** -1


def test_a_failed_evaluation_can_be_repeated():
    x = lw.take(lw.arange(3), lw.array([4]))
    for _ in range(2):
        with pytest.raises(lw.IndexError):
            x.eval()
    assert (lw.arange(3) + 1).tolist() == [1, 2, 3]


def test_explain_expression():
    explained = lw.explain_expression("(64,100) @ (100,1000) + (64,1)")
    assert explained.ok and explained.shape == (64, 1000) and not explained.error
    assert "(64, 1000)" in explained.text
    bad = lw.explain_expression("(64,100) @ (64,1000)")
    assert not bad.ok and bad.shape is None and bad.error
    with pytest.raises(lw.ValueError):
        lw.explain_expression("(64,100) @@ 3")
