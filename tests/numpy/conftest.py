"""Every test of this folder runs under each executor, with the same examples every time."""

import warnings

import hypothesis
import numpy as np
import pytest

import lanewise as lw

hypothesis.settings.register_profile(
    "lanewise", derandomize=True, deadline=None, max_examples=40, database=None,
    suppress_health_check=list(hypothesis.HealthCheck))
hypothesis.settings.load_profile("lanewise")


@pytest.fixture(autouse=True, params=lw.executors())
def executor(request):
    before = lw.executor()
    lw.set_executor(request.param)
    yield request.param
    lw.set_executor(before)


@pytest.fixture(autouse=True)
def quiet():
    """NumPy warns of overflow, NaN and division by zero, which these tests want."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield
