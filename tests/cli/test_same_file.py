"""A file that a command reads is never where it writes."""

import os

import numpy as np
import pytest
from program import lanewise, refusal


@pytest.fixture
def folder(tmp_path, table, model):
    """Files of each kind in the working folder."""
    (tmp_path / "t.csv").write_bytes(table.read_bytes())
    (tmp_path / "m").write_bytes(model.read_bytes())
    (tmp_path / "c.json").write_text("{}")
    np.save(tmp_path / "x.npy", np.eye(8))
    np.savez(tmp_path / "a.npz", x=np.eye(8))
    os.symlink("t.csv", tmp_path / "link")
    return tmp_path


@pytest.mark.parametrize("command, pair", [
    ("train --data t.csv --target y --model t.csv", "--data and --model are the same file, 't.csv'"),
    ("train --data t.csv --target y --model ./link", "--data and --model are the same file, './link'"),
    ("train --data t.csv --target y --model new --test x.npy --log x.npy", "--test and --log"),
    ("train --data t.csv --target y --model new --log ./new", "--model and --log"),
    ("train --data t.csv --target y --model c.json --config c.json", "--config and --model"),
    ("predict --model m --data t.csv --output t.csv", "--data and --output"),
    ("predict --model m --data t.csv --output m", "--model and --output"),
    ("prune --model m --data t.csv --output t.csv", "--data and --output"),
    ("normalize x.npy x.npy", "IN and OUT"),
    ("normalize x.npy y.npy --moments x.npy", "IN and --moments"),
    ("normalize x.npy m --apply m", "--apply and OUT"),
    ("normalize [x].npy x.npy", "IN and OUT"),
    ("normalize a.npz:x a.npz", "IN and OUT"),
    ("cluster x.npy -k 2 --output x.npy", "DATA and --output"),
    ("cluster x.npy -k 2 --output y.npy --labels y.npy", "--output and --labels"),
    ("neighbors x.npy a.npz:x -k 1 --output a.npz", "DATA and --output"),
    ("generate circles y.npy --samples 5 --target-file y.npy", "OUT and --target-file"),
])
def test_it_is_refused(folder, command, pair):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    message = refusal(*command.split(), cwd=folder, code=2)
    assert pair in message and "which would be overwritten; name another one for" in message
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_the_file_that_is_the_standard_input(folder):
    with open(folder / "t.csv") as rows:
        assert "--data and --output" in refusal("predict", "--model", "m", "--data", "-", "--output", "t.csv", cwd=folder,
                                                code=2, stdin=rows)


def test_a_pruned_model_may_take_the_place_of_the_one_before(folder):
    lanewise("prune", "--model", "m", "--data", "t.csv", "--output", "m", "--epochs", 1, cwd=folder)
    lanewise("evaluate", "--model", "m", "--data", "t.csv", cwd=folder)
