import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios

import pytest
from program import PROGRAM, answer, interrupt, lanewise, read_csv, small_rows, without_build_warning, write_csv


def train(data, model, *flags):
    """One network: what several add has its own tests."""
    return answer("train", "--data", data, "--target", "y", "--model", model, "--quiet", "--quick", *flags)


def test_the_report(tmp_path, table):
    done = lanewise("train", "--data", table, "--target", "y", "--model", tmp_path / "m", "--test-fraction", 0.2,
                    "--epochs", 3, "--quick")
    for part in ("144 rows to train on, 16 to validate, 40 to test", "target 'y': binary (0, 1)", "Dense(128, relu)",
                 "(m, 64)", "8961 parameters", "validation", "test", "baseline", "accuracy", "model saved"):
        assert part in done.stdout
    lines = done.stderr.splitlines()
    assert [l.split("  ")[0] for l in lines] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
    assert re.search(r"loss \d.*validation \d.*rows/s", lines[0])


def test_json_metrics(tmp_path, table):
    trained = train(table, tmp_path / "m", "--test-fraction", 0.25)
    assert {"accuracy", "auc", "log_loss"} <= set(trained["metrics"])
    assert trained["metrics_on"] == "test" and trained["metrics"] == trained["test"]
    assert trained["metrics"]["auc"] > 0.8 and trained["baseline"]["auc"] == 0.5
    assert trained["rows"] == {"train": 135, "validation": 15, "test": 50, "dropped": 0}


def test_a_test_file_judges(tmp_path, table):
    test = write_csv(tmp_path / "test.csv", ("x", "c", "y"), small_rows(80, seed=2))
    trained = train(table, tmp_path / "m", "--test", test)
    evaluated = answer("evaluate", "--model", tmp_path / "m", "--data", test, "--target", "y")
    assert trained["rows"]["test"] == 80 and trained["metrics"] == evaluated["metrics"]


def test_the_same_seed_gives_the_same_bytes(tmp_path, table):
    files = []
    for i, threads in enumerate((1, 2, 3)):
        train(table, tmp_path / f"{i}", "--threads", threads, "--seed", 5, "--epochs", 8)
        files.append((tmp_path / f"{i}").read_bytes())
    assert files[0] == files[1] == files[2]
    train(table, tmp_path / "other", "--seed", 6, "--epochs", 8)
    assert (tmp_path / "other").read_bytes() != files[0]


FLAGS = [
    ["--hidden", "none"], ["--hidden", "5"], ["--activation", "gelu"], ["--init", "he"], ["--dropout", "0.5"],
    ["--optimizer", "sgd"], ["--optimizer", "momentum", "--momentum", "0.5"], ["--optimizer", "adam", "--beta1", "0.5"],
    ["--schedule", "cosine", "--warmup", "4"], ["--clip", "0.1"], ["--average", "0"], ["--weight-decay", "0"],
    ["--validation", "0"], ["--batch", "0"], ["--few-rows", "0"], ["--few-rows", "0", "--bins", "4"],
    ["--few-rows", "0", "--bin-rows", "10"],
    ["--few-rows", "0", "--common-values", "0"], ["--max-categories", "1"], ["--drop", "c"], ["--type", "x=categorical"],
    ["--lr", "0.01"], ["--seed", "3"], ["--patience", "0"], ["--no-bias-decay"],
    ["--optimizer", "sgd:nesterov"], ["--optimizer", "adamw:amsgrad"], ["--optimizer", "rmsprop:centered,momentum=0.5"],
    ["--loss", "cross_entropy:smoothing=0.1"], ["--loss", "cross_entropy:focus=2"],
    ["--class-weights", "1=5"],
]


@pytest.fixture(scope="module")
def default_bytes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("default")
    table = write_csv(folder / "t.csv", ("x", "c", "y"), small_rows())
    train(table, folder / "m", "--epochs", 30)
    return (folder / "m").read_bytes()


@pytest.mark.parametrize("flags", FLAGS, ids=" ".join)
def test_every_flag_takes_effect(tmp_path, table, default_bytes, flags):
    trained = train(table, tmp_path / "m", "--epochs", 30, *flags)
    assert trained["epochs"] >= 1
    if flags != ["--patience", "0"]:
        assert (tmp_path / "m").read_bytes() != default_bytes
    else:
        assert trained["epochs"] == 30


def test_multiclass_and_regression(tmp_path):
    rows = [(x, c, "abc"[min(2, int(abs(x)))]) for x, c, _ in small_rows(400)]
    classes = train(write_csv(tmp_path / "c.csv", ("x", "c", "y"), rows), tmp_path / "m")
    assert classes["target"]["classes"] == ["a", "b", "c"] and classes["metrics"]["accuracy"] > 0.7
    rows = [(x, c, 1000 + 50 * x) for x, c, _ in small_rows(400)]
    numbers = train(write_csv(tmp_path / "r.csv", ("x", "c", "y"), rows), tmp_path / "m")
    assert set(numbers["metrics"]) == {"rmse", "r2"} and numbers["metrics"]["r2"] > 0.9
    told = train(tmp_path / "r.csv", tmp_path / "m", "--task", "regression", "--epochs", 1)
    assert told["target"]["task"] == "regression"


def test_other_dialects_train_the_same(tmp_path, table):
    train(table, tmp_path / "a", "--epochs", 2)
    text = "\ufeff" + "\r\n".join(";".join(map(str, row)) for row in [("x", "c", "y"), *small_rows()]) + "\r\n"
    (tmp_path / "odd.csv").write_bytes(text.encode())
    train(tmp_path / "odd.csv", tmp_path / "b", "--epochs", 2)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_header(tmp_path):
    data = write_csv(tmp_path / "bare.csv", None, [(x, y) for x, _, y in small_rows()])
    lanewise("train", "--data", data, "--target", "column_2", "--model", tmp_path / "m", "--epochs", 2,
             "--quick")
    assert len(read_csv(lanewise("predict", "--model", tmp_path / "m", "--data", data).stdout)) == 200


def test_ctrl_c_keeps_the_best_model(tmp_path, table):
    model = tmp_path / "m.safetensors"
    endless = ["train", "--data", table, "--target", "y", "--model", model, "--epochs", "1000000", "--patience", "0",
               "--quick"]
    code, out, err = interrupt([PROGRAM, *map(str, endless)])
    assert code == 130
    assert re.search(r"interrupted after \d+ epochs; epoch \d+, the best, is kept, saved in ", err)
    assert "interrupted after" in out and "accuracy" in out
    assert len(read_csv(lanewise("predict", "--model", model, "--data", table).stdout)) == 200


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full", "2> >(head -n 1 >&-)"])
def test_nobody_has_to_listen(tmp_path, table, stderr):
    """A stderr that is closed, full or left loses what is said, nothing else."""
    train(table, tmp_path / "told", "--epochs", 3)
    command = [PROGRAM, "train", "--data", table, "--target", "y", "--model", tmp_path / "m", "--quick", "--epochs", 3]
    subprocess.run(["bash", "-c", f'"$@" {stderr}', "-", *map(str, command)], check=True, timeout=60, stdout=subprocess.DEVNULL)
    assert (tmp_path / "m").read_bytes() == (tmp_path / "told").read_bytes()
    failing = subprocess.run(["bash", "-c", f'"$0" train --data absent --target y --model m {stderr}', PROGRAM], cwd=tmp_path)
    assert failing.returncode == 1


@pytest.mark.parametrize("stdout", ["closed", "/dev/full"])
def test_results_that_cannot_be_written_are_an_error(model, table, stdout):
    to = ">&-" if stdout == "closed" else f">{stdout}"
    command = ["bash", "-c", f'"$0" predict --model "$1" --data "$2" {to}', PROGRAM, str(model), str(table)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1 and "<stdout>: can't be written" in done.stderr


def test_many_epochs_are_told_by_their_range(tmp_path, table):
    text = lanewise("train", "--data", table, "--target", "y", "--model", tmp_path / "m", "--folds", 12, "--epochs", 3,
                    "--patience", 0).stdout
    assert re.search(r"the best epoch of each network is kept: \d to \d\n", text)


def test_labels_of_several_lines_are_told_on_one(tmp_path):
    data = write_csv(tmp_path / "d.csv", ("x", "c", "y"), [(x, c, ["no\nnever", "yes"][y]) for x, c, y in small_rows()])
    text = lanewise("train", "--data", data, "--target", "y", "--model", tmp_path / "m", "--epochs", 1).stdout
    assert "target 'y': binary (no never, yes)\n" in text


def test_rows_from_stdin(tmp_path, table):
    flags = ("--target", "y", "--model", tmp_path / "m", "--epochs", 1)
    assert lanewise("train", "--data", "-", *flags, input=table.read_text()).stdout.startswith("<stdin>: 200 rows")


def shown_on_a_terminal(*flags, columns=80):
    """The frames of the progress line."""
    main, side = pty.openpty()
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen([PROGRAM, "train", *map(str, flags)], stdout=subprocess.DEVNULL, stderr=side,
                               env={**os.environ, "TERM": "xterm"})
    os.close(side)
    shown = b""
    while True:
        try:
            part = os.read(main, 4096)
        except OSError:
            break
        if not part:
            break
        shown += part
    assert process.wait(60) == 0
    return without_build_warning(shown.decode()).rstrip("\r\n").split("\r")


@pytest.mark.parametrize("flags, judged", [(["--quick"], "validation"), ([], "fold")], ids=["one", "several"])
def test_progress_on_a_terminal(tmp_path, table, flags, judged):
    frames = shown_on_a_terminal("--data", table, "--target", "y", "--model", tmp_path / "m", "--epochs", 5, *flags)
    last = frames[-1].rstrip()
    assert "epoch 5/5 [####" in last and "rows/s" in last
    assert re.search(rf"loss \d\S+ {judged} \d", last)
    assert ("8/8 nets" in last) == (flags == [])
    assert all(len(f) <= 79 for f in frames)


def test_names_of_options_are_those_of_flags(tmp_path, table):
    for name, flags in {"a": ["--optimizer", "sgd:momentum=0.5"], "b": ["--optimizer", "momentum", "--momentum", "0.5"],
                        "c": ["--optimizer", "momentum,momentum=0.5"]}.items():
        train(table, tmp_path / name, "--epochs", 3, *flags)
    assert len({(tmp_path / name).read_bytes() for name in "abc"}) == 1


def test_losses_of_numbers_find_their_middle(tmp_path):
    """y is 0, but for a tenth of the rows, where it is 10: the mean is 1, the median 0, the last twentieth 10."""
    data = write_csv(tmp_path / "t.csv", ("x", "y"), [(i // 10 % 2, 10 * (i % 10 == 0)) for i in range(600)])
    middle = {}
    for loss in ("mean_squared_error", "huber:0.01", "quantile:0.5", "quantile:0.97"):
        lanewise("train", "--data", data, "--target", "y", "--task", "regression", "--model", tmp_path / "m", "--loss", loss,
                 "--quick", "--epochs", 100, "--hidden", "none", "--weight-decay", 0, "--lr", 0.1)
        row = read_csv(lanewise("predict", "--model", tmp_path / "m", "--data", data).stdout)[1]
        middle[loss] = float(list(row.values())[-1])
    assert abs(middle["mean_squared_error"] - 1) < 0.5
    assert abs(middle["huber:0.01"]) < 0.3 and abs(middle["quantile:0.5"]) < 0.3
    assert middle["quantile:0.97"] > 5


def test_class_weights_move_probabilities_to_the_rare_class(tmp_path):
    rows = [(x, c, int(y and i % 4 == 0)) for i, (x, c, y) in enumerate(small_rows(800))]
    data = write_csv(tmp_path / "t.csv", ("x", "c", "y"), rows)
    means = []
    for flags in ([], ["--class-weights", "balanced"]):
        train(data, tmp_path / "m", "--epochs", 20, *flags)
        answers = read_csv(lanewise("predict", "--model", tmp_path / "m", "--data", data).stdout)
        column = [name for name in answers[0] if "1" in name][-1]
        means.append(sum(float(row[column]) for row in answers) / len(answers))
    assert means[1] > means[0] + 0.1


def test_accumulated_batches_are_one_of_all_their_rows(tmp_path, table):
    for name, flags in {"a": ["--batch", 8, "--accumulate", 5], "b": ["--batch", 40]}.items():
        train(table, tmp_path / name, "--epochs", 3, *flags)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_config_leaves_out_several_columns(tmp_path):
    rows = [(x, c, 1 - y, y) for x, c, y in small_rows()]
    data = write_csv(tmp_path / "t.csv", ("x", "c", "n", "y"), rows)
    (tmp_path / "c.json").write_text(json.dumps({"drop": ["c", "n"]}))
    assert train(data, tmp_path / "m", "--epochs", 2, "--config", tmp_path / "c.json")["features"] == 1


def test_a_config_names_losses_and_weights(tmp_path, table):
    config = {"data": str(table), "target": "y", "model": str(tmp_path / "a"), "epochs": 3, "quick": True,
              "loss": "cross_entropy:smoothing=0.1", "class-weights": {"0": 1, "1": 2}}
    (tmp_path / "c.json").write_text(json.dumps(config))
    lanewise("train", "--config", tmp_path / "c.json")
    lanewise("train", "--data", table, "--target", "y", "--model", tmp_path / "b", "--epochs", 3, "--quick", "--loss",
             "cross_entropy:smoothing=0.1", "--class-weights", "0=1", "--class-weights", "1=2")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
