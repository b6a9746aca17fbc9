"""A grid of flags over the same splits: ranked, the best one saved."""

import json
import re

import pytest
from program import PROGRAM, answer, interrupt, lanewise, refusal


def arguments(table, model, grid, *flags):
    return ["train", "--data", table, "--target", "y", "--model", model, "--quiet", "--quick", "--epochs", 8,
            "--sweep", grid, *flags]


def test_the_best_of_the_grid_is_saved(tmp_path, table):
    grid = "hidden=8,16:4 lr=1e-5,3e-3"
    trained = answer(*arguments(table, tmp_path / "best", grid))
    rows = trained["sweep"]
    assert [r["log_loss"] for r in rows] == sorted(r["log_loss"] for r in rows)
    assert sorted((r["flags"]["hidden"], r["flags"]["lr"]) for r in rows) == [
        ("16,4", "1e-5"), ("16,4", "3e-3"), ("8", "1e-5"), ("8", "3e-3")]
    best = rows[0]["flags"]
    assert best["lr"] == "3e-3"
    alone = ["train", "--data", table, "--target", "y", "--model", tmp_path / "alone", "--quiet", "--quick", "--epochs", 8]
    lanewise(*alone, *(f"--{flag}={value}" for flag, value in best.items()))
    assert (tmp_path / "alone").read_bytes() == (tmp_path / "best").read_bytes()


def test_losses_are_ranked_by_what_they_share(tmp_path, table):
    """A focal loss is smaller than a cross-entropy of the same answers."""
    rows = answer(*arguments(table, tmp_path / "m", "loss=cross_entropy:focus=8,cross_entropy"))["sweep"]
    assert [row["flags"]["loss"] for row in rows] == ["cross_entropy", "cross_entropy,focus=8"]
    assert rows[0]["log_loss"] < rows[1]["log_loss"]


def test_the_table(tmp_path, table):
    done = lanewise(*arguments(table, tmp_path / "m", "lr=1e-5,3e-3"))
    lines = done.stdout.splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("rank"))
    assert lines[at].split() == ["rank", "lr", "log_loss", "accuracy", "epochs", "seconds"]
    assert re.match(r"1 +3e-3 +0\.\d+ +[01]\.\d+ +8 +\d", lines[at + 1]) and lines[at + 2].startswith("2 ")
    assert "candidate 2 of 2: lr=3e-3" in done.stderr and max(map(len, lines[at:at + 3])) <= 80


def test_what_shares_no_batches_is_trained_on_its_own(tmp_path, table):
    """Two sizes of batches, for each two rates at once; each has the numbers that it has alone."""
    done = lanewise(*arguments(table, tmp_path / "m", "batch=32,64 lr=1e-3,3e-3", "--json"))
    names = [line for line in done.stderr.splitlines() if line.startswith("candidate")]
    assert [name.split()[1] for name in names] == ["1", "2", "3", "4"]
    for row in json.loads(done.stdout)["sweep"]:
        alone = answer("train", "--data", table, "--target", "y", "--model", tmp_path / "alone", "--quiet", "--quick",
                       "--epochs", 8, *(f"--{flag}={value}" for flag, value in row["flags"].items()))
        assert row["accuracy"] == alone["validation"]["accuracy"] and row["epochs"] == alone["epochs"]


def test_ensembles_are_ranked_out_of_fold(tmp_path, table):
    flags = ["train", "--data", table, "--target", "y", "--model", tmp_path / "m", "--epochs", 2, "--folds", 2, "--quiet"]
    trained = answer(*flags, "--sweep", "hidden=4,8")
    assert trained["members"] == 2 and len(trained["sweep"]) == 2


def test_a_combination_that_diverges_leaves_the_others(tmp_path, table):
    """Even where it shares the batches of others; each of these has the numbers that it has alone."""
    done = lanewise(*arguments(table, tmp_path / "m", "lr=3e-3,1e30,1e-3"))
    table_lines = [line for line in done.stdout.splitlines() if re.match(r"(rank|1|2|-) ", line)]
    assert [line.split()[1] for line in table_lines] == ["lr", "3e-3", "1e-3", "1e30"]
    assert table_lines[3].split()[2] == "failed"
    assert re.search(r"lr=1e30: fit: the training loss became (NaN|infinite) in epoch 1; lower", done.stdout)
    rows = answer(*arguments(table, tmp_path / "n", "lr=3e-3,1e30,1e-3"))["sweep"]
    without = answer(*arguments(table, tmp_path / "o", "lr=3e-3,1e-3"))["sweep"]
    assert [r["log_loss"] for r in rows[:2]] == [r["log_loss"] for r in without] and "failure" in rows[2]
    assert (tmp_path / "m").read_bytes() == (tmp_path / "o").read_bytes()


def test_where_all_diverge_it_fails(tmp_path, table):
    said = lanewise(*arguments(table, tmp_path / "m", "lr=1e30,1e31"), code=2).stderr
    assert "every combination failed; lr=1e30: fit: the training loss became" in said
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize("grid, says", [
    (" ", "names no flag"),
    ("lr", "'lr' isn't FLAG=VALUE,VALUE"),
    ("lr=1e-3,,2", "isn't FLAG=VALUE,VALUE"),
    ("lr=fast", "--lr: 'fast' isn't a number"),
    ("hidden=0", "--hidden: a layer has 0 units"),
    ("model=a,b", "'model' can't be swept"),
    ("quick=1", "'quick' can't be swept"),
    ("speed=1", "'speed' can't be swept"),
    ("lr=1e-3 lr=3e-3", "'lr' is named twice; write its values once, as lr=VALUE,VALUE"),
    ("loss=cross_entropy,mean_squared_error", "--sweep: loss=mean_squared_error: the loss mean_squared_error is for numbers"),
    ("class-weights=balanced,2=3", "--sweep: class-weights=2=3: class weights: no class of 'y' is called '2'"),
    ("momentum=0.5,0.9", "--momentum is for momentum, not adamw"),
])
def test_wrong_grids(tmp_path, table, grid, says):
    done = lanewise(*arguments(table, tmp_path / "m", grid), code=2)
    assert says in done.stderr and "epoch" not in done.stderr + done.stdout


def test_a_flag_that_one_of_the_swept_optimizers_takes(tmp_path, table):
    answer(*arguments(table, tmp_path / "m", "optimizer=momentum,adam", "--momentum", 0.5))
    assert "not sgd" in refusal(*arguments(table, tmp_path / "m", "optimizer=sgd,adam", "--momentum", 0.5), code=2)


def test_an_interrupt_leaves_combinations_untrained(tmp_path, table):
    """The first is trained for ever; the two others share no batches with it."""
    flags = ["--data", table, "--target", "y", "--model", tmp_path / "m", "--quick", "--epochs", 1000000, "--patience", 0]
    command = [PROGRAM, "train", *flags, "--sweep", "batch=16,32,64", "--json"]
    code, out, _ = interrupt(list(map(str, command)))
    summary = json.loads(out)
    assert code == 130 and summary["untrained"] == 2
    assert [row["flags"] for row in summary["sweep"]] == [{"batch": "16"}]
    code, out, _ = interrupt(list(map(str, command[:-1])))
    assert code == 130 and "not trained: 2 of 3 combinations" in out and "inf" not in out


def test_what_does_not_go_with_it(tmp_path, table):
    assert "--sweep" in refusal(*arguments(table, tmp_path / "m", "lr=1,2", "--checkpoint", tmp_path / "c"), code=2)
    assert "no rows judge" in refusal(*arguments(table, tmp_path / "m", "lr=1e-3", "--validation", 0), code=2)
