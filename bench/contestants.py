"""The programs that a benchmark runs in turn: ours, and workers of other libraries."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = ROOT / "build/release/bin/lanewise_workloads"
PEER_PYTHON = ROOT / ".venv-peers/bin/python"
WORKER = ROOT / "bench/peers/worker.py"

# Freed memory stays in the process, so that nobody pays for fresh pages in every run; or it goes
# back, and everybody does.
REUSE_MEMORY = "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1000000000000"


class Failed(Exception):
    """A program ended without a result; the text is what it said."""


@dataclass(frozen=True)
class Job:
    workload: str
    m: int
    threads: int
    layers: str = "100,64,1"  # ours only
    fresh: bool = False  # results lie in memory that the process has not used yet


def has_avx512():
    return " avx512f " in Path("/proc/cpuinfo").read_text()


def environment(threads, library, fresh=False):
    env = {key: value for key, value in os.environ.items() if not key.startswith("OPENBLAS_")}
    env["OPENBLAS_NUM_THREADS"] = env["LANEWISE_NUM_THREADS"] = str(threads)
    if fresh:
        env["LANEWISE_KEEP_MEMORY"] = "0"
    else:
        env["GLIBC_TUNABLES"] = REUSE_MEMORY
    if library == "numpy" and has_avx512():
        env["OPENBLAS_CORETYPE"] = "SkylakeX"  # it takes a Zen 4 or 5 for a Haswell
    return env


def command(library, job):
    if library == "lanewise":
        settings = ["--m", job.m, "--layers", job.layers, "--threads", job.threads, "--paced"]
        return [OURS, job.workload, *settings]
    return [PEER_PYTHON, WORKER, library, job.workload, job.m, job.threads]


class Contestant:
    """A process that runs its workload once whenever asked, on so many processors."""

    def __init__(self, library, command, threads, limits=lambda: None, fresh=False):
        processors = sorted(os.sched_getaffinity(0))[:threads]

        def settle():
            os.sched_setaffinity(0, processors)
            limits()

        self.process = subprocess.Popen(
            [str(word) for word in command], env=environment(threads, library, fresh), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=settle)

    def repeat(self):
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        line = self.process.stdout.readline()
        if not line:
            raise Failed(self.process.stderr.read().strip()[-500:] or f"ended with {self.process.wait()}")
        return json.loads(line)

    def close(self):
        self.process.kill()
        self.process.communicate()


def contestant(library, job, limits=lambda: None):
    return Contestant(library, command(library, job), job.threads, limits, job.fresh)
