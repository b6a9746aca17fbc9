"""Means over five splits of tables that come with scikit-learn, all else default."""

import statistics

import pytest
from program import answer, write_csv
from sklearn import datasets

TABLES = [
    (datasets.load_digits, "accuracy", 0.975),
    (datasets.load_breast_cancer, "accuracy", 0.97),
    (datasets.load_wine, "accuracy", 0.975),
    (datasets.load_diabetes, "r2", 0.46),
]


@pytest.mark.parametrize("load, metric, least", TABLES, ids=[t[0].__name__ for t in TABLES])
def test_quality(tmp_path, load, metric, least):
    data = load()
    names = [str(name).replace(" ", "_") for name in data.feature_names]
    rows = [[*map(repr, x), y] for x, y in zip(data.data.tolist(), data.target.tolist())]
    path = write_csv(tmp_path / "data.csv", [*names, "target"], rows)
    flags = ["--data", path, "--target", "target", "--model", tmp_path / "m", "--test-fraction", 0.2]
    scores = [answer("train", *flags, "--seed", seed)["metrics"][metric] for seed in range(5)]
    assert statistics.mean(scores) >= least, scores
