#!/usr/bin/env python3
"""The coefficients of src/kernels/elementwise/*-inl.h: minimax polynomials by Remez' exchange.

    tools/minimax.py [NAME]        needs mpmath (pip install mpmath)

Prints, for each polynomial, its largest weighted error as a power of two, with the coefficients
rounded and before, and the coefficients from the constant term on.
"""

import struct
import sys

import mpmath
from mpmath import mp, mpf

mp.dps = 50
HALF_LN2 = mp.log(2) / 2
QUARTER_TURN = mpf("0.79")  # π / 4, and what the rounding of a large angle adds
ATANH_END = (mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * mpf("1.0001")


class Polynomial:
    """Approximates target(t) in powers of s(t); what counts is the error times weight(t)."""

    def __init__(self, name, kind, low, high, degree, target, weight, s=lambda t: t):
        self.name, self.kind = name, kind
        self.low, self.high, self.degree = mpf(low), mpf(high), degree
        self.target, self.weight, self.s = target, weight, s


def round_to(kind, value):
    """The nearest number of the type `kind`, exactly."""
    if kind == "float":
        return mpf(struct.unpack("f", struct.pack("f", float(value)))[0])
    return mpf(float(value))


def literal(kind, value):
    """The shortest decimal that gives `value` back, as C++ writes it."""
    for digits in range(1, 18):
        text = f"{float(value):.{digits}g}"
        if round_to(kind, mpf(text)) == value:
            break
    if "." not in text and "e" not in text:
        text += ".0"
    return text + ("f" if kind == "float" else "")


def grid(p):
    """Many points, dense at the ends of the interval, none of them at zero."""
    count = 40 * (p.degree + 2) + 1
    points = [-mp.cos(mp.pi * (mpf(i) + mpf("0.37")) / count) for i in range(count)]
    return [(p.low + p.high) / 2 + (p.high - p.low) / 2 * x for x in points]


def extremes(errors, count):
    """The places of the largest error of each run of one sign, `count` of them."""
    runs = []
    for i, e in enumerate(errors):
        if runs and (errors[runs[-1]] < 0) == (e < 0):
            if abs(e) > abs(errors[runs[-1]]):
                runs[-1] = i
        else:
            runs.append(i)
    while len(runs) > count:
        runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
    return runs


def fit(s, wanted, weights, degree):
    """The polynomial in s whose weighted error is least at its worst, and that error."""
    count = degree + 2
    powers = range(degree + 1)
    last = len(s) - 1
    chosen = [round(last * (1 - float(mp.cos(mp.pi * i / (count - 1)))) / 2) for i in range(count)]
    best = None
    for _ in range(60):  # where the exchange goes round in circles, the best is what counts
        rows = [
            [s[i] ** k for k in powers] + [(-1) ** n / weights[i]] for n, i in enumerate(chosen)
        ]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([wanted[i] for i in chosen]))
        level = abs(solution[count - 1])
        coefficients = list(solution)[-2::-1]  # as polyval wants them
        errors = [
            (y - mp.polyval(coefficients, x)) * w for x, y, w in zip(s, wanted, weights)
        ]
        worst = max(abs(e) for e in errors)
        if best is None or worst < best[1]:
            best = coefficients[::-1], worst
        places = extremes(errors, count)
        if worst <= level * mpf("1.001") or len(places) < count:
            break
        chosen = places
    return best


def solve(p):
    points = grid(p)
    s = [p.s(t) for t in points]
    wanted = [p.target(t) for t in points]
    weights = [abs(p.weight(t)) for t in points]
    coefficients, ideal = fit(s, wanted, weights, p.degree)
    rounded = [round_to(p.kind, c) for c in coefficients]
    error = max(abs(y - mp.polyval(rounded[::-1], x)) * w for x, y, w in zip(s, wanted, weights))
    return rounded, ideal, error


class Pieces:
    """An odd function of float32 from 0 to `high` in 4 pieces, a polynomial of t - middle on each.

    s = scale t + 1 grows 16-fold. The pieces are cut where its exponent changes, and numbered by
    its last two bits: `width` is what it takes to double. `apart` is what the coefficients of
    t - middle lack.
    """

    def __init__(self, name, degree, target, slope, apart, high, width):
        self.name, self.degree, self.target = name, degree, target
        self.slope, self.apart, self.high = slope, apart, mpf(high)
        self.scale = round_to("float", 1 / mpf(width))

    def middle(self, low, high):
        """A float32 where the best polynomial is exact and the function close to a float32."""
        zero = mp.cos(mp.pi * (self.degree // 2 + mpf(0.5)) / (self.degree + 1))
        ideal = round_to("float", (low + high) / 2 + (high - low) / 2 * zero)
        step = ideal * mpf(2) ** -22
        near = (round_to("float", ideal + i * step) for i in range(-1000, 1001))
        return min(near, key=lambda t: abs(round_to("float", self.target(t)) - self.target(t)))

    def solve(self, low, high):
        """middle and coefficients, and the largest error in ULP, without that of the sum."""
        if low == 0:
            middle = mpf(0)
            fixed = [mpf(0), round_to("float", mpf(self.slope) - self.apart)]
        else:
            middle = self.middle(low, high)
            fixed = [round_to("float", self.target(middle))]
        count = len(fixed)

        def rest(t):
            u = t - middle
            return (self.target(t) - self.apart * u - mp.polyval(fixed[::-1], u)) / u**count

        fitted = Polynomial(
            "", "float", low, high, self.degree - count, rest,
            lambda t: (t - middle) ** count / self.target(t), lambda t: t - middle,
        )  # fmt: skip
        coefficients, _, error = solve(fitted)
        return [middle, *fixed, *coefficients], error * 2**24

    def show(self):
        table, errors = [None] * 4, []
        for i in range(4):
            low, high = ((2**at - 1) / self.scale for at in (i, i + 1))
            row, error = self.solve(low, min(high, self.high))
            table[(127 + i) % 4] = row  # 127: the bias of exponents
            errors.append(error)
        print(f"{self.name}: scale {literal('float', self.scale)}, {float(max(errors)):.2f} ULP")
        for column in zip(*table):
            print("  {" + ", ".join(literal("float", c) for c in column) + "},", flush=True)


def exp_tail(r):
    return (mp.expm1(r) - r - r**2 / 2) / r**3


def log_tail(f):
    return (mp.log1p(f) - f + f**2 / 2) / f**3


def tanh_tail(x):
    return (mp.tanh(x) - x) / x**3


def square(x):
    return x * x


def sin_tail(x):
    return (mp.sin(x) - x) / x**3


def cos_tail(x):
    return (mp.cos(x) - 1 + x**2 / 2) / x**4


def atanh_tail(s):
    return (mp.atanh(s) / s - 1 - s**2 / 3) / s**4


def polynomials():
    for kind, exp, log in (("float", 4, 8), ("double", 8, 18)):
        # expm1(r) = r + r^2 / 2 + r^3 P(r)
        yield Polynomial(
            f"exp {kind}", kind, -HALF_LN2 * 1.0001, HALF_LN2 * 1.0001, exp,
            exp_tail, lambda r: r**3 / mp.expm1(r),
        )  # fmt: skip
        # log1p(f) = f - f^2 / 2 + f^3 P(f)
        yield Polynomial(
            f"log {kind}", kind, mp.sqrt(0.5) - 1, mp.sqrt(2) - 1, log,
            log_tail, lambda f: f**3 / mp.log1p(f),
        )  # fmt: skip
    for kind, degree in (("float", 2), ("double", 5)):
        # sin(x) = x + x^3 P(x^2)
        yield Polynomial(
            f"sin {kind}", kind, 0, QUARTER_TURN, degree,
            sin_tail, lambda x: x**3 / mp.sin(x), square,
        )  # fmt: skip
        # cos(x) = 1 - x^2 / 2 + x^4 P(x^2)
        yield Polynomial(
            f"cos {kind}", kind, 0, QUARTER_TURN, degree,
            cos_tail, lambda x: x**4 / mp.cos(x), square,
        )  # fmt: skip
    # log2(m) = s P(s^2), s = (m - 1) / (m + 1); exp2(x) = P(x): both for float32
    yield Polynomial(
        "log2 of power", "double", 0, ATANH_END, 4,
        lambda s: 2 * mp.atanh(s) / s / mp.log(2), lambda s: s / (2 * mp.atanh(s)) * mp.log(2), square,
    )  # fmt: skip
    yield Polynomial(
        "exp2 of power", "double", mpf(-0.5), mpf(0.5), 6,
        lambda x: mpf(2) ** x, lambda x: mpf(2) ** -x,
    )  # fmt: skip
    # atanh(s) = s + s^3 (1/3 + s^2 P(s^2))
    yield Polynomial(
        "atanh double", "double", 0, ATANH_END, 7,
        atanh_tail, lambda s: s**5 / mp.atanh(s), square,
    )  # fmt: skip
    # tanh(x) = x + x^3 P(x^2)
    yield Polynomial(
        "tanh double", "double", 0, 0.65, 10, tanh_tail, lambda x: x**3 / mp.tanh(x), square
    )
    # erf(x) = x + x P(x^2)
    yield Polynomial(
        "erf double", "double", 0, ERF_SPLIT, 11,
        lambda x: mp.erf(x) / x - 1, lambda x: x / mp.erf(x), square,
    )  # fmt: skip
    # erf(x) = 1 - exp(P(x - split))
    yield Polynomial(
        "erfc double", "double", ERF_SPLIT, 6, 17,
        lambda x: mp.log(mp.erfc(x)), lambda x: mp.erfc(x) / mp.erf(x), lambda x: x - ERF_SPLIT,
    )  # fmt: skip


ERF_SPLIT = mpf(1)


def pieces():
    yield Pieces("tanh pieces", 9, mp.tanh, 1, 0, 9.02, 0.6015)
    yield Pieces("erf pieces", 10, mp.erf, 2 / mp.sqrt(mp.pi), 1, 3.93, 0.2622)


def main():
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    for p in pieces():
        if wanted in p.name:
            p.show()
    for p in polynomials():
        if wanted not in p.name:
            continue
        coefficients, ideal, error = solve(p)
        size, before = (float(mp.log(e, 2)) for e in (error, ideal))
        print(f"{p.name}: 2^{size:.2f} (unrounded 2^{before:.2f})")
        print("  " + ", ".join(literal(p.kind, c) for c in coefficients), flush=True)


if __name__ == "__main__":
    main()
