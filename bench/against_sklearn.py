"""Training speed beside scikit-learn: the same network, data, batch and optimiser, in turn.

    ./dev python bench/against_sklearn.py [ROWS]

28 features, 64 ReLU units, 1 output; Adam, shuffled batches of 256; both on all cores and float32.
Prints million rows a second, the median of three rounds of three epochs, and the ratio.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = os.environ.get("LANEWISE_CLI", str(ROOT / "build/release/bin/lanewise"))
ROUNDS, EPOCHS, BATCH, UNITS, FEATURES = 3, 3, 256, 64, 28


def make_data(rows):
    draw = np.random.default_rng(0)
    x = draw.standard_normal((rows, FEATURES), dtype=np.float32)
    y = (x[:, 0] * x[:, 1] + x[:, 2] > draw.standard_normal(rows) * 0.5).astype(np.int64)
    return x, y


def train_lanewise(path, folder):
    flags = f"--target y --hidden {UNITS} --optimizer adam --weight-decay 0 --average 0 --batch {BATCH}"
    flags += f" --epochs {EPOCHS} --validation 0 --bins 0 --common-values 0 --quick --json --quiet"
    command = [PROGRAM, "train", "--data", path, "--model", folder / "m.safetensors", *flags.split()]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["seconds"]


def train_sklearn(x, y):
    model = MLPClassifier((UNITS,), batch_size=BATCH, max_iter=EPOCHS, alpha=0, n_iter_no_change=EPOCHS + 1)
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it has not converged
        model.fit(x, y)
    return time.perf_counter() - start, log_loss(y, model.predict_proba(x))


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    x, y = make_data(rows)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "data.npz", x=x, y=y)
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(train_lanewise(folder / "data.npz", folder))
            seconds, their_loss = train_sklearn(x, y)
            theirs.append(seconds)
        command = [PROGRAM, "evaluate", "--json", "--model", folder / "m.safetensors", "--data", folder / "data.npz"]
        our_loss = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["metrics"]["log_loss"]
    for who, seconds, loss in (("lanewise", ours, our_loss), ("scikit-learn", theirs, their_loss)):
        speed = rows * EPOCHS / statistics.median(seconds) / 1e6
        print(f"{who:<13}{speed:6.2f} M rows/s   log-loss {loss:.3f}")
    print(f"ratio        {statistics.median(theirs) / statistics.median(ours):6.1f}")


if __name__ == "__main__":
    main()
