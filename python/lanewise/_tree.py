"""Arrays inside lists, tuples and dicts: taken apart into leaves and put together again."""

from lanewise import _lanewise

_LEAF = ("leaf",)


def is_leaf(value):
    """Arrays, numbers and what NumPy takes as an array; all else is static."""
    if isinstance(value, (bool, int, float)):
        return True
    return isinstance(value, _lanewise.Array) or hasattr(value, "__array__")


def flatten(value, leaves):
    """Appends the leaves of `value`; returns its structure, which compares and hashes."""
    if is_leaf(value):
        leaves.append(value)
        return _LEAF
    if isinstance(value, (list, tuple)):
        return (type(value), tuple(flatten(part, leaves) for part in value))
    if isinstance(value, dict):
        return (dict, tuple((key, flatten(part, leaves)) for key, part in value.items()))
    return ("static", value)


def unflatten(structure, leaves):
    """The value of `structure` with leaves from the iterator `leaves`."""
    kind = structure[0]
    if structure is _LEAF:
        return next(leaves)
    if kind == "static":
        return structure[1]
    if kind is dict:
        return {key: unflatten(part, leaves) for key, part in structure[1]}
    parts = [unflatten(part, leaves) for part in structure[1]]
    return kind(*parts) if hasattr(kind, "_fields") else kind(parts)
