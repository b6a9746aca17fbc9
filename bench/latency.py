"""How long a prediction takes beside other libraries: percentiles of single calls, in turn.

    ./dev bench latency [--rows 1,16,128,10000] [--hidden 256,128] [--rounds N] [--output DIR]

A network 100 → 256 → 128 → 1 whose weights are packed once answers batches of rows, back to back and
after a gap of a millisecond; a row alone also with weights rounded to bfloat16. A library's best is its
best with one thread or all. Peers are called from Python.
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
PEER_NAMES = "onnxruntime", "numpy"
OUR_NAMES = "lanewise", "bfloat16"
GAPS = 0, 1000  # microseconds
PERCENTILES = "p50", "p99", "p99.9"
TOLERANCE = {"lanewise": 1e-4, "bfloat16": 1e-2}


def calls(rows, gap):
    return max(200, min(20_000 if not gap else 1_000, 2_000_000 // rows))


def measure(library, rows, gap, hidden, threads):
    """Percentiles in seconds, and the mean answer."""
    if library in OUR_NAMES:
        command = [OURS, "--rows", rows, "--calls", calls(rows, gap), "--gap", gap, "--hidden", hidden]
        command += ["--bfloat16"] if library == "bfloat16" else []
    else:
        command = [PEER_PYTHON, PEERS, library, rows, calls(rows, gap), gap, threads, hidden]
    run = subprocess.run([str(word) for word in command], env=environment(threads, library), text=True,
                         capture_output=True, check=True)
    return json.loads(run.stdout)


def best(lines):
    """Of several runs of a library: each percentile's least."""
    return {p: min(line[p] for line in lines) for p in PERCENTILES}


def contest(rows, gap, hidden, rounds):
    ours = OUR_NAMES if rows == 1 else OUR_NAMES[:1]
    lines = {library: [] for library in (*ours, *PEER_NAMES)}
    for _ in range(rounds):
        for library in lines:
            for threads in sorted({1, len(os.sched_getaffinity(0))}):
                lines[library].append(measure(library, rows, gap, hidden, threads))
    expected = lines[PEER_NAMES[0]][0]["value"]
    for library, of_library in lines.items():
        tolerance = TOLERANCE.get(library, TOLERANCE["lanewise"])
        values = [line["value"] for line in of_library]
        if any(abs(value - expected) > tolerance * abs(expected) for value in values):
            sys.exit(f"latency: {library} answers {values}, {PEER_NAMES[0]} {expected}")
    return {library: best(of_library) for library, of_library in lines.items()}


def row(library, rows, gap, result):
    ours = result[library]
    peer = min(PEER_NAMES, key=lambda l: result[l]["p50"])
    microseconds = lambda seconds: f"{1e6 * seconds:.3g}" if seconds < 0.9995e-3 else f"{1e6 * seconds:.0f}"
    weights = ", bfloat16" if library == "bfloat16" else ""
    return [f"{rows:,}{weights}", "1 ms" if gap else "none", *(microseconds(ours[p]) for p in PERCENTILES), peer,
            *(microseconds(result[peer][p]) for p in PERCENTILES), f"{result[peer]['p50'] / ours['p50']:.2f}"]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench latency")
    parser.add_argument("--rows", type=lambda text: [int(n) for n in text.split(",")], default=[1, 16, 128, 10_000])
    parser.add_argument("--hidden", default="256,128", help="units of the hidden layers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench")
    options = parser.parse_args()
    if not PEER_PYTHON.exists():
        sys.exit("latency: the peers are not installed; ./dev peers does that")
    results = [{"rows": rows, "gap": gap, "libraries": contest(rows, gap, options.hidden, options.rounds)}
               for rows in options.rows for gap in GAPS]
    head = ["rows", "gap", *(f"{p} µs" for p in PERCENTILES), "best peer", *(f"{p} µs" for p in PERCENTILES),
            "p50, times faster"]
    text = "\n\n".join([
        f"{report.processor()}, revision {report.revision()}, hidden layers of {options.hidden} units, "
        f"the best of {options.rounds} rounds.",
        report.table(head, [row(library, r["rows"], r["gap"], r["libraries"])
                            for r in results for library in OUR_NAMES if library in r["libraries"]])])
    report.write(options.output, "latency", results, text)
    print(text)


if __name__ == "__main__":
    main()
