"""Several networks, each without its fold: what train does unless told --quick."""

import json
import re

import pytest
from program import answer, lanewise, read_csv, refusal, small_rows, write_csv


def train(data, model, *flags):
    return answer("train", "--data", data, "--target", "y", "--model", model, "--quiet", *flags)


def test_the_report(tmp_path, table):
    done = lanewise("train", "--data", table, "--target", "y", "--model", tmp_path / "m", "--test-fraction", 0.2,
                    "--epochs", 3)
    for part in ("160 rows to train on, in 8 folds, 40 to test", "8 such networks, each leaves out a fold", "out of fold",
                 "the best epoch of each network is kept: "):
        assert part in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 120
    lines = done.stderr.splitlines()
    assert len(lines) == 3 and max(map(len, lines)) <= 80
    assert re.search(r"epoch 1/3  loss \d\S+  out of fold \d\S+  8 of 8 networks  .*rows/s$", lines[0])


def test_every_training_row_is_judged(tmp_path, table):
    trained = train(table, tmp_path / "m", "--epochs", 30)
    assert trained["members"] == 8 and len(trained["best_epochs"]) == 8
    assert trained["rows"] == {"train": 200, "validation": 0, "test": 0, "dropped": 0}
    assert trained["metrics_on"] == "out_of_fold" and trained["validation"] is None
    assert trained["metrics"] == trained["out_of_fold"] and trained["metrics"]["auc"] > 0.8
    assert trained["baseline"]["auc"] == 0.5


def test_the_score_is_that_of_each_fold_by_its_network(tmp_path, table):
    trained = train(table, tmp_path / "m", "--epochs", 30, "--log", tmp_path / "log")
    least = [float("inf")] * 8
    for line in (tmp_path / "log").read_text().splitlines()[:-1]:
        for m in json.loads(line)["members"]:
            least[m["member"]] = min(least[m["member"]], m["validation_loss"])
    assert trained["out_of_fold"]["log_loss"] == pytest.approx(sum(least) / 8, abs=1e-6)  # folds of 25 rows each


@pytest.mark.parametrize("rows, folds", [(200, 8), (39, 7), (10, 2), (9, 1)])
def test_few_rows_make_fewer_folds(tmp_path, rows, folds):
    data = write_csv(tmp_path / "few.csv", ("x", "c", "y"), small_rows(rows))
    assert train(data, tmp_path / "m", "--epochs", 2)["members"] == folds


def test_the_number_of_folds_can_be_told(tmp_path, table):
    assert train(table, tmp_path / "m", "--epochs", 2, "--folds", 3)["members"] == 3
    one = train(table, tmp_path / "one", "--epochs", 2, "--folds", 1)
    quick = train(table, tmp_path / "quick", "--epochs", 2, "--quick")
    assert one["members"] == quick["members"] == 1 and one["rows"]["validation"] == 20
    assert (tmp_path / "one").read_bytes() == (tmp_path / "quick").read_bytes()


def test_the_same_seed_gives_the_same_bytes_at_any_number_of_threads(tmp_path, table):
    for threads in (1, 2, 3):
        train(table, tmp_path / f"{threads}", "--threads", threads, "--epochs", 8)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes() == (tmp_path / "3").read_bytes()


def test_predictions_are_means_over_the_networks(tmp_path, table):
    train(table, tmp_path / "m.safetensors", "--epochs", 3, "--folds", 2)
    inspected = answer("inspect", tmp_path / "m.safetensors")
    assert inspected["members"] == 2 and set(inspected["metrics"]) == {"out_of_fold", "out_of_fold_baseline"}
    assert "2 networks, whose answers are averaged" in lanewise("inspect", tmp_path / "m.safetensors").stdout
    header, tensors = split(tmp_path / "m.safetensors")
    averaged = probabilities(tmp_path / "m.safetensors", table)
    each = []
    for k in (0, 1):
        write_single(tmp_path / "single.safetensors", header, tensors, k)
        each.append(probabilities(tmp_path / "single.safetensors", table))
    for mean, a, b in zip(averaged, *each):
        assert mean == pytest.approx((a + b) / 2, abs=1e-6)


def probabilities(model, data):
    rows = read_csv(lanewise("predict", "--model", model, "--data", data).stdout)
    return [float(row["probability_1"]) for row in rows]


def split(path):
    """The header of a safetensors file, and the bytes of each tensor."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header, body = json.loads(data[8:8 + size]), data[8 + size:]
    return header, {k: body[slice(*v["data_offsets"])] for k, v in header.items() if k != "__metadata__"}


def write_single(path, header, tensors, member):
    """A file of one network, as they were before there were several."""
    import zlib

    about = json.loads(header["__metadata__"]["lanewise"])
    del about["members"]
    about["requires"].remove("ensemble")
    head = {"__metadata__": {"lanewise_checksum": "00000000", "lanewise": json.dumps(about)}}
    body = b""
    for name, value in tensors.items():
        if name.startswith(f"{member}/"):
            head[name.split("/")[1]] = {**header[name], "data_offsets": [len(body), len(body) + len(value)]}
            body += value
    text = json.dumps(head, separators=(",", ":"))
    text += " " * (-len(text) % 8)
    crc = zlib.crc32(text.encode() + body)
    text = text.replace("00000000", f"{crc:08x}", 1)
    path.write_bytes(len(text).to_bytes(8, "little") + text.encode() + body)


def test_a_count_that_lies_is_refused(tmp_path, table):
    train(table, tmp_path / "m.safetensors", "--epochs", 1, "--folds", 2)
    header, tensors = split(tmp_path / "m.safetensors")
    write_single(tmp_path / "one", header, {k: v for k, v in tensors.items() if "weight" in k}, 0)
    assert "tensor '0.bias' is missing" in refusal("predict", "--model", tmp_path / "one", "--data", table)


def test_multiclass_and_regression(tmp_path):
    rows = [(x, c, "abc"[min(2, int(abs(x)))]) for x, c, _ in small_rows(300)]
    classes = train(write_csv(tmp_path / "c.csv", ("x", "c", "y"), rows), tmp_path / "m", "--epochs", 60)
    assert classes["out_of_fold"]["accuracy"] > 0.7
    rows = [(x, c, 1000 + 50 * x) for x, c, _ in small_rows(300)]
    numbers = train(write_csv(tmp_path / "r.csv", ("x", "c", "y"), rows), tmp_path / "m", "--epochs", 60)
    assert numbers["out_of_fold"]["r2"] > 0.9


def test_the_log(tmp_path, table):
    trained = train(table, tmp_path / "m", "--epochs", 4, "--folds", 3, "--log", tmp_path / "log.jsonl")
    *epochs, last = map(json.loads, (tmp_path / "log.jsonl").read_text().splitlines())
    assert [e["epoch"] for e in epochs] == [1, 2, 3, 4] and last == trained
    for e in epochs:
        assert [m["member"] for m in e["members"]] == [0, 1, 2] and e["rows_per_second"] > 0
        assert e["loss"] == pytest.approx(sum(m["loss"] for m in e["members"]) / 3)
        assert e["validation_loss"] == pytest.approx(sum(m["validation_loss"] for m in e["members"]) / 3)
    no_folder = tmp_path / "none" / "log.jsonl"
    assert "none" in refusal("train", "--data", table, "--target", "y", "--model", tmp_path / "m", "--log", no_folder)
