"""Damaged model files, and places that can't be written."""

import os
import resource
import shutil
import subprocess

import pytest
from program import PROGRAM, lanewise, refusal, small_rows, without_build_warning, write_csv


def test_truncated_models_are_refused(tmp_path, model, table):
    whole = model.read_bytes()
    path = tmp_path / "m.safetensors"
    for size in [*range(0, len(whole), 1024), len(whole) - 1]:
        path.write_bytes(whole[:size])
        assert str(path) in refusal("predict", "--model", path, "--data", table)


def test_flipped_bytes_are_refused(tmp_path, model, table):
    whole = bytearray(model.read_bytes())
    path = tmp_path / "m.safetensors"
    header = 8 + int.from_bytes(whole[:8], "little")
    for at in [*range(0, 8), *range(8, header, 97), *range(header, len(whole), 2999)]:
        damaged = bytearray(whole)
        damaged[at] ^= 0x20
        path.write_bytes(damaged)
        assert str(path) in refusal("predict", "--model", path, "--data", table)


@pytest.mark.parametrize("bytes_", [b"", b"x,y\n1,2\n", bytes(4096), b"\xff" * 64])
def test_other_files_are_no_models(tmp_path, table, bytes_):
    path = tmp_path / "m.safetensors"
    path.write_bytes(bytes_)
    assert str(path) in refusal("predict", "--model", path, "--data", table)


def test_a_folder_that_is_absent(tmp_path, table):
    message = refusal("train", "--data", table, "--target", "y", "--model", tmp_path / "no/m.safetensors")
    assert "can't be written" in message and "nothing was overwritten" in message


def test_a_folder_that_is_read_only(tmp_path, table):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    (tmp_path / "ro").mkdir(mode=0o500)
    assert "can't be written" in refusal("train", "--data", table, "--target", "y", "--model", tmp_path / "ro/m")


def test_stdout_that_is_full(model, table):
    with open("/dev/full", "w") as full:
        done = subprocess.run([PROGRAM, "predict", "--model", model, "--data", table], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert "<stdout>: can't be written: No space left" in done.stderr


def test_stdout_that_is_closed(model, table):
    process = subprocess.Popen([PROGRAM, "predict", "--model", model, "--data", table], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True)
    process.stdout.close()
    assert process.wait(60) == 1
    assert without_build_warning(process.stderr.read()) == ""


def test_a_file_that_may_not_grow(tmp_path, table):
    model = tmp_path / "m.safetensors"
    model.write_bytes(b"old")
    message = refusal("train", "--data", table, "--target", "y", "--model", model, "--epochs", 1, "--quiet",
                      preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000)))
    assert "can't be written: File too large; nothing was overwritten" in message
    assert model.read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["m.safetensors", "table.csv"]


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 KiB."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a small tmpfs needs a privilege that this process lacks")
    yield mount
    subprocess.run(["umount", mount], check=True)


def test_a_full_disk_keeps_the_old_model(small_disk, table):
    model = small_disk / "m.safetensors"
    model.write_bytes(b"old")
    wide = ["--hidden", "256,256", "--epochs", 1]
    message = refusal("train", "--data", table, "--target", "y", "--model", model, "--quiet", *wide)
    assert "no space left on the device; nothing was overwritten" in message
    assert model.read_bytes() == b"old" and len(list(small_disk.iterdir())) == 1


def test_a_full_disk_keeps_old_predictions(small_disk, tmp_path, model):
    data = write_csv(tmp_path / "d.csv", ("x", "c", "y"), small_rows(5000))
    out = small_disk / "out.csv"
    out.write_bytes(b"old")
    assert "no space left" in refusal("predict", "--model", model, "--data", data, "--output", out)
    assert out.read_bytes() == b"old"


def test_inspect_tells_of_a_model_that_is_damaged(tmp_path, model):
    path = tmp_path / "m.safetensors"
    path.write_bytes(model.read_bytes()[:-1])
    assert str(path) in refusal("inspect", path)
    assert "parameters" in lanewise("inspect", model).stdout
