"""Epochs of mini-batches beside JAX and PyTorch, in turn: the same rows, networks, batches and order.

    ./dev bench epoch [FILE.csv] [--target income] [--only NAMES] [--threads 2] [--rounds N]
                      [--peers jax,torch,torch_compiled] [--output DIR]

`recipe` is what train does for the file with --quick (one network), `recipe_8` without (eight, each without its
fold); the rows that judge are left out, and so is judging. Every step is a mini-batch of AdamW and moves the average of
the weights. The others train networks of made-up numbers with Adam, `narrow` 28 → 64 → 1 on 500,000 samples in
batches of 256, `narrow_8` eight such at once, `wide` 784 → 256 → 128 → 10 on 60,000 in batches of 128; in order, or
shuffled. Losses of the first epoch after planning and compiling are shown, and must agree within 1 %. Everybody
counts with as many threads, 1 or all, as serve it best. FILE is census income unless told: adult.csv in $LANEWISE_DATA.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

import report
from contestants import PEER_PYTHON, ROOT, Contestant, Failed

OURS = ROOT / "build/release/bin/lanewise_epoch"
PEERS = ROOT / "bench/peers/epoch.py"
DATA = Path(os.environ.get("LANEWISE_DATA", ROOT.parent / "shared/data"))
TOLERANCE = 0.01
NARROW = ["network", "--layers", 28, 64, 1, "--samples", 500_000, "--batch", 256]
WIDE = ["network", "--layers", 784, 256, 128, 10, "--samples", 60_000, "--batch", 128]
TASKS = {
    "recipe": ["recipe", "--networks", 1],
    "recipe_8": ["recipe", "--networks", 8],
    "narrow": NARROW,
    "narrow_shuffled": [*NARROW, "--shuffle"],
    "narrow_8": [*NARROW, "--networks", 8],
    "wide": WIDE,
    "wide_shuffled": [*WIDE, "--shuffle"],
}


def arguments():
    words = lambda text: text.split(",")
    parser = argparse.ArgumentParser(prog="./dev bench epoch")
    parser.add_argument("file", type=Path, nargs="?", default=DATA / "adult.csv")
    parser.add_argument("--target", default="income")
    parser.add_argument("--only", type=words, default=list(TASKS), help=", ".join(TASKS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--peers", type=words, default=["jax"], help="torch, torch_compiled too")
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench")
    options = parser.parse_args()
    if unknown := set(options.only) - set(TASKS):
        parser.error(f"no task {', '.join(sorted(unknown))}; there are {', '.join(TASKS)}")
    return options


def contest(options, task, folder):
    """{(library, threads): the lines that it printed, one a round}, and why others have none."""
    ours = [OURS, *TASKS[task], "--export", folder]
    if learns_from_file(task):
        ours += [options.file, "--target", options.target]
    commands = {}
    for threads in sorted({1, options.threads}):
        commands["lanewise", threads] = ours
        for peer in options.peers:
            commands[peer, threads] = [PEER_PYTHON, PEERS, peer, folder, threads]
    lines, running, failures = {key: [] for key in commands}, {}, {}
    try:
        for _ in range(options.rounds):
            for key, command in commands.items():
                if key in failures:
                    continue
                if key not in running:  # ours comes first and writes the folder
                    running[key] = Contestant(key[0], command, key[1])
                try:
                    lines[key].append(running[key].repeat())
                except Failed as failure:
                    failures[key] = str(failure)
    finally:
        for each in running.values():
            each.close()
    return {key: of_key for key, of_key in lines.items() if key not in failures}, failures


def learns_from_file(task):
    return TASKS[task][0] == "recipe"


def seconds(lines):
    return [line["seconds"] for line in lines]


def best(results):
    """library: (threads, lines), with as many threads as serve it best."""
    chosen = {}
    for (library, threads), lines in results.items():
        if library not in chosen or min(seconds(lines)) < min(seconds(chosen[library][1])):
            chosen[library] = threads, lines
    return chosen


def disagreement(results):
    """What library has another loss than ours in the first round, if one has."""
    ours = next(lines[0]["value"] for (library, _), lines in results.items() if library == "lanewise")
    for (library, _), lines in results.items():
        if not abs(lines[0]["value"] - ours) <= TOLERANCE * abs(ours):
            return f"{library} has the loss {lines[0]['value']}, lanewise {ours}"
    return None


def rows(task, chosen):
    """The ratio is that of the least times: above 1 where ours is faster."""
    least = min(seconds(chosen["lanewise"][1]))
    return [[task, library, threads, report.milliseconds(min(seconds(lines))),
             report.milliseconds(statistics.median(seconds(lines))), f"{min(seconds(lines)) / least:.2f}",
             f"{lines[0]['value']:.4f}"]
            for library, (threads, lines) in chosen.items()]


def main():
    options = arguments()
    if not PEER_PYTHON.exists():
        sys.exit("epoch: the peers are not installed; ./dev peers does that")
    if any(map(learns_from_file, options.only)) and not options.file.exists():
        sys.exit(f"epoch: {options.file} is missing; name a CSV file with a target of two classes, and --target")
    table, results, failures = [], [], []
    for task in options.only:
        with tempfile.TemporaryDirectory() as folder:
            timed, failed = contest(options, task, folder)
        failures += [f"epoch: {task}: {library}, {threads} threads: {why}" for (library, threads), why in failed.items()]
        if not any(library == "lanewise" for library, _ in timed):
            sys.exit("\n".join(failures))
        if different := disagreement(timed):
            failures.append(f"epoch: {task}: {different}")
        table += rows(task, best(timed))
        results.append({"task": task, "programs": [
            {"program": library, "threads": threads, "rounds": lines} for (library, threads), lines in timed.items()]})
    text = "\n\n".join([
        f"{report.processor()}, revision {report.revision()}, {options.rounds} rounds.",
        report.table(["task", "program", "threads", "ms", "median", "ratio", "loss"], table)])
    report.write(options.output, "epoch", results, text)
    print(text)
    if failures:
        sys.exit("\n".join(failures))


if __name__ == "__main__":
    main()
