"""Every operation against NumPy under each executor, and the executors against each other."""

import numpy as np
import pytest
from hypothesis import given, note, settings

import lanewise as lw
from operations import OPERATIONS, call
from support import LARGE, SMALL, Near, assert_agrees, different, differences, once, result

every = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)


def expected_of(operation, case):
    """What NumPy says; the class of the error where it raises one."""
    arguments, keywords = case
    try:
        return operation.expected(*arguments, **keywords)
    except (TypeError, IndexError, ValueError) as error:
        return next(kind for kind in (TypeError, IndexError, ValueError) if isinstance(error, kind))


def check(operation, case):
    expected = expected_of(operation, case)
    if isinstance(expected, type):
        with pytest.raises(expected):
            call(operation.name, case).eval()
    else:
        assert_agrees(call(operation.name, case), expected, operation.signs)


def check_executors(operation, sizes, examples):
    @settings(max_examples=examples)
    @given(operation.cases(sizes))
    def agrees(case):
        for executor in lw.executors():
            note(executor)
            lw.set_executor(executor)
            check(operation, case)

    agrees()


@once
@every
def test_agrees_with_numpy(operation):
    check_executors(operation, SMALL, 100)


@once
@every
def test_large_arrays_agree_with_numpy(operation):
    check_executors(operation, LARGE, 4)


def values_under(executor, operation, case, threads=1):
    """The values, None where there is an error, and what NumPy says."""
    lw.set_executor(executor)
    lw.set_threads(threads)
    expected = expected_of(operation, case)
    return None if isinstance(expected, type) else result(call(operation.name, case)), expected


@once
@every
@pytest.mark.parametrize("sizes, examples", [(SMALL, 20), (LARGE, 3)], ids=["small", "large"])
def test_executors_agree(operation, sizes, examples):
    threads = lw.thread_count()

    @settings(max_examples=examples)
    @given(operation.cases(sizes))
    def agree(case):
        loop, expected = values_under("loop", operation, case)
        if loop is None:
            return
        vectorized, narrower = values_under("vectorized", operation, case)
        wrong = different(vectorized, loop, operation.signs)
        if not operation.same_bits and isinstance(expected, Near):
            # As far from each other as from the exact result, together.
            apart = np.abs(vectorized.astype(np.longdouble) - loop)
            wrong &= ~(apart <= expected.bound + narrower.bound)
        assert not wrong.any(), differences(wrong, vectorized, loop)
        other, _ = values_under("vectorized", operation, case, threads=3)
        assert not different(other, vectorized).any()

    try:
        agree()
    finally:
        lw.set_threads(threads)


def test_the_table_is_complete():
    """A function of arrays that is added to Lanewise gets a row."""
    others = {  # tested in files of their own
        "array", "asarray", "zeros", "ones", "full", "eye", "arange", "linspace", "zeros_like",
        "ones_like", "to_numpy", "eval", "compile", "compile_leaves", "make_weak", "is_traced",
        "kinds_of", "narrowed_numbers", "grad", "gradients", "value_and_grad",
        "value_and_gradients", "broadcast_shapes", "explain_broadcast", "explain_expression",
        "set_executor", "executor", "executors", "set_threads", "thread_count", "set_strict_shapes",
        "strict_shapes", "top_k", "version", "open_source", "array_source", "quantiles",
        "neighbors", "k_means", "nearest_centres",
    }
    functions = {name for name in dir(lw) if not name.startswith("_")
                 and callable(getattr(lw, name)) and not isinstance(getattr(lw, name), type)}
    assert functions - others - {"bool_"} == {operation.name for operation in OPERATIONS}
