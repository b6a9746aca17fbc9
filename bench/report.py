"""Tables, and what machine it was."""

import json
import re
import subprocess
from pathlib import Path


def processor():
    """Model, family and cores, as Linux names them."""
    info = dict(re.findall(r"^([^\t:]+?)\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M))
    cores = Path("/proc/cpuinfo").read_text().count("\nprocessor") + 1
    name = info.get("model name", "unknown processor")
    return f"{name} (family {info.get('cpu family')}, model {info.get('model')}), {cores} cores"


def revision():
    run = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent,
                         capture_output=True, text=True)
    return run.stdout.strip() or "unknown"


def table(head, rows):
    """Markdown, columns aligned; all but the first are numbers."""
    cells = [head, *rows]
    widths = [max(2, *(len(str(row[i])) for row in cells)) for i in range(len(head))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]

    def line(row):
        padded = [str(row[0]).ljust(widths[0])]
        padded += [str(cell).rjust(width) for cell, width in zip(row[1:], widths[1:])]
        return "| " + " | ".join(padded) + " |"

    return "\n".join(map(line, [head, rule, *rows]))


def milliseconds(seconds):
    return f"{1e3 * seconds:.3g}" if seconds < 1 else f"{1e3 * seconds:.0f}"


def megabytes(count):
    return f"{count / 1e6:.0f}"


def percent(fraction):
    return f"{100 * fraction:.0f} %"


def write(folder, name, results, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / f"{name}.md").write_text(text + "\n")
