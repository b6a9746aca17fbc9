"""Compiled programs drawn at random, whose samples lie along any axis of arrays of any rank.

A value is an array with its dimensions, of which one may be SAMPLES. Whatever a program does, its
results, the gradient among them, are those of the executor `loop`, for every number of samples, and
have the same bits for any number of threads.
"""

import math
import random

import numpy as np
import pytest

import lanewise as lw

SAMPLES = "m"
LARGEST = 400  # elements of a sample
SEEDS_OF_A_TEST = 50

UNARY = [
    lw.tanh, lw.sigmoid, lw.negative, lambda a: lw.abs(a) * 0.5, lambda a: lw.exp(-lw.abs(a)),
    lambda a: lw.log1p(lw.abs(a)), lambda a: lw.sqrt(lw.abs(a) + 0.1),
    lambda a: a / (1 + lw.abs(a)), lambda a: lw.stop_gradient(a) * 0.5,
    lambda a: lw.clip(a, -0.7, 0.9),
]  # fmt: skip
BINARY = [
    lw.add, lw.subtract, lambda a, b: a * b / 2, lw.maximum, lw.minimum,
    lambda a, b: a / (1 + lw.abs(b)),
]  # fmt: skip
REDUCTIONS = [
    lw.mean, lw.max, lw.min, lambda a, **kept: lw.sqrt(lw.var(a, **kept) + 0.1),
]  # fmt: skip
CONDITIONS = [lambda a: a > 0.3, lambda a: lw.logical_not(a < 0.1), lambda a: lw.floor(a * 2) == 1]


def size(dims):
    return math.prod(d for d in dims if d != SAMPLES)


def broadcast(a, b):
    """The dimensions of both together; None where they don't fit or hold too much."""
    rank = max(len(a), len(b))
    a, b = ((1,) * (rank - len(x)) + x for x in (a, b))
    if any(x != y and 1 not in (x, y) for x, y in zip(a, b)):
        return None
    dims = tuple(y if x == 1 else x for x, y in zip(a, b))
    return dims if dims.count(SAMPLES) <= 1 and size(dims) <= LARGEST else None


class Program:
    """What a seed makes of arguments with such dimensions, the last of them a parameter."""

    def __init__(self, seed, dims):
        self.seed, self.dims = seed, dims

    def __call__(self, *arguments):
        self.draw = random.Random(self.seed)
        self.given = list(zip(arguments, self.dims))
        self.pool = list(self.given)
        for _ in range(self.draw.randrange(3, 25)):
            value = self.draw.choice(STEPS)(self, *self.any())
            if value is not None and len(value[1]) <= 5:
                self.pool.append(value)
        made = [a for a, _ in self.pool[len(arguments) :]]
        loss = lw.mean(arguments[-1])
        for a in made[-4:]:
            loss = loss + lw.mean(lw.tanh(a))
        results = made[-1:] + [self.any()[0] for _ in range(3)]
        return tuple(results + lw.gradients(loss, [arguments[-1]]))

    def any(self):
        return self.pool[-1] if self.draw.random() < 0.35 else self.draw.choice(self.pool)

    def fitting(self, values, fits):
        found = [(a, dims) for a, dims in values if fits(dims)]
        return self.draw.choice(found) if found else None

    def axis(self, dims, fits=lambda d: True):
        found = [i for i, d in enumerate(dims) if fits(d)]
        return self.draw.choice(found) if found else None

    # Each step: of a value that was drawn another one, or None where it doesn't suit.

    def unary(self, a, dims):
        return self.draw.choice(UNARY)(a), dims

    def binary(self, a, dims):
        other = self.fitting(self.pool, lambda d: broadcast(dims, d))
        return other and (self.draw.choice(BINARY)(a, other[0]), broadcast(dims, other[1]))

    def where(self, a, dims):
        other = self.fitting(self.given, lambda d: broadcast(dims, d) == dims)
        return other and (lw.where(self.draw.choice(CONDITIONS)(other[0]), a, -a), dims)

    def reduce(self, a, dims):
        axes = self.draw.sample(range(len(dims)), min(len(dims), self.draw.choice([1, 1, 2])))
        keep = self.draw.random() < 0.5
        left = [1 if i in axes else d for i, d in enumerate(dims) if keep or i not in axes]
        if not axes:
            return None
        return self.draw.choice(REDUCTIONS)(a, axis=tuple(axes), keepdims=keep), tuple(left)

    def softmax(self, a, dims):
        axis = self.axis(dims)
        return None if axis is None else (lw.softmax(a, axis=axis), dims)

    def transpose(self, a, dims):
        order = self.draw.sample(range(len(dims)), len(dims))
        return lw.transpose(a, order), tuple(dims[i] for i in order)

    def index(self, a, dims):
        entries, left = [], []
        for d in dims:
            kind = self.draw.randrange(5)
            if kind == 0 and d != SAMPLES:
                entries.append(self.draw.randrange(d))
                continue
            entries.append(slice(None, None, -1) if kind == 1 else slice(None))
            if kind == 2 and d not in (SAMPLES, 1):
                entries[-1], d = slice(1, None), d - 1
            left.append(d)
        return a[tuple(entries)], tuple(left)

    def reshape(self, a, dims):
        axis = self.axis(dims, lambda d: d != SAMPLES and d % 2 == 0)
        if axis is None:
            return lw.expand_dims(a, 0), (1, *dims)
        split = (*dims[:axis], 2, dims[axis] // 2, *dims[axis + 1 :])
        shape = list(a.shape)
        shape[axis : axis + 1] = [2, dims[axis] // 2]
        return lw.reshape(a, tuple(shape)), split

    def concatenate(self, a, dims):
        axis = self.axis(dims, lambda d: d != SAMPLES)
        if axis is None or 2 * size(dims) > LARGEST:
            return None
        b, _ = self.fitting(self.pool, lambda d: d == dims)
        return lw.concatenate([a, b], axis), (*dims[:axis], 2 * dims[axis], *dims[axis + 1 :])

    def stack(self, a, dims):
        axis = self.draw.randrange(len(dims) + 1)
        b, _ = self.fitting(self.pool, lambda d: d == dims)
        if 2 * size(dims) > LARGEST:
            return None
        return lw.stack([a, b], axis), (*dims[:axis], 2, *dims[axis:])

    def take(self, a, dims):
        axis = self.axis(dims, lambda d: d != SAMPLES)
        if axis is None or 3 * size(dims) > LARGEST:
            return None
        places = lw.array([self.draw.randrange(-dims[axis], dims[axis]) for _ in range(3)])
        return lw.take(a, places, axis), (*dims[:axis], 3, *dims[axis + 1 :])

    def matmul(self, a, dims):
        def product(other):
            if not dims or len(other) < 2 or dims[-1] != other[-2]:
                return None
            stack = broadcast(dims[:-2], other[:-2])
            left = None if stack is None else (*stack, *dims[-2:-1], other[-1])
            fits = left is not None and left.count(SAMPLES) <= 1 and size(left) <= LARGEST
            return left if fits else None

        other = self.fitting(self.pool, lambda d: product(d) is not None)
        return other and (lw.matmul(a, other[0]) / a.shape[-1], product(other[1]))

    def gram(self, a, dims):
        """Over the samples, with a fresh view of another value."""
        if SAMPLES not in dims or len(dims) != 2:
            return None
        b, other = self.fitting(self.pool, lambda d: len(d) == 2 and SAMPLES in d)
        left = a if dims[1] == SAMPLES else lw.transpose(a)
        right = b if other[0] == SAMPLES else lw.transpose(b)
        features = (size(dims), size(other))
        if size(features) > LARGEST:
            return None
        return lw.matmul(left, right) / left.shape[1], features


STEPS = [
    Program.unary, Program.unary, Program.binary, Program.binary, Program.where, Program.reduce,
    Program.softmax, Program.transpose, Program.index, Program.reshape, Program.concatenate,
    Program.stack, Program.take, Program.matmul, Program.matmul, Program.gram,
]  # fmt: skip


def random_dims(draw):
    """Of one to three arguments with samples, then of one to three without."""
    dims = []
    for _ in range(draw.randrange(1, 4)):
        features = [draw.choice([1, 2, 3, 4, 8]) for _ in range(draw.randrange(3))]
        if dims and draw.random() < 0.5:
            features = [d for d in dims[0] if d != SAMPLES]
        features.insert(draw.randrange(len(features) + 1), SAMPLES)
        dims.append(tuple(features))
    for _ in range(draw.randrange(1, 4)):
        last = [d for d in draw.choice(dims) if d != SAMPLES] or [1]
        dims.append(draw.choice([(last[-1], draw.choice([1, 3, 8, 17])), tuple(last)]))
    return dims


def argument(draw, numbers, dims, m, dtype):
    """In row-major order, in the other, or turned over."""
    x = numbers.randn(*(m if d == SAMPLES else d for d in dims)).astype(dtype)
    turned = np.ascontiguousarray(x[..., ::-1])[..., ::-1]
    return lw.asarray(draw.choice([x, np.asfortranarray(x), turned]))


def bits(arrays):
    return [np.asarray(a).tobytes() for a in arrays]


@pytest.fixture
def threads():
    before = lw.thread_count()
    yield lw.set_threads
    lw.set_threads(before)


@pytest.mark.parametrize("first", range(0, 6 * SEEDS_OF_A_TEST, SEEDS_OF_A_TEST))
def test_results_are_those_of_loop(executor, threads, first):
    if executor == "loop":
        pytest.skip("is what the others are compared with")
    for seed in range(first, first + SEEDS_OF_A_TEST):
        draw = random.Random(seed)
        dims = random_dims(draw)
        axes = [d.index(SAMPLES) if SAMPLES in d else -1 for d in dims]
        dtype = draw.choice(["float32", "float64"])
        tolerance = 2e-4 if dtype == "float32" else 1e-9
        program = lw.compile(Program(seed, dims), sample_axis=axes)
        for m in draw.sample([1, 2, 3, 7, 31, 64, 129, 300, 1000, 3000], 2):
            numbers = np.random.RandomState(seed)
            arguments = [argument(draw, numbers, d, m, dtype) for d in dims]
            lw.set_executor("loop")
            expected = lw.compile(Program(seed, dims), sample_axis=axes)(*arguments)
            lw.set_executor(executor)
            threads(1)
            actual = program(*arguments)
            for i, (a, e) in enumerate(zip(actual, expected)):
                what = f"seed {seed}, m {m}, result {i}"
                a, e = np.asarray(a), np.asarray(e)
                assert (a.shape, a.dtype) == (e.shape, e.dtype), what
                largest = max(1.0, np.abs(e).max(initial=0))
                np.testing.assert_allclose(a, e, tolerance, tolerance * largest, err_msg=what)
            threads(2)
            assert bits(program(*arguments)) == bits(actual), f"seed {seed}, m {m}: threads"
