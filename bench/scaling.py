"""How time and memory of a training epoch grow: with samples, width, depth and threads.

    ./dev bench scaling [--rounds N] [--largest M] [--output DIR]

Prints and writes (JSON, Markdown) a table. A run that memory does not suffice for is named as such; it is
held to what the machine has free, so that nothing else suffers.
"""

import argparse
import os
import resource
from pathlib import Path

import report
from contestants import ROOT, Failed, Job, contestant

ALL = len(os.sched_getaffinity(0))
SAMPLES = [1_000, 10_000, 100_000, 1_000_000, 10_000_000, 30_000_000]
WIDTHS = [8, 32, 128, 512, 2048]
DEPTHS = [1, 2, 3, 5, 8]


def deep(depth):
    return ",".join(["64"] * (depth + 1))


def series(largest):
    """(title, [(label, job)])"""
    m = 100_000
    return [
        ("Samples, 100 → 64 → 1",
         [(f"m = {n:,}", Job("training_rows", n, ALL)) for n in SAMPLES if n <= largest]),
        (f"Width of the hidden layer, 100 → width → 1, m = {m:,}",
         [(f"width {w}", Job("training_rows", m, ALL, f"100,{w},1")) for w in WIDTHS]),
        (f"Depth, layers of 64, m = {m:,}",
         [(f"{d} layers", Job("training_rows", m, ALL, deep(d) + ",1")) for d in DEPTHS]),
        (f"Depth, layers of 64 normalised over the batch, m = {m:,}",
         [(f"{d} layers", Job("normalised", m, ALL, deep(d))) for d in DEPTHS]),
        ("Threads, 100 → 64 → 1, m = 1,000,000",
         [(f"threads {t}", Job("training_rows", min(largest, 1_000_000), t)) for t in range(1, ALL + 1)]),
    ]


def available_memory():
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable"))


def stay_in_memory():
    limit = int(0.9 * available_memory())
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def measure(job, rounds):
    """The line of the fastest round, or why there is none."""
    ours = contestant("lanewise", job, stay_in_memory)
    try:
        return min((ours.repeat() for _ in range(rounds)), key=lambda line: line["seconds"])
    except Failed as failure:
        return {"failed": str(failure)}
    finally:
        ours.close()


def row(label, job, line):
    if "failed" in line:
        return [label, line["failed"].rpartition(": ")[2], "", "", "", "", ""]
    return [label, report.milliseconds(line["seconds"]), f"{1e9 * line['seconds'] / job.m:.1f}",
            f"{line['flops_per_second'] / 1e9:.0f}", report.percent(line["roofline_fraction"]),
            report.megabytes(line["peak_memory"]), report.megabytes(line["added_memory"])]


def main():
    parser = argparse.ArgumentParser(prog="./dev bench scaling")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--largest", type=int, default=SAMPLES[-1], help="samples")
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench")
    options = parser.parse_args()
    results, parts = [], []
    for title, jobs in series(options.largest):
        lines = [measure(job, options.rounds) for _, job in jobs]
        results.append({"title": title, "lines": [{"label": label, **line} for (label, _), line in zip(jobs, lines)]})
        rows = [row(label, job, line) for (label, job), line in zip(jobs, lines)]
        head = ["", "ms", "ns a sample", "GFLOP/s", "roofline", "peak MB", "added MB"]
        parts += [f"**{title}**", report.table(head, rows)]
        print("\n\n".join(parts[-2:]), end="\n\n", flush=True)
    head = f"{report.processor()}, {ALL} threads, revision {report.revision()}, the least of {options.rounds} rounds."
    report.write(options.output, "scaling", results, "\n\n".join([head, *parts]))


if __name__ == "__main__":
    main()
