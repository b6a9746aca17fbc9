"""Functions of functions: gradients and compilation of plain Python callables."""

import functools
import os

import numpy as np

from lanewise import _lanewise
from lanewise._tree import flatten, unflatten


def _strong(leaf):
    """A number becomes an array of its own: its gradient has a dtype."""
    return leaf if isinstance(leaf, _lanewise.Array) else _lanewise.array(leaf)


def _loss(value):
    """The result of a function to differentiate, as an Array."""
    if isinstance(value, _lanewise.Array):
        return value
    if isinstance(value, (bool, int, float, np.number, np.bool_)):  # depends on nothing: gradient 0
        return _lanewise.array(float(value))
    raise TypeError(f"grad: the function must return one Array, got {type(value).__name__}; "
                    "return the loss alone, a sum or mean of floats")


def value_and_grad(f, argnums=0):
    """A function that returns (f(...), gradient).

    The gradient is with respect to the argument `argnums`; a tuple of positions
    gives a tuple of gradients. An argument may be an array or a list, tuple or
    dict of arrays; its gradient looks the same.
    """
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(f)
    def differentiated(*args, **kwargs):
        chosen = [range(len(args))[position] for position in positions]
        leaves = []
        structure = flatten(tuple(args[position] for position in chosen), leaves)

        def of_leaves(values):
            full = list(args)
            for position, value in zip(chosen, unflatten(structure, iter(values))):
                full[position] = value
            return _loss(f(*full, **kwargs))

        value, grads = _lanewise.value_and_gradients(of_leaves, [_strong(x) for x in leaves])
        grads = unflatten(structure, iter(grads))
        return value, grads[0] if isinstance(argnums, int) else grads

    return differentiated


def grad(f, argnums=0):
    """The gradient of f, a function that returns one float; see value_and_grad."""
    both = value_and_grad(f, argnums)

    @functools.wraps(f)
    def gradient(*args, **kwargs):
        return both(*args, **kwargs)[1]

    return gradient


def _check_numbers(numbers, dtypes):
    """Numbers of a call must fit the arrays that they meet, as they must outside of `compile`."""
    for number, dtype in zip(numbers, dtypes):
        if _lanewise.is_traced(number):  # the larger program checks
            continue
        bounds = np.iinfo(dtype)
        if not bounds.min <= number.item() <= bounds.max:
            raise _lanewise.ValueError(
                f"the number {number.item()} is out of bounds for {dtype}; convert the array "
                "first, for example astype int64")


def _without_samples(source):
    """Arrays of the dtypes and extents of those of `source`."""
    if not isinstance(source, _lanewise.Source):
        return [_lanewise.asarray(source)]
    axis = source.sample_axis
    return [_lanewise.zeros((*row[:axis], 0, *row[axis:]), dtype)
            for row, dtype in zip(source.row_shapes, source.dtypes)]


class _Program:
    """f, compiled for arguments of one structure. What it returns may differ in structure too."""

    def __init__(self, f, structure, axes):
        self._axes = axes
        # What traces gave, the structure of the result and the dtypes of _check_numbers: each once,
        # the last at the end; and by the arguments, with samples and without, where they differ.
        results, by_kinds = self._results, self._by_kinds = [], {}

        def of_leaves(leaves):
            values = iter(leaves)
            found = []
            # A number stays weak, though its value is an input of the plan.
            args = [unflatten(s, values, _lanewise.make_weak) for s in structure]
            result = flatten(f(*args), found)
            found = [_strong(x) for x in found]
            numbers, dtypes = _lanewise.narrowed_numbers(found)
            last = result, tuple(dtypes)
            results[:] = [other for other in results if other != last] + [last]
            for kinds in (_lanewise.kinds_of(leaves, []), _lanewise.kinds_of(leaves, axes)):
                by_kinds[kinds] = last
            return found + numbers

        self.of_leaves = _lanewise.compile_leaves(of_leaves, axes)

    def result(self, leaves, values):
        """What f returned for `leaves`, made of `values`."""
        structure, dtypes = self._results[-1] if len(self._results) == 1 else self._chosen(leaves)
        if dtypes:
            _check_numbers(values[-len(dtypes):], dtypes)
        return unflatten(structure, iter(values))

    def _chosen(self, leaves):
        exact = self._by_kinds.get(_lanewise.kinds_of(leaves, []))
        return exact or self._by_kinds[_lanewise.kinds_of(leaves, self._axes)]


class Compiled:
    """A function of arrays that is planned once and run many times.

    `sample_axis` names, per argument, the axis along the samples (None: there is
    none); one number stands for every argument. One plan then serves every number
    of samples: f is traced once for each number that it meets, and where that makes
    another program (a branch on it), there is a plan for it. Arguments and results may
    be lists, tuples and dicts of arrays.
    """

    def __init__(self, f, sample_axis=None):
        functools.update_wrapper(self, f)
        self._f = f
        self._sample_axis = sample_axis
        self._programs = {}  # per structure of the arguments

    def __call__(self, *args):
        program, leaves = self._find(args)
        return program.result(leaves, program.of_leaves(leaves))

    def stream(self, source, *others, out=()):
        """The results for samples that are never all in memory, with the bits of `fused`.

        The arguments along the samples are the arrays of `source`, in order: a Source, or an
        array, whose rows are the samples. The rest are `others`, in order. Each stage of the
        plan is a pass over the source.

        A result along the samples becomes a .npy file, which appears when it is complete: the
        next of the paths `out` (one, or a list), which takes its place in what is returned.

        Errors: ValueError where a step needs all samples at once (a sort, the samples times
        themselves), where no argument has a sample axis or the source another one, or where the
        number of arrays or paths differs; DataError, IoError of the source and the files.
        """
        samples = _without_samples(source)
        positions = range(len(samples) + len(others))
        samples, rest, absent = iter(samples), iter(others), _lanewise.zeros(0)
        args = [next(samples if self._axis(k) >= 0 else rest, absent) for k in positions]
        program, leaves = self._find(args)
        given = []
        flatten(others, given)
        paths = [out] if isinstance(out, (str, os.PathLike)) else list(out)
        values = program.of_leaves.stream(source, [_strong(x) for x in given], paths)
        files = iter(paths)
        values = [next(files) if value is None else value for value in values]
        return program.result(leaves, values)

    def dump(self, *args):
        """The plan for these arguments, as text."""
        program, leaves = self._find(args)
        return program.of_leaves.dump(leaves)

    def profile(self, *args):
        """The plan after running on these arguments twice: the FLOPs and bytes that it
        predicts of each stage, the time of the second run, and which share of its
        threads' time each instruction took."""
        program, leaves = self._find(args)
        return program.of_leaves.profile(leaves)

    @property
    def plan_count(self):
        """Plans made so far."""
        return sum(program.of_leaves.plan_count for program in self._programs.values())

    def _find(self, args):
        leaves, axes, structures = [], [], []
        for position, arg in enumerate(args):
            before = len(leaves)
            structures.append(flatten(arg, leaves))
            axes += [self._axis(position)] * (len(leaves) - before)
        leaves = [_strong(x) for x in leaves]
        structure = tuple(structures)
        if structure not in self._programs:
            known = [] if self._sample_axis is None else axes
            self._programs[structure] = _Program(self._f, structure, known)
        return self._programs[structure], leaves

    def _axis(self, position):
        axis = self._sample_axis
        if isinstance(axis, (list, tuple)):
            axis = axis[position] if position < len(axis) else None
        return -1 if axis is None else axis


def compile(f=None, sample_axis=None):
    """Compiles f; also a decorator, with or without arguments. See Compiled."""
    if f is None:
        return functools.partial(compile, sample_axis=sample_axis)
    return Compiled(f, sample_axis)
