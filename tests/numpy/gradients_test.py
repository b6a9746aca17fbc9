"""Gradients against central finite differences in float64, for every operation that has one."""

import numpy as np
import pytest

import lanewise as lw

STEP = 1e-6


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
        np.testing.assert_allclose(lw.to_numpy(got), expected, rtol=2e-6, atol=2e-7)


def away_from(points, *shape, seed=0):
    """Random values that keep a distance from `points`, where a derivative jumps."""
    x = np.random.RandomState(seed).uniform(-2, 2, shape)
    for point in points:
        x = np.where(np.abs(x - point) < 0.05, x + 0.1, x)
    return x


def distinct(*shape, seed=0):
    """Values without ties."""
    count = int(np.prod(shape))
    return (np.random.RandomState(seed).permutation(count).reshape(shape) - count / 2) * 0.37


def positive(*shape, seed=0):
    return np.random.RandomState(seed).uniform(0.3, 3, shape)


UNARY = {
    "negative": away_from([]), "abs": away_from([0], 3, 4), "exp": away_from([], 3, 4),
    "log": positive(3, 4), "log1p": positive(3, 4), "expm1": away_from([], 3, 4),
    "sqrt": positive(3, 4), "tanh": away_from([], 3, 4), "erf": away_from([], 3, 4),
    "sin": away_from([], 3, 4), "cos": away_from([], 3, 4), "sigmoid": away_from([], 3, 4),
    "relu": away_from([0], 3, 4), "square": away_from([], 3, 4), "ravel": away_from([], 3, 4),
}


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    check(getattr(lw, name), UNARY[name])


@pytest.mark.parametrize("name", ["sign", "floor"])
def test_steps_have_derivative_zero(name):
    x = away_from([0, 1, -1], 5)
    check(lambda x: getattr(lw, name)(x) * x, x)


SHAPES = [((3, 4), (3, 4)), ((3, 4), (4,)), ((3, 1), (1, 4)), ((), (2, 3)), ((2, 3), ()),
          ((2, 1, 3), (4, 1)), ((1,), (1, 1, 2))]


@pytest.mark.parametrize("left, right", SHAPES)
@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "maximum", "minimum"])
def test_binary(name, left, right):
    both = distinct(int(np.prod(left)) + int(np.prod(right)), seed=1) + 0.1
    split = int(np.prod(left))
    check(getattr(lw, name), both[:split].reshape(left), both[split:].reshape(right))


@pytest.mark.parametrize("left, right", SHAPES)
def test_power(left, right):
    check(lw.power, positive(*left), away_from([], *right))


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, -1, 0.5, 2.5])
def test_power_with_a_constant(exponent):
    check(lambda x: x ** exponent, positive(4))
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


AXES = [None, 0, 1, -1, (0, 2), (0, 1, 2), ()]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "max", "min", "prod", "logsumexp"])
def test_reductions(name, axis, keepdims):
    if name == "std" and axis == ():
        pytest.skip("the square root has no derivative at 0")
    x = distinct(2, 3, 4) * 0.2 + 0.03
    check(lambda x: getattr(lw, name)(x, axis=axis, keepdims=keepdims), x)


def test_moments_with_ddof():
    x = distinct(3, 4)
    check(lambda x: lw.var(x, axis=1, ddof=1), x)
    check(lambda x: lw.std(x, axis=0, ddof=1, keepdims=True), x)


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax(name, axis):
    check(lambda x: getattr(lw, name)(x, axis=axis), away_from([], 3, 4))


@pytest.mark.parametrize("left, right", [
    ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)), ((5, 2, 3), (5, 3, 4)), ((2, 1, 2, 3), (4, 3, 2)), ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)), ((1, 2, 3), (5, 3, 4))])
def test_matmul(left, right):
    check(lw.matmul, away_from([], *left), away_from([], *right, seed=1))


@pytest.mark.parametrize("left, right", [((), (3,)), ((2, 3), (3, 4)), ((2, 2, 3), (4, 3, 2))])
def test_dot(left, right):
    check(lw.dot, away_from([], *left), away_from([], *right, seed=1))


def test_outer():
    check(lw.outer, away_from([], 3), away_from([], 4, seed=1))


def test_shape_operations():
    x = away_from([], 2, 3, 4)
    check(lambda x: lw.transpose(x, (1, 2, 0)), x)
    check(lambda x: lw.swapaxes(x, 0, 2), x)
    check(lambda x: x.T.reshape(6, 4) * 2, x)
    check(lambda x: lw.squeeze(lw.expand_dims(x, (0, 2)), 0), x)
    check(lambda x: lw.broadcast_to(x, (5, 2, 3, 4)), x)
    check(lambda x: lw.broadcast_to(x, (5, 3)), away_from([], 1, 3))
    check(lambda x: x.astype("float32").astype("float64") * 0 + x, x)


def test_slices():
    x = away_from([], 5, 6)
    check(lambda x: x[1:4, ::2], x)
    check(lambda x: x[::-2, 5:0:-2], x)
    check(lambda x: x[2], x)
    check(lambda x: x[-1, None, ..., 3:] * x[0, :3], x)
    check(lambda x: x[3:3], x)


def test_take_and_integer_arrays():
    x = away_from([], 4, 3)
    check(lambda x: lw.take(x, np.array([0, 2, 2, -1, 0]), axis=0), x)
    check(lambda x: lw.take(x, np.array([[0, 0], [2, 1]]), axis=1), x)
    check(lambda x: lw.take(x, np.array([11, 0, 0])), x)
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
