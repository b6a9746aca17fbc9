"""Runs the program as a user would, and makes small tables."""

import csv
import json
import os
import random
import re
import signal
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("LANEWISE_CLI", str(ROOT / "build/release/bin/lanewise"))
SANITIZED = bool(os.environ.get("LANEWISE_SANITIZE"))  # slower, and its memory is the sanitizer's
# Real data that is not part of the project; tests that need it are skipped without.
DATA = Path(os.environ.get("LANEWISE_DATA", ROOT.parent / "shared/data"))


def without_build_warning(stderr):
    """What was said, but for the line with which every build except a release begins."""
    return re.sub(r"\Alanewise \w+: warning: this is a \w+ build: .*\n", "", stderr)


def lanewise(*arguments, code=0, **options):
    """Runs a command and checks its exit code; .stdout and .stderr are text."""
    command = [PROGRAM, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    done.stderr = without_build_warning(done.stderr)
    return done


def answer(*arguments, code=0, **options):
    """The one JSON object that --json prints."""
    return json.loads(lanewise(*arguments, "--json", code=code, **options).stdout)


def refusal(*arguments, code=1, **options):
    """What a failing command says, beginning with its name and nothing before it but warnings."""
    done = lanewise(*arguments, code=code, **options)
    lines = [l for l in done.stderr.splitlines() if "warning:" not in l]
    assert lines and lines[0].startswith("lanewise"), done.stderr
    assert not any(l.startswith("lanewise") for l in lines[1:]), done.stderr
    return "\n".join(lines)


def interrupt(command, signals=1, ready=b"epoch 3/"):
    """Exit code, stdout and stderr of a run that gets SIGINT once it has said `ready`."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    seen = b""
    while ready not in seen:
        line = process.stderr.readline()
        assert line, seen
        seen += line
    for _ in range(signals):
        process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=60)
    return process.returncode, out.decode(), (seen + rest).decode()


def write_csv(path, header, rows):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        if header:
            out.writerow(header)
        out.writerows(rows)
    return path


def read_csv(text):
    return list(csv.DictReader(text.splitlines()))


def small_rows(count=200, seed=1):
    """x, a category c, and y, which follows from both."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        x, c = draw.gauss(0, 1), draw.choice("uvw")
        rows.append((x, c, int(x + (c == "u") + 0.3 * draw.gauss(0, 1) > 0.3)))
    return rows
