"""Files that can't be used: what is said, the exit code, and that nothing is overwritten."""

import gzip

import numpy as np
import pytest
from program import answer, lanewise, refusal, small_rows, write_csv

HEADER = ("x", "c", "y")
ROWS = small_rows()


def rows_with(change):
    return [change(i, *row) for i, row in enumerate(ROWS)]


def raw(text):
    return lambda path: path.write_bytes(text.encode("latin-1"))


def table_of(header, rows):
    return lambda path: write_csv(path, header, rows)


# Name, how the file comes to be, parts of the message.
UNUSABLE = [
    ("no such file", lambda path: None, ["can't be opened", "No such file"]),
    ("empty", raw(""), ["the file is empty"]),
    ("only blank lines", raw("\n\n"), ["empty"]),
    ("header only", raw("x,c,y\n"), ["no rows below the header"]),
    ("ragged", raw("x,c,y\n1,u,0\n2,v,1\n5,6\n"), ["line 4", "2 fields", "3 expected"]),
    ("too many fields", raw("x,c,y\n1,u,0\n2,v,1,7\n"), ["line 3", "4 fields", "3 expected"]),
    ("open quote", raw('x,c,y\n1,"u,0\n2,v,1\n'), ["line 2", "quote"]),
    ("NUL byte", raw("x,c,y\n1,u,0\n2,\0v,1\n"), ["line 3", "NUL"]),
    ("lines that end in CR", raw("x,c,y\r1,u,0\r2,v,1\r"), ["CR alone"]),
    ("UTF-16", raw("\xff\xfex\0,\0y\0"), ["UTF-16", "UTF-8"]),
    ("gzip", lambda path: path.write_bytes(gzip.compress(b"x,c,y\n1,u,0\n")), ["compressed by gzip; gunzip it first"]),
    ("duplicate names", raw("x,x,y\n1,2,0\n3,4,1\n"), ["line 1", "columns 1 and 2", "'x'"]),
    ("one class", table_of(HEADER, rows_with(lambda i, x, c, y: (x, c, 1))), ["'y'", "one value only, '1'"]),
    ("target missing everywhere", table_of(HEADER, rows_with(lambda i, x, c, y: (x, c, ""))), ["'y'", "no values"]),
    ("no target column", table_of(("x", "c", "yy"), ROWS), ["no column is called 'y'", "did you mean 'yy'", "x, c, yy"]),
    ("target only", table_of(("y",), [(y,) for _, _, y in ROWS]), ["no column is left to learn from"]),
    ("inputs all missing", table_of(("x", "y"), [("", y) for _, _, y in ROWS]), ["no column is left", "'x' (no values)"]),
    ("one row", raw("x,c,y\n1,u,0\n"), ["one value only"]),
]


@pytest.mark.parametrize("make, says", [case[1:] for case in UNUSABLE], ids=[case[0] for case in UNUSABLE])
def test_unusable_training_data(tmp_path, make, says):
    data, model = tmp_path / "data.csv", tmp_path / "model.safetensors"
    make(data)
    model.write_bytes(b"what was there")
    message = refusal("train", "--data", data, "--target", "y", "--model", model)
    assert "data.csv" in message
    for part in says:
        assert part in message
    assert model.read_bytes() == b"what was there"
    assert sorted(p.name for p in tmp_path.iterdir()) in (["data.csv", "model.safetensors"], ["model.safetensors"])


def test_columns_of_a_wide_table_are_told_by_likeness(tmp_path):
    data = write_csv(tmp_path / "wide.csv", [f"column_{k}" for k in range(3000)], [range(3000)])
    message = refusal("train", "--data", data, "--target", "colum_17", "--model", tmp_path / "m")
    assert "did you mean 'column_17'?); there are 3000, the nearest: column_17, column_1, " in message
    assert len(message) < 400


def test_arrays_of_structures(tmp_path):
    np.save(tmp_path / "s.npy", np.zeros(3, [("a", "f4"), ("b", "f8")]))
    message = refusal("train", "--data", tmp_path / "s.npy", "--target", "y", "--model", tmp_path / "m")
    assert message.endswith("s.npy: arrays of a structured dtype are not supported (known: bool, integers to 64 bits, "
                            "float16, float32, float64)")


def train(tmp_path, header, rows, *flags):
    data = write_csv(tmp_path / "data.csv", header, rows)
    return lanewise("train", "--data", data, "--target", "y", "--model", tmp_path / "m.safetensors", "--epochs", 1, *flags)


def test_text_in_a_numeric_column_is_told(tmp_path):
    rows = rows_with(lambda i, x, c, y: (round(x, 1) if i != 150 else "oops", c, y))
    done = train(tmp_path, HEADER, rows)
    assert "column 'x' is taken as text: 199 of 200 values are numbers, but line 152 isn't" in done.stderr


def test_text_in_a_column_declared_numeric_is_refused(tmp_path):
    data = write_csv(tmp_path / "d.csv", HEADER, rows_with(lambda i, x, c, y: (x if i else "oops", c, y)))
    message = refusal("train", "--data", data, "--target", "y", "--model", tmp_path / "m", "--type", "x=numeric")
    assert "line 2: column 'x' was declared numeric but holds text" in message


def test_text_declared_missing_keeps_the_column_numeric(tmp_path):
    rows = rows_with(lambda i, x, c, y: (x if i != 150 else "oops", c, y))
    done = train(tmp_path, HEADER, rows, "--missing", "oops")
    assert "categorical" not in done.stderr
    # The model remembers it.
    predicted = lanewise("predict", "--model", tmp_path / "m.safetensors", "--data", tmp_path / "data.csv")
    assert predicted.stderr == ""


def test_numbers_declared_missing_are(tmp_path):
    data = write_csv(tmp_path / "d.csv", ("x", "c"), [(-999 if i % 4 == 0 else i, -999 if i % 5 == 0 else "u") for i in range(100)])
    columns = {c["name"]: c for c in answer("inspect", data, "--missing=-999")["columns"]}
    assert columns["x"]["missing"] == 25 and columns["c"]["missing"] == 20


def test_text_that_begins_with_a_number_is_text(tmp_path):
    done = train(tmp_path, ("age", "y"), [(("18-25", "26-35")[i % 2], i % 2) for i in range(80)])
    assert "'age'" not in done.stdout + done.stderr
    assert answer("evaluate", "--model", tmp_path / "m.safetensors", "--data", tmp_path / "data.csv")["metrics"]["accuracy"] == 1
    # The other way round, text in a column that was numeric is told.
    train(tmp_path, HEADER, ROWS)
    data = write_csv(tmp_path / "new.csv", HEADER[:2], [("5mm", "u")])
    message = refusal("predict", "--model", tmp_path / "m.safetensors", "--data", data)
    assert "column 'x' was numeric in training, but row 1 holds '5mm'" in message


def test_what_float32_cannot_hold_gives_no_nan(tmp_path):
    done = train(tmp_path, HEADER, rows_with(lambda i, x, c, y: (x if i else 1e300, c, y)))
    assert "exceeds float32" in done.stderr
    data = write_csv(tmp_path / "new.csv", HEADER[:2], [(1e300, "u"), (-1e38, "u")])
    assert "nan" not in lanewise("predict", "--model", tmp_path / "m.safetensors", "--data", data).stdout


def test_an_all_missing_column_is_left_out(tmp_path):
    done = train(tmp_path, ("x", "empty", "y"), [(x, "", y) for x, _, y in ROWS])
    assert "without 'empty': no values" in done.stdout


def test_rows_without_a_target_are_dropped_and_counted(tmp_path):
    done = train(tmp_path, HEADER, rows_with(lambda i, x, c, y: (x, c, y if i % 10 else "")))
    assert "warning: 20 rows without a value of 'y' left out" in done.stderr


def test_infinite_values_count_as_missing(tmp_path):
    done = train(tmp_path, HEADER, rows_with(lambda i, x, c, y: (x if i else "inf", c, y)))
    assert "column 'x' is infinite or exceeds float32 (3.4e38) in 1 values, the first in line 2" in done.stderr


@pytest.mark.parametrize("count", [3, 4])
def test_a_few_rows_train(tmp_path, count):
    assert "model saved" in train(tmp_path, HEADER, [(i, "uv"[i % 2], i % 2) for i in range(count)]).stdout


def test_prediction_data_that_lacks_a_column(tmp_path, model):
    data = write_csv(tmp_path / "lacks.csv", ("c", "z"), [(c, x) for x, c, _ in ROWS])
    message = refusal("predict", "--model", model, "--data", data, "--output", tmp_path / "out.csv")
    assert "no column is called 'x'" in message and "there are: c, z" in message
    assert not (tmp_path / "out.csv").exists()


def test_unseen_categories_are_counted(tmp_path, model):
    data = write_csv(tmp_path / "unseen.csv", HEADER, rows_with(lambda i, x, c, y: (x, "new" if i < 3 else c, y)))
    done = lanewise("predict", "--model", model, "--data", data)
    assert "column 'c': 3 values that training never saw" in done.stderr
    assert len(done.stdout.splitlines()) == 201


def test_text_where_numbers_were_learnt(tmp_path, model):
    data = write_csv(tmp_path / "text.csv", HEADER, rows_with(lambda i, x, c, y: ("oops", c, y)))
    assert "'x'" in refusal("predict", "--model", model, "--data", data)


def test_evaluation_needs_known_classes(tmp_path, model):
    data = write_csv(tmp_path / "d.csv", HEADER, rows_with(lambda i, x, c, y: (x, c, 7)))
    assert "the value '7', which the model does not know; it knows: 0, 1" in refusal(
        "evaluate", "--model", model, "--data", data)
