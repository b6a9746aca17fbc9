"""lanewise prune: fewer units or zeros, and a model that still works."""

import pytest
from program import answer, lanewise, refusal, small_rows, write_csv


def prune(model, data, output, *flags, **options):
    return answer("prune", "--model", model, "--data", data, "--output", output, *flags, **options)


@pytest.fixture(scope="session")
def ensemble(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensemble")
    data = write_csv(folder / "table.csv", ("x", "c", "y"), small_rows())
    path = folder / "model.safetensors"
    lanewise("train", "--data", data, "--target", "y", "--model", path, "--epochs", 5, "--folds", 3, "--hidden", "20,10")
    return path


def test_units_leave_the_network(tmp_path, model, table):
    small = tmp_path / "small.safetensors"
    result = prune(model, table, small, "--share", 0.75, "--epochs", 3)
    before, after = result["before"], result["after"]
    assert after["size"]["parameters"] < before["size"]["parameters"] / 4
    assert after["size"]["flops"] < before["size"]["flops"] / 4
    assert result["epochs"] == 3
    architecture = answer("inspect", small)["architecture"]
    assert [layer["units"] for layer in architecture["layers"]] == [32, 16, 1]
    assert answer("evaluate", "--model", small, "--data", table)["metrics"]["accuracy"] > 0.8


def test_weights_become_zero_and_stay_so_in_training(tmp_path, model, table):
    result = prune(model, table, tmp_path / "sparse.safetensors", "--by", "weights", "--share", 0.9, "--epochs", 4)
    before, after = result["before"]["size"], result["after"]["size"]
    assert after["parameters"] == before["parameters"] and after["flops"] == before["flops"]
    biases = 128 + 64 + 1
    assert after["zeros"] >= round(0.9 * (before["parameters"] - biases)) - 2
    assert after["zeros"] < before["parameters"] - biases


def test_each_network_of_an_ensemble_is_pruned(tmp_path, ensemble, table):
    small = tmp_path / "small.safetensors"
    prune(ensemble, table, small, "--share", 0.5, "--epochs", 2)
    description = answer("inspect", small)
    assert [layer["units"] for layer in description["architecture"]["layers"]] == [10, 5, 1]
    assert answer("evaluate", "--model", small, "--data", table)["metrics"]["accuracy"] > 0.6


def test_nothing_to_remove_changes_no_prediction(tmp_path, ensemble, table):
    same = tmp_path / "same.safetensors"
    result = prune(ensemble, table, same, "--share", 0, "--epochs", 0)
    assert result["before"]["metrics"] == result["after"]["metrics"] and result["epochs"] == 0
    predictions = [lanewise("predict", "--model", m, "--data", table).stdout for m in (ensemble, same)]
    assert predictions[0] == predictions[1]


def test_the_same_seed_gives_the_same_file(tmp_path, model, table):
    files = [tmp_path / "a", tmp_path / "b"]
    for file, threads in zip(files, (1, 2)):
        prune(model, table, file, "--epochs", 2, "--threads", threads)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_half_the_bytes_hold_the_weights(tmp_path, ensemble, table):
    half, again = tmp_path / "half.safetensors", tmp_path / "again.safetensors"
    result = prune(ensemble, table, half, "--share", 0, "--epochs", 0, "--bfloat16")
    before, after = result["before"], result["after"]
    assert after["size"]["parameters"] == before["size"]["parameters"]
    assert after["size"]["file_bytes"] == half.stat().st_size < before["size"]["file_bytes"]
    assert abs(after["metrics"]["log_loss"] - before["metrics"]["log_loss"]) < 0.01
    assert answer("evaluate", "--model", half, "--data", table)["metrics"]["accuracy"] > 0.6
    prune(half, table, again, "--share", 0, "--epochs", 0)
    assert again.read_bytes() == half.read_bytes()


@pytest.mark.parametrize("flags, code, part", [
    (("--share", 1), 2, "the share is 1, expected 0 or more and below 1"),
    (("--share", 2), 2, "--share"),
    (("--by", "layers"), 2, "unknown way to prune 'layers'; known: units, weights"),
    (("--epochs", -1), 2, "--epochs"),
])
def test_wrong_flags(tmp_path, model, table, flags, code, part):
    out = tmp_path / "out"
    assert part in refusal("prune", "--model", model, "--data", table, "--output", out, *flags, code=code)
    assert not out.exists()


def test_rows_without_the_target(tmp_path, model):
    data = write_csv(tmp_path / "t.csv", ("x", "c"), [(1, "a"), (2, "b")])
    assert "no column is called 'y'" in refusal("prune", "--model", model, "--data", data, "--output", tmp_path / "out")


def test_a_folder_that_is_not_there_is_told_before_the_work(tmp_path, model, table):
    assert "nowhere" in refusal("prune", "--model", model, "--data", table, "--output", tmp_path / "nowhere/out")
