#!/usr/bin/env python3
"""Holds the order of the rooms: a file includes its own room and those below it, nothing else.

    tools/check_includes.py [ROOT]

Prints file:line, the include and the rule that it breaks; exits 1 if there is one.
Checked are include/ and src/; apps, the binding, tests and benches lie above all rooms.
"""

import re
import sys
from pathlib import Path

# room: the rooms right below it. Those further down follow.
BELOW = {
    "base": [],
    "kernels": ["base"],
    "graph": ["base"],
    "io": ["base"],
    "passes": ["graph"],
    "plan": ["graph"],
    "exec": ["plan", "kernels"],
    "array": ["passes", "exec"],
    "nn": ["array"],
    "data": ["array", "io"],
    "analysis": ["data"],
    "tabular": ["nn", "analysis"],
}

# The public headers, each with the lowest room that may include it. A header not
# named here belongs to the room of the same name.
PUBLIC = {
    "dtype": "base",
    "error": "base",
    "file_streams": "data",
    "random": "array",
    "plan_report": "plan",
    "runtime": "array",
    "shape": "base",
    "streams": "array",
    "ops": "array",
    "layers": "nn",
    "losses": "nn",
    "optim": "nn",
    "synthetic": "data",
    "lanewise": "tabular",
}

OTHERS = {"CLI", "benchmark", "fast_float", "fmt", "gmock", "gtest", "hwy", "nlohmann"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
SOURCES = {".h", ".cc", ".inc"}


def closure(room):
    rooms = {room}
    for below in BELOW[room]:
        rooms |= closure(below)
    return rooms


def public_room(header):
    stem = Path(header).stem
    return PUBLIC.get(stem, stem)


def problem(path, include):
    """Why the file at `path`, relative to the root, may not include `include`; None if it may."""
    room, _, rest = include.partition("/")
    if path.parts[0] == "include":
        if room != "lanewise":
            return "a public header includes public headers only (lanewise/...)"
        mine, target = public_room(path.name), public_room(rest)
    else:
        if not rest:
            return "name the room too (room/file.h)"
        mine, target = path.parts[1], public_room(rest) if room == "lanewise" else room

    for name in (mine, target):
        if name not in BELOW:
            return f"'{name}' is no room that tools/check_includes.py knows"
    if target in closure(mine):
        return None
    below = " ".join(r for r in BELOW if r in closure(mine) and r != mine) or "no other room"
    return f"{mine} may include {below}, not {target}"


def includes(text):
    """(line number, file) of every include that names a file of this project."""
    for number, line in enumerate(text.splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quoted, name = match[1] == '"', match[2]
        room, slash, _ = name.partition("/")
        if (slash and room in BELOW) or room == "lanewise" or (quoted and room not in OTHERS):
            yield number, name


def check(root):
    problems = []
    for top in ("include", "src"):
        for path in sorted((root / top).rglob("*")):
            if path.suffix not in SOURCES:
                continue
            for number, name in includes(path.read_text(errors="replace")):
                why = problem(path.relative_to(root), name)
                if why:
                    problems.append(f'{path.relative_to(root)}:{number}: "{name}": {why}')
    return problems


def main():
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    problems = check(root)
    for line in problems:
        print(line)
    if problems:
        print(f"{len(problems)} include(s) against the order of the rooms")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
