"""Programs over samples from files and arrays: against NumPy, whatever the file's layout."""

import contextlib
import os
import resource
import signal
import threading
import time

import numpy as np
import pytest

import lanewise as lw

LAYOUTS = ["C", "F", "features first", "several files", "archive", "array"]
METHODS = {
    "standard": lambda x: (x.mean(0), x.std(0)),
    "minmax": lambda x: (x.min(0), x.max(0) - x.min(0)),
    "robust": lambda x: (np.median(x, 0), np.subtract(*np.quantile(x, [0.75, 0.25], 0))),
}


def samples(m=3000, n=5, dtype="float64"):
    return (np.random.RandomState(m).randn(m, n) * 3 + 1).astype(dtype)


def stored(folder, x, layout):
    """A source of the rows of x."""
    path = folder / "x.npy"
    if layout == "array":
        return lw.array_source(x)
    if layout == "archive":
        np.savez(folder / "x.npz", x=x)
        return lw.open_source(f"{folder}/x.npz:x")
    if layout == "several files":
        for i, part in enumerate(np.array_split(x, 3) if len(x) > 2 else [x]):
            np.save(folder / f"part-{i}.npy", part)
        return lw.open_source(folder / "part-*.npy")
    np.save(path, {"C": x, "F": np.asfortranarray(x), "features first": x.T.copy()}[layout])
    return lw.open_source(path, features_first=layout == "features first")


def near(actual, expected, dtype="float64"):
    rtol = 1e-4 if dtype == "float32" else 1e-11
    np.testing.assert_allclose(lw.to_numpy(actual), expected, rtol=rtol, atol=rtol)


every_layout = pytest.mark.parametrize("layout", LAYOUTS)
every_float = pytest.mark.parametrize("dtype", ["float32", "float64"])


@every_layout
def test_sources(layout, tmp_path):
    x = samples(10)
    source = stored(tmp_path, x, layout)
    assert (source.samples, source.row_shapes, source.dtypes) == (10, [(5,)], [x.dtype])
    for _ in range(2):
        runs = [lw.to_numpy(source.pull(4)[0]) for _ in range(4)]
        runs = [run.T for run in runs] if source.sample_axis == 1 else runs
        assert [len(run) for run in runs] == [4, 4, 2, 0]
        np.testing.assert_array_equal(np.concatenate(runs), x)
        source.reset()


def test_sources_of_other_dtypes(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6).reshape(3, 2))
    assert lw.open_source(tmp_path / "x.npy").dtypes == [np.dtype("int64")]
    source = lw.open_source(tmp_path / "x.npy", dtype="float32", direct=True)
    assert source.pull(9)[0].tolist() == [[0, 1], [2, 3], [4, 5]] and source.dtypes == ["float32"]
    (tmp_path / "x.csv").write_text("a,name,b\n1,x,\n2,y,4.5\n")
    source = lw.open_source(tmp_path / "x.csv", dtype=np.float64)
    np.testing.assert_array_equal(lw.to_numpy(source.pull(9)[0]), [[1, np.nan], [2, 4.5]])


def test_sources_of_several_arrays():
    x, y = samples(6), np.arange(6)
    source = lw.array_source([x, lw.array(y) * 2])
    assert (source.row_shapes, source.dtypes) == ([(5,), ()], [x.dtype, y.dtype])
    rows, numbers = source.pull(4)
    assert rows.tolist() == x[:4].tolist() and numbers.tolist() == [0, 2, 4, 6]


@every_layout
@every_float
@pytest.mark.parametrize("method", METHODS)
def test_scaler(layout, dtype, method, tmp_path):
    x = samples(dtype=dtype)
    source = stored(tmp_path, x, layout)
    scaler = lw.Scaler.fit(source, method)
    centre, scale = METHODS[method](x.astype("float64"))
    near(scaler.centre, centre, dtype)
    near(scaler.scale, scale, dtype)
    assert scaler.samples == len(x) and scaler.left_out.tolist() == [0] * 5
    again = lw.Scaler.from_json(scaler.to_json())
    again.apply(source, tmp_path / "scaled.npy", dtype)
    scaled = np.load(tmp_path / "scaled.npy")
    assert scaled.dtype == dtype and scaled.flags.c_contiguous == (source.sample_axis == 0)
    near(scaled, (x - centre) / scale, dtype)


def test_scaler_of_what_is_not_finite(tmp_path):
    x = samples()
    x[7, 2], x[9, 2], x[:, 4] = np.nan, np.inf, 3
    with pytest.raises(lw.DataError, match="feature 2 is NaN or infinite in 2 of 3000 samples, "
                                           "first in sample 7"):
        lw.Scaler.fit(x)
    scaler = lw.Scaler.fit(x, nan="ignore")
    assert scaler.left_out.tolist() == [0, 0, 2, 0, 0] and scaler.scale[4].item() == 1
    rest = np.delete(x, [7, 9], axis=0)[:, 2]
    assert scaler.centre[2].item() == pytest.approx(rest.mean(), rel=1e-12)
    scaler.apply(x, tmp_path / "scaled.npy")
    scaled = np.load(tmp_path / "scaled.npy")
    assert np.isnan(scaled[7, 2]) and np.isinf(scaled[9, 2]) and not scaled[:, 4].any()
    assert scaled.dtype == "float32"


def test_one_row(tmp_path):
    for layout in LAYOUTS:
        source = stored(tmp_path, samples(1), layout)
        scaler = lw.Scaler.fit(source)
        near(scaler.centre, samples(1)[0])
        assert scaler.scale.tolist() == [1] * 5
        assert lw.neighbors(samples(1), source, 1, "l2")[1].tolist() == [[0]]
        assert lw.k_means(source, 1).centres.tolist() == samples(1).tolist()
        assert lw.nearest_centres(samples(2), source).shape == (1,)
        assert lw.quantiles(source, 0.3).tolist() == samples(1)[0].tolist()


@every_layout
@every_float
def test_quantiles(layout, dtype, tmp_path):
    x = samples(dtype=dtype)
    x[::7, 1] = np.nan
    source = stored(tmp_path, x, layout)
    for q in (0.5, [0, 0.1, 0.25, 1], np.array([[0.3], [0.9]])):
        near(lw.quantiles(source, q), np.nanquantile(x.astype("float64"), q, axis=0))


@every_layout
@every_float
@pytest.mark.parametrize("metric", ["cosine", "dot", "l2"])
def test_neighbors(layout, dtype, metric, tmp_path):
    x, queries = samples(dtype=dtype), samples(7, dtype=dtype)
    scores, indices = lw.neighbors(queries, stored(tmp_path, x, layout), 4, metric)
    wide, asked = x.astype("float64"), queries.astype("float64")
    if metric == "l2":
        all_scores = -np.linalg.norm(asked[:, None] - wide, axis=2)
    else:
        all_scores = asked @ wide.T
    if metric == "cosine":
        all_scores /= np.linalg.norm(wide, axis=1) * np.linalg.norm(asked, axis=1)[:, None]
    expected = np.argsort(-all_scores, axis=1, kind="stable")[:, :4]
    assert scores.dtype == dtype and indices.dtype == "int64"
    np.testing.assert_array_equal(lw.to_numpy(indices), expected)
    best = np.take_along_axis(all_scores, expected, 1)
    near(scores, -best if metric == "l2" else best, dtype)


@every_layout
@every_float
def test_clusters(layout, dtype, tmp_path):
    heaps = np.random.RandomState(2).randint(0, 3, 3000)
    x = (np.random.RandomState(3).randn(3000, 4) + heaps[:, None] * 20).astype(dtype)
    source = stored(tmp_path, x, layout)
    found = lw.k_means(source, 3, seed=5)
    assert found.centres.shape == (3, 4) and found.centres.dtype == dtype and found.iterations > 1
    nearest = lw.nearest_centres(found.centres, source)
    assert nearest.dtype == "int64"
    nearest = lw.to_numpy(nearest)
    assert np.bincount(nearest).tolist() == found.sizes.tolist()
    assert sorted(found.sizes.tolist()) == sorted(np.bincount(heaps).tolist())
    means = np.stack([x[nearest == k].mean(0, dtype="float64") for k in range(3)])
    near(found.centres, means, dtype)
    near(found.inertia, ((x - means[nearest]) ** 2).sum(), dtype)


def centred(axis):
    def f(x, w, scale):
        mean = lw.mean(x, axis, keepdims=True)
        return {"centred": (x - mean) * scale, "gram": w @ w, "sums": [lw.sum(x, axis)],
                "first": lw.argmax(x, 1 - axis)}
    return lw.compile(f, sample_axis=(axis, None, None))


@pytest.mark.parametrize("executor", ["fused"], indirect=True)  # whose bits a stream has
@every_layout
@every_float
def test_compiled_functions_stream(layout, dtype, tmp_path):
    x, w = samples(dtype=dtype), samples(4, 4)
    source = stored(tmp_path, x, layout)
    f = centred(source.sample_axis)
    out = [tmp_path / "centred.npy", str(tmp_path / "first.npy")]
    made = f.stream(source, w, 0.5, out=out)
    assert made["centred"] is out[0] and made["first"] is out[1]
    near(made["sums"][0], x.sum(0), dtype)
    near(made["gram"], w @ w)
    whole = f(x if source.sample_axis == 0 else x.T, w, 0.5)
    for path, result in zip(out, (whole["centred"], whole["first"])):
        loaded = np.load(path)
        assert loaded.dtype == result.dtype and loaded.flags.c_contiguous
        np.testing.assert_array_equal(loaded, lw.to_numpy(result))
    np.testing.assert_array_equal(np.load(out[1]), x.argmax(1))
    assert made["sums"][0].tolist() == whole["sums"][0].tolist() and f.plan_count == 1


def test_compiled_functions_stream_arrays(tmp_path):
    x, y = samples(2000), samples(2000, 1)
    products = lw.compile(lambda x, y: x.T @ y, sample_axis=0)
    near(products.stream(lw.array_source([x, y])), x.T @ y)
    transposed = lw.compile(lambda x: lw.square(x).T, sample_axis=0)
    path = tmp_path / "squares.npy"
    assert transposed.stream(x, out=path) is path
    np.testing.assert_array_equal(np.load(path), np.square(x).T)


@pytest.mark.parametrize("f, error, text", [
    (lambda f, x: f.stream(x, 1.0), lw.ValueError, "1 results lie along the samples, 0 paths"),
    (lambda f, x: f.stream(x, 1.0, out=["a.npy", "b.npy"]), lw.ValueError, "2 paths were given"),
    (lambda f, x: f.stream(x, out="a.npy"), TypeError, "missing 1 required"),
    (lambda f, x: f.stream(x, 1.0, 2.0, out="a.npy"), TypeError, "takes 2 positional"),
    (lambda f, x: lw.compile(lambda x, y: x + y, sample_axis=0).stream(x, x, out="a.npy"),
     lw.ValueError, "the function takes 2 arguments; the source has 1 arrays, and 1 others"),
    (lambda f, x: f.stream(x, 1.0, out="no/a.npy"), lw.IoError, "no/a.npy"),
    (lambda f, x: f.stream(x, np.ones(3), out="a.npy"), lw.ShapeError, "3"),
    (lambda f, x: lw.compile(lambda x: x @ x.T, sample_axis=0).stream(x, out="a.npy"),
     lw.ValueError, "all at once"),
    (lambda f, x: lw.compile(lambda x: x).stream(x), lw.ValueError, "without a sample axis"),
    (lambda f, x: lw.compile(lambda x: x * 2, sample_axis=1).stream(x, out="a.npy"),
     lw.ValueError, "samples along axis 0, the function expects them along axis 1")])
def test_what_does_not_stream(f, error, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=text):
        f(lw.compile(lambda x, k: x * k, sample_axis=(0, None)), samples(50))
    assert not os.listdir(tmp_path)


def test_arrays_are_sources_of_their_rows():
    x = samples(100)
    for value in (x, lw.array(x), lw.array(x) * 1, x.tolist(), np.asfortranarray(x), x[::-1][::-1]):
        near(lw.Scaler.fit(value).centre, x.mean(0))
    assert lw.Scaler.fit(x[:, 0]).centre.shape == ()
    assert lw.nearest_centres([[0], [10]], [[4.9], [5.1]]).tolist() == [0, 1]


@pytest.mark.parametrize("f, error, text", [
    (lambda x: lw.neighbors(x[:2], x, 51), lw.ValueError, "k = 51, expected 1 … 50"),
    (lambda x: lw.neighbors(x[:2], x, 0), lw.ValueError, "k = 0"),
    (lambda x: lw.neighbors(x[:2], x, metric="cos"), lw.ValueError, "unknown metric 'cos'; known"),
    (lambda x: lw.neighbors(x[:2] * np.nan, x), lw.DataError, "query 0 holds a NaN"),
    (lambda x: lw.neighbors(x[:2, :3], x), lw.ShapeError, "different features"),
    (lambda x: lw.neighbors([[1, 2, 3, 4, 5]], x), lw.DTypeError, "int64"),
    (lambda x: lw.Scaler.fit(x, "mean"), lw.ValueError, "unknown scaling 'mean'; known"),
    (lambda x: lw.Scaler.fit(x, nan="drop"), lw.ValueError, "unknown nan 'drop'; known: fail, ig"),
    (lambda x: lw.Scaler.fit(x[:0]), lw.DataError, "no samples"),
    (lambda x: lw.Scaler.fit(x).apply(x[:, :3], "x.npy"), lw.ShapeError, "moments of shape"),
    (lambda x: lw.Scaler.fit(x).apply(x, "x.npy", "int32"), lw.ValueError, "int32"),
    (lambda x: lw.Scaler.fit(x).apply(x, "no/x.npy"), lw.IoError, "no/x.npy"),
    (lambda x: lw.Scaler.from_json("{}"), lw.DataError, "from_json"),
    (lambda x: lw.k_means(x, 51), lw.ValueError, "51 clusters"),
    (lambda x: lw.k_means(x, iterations=0), lw.ValueError, "0 iterations"),
    (lambda x: lw.k_means(x * np.inf), lw.DataError, "feature 0 of sample 0 is NaN or infinite"),
    (lambda x: lw.nearest_centres(x[:3, :2], x), lw.ShapeError, "different features"),
    (lambda x: lw.quantiles(x, 1.5), lw.ValueError, "1.5"),
    (lambda x: lw.open_source("no.npy"), lw.IoError, "no.npy"),
    (lambda x: lw.open_source("no-*.npy"), lw.IoError, "no file matches"),
    (lambda x: lw.open_source("x.npy", dtype="float16"), lw.DTypeError, "float16"),
    (lambda x: lw.array_source([x, x[:3]]), lw.ShapeError, "different numbers of rows"),
    (lambda x: lw.array_source([]), lw.ValueError, "no arrays"),
    (lambda x: lw.array_source(1.0), lw.ValueError, "scalar"),
    (lambda x: lw.array_source(x).pull(-1), lw.ValueError, "-1")])
def test_what_is_wrong(f, error, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=text):
        f(samples(50))
    assert not os.listdir(tmp_path)


def test_a_file_that_shrinks(tmp_path):
    np.save(tmp_path / "x.npy", samples())
    source = lw.open_source(tmp_path / "x.npy")
    os.truncate(tmp_path / "x.npy", 50_000)
    with pytest.raises(lw.IoError, match="ends at offset 50000"):
        lw.Scaler.fit(source)


@contextlib.contextmanager
def small_disk(size):
    """Files have at most so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_stream_that_fails_leaves_what_was_there(tmp_path):
    double = lw.compile(lambda x: x * 2, sample_axis=0)
    out, x = tmp_path / "out.npy", samples()
    np.save(tmp_path / "x.npy", x)
    np.save(out, x[:7])
    with small_disk(60_000), pytest.raises(lw.IoError, match="out.npy"):
        double.stream(lw.open_source(tmp_path / "x.npy"), out=out)
    source = lw.open_source(tmp_path / "x.npy")
    os.truncate(tmp_path / "x.npy", 50_000)
    with pytest.raises(lw.IoError, match="x.npy.* ends at offset 50000"):
        double.stream(source, out=out)
    np.testing.assert_array_equal(np.load(out), x[:7])
    assert sorted(os.listdir(tmp_path)) == ["out.npy", "x.npy"]


def test_a_stream_may_replace_its_source(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, samples())
    double = lw.compile(lambda x: x * 2, sample_axis=0)
    assert double.stream(lw.open_source(path), out=path) == path
    np.testing.assert_array_equal(np.load(path), samples() * 2)


def test_a_long_run_leaves_python_running_and_can_be_interrupted():
    source = lw.array_source(samples(200_000))
    errors = []

    def meanwhile():
        while not errors:  # until the run has taken the source
            time.sleep(0.1)
            try:
                source.pull(1)
            except lw.ValueError as error:
                errors.append(error)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=meanwhile)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        lw.k_means(source, 4, iterations=10**6, tolerance=-1)
    thread.join()
    assert "another thread" in str(errors[0])
    source.reset()
    assert source.pull(3)[0].shape == (3, 5)
