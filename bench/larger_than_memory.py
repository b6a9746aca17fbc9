"""Files larger than memory, in a memory cgroup: normalised, trained on, searched.

    ./dev bench larger_than_memory [--size 6G] [--memory 512M] [--folder DIR]

Each command runs in a cgroup of so much memory, page cache included, on a file that is in no cache; beside it
stands the rate at which dd reads the same file there. The same is then done in memory, and the results must have
the same bits.
"""

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from contestants import ROOT

PROGRAM = ROOT / "build/release/bin/lanewise"
UNITS = {"M": 2**20, "G": 2**30}
IN_MEMORY = "64G"  # a --memory that holds all rows
TRAINING = ("--quick", "--bins", "0", "--common-values", "0", "--batch", "0", "--epochs", "1", "--quiet")


def size(text):
    number, unit = re.fullmatch(r"(\d+)([MG])", text).groups()
    return int(number) * UNITS[unit]


def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench larger_than_memory")
    parser.add_argument("--size", type=size, default="6G", help="of each file")
    parser.add_argument("--memory", type=size, default="512M", help="of the cgroup")
    parser.add_argument("--folder", type=Path, default=ROOT / "build/bench/larger_than_memory")
    return parser.parse_args()


class Cgroup:
    """A memory cgroup, of version 1 or 2."""

    def __init__(self, limit):
        one, two = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")
        files = {"memory.limit_in_bytes": limit} if one.is_dir() else {"memory.max": limit, "memory.swap.max": 0}
        self.path = (one if one.is_dir() else two) / f"lanewise-{os.getpid()}"
        self.path.mkdir()
        try:
            for name, value in files.items():
                (self.path / name).write_text(str(value))
        except OSError:
            self.path.rmdir()
            raise

    def enter(self):
        (self.path / "cgroup.procs").write_text(str(os.getpid()))


@contextlib.contextmanager
def memory_cgroup(limit):
    try:
        group = Cgroup(limit)
    except OSError as error:
        sys.exit(f"larger_than_memory: skipped, no memory cgroup can be made: {error}")
    try:
        yield group
    finally:
        time.sleep(0.1)  # the last process of the group is gone a moment after its parent knows
        group.path.rmdir()


def timed(command, group=None):
    """What it printed, seconds, and the bytes that it had in memory at most."""
    start = time.monotonic()
    run = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                           preexec_fn=group.enter if group else None)
    out, err = run.stdout.read(), run.stderr.read()
    _, status, usage = os.wait4(run.pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))}: {status}\n{err.decode()}")
    return out.decode(), time.monotonic() - start, usage.ru_maxrss * 1024


def forget(path):
    """Takes a file out of the page cache."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def same(one, other):
    with open(one, "rb") as a, open(other, "rb") as b:
        while True:
            x, y = a.read(1 << 24), b.read(1 << 24)
            if x != y:
                return False
            if not x:
                return True


def generate(kind, path, row_bytes, total, *flags):
    timed([PROGRAM, "generate", kind, path, "--samples", total // row_bytes, *flags])


class Report:
    def __init__(self, group):
        self.group = group
        print(f"{'job':<24}{'read':>9}{'seconds':>9}{'GB/s':>7}{'dd GB/s':>9}{'memory':>9}  bits")

    def job(self, name, path, command, reads, in_memory, results):
        """reads: how often the command reads the file; results: a pair of files that must be the same."""
        forget(path)
        _, plain, _ = timed(["dd", f"if={path}", "of=/dev/null", "bs=8M", "status=none"], self.group)
        forget(path)
        _, seconds, peak = timed(command, self.group)
        in_memory()
        equal = same(*results)
        read = path.stat().st_size * reads / 1e9
        print(f"{name:<24}{read:>6.2f} GB{seconds:>9.1f}{read / seconds:>7.2f}{path.stat().st_size / 1e9 / plain:>9.2f}"
              f"{peak / 1e6:>6.0f} MB  {'same' if equal else 'DIFFER'}", flush=True)
        for result in results:
            result.unlink()
        if not equal:
            sys.exit(f"larger_than_memory: {name}: other bits than in memory")


def normalized_in_memory(data, result):
    import lanewise
    import numpy

    rows = numpy.load(data)
    lanewise.Scaler.fit(rows).apply(rows, str(result))


def searched_in_memory(queries, data, result):
    import lanewise
    import numpy

    scores, indices = lanewise.neighbors(numpy.load(queries), numpy.load(data), k=10)
    numpy.savez(result, indices=numpy.asarray(indices), scores=numpy.asarray(scores))


def compare_neighbors(streamed, in_memory):
    """As files of bytes, whatever else the archives say."""
    import numpy

    for path in (streamed, in_memory):
        arrays = numpy.load(path)
        path.write_bytes(arrays["indices"].tobytes() + arrays["scores"].tobytes())


def main():
    a = arguments()
    a.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(a.folder)
    sys.path.insert(0, str(ROOT / "build/release/python"))
    data, queries, here, there = Path("data.npy"), Path("data_queries.npy"), Path("streamed"), Path("in_memory")
    with memory_cgroup(a.memory) as group:
        report = Report(group)
        generate("embeddings", data, 200, a.size, "--dimensions", 50)
        report.job("normalize", data, [PROGRAM, "normalize", data, here, "--moments", "m.json"], 2,
                   lambda: normalized_in_memory(data, there), (here, there))
        generate("users", data, 204, a.size)
        train = [PROGRAM, "train", "--data", data, "--target", "column_51", *TRAINING]
        limit = f"{a.memory * 3 // 4 >> 20}M"  # the rest: pages of the file
        report.job("train, an epoch", data, [*train, "--model", here, "--memory", limit], 2,
                   lambda: timed([*train, "--model", there, "--memory", IN_MEMORY]), (here, there))
        generate("embeddings", data, 512, a.size, "--queries", 64)

        def neighbors():
            searched_in_memory(queries, data, "found.npz")
            Path("found.npz").rename(there)
            compare_neighbors(here, there)

        report.job("10 nearest of 64", data, [PROGRAM, "neighbors", queries, data, "-k", 10, "--output", here], 1,
                   neighbors, (here, there))
    for left in (data, queries, Path("data.json"), Path("m.json")):
        left.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
