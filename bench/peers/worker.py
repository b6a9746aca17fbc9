"""Runs a workload in another library: one JSON object for each line of stdin, until it ends.

    worker.py LIBRARY WORKLOAD M THREADS

What lanewise_workloads --paced does for ours. A module LIBRARY_peer has a table WORKLOADS: a
function of (m, threads) gives (run, value): run() is timed, value(its result) is compared.
"""

import importlib
import json
import sys
import time
from pathlib import Path


def memory(key):
    """Bytes of this process, as the kernel counts them."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) * 1024
    return 0


def main():
    library, workload, m, threads = sys.argv[1:]
    make = importlib.import_module(f"{library}_peer").WORKLOADS[workload]
    run, value = make(int(m), int(threads))
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts again
    before = memory("VmRSS")
    run()  # compiles, first touch of memory
    for _ in sys.stdin:
        start = time.perf_counter()
        result = run()
        seconds = time.perf_counter() - start
        peak = memory("VmHWM")
        print(json.dumps({"seconds": seconds, "value": float(value(result)), "peak_memory": peak,
                          "added_memory": peak - before}), flush=True)


if __name__ == "__main__":
    main()
