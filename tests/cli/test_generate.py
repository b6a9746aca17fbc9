"""lanewise generate: synthetic data that is the same for everybody, and what is known about it."""

import json
import resource

import numpy as np
import pytest
from program import answer, lanewise, read_csv, refusal


def generate(kind, path, *flags):
    return answer("generate", kind, path, *flags)


@pytest.mark.parametrize("kind, columns", [("circles", 3), ("users", 51), ("clicks", 101), ("embeddings", 128)])
def test_the_same_seed_gives_the_same_file_with_any_number_of_threads(tmp_path, kind, columns):
    files = [tmp_path / "a.npy", tmp_path / "b.npy"]
    for file, threads in zip(files, (1, 2)):
        generate(kind, file, "--samples", 3001, "--seed", 7, "--threads", threads)
    a = np.load(files[0])
    assert a.shape == (3001, columns) and a.dtype == np.float32
    assert files[0].read_bytes() == files[1].read_bytes()


def test_csv_and_npy_hold_the_same_numbers(tmp_path):
    for name in ("t.npy", "t.csv"):
        generate("users", tmp_path / name, "--samples", 500)
    array, rows = np.load(tmp_path / "t.npy"), read_csv((tmp_path / "t.csv").read_text())
    assert list(rows[0]) == json.loads((tmp_path / "t.json").read_text())["columns"]
    text = np.array([[np.float32(v or "nan") for v in row.values()] for row in rows])
    assert np.array_equal(array, text, equal_nan=True)
    assert np.isnan(array).any()


def test_what_is_known_is_written_beside_the_data(tmp_path):
    result = generate("clicks", tmp_path / "c.npy", "--samples", 20000, "--seed", 3)
    info = json.loads((tmp_path / "c.json").read_text())
    assert {k: info[k] for k in ("kind", "seed", "samples", "target")} == {
        "kind": "clicks", "seed": 3, "samples": 20000, "target": "column_101"}
    assert 0.8 < info["best_auc"] < 0.92 and result["best_auc"] == info["best_auc"]
    said = lanewise("generate", "clicks", tmp_path / "c.npy", "--samples", 20000, "--seed", 3).stdout
    assert f"best AUC: {info['best_auc']:.4f}" in said


def test_a_model_comes_near_the_best_auc_and_not_beyond(tmp_path):
    train, test, model = tmp_path / "u.npy", tmp_path / "v.npy", tmp_path / "m"
    info = generate("users", train, "--samples", 20000)
    best = generate("users", test, "--samples", 20000, "--first", 20000)["best_auc"]
    lanewise("train", "--data", train, "--target", info["target"], "--model", model, "--quick", "--epochs", 6,
             "--hidden", 16, "--bins", 8)
    auc = answer("evaluate", "--model", model, "--data", test)["metrics"]["auc"]
    assert best - 0.05 < auc < best


def test_later_samples_continue_a_file(tmp_path):
    generate("users", tmp_path / "all.npy", "--samples", 900)
    generate("users", tmp_path / "rest.npy", "--samples", 400, "--first", 500)
    assert np.array_equal(np.load(tmp_path / "all.npy")[500:], np.load(tmp_path / "rest.npy"), equal_nan=True)


def test_the_target_in_a_file_of_its_own(tmp_path):
    generate("circles", tmp_path / "all.npy", "--samples", 300)
    generate("circles", tmp_path / "x.npy", "--samples", 300, "--target-file", tmp_path / "y.npy")
    x, y, both = (np.load(tmp_path / name) for name in ("x.npy", "y.npy", "all.npy"))
    assert np.array_equal(np.hstack([x, y]), both)
    assert set(y.ravel()) == {0, 1}


@pytest.mark.parametrize("kind", ["circles", "clicks"])  # more samples than a run holds
def test_a_feature_a_row(tmp_path, kind):
    generate(kind, tmp_path / "rows.npy", "--samples", 30_000)
    flags = ("--samples", 30_000, "--axis", "features-first")
    assert generate(kind, tmp_path / "columns.npy", *flags)["best_auc"] == generate(
        kind, tmp_path / "x.npy", *flags, "--target-file", tmp_path / "y.npy")["best_auc"]
    rows, columns, x, y = (np.load(tmp_path / f"{name}.npy") for name in ("rows", "columns", "x", "y"))
    assert columns.flags.c_contiguous and y.shape == (1, 30_000)
    assert np.array_equal(columns.T, rows) and np.array_equal(np.vstack([x, y]), columns)


def test_queries_are_more_of_the_same_embeddings(tmp_path):
    flags = ("--dimensions", 8, "--clusters", 5, "--spread", 0.01)
    generate("embeddings", tmp_path / "e.npy", "--samples", 1000, "--queries", 20, *flags)
    e, q = np.load(tmp_path / "e.npy"), np.load(tmp_path / "e_queries.npy")
    assert q.shape == (20, 8)
    nearest = np.linalg.norm(e[None] - q[:, None], axis=2).min(1)
    assert 0 < nearest.min() and nearest.max() < 0.1
    generate("embeddings", tmp_path / "f.npy", "--samples", 1000, "--queries", 20, *flags, "--axis", "features-first")
    assert np.array_equal(np.load(tmp_path / "f_queries.npy").T, q)


@pytest.mark.parametrize("arguments, part", [
    (("user", "t.npy", "--samples", 5), "no kind of data is called 'user'; did you mean users?"),
    (("spirals", "t.npy", "--samples", 5), "there are: circles, users, clicks, embeddings"),
    (("users", "t.txt", "--samples", 5), "must end in .npy or .csv"),
    (("users", "t.npy", "--samples", 0), "--samples: must be 1 or more, not 0"),
    (("users", "t.npy"), "--samples is required"),
    (("users", "t.npy", "--samples", 5, "--noise", 1), "--noise is for circles, not users"),
    (("embeddings", "t.npy", "--samples", 5, "--target-file", "y.npy"), "--target-file: embeddings have no target"),
    (("users", "t.csv", "--samples", 5, "--axis", "features-first"), "features-first is for .npy; 't.csv' holds a sample"),
    (("users", "t.npy", "--samples", 5, "--target-file", "y.csv", "--axis", "features-first"), "'y.csv' holds a sample"),
])
def test_wrong_flags(tmp_path, arguments, part):
    assert part in refusal("generate", *arguments, code=2, cwd=tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_disk_that_is_full_leaves_nothing(tmp_path):
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    said = refusal("generate", "users", "t.npy", "--samples", 5000, cwd=tmp_path, preexec_fn=limit)
    assert "t.npy" in said and "nothing was overwritten" in said
    assert not list(tmp_path.iterdir())
