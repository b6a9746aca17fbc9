"""The workloads beside other libraries, in one sitting: ours, theirs, ours, theirs ...

    ./dev bench sweep [--only training_rows,tanh] [--threads 1,2] [--rounds N] [--peers numpy,jax]
                      [--scale F] [--fresh] [--output DIR]

In every round the results are compared first; a difference above 1e-4 (relative) fails the run. Prints
and writes (JSON, Markdown) the times, the ratio to the best peer and the fraction of the roofline:
the time that products at the peak of multiply-adds, or the traffic at the bandwidth, would take, both measured
in the same processes. A peer's best is its best with any number of threads up to ours.
"""

import argparse
import statistics
import sys
from pathlib import Path

import report
import sweep_report
from contestants import PEER_PYTHON, ROOT, Failed, Job, contestant

SIZES = {  # workload: m
    "forward_rows": 1_000_000,
    "forward_columns": 1_000_000,
    "training_rows": 1_000_000,
    "training_columns": 1_000_000,
    "untuned": 300_000,
    "textbook": 5_000,
    "textbook_float64": 5_000,
    "tanh": 16_000_000,
    "exp": 16_000_000,
    "standardised_rows": 10_000_000,
    "standardised_columns": 10_000_000,
    "nearest_1": 1_000_000,
    "nearest_16": 1_000_000,
    "nearest_256": 1_000_000,
    "product": 4096,
}
LIBRARIES = {  # peer: what it can run
    "numpy": set(SIZES) - {"untuned", "textbook", "textbook_float64"},
    "jax": set(SIZES),
    "onnxruntime": {"forward_rows", "forward_columns"},
    "torch": {"forward_rows", "forward_columns", "training_rows", "training_columns", "tanh", "exp"},
}
TOLERANCE = 1e-4


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench sweep")
    words = lambda text: text.split(",")
    parser.add_argument("--only", type=words, default=list(SIZES), help="workloads")
    parser.add_argument("--threads", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", type=words, default=["numpy", "jax", "onnxruntime"], help="torch too")
    parser.add_argument("--scale", type=float, default=1, help="times the size of each workload")
    parser.add_argument("--fresh", action="store_true", help="results in memory that was not used before")
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench")
    return parser.parse_args()


def contest(job, libraries, rounds):
    """library: the lines that it printed, one a round."""
    running = {}
    lines = {library: [] for library in libraries}
    try:
        for _ in range(rounds):
            for library in libraries:
                if library not in running:
                    running[library] = contestant(library, job)
                lines[library].append(running[library].repeat())
                check_agreement(job, library, lines)
    finally:
        for each in running.values():
            each.close()
    return lines


def check_agreement(job, library, lines):
    ours, theirs = lines["lanewise"][-1]["value"], lines[library][-1]["value"]
    if not abs(theirs - ours) <= TOLERANCE * abs(ours):
        raise Failed(f"{job.workload}: {library} has {theirs}, lanewise {ours}")


def seconds(lines):
    return [line["seconds"] for line in lines]


def result(lines):
    ours = lines["lanewise"][0]
    libraries = {
        library: {
            "seconds": seconds(of_library),
            "min": min(seconds(of_library)),
            "median": statistics.median(seconds(of_library)),
            "added_memory": max(line["added_memory"] for line in of_library),
            "value": of_library[-1]["value"],
        }
        for library, of_library in lines.items()
    }
    kept = ("workload", "m", "threads", "executor", "isa", "flops", "bytes", "peak_flops_per_second",
            "peak_bytes_per_second")
    return {key: ours[key] for key in kept} | {"libraries": libraries}


def main():
    options = arguments()
    if not PEER_PYTHON.exists():
        sys.exit("sweep: the peers are not installed; ./dev peers does that")
    results, failures = [], []
    for workload in options.only:
        for threads in options.threads:
            m = SIZES[workload] if workload == "product" else int(SIZES[workload] * options.scale)
            job = Job(workload, m, threads, fresh=options.fresh)
            libraries = ["lanewise", *(p for p in options.peers if workload in LIBRARIES[p])]
            print(f"sweep: {workload}, m = {m}, {threads} threads: {', '.join(libraries)}", file=sys.stderr)
            try:
                results.append(result(contest(job, libraries, options.rounds)))
            except Failed as failure:
                failures.append(f"sweep: {failure}")
    if results:
        text = sweep_report.text(results, options.rounds)
        report.write(options.output, "sweep", results, text)
        print(text)
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
