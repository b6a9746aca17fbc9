"""normalize, neighbors and cluster: programs over files of any size. LANEWISE_KILLS: how often one is killed."""

import json
import os
import random
import resource
import subprocess
import time

import numpy as np
import pytest
from program import PROGRAM, answer, lanewise, refusal

KILLS = int(os.environ.get("LANEWISE_KILLS", 10))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("streams")


@pytest.fixture(scope="module")
def x():
    return (np.random.default_rng(1).standard_normal((20_000, 7)) * [1, 2, 3, 4, 5, 6, 0] + 9).astype(np.float32)


@pytest.fixture(scope="module")
def data(folder, x):
    np.save(folder / "x.npy", x)
    return folder / "x.npy"


def standardised(x):
    deviation = x.std(0)
    return (x - x.mean(0)) / np.where(deviation == 0, 1, deviation)


def test_normalize_standardises(folder, data, x):
    said = answer("normalize", data, folder / "s.npy")
    assert said["samples"] == 20_000 and said["features"] == 7 and said["not_finite"] == 0
    result = np.load(folder / "s.npy")
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, standardised(x.astype(float)), atol=2e-5)
    assert not list(folder.glob("*.partial*"))


@pytest.mark.parametrize("method", ["standard", "minmax", "robust"])
def test_layouts_have_the_same_bits(folder, data, x, method):
    lanewise("normalize", data, folder / "rows.npy", "--method", method)
    np.save(folder / "columns.npy", np.ascontiguousarray(x.T))
    lanewise("normalize", folder / "columns.npy", folder / "c.npy", "--axis", "features-first", "--method", method)
    np.save(folder / "fortran.npy", np.asfortranarray(x))
    lanewise("normalize", folder / "fortran.npy", folder / "f.npy", "--method", method)
    for k in range(4):
        np.save(folder / f"part-{k}.npy", x[5000 * k : 5000 * (k + 1)])
    lanewise("normalize", folder / "part-*.npy", folder / "p.npy", "--method", method, "--threads", 1)
    rows = np.load(folder / "rows.npy")
    for other in (np.load(folder / "c.npy").T, np.load(folder / "f.npy"), np.load(folder / "p.npy")):
        assert other.shape == rows.shape
        np.testing.assert_array_equal(other, rows)


def test_moments_scale_other_data(folder, data, x):
    lanewise("normalize", data, folder / "s.npy", "--moments", folder / "m.json")
    np.save(folder / "new.npy", x[:100] + 1)
    lanewise("normalize", folder / "new.npy", folder / "n.npy", "--apply", folder / "m.json", "--dtype", "float64")
    moments = json.loads((folder / "m.json").read_text())
    result = np.load(folder / "n.npy")
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, (x[:100] + 1 - np.float32(moments["centre"])) / np.float32(moments["scale"]),
                               atol=1e-6)
    for flags in (("--method", "robust"), ("--nan", "fail"), ("--keep", 1)):
        assert flags[0] in refusal("normalize", data, folder / "n.npy", "--apply", folder / "m.json", *flags, code=2)
    assert answer("normalize", data, folder / "n.npy", "--apply", folder / "m.json")["not_finite"] is None
    np.save(folder / "narrow.npy", x[:, :3])
    assert "(3,)" in refusal("normalize", folder / "narrow.npy", folder / "n.npy", "--apply", folder / "m.json")


def test_features_that_are_kept(folder, data, x):
    lanewise("normalize", data, folder / "k.npy", "--keep", 0, "--keep", 2, "--moments", folder / "k.json")
    result = np.load(folder / "k.npy")
    np.testing.assert_array_equal(result[:, [0, 2]], x[:, [0, 2]])
    assert abs(result[:, 1].mean()) < 1e-4
    lanewise("normalize", data, folder / "again.npy", "--apply", folder / "k.json")
    np.testing.assert_array_equal(np.load(folder / "again.npy"), result)
    assert f"there are {x.shape[1]}" in refusal("normalize", data, folder / "k.npy", "--keep", x.shape[1])


def test_values_that_are_missing(folder, x):
    holes = x.copy()
    holes[::3, 2] = np.nan
    np.save(folder / "holes.npy", holes)
    said = refusal("normalize", folder / "holes.npy", folder / "h.npy")
    assert "feature 2 is NaN or infinite in 6667 of 20000 samples, first in sample 0" in said and "--nan ignore" in said
    assert not (folder / "h.npy").exists()
    assert answer("normalize", folder / "holes.npy", folder / "h.npy", "--nan", "ignore")["not_finite"] == 6667
    result = np.load(folder / "h.npy")
    np.testing.assert_array_equal(np.isnan(result), np.isnan(holes))
    assert abs(np.nanmean(result[:, 2])) < 1e-4 and abs(np.nanstd(result[:, 2]) - 1) < 1e-4


def test_csv_is_normalized(folder):
    (folder / "t.csv").write_text("a,name,b\n1,x,10\n2,y,20\n3,z,30\n")
    assert answer("normalize", folder / "t.csv", folder / "t.npy")["features"] == 2
    assert "t.csv: left out, since they hold texts: 'name'" in lanewise("normalize", folder / "t.csv", folder / "t.npy").stderr
    np.testing.assert_allclose(np.load(folder / "t.npy")[:, 0], [-1.2247449, 0, 1.2247449], atol=1e-6)


def test_numbers_of_csv_keep_their_digits(folder):
    (folder / "seconds.csv").write_text("t\n" + "".join(f"{1_700_000_000 + s}\n" for s in range(1500)))
    lanewise("normalize", folder / "seconds.csv", folder / "s.npy", "--method", "minmax")
    np.testing.assert_allclose(np.load(folder / "s.npy")[:, 0], np.arange(1500) / 1499, atol=1e-6)


def test_csv_is_read_as_flags_say(folder):
    (folder / "semi.csv").write_text("1;5\n2;-\n30;7\n31;8\n")
    flags = ("--separator", ";", "--no-header", "--missing", "-")
    assert "1 of sample 1 is NaN" in refusal("cluster", folder / "semi.csv", "-k", 2, *flags)
    (folder / "q.csv").write_text("30;7\n")
    found = answer("neighbors", folder / "q.csv", folder / "semi.csv", "-k", 2, "--metric", "l2", *flags)
    assert [n["sample"] for n in found["neighbors"][0]] == [2, 3]


def test_pipes_are_refused(folder):
    os.mkfifo(folder / "pipe.csv")
    for command in (("normalize", folder / "pipe.csv", folder / "o.npy"), ("cluster", folder / "pipe.csv"),
                    ("neighbors", folder / "pipe.csv", folder / "pipe.csv")):
        assert "is a pipe, and must be read twice; save it to a file first" in refusal(*command)


def test_wrong_inputs(folder, data):
    assert "no such" in refusal("normalize", folder / "absent.npy", folder / "o.npy").lower()
    assert "no file matches" in refusal("normalize", folder / "absent-*.npy", folder / "o.npy")
    refusal("normalize", folder, folder / "o.npy")
    assert "--method" in refusal("normalize", data, folder / "o.npy", "--method", "log", code=2)
    cut = folder / "cut.npy"
    cut.write_bytes(data.read_bytes()[:-1000])
    said = refusal("normalize", cut, folder / "o.npy")
    assert "cut.npy" in said
    assert not (folder / "o.npy").exists()


def full_disk():
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))


def test_a_full_disk_leaves_no_result(folder, data):
    said = refusal("normalize", data, folder / "full.npy", preexec_fn=full_disk)
    assert "full.npy" in said
    assert not (folder / "full.npy").exists()


def kill(command, seconds):
    """False: it ended before that."""
    run = subprocess.Popen([PROGRAM, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert run.wait(seconds) == 0
        return False
    except subprocess.TimeoutExpired:
        run.kill()
        run.wait()
        return True


def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(folder):
    """The output is whole or isn't there."""
    lanewise("generate", "embeddings", folder / "big.npy", "--samples", 400_000, "--dimensions", 50)
    begun = time.monotonic()
    lanewise("normalize", folder / "big.npy", folder / "whole.npy")
    took = time.monotonic() - begun
    whole = (folder / "whole.npy").read_bytes()
    draw = random.Random(5)
    result = folder / "killed.npy"
    command = ("normalize", folder / "big.npy", result, "--resume", "--checkpoint-every", "0s")
    kills = resumed = 0
    while kills < KILLS or resumed == 0:
        killed = kill(command, draw.uniform(0, took))
        kills += killed
        if result.exists():
            assert result.read_bytes() == whole
            result.unlink()
        elif (folder / "killed.npy.partial.json").exists():
            resumed = max(resumed, json.loads((folder / "killed.npy.partial.json").read_text())["samples"])
        else:
            took *= 1.1  # nothing was begun: others are using the machine by now
    lanewise(*command)
    assert result.read_bytes() == whole


def test_a_state_that_outlived_its_file_starts_anew(folder, data):
    """As after a kill between the file's last name and the end of the state."""
    lanewise("normalize", data, folder / "whole.npy")
    refusal("normalize", data, folder / "again.npy", preexec_fn=full_disk)
    (folder / "again.npy.partial").unlink(missing_ok=True)
    state = folder / "again.npy.partial.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"samples": 1024}))
    assert answer("normalize", data, folder / "again.npy", "--resume")["resumed_at"] == 0
    assert (folder / "again.npy").read_bytes() == (folder / "whole.npy").read_bytes()
    assert not state.exists()


def test_resuming_another_job_is_refused(folder, data):
    refusal("normalize", data, folder / "o.npy", preexec_fn=full_disk)
    said = refusal("normalize", data, folder / "o.npy", "--resume", "--method", "minmax")
    assert "is of another job" in said
    (folder / "o.npy.partial.json").write_text("{")
    assert "damaged" in refusal("normalize", data, folder / "o.npy", "--resume")


@pytest.mark.parametrize("damage", ["[]", "{}", '{"job": 1, "samples": 2}', '{"samples": 1}'])
def test_a_damaged_state_is_named(folder, data, damage):
    (folder / "d.npy.partial.json").write_text(damage)
    said = refusal("normalize", data, folder / "d.npy", "--resume")
    assert "d.npy.partial.json" in said and ("damaged" in said or "is of another job" in said)
    (folder / "d.npy.partial.json").unlink()


def test_a_link_is_resumed_beside_what_it_leads_to(folder, data):
    lanewise("normalize", data, folder / "whole.npy")
    (folder / "there").mkdir()
    (folder / "there" / "target.npy").write_text("an earlier one")
    (folder / "link.npy").symlink_to(folder / "there" / "target.npy")
    refusal("normalize", data, folder / "link.npy", preexec_fn=full_disk)
    state = folder / "there" / "target.npy.partial.json"
    state.write_text(json.dumps(json.loads(state.read_text()) | {"samples": 1024}))
    assert answer("normalize", data, folder / "link.npy", "--resume")["resumed_at"] == 1024
    assert (folder / "there" / "target.npy").read_bytes() == (folder / "whole.npy").read_bytes()


def test_moments_that_changed_are_another_job(folder, data):
    lanewise("normalize", data, folder / "o.npy", "--moments", folder / "changing.json")
    command = ("normalize", data, folder / "changed.npy", "--apply", folder / "changing.json")
    refusal(*command, preexec_fn=full_disk)
    lanewise("normalize", data, folder / "o.npy", "--method", "minmax", "--moments", folder / "changing.json")
    assert "is of another job" in refusal(*command, "--resume")


def test_where_results_go_is_tried_first(folder, data):
    absent = folder / "absent"
    for command in (("normalize", data, folder / "o.npy", "--moments", absent / "m.json"),
                    ("cluster", data, "-k", 2, "--labels", absent / "l.npy"),
                    ("cluster", data, "-k", 2, "--output", absent / "c.npy"),
                    ("neighbors", data, data, "--output", absent / "n.npz")):
        assert "can't be written" in refusal(*command)
    assert not (folder / "o.npy.partial").exists()


def test_neighbors_are_exact(folder, data, x):
    queries = x[:5, :] + 0.01
    np.save(folder / "q.npy", queries)
    centred = x.astype(float)
    scores = queries.astype(float) @ centred.T / np.linalg.norm(centred, axis=1) / np.linalg.norm(queries, axis=1)[:, None]
    said = answer("neighbors", folder / "q.npy", data, "-k", 3)
    assert said["queries"] == 5 and said["samples"] == 20_000 and said["metric"] == "cosine"
    for q, row in enumerate(said["neighbors"]):
        np.testing.assert_allclose([r["score"] for r in row], np.sort(scores[q])[::-1][:3], atol=1e-6)
        np.testing.assert_allclose([scores[q, r["sample"]] for r in row], np.sort(scores[q])[::-1][:3], atol=1e-6)
    lanewise("neighbors", folder / "q.npy", data, "-k", 3, "--output", folder / "n.npz", "--batch", 2)
    saved = np.load(folder / "n.npz")
    assert [[r["sample"] for r in row] for row in said["neighbors"]] == saved["indices"].tolist()
    assert "sample" in lanewise("neighbors", folder / "q.npy", data, "-k", 1, "--metric", "l2").stdout


def test_neighbors_refuse(folder, data, x):
    np.save(folder / "narrow.npy", x[:3, :4])
    assert "different features" in refusal("neighbors", folder / "narrow.npy", data)
    np.save(folder / "q.npy", x[:3])
    assert "k = 30000" in refusal("neighbors", folder / "q.npy", data, "-k", 30000, code=2)
    assert "--metric" in refusal("neighbors", folder / "q.npy", data, "--metric", "cos", code=2)


def test_cluster_finds_heaps(folder):
    heaps = np.random.default_rng(2).standard_normal((9_000, 2)) + 100 * (np.arange(9_000) % 3)[:, None]
    np.save(folder / "heaps.npy", heaps)
    said = answer("cluster", folder / "heaps.npy", "-k", 3, "--output", folder / "centres.npy", "--labels",
                  folder / "labels.npy")
    assert said["sizes"] == [3000, 3000, 3000]
    centres, labels = np.load(folder / "centres.npy"), np.load(folder / "labels.npy")
    assert np.abs(heaps - centres[labels]).max() < 6
    np.save(folder / "three.npy", heaps[:3])
    assert "7 clusters, expected 1" in refusal("cluster", folder / "three.npy", "-k", 7, code=2)
    np.save(folder / "holes.npy", np.array([[0, 1], [2, np.nan], [np.inf, 5]]))
    said = refusal("cluster", folder / "holes.npy", "-k", 2, "--axis", "features-first")
    assert "k_means: feature 2 of sample 0 is NaN or infinite, the first of 2 such values" in said
