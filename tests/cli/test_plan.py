import pytest
from program import answer, lanewise, refusal


def test_a_training_step_is_one_stage():
    text = lanewise("plan", "100-64-1", "--training").stdout
    assert "stage 0: tiles of" in text and "product over the samples" in text
    assert "stage 1: tiles" not in text and "measured" not in text


def test_the_dump_counts_one_as_one():
    text = lanewise("plan", "10-2").stdout
    assert "1 slot," in text and "1 buffer," in text
    assert all(len(line) <= 80 for line in text.splitlines() if "stage" in line or "a sample:" in line)


def test_a_forward_pass_as_columns():
    plan = answer("plan", "5-4-3", "--columns")
    assert plan["network"] == "5-4-3" and plan["executor"] == "fused"
    assert any(step["shape"] == "(4, m)" for step in plan["steps"])
    stage, = plan["stages"]
    products = [i for i in stage["instructions"] if i["kind"] == "product with packed panels"]
    assert [i["bias"] for i in products] == [True, True] and stage["seconds"] is None


def test_a_run_is_measured_beside_the_prediction():
    flags = ("plan", "20-8-1", "--training", "--samples", 5000)
    plan = answer(*flags)
    stage = plan["stages"][0]
    assert plan["samples"] == 5000 and stage["bytes_read_per_sample"] == (20 + 1) * 4 and stage["seconds"] > 0
    assert sum(i["share"] for i in stage["instructions"]) + stage["share_of_tiles"] == pytest.approx(1)
    lines = lanewise(*flags).stdout.splitlines()
    predicted = next(line for line in lines if "predicted" in line)
    read = 5000 * (20 + 1) * 4
    assert f"{read / 1e6:.4g} MB read, 0 MB written" in predicted
    assert any("measured" in line and "GFLOP/s" in line for line in lines)


def test_few_samples_run_whole():
    assert "ran whole-array" in lanewise("plan", "20-8-1", "--samples", 10).stdout


@pytest.mark.parametrize("wrong", [["100"], ["3-x"], ["3-1", "--samples", "0"], ["3-1", "--samples", "many"], []])
def test_wrong_use(wrong):
    refusal("plan", *wrong, code=2)
