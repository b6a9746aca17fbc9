"""Arrays inside lists, tuples and dicts: taken apart into leaves and put together again."""

from lanewise import _lanewise

_ARRAY = ("array",)


def _is_array(value):
    return isinstance(value, _lanewise.Array) or hasattr(value, "__array__")


def flatten(value, leaves):
    """Appends the leaves of `value`; returns its structure, which compares and hashes.

    Leaves are arrays, what NumPy takes as one, and numbers; all else is static.
    """
    if type(value) in (bool, int, float):  # not numpy.float64, which is no weak scalar
        leaves.append(value)
        return ("number", type(value))
    if _is_array(value):
        leaves.append(value)
        return _ARRAY
    if isinstance(value, (list, tuple)):
        return (type(value), tuple(flatten(part, leaves) for part in value))
    if isinstance(value, dict):
        return (dict, tuple((key, flatten(part, leaves)) for key, part in value.items()))
    return ("static", value)


def unflatten(structure, leaves, number=lambda leaf: leaf):
    """The value of `structure` with leaves from the iterator `leaves`; numbers pass `number`."""
    kind = structure[0]
    if kind == "array":
        return next(leaves)
    if kind == "number":
        return number(next(leaves))
    if kind == "static":
        return structure[1]
    if kind is dict:
        return {key: unflatten(part, leaves, number) for key, part in structure[1]}
    parts = [unflatten(part, leaves, number) for part in structure[1]]
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
