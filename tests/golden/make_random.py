"""Writes src/base/golden_random.inc: what NumPy's legacy np.random gives.

    python tests/golden/make_random.py > src/base/golden_random.inc
"""

import numpy as np


def listed(values):
    return "{" + ", ".join(repr(v) for v in values.tolist()) + "}"


np.random.seed(7)
print("// Written by tests/golden/make_random.py with NumPy.")
print(f"const double kUniform[] = {listed(np.random.random_sample(2))};")
print(f"const double kNormal[] = {listed(np.random.randn(3))};")
print(f"const int64_t kSmall[] = {listed(np.random.randint(-5, 100, 3))};")
print(f"const int64_t kLarge[] = {listed(np.random.randint(0, 2**40, 2))};")
print(f"const std::vector<int64_t> kOrder = {listed(np.random.permutation(6))};")
print(f"const double kLast = {np.random.random_sample(1)[0]!r};".replace("np.float64(", "").replace(");", ";"))
