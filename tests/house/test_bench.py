"""The arithmetic of the benchmarks: which peer counts, what is a difference, how tables look."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

import against  # noqa: E402
import epoch  # noqa: E402
import extrapolation  # noqa: E402
import report  # noqa: E402
import sweep  # noqa: E402
import sweep_report  # noqa: E402
from contestants import Failed, Job, environment  # noqa: E402


def result(threads, **minima):
    libraries = {name: {"min": seconds, "median": 2 * seconds} for name, seconds in minima.items()}
    return {"workload": "tanh", "threads": threads, "flops": 0, "bytes": 8e9, "libraries": libraries,
            "peak_flops_per_second": 1e11, "peak_bytes_per_second": 1e10 * threads}


def test_the_best_peer_may_be_one_with_fewer_threads():
    results = [result(1, lanewise=2, numpy=3, jax=5), result(2, lanewise=1, numpy=4, jax=3.5)]
    assert sweep_report.best_peer(results, results[1], "min") == (3, "numpy")
    assert sweep_report.best_peer(results, results[0], "median") == (6, "numpy")


def test_the_roofline_is_the_best_of_the_sitting():
    results = [result(1, lanewise=2), result(1, lanewise=2)]
    results[0]["peak_bytes_per_second"] = 5e9
    assert sweep_report.roofline_fraction(results, results[0]) == pytest.approx(0.4)


@pytest.mark.parametrize("theirs, agrees", [(1.00005, True), (1.001, False), (float("nan"), False)])
def test_results_are_compared(theirs, agrees):
    lines = {"lanewise": [{"value": 1.0}], "jax": [{"value": theirs}]}
    if agrees:
        sweep.check_agreement(Job("tanh", 10, 1), "jax", lines)
    else:
        with pytest.raises(Failed, match="tanh: jax has"):
            sweep.check_agreement(Job("tanh", 10, 1), "jax", lines)


def test_peers_run_without_the_settings_that_slow_openblas(monkeypatch):
    monkeypatch.setenv("OPENBLAS_L2_SIZE", "1")
    monkeypatch.setenv("LANEWISE_EXECUTOR", "loop")
    env = environment(1, "jax")
    assert "OPENBLAS_L2_SIZE" not in env and env["LANEWISE_EXECUTOR"] == "loop"


def test_a_difference_needs_significance():
    now, then = [1.0 + i / 100 for i in range(10)], [2.0 + i / 100 for i in range(10)]
    assert against.row("x", now, then)[-1] == "faster"
    assert against.row("x", then, now)[-1] == "slower"
    assert against.row("x", now, list(reversed(now)))[-1] == "same"


def test_tables_are_aligned():
    assert report.table(["a", "b"], [["long", 1]]) == "| a    |  b |\n| ---- | -: |\n| long |  1 |"


def test_a_line_through_three_sizes():
    start, each, off = extrapolation.line([(1, 3), (2, 5), (4, 9)])
    assert (start, each, off) == (pytest.approx(1), pytest.approx(2), pytest.approx(0))
    assert extrapolation.line([(1, 1), (2, 1), (3, 2)])[2] == pytest.approx(1 / 3)


def epochs(loss, *seconds):
    return [{"seconds": s, "value": loss} for s in seconds]


def test_an_epoch_counts_with_the_threads_that_serve_best():
    timed = {("lanewise", 1): epochs(0.30, 2, 3), ("lanewise", 2): epochs(0.30, 1, 2), ("jax", 1): epochs(0.301, 4, 1.5),
             ("jax", 2): epochs(0.301, 2, 2)}
    assert [row[1:6] for row in epoch.rows("recipe", epoch.best(timed))] == [
        ["lanewise", 2, "1000", "1500", "1.00"], ["jax", 1, "1500", "2750", "1.50"]]
    assert epoch.disagreement(timed) is None
    timed["jax", 2] = epochs(0.31, 2)
    assert epoch.disagreement(timed).startswith("jax has the loss 0.31")


def test_epochs_are_timed(tmp_path):
    """Ours writes what is trained; the loss of each epoch is below that of the one before."""
    if not epoch.OURS.exists():
        pytest.skip("./dev bench epoch builds it")
    file = tmp_path / "table.csv"
    file.write_text("a,y\n" + "".join(f"{i % 7},{'no' if i % 7 < 3 else 'yes'}\n" for i in range(200)))
    command = [epoch.OURS, "recipe", file, "--target", "y", "--networks", 2, "--export", tmp_path]
    done = subprocess.run(list(map(str, command)), input="\n\n\n", capture_output=True, text=True, timeout=60)
    losses = [json.loads(line)["value"] for line in done.stdout.splitlines()]
    assert len(losses) == 3 and sorted(losses, reverse=True) == losses, done.stderr
    assert {f.name for f in tmp_path.iterdir()} >= {"x.npy", "y.npy", "folds.npy", "first.npz", "recipe.json"}


def test_operations_are_timed_beside_numpy():
    """All of them on few elements: each gives what NumPy does."""
    script = Path(__file__).parents[2] / "bench/operations.py"
    command = [sys.executable, script, "--elements", "20000", "--rounds", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert "times as fast as NumPy" in lines[1] and len(lines) > 400
    ratios = [float(line.split("|")[-2]) for line in lines[5:]]
    assert sorted(ratios) == ratios


def test_files_larger_than_memory_have_the_same_bits(tmp_path):
    """Files of 360 MB in a cgroup of 342, the least that training takes."""
    script = Path(__file__).parents[2] / "bench/larger_than_memory.py"
    command = [sys.executable, script, "--size", "360M", "--memory", "342M", "--folder", tmp_path]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    if "skipped" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("same") == 3
    assert not list(tmp_path.iterdir())
