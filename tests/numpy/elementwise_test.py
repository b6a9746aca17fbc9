"""Elementwise operations beyond the table: awkward values, promotion, numbers, operators."""

import numpy as np
import pytest

import lanewise as lw
from operations import FUNCTIONS, OPERATIONS
from support import (
    DTYPES, FLOATS, INTEGERS, assert_agrees, assert_close, assert_equal, ordinary, ours)

EXPECTED = {operation.name: operation for operation in OPERATIONS}


def awkward(dtype):
    info = np.finfo(dtype)
    ends = [0.0, info.tiny, info.smallest_subnormal, info.eps, 1e-8, 0.5, 1 - info.epsneg, 1,
            1 + info.eps, 1.5, 2, 3, 20, 88.7, 87.3, 103.9, 709.7, 745.1, info.max, np.inf]
    return np.array([np.nan, *ends, *(-x for x in ends)], dtype)


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_functions_at_awkward_values(name, dtype):
    a = awkward(dtype)
    assert_agrees(getattr(lw, name)(lw.asarray(a)), FUNCTIONS[name](a))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power", "maximum",
                                  "minimum", "less", "less_equal", "equal", "not_equal",
                                  "greater", "greater_equal", "logical_and", "logical_or"])
@pytest.mark.parametrize("dtype", FLOATS)
def test_all_pairs_of_awkward_values(name, dtype):
    a = awkward(dtype)
    row = EXPECTED[name]
    assert_agrees(getattr(lw, name)(lw.asarray(a[:, None]), lw.asarray(a)),
                  row.expected(a[:, None], a), row.signs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("other", DTYPES)
def test_all_pairs_of_dtypes(dtype, other):
    rng = np.random.RandomState(8)
    a, b = ordinary(rng, (5, 1), dtype), ordinary(rng, (1, 6), other)
    for name in ("add", "multiply", "divide", "maximum", "less", "equal", "logical_or"):
        row = EXPECTED[name]
        assert_agrees(getattr(lw, name)(lw.asarray(a), lw.asarray(b)), row.expected(a, b), row.signs)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 0.5, 2.0, -1.0])
def test_power_with_a_constant(dtype, exponent):
    if dtype == "bool" and exponent == 2:
        pytest.skip("NumPy takes its square, an int8; other integer exponents give int64")
    a = np.abs(ordinary(np.random.RandomState(0), (17,), dtype))
    assert_close(lw.asarray(a) ** exponent, a ** exponent)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 0.5, -1, -2, 1.5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_power_of_special_values_with_a_constant(dtype, exponent):
    a = np.array([0.0, -0.0, 1, -1, -2.5, np.inf, -np.inf, np.nan], dtype)
    ours = lw.asarray(a) ** exponent
    with np.errstate(all="ignore"):
        theirs = a ** exponent
    assert_close(ours, theirs)
    finite = ~np.isnan(theirs)
    assert (np.signbit(np.asarray(ours)) == np.signbit(theirs))[finite].all()


@pytest.mark.parametrize("exponent,op", [(2, "multiply"), (3, "multiply"), (0.5, "sqrt"),
                                         (-1, "divide")])
def test_common_constant_powers_are_no_powers(exponent, op):
    x = lw.ones((4,), dtype="float32")
    program = lw.compile(lambda x: x ** exponent).dump(x)
    assert op in program and "power" not in program
    slope = lw.compile(lw.grad(lambda x: lw.sum(x ** exponent))).dump(x)
    assert "power" not in slope and "where" not in slope


@pytest.mark.parametrize("base", ["bool", "int8", "uint8", "int32", "int64"])
@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
def test_integers_have_no_negative_powers(base, dtype):
    a, b = np.array([2, 1, 1], base), np.array([1, -1, 0], dtype)
    with pytest.raises(ValueError, match="negative"):
        np.power(a, b)
    with pytest.raises(lw.ValueError, match="negative"):
        lw.power(lw.asarray(a), lw.asarray(b)).eval()
    assert_equal(lw.asarray(a[:0]) ** lw.asarray(b[:0]), a[:0] ** b[:0])
    with pytest.raises(lw.ValueError, match="negative"):
        lw.asarray(a) ** -1


def test_clip_with_open_ends():
    a = np.arange(-3, 4)
    assert_equal(lw.clip(a, None, 1), np.clip(a, None, 1))
    assert_equal(lw.clip(a, -1, None), np.clip(a, -1, None))
    assert_equal(lw.asarray(a).clip(-1, 2), a.clip(-1, 2))


@pytest.mark.parametrize("left", DTYPES)
@pytest.mark.parametrize("right", DTYPES)
def test_promotion_of_pairs(left, right):
    a, b = np.ones(3, left), np.ones(3, right)
    expected = ours(np.promote_types(left, right))
    assert (lw.asarray(a) * lw.asarray(b)).dtype == expected
    assert lw.concatenate([lw.asarray(a), lw.asarray(b)]).dtype == expected
    assert lw.where(True, lw.asarray(a), lw.asarray(b)).dtype == expected


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("scalar", [True, 2, 2.5])
@pytest.mark.parametrize("operation", ["add", "multiply", "divide", "maximum", "less"])
def test_weak_scalars(dtype, scalar, operation):
    a = np.array([0, 1, 1], dtype)
    function = getattr(np, operation)
    assert_equal(getattr(lw, operation)(lw.asarray(a), scalar), function(a, scalar))
    assert_equal(getattr(lw, operation)(scalar, lw.asarray(a)), function(scalar, a))


@pytest.mark.parametrize("dtype, number", [("int8", 300), ("uint8", -1), ("int32", 2**40)])
def test_numbers_out_of_bounds(dtype, number):
    a = np.array([0, 1, 2], dtype)
    x = lw.asarray(a)
    for use in (lambda: x + number, lambda: number * x, lambda: lw.where(True, x, number),
                lambda: lw.maximum(x, number), lambda: x.__setitem__(0, number)):
        with pytest.raises(lw.ValueError, match="out of bounds"):  # NumPy: OverflowError
            use()
    for name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
        assert_equal(getattr(lw, name)(x, number), getattr(np, name)(a, number))
        assert_equal(getattr(lw, name)(number, x), getattr(np, name)(number, a))
    assert_equal(x + float(number), a + float(number))


@pytest.mark.parametrize("dtype", DTYPES)
def test_scalars_of_numpy_are_strong(dtype):
    a = lw.ones(3, "float32")
    expected = ours(np.promote_types("float32", dtype))
    assert (a * np.dtype(dtype).type(1)).dtype == expected
    assert (np.dtype(dtype).type(1) * a).dtype == expected


def test_operators_meet_numpy_from_both_sides():
    a = np.arange(6.0).reshape(2, 3)
    x = lw.asarray(a)
    for got, expected in [
            (x + a, a + a), (a + x, a + a), (a - 2 * x, a - 2 * a), (2 / (x + 1), 2 / (a + 1)),
            (2 ** x, 2 ** a), (x ** 2, a ** 2), (1 - x, 1 - a), (a @ x.T, a @ a.T),
            (a.T @ x, a.T @ a), (-x, -a), (+x, a), (abs(-x), a), (x == a, a == a), (a != x, a != a),
            (x < 3, a < 3), (3 > x, 3 > a), (x <= 3, a <= 3), (x >= 3, a >= 3),
            ((x > 1) & (x < 4), (a > 1) & (a < 4)), ((x < 1) | (x > 4), (a < 1) | (a > 4)),
            (~(x > 1), ~(a > 1))]:
        assert_close(got, expected)


def test_in_place_operators_rebind():
    x = lw.arange(3)
    before = x
    x += 1
    x *= 2.0
    assert x.tolist() == [2.0, 4.0, 6.0]
    assert before.tolist() == [0, 1, 2]


def test_other_classes_answer_for_themselves():
    class Other:
        def __radd__(self, left):
            return "other"

    assert lw.ones(2) + Other() == "other"
    with pytest.raises(TypeError):
        lw.ones(2) + object()
    assert (lw.ones(2) == None) is False  # noqa: E711


def test_functions_of_numpy_accept_arrays():
    x = lw.arange(4.0)
    np.testing.assert_array_equal(np.exp(x), np.exp(np.arange(4.0)))
    assert np.sum(np.asarray(x)) == 6


LARGE = [2**63, 2**64, 10**20, -2**63 - 1, -10**40]


@pytest.mark.parametrize("value", LARGE)
def test_integers_beyond_int64_beside_floats(value):
    for dtype in ("float32", "float64"):
        a = np.array([-1.5, 0, 3e18, np.inf], dtype)
        x = lw.asarray(a)
        assert_equal(x / value, a / value)
        assert_equal(value / x, value / a)
        assert_equal(x * value, a * value)
        assert_equal(value - x, value - a)
        assert_equal(x < value, a < value)
        assert_equal(lw.maximum(x, value), np.maximum(a, value))
        assert_equal(lw.where(a > 0, value, x), np.where(a > 0, value, a))
        assert_equal(lw.clip(x, None, value), np.clip(a, None, value))
        x[1] = value
        a = a.copy()
        a[1] = value
        assert_equal(x, a)


@pytest.mark.parametrize("value", [*LARGE, 10**400, -10**400])
@pytest.mark.parametrize("dtype", INTEGERS)
def test_comparisons_with_integers_beyond_int64(value, dtype):
    info = np.iinfo(dtype)
    a = np.array([info.min, 0, info.max], dtype)
    x = lw.asarray(a)
    assert_equal(x < value, a < value)
    assert_equal(x >= value, a >= value)
    assert_equal(x == value, a == value)
    assert_equal(value != x, value != a)


def test_integers_beyond_int64_beside_integers():
    a = np.arange(3)
    assert_equal(lw.asarray(a) / 10**20, a / 10**20)
    for name in ("add", "multiply", "maximum", "power"):
        with pytest.raises(OverflowError, match=f"{name}: the integer {2**64} is out of bounds.*float"):
            getattr(lw, name)(lw.asarray(a), 2**64)
    with pytest.raises(OverflowError, match="add"):
        2**64 + lw.asarray(a)
    with pytest.raises(OverflowError, match="where"):
        lw.where(True, 2**64, 1)
    with pytest.raises(OverflowError, match="out of bounds"):
        lw.exp(2**64)
    with pytest.raises(OverflowError, match="assignment"):
        lw.asarray(a)[0] = 2**64


FUNCTIONS_OF_NUMBERS = [
    lambda m: m.exp(2.0), lambda m: m.sqrt(4), lambda m: m.negative(2), lambda m: m.add(200, 100),
    lambda m: m.maximum(1.5, 2), lambda m: m.sum(2.0), lambda m: m.max(3), lambda m: m.reshape(2.0, (1,)),
    lambda m: m.broadcast_to(0.0, (2,)), lambda m: m.stack([1.0, 2.0]), lambda m: m.where(True, 300, 1),
    lambda m: m.clip(5.0, 0.0, 1.0), lambda m: m.dot(20, 30), lambda m: m.square(17)]


@pytest.mark.parametrize("f", FUNCTIONS_OF_NUMBERS)
def test_functions_of_numbers_give_arrays(f):
    for dtype in ("uint8", "float32"):
        a = np.ones(2, dtype)
        assert_close(lw.asarray(a) * f(lw), a * f(np))


def test_functions_of_compiled_numbers_give_arrays():
    f = lw.compile(lambda a, k: (a * lw.exp(k), a * abs(-k), a * (k + 1)))
    assert [x.dtype for x in f(np.ones(2, "float32"), 2.0)] == ["float64", "float32", "float32"]
