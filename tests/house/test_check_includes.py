"""The include checker accepts what goes down, and names file, line and rule of what doesn't."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKER = Path(__file__).parents[2] / "tools" / "check_includes.py"


def check(tmp_path, files):
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run([sys.executable, CHECKER, tmp_path], capture_output=True, text=True)
    return done.returncode, done.stdout


def test_this_repository():
    done = subprocess.run([sys.executable, CHECKER], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    "path, include",
    [
        ("src/nn/layer.cc", '"base/tensor.h"'),
        ("src/exec/fused.cc", '"kernels/matmul/matmul.h"'),
        ("src/base/dtype.cc", '"lanewise/dtype.h"'),
        ("src/base/cpu.cc", '"hwy/highway.h"'),
        ("src/array/array.cc", "<array>"),
        ("src/array/array.cc", '"array/array_impl.h"'),
        ("include/lanewise/array.h", '"lanewise/shape.h"'),
    ],
)
def test_allowed(tmp_path, path, include):
    assert check(tmp_path, {path: f"#include {include}\n"}) == (0, "")


@pytest.mark.parametrize(
    "path, include, rule",
    [
        ("src/base/tensor.h", '"graph/node.h"', "base may include no other room, not graph"),
        ("src/graph/node.cc", '"kernels/cast/cast.h"', "graph may include base, not kernels"),
        ("src/passes/fold.cc", '"plan/plan.h"', "passes may include base graph, not plan"),
        ("src/graph/node.cc", '"lanewise/nn.h"', "not nn"),
        ("src/graph/node.cc", "<lanewise/array.h>", "not array"),
        ("src/data/csv.cc", '"cli/table.h"', "'cli' is no room"),
        ("src/base/tensor.h", '"dtype.h"', "name the room too"),
        ("include/lanewise/array.h", '"array/array_impl.h"', "public headers only"),
        ("include/lanewise/shape.h", '"lanewise/array.h"', "not array"),
    ],
)
def test_refused(tmp_path, path, include, rule):
    code, out = check(tmp_path, {path: f"// a comment\n#include {include}\n"})
    assert code == 1
    assert out.startswith(f"{path}:2: ")
    assert rule in out
