"""Real data, all else default: the quality that docs/training.md promises."""

import statistics

import pytest
from program import DATA, answer

ADULT = DATA / "adult.csv"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    if not ADULT.exists():
        pytest.skip(f"needs {ADULT}, the census income table, which is not part of the project (LANEWISE_DATA)")
    model = tmp_path_factory.mktemp("adult") / "m.safetensors"
    flags = ["--data", ADULT, "--target", "income", "--model", model, "--test-fraction", 0.2]
    return [answer("train", *flags, "--seed", seed)["metrics"] for seed in range(5)]


def test_auc(runs):
    assert statistics.mean(run["auc"] for run in runs) >= 0.926


def test_log_loss(runs):
    assert statistics.mean(run["log_loss"] for run in runs) <= 0.2875
