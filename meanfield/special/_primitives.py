"""What formulas that are both compiled and applied to tensors are written in."""

import math

from numba.extending import overload


def sqrt(x):
    """Square root of a number in compiled code, else of a tensor."""
    return x.sqrt()


def at_most_one(x):
    """Return min(x, 1), for quotients that exceed 1 by rounding only."""
    return x.clamp(max=1.0)


@overload(sqrt, inline="always")
def _sqrt(x):
    return lambda x: math.sqrt(x)


@overload(at_most_one, inline="always")
def _at_most_one(x):
    return lambda x: 1.0 if x > 1.0 else x
