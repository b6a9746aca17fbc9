import json
import math

import numpy as np
import pytest
from program import answer, lanewise, read_csv, small_rows, write_csv

HEADER = ("x", "c", "y")


def predict(model, data, *flags, **options):
    return lanewise("predict", "--model", model, "--data", data, *flags, **options)


def test_columns_and_order(model, table):
    done = predict(model, table)
    assert done.stdout.splitlines()[0] == "prediction,probability_0,probability_1"
    rows = read_csv(done.stdout)
    assert len(rows) == 200
    for row, (_, _, y) in zip(rows, small_rows()):
        p = [float(row["probability_0"]), float(row["probability_1"])]
        assert math.isclose(sum(p), 1, abs_tol=1e-6) and row["prediction"] == str(int(p[1] > p[0]))
    agree = sum(row["prediction"] == str(y) for row, (_, _, y) in zip(rows, small_rows()))
    assert agree > 160


def test_each_row_alone_gives_the_same_bits(tmp_path, model, table):
    together = predict(model, table).stdout.splitlines()[1:]
    for i, row in enumerate(small_rows()[:7]):
        alone = write_csv(tmp_path / "one.csv", HEADER, [row])
        assert predict(model, alone, "--header").stdout.splitlines()[1:] == [together[i]]


def test_stdin_stdout_and_files_agree(tmp_path, model, table):
    out = tmp_path / "out.csv"
    assert "200 predictions" in predict(model, table, "--output", out).stdout
    piped = predict(model, "-", "--output", "-", input=table.read_text())
    assert piped.stdout == out.read_text() == predict(model, table).stdout


@pytest.mark.parametrize("executor", ["loop", "vectorized", "fused"])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_change_no_bit(model, table, executor, threads):
    assert predict(model, table, "--threads", threads, "--executor", "vectorized").stdout == predict(model, table).stdout
    assert len(predict(model, table, "--threads", threads, "--executor", executor).stdout.splitlines()) == 201


def test_json(tmp_path, model, table):
    result = answer("predict", "--model", model, "--data", table)
    assert result["rows"] == 200 and len(result["predictions"]["prediction"]) == 200
    written = answer("predict", "--model", model, "--data", table, "--output", tmp_path / "out.csv")
    assert written["output"].endswith("out.csv") and "predictions" not in written


def test_more_columns_in_another_order(tmp_path, model, table):
    other = write_csv(tmp_path / "d.csv", ("extra", "c", "x"), [(i, c, x) for i, (x, c, _) in enumerate(small_rows())])
    assert predict(model, other).stdout == predict(model, table).stdout


def test_labels_with_commas_are_quoted(tmp_path):
    data = write_csv(tmp_path / "d.csv", HEADER, [(x, c, ["no, never", 'a "yes"'][y]) for x, c, y in small_rows()])
    model = tmp_path / "m.safetensors"
    lanewise("train", "--data", data, "--target", "y", "--model", model, "--epochs", 3)
    rows = read_csv(predict(model, data).stdout)
    assert set(rows[0]) == {"prediction", "probability_no, never", 'probability_a "yes"'}
    assert {row["prediction"] for row in rows} <= {"no, never", 'a "yes"'}


@pytest.fixture
def arrays(tmp_path):
    draw = np.random.RandomState(0)
    x = draw.randn(300, 3)
    y = 2 * x[:, 0] - x[:, 1] + 5
    return x, y, tmp_path


def test_npz_to_train_and_npy_to_predict(arrays):
    x, y, folder = arrays
    np.savez_compressed(folder / "train.npz", x=x, y=y)
    np.save(folder / "new.npy", x.astype(np.float32))
    model = folder / "m.safetensors"
    trained = answer("train", "--data", folder / "train.npz", "--target", "y", "--model", model)
    assert trained["target"]["task"] == "regression" and trained["metrics"]["r2"] > 0.95
    rows = read_csv(predict(model, folder / "new.npy").stdout)
    assert list(rows[0]) == ["prediction"]
    assert np.corrcoef([float(r["prediction"]) for r in rows], y)[0, 1] > 0.97


def test_npy_with_the_target_among_its_columns(arrays):
    x, y, folder = arrays
    np.save(folder / "all.npy", np.column_stack([x, y]))
    trained = answer("train", "--data", folder / "all.npy", "--target", "column_4", "--model", folder / "m", "--epochs", 5)
    assert set(trained["metrics"]) == {"rmse", "r2"}
    assert answer("inspect", folder / "all.npy")["arrays"][""]["shape"] == [300, 4]


def test_object_arrays_are_refused(tmp_path, model):
    np.save(tmp_path / "o.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    message = lanewise("predict", "--model", model, "--data", tmp_path / "o.npy", code=1).stderr
    assert "object" in message


def test_inspect_a_table(table):
    inspected = answer("inspect", table)
    columns = {c["name"]: c for c in inspected["columns"]}
    assert inspected["rows"] == 200 and [c["type"] for c in inspected["columns"]] == ["numeric", "categorical", "boolean"]
    assert columns["c"]["distinct"] == 3 and columns["x"]["least"] < -1 and columns["x"]["missing"] == 0
    text = lanewise("inspect", table).stdout
    assert "200 rows, 3 columns" in text and "categorical" in text


def test_inspect_a_model(model):
    inspected = answer("inspect", model)
    assert inspected["kind"] == "model" and inspected["target"]["column"] == "y"
    assert [layer["units"] for layer in inspected["architecture"]["layers"]] == [128, 64, 1]
    assert "validation" in inspected["metrics"]
    text = lanewise("inspect", model).stdout
    for part in ("Dense(128, relu)", "(m, 128)", "parameters", "3 values", "validation"):
        assert part in text


def test_inspect_the_machine():
    machine = answer("inspect", "--machine")
    assert machine["isa"] == answer("--version")["isa"] and machine["threads"] >= 1


def test_a_model_is_read_by_safetensors(model):
    from safetensors import safe_open

    with safe_open(model, "numpy") as file:
        assert file.get_tensor("0.weight").shape[1] == 128
        assert json.loads(file.metadata()["lanewise"])["target"]["column"] == "y"
