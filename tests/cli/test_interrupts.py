"""Ctrl-C and SIGTERM: a message, exit code 130, and no file left unfinished."""

import json
import signal
import subprocess
import time

import pytest
from program import PROGRAM, interrupt, without_build_warning

ROWS = b"x,c,y\n" + b"1,u,0\n2,v,1\n" * 50


def begun(command, folder, ready, **options):
    """A run that waits for more rows on its standard input, once `ready` holds."""
    run = subprocess.Popen([PROGRAM, *map(str, command)], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, **options)
    run.stdin.write(ROWS)
    run.stdin.flush()
    patience = time.monotonic() + 30
    while not ready(run):
        assert run.poll() is None and time.monotonic() < patience
        time.sleep(0.01)
    return run


def waits_for_rows(run):
    """Signals are awaited on a thread of their own."""
    with open(f"/proc/{run.pid}/status") as status:
        return "SigBlk:\t0000000000004002" in status.read()


def end(run, signal, rows_end=False):
    """The rows go on until the run has ended, unless `rows_end`: then they end with the signal."""
    run.send_signal(signal)
    rows = run.stdin
    if not rows_end:
        run.stdin = None  # which communicate() would close
    out, err = run.communicate(timeout=30)
    rows.close()
    return run.returncode, out.decode(), without_build_warning(err.decode())


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_a_temporary_file_is_removed(tmp_path, model, which):
    (tmp_path / "out.csv").write_text("before")
    command = ("predict", "--model", model, "--data", "-", "--output", "out.csv")
    run = begun(command, tmp_path, lambda run: list(tmp_path.glob(".out.csv*")) and waits_for_rows(run))
    assert end(run, which) == (130, "", "lanewise predict: interrupted; no file is left unfinished\n")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("out.csv", "before")]


def test_where_a_shell_ignores_interrupts(tmp_path):
    ignore = lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)
    code, _, err = end(begun(["inspect", "-"], tmp_path, waits_for_rows, preexec_fn=ignore), signal.SIGINT)
    assert code == 130 and "interrupted" in err


@pytest.mark.parametrize("command", [
    ["evaluate", "--data", "-"], ["inspect", "-"], ["prune", "--data", "-", "--output", "out"],
    ["train", "--data", "-", "--target", "y"]], ids=lambda command: command[0])
def test_while_rows_are_read(tmp_path, model, command):
    if command[0] != "inspect":
        command = [*command, "--model", "new" if command[0] == "train" else model]
    code, out, err = end(begun(command, tmp_path, waits_for_rows), signal.SIGINT)
    assert code == 130 and out == "" and err == f"lanewise {command[0]}: interrupted; no file is left unfinished\n"
    assert not list(tmp_path.iterdir())


def test_as_json(tmp_path):
    code, out, _ = end(begun(["inspect", "-", "--json"], tmp_path, waits_for_rows), signal.SIGINT)
    assert code == 130 and json.loads(out)["error"]["kind"] == "Interrupted"


def test_one_object_whatever_comes_first(tmp_path):
    """The end of the rows and the interrupt, at once."""
    for _ in range(30):
        run = begun(["inspect", "-", "--json"], tmp_path, waits_for_rows)
        code, out, _ = end(run, signal.SIGINT, rows_end=True)
        result = json.loads(out)
        assert (code, result["error"]["kind"]) == (130, "Interrupted") if code else result["rows"] == 100


def test_the_second_one_ends_what_the_first_asked_to_end(tmp_path, table):
    """Whichever the first had time for, no model is half written."""
    flags = ("--data", table, "--target", "y", "--model", tmp_path / "m", "--epochs", 1000000, "--patience", 0)
    code, _, err = interrupt([PROGRAM, "train", *map(str, flags)], signals=2)
    assert code == 130 and "interrupted" in err
    assert {path.name for path in tmp_path.iterdir()} <= {"m", table.name}
