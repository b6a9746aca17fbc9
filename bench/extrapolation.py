"""How long 400 million rows of 50 features, or 50 million of 128, would take: from three sizes, in a straight line.

    ./dev bench extrapolation [--scale F] [--rounds N] [--folder DIR]

The files are in the page cache; the least of the rounds counts. Prints the line, how far the sizes lie from it, and
the time that it gives.
"""

import argparse
import os
from pathlib import Path

from contestants import ROOT
from larger_than_memory import PROGRAM, timed

JOBS = (  # name, features, rows, rows to tell of, the command
    ("normalize", 50, (2_500_000, 5_000_000, 10_000_000), 400_000_000,
     ["normalize", "data.npy", "result.npy", "--moments", "moments.json"]),
    ("10 nearest of 16", 128, (1_000_000, 2_000_000, 4_000_000), 50_000_000,
     ["neighbors", "data_queries.npy", "data.npy", "-k", 10, "--output", "result.npz"]),
)


def line(points):
    """t = a + b m by least squares, and the largest relative distance of a point from it."""
    n = len(points)
    mean_m, mean_t = (sum(p[i] for p in points) / n for i in (0, 1))
    b = sum((m - mean_m) * (t - mean_t) for m, t in points) / sum((m - mean_m) ** 2 for m, _ in points)
    a = mean_t - b * mean_m
    return a, b, max(abs(t - a - b * m) / t for m, t in points)


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench extrapolation")
    parser.add_argument("--scale", type=float, default=1, help="times the number of rows")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=ROOT / "build/bench/extrapolation")
    return parser.parse_args()


def clock(seconds):
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"


def main():
    a = arguments()
    a.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(a.folder)
    print(f"{'job':<18}{'rows':>12}{'seconds':>9}{'M rows/s':>10}{'GB/s':>7}")
    for name, features, sizes, wanted, command in JOBS:
        points = []
        for rows in (int(rows * a.scale) for rows in sizes):
            timed([PROGRAM, "generate", "embeddings", "data.npy", "--samples", rows, "--dimensions", features,
                   "--queries", 16])
            seconds = min(timed([PROGRAM, *command])[1] for _ in range(a.rounds))
            points.append((rows, seconds))
            size = rows * features * 4 / 1e9
            print(f"{name:<18}{rows:>12,}{seconds:>9.2f}{rows / seconds / 1e6:>10.2f}{size / seconds:>7.2f}", flush=True)
        start, each, off = line(points)
        print(f"{name}: {start:.2f} s + {each * 1e9:.0f} ns a row (sizes are at most {100 * off:.0f} % off): "
              f"{wanted / 1e6:.0f} M rows take {clock(start + each * wanted)}\n")
    for left in a.folder.iterdir():
        left.unlink()


if __name__ == "__main__":
    main()
