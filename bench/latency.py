"""How long a prediction takes beside other libraries: percentiles of single calls, in turn.

    ./dev bench latency [--rows 1,16,128,10000] [--rounds N] [--output DIR]

A network 100 → 256 → 128 → 1 whose weights are packed once answers batches of rows, back to back and
after a gap of a millisecond. A library's best is its best with one thread or all. Peers are called from Python.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import report
from contestants import PEER_PYTHON, ROOT, environment

OURS = ROOT / "build/release/bin/lanewise_latency"
PEERS = ROOT / "bench/peers/latency.py"
LIBRARIES = "lanewise", "onnxruntime", "numpy"
GAPS = 0, 1000  # microseconds
PERCENTILES = "p50", "p99", "p99.9"
TOLERANCE = 1e-4


def calls(rows, gap):
    return max(200, min(20_000 if not gap else 1_000, 2_000_000 // rows))


def measure(library, rows, gap, threads):
    """Percentiles in seconds, and the mean answer."""
    if library == "lanewise":
        command = [OURS, "--rows", rows, "--calls", calls(rows, gap), "--gap", gap]
    else:
        command = [PEER_PYTHON, PEERS, library, rows, calls(rows, gap), gap, threads]
    run = subprocess.run([str(word) for word in command], env=environment(threads, library), text=True,
                         capture_output=True, check=True)
    return json.loads(run.stdout)


def best(lines):
    """Of several runs of a library: each percentile's least."""
    return {p: min(line[p] for line in lines) for p in PERCENTILES}


def contest(rows, gap, rounds):
    lines = {library: [] for library in LIBRARIES}
    for _ in range(rounds):
        for library in LIBRARIES:
            for threads in sorted({1, len(os.sched_getaffinity(0))}):
                lines[library].append(measure(library, rows, gap, threads))
    values = [line["value"] for of_library in lines.values() for line in of_library]
    if max(values) - min(values) > TOLERANCE * abs(values[0]):
        sys.exit(f"latency: the answers differ: {values}")
    return {library: best(of_library) for library, of_library in lines.items()}


def row(rows, gap, result):
    ours = result["lanewise"]
    peer = min((l for l in LIBRARIES if l != "lanewise"), key=lambda l: result[l]["p50"])
    microseconds = lambda seconds: f"{1e6 * seconds:.3g}" if seconds < 1e-3 else f"{1e6 * seconds:.0f}"
    return [f"{rows:,}", "1 ms" if gap else "none", *(microseconds(ours[p]) for p in PERCENTILES), peer,
            *(microseconds(result[peer][p]) for p in PERCENTILES), f"{result[peer]['p50'] / ours['p50']:.2f}"]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench latency")
    parser.add_argument("--rows", type=lambda text: [int(n) for n in text.split(",")], default=[1, 16, 128, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench")
    options = parser.parse_args()
    if not PEER_PYTHON.exists():
        sys.exit("latency: the peers are not installed; ./dev peers does that")
    results = [{"rows": rows, "gap": gap, "libraries": contest(rows, gap, options.rounds)}
               for rows in options.rows for gap in GAPS]
    head = ["rows", "gap", *(f"{p} µs" for p in PERCENTILES), "best peer", *(f"{p} µs" for p in PERCENTILES),
            "p50, times faster"]
    text = "\n\n".join([
        f"{report.processor()}, revision {report.revision()}, the best of {options.rounds} rounds.",
        report.table(head, [row(r["rows"], r["gap"], r["libraries"]) for r in results])])
    report.write(options.output, "latency", results, text)
    print(text)


if __name__ == "__main__":
    main()
