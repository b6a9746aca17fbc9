"""Elementwise operations against NumPy: every dtype, layout, broadcast and awkward value."""

import numpy as np
import pytest
import scipy.special
from hypothesis import given

import lanewise as lw
from support import (DTYPES, FLOATS, INTEGERS, arrays, assert_close, assert_equal, broadcastable,
                     values)

# Where Lanewise gives another dtype than NumPy, because NumPy's is one that it lacks.
DIFFERENT_DTYPES = {
    "float16": "float32",  # exp of int8, uint8, bool
    "int16": "int32",      # int8 with uint8
}
# NumPy's square of bools is an int8, here it is a bool, as their product is.


def ours(dtype):
    return DIFFERENT_DTYPES.get(np.dtype(dtype).name, np.dtype(dtype).name)


EXACT = {
    "negative": [d for d in DTYPES if d != "bool"],
    "abs": DTYPES,
    "sign": [d for d in DTYPES if d != "bool"],
    "floor": DTYPES,
    "sqrt": DTYPES,
    "square": [d for d in DTYPES if d != "bool"],
    "isnan": DTYPES,
    "logical_not": DTYPES,
}
FUNCTIONS = {
    "exp": np.exp, "log": np.log, "log1p": np.log1p, "expm1": np.expm1, "tanh": np.tanh,
    "sin": np.sin, "cos": np.cos, "erf": scipy.special.erf, "sigmoid": scipy.special.expit,
}


@pytest.mark.parametrize("name", EXACT)
def test_exact_functions(name):
    function = getattr(np, name)

    @given(arrays(EXACT[name]))
    def check(a):
        expected = function(a)
        if ours(expected.dtype) != expected.dtype.name:  # computed in more bits than NumPy's
            expected = function(a.astype(ours(expected.dtype)))
        assert_equal(getattr(lw, name)(lw.asarray(a)), expected)

    check()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name):
    function = FUNCTIONS[name]

    @given(arrays())
    def check(a):
        dtype = ours(np.exp(a[..., :0] if a.ndim else a).dtype)
        expected = function(a.astype("float64"))
        assert_close(getattr(lw, name)(lw.asarray(a)), expected.astype(dtype), dtype)

    check()


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("dtype", FLOATS)
def test_functions_at_special_values(name, dtype):
    info = np.finfo(dtype)
    a = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, info.tiny, -info.tiny, info.smallest_subnormal,
                  info.max, info.min, 1, -1, 88.7, -87.3, -103.9, 709.7, -745.1, 1e-8, 20, -20],
                 dtype)
    expected = FUNCTIONS[name](a.astype("float64")).astype(dtype)
    if name in ("sin", "cos"):
        a, expected = a[np.abs(a) != info.max], expected[np.abs(a) != info.max]
    got = getattr(lw, name)(lw.asarray(a))
    assert_close(got, expected)
    zero = expected == 0
    np.testing.assert_array_equal(np.signbit(lw.to_numpy(got))[zero], np.signbit(expected)[zero])


@given(arrays())
def test_relu(a):
    assert_equal(lw.relu(lw.asarray(a)), np.maximum(a, a.dtype.type(0)) if a.dtype != bool else
                 np.maximum(a, 0), signed_zeros=False,
                 dtype="int64" if a.dtype == bool else None)


BINARY = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "equal", "not_equal",
          "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or"]


def expected_binary(function, a, b):
    """NumPy's result; in the dtype of Lanewise where NumPy's is one that it lacks."""
    common = ours(np.promote_types(a.dtype, b.dtype))
    if {a.dtype.name, b.dtype.name} == {"int8", "uint8"}:
        return function(a.astype(common), b.astype(common))
    return function(a, b)


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    function = getattr(np, name)

    @given(broadcastable())
    def check(pair):
        a, b = pair
        if name == "subtract" and a.dtype == b.dtype == bool:
            with pytest.raises(lw.DTypeError):
                lw.subtract(a, b)
            return
        got = getattr(lw, name)(lw.asarray(a), lw.asarray(b))
        assert_equal(got, expected_binary(function, a, b),
                     signed_zeros=name not in ("maximum", "minimum"))

    check()


@given(broadcastable(dtypes=FLOATS))
def test_power_of_floats(pair):
    a, b = pair
    dtype = np.promote_types(a.dtype, b.dtype)
    expected = np.power(a.astype(dtype).astype("f8"), b.astype(dtype).astype("f8")).astype(dtype)
    assert_close(lw.power(lw.asarray(a), lw.asarray(b)), expected, rtol=2e-6 if dtype == "f4" else 1e-12)


@given(broadcastable(dtypes=INTEGERS))
def test_power_of_integers(pair):
    a, b = pair[0], np.abs(pair[1].astype("int64") % 5).astype(pair[1].dtype)
    assert_equal(lw.asarray(a) ** lw.asarray(b), expected_binary(np.power, a, b))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 0.5, 2.0, -1.0])
def test_power_with_a_constant(dtype, exponent):
    if dtype == "bool" and exponent == 2:
        pytest.skip("NumPy takes its square, an int8; other integer exponents give int64")
    a = np.abs(values(np.random.RandomState(0), (17,), dtype, special=False))
    assert_close(lw.asarray(a) ** exponent, a ** exponent, ours((a ** exponent).dtype), rtol=1e-6)


@given(broadcastable(3))
def test_where(three):
    condition, a, b = three
    if {a.dtype.name, b.dtype.name} == {"int8", "uint8"}:
        a = a.astype("int32")
    assert_equal(lw.where(lw.asarray(condition), lw.asarray(a), lw.asarray(b)),
                 np.where(condition, a, b))


@given(broadcastable(3, dtypes=FLOATS))
def test_clip(three):
    x, low, high = three
    assert_equal(lw.clip(lw.asarray(x), lw.asarray(low), lw.asarray(high)),
                 np.minimum(np.maximum(x, low), high), signed_zeros=False)


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
    assert_equal(getattr(lw, operation)(lw.asarray(a), scalar), function(a, scalar),
                 ours(function(a, scalar).dtype))
    assert_equal(getattr(lw, operation)(scalar, lw.asarray(a)), function(scalar, a),
                 ours(function(scalar, a).dtype))


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
