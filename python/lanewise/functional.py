"""Functions of functions: gradients and compilation of plain Python callables."""

import functools
import os

from lanewise import _lanewise
from lanewise._tree import flatten, unflatten


def _strong(leaf):
    """A number becomes an array of its own: its gradient has a dtype."""
    return leaf if isinstance(leaf, _lanewise.Array) else _lanewise.array(leaf)


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
            return f(*full, **kwargs)

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


# Stands for an array of a source, of which only the place among the arguments matters.
_SAMPLES = _lanewise.zeros(0)


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
        self._programs = {}  # per structure of the arguments: program, structure of the result

    def __call__(self, *args):
        (program, result), leaves = self._find(args)
        values = program(leaves)  # the first call finds the structure of the result
        return unflatten(result[0], iter(values))

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
        arrays = len(source.dtypes) if isinstance(source, _lanewise.Source) else 1
        rest = iter(others)
        args = [_SAMPLES if self._axis(position) >= 0 else next(rest, _SAMPLES)
                for position in range(arrays + len(others))]
        (program, result), _ = self._find(args)
        leaves = []
        flatten(others, leaves)
        paths = [out] if isinstance(out, (str, os.PathLike)) else list(out)
        values = program.stream(source, [_strong(x) for x in leaves], paths)
        files = iter(paths)
        values = [next(files) if value is None else value for value in values]
        return unflatten(result[0], iter(values))

    def dump(self, *args):
        """The plan for these arguments, as text."""
        (program, _), leaves = self._find(args)
        return program.dump(leaves)

    def profile(self, *args):
        """The plan after running on these arguments twice: the FLOPs and bytes that it
        predicts of each stage, the time of the second run, and which share of its
        threads' time each instruction took."""
        (program, _), leaves = self._find(args)
        return program.profile(leaves)

    @property
    def plan_count(self):
        """Plans made so far."""
        return sum(program.plan_count for program, _ in self._programs.values())

    def _find(self, args):
        leaves, axes, structures = [], [], []
        for position, arg in enumerate(args):
            before = len(leaves)
            structures.append(flatten(arg, leaves))
            axes += [self._axis(position)] * (len(leaves) - before)
        structure = tuple(structures)
        if structure not in self._programs:
            self._programs[structure] = self._program(structure, axes)
        return self._programs[structure], [_strong(x) for x in leaves]

    def _axis(self, position):
        axis = self._sample_axis
        if isinstance(axis, (list, tuple)):
            axis = axis[position] if position < len(axis) else None
        return -1 if axis is None else axis

    def _program(self, structure, axes):
        result = [None]

        def of_leaves(values):
            values = iter(values)
            found = []
            # A number stays weak, though its value is an input of the plan.
            args = [unflatten(s, values, _lanewise.make_weak) for s in structure]
            result[0] = flatten(self._f(*args), found)
            return [_strong(x) for x in found]

        known = [] if self._sample_axis is None else axes
        return _lanewise.compile_leaves(of_leaves, known), result


def compile(f=None, sample_axis=None):
    """Compiles f; also a decorator, with or without arguments. See Compiled."""
    if f is None:
        return functools.partial(compile, sample_axis=sample_axis)
    return Compiled(f, sample_axis)
