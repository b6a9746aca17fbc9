"""Sets the benchmarks of this tree beside those of another revision, in turn, with a test of significance.

    ./dev bench NAME --against REV [--rounds N]

REV is built below build/against-COMMIT. NAME is a regular expression on the names of benchmarks. Prints for
each the medians, their ratio (below 1: faster now) and the p of a two-sided Mann-Whitney U test: the chance
of samples as different as these if both were alike (Google Benchmark's tools/compare.py does the same).
"""

import argparse
import json
import statistics
import subprocess
import sys

from scipy.stats import mannwhitneyu

import report
from contestants import ROOT

SIGNIFICANT = 0.01


def git(*words):
    return subprocess.run(["git", *words], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()


def build(revision):
    """The folder of binaries of `revision`."""
    commit = git("rev-parse", "--short", f"{revision}^{{commit}}")
    folder = ROOT / f"build/against-{commit}"
    if not folder.exists():
        git("worktree", "add", "--detach", str(folder), commit)
    for command in (["cmake", "--preset", "release", "-D", "LANEWISE_TESTS=OFF"],
                    ["cmake", "--build", "build/release", "--target", "benches"]):
        run = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if run.returncode:
            sys.exit(f"against: {revision} does not build:\n{run.stdout[-3000:]}")
    return folder / "build/release/bin"


def names(binary, pattern):
    run = subprocess.run([binary, f"--benchmark_filter={pattern}", "--benchmark_list_tests"],
                         capture_output=True, text=True)
    return set(run.stdout.split("\n")) - {""} if run.returncode == 0 else set()


def times(binary, pattern):
    """{name: nanoseconds}"""
    words = [f"--benchmark_filter={pattern}", "--benchmark_format=json", "--benchmark_min_time=0.05"]
    run = subprocess.run([binary, *words], check=True, capture_output=True, text=True)
    unit = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}
    return {b["name"]: b["real_time"] * unit[b["time_unit"]] for b in json.loads(run.stdout)["benchmarks"]}


def compare(new, old, pattern, rounds):
    """(name, times now, times then) of what both have."""
    common = names(new, pattern) & names(old, pattern)
    rows = {name: ([], []) for name in sorted(common)}
    for _ in range(rounds if common else 0):
        for side, binary in enumerate((new, old)):
            for name, nanoseconds in times(binary, pattern).items():
                if name in rows:
                    rows[name][side].append(nanoseconds)
    return [(name, *samples) for name, samples in rows.items()]


def row(name, now, then):
    ratio = statistics.median(now) / statistics.median(then)
    p = mannwhitneyu(now, then, alternative="two-sided").pvalue
    verdict = "same" if p >= SIGNIFICANT else "faster" if ratio < 1 else "slower"
    return [name, f"{statistics.median(now):.4g}", f"{statistics.median(then):.4g}", f"{ratio:.3f}", f"{p:.4f}", verdict]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench")
    parser.add_argument("name", nargs="?", default=".")
    parser.add_argument("--against", required=True, metavar="REV")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    then = build(options.against)
    rows = []
    for binary in sorted((ROOT / "build/release/bin").glob("*_bench")):
        if (then / binary.name).exists():
            rows += [row(*found) for found in compare(binary, then / binary.name, options.name, options.rounds)]
    if not rows:
        sys.exit(f"against: no benchmark of both revisions matches '{options.name}'")
    print(report.table(["benchmark", "ns now", f"ns {options.against}", "ratio", "p", ""], rows))


if __name__ == "__main__":
    main()
