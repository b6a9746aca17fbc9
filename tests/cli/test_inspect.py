"""lanewise inspect of files of any size: a pass over them, with the numbers that the whole would have."""

import os
import random
import subprocess

import numpy as np
import pytest
from program import PROGRAM, SANITIZED, answer, lanewise, refusal, write_csv


@pytest.fixture(scope="module")
def x():
    values = np.random.default_rng(1).lognormal(0, 3, (90_000, 61)).astype(np.float32)  # more than a run holds
    values[::7, 3] = np.nan
    values[5, 1:4] = np.inf
    return values


def expected(x):
    """The sum as the program makes it: in row-major order, in float64."""
    finite = x[np.isfinite(x)].astype(float)
    mean = np.add.accumulate(finite)[-1] / finite.size if finite.size else None
    return {"shape": list(x.shape), "least": finite.min(initial=np.inf) if finite.size else None,
            "most": finite.max(initial=-np.inf) if finite.size else None, "mean": mean,
            "not_finite": x.size - finite.size}


def inspected(path):
    return {name: {k: v for k, v in array.items() if k != "dtype"}
            for name, array in answer("inspect", path)["arrays"].items()}


def test_an_array_in_any_layout(tmp_path, x):
    files = {"rows.npy": x, "fortran.npy": np.asfortranarray(x), "wide.npy": np.ascontiguousarray(x.T),
             "deep.npy": x.reshape(300, 300, 61), "deep_fortran.npy": np.asfortranarray(x.reshape(300, 300, 61)),
             "flat.npy": x.ravel(), "one.npy": x[:1], "swapped.npy": x.astype(">f4"), "double.npy": x.astype(float)}
    for name, array in files.items():
        np.save(tmp_path / name, array)
        assert inspected(tmp_path / name) == {"": expected(array)}, name
    text = lanewise("inspect", tmp_path / "rows.npy").stdout
    assert "(90000, 61)" in text and "not finite" in text and "12,861" in text


def test_files_that_are_one(tmp_path, x):
    for k in range(3):
        np.save(tmp_path / f"part-{k}.npy", x[30_000 * k : 30_000 * (k + 1)])
    assert inspected(tmp_path / "part-*.npy") == {"": expected(x)}
    np.save(tmp_path / "part-3.npy", x[:, :5])
    assert "part-3.npy holds samples of shape (5,)" in refusal("inspect", tmp_path / "part-*.npy")
    assert "no file matches" in refusal("inspect", tmp_path / "none-*.npy")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_the_arrays_of_an_archive(tmp_path, x, save):
    arrays = {"x": x, "fortran": np.asfortranarray(x[:999]), "deep": np.asfortranarray(x[:60].reshape(30, 2, 61)),
              "scalar": np.array(2.5), "empty": np.zeros((0, 3)), "narrow": np.zeros((3, 0)),
              "truth": np.array([True, False]), "whole": np.arange(-5, 9), "nowhere": np.full(3, np.nan)}
    save(tmp_path / "a.npz", **arrays)
    found = inspected(tmp_path / "a.npz")
    assert list(found) == sorted(arrays)
    assert found == {name: expected(array) for name, array in arrays.items()}
    assert inspected(f"{tmp_path}/a.npz:scalar") == {"scalar": expected(arrays["scalar"])}
    assert "there are: x, fortran" in refusal("inspect", f"{tmp_path}/a.npz:y")


def test_a_damaged_archive(tmp_path, x):
    np.savez(tmp_path / "a.npz", x=x)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    content[len(content) // 2] ^= 1
    (tmp_path / "a.npz").write_bytes(content)
    assert "its checksum is wrong" in refusal("inspect", tmp_path / "a.npz")


@pytest.mark.parametrize("array", [np.array(7), np.asfortranarray(np.ones((2, 3, 4))), np.zeros((2, 0))])
def test_arrays_of_odd_shapes(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    assert inspected(tmp_path / "a.npy") == {"": expected(array)}


@pytest.mark.skipif(SANITIZED, reason="what is measured is the memory of a sanitizer")
@pytest.mark.parametrize("shape", [(1 << 20, 128), (2, 1 << 26)])
def test_memory_does_not_grow_with_the_file(tmp_path, shape):
    np.lib.format.open_memmap(tmp_path / "a.npy", "w+", np.float64, shape)  # 1 GiB of zeros, none on the disk
    run = subprocess.Popen([PROGRAM, "inspect", tmp_path / "a.npy"], stdout=subprocess.DEVNULL)
    _, run.returncode, usage = os.wait4(run.pid, 0)
    assert run.returncode == 0 and usage.ru_maxrss < 600 << 10


def test_damage(tmp_path, x):
    np.save(tmp_path / "a.npy", x)
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(whole[:-4])
    assert "truncated at offset" in refusal("inspect", tmp_path / "a.npy")


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    """More than a block of text; a column that turns to text late, one that is infinite once."""
    draw, cities = random.Random(1), ["Bonn", "Köln", "Ulm", ""]
    rows = [(k, draw.gauss(0, 1), draw.choice(cities), f"K{k % 5000}", k % 97 if k < 250_000 else f"x{k % 5}", 7,
             "inf" if k == 99 else k % 2) for k in range(300_000)]
    return write_csv(tmp_path_factory.mktemp("inspect") / "t.csv", ("id", "x", "city", "code", "late", "c", "b"), rows)


def test_a_table_is_told_as_if_it_were_whole(csv):
    streamed = lanewise("inspect", csv, "--json")
    with open(csv) as file:
        whole = lanewise("inspect", "-", "--json", stdin=file)
    assert streamed.stdout == whole.stdout.replace("<stdin>", str(csv))
    assert streamed.stderr == whole.stderr
    for part in ("column 'late' is taken as text: 250000 of 300000", "column 'b' is infinite or exceeds float32 (3.4e38) in 1 values"):
        assert part in streamed.stderr
    table = answer("inspect", csv)
    columns = {c["name"]: c for c in table["columns"]}
    assert table["rows"] == 300_000 and columns["id"]["type"] == "identifier" and columns["b"]["missing"] == 1
    assert columns["late"]["distinct"] == 102 and columns["late"]["commonest"][0] == {"value": "x0", "rows": 10_000}
    assert [v["value"] for v in columns["code"]["commonest"][:3]] == ["K0", "K1", "K2"]
    assert "K0, K1 and 4,998 more" in lanewise("inspect", csv).stdout


def test_what_can_be_read_only_once(csv):
    with open(csv) as file:
        assert answer("inspect", "/dev/stdin", stdin=file)["rows"] == 300_000
    small = "a,b\n1,2\n3,4\n"
    assert answer("inspect", "/dev/stdin", input=small)["rows"] == answer("inspect", "-", input=small)["rows"] == 2
