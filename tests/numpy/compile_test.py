"""Compiled functions: one plan for every number of samples, the same results."""

import numpy as np
import pytest

import lanewise as lw

SAMPLES = [1, 2, 3, 17, 64, 1000, 1]


def data(m, n=5, dtype="float64"):
    return np.random.RandomState(m).randn(m, n).astype(dtype)


def predict(X, W, b):
    return lw.sigmoid(lw.tanh(X @ W) @ W.T + b)


def expected_predict(X, W, b):
    return 1 / (1 + np.exp(-(np.tanh(X @ W) @ W.T + b)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_as_rows(dtype):
    W, b = data(5, 4, dtype), data(1, 5, dtype)
    f = lw.compile(predict, sample_axis=(0, None, None))
    for m in SAMPLES:
        X = data(m, 5, dtype)
        got = f(X, W, b)
        assert got.shape == (m, 5) and got.dtype == dtype
        np.testing.assert_allclose(lw.to_numpy(got), expected_predict(X, W, b),
                                   rtol=1e-5 if dtype == "float32" else 1e-12)
    assert f.plan_count == 1


def test_samples_as_columns():
    @lw.compile(sample_axis=(1, 1, None))
    def loss(X, Y, w):
        A = lw.sigmoid(w @ X)
        return -lw.mean(Y * lw.log(A) + (1 - Y) * lw.log(1 - A))

    w = data(1, 5)
    for m in SAMPLES:
        X, Y = data(m).T, (data(m, 1) > 0).T
        A = 1 / (1 + np.exp(-(w @ X)))
        expected = -np.mean(np.where(Y, np.log(A), np.log(1 - A)))
        assert loss(X, Y, w).item() == pytest.approx(expected, rel=1e-12)
    assert loss.plan_count == 1


@pytest.mark.parametrize("f", [
    lambda X: lw.sum(X, axis=0), lambda X: lw.mean(X, axis=1), lambda X: lw.var(X, axis=0),
    lambda X: lw.softmax(X, axis=1), lambda X: (X - lw.mean(X, axis=0)) / lw.std(X, axis=0),
    lambda X: lw.argmax(X, axis=1), lambda X: X.T @ X, lambda X: X.reshape(-1), lambda X: X.T,
    lambda X: lw.max(X), lambda X: X[:, 1:3], lambda X: lw.where(X > 0, X, 0), lambda X: X[:, None] * 2,
    lambda X: lw.zeros_like(X) + 1, lambda X: lw.concatenate([X, X * 2], axis=1)])
def test_many_programs(f):
    compiled = lw.compile(f, sample_axis=0)
    for m in [2, 3, 50]:
        X = data(m)
        np.testing.assert_allclose(lw.to_numpy(compiled(X)), lw.to_numpy(f(lw.asarray(X))),
                                   rtol=1e-12, atol=1e-12)
    assert compiled.plan_count == 1


def test_programs_that_depend_on_the_number_of_samples():
    compiled = lw.compile(lambda X: lw.sum(X) / X.shape[0] + X[-1, 0], sample_axis=0)
    for m in [2, 3, 4]:
        X = data(m)
        assert compiled(X).item() == pytest.approx(X.sum() / m + X[-1, 0], rel=1e-12)


def test_gradients_inside():
    def step(w, X, y, rate):
        def loss(w):
            return lw.mean((X @ w - y) ** 2)
        value, g = lw.value_and_grad(loss)(w)
        return w - rate * g, value

    compiled = lw.compile(step, sample_axis=(None, 0, 0, None))
    for m in [4, 9, 4]:
        X, y, w = data(m), data(m, 1)[:, 0], data(5, 1)[:, 0]
        new, value = compiled(w, X, y, 0.1)
        r = X @ w - y
        np.testing.assert_allclose(lw.to_numpy(new), w - 0.1 * 2 / m * X.T @ r, rtol=1e-10, atol=1e-12)
        assert value.item() == pytest.approx(np.mean(r ** 2), rel=1e-12)
    assert compiled.plan_count == 1


def test_numbers_are_weak_inputs():
    f = lw.compile(lambda x, k: x * k)
    x = np.ones(3, "float32")
    for k in (0.5, 2.5):
        assert f(x, k).dtype == "float32" and f(x, k).tolist() == [k] * 3
    assert f.plan_count == 1
    assert f(x, np.float64(2)).dtype == "float64"
    assert f(x, 2).dtype == "float32"


COMPARISONS = [lambda a, k: a < k, lambda a, k: a == k, lambda a, k: k <= a, lambda a, k: a != k + 1]


@pytest.mark.parametrize("f", COMPARISONS)
@pytest.mark.parametrize("dtype", ["uint8", "int8", "int32", "int64", "float32", "bool"])
def test_comparisons_with_integers_of_any_size(f, dtype):
    compiled = lw.compile(f)
    a = np.array([0, 1, 1], dtype)
    for k in (-1, 0, 1, 257, 256, -255, 2**40, -2**63):
        assert lw.to_numpy(compiled(a, k)).tolist() == f(a, k).tolist()
    assert compiled.plan_count == 1


@pytest.mark.parametrize("f", [
    lambda a, k: a * k, lambda a, k: k * 2 - a, lambda a, k: lw.where(a > 0, a, k),
    lambda a, k: lw.compile(lambda b, n: b + n)(a, k)])
def test_integers_that_do_not_fit_the_array(f):
    compiled = lw.compile(f, sample_axis=(0, None))
    for dtype, k in [("int8", 300), ("int8", -129), ("uint8", -2), ("int32", 2**31)]:
        a = np.ones(2, dtype)
        with pytest.raises(lw.ValueError, match=f"number .*{dtype}; convert"):
            compiled(a, k)
        assert compiled(a, 20).dtype == dtype
        assert compiled(a.astype("int64"), k).dtype == "int64"
        assert compiled(a.astype("float32"), k).dtype == "float32"


def test_without_a_sample_axis_each_shape_has_a_plan():
    f = lw.compile(lambda x: x + 1)
    for m in (2, 3, 2):
        assert f(lw.zeros(m)).tolist() == [1] * m
    assert f.plan_count == 2


def test_trees():
    f = lw.compile(lambda p, x: {"y": [x @ p["w"], p["b"]], "n": (x,)})
    out = f({"w": np.eye(2), "b": lw.ones(1)}, np.ones((1, 2)))
    assert out["y"][0].tolist() == [[1, 1]] and out["y"][1].tolist() == [1]
    assert isinstance(out["n"], tuple)


def shaped(a):
    return (a,) if a.shape[0] == 2 else [a, {"twice": a * 2}]


def test_results_whose_structure_depends_on_shapes():
    f = lw.compile(shaped)
    for m in (2, 3, 2, 3):
        out = f(lw.ones(m))
        assert type(out) is (tuple if m == 2 else list)
        assert m == 2 or out[1]["twice"].tolist() == [2] * m
    assert f.plan_count == 2


def test_results_whose_structure_depends_on_other_extents_than_samples():
    f = lw.compile(lambda X: shaped(X.T), sample_axis=0)
    for m, n in [(4, 2), (4, 3), (5, 2), (5, 3)]:
        assert type(f(np.ones((m, n)))) is (tuple if n == 2 else list)
    assert f.plan_count == 2
    total = lw.compile(lambda X: shaped(lw.sum(X, axis=0)), sample_axis=0)
    for n in (2, 3, 2):
        got = total.stream(lw.array_source(np.ones((6, n))))
        assert type(got) is (tuple if n == 2 else list) and got[0].tolist() == [6] * n


def test_results_whose_structure_depends_on_the_dtype():
    f = lw.compile(lambda a: (a,) if a.dtype == "float32" else a)
    for _ in range(2):
        assert isinstance(f(np.ones(2, "float32")), tuple)
        assert isinstance(f(np.ones(2)), lw.Array)


def test_results_whose_structure_depends_on_the_number_of_samples():
    f = lw.compile(lambda X: shaped(X / X.shape[0]), sample_axis=0)  # a plan for each number
    for m in (2, 3, 2):
        assert type(f(np.ones((m, 2)))) is (tuple if m == 2 else list)


def test_strided_arguments():
    f = lw.compile(lambda x, y: x @ y, sample_axis=(0, None))
    a = data(8, 8)
    np.testing.assert_allclose(lw.to_numpy(f(a[::-2].T[:4].T, a.T[:4, ::2])), a[::-2, :4] @ a.T[:4, ::2])


def test_dump_and_errors():
    f = lw.compile(predict, sample_axis=(0, None, None))
    text = f.dump(data(3), data(5, 4), data(1))
    assert "matmul" in text and "tanh" in text
    assert "measured" not in text
    fused = lw.executor() == "fused"
    assert ("measured" in f.profile(data(4096), data(5, 4), data(1))) == fused
    with pytest.raises(lw.ShapeError):
        f(data(3), data(4, 4), data(1))
    assert f(data(3), data(5, 4), data(1)).shape == (3, 5)

    def reads(x):
        return x * x.sum().item()

    with pytest.raises(lw.ValueError, match="trace"):
        lw.compile(reads)(lw.ones(2))

    def fails(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        lw.compile(fails)(lw.ones(2))
