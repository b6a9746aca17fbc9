"""train --memory: rows in scratch files, a part in memory at a time."""

import os
import random
import re
import resource
import signal
import subprocess
import time

import numpy as np
import pytest
from program import PROGRAM, answer, lanewise, refusal, small_rows, write_csv

MEMORY = ("--memory", "256M")


def train(data, model, *flags):
    return answer("train", "--data", data, "--target", "y", "--model", model, "--quiet", *MEMORY, *flags)


@pytest.fixture
def rows(tmp_path):
    return write_csv(tmp_path / "rows.csv", ("x", "c", "y"), small_rows(3000))


def test_the_report(tmp_path, rows):
    said = lanewise("train", "--data", rows, "--target", "y", "--model", tmp_path / "m", "--epochs", 2, "--quick",
                    "--test-fraction", 0.2, *MEMORY)
    split = re.search(r"([\d,]+) rows to train on, (\d+) to validate, (\d+) to test", said.stdout)
    parts = [int(n.replace(",", "")) for n in split.groups()]
    assert sum(parts) == 3000 and 500 < parts[2] < 700
    assert re.search(r"memory: [\d.]+ MB at most, of 268\.4 MB", said.stdout)
    assert not list(tmp_path.glob(".*")), "scratch files have no names"


def test_it_learns_as_in_memory(tmp_path, rows):
    """Other rows judge and the order differs, but little else."""
    flags = ("--epochs", 20, "--hidden", 16)
    streamed = train(rows, tmp_path / "m", *flags)
    whole = answer("train", "--data", rows, "--target", "y", "--model", tmp_path / "w", "--quiet", *flags)
    assert streamed["members"] == whole["members"] == 8
    assert streamed["features"] == whole["features"]
    assert abs(streamed["out_of_fold"]["auc"] - whole["out_of_fold"]["auc"]) < 0.01
    assert abs(streamed["baseline"]["log_loss"] - whole["baseline"]["log_loss"]) < 1e-3
    assert streamed["rows"]["train"] == 3000


def test_the_same_bytes(tmp_path, rows):
    files = []
    for threads in (1, 2, 3):
        train(rows, tmp_path / "m", "--threads", threads, "--epochs", 2)
        files.append((tmp_path / "m").read_bytes())
    assert files[0] == files[1] == files[2]
    train(rows, tmp_path / "m", "--seed", 1, "--epochs", 2)
    assert (tmp_path / "m").read_bytes() != files[0]


def test_every_kind_of_file(tmp_path):
    draw = np.random.RandomState(0)
    x = draw.randn(2000, 3).astype("float32")
    table = np.column_stack([x, x[:, 0] > x[:, 1]]).astype("float32")
    np.save(tmp_path / "rows.npy", table)
    np.save(tmp_path / "columns.npy", np.asfortranarray(table))
    np.save(tmp_path / "part-1.npy", table[:700])
    np.save(tmp_path / "part-2.npy", table[700:])
    np.savez_compressed(tmp_path / "rows.npz", column=table)
    np.savetxt(tmp_path / "rows.csv", table, delimiter=",", fmt="%.9g",
               header="column_1,column_2,column_3,column_4", comments="")
    models = []
    for name in ("rows.npy", "columns.npy", "part-*.npy", "rows.npz", "rows.csv"):
        trained = answer("train", "--data", tmp_path / name, "--target", "column_4", "--model", tmp_path / "m",
                         "--quiet", "--quick", "--epochs", 3, *MEMORY)
        assert trained["metrics"]["auc"] > 0.9
        models.append((tmp_path / "m").read_bytes())
    assert all(m == models[0] for m in models[:4])  # the texts of a CSV file are other numbers


@pytest.mark.parametrize("task, target", [
    ("binary", lambda x, c: "yes" if x > 0 else "no"),
    ("multiclass", lambda x, c: c if x > -1 else "low"),
    ("regression", lambda x, c: f"{100 + 3 * x:.4f}"),
])
def test_tasks(tmp_path, task, target):
    draw = random.Random(2)
    rows = []
    for i in range(1500):
        x, c = draw.gauss(0, 1), draw.choice("uvw")
        y = target(x, c)
        rows.append(("" if i % 50 == 0 else x, "" if i % 60 == 0 else c, "" if i % 100 == 7 else y))
    data = write_csv(tmp_path / "t.csv", ("x", "c", "y"), rows)
    test = write_csv(tmp_path / "test.csv", ("x", "c", "y"), rows[:300])
    trained = train(data, tmp_path / "m", "--test", test, "--epochs", 15, "--folds", 3, "--hidden", 32)
    assert trained["target"]["task"] == task and trained["rows"]["dropped"] == 15
    assert trained["rows"]["test"] == 300 and trained["members"] == 3
    good = trained["test"]
    assert good["r2"] > 0.8 if task == "regression" else good["accuracy"] > 0.85
    evaluated = answer("evaluate", "--model", tmp_path / "m", "--data", test)["metrics"]
    assert evaluated == pytest.approx(good)
    weights = ("--class-weights", "balanced") if task != "regression" else ("--loss", "huber:1")
    assert train(data, tmp_path / "w", "--quick", "--epochs", 2, *weights)["validation"]


def test_a_pipe_cant_be_read_twice(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    message = refusal("train", "--data", tmp_path / "pipe", "--target", "y", "--model", tmp_path / "m", *MEMORY)
    assert "is a pipe, and must be read twice; save it to a file first" in message


def test_rows_too_wide_for_the_memory_are_told(tmp_path):
    path = tmp_path / "wide.npy"
    values = np.random.default_rng(0).normal(size=(3000, 1001)).astype("f4")
    np.save(path, values)
    message = refusal("train", "--data", path, "--target", "column_1001", "--model", tmp_path / "m", "--quick", *MEMORY, code=2)
    assert re.search(r"memory is 268435456 bytes, but 1024 rows of \d+ features and the parameters of 1 network need about \d+", message)


def test_a_target_far_from_zero_keeps_its_digits(tmp_path):
    """Unix seconds: float32 has steps of 128 of them."""
    draw = random.Random(1)
    x = [draw.random() for _ in range(1500)]
    data = write_csv(tmp_path / "t.csv", ("x", "y"), [(a, 1.7e9 + 60 * a) for a in x])
    assert train(data, tmp_path / "m", "--epochs", 20, "--folds", 2, "--hidden", 16)["out_of_fold"]["r2"] > 0.9


def test_a_full_batch_has_the_bits_of_any_window(tmp_path, rows):
    files = []
    for memory in ("256M", "1G"):
        answer("train", "--data", rows, "--target", "y", "--model", tmp_path / "m", "--quiet", "--quick",
               "--batch", 0, "--epochs", 3, "--memory", memory)
        files.append((tmp_path / "m").read_bytes())
    assert files[0] == files[1]


def test_killed_it_goes_on_to_the_same_bytes(tmp_path, rows):
    train(rows, tmp_path / "whole", "--epochs", 6, "--quick")
    flags = ("--epochs", "6", "--quick", "--checkpoint", tmp_path / "c", "--checkpoint-every", "0s", "--resume")
    command = [PROGRAM, "train", "--data", rows, "--target", "y", "--model", tmp_path / "m", "--quiet", *MEMORY, *flags]
    run = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 100
    while run.poll() is None and not list(tmp_path.glob("c/*-2*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL, "it was done before"
    assert list(tmp_path.glob("c/*"))
    train(rows, tmp_path / "m", *flags)
    assert (tmp_path / "m").read_bytes() == (tmp_path / "whole").read_bytes()
    other = ("train", "--data", rows, "--target", "y", "--model", tmp_path / "m", "--quiet", "--memory", "512M", *flags)
    assert "memory is 536870912, not 268435456" in refusal(*other)


def test_more_rows_than_a_window(tmp_path):
    lanewise("generate", "users", tmp_path / "u.npy", "--samples", 150_000)
    trained = answer("train", "--data", tmp_path / "u.npy", "--target", "column_51", "--model", tmp_path / "m", "--quiet",
                     "--quick", "--epochs", 2, "--hidden", 8, "--batch", 1024, "--lr", 0.02, "--bins", 0,
                     "--common-values", 0, *MEMORY)
    assert trained["metrics"]["auc"] > 0.8
    assert trained["rows"]["train"] + trained["rows"]["validation"] == 150_000
    assert trained["memory"]["limit"] == 256 << 20


def test_wrong_flags(tmp_path, rows):
    def said(*flags, code=2, data=rows):
        return refusal("train", "--data", data, "--target", "y", "--model", tmp_path / "m", *flags, code=code)

    assert "isn't a size as 512M or 4G" in said("--memory", "much")
    assert "expected 268435456 or more" in said("--memory", "1M")
    assert "standard input can't be" in said(*MEMORY, data="-")
    assert "--sweep" in said(*MEMORY, "--sweep", "lr=1e-3")
    assert "--memory" in said("--scratch", tmp_path)
    assert "absent" in said(*MEMORY, "--scratch", tmp_path / "absent", code=1)
    assert "zz" in said(*MEMORY, "--drop", "zz", code=1)
    assert not (tmp_path / "m").exists()


def test_data_that_cannot_be_learnt_from(tmp_path, rows):
    def said(text, *flags):
        (tmp_path / "bad.csv").write_text(text)
        return refusal("train", "--data", tmp_path / "bad.csv", "--target", "y", "--model", tmp_path / "m", *MEMORY, *flags)

    assert "no rows" in said("x,y\n")
    assert "has one value only" in said("x,y\n" + "1,2\n" * 50)
    assert "has no values" in said("x,y\n" + "1,\n" * 50)
    assert "no column" in said("x,z\n1,2\n")
    assert "no column is left to learn from" in said("x,y\n" + "1,0\n1,1\n" * 50)
    assert "too rare" in said("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(99)) + "5,b\n", "--quick",
                              "--validation", 0.9, "--seed", 0)


def small_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))


@pytest.mark.parametrize("flags", [MEMORY, ()], ids=["streamed", "in memory"])
@pytest.mark.parametrize("shape, says", [((5, 0), "no columns"), ((0, 3), "no rows")])
def test_arrays_without_a_cell(tmp_path, shape, says, flags):
    np.save(tmp_path / "x.npy", np.zeros(shape, "f4"))
    said = refusal("train", "--data", tmp_path / "x.npy", "--target", "column_1", "--model", tmp_path / "m", *flags)
    assert "x.npy: " + says in said


def test_a_full_disk(tmp_path, rows):
    said = refusal("train", "--data", rows, "--target", "y", "--model", tmp_path / "m", *MEMORY,
                   preexec_fn=small_disk)
    assert str(tmp_path) in said and "scratch file can't be written" in said
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("header, row, says", [
    (("x", "c"), (1, "a"), "no column is called 'y'"),
    (("x", "y"), (1, 1), "no column is called 'c'"),
    (("x", "c", "y"), (1, "a", "perhaps"), "has the value 'perhaps', which the model does not know"),
    (("x", "c", "y"), ("far", "a", 1), "column 'x' was numeric in training, but row 1 holds 'far'"),
])
def test_a_test_that_cant_be_judged_is_told_before_training(tmp_path, rows, header, row, says):
    test = write_csv(tmp_path / "test.csv", header, [row])
    log = tmp_path / "log"
    message = refusal("train", "--data", rows, "--target", "y", "--model", tmp_path / "m", "--test", test, "--quick",
                      "--log", log, *MEMORY)
    assert says in message
    assert not log.exists() or not log.read_text()
