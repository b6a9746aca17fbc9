import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from program import lanewise, small_rows, write_csv  # noqa: E402


@pytest.fixture
def table(tmp_path):
    return write_csv(tmp_path / "table.csv", ("x", "c", "y"), small_rows())


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A model of x and c for y; tests must not change it."""
    folder = tmp_path_factory.mktemp("model")
    data = write_csv(folder / "table.csv", ("x", "c", "y"), small_rows())
    path = folder / "model.safetensors"
    lanewise("train", "--data", data, "--target", "y", "--model", path, "--epochs", 20, "--quick")
    return path
