"""Gradients against central finite differences in float64, for every operation that has one."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import lanewise as lw
from operations import OPERATIONS
from support import FLOATS, Sizes, assert_equal, ordinary, result, shapes_of
from views_test import array_with_key

# A central difference is off by h²/6 of the third derivative and by u/h of the value.
STEP = 1e-5
RTOL, ATOL = 1e-6, 1e-8


def numeric_gradient(f, arguments, position):
    point = arguments[position]
    out = np.zeros_like(point)
    for index in np.ndindex(point.shape):
        sides = []
        for sign in (1, -1):
            moved = point.copy()
            moved[index] += sign * STEP
            changed = list(arguments)
            changed[position] = moved
            sides.append(f(*[lw.array(a) for a in changed]).item())
        out[index] = (sides[0] - sides[1]) / (2 * STEP)
    return out


def check(f, *arguments):
    """f's gradient, of the sum of its results with uneven weights, for every argument."""
    arguments = [np.asarray(a, dtype="float64") for a in arguments]

    def loss(*xs):
        y = f(*xs)
        weights = np.cos(np.arange(y.size, dtype="f8")).reshape(y.shape)
        return lw.sum(y * weights)

    grads = lw.grad(loss, argnums=tuple(range(len(arguments))))(*arguments)
    for position, got in enumerate(grads):
        expected = numeric_gradient(loss, arguments, position)
        assert got.shape == arguments[position].shape and got.dtype == "float64"
        np.testing.assert_allclose(result(got), expected, rtol=RTOL, atol=ATOL)


# ---- the table of operations, each at points where it has a derivative

def anywhere(rng, shapes):
    return [np.asarray(rng.uniform(-2, 2, shape)) for shape in shapes]


def positive(rng, shapes):
    return [np.asarray(rng.uniform(0.3, 3, shape)) for shape in shapes]


def nonzero(rng, shapes):
    return [x * np.where(rng.rand(*x.shape) < 0.5, 1, -1) for x in positive(rng, shapes)]


def distinct(rng, shapes):
    """No two alike, over all arguments."""
    ends = np.cumsum([0] + [int(np.prod(shape)) for shape in shapes])
    pool = (rng.permutation(ends[-1]) - ends[-1] / 2) * 0.37 + 0.1
    return [pool[i:j].reshape(shape) for i, j, shape in zip(ends, ends[1:], shapes)]


def powers(rng, shapes):
    return positive(rng, shapes[:1]) + anywhere(rng, shapes[1:])


POINTS = {
    "negative": anywhere, "abs": nonzero, "absolute": nonzero, "exp": anywhere, "log": positive,
    "log1p": positive, "expm1": anywhere, "sqrt": positive, "tanh": anywhere, "erf": anywhere,
    "sin": anywhere, "cos": anywhere, "sigmoid": anywhere, "relu": nonzero, "square": anywhere,
    "sign": nonzero, "floor": positive,  # zero, where they don't jump
    "add": anywhere, "subtract": anywhere, "multiply": anywhere, "divide": nonzero,
    "true_divide": nonzero, "power": powers, "maximum": distinct, "minimum": distinct,
    "where": anywhere, "clip": distinct,
    "sum": anywhere, "mean": anywhere, "var": anywhere, "std": distinct, "max": distinct,
    "min": distinct, "prod": anywhere, "logsumexp": anywhere, "softmax": anywhere,
    "log_softmax": anywhere,
    "matmul": anywhere, "dot": anywhere, "outer": anywhere,
    "transpose": anywhere, "swapaxes": anywhere, "reshape": anywhere, "ravel": anywhere,
    "squeeze": anywhere, "expand_dims": anywhere, "broadcast_to": anywhere,
    "concatenate": anywhere, "stack": anywhere, "take": anywhere,
    "take_along_axis": anywhere,
}
NO_GRADIENT = {
    "isnan", "logical_not", "equal", "not_equal", "less", "less_equal", "greater", "greater_equal",
    "logical_and", "logical_or", "all", "any", "argmax", "argmin", "stop_gradient",
    "astype",  # of float64 to float64: see below
}
NO_FLOATS = {"where": [0], "take": [1], "take_along_axis": [1]}  # arguments without a gradient

TINY = Sizes(shapes_of([2, 3, 1, 2, 3, 0], [2, 3, 3, 2, 1, 4, 0]), st.sampled_from([2, 3, 1, 4, 0]))


def test_every_operation_has_a_row():
    assert {operation.name for operation in OPERATIONS} == set(POINTS) | NO_GRADIENT


def as_function(name, case):
    """The operation as a function of its float arguments, and their shapes."""
    arguments, keywords = case
    slots = []  # of the arrays: (position, place in a list)
    for i, argument in enumerate(arguments):
        if isinstance(argument, list):
            slots += [(i, k) for k in range(len(argument))]
        elif isinstance(argument, np.ndarray) and i not in NO_FLOATS.get(name, []):
            slots.append((i, None))

    def f(*xs):
        changed = [list(a) if isinstance(a, list) else a for a in arguments]
        for (i, k), x in zip(slots, xs):
            if k is None:
                changed[i] = x
            else:
                changed[i][k] = x
        return getattr(lw, name)(*changed, **keywords)

    return f, [np.shape(arguments[i] if k is None else arguments[i][k]) for i, k in slots]


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.name in POINTS],
                         ids=lambda operation: operation.name)
def test_operations(operation):
    @settings(max_examples=60)
    @given(operation.cases(TINY), st.integers(0, 99))
    def agrees(case, seed):
        f, shapes = as_function(operation.name, case)
        point = POINTS[operation.name](np.random.RandomState(seed), shapes)
        try:
            value = result(f(*point))
        except lw.Error:  # the largest of no elements, say
            return
        if not np.isfinite(value).all() or (operation.name == "std" and not value.all()):
            return  # the variance of one element; the square root has no derivative at 0
        check(f, *point)

    agrees()


def away_from(points, *shape, seed=0):
    """Random values that keep a distance from `points`, where a derivative jumps."""
    x = np.random.RandomState(seed).uniform(-2, 2, shape)
    for point in points:
        x = np.where(np.abs(x - point) < 0.05, x + 0.1, x)
    return x


# ---- beyond the table

@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, 0.5, 2.5])
def test_power_with_a_constant(exponent):
    check(lambda x: x ** exponent, np.array([0.4, 1.0, 1.7, 2.9]))
    if isinstance(exponent, int) and exponent >= 0:
        check(lambda x: x ** exponent, away_from([0], 4))
        check(lambda x: x ** exponent, np.array([0.0, 1.0, -2.0]))


def test_where_and_clip():
    x = away_from([-1, 1], 3, 4)
    condition = np.arange(12).reshape(3, 4) % 2 == 0
    check(lambda a, b: lw.where(condition, a, b), x, away_from([], 4, seed=1))
    check(lambda a: lw.where(a > 0, a * a, -a), away_from([0], 5))
    check(lambda a: lw.clip(a, -1, 1), x)
    check(lambda a, low, high: lw.clip(a, low, high), x, np.full((1, 4), -1.0), np.full((3, 1), 1.0))


def test_where_and_clip():
    x = away_from([-1, 1], 3, 4)
    check(lambda a: lw.where(a > 0, a * a, -a), away_from([0], 5))
    check(lambda a: lw.clip(a, -1, 1), x)
    check(lambda a: lw.clip(a, None, 1), x)
    check(lambda a, low, high: lw.clip(a, low, high), x, np.full((1, 4), -1.0), np.full((3, 1), 1.0))


@pytest.mark.parametrize("zeros", [0, 1, 2, 4])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_products_with_zeros(zeros, axis):
    x = away_from([0], 3, 2)
    x.flat[:zeros] = 0
    check(lambda x: lw.prod(x, axis=axis), x)


def test_ties():
    """Equal extrema share the gradient; of two operands the second has it."""
    x = lw.array([[3.0, 1.0, 3.0], [2.0, 2.0, 2.0]])
    for f in (lw.max, lambda x, axis: -lw.min(-x, axis=axis)):
        g = lw.grad(lambda x: lw.sum(f(x, axis=1)))(x)
        np.testing.assert_allclose(result(g), [[0.5, 0, 0.5], [1 / 3] * 3])
    for f in (lw.maximum, lw.minimum):
        g = lw.grad(lambda a, b: lw.sum(f(a, b)), argnums=(0, 1))(x, x * 1)
        assert not g[0].any() and (g[1] == 1).all()


def test_conversions():
    x = away_from([], 3)
    check(lambda x: x.astype("float64") * x, x)
    check(lambda x: x.astype("float32").astype("float64") * 0 + x, x)
    g = lw.grad(lambda x: lw.sum(x.astype("float64") ** 2))(x.astype("float32"))
    assert_equal(g, 2 * x.astype("float32"))
    assert not lw.grad(lambda x: lw.sum(x.astype("int64") * 2.0))(x).any()


@given(array_with_key())
def test_indexing_puts_each_element_back(case):
    a, key = case
    weights = np.cos(np.arange(a[key].size, dtype="f8")).reshape(a[key].shape)
    expected = np.zeros(a.shape)
    expected[key] = weights
    g = lw.grad(lambda x: lw.sum(x[key] * weights))(lw.asarray(a.astype("float64")))
    assert_equal(g, expected, signs=False)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape, axis, count", [
    ((7,), 0, 500), ((5, 3), 0, (40, 5)), ((4, 6), 1, 300), ((3, 4, 5), 1, (2, 50)), ((5, 3), None, 400),
    ((10, 3000), 0, 50), ((2, 50_000), 1, 200_000)])
def test_take_adds_rows_in_the_order_of_the_indices(dtype, shape, axis, count):
    """Bit for bit, whatever the number of threads: np.add.at adds one by one."""
    rng = np.random.RandomState(5)
    extent = int(np.prod(shape)) if axis is None else shape[axis]
    indices = rng.randint(-extent, extent, count)
    x = np.zeros(shape, dtype)
    weights = ordinary(rng, np.take(x, indices, axis=axis).shape, dtype)
    expected = np.zeros(shape, dtype)
    where = np.moveaxis(expected, axis, 0) if axis else expected.reshape(-1 if axis is None else shape)
    rows = weights if not axis else np.moveaxis(weights, range(axis, axis + indices.ndim),
                                                range(indices.ndim))
    np.add.at(where, indices, rows)
    threads = lw.thread_count()
    try:
        for lanes in (1, 2, 5):
            lw.set_threads(lanes)
            g = lw.grad(lambda x: lw.sum(lw.take(x, indices, axis=axis) * weights))(x)
            assert_equal(g, expected, signs=False)
    finally:
        lw.set_threads(threads)


def test_slices():
    x = away_from([], 5, 6)
    check(lambda x: x[1:4, ::2], x)
    check(lambda x: x[::-2, 5:0:-2], x)
    check(lambda x: x[2], x)
    check(lambda x: x[-1, None, ..., 3:] * x[0, :3], x)
    check(lambda x: x[3:3], x)


def test_integer_arrays():
    x = away_from([], 4, 3)
    check(lambda x: x[np.arange(4), np.array([0, 1, 1, -1])], x)
    check(lambda x: x[np.array([True, False, True, True])], x)


def test_joins():
    a, b = away_from([], 2, 3), away_from([], 4, 3, seed=1)
    check(lambda a, b: lw.concatenate([a, b, a], axis=0), a, b)
    check(lambda a, b: lw.concatenate([a.T, b.T], axis=-1), a, b)
    check(lambda a: lw.stack([a, a * a], axis=1), a)


def test_assignment():
    def f(x, v):
        y = x * 1
        y[1:3] = v
        y[0, 0] = 5.0
        return y * y

    check(f, away_from([], 4, 3), away_from([], 3, seed=1))


def test_a_network():
    rng = np.random.RandomState(7)
    X, y = rng.randn(10, 4), rng.randint(0, 3, 10)

    def loss(W1, b1, W2, b2):
        hidden = lw.tanh(lw.asarray(X) @ W1 + b1)
        logits = lw.log_softmax(hidden @ W2 + b2, axis=1)
        return -lw.mean(logits[np.arange(10), y])

    check(loss, rng.randn(4, 5), rng.randn(5), rng.randn(5, 3), rng.randn(1, 3))


def test_stop_gradient():
    assert lw.grad(lambda x: lw.sum(x * lw.stop_gradient(x)))(lw.array([2.0, 3.0])).tolist() == [2, 3]


def test_no_dependence_gives_zeros():
    g = lw.grad(lambda x, y: lw.sum(y * y))(lw.ones((2, 3), "float32"), lw.ones(4))
    assert g.shape == (2, 3) and g.dtype == "float32" and not g.any()


def test_derivative_of_relu_at_zero_is_zero():
    assert lw.grad(lambda x: lw.sum(lw.relu(x)))(lw.array([0.0, -0.0])).tolist() == [0, 0]


def test_argnums_and_trees():
    def f(parameters, x, scale=1.0):
        return lw.sum((x @ parameters["w"] + parameters["b"][0]) * scale)

    parameters = {"w": np.ones((3, 2)), "b": [np.zeros(2)]}
    value, g = lw.value_and_grad(f)(parameters, np.ones((4, 3)), scale=2.0)
    assert value.item() == 48.0
    assert g["w"].tolist() == [[8.0, 8.0]] * 3 and g["b"][0].tolist() == [8.0, 8.0]
    of_x = lw.grad(f, argnums=1)(parameters, np.ones((4, 3)))
    assert of_x.shape == (4, 3)
    both = lw.grad(lambda a, b: lw.sum(a * b), argnums=(0, 1))(np.ones(2), np.full(2, 3.0))
    assert [g.tolist() for g in both] == [[3, 3], [1, 1]]
    same = np.ones(2)
    both = lw.grad(lambda a, b: lw.sum(a * a * b), argnums=(0, 1))(same, same)
    assert [g.tolist() for g in both] == [[2, 2], [1, 1]]


def test_second_derivatives():
    g = lw.grad(lambda x: lw.sum(lw.grad(lambda y: lw.sum(y ** 3))(x)))(lw.array([1.0, 2.0]))
    np.testing.assert_allclose(lw.to_numpy(g), [6.0, 12.0])


def test_a_number_is_a_point():
    assert lw.grad(lambda x: x * x)(3.0).item() == 6.0


def test_gradients_of_pending_arrays():
    x = lw.array([1.0, 2.0])
    y = lw.exp(x)
    loss = lw.sum(y * y)
    gx, gy = lw.gradients(loss, [x, y])
    np.testing.assert_allclose(lw.to_numpy(gy), 2 * np.exp([1.0, 2.0]))
    np.testing.assert_allclose(lw.to_numpy(gx), 2 * np.exp([2.0, 4.0]))


def test_errors():
    with pytest.raises(lw.ShapeError):
        lw.grad(lambda x: x * x)(lw.ones(3))
    with pytest.raises(lw.DTypeError):
        lw.grad(lambda x: lw.sum(x))(lw.arange(3))

    def fails(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        lw.grad(fails)(lw.ones(3))


@pytest.mark.parametrize("value", [(1.0,), [lw.ones(())], None, "loss", {}, np.ones(())])
def test_losses_must_be_arrays(value):
    name = type(value).__name__
    with pytest.raises(TypeError, match=f"must return one Array, got {name}"):
        lw.grad(lambda a: value)(lw.ones(3))
    with pytest.raises(TypeError, match=f"must return one Array, got {name}"):
        lw.compile(lw.grad(lambda a: value))(lw.ones(3))


@pytest.mark.parametrize("value", [1.0, 2, True, np.float64(3), np.float32(0.5), np.int64(4)])
def test_a_loss_that_is_a_number_has_gradient_zero(value):
    got, grads = lw.value_and_grad(lambda a: value)(lw.ones(3, "float32"))
    assert got.item() == float(value)
    assert_equal(grads, np.zeros(3, "float32"))
