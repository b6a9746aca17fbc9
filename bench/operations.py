"""Single operations of the Python package beside NumPy's on the same arrays.

    ./dev bench operations [--only sum,take] [--elements N] [--rounds N] [--threads N]

Ours are compiled functions, on all threads unless told; the results are compared first, and both are
timed in turn. Prints the least times, the slowest of ours in comparison first.
"""

import argparse
import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "build/release/python"))

import numpy as np

import lanewise as lw
import report

COLUMNS = 10
UNARY = {  # and where its operands lie
    "exp": (-10, 10), "expm1": (-10, 10), "log": (0.01, 100), "log1p": (-0.9, 100), "tanh": (-4, 4),
    "sin": (-10, 10), "cos": (-10, 10), "sqrt": (0, 100), "abs": (-1, 1), "sign": (-1, 1), "floor": (-9, 9),
    "square": (-1, 1), "isnan": (-1, 1),
}  # fmt: skip
BINARY = ("add", "multiply", "divide", "maximum", "less", "power")
REDUCTIONS = ("sum", "mean", "var", "prod", "max", "argmax")
EXPONENTS = (2, 3, 0.5, -1, 1.7)
LAYOUTS = {
    "C": lambda x: x,
    "F": np.asfortranarray,
    "wide": lambda x: x.reshape(2 * COLUMNS, -1),
    "every second": lambda x: x[:, ::2],
}


class Case:
    def __init__(self, name, details, ours, theirs, *operands):
        self.name, self.details, self.ours, self.theirs, self.operands = name, details, ours, theirs, operands


def cases(elements):
    random = np.random.default_rng(0)
    rows = elements // COLUMNS

    def values(dtype, low=-5, high=5):
        return random.uniform(low, high, (rows, COLUMNS)).astype(dtype)

    for dtype in ("float32", "float64"):
        for name, bounds in UNARY.items():
            yield Case(name, dtype, getattr(lw, name), getattr(np, name), values(dtype, *bounds))
        for exponent in EXPONENTS:
            yield Case(f"x ** {exponent}", dtype, lambda x, n=exponent: x ** n, lambda x, n=exponent: x ** n,
                       values(dtype, 0.5, 2))
        x, y = values(dtype, 0.5, 2), values(dtype, 0.5, 2)
        for name in BINARY:
            yield Case(name, dtype, getattr(lw, name), getattr(np, name), x, y)
            yield Case(name, f"{dtype}, row", getattr(lw, name), getattr(np, name), x, y[0])
            yield Case(name, f"{dtype}, column", getattr(lw, name), getattr(np, name), x, y[:, :1])
        yield Case("gram", dtype, lambda x: x.T @ x, lambda x: x.T @ x, x)
        yield Case("matmul", dtype, lambda x, w: x @ w, lambda x, w: x @ w, x, y[:COLUMNS])
        side = max(1, int(elements**0.5))
        for layout in ("C", "F"):
            W = LAYOUTS[layout](random.uniform(-1, 1, (side, side)).astype(dtype))
            for few in (1, 4, 16):
                A = random.uniform(-1, 1, (few, side)).astype(dtype)
                yield Case("matmul", f"{dtype}, {few} × all, {layout}", lambda x, w: x @ w, lambda x, w: x @ w, A, W)
        yield Case("standardise", dtype, lambda x: (x - x.mean(0)) / x.std(0), lambda x: (x - x.mean(0)) / x.std(0), x)
    for dtype in ("float32", "float64", "int8", "int32", "int64", "bool"):
        ordinary, signs = values(dtype), np.sign(values("float64")).astype(dtype)  # whose product is exact
        for name in REDUCTIONS:
            if name in ("mean", "var", "prod") and dtype in ("int8", "bool"):
                continue
            x = signs if name == "prod" else ordinary
            for layout, lay_out in LAYOUTS.items():
                for axis in (None, 0, 1):
                    yield Case(name, f"{dtype}, {layout}, axis {axis}", lambda x, f=name, a=axis: getattr(lw, f)(x, axis=a),
                               lambda x, f=name, a=axis: getattr(np, f)(x, axis=a), lay_out(x))
        for to in ("float32", "int32", "bool"):
            if to != dtype:
                yield Case("astype", f"{dtype} to {to}", lambda x, t=to: x.astype(t), lambda x, t=to: x.astype(t), ordinary)
        some, order = values(dtype), random.permutation(rows)
        columns = random.integers(0, COLUMNS, (rows, 1))
        yield Case("where", dtype, lambda x, y: lw.where(x < y, x, y), lambda x, y: np.where(x < y, x, y), ordinary, some)
        yield Case("concatenate", f"{dtype}, axis 1", lambda x, y: lw.concatenate([x, y], axis=1),
                   lambda x, y: np.concatenate([x, y], axis=1), ordinary, some)
        yield Case("take", f"{dtype}, rows", lambda x, i: lw.take(x, i, axis=0), lambda x, i: np.take(x, i, axis=0),
                   ordinary, order)
        yield Case("take_along_axis", dtype, lambda x, i: lw.take_along_axis(x, i, axis=1),
                   lambda x, i: np.take_along_axis(x, i, axis=1), ordinary, columns)


def agree(ours, theirs):
    """Sums of float32 differ with their order."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if theirs.dtype.kind != "f":
        return ours.shape == theirs.shape and (ours == theirs).all()
    scale = max(1.0, float(np.abs(theirs).max()))
    return ours.shape == theirs.shape and np.allclose(ours, theirs, rtol=1e-3, atol=1e-3 * scale)


def seconds(function):
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def measure(case, rounds):
    program, arrays = lw.compile(case.ours), [lw.asarray(x) for x in case.operands]
    runs = (lambda: program(*arrays).eval(), lambda: case.theirs(*case.operands))
    if not agree(*(run() for run in runs)):
        sys.exit(f"operations: {case.name} {case.details} is not what NumPy gives")
    times = [[seconds(run) for run in runs] for _ in range(rounds)]
    return [min(each) for each in zip(*times)]


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench operations")
    parser.add_argument("--only", help="names, by commas")
    parser.add_argument("--elements", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    return parser.parse_args()


def main():
    a = arguments()
    lw.set_threads(a.threads)
    wanted = a.only.split(",") if a.only else None
    measured = []
    for case in cases(a.elements):
        if wanted is None or case.name in wanted:
            measured.append((case, *measure(case, a.rounds)))
    if not measured:
        sys.exit(f"operations: none is called '{a.only}'")
    measured.sort(key=lambda m: m[2] / m[1])
    ratios = [theirs / ours for _, ours, theirs in measured]
    print(f"{report.processor()}; {a.threads} threads; NumPy {np.__version__}, on one but for products; {a.elements:,} elements")
    print(f"{len(ratios)} operations: the median is {statistics.median(ratios):.2g} times as fast as NumPy, "
          f"{sum(r >= 1 for r in ratios)} at least as fast\n")
    print(report.table(["operation", "operands", "ms", "NumPy's ms", "times faster"],
                       [[case.name, case.details, f"{1e3 * ours:.2f}", f"{1e3 * theirs:.2f}", f"{theirs / ours:.2f}"]
                        for case, ours, theirs in measured]))


if __name__ == "__main__":
    main()
