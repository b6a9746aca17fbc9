"""When values are computed, and by whom."""

import copy
import pickle
import threading

import numpy as np
import pytest

import lanewise as lw


def test_eval_computes_its_arguments_only():
    x = lw.array([1.0, 2.0])
    a, b, c = x + 1, x * 2, lw.exp(x)
    assert not a.is_evaluated
    lw.eval(a, [b])
    assert a.is_evaluated and b.is_evaluated and not c.is_evaluated
    np.testing.assert_array_equal(lw.to_numpy(a + b), [4.0, 7.0])
    assert c.eval() is c and c.is_evaluated


def test_reading_computes():
    x = lw.arange(3)
    for read in (str, repr, lambda a: a.tolist(), np.asarray, lambda a: bool(a.any()),
                 lambda a: f"{a.sum()}"):
        y = x + 1
        read(y)
    assert (x + 1).tolist() == [1, 2, 3]


@pytest.mark.parametrize("read_at", [None, 2500])
def test_a_chain_of_5000_operations(read_at):
    x = lw.zeros(3)
    y = x
    for i in range(5000):
        y = y + 1
        if i == read_at:
            assert y.tolist() == [i + 1] * 3
    assert y.tolist() == [5000.0] * 3


def test_a_chain_of_5000_operations_is_dropped():
    y = lw.zeros(3)
    kept = [y := y * 1 for _ in range(5000)]
    del kept, y


def test_the_gradient_of_a_long_chain():
    def f(x):
        for _ in range(3000):
            x = x + 0.001 * x
        return lw.sum(x)

    g = lw.grad(f)(lw.ones(2))
    np.testing.assert_allclose(lw.to_numpy(g), [1.001 ** 3000] * 2, rtol=1e-9)


def test_shared_parts_are_shared():
    x = lw.asarray(np.arange(5.0))
    shared = lw.exp(x)
    for _ in range(40):  # 2**40 paths, were it not
        shared = shared + shared * 0
    np.testing.assert_allclose(lw.to_numpy(shared), np.exp(np.arange(5.0)))


def test_asarray_is_read_at_evaluation_and_array_is_not():
    a = np.zeros(3)
    borrowed, copied, implicit = lw.asarray(a) + 1, lw.array(a) + 1, lw.zeros(3) + a
    a[:] = 5
    assert borrowed.tolist() == [6, 6, 6]
    assert copied.tolist() == [1, 1, 1] and implicit.tolist() == [0, 0, 0]


def test_threads_of_python():
    a = np.random.RandomState(0).randn(200, 200)
    shared = lw.asarray(a)
    pending = [lw.tanh(shared * (i + 1)) for i in range(4)]
    out, errors = [None] * 8, []

    def work(i):
        try:
            for _ in range(20):
                y = pending[i % 4] + lw.asarray(a * 1) @ shared
                out[i] = lw.to_numpy(y)
        except Exception as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    for i in range(8):
        np.testing.assert_allclose(out[i], np.tanh(a * (i % 4 + 1)) + a @ a, rtol=1e-9, atol=1e-9)


def test_pickle():
    x = lw.arange(6).reshape(2, 3)[:, ::-1] * 2.0
    y = pickle.loads(pickle.dumps(x))
    assert y.tolist() == x.tolist() and y.dtype == x.dtype
    assert copy.deepcopy({"x": x})["x"].tolist() == x.tolist()


def test_executors_and_threads():
    assert {"vectorized", "loop"} <= set(lw.executors())
    with pytest.raises(lw.ValueError, match="vectorized"):
        lw.set_executor("quantum")
    before = lw.thread_count()
    lw.set_threads(1)
    assert lw.thread_count() == 1
    with pytest.raises(lw.ValueError):
        lw.set_threads(0)
    lw.set_threads(before)


def test_version():
    assert lw.version() == lw.__version__ and lw.version().count(".") == 2
