"""Training that is killed and goes on to the same bits. LANEWISE_KILLS: how often, all in all."""

import os
import random
import subprocess

import pytest
from program import PROGRAM, lanewise, refusal, small_rows, write_csv

KILLS = int(os.environ.get("LANEWISE_KILLS", 10))
FLAGS = ("--target", "y", "--epochs", 12, "--quiet", "--folds", 3, "--hidden", "16", "--dropout", "0.1",
         "--accumulate", 2, "--class-weights", "balanced", "--loss", "cross_entropy:smoothing=0.1,focus=1",
         "--optimizer", "adamw:amsgrad", "--no-bias-decay")


def arguments(data, folder, *flags, name="m"):
    return ["train", "--data", data, "--model", folder / name, "--checkpoint", folder / "checkpoints", *FLAGS, *flags]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_csv(tmp_path_factory.mktemp("data") / "t.csv", ("x", "c", "y"), small_rows(400))


@pytest.fixture(scope="module")
def whole(tmp_path_factory, data):
    """The model of a run that nothing interrupts."""
    model = tmp_path_factory.mktemp("whole") / "m"
    lanewise("train", "--data", data, "--model", model, *FLAGS)
    return model.read_bytes()


def kept(folder):
    return sorted((folder / "checkpoints").glob("*.safetensors"), key=lambda p: int(p.stem.split("-")[1]))


def start(command):
    return subprocess.Popen([PROGRAM, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_after(command, folder, checkpoints):
    """Kills the run as soon as so many more checkpoints are there; False: it ended before that."""
    def newest():
        files = kept(folder) if (folder / "checkpoints").exists() else []
        return int(files[-1].stem.split("-")[1]) if files else 0

    process = start(command)
    before = newest()
    while process.poll() is None:
        try:
            if newest() >= before + checkpoints:
                process.kill()
                process.wait()
                return True
        except OSError:  # a file went while it was looked at
            continue
    assert process.returncode == 0
    return False


@pytest.mark.parametrize("threads", [1, 2])
def test_killed_at_any_moment_it_ends_with_the_same_bits(tmp_path, data, whole, threads):
    draw = random.Random(threads)
    runs = kills = 0
    while kills < KILLS / 2:
        folder = tmp_path / f"{runs}"
        folder.mkdir()
        runs += 1
        command = arguments(data, folder, "--checkpoint-every", "0s", "--resume", "--threads", threads)
        while kill_after(command, folder, draw.randrange(1, 40)):
            kills += 1
        assert (folder / "m").read_bytes() == whole
        assert len(kept(folder)) == 2 and not list((folder / "checkpoints").glob(".*"))


def interrupted(data, folder):
    """Two checkpoints of a run that was killed on its way."""
    assert kill_after(arguments(data, folder, "--checkpoint-every", "0s"), folder, 9)
    return kept(folder)


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path, data, whole):
    *_, newest = interrupted(data, tmp_path)
    damaged = bytearray(newest.read_bytes())
    damaged[-5] ^= 1
    newest.write_bytes(damaged)
    said = lanewise(*arguments(data, tmp_path, "--resume")).stderr
    assert newest.name in said and "damaged" in said and "the checkpoint before it is used" in said
    assert (tmp_path / "m").read_bytes() == whole


def test_when_all_are_damaged_it_says_so(tmp_path, data):
    for checkpoint in interrupted(data, tmp_path):
        checkpoint.write_bytes(checkpoint.read_bytes()[:-1])
    assert "no checkpoint is whole" in refusal(*arguments(data, tmp_path, "--resume"))


def test_another_run_is_not_resumed(tmp_path, data):
    interrupted(data, tmp_path)
    says = refusal(*arguments(data, tmp_path, "--resume", "--lr", 0.01, "--batch", 8))
    assert "lr is 0.01, not 0.001" in says and "batch is 8, not 32" in says
    says = refusal(*arguments(data, tmp_path, "--resume", "--loss", "cross_entropy", "--optimizer", "sgd:nesterov"))
    for part in ("smoothing is 0.0, not 0.1", "focus is 0.0, not 1.0", "nesterov is true, not false", 'optimizer is "momentum"'):
        assert part in says
    other = write_csv(tmp_path / "other.csv", ("x", "c", "y"), small_rows(400, seed=2))
    assert "the data differ" in refusal(*arguments(other, tmp_path, "--resume"))
    assert "holds the checkpoints of an earlier run" in refusal(*arguments(data, tmp_path))


def test_resume_without_a_checkpoint_begins(tmp_path, data, whole):
    assert "starts from the beginning" in lanewise(*arguments(data, tmp_path, "--resume")).stderr
    assert (tmp_path / "m").read_bytes() == whole
    assert kept(tmp_path) == []  # it took less than 30 seconds


def test_the_log_of_a_resumed_run_is_whole(tmp_path, data):
    log = ("--log", tmp_path / "log")
    kill_after(arguments(data, tmp_path, "--checkpoint-every", "0s", *log), tmp_path, 60)
    lanewise(*arguments(data, tmp_path, "--resume", *log))
    assert len((tmp_path / "log").read_text().splitlines()) == 12 + 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told_before_the_work(tmp_path, data):
    (tmp_path / "checkpoints").mkdir(mode=0o500)
    assert "can't be written" in refusal(*arguments(data, tmp_path))


# As on a full disk, write() fails: here from a limit on the size of files.
def test_a_full_disk_keeps_the_checkpoint_before(tmp_path, data):
    before = [(path, path.read_bytes()) for path in interrupted(data, tmp_path)]
    limited = ["bash", "-c", 'ulimit -f 4; exec "$@"', "-", PROGRAM]
    command = [*limited, *map(str, arguments(data, tmp_path, "--resume", "--checkpoint-every", "0s"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "nothing was overwritten" in done.stderr, done.stderr
    assert [(path, path.read_bytes()) for path, _ in before] == before
    assert not list((tmp_path / "checkpoints").glob(".*"))


@pytest.mark.parametrize("flags, says", [
    (["--resume"], "--resume needs --checkpoint"),
    (["--checkpoint-every", "30s"], "--checkpoint-every requires --checkpoint"),
    (["--checkpoint", "c", "--checkpoint-every", "30"], "isn't a time as 30s or 5m"),
    (["--checkpoint", "c", "--checkpoint-every", "-1s"], "isn't a time as 30s or 5m"),
    (["--checkpoint", "c", "--checkpoint-every", "infs"], "isn't a time as 30s or 5m"),
])
def test_wrong_flags(tmp_path, data, flags, says):
    assert says in refusal("train", "--data", data, "--target", "y", "--model", tmp_path / "m", *flags, code=2)
