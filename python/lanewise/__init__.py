"""Lanewise: lazy arrays with NumPy's semantics that explain their shapes.

    import lanewise as lw
    a = lw.arange(6).reshape(2, 3)
    lw.softmax(a * 0.5, axis=1)
"""

from lanewise import _lanewise
from lanewise._lanewise import *  # noqa: F401,F403
from lanewise._lanewise import __version__  # noqa: F401
from lanewise import random  # noqa: F401,E402
from lanewise.functional import Compiled, compile, grad, value_and_grad  # noqa: F401

import numpy as _numpy

# The element types, by NumPy's names.
bool_ = _numpy.dtype("bool")
int8 = _numpy.dtype("int8")
uint8 = _numpy.dtype("uint8")
int32 = _numpy.dtype("int32")
int64 = _numpy.dtype("int64")
float32 = _numpy.dtype("float32")
float64 = _numpy.dtype("float64")
newaxis = None


def version():
    """The version of Lanewise."""
    return __version__
