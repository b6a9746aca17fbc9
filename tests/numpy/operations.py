"""The table of operations: what each is tried on, and what NumPy says, to the bit or within a bound.

Bounds are in terms of u, the relative error of one rounding (`unit`). They follow from the way a
result is computed, so they hold for every input; they are no fits to what was seen.
"""

import math
from typing import Callable, NamedTuple

import numpy as np
from hypothesis import strategies as st

import lanewise as lw
from support import (DTYPES, FLOATS, Near, arrays, axes_of, broadcastable, common_dtype, floating,
                     layouts, ordinary, seeds, smallest, ulps, unit, values, wide)


class Operation(NamedTuple):
    name: str
    cases: Callable     # sizes -> strategy of (arguments, keywords)
    expected: Callable  # (*arguments, **keywords) -> an array, equal to the bit, or Near
    signs: bool = True  # whether the sign of a zero is defined
    same_bits: bool = True  # whether every executor gives the same bits


def call(name, case):
    """What Lanewise says."""
    arguments, keywords = case
    return getattr(lw, name)(*(_borrowed(a) for a in arguments), **keywords)


def _borrowed(argument):
    if isinstance(argument, list):
        return [_borrowed(a) for a in argument]
    return lw.asarray(argument) if isinstance(argument, np.ndarray) else argument


# ---- cases

def one(dtypes=DTYPES, fill=values):
    return lambda sizes: arrays(sizes, dtypes, fill).map(lambda a: ((a,), {}))


def several(count, dtypes=DTYPES, fills=()):
    return lambda sizes: broadcastable(count, sizes, dtypes, fills).map(lambda a: (tuple(a), {}))


def drawn(function):
    """Cases from function(draw, sizes)."""
    @st.composite
    def cases(draw, sizes):
        return function(draw, sizes)

    return cases


def some_axis(draw, rank, extra=0):
    """One axis of `rank` (or one that is new), negative ones too."""
    count = rank + extra
    return draw(st.integers(-count, count - 1)) if count else 0


def reduced(fill=values, **options):
    @drawn
    def cases(draw, sizes):
        a = draw(arrays(sizes, FLOATS + DTYPES, fill))
        keywords = {name: draw(choices) for name, choices in options.items()}
        return (a,), {"axis": draw(axes_of(a.ndim)), "keepdims": draw(st.booleans()), **keywords}

    return cases


@drawn
def searched(draw, sizes):
    a = draw(arrays(sizes))
    axis = some_axis(draw, a.ndim) if a.ndim and draw(st.booleans()) else None
    return (a,), {"axis": axis, "keepdims": draw(st.booleans())}


@drawn
def along_axis(draw, sizes):
    a = draw(arrays(sizes, FLOATS + DTYPES, min_rank=1))
    return (a,), {"axis": some_axis(draw, a.ndim)}


def exponents(rng, shape, dtype):
    """Numbers to which integers may be raised, or floats."""
    if np.dtype(dtype).kind == "f":
        return values(rng, shape, dtype)
    return np.asarray(rng.randint(0, 9, shape)).astype(dtype)


def factors(rng, shape, dtype):
    """Floats whose product keeps within the range of float32; others wrap."""
    a = values(rng, shape, dtype)
    if a.dtype.kind != "f":
        return a
    near_one = 2.0 ** rng.uniform(-0.05, 0.05, shape) * rng.choice([-1, 1], shape)
    return np.where(np.isfinite(a) & (a != 0), near_one, a).astype(dtype)


@drawn
def converted(draw, sizes):
    """Floats go to integers that can hold them; else C leaves it open."""
    target = draw(st.sampled_from(DTYPES))
    a = draw(arrays(sizes))
    if a.dtype.kind == "f" and np.dtype(target).kind in "iu":
        a = draw(arrays(sizes, FLOATS, lambda rng, shape, dtype: np.asarray(
            rng.uniform(-0.9 if target == "uint8" else -120, 120, shape)).astype(dtype)))
    return (a, target), {}


PRODUCTS = ["k k", "k kn", "mk k", "mk kn", "bmk kn", "mk bkn", "bmk bkn", "abmk bkn", "a1mk bkn",
            "bmk k", "k bkn"]
DOTS = [" ", " k", "mk ", "k k", "mk k", "k kn", "mk kn", "bmk k", "bmk kn", "mk bkn", "k bkn",
        "bmk akn"]
OUTER = ["m n", "mb n", " n", "m "]


def products(patterns, dtypes=DTYPES):
    """Operands whose axes are letters: k meets k."""
    @drawn
    def cases(draw, sizes):
        extents = dict(zip("mkn", (draw(sizes.extents) for _ in range(3))), a=2, b=3, **{"1": 1})
        rng = np.random.RandomState(draw(seeds))
        return tuple(draw(layouts())(rng, tuple(extents[axis] for axis in operand),
                                     draw(st.sampled_from(dtypes)))
                     for operand in draw(st.sampled_from(patterns)).split(" ")), {}

    return cases


@drawn
def permuted(draw, sizes):
    a = draw(arrays(sizes))
    axes = [axis - a.ndim if draw(st.booleans()) else axis
            for axis in draw(st.permutations(range(a.ndim)))]
    return (a,), {"axes": draw(st.sampled_from([None, axes]))}


@drawn
def swapped(draw, sizes):
    a = draw(arrays(sizes, min_rank=1))
    return (a, some_axis(draw, a.ndim), some_axis(draw, a.ndim)), {}


@drawn
def reshaped(draw, sizes):
    """To the same extents in another order, with neighbours joined and ones between them."""
    a = draw(arrays(sizes))
    shape = []
    for extent in draw(st.permutations(a.shape)):
        join = shape and draw(st.booleans())
        shape = shape[:-1] + [shape[-1] * extent] if join else shape + [extent]
        shape += [1] * draw(st.integers(0, 1))
    if shape and a.size and draw(st.booleans()):
        shape[draw(st.integers(0, len(shape) - 1))] = -1
    return (a, tuple(shape)), {}


@drawn
def squeezed(draw, sizes):
    a = draw(arrays(sizes))
    for _ in range(draw(st.integers(0, 2))):
        a = np.expand_dims(a, some_axis(draw, a.ndim, extra=1))
    ones = [i - draw(st.sampled_from([0, a.ndim])) for i, n in enumerate(a.shape) if n == 1]
    some = draw(st.lists(st.sampled_from(ones), unique=True)) if ones else []
    return (a,), {"axis": draw(st.sampled_from([None, tuple(some), *ones]))}


@drawn
def expanded(draw, sizes):
    a = draw(arrays(sizes))
    count = draw(st.integers(0, 3))
    rank = a.ndim + count
    axes = draw(st.permutations(range(rank)))[:count]
    axes = tuple(axis - rank if draw(st.booleans()) else axis for axis in axes)
    return (a,), {"axis": axes[0] if count == 1 else axes}


@drawn
def broadcast(draw, sizes):
    a, b = draw(broadcastable(2, sizes))
    return (a, np.broadcast_shapes(a.shape, b.shape)), {}


@drawn
def joined(draw, sizes):
    first = draw(arrays(sizes, min_rank=1))
    axis = some_axis(draw, first.ndim)
    rng = np.random.RandomState(draw(seeds))
    parts = [first]
    for _ in range(draw(st.integers(0, 2))):
        shape = list(first.shape)
        shape[axis] = draw(st.integers(0, 4))
        parts.append(draw(layouts())(rng, tuple(shape), draw(st.sampled_from(DTYPES))))
    return (draw(st.permutations(parts)),), {"axis": draw(st.sampled_from([axis, None]))}


@drawn
def stacked(draw, sizes):
    first = draw(arrays(sizes))
    rng = np.random.RandomState(draw(seeds))
    parts = [first] + [draw(layouts())(rng, first.shape, draw(st.sampled_from(DTYPES)))
                       for _ in range(draw(st.integers(0, 2)))]
    return (draw(st.permutations(parts)),), {"axis": some_axis(draw, first.ndim, extra=1)}


@drawn
def taken_along(draw, sizes):
    a = draw(arrays(sizes, min_rank=1))
    axis = some_axis(draw, a.ndim) if draw(st.booleans()) else None
    extent = a.size if axis is None else a.shape[axis]
    shape = [draw(st.sampled_from([n, 1])) for n in a.shape] if axis is not None else [1]
    shape[axis or 0] = draw(st.sampled_from([1, 5, 0]))

    def positions(rng, shape, dtype):
        return np.asarray(rng.randint(-max(extent, 1), max(extent, 1), shape)).astype(dtype)

    dtype = draw(st.sampled_from(["int32", "int64"]))
    rng = np.random.RandomState(draw(seeds))
    return (a, draw(layouts())(rng, tuple(shape), dtype, positions)), {"axis": axis}


@drawn
def taken(draw, sizes):
    a = draw(arrays(sizes))
    axis = some_axis(draw, a.ndim) if a.ndim and draw(st.booleans()) else None
    extent = a.size if axis is None else a.shape[axis]
    dtype = np.dtype(draw(st.sampled_from(["int8", "uint8", "int32", "int64"])))
    end = max(1, min(extent, np.iinfo(dtype).max))

    def positions(rng, shape, dtype):
        return np.asarray(rng.randint(-end if dtype.kind == "i" else 0, end, shape)).astype(dtype)

    shape = draw(st.sampled_from([(), (0,), (5,), (2, 3), (4, 0)]))
    rng = np.random.RandomState(draw(seeds))
    return (a, draw(layouts())(rng, shape, dtype, positions)), {"axis": axis}


# ---- what NumPy says

def in_common(function):
    """On operands of the dtype that Lanewise promotes them to."""
    def expected(*operands):
        dtype = common_dtype(*operands)
        return function(*(a.astype(dtype) for a in operands))

    return expected


def where(condition, a, b):
    return np.where(condition, *(x.astype(common_dtype(a, b)) for x in (a, b)))


def on_list(function):
    def expected(parts, axis):
        dtype = common_dtype(*parts)
        return function([a.astype(dtype) for a in parts], axis=axis)

    return expected


def within(function, single, double, libm):
    """Within so many ULP: of vectorized for float32 and float64, of libm, which loop calls."""
    def expected(a):
        dtype = floating(a.dtype)
        exact = function(wide(a, dtype))
        limit = libm if lw.executor() == "loop" else single if dtype == "float32" else double
        return Near(exact, dtype, ulps(limit, exact, dtype))

    return expected


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


erf = np.vectorize(lambda x: np.longdouble(math.erf(x)), otypes=[np.longdouble])


def power(a, b):
    dtype = common_dtype(a, b)
    if dtype not in FLOATS:
        return np.power(a.astype(dtype), b.astype(dtype))
    exact = np.power(wide(a, dtype), wide(b, dtype))
    limit = 1 if dtype == "float32" or lw.executor() == "loop" else 2
    return Near(exact, dtype, ulps(limit, exact, dtype))


def count_of(a, axis):
    """How many elements become one."""
    axes = range(a.ndim) if axis is None else [axis] if isinstance(axis, int) else axis
    return math.prod(a.shape[i] for i in axes)


def additions(count):
    """The roundings on the way of an element through a sum of `count`.

    loop adds one by one; vectorized in 16 lanes of blocks of 1,024, which merge in pairs.
    """
    if lw.executor() == "loop":
        return count
    return min(count, 64 + 5 + math.ceil(math.log2(max(1, count / 1024))))


def total(a, axis, keepdims):
    if a.dtype.kind != "f":
        return np.sum(a, axis=axis, keepdims=keepdims).astype("int64")
    exact = np.sum(wide(a), axis=axis, keepdims=keepdims)
    size = np.sum(np.abs(wide(a)), axis=axis, keepdims=keepdims)
    return Near(exact, a.dtype.name, additions(count_of(a, axis)) * unit(a.dtype) * size)


def product(a, axis, keepdims):
    """A rounding for each factor."""
    if a.dtype.kind != "f":
        return np.prod(a, axis=axis, keepdims=keepdims).astype("int64")
    exact = np.prod(wide(a), axis=axis, keepdims=keepdims)
    return Near(exact, a.dtype.name, count_of(a, axis) * unit(a.dtype) * np.abs(exact))


def float_of(a):
    """Integers have their moments in float64."""
    return a if a.dtype.kind == "f" else a.astype("float64")


def mean(a, axis, keepdims):
    """A sum and a quotient."""
    f = float_of(a)
    exact = np.mean(wide(f), axis=axis, keepdims=keepdims)
    size = np.mean(np.abs(wide(f)), axis=axis, keepdims=keepdims)
    bound = (additions(count_of(a, axis)) + 1) * unit(f.dtype) * size + smallest(f.dtype)
    return Near(exact, f.dtype.name, bound)


def variance(a, axis, keepdims, ddof):
    """The mean square around a mean that is off by δ: n δ² more, besides the roundings."""
    f, n = float_of(a), count_of(a, axis)
    exact = np.var(wide(f), axis=axis, keepdims=keepdims, ddof=ddof)
    off = mean(a, axis, keepdims).bound ** 2 * n / max(n - ddof, 0) if n > ddof else exact
    bound = off + (additions(n) + 5) * unit(f.dtype) * (exact + off) + 4 * smallest(f.dtype)
    return Near(exact, f.dtype.name, bound)


def deviation(a, axis, keepdims, ddof):
    """√(v + e) − √v is at most e/√v and √e."""
    v = variance(a, axis, keepdims, ddof)
    exact = np.sqrt(v.exact)
    bound = np.fmin(v.bound / exact, np.sqrt(v.bound)) + 2 * unit(v.dtype) * exact
    return Near(exact, v.dtype, bound)


def wide_logsumexp(x, axis, keepdims=True):
    top = np.max(x, axis=axis, keepdims=True)
    shift = np.where(np.isinf(top), 0, top)
    out = np.log(np.sum(np.exp(x - shift), axis=axis, keepdims=True)) + shift
    return out if keepdims else np.reshape(out, np.sum(x, axis=axis).shape)


def logsumexp(a, axis, keepdims):
    """A sum of terms exp(x − max), each off by 4u and what the difference lost, which is at most
    log n u in all; then log, at most log n with an error of 4u, and an addition."""
    f, n = float_of(a), max(1, count_of(a, axis))
    exact = wide_logsumexp(wide(f), axis, keepdims)
    return Near(exact, f.dtype.name, unit(f.dtype) * (
        additions(n) + 6 + 6 * math.log(n) + 2 * np.abs(exact)))


def softmax(a, axis):
    """The quotient of a term exp(x − max) and a sum of them, as in logsumexp."""
    f, n = float_of(a), max(1, a.shape[axis])
    x = wide(f)
    distance = np.abs(x - np.max(x, axis=axis, keepdims=True))
    e = np.exp(-distance)
    exact = e / np.sum(e, axis=axis, keepdims=True)
    relative = unit(f.dtype) * (additions(n) + 12 + math.log(n) + distance)
    return Near(exact, f.dtype.name, np.where(exact == 0, 0, relative * exact) + 4 * smallest(f.dtype))


def log_softmax(a, axis):
    f = float_of(a)
    exact = wide(f) - wide_logsumexp(wide(f), axis)
    return Near(exact, f.dtype.name,
                logsumexp(a, axis, True).bound + 2 * unit(f.dtype) * np.abs(exact))


def product_of(function):
    """Of matrices: one chain of k fused multiply-adds an element, k roundings of the sizes' sum."""
    def expected(a, b):
        dtype = common_dtype(a, b)
        a, b = a.astype(dtype), b.astype(dtype)
        if dtype not in FLOATS or not a.ndim or not b.ndim:
            return function(a, b)
        k = a.shape[-1]
        size = function(np.abs(wide(a)), np.abs(wide(b)))
        return Near(function(wide(a), wide(b)), dtype, k * (unit(dtype) * size + smallest(dtype)))

    return expected


def take(a, indices, axis):
    """An index out of range is one, also where nothing is taken; NumPy looks the other way."""
    if indices.size and (a.size if axis is None else a.shape[axis]) == 0:
        raise IndexError("no elements to take")
    return np.take(a, indices, axis=axis)


def take_along(a, indices, axis):
    """As take."""
    others = np.broadcast_shapes(*(np.delete(x.shape, axis or 0) for x in (a, indices)))
    if (a.size if axis is None else a.shape[axis]) == 0 and indices.shape[axis or 0] * np.prod(others):
        raise IndexError("no elements to take")
    return np.take_along_axis(a, indices, axis=axis)


# ---- the table

NO_BOOL = [dtype for dtype in DTYPES if dtype != "bool"]  # whose square is an int8 in NumPy

UNARY = [
    Operation("negative", one(), np.negative),
    Operation("abs", one(), np.abs),
    Operation("absolute", one(), np.absolute),
    Operation("sign", one(), np.sign),
    Operation("floor", one(), np.floor),
    Operation("sqrt", one(), lambda a: np.sqrt(a.astype(floating(a.dtype)))),
    Operation("square", one(NO_BOOL), np.square),
    Operation("relu", one(), lambda a: np.maximum(a, 0), signs=False),
    Operation("isnan", one(), np.isnan),
    Operation("logical_not", one(), np.logical_not),
    Operation("stop_gradient", one(), lambda a: a),
]
# The limits of vectorized are the promises of elementwise/accuracy.h.
# Those of libm: V. Innocente, P. Zimmermann, Accuracy of mathematical functions, for glibc, rounded
# up. sigmoid is exp and four roundings there. NumPy has no erf: C's counts with its own 1.5 ULP.
FUNCTIONS = {
    "exp": within(np.exp, 1, 2, 1),
    "expm1": within(np.expm1, 1, 2, 1),
    "log": within(np.log, 1, 2, 1),
    "log1p": within(np.log1p, 1, 2, 1),
    "tanh": within(np.tanh, 2, 4, 2.5),
    "sigmoid": within(sigmoid, 2, 4, 3),
    "erf": within(erf, 2, 4 + 1.5, 1.5),
    "sin": within(np.sin, 1, 2, 1),
    "cos": within(np.cos, 1, 2, 1),
}
BINARY = ["add", "subtract", "multiply", "divide", "true_divide", "equal", "not_equal", "less",
          "less_equal", "greater", "greater_equal", "logical_and", "logical_or"]

OPERATIONS = [
    *UNARY,
    *(Operation(name, one(), expected, same_bits=False) for name, expected in FUNCTIONS.items()),
    *(Operation(name, several(2), in_common(getattr(np, name))) for name in BINARY),
    Operation("maximum", several(2), in_common(np.maximum), signs=False),
    Operation("minimum", several(2), in_common(np.minimum), signs=False),
    Operation("power", several(2, fills=[values, exponents]), power,
              same_bits=False),
    Operation("where", several(3), where),
    Operation("clip", several(3), in_common(np.clip), signs=False),
    Operation("astype", converted, lambda a, dtype: a.astype(dtype)),

    Operation("sum", reduced(), total, signs=False, same_bits=False),
    Operation("prod", reduced(fill=factors), product, same_bits=False),
    Operation("mean", reduced(), mean, signs=False, same_bits=False),
    Operation("var", reduced(ddof=st.integers(0, 1)), variance, same_bits=False),
    Operation("std", reduced(ddof=st.integers(0, 1)), deviation, same_bits=False),
    Operation("max", reduced(), np.max, signs=False),
    Operation("min", reduced(), np.min, signs=False),
    Operation("all", reduced(), np.all),
    Operation("any", reduced(), np.any),
    Operation("argmax", searched, np.argmax),
    Operation("argmin", searched, np.argmin),
    Operation("logsumexp", reduced(), logsumexp, signs=False, same_bits=False),
    Operation("softmax", along_axis, softmax, same_bits=False),
    Operation("log_softmax", along_axis, log_softmax, signs=False, same_bits=False),

    Operation("matmul", products(PRODUCTS), product_of(np.matmul), signs=False),
    Operation("dot", products(DOTS), product_of(np.dot), signs=False),
    Operation("outer", products(OUTER), in_common(np.outer)),

    Operation("transpose", permuted, np.transpose),
    Operation("swapaxes", swapped, np.swapaxes),
    Operation("reshape", reshaped, np.reshape),
    Operation("ravel", one(), np.ravel),
    Operation("squeeze", squeezed, np.squeeze),
    Operation("expand_dims", expanded, np.expand_dims),
    Operation("broadcast_to", broadcast, np.broadcast_to),
    Operation("concatenate", joined, on_list(np.concatenate)),
    Operation("stack", stacked, on_list(np.stack)),
    Operation("take", taken, take),
    Operation("take_along_axis", taken_along, take_along),
]
