"""Census income beside scikit-learn's gradient boosting, nothing but defaults.

    ./dev python bench/adult.py FILE.csv [--seeds N] [--target income]

Each seed draws a fifth of the rows as a test, by class. Prints AUC, log-loss and seconds of training.
"""

import argparse
import csv
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import OrdinalEncoder

PROGRAM = Path(__file__).parents[1] / "build/release/bin/lanewise"


def arguments():
    parser = argparse.ArgumentParser(prog="./dev python bench/adult.py")
    parser.add_argument("file", type=Path)
    parser.add_argument("--target", default="income")
    parser.add_argument("--seeds", type=int, default=5)
    return parser.parse_args()


def write(path, names, rows):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow(names)
        out.writerows(rows)


def ours(train, test, target, model, *flags):
    start = time.monotonic()
    command = [PROGRAM, "train", "--data", train, "--test", test, "--target", target, "--model", model, "--quiet",
               "--json", *flags]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    metrics = json.loads(done.stdout)["metrics"]
    return metrics["auc"], metrics["log_loss"], time.monotonic() - start


def theirs(x, y, train, test):
    """Columns of texts as categories, missing numbers as such."""
    def is_number(value):
        try:
            float(value)
        except ValueError:
            return False
        return True

    numeric = [k for k in range(x.shape[1]) if all(v in ("", "?") or is_number(v) for v in x[:, k])]
    texts = [k for k in range(x.shape[1]) if k not in numeric]
    numbers = np.array([[float(v) if is_number(v) else np.nan for v in row] for row in x[:, numeric]])
    start = time.monotonic()
    encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, max_categories=255)
    codes = make_column_transformer((encoder, list(range(len(texts))))).fit(x[train][:, texts]).transform(x[:, texts])
    features = np.hstack([numbers, codes])
    model = HistGradientBoostingClassifier(categorical_features=list(range(len(numeric), features.shape[1])))
    model.fit(features[train], y[train])
    seconds = time.monotonic() - start
    p = model.predict_proba(features[test])
    return roc_auc_score(y[test], p[:, 1]), log_loss(y[test], p), seconds


def main():
    a = arguments()
    names, *rows = csv.reader(a.file.open())
    table = np.array(rows, dtype=object)
    at = names.index(a.target)
    x, y = np.delete(table, at, 1), np.unique(table[:, at], return_inverse=True)[1]
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for seed in range(a.seeds):
            train, test = train_test_split(np.arange(len(y)), test_size=0.2, random_state=seed, stratify=y)
            write(folder / "train.csv", names, table[train])
            write(folder / "test.csv", names, table[test])
            files = (folder / "train.csv", folder / "test.csv", a.target, folder / "model")
            for name, run in (("eight networks", lambda: ours(*files)),
                              ("one network", lambda: ours(*files, "--quick")),
                              ("gradient boosting", lambda: theirs(x, y, train, test))):
                results.setdefault(name, []).append(run())
    print(f"{'means of ' + str(a.seeds) + ' tests':<20}{'AUC':>8}{'log-loss':>10}{'seconds':>9}")
    for name, all_runs in results.items():
        auc, loss, seconds = (statistics.mean(column) for column in zip(*all_runs))
        print(f"{name:<20}{auc:>8.4f}{loss:>10.4f}{seconds:>9.1f}")


if __name__ == "__main__":
    main()
