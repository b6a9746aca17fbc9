"""Wrong usage: exit code 2, and what to write instead."""

import json
import os
import subprocess

import pytest
from program import PROGRAM, answer, lanewise, refusal

WRONG = [
    (["--epochs", "0"], "--epochs: must be 1 or more, not 0"),
    (["--epochs", "1e3"], "--epochs: must be a whole number, not '1e3'"),
    (["--epochs", "2", "--epochs", "1.5"], "--epochs: must be a whole number, not '1.5'"),
    (["--epochs", "99999999999"], "--epochs: must be 2147483647 or less, not 99999999999"),
    (["--epochs"], "--epochs needs a value"),
    (["--epoch", "3"], "no flag --epoch; did you mean --epochs?"),
    (["--lr", "-1"], "--lr: must be greater than 0, not -1"),
    (["--lr", "fast"], "--lr: 'fast' isn't a number"),
    (["--lr", "nan"], "--lr: must be greater than 0, not nan"),
    (["--hidden", "0"], "--hidden: a layer has 0 units"),
    (["--hidden", "12,"], "isn't a list of sizes"),
    (["--hidden", "64,x"], "isn't a list of sizes"),
    (["--batch", "-5"], "--batch: must be 0 or more"),
    (["--accumulate", "0"], "--accumulate: must be 1 or more"),
    (["--seed", "-1"], "--seed: must be 0 or more"),
    (["--seed", "9223372036854775808"], "--seed: must be 4294967295 or less, not 9223372036854775808"),
    (["--memory", "infG"], "--memory: 'infG' isn't a size as 512M or 4G"),
    (["--memory", "1e300T"], "--memory: '1e300T' isn't a size as 512M or 4G"),
    (["--memory", "9e7T"], "--memory: '9e7T' isn't a size as 512M or 4G"),
    (["--log", ""], "--log: must not be empty"),
    (["--drop", "y"], "--drop: 'y' is the target"),
    (["--momentum", "0.5"], "--momentum is for momentum, not adamw"),
    (["--optimizer", "rmsprop", "--momentum", "0.5"], "--momentum is for momentum, not rmsprop"),
    (["--optimizer", "sgd", "--beta1", "0.5"], "--beta1 is for adam and adamw, not sgd"),
    (["--optimizer", "momentum", "--epsilon", "1"], "--epsilon is for adam, adamw, rmsprop and adagrad, not momentum"),
    (["--threads", "0"], "--threads: must be 1 or more"),
    (["--patience", "-1"], "--patience: must be 0 or more"),
    (["--validation", "1"], "--validation: must be at least 0 and below 1"),
    (["--test-fraction", "1.5"], "--test-fraction: must be at least 0 and below 1"),
    (["--folds", "0"], "--folds: must be 1 or more, not 0"),
    (["--folds", "4", "--quick"], "--quick"),
    (["--validation", "0.2"], "add --quick"),
    (["--test", "t.csv", "--test-fraction", "0.2"], "--test"),
    (["--activation", "rulu"], "unknown activation 'rulu'; known: identity"),
    (["--optimizer", "lion"], "adamw"),
    (["--optimizer", "momentum:nestrov"], "momentum has no option 'nestrov'; it has: momentum, dampening, nesterov"),
    (["--optimizer", "adamw:amsgrad=1"], "--optimizer: amsgrad takes no value"),
    (["--optimizer", "sgd:momentum=x"], "--optimizer: 'x' isn't a number for momentum"),
    (["--optimizer", "sgd:momentum=1"], "momentum is 1, expected 0 ≤ momentum < 1"),
    (["--loss", "hinge"], "unknown loss 'hinge'"),
    (["--loss", "mean_squared_error:1"], "mean_squared_error has no options"),
    (["--loss", "huber:1.5"], "the loss huber is for numbers, but the target is binary; use a cross-entropy"),
    (["--loss", "cross_entropy:smoothing=1"], "smoothing is 1, expected 0 ≤ smoothing < 1"),
    (["--class-weights", "fair"], "is neither 'balanced' nor LABEL=WEIGHT"),
    (["--class-weights", "2=3"], "no class of 'y' is called '2'; there are: 0, 1"),
    (["--class-weights", "1=-3"], "class weights: that of '1' is -3, expected a number > 0"),
    (["--executor", "turbo"], "there are: fused, vectorized, loop"),
    (["--task", "ranking"], "known: binary, multiclass, regression"),
    (["--type", "x"], "isn't COLUMN=TYPE"),
    (["--type", "x=number"], "known: numeric, categorical"),
    (["--separator", "ab"], "--separator must be one character"),
    (["--header", "--no-header"], "header"),
    (["extra"], "unexpected argument 'extra'; rows are given with --data"),
]


@pytest.mark.parametrize("flags, says", WRONG, ids=[" ".join(f) for f, _ in WRONG])
def test_wrong_flags(tmp_path, table, flags, says):
    model = tmp_path / "m.safetensors"
    message = refusal("train", "--data", table, "--target", "y", "--model", model, *flags, code=2)
    assert says in message
    assert not model.exists()


@pytest.mark.parametrize("command, says", [
    (["plan", "10-2", "--samples", "0"], "--samples: must be 1 or more, not 0"),
    (["plan", "10-2", "20-3"], "unexpected argument '20-3'"),
    (["neighbors", "q.npy", "x.npy", "--metric", "manhattan"], "--metric: must be cosine, dot or l2, not manhattan"),
    (["prune", "--share", "2"], "--share: must be from 0 to 1, not 2"),
    (["normalize", "a.npy", "b.npy", "--nan", "drop"], "--nan: must be fail or ignore, not drop"),
    (["normalize", "a.npy", "b.npy", "--keep", "x"], "--keep: must be a whole number, not 'x'"),
    (["predict", "--output", ""], "--output: must not be empty"),
    (["generate", "circles", "c.npy", "--inner", "wide"], "--inner: 'wide' isn't a number"),
    (["cost", "10"], "lanewise cost: '10' isn't a network"),
    (["plan", "10"], "lanewise plan: '10' isn't a network"),
])
def test_wrong_flags_of_other_commands(command, says):
    assert says in refusal(*command, code=2)


def test_the_last_of_several_values_counts():
    assert lanewise("cost", "10-2", "--samples", 3, "--samples", 4).stdout == \
        lanewise("cost", "10-2", "--samples", 4).stdout


def test_required_flags():
    assert "--data is required" in refusal("train", code=2)


def test_no_command_and_unknown_commands():
    assert "lanewise COMMAND" in lanewise(code=2).stderr
    assert "no command 'trian'; did you mean train?" in refusal("trian", code=2)


def test_the_overview_fits_80_columns():
    text = lanewise("--help").stdout
    assert text == lanewise("help").stdout and max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("command", ["train", "predict", "evaluate", "prune", "inspect", "explain", "cost", "generate"])
def test_help_fits_80_columns(command):
    text = lanewise(command, "--help").stdout
    assert text == lanewise("help", command).stdout
    assert f"Usage: lanewise {command}" in text and "--json" in text
    assert max(map(len, text.splitlines())) <= 80


def test_version():
    version = answer("--version")
    assert set(version) == {"version", "compiler", "build", "isa"}
    assert lanewise("--version").stdout.startswith(f"lanewise {version['version']} (")


def test_a_build_that_is_no_release_warns_once():
    said = subprocess.run([PROGRAM, "cost", "2-1"], capture_output=True, text=True, check=True).stderr
    build = answer("--version")["build"]
    warning = f"lanewise cost: warning: this is a {build} build: much slower than a Release build\n"
    assert said == ("" if build == "Release" else warning)


def test_errors_as_json(tmp_path):
    error = answer("train", "--data", tmp_path / "no.csv", "--target", "y", "--model", tmp_path / "m", code=1)["error"]
    assert error["kind"] == "IoError" and "no.csv" in error["message"]
    assert answer("train", code=2)["error"]["kind"] == "UsageError"


def config(tmp_path, values):
    path = tmp_path / "config.json"
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    return path


def test_a_config_gives_flags(tmp_path, table):
    model = tmp_path / "m.safetensors"
    values = {"data": str(table), "target": "y", "model": str(model), "hidden": [8, 4], "epochs": 2, "quiet": True, "quick": True,
              "type": {"x": "numeric"}, "drop": ["c"]}
    trained = answer("train", "--config", config(tmp_path, values), "--epochs", 3)
    assert trained["epochs"] == 3 and trained["network"] == [1, 8, 4, 1]


def test_a_config_asks_for_json(tmp_path, table):
    values = {"data": str(table), "target": "y", "model": str(tmp_path / "m"), "epochs": 1, "quick": True, "json": True}
    assert json.loads(lanewise("train", "--config", config(tmp_path, values)).stdout)["epochs"] == 1


def test_options_of_an_optimizer_in_a_config_are_for_it(tmp_path, table):
    values = {"data": str(table), "target": "y", "model": str(tmp_path / "m"), "epochs": 1, "quick": True,
              "optimizer": "momentum", "momentum": 0.5}
    path = config(tmp_path, values)
    lanewise("train", "--config", path)
    assert "--momentum is for momentum, not adam" in refusal("train", "--config", path, "--optimizer", "adam", code=2)
    path = config(tmp_path, values | {"optimizer": "momentum:momentum=0.5", "momentum": None})
    lanewise("train", "--config", path, "--optimizer", "adam")


@pytest.mark.parametrize("count", ["foo", "0", "-1", "2x"])
def test_a_number_of_threads_in_the_environment_that_is_none(count):
    said = lanewise("inspect", "--machine", env={**os.environ, "LANEWISE_NUM_THREADS": count})
    assert said.stderr == f"lanewise: LANEWISE_NUM_THREADS: '{count}' isn't a number from 1\n"


@pytest.mark.parametrize("values, code, says", [
    ("{", 1, "not JSON at byte"),
    ("[1]", 2, "must hold a JSON object"),
    ({"epoch": 3}, 2, "no flag 'epoch'; did you mean --epochs?"),
    ({"epochs": True}, 2, "'epochs' needs a value, not true"),
    ({"quiet": 3}, 2, "'quiet' must be true or false"),
    ({"epochs": 0}, 2, "--epochs: must be 1 or more"),
])
def test_a_wrong_config(tmp_path, table, values, code, says):
    message = refusal("train", "--config", config(tmp_path, values), "--data", table, "--target", "y", "--model",
                      tmp_path / "m", code=code)
    assert says in message
