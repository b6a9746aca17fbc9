"""Writes a real table as CSV: the Wisconsin breast cancer set, which comes with scikit-learn.

569 rows of 30 measurements each, and a column `diagnosis`: malignant or benign.

    tools/demo_data.py FOLDER    writes FOLDER/train.csv (455 rows) and FOLDER/test.csv (114)
"""

import csv
import sys
from pathlib import Path

from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split


def write(path, columns, rows, labels):
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow([*columns, "diagnosis"])
        out.writerows([*map(repr, row), label] for row, label in zip(rows.tolist(), labels))
    print(f"{path}: {len(rows)} rows, {len(columns)} features, target 'diagnosis'")


def main():
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    data = load_breast_cancer()
    columns = [name.replace(" ", "_") for name in data.feature_names]
    labels = data.target_names[data.target]
    train, test, train_labels, test_labels = train_test_split(
        data.data, labels, test_size=0.2, random_state=0, stratify=labels
    )
    write(folder / "train.csv", columns, train, train_labels)
    write(folder / "test.csv", columns, test, test_labels)


if __name__ == "__main__":
    main()
