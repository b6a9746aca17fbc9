"""lanewise.random is NumPy's legacy stream, to the bit."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import lanewise as lw
from support import DTYPES, assert_equal, seeds

sizes = st.one_of(st.lists(st.integers(0, 5), max_size=3).map(tuple),
                  st.sampled_from([(625,), (100, 7), (1,)]))
bounds = st.one_of(
    st.sampled_from([(0, 1), (0, 2), (0, 2**31), (0, 2**32 - 1), (0, 2**32), (0, 2**32 + 1),
                     (-2**63, 2**63 - 1), (0, 2**62), (7, 8), (0, 100_000)]),
    st.tuples(st.integers(-2**63, 2**63 - 1), st.integers(-2**63, 2**63 - 1))
    .map(sorted).filter(lambda pair: pair[0] < pair[1]).map(tuple))
shapes = st.sampled_from([(0,), (1,), (2,), (40,), (7, 3), (1, 2), (0, 3), (5, 2, 2), (3, 0)])
dtypes = st.sampled_from(DTYPES)
calls = st.one_of(
    st.tuples(st.just("rand"), sizes), st.tuples(st.just("randn"), sizes),
    st.tuples(st.just("randint"), bounds, sizes), st.tuples(st.just("below"), st.integers(1, 2**63 - 1)),
    st.tuples(st.just("permutation"), st.integers(0, 40)),
    st.tuples(st.just("rows"), shapes, dtypes), st.tuples(st.just("shuffle"), shapes, dtypes))


def call(random, array, kind, *arguments):
    if kind in ("rand", "randn"):
        return getattr(random, kind)(*arguments[0])
    if kind == "randint":
        return random.randint(*arguments[0], size=arguments[1])
    if kind == "below":
        return random.randint(arguments[0])
    if kind == "permutation":
        return random.permutation(arguments[0])
    shape, dtype = arguments
    values = array(np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype))
    if kind == "rows":
        return random.permutation(values)
    random.shuffle(values)
    return values


def same(call_list, theirs, mine):
    for one in call_list:
        expected = call(theirs, np.array, *one)
        actual = call(mine, lw.array, *one)
        assert_equal(actual, expected)


@given(seeds, st.lists(calls, max_size=8))
def test_mixed_sequences(seed, sequence):
    np.random.seed(seed)
    lw.random.seed(seed)
    same(sequence, np.random, lw.random)


@given(seeds, st.lists(calls, max_size=5))
def test_generators(seed, sequence):
    same(sequence, np.random.RandomState(seed), lw.random.Generator(seed))


def test_the_textbooks_first_numbers():
    lw.random.seed(1)
    np.random.seed(1)
    assert_equal(lw.random.randn(3, 2), np.random.randn(3, 2))
    assert_equal(lw.random.randn(3), np.random.randn(3))  # an odd count keeps a normal in store
    assert_equal(lw.random.rand(), np.asarray(np.random.rand()))
    assert_equal(lw.random.randn(), np.asarray(np.random.randn()))
    assert_equal(lw.random.randint(6), np.asarray(np.random.randint(6)))
    np.random.seed(1)
    lw.random.seed(1)
    assert_equal(lw.random.randn(2), np.random.randn(2))


@pytest.mark.parametrize("seed", [0, 1, 2, 42, 2**31, 2**32 - 1])
def test_large_draws(seed):
    lw.random.seed(seed)
    np.random.seed(seed)
    assert_equal(lw.random.rand(1000, 7), np.random.rand(1000, 7))
    assert_equal(lw.random.randint(0, 1000, 10_000), np.random.randint(0, 1000, 10_000))
    assert_equal(lw.random.randn(30_001), np.random.randn(30_001))
    assert_equal(lw.random.permutation(10_000), np.random.permutation(10_000))


def test_integers_of_numpy():
    lw.random.seed(5)
    np.random.seed(5)
    assert_equal(lw.random.rand(np.int64(2), np.int8(3)), np.random.rand(2, 3))
    assert_equal(lw.random.permutation(np.int64(5)), np.random.permutation(5))


def test_shuffle_rebinds():
    x = lw.arange(20)
    before = x * 1
    lw.random.seed(3)
    lw.random.shuffle(x)
    assert sorted(x.tolist()) == before.tolist() != x.tolist()


def test_rows_that_are_not_there():
    assert_equal(lw.random.permutation(np.zeros((0, 100))), np.zeros((0, 100)))


def test_errors():
    with pytest.raises(lw.ValueError):
        lw.random.randint(3, 3)
    with pytest.raises(TypeError):
        lw.random.shuffle(np.arange(3))
    with pytest.raises((TypeError, OverflowError)):
        lw.random.seed(-1)
