"""Roots of many functions at once, in brackets that are given or looked for."""

from collections.abc import Callable

import numpy as np

from ..errors import ConvergenceError, require

FASTEST = 10.0  # [kHz] that is looked at without a refractory period
_UNBOUND = (
    "the rate grows without bound: the adaptation feeds the spikes that feed it; give the "
    "neuron a refractory period"
)
# How far a scan looks, of the farthest: closer solutions are not told apart.
SCAN = np.concatenate([-np.geomspace(1.001, 1e-3, 80), np.geomspace(1e-3, 1.001, 160)])
_STEPS = 200  # more than bisection needs
_TOLERANCE = 1e-13  # relative to the root
_FLOOR = 1e-18  # relative to the bracket, for roots at 0
_WIDEST = 60  # doublings of a bracket

Function = Callable[[np.ndarray], np.ndarray]


def root(f: Function, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return where f vanishes, elementwise, to a relative 1e-13.

    Inverse quadratic interpolation where it is safe, else bisection (T. R. Chandrupatla,
    Adv. Eng. Softw. 28, 145 (1997), doi:10.1016/S0965-9978(96)00051-8).

    Parameters
    ----------
    f : callable
        Takes and returns arrays of one shape.
    low, high : numpy.ndarray
        Where f is not negative, and where it is not positive.

    Returns
    -------
    numpy.ndarray
        The roots.

    Raises
    ------
    ConvergenceError
        If f does not change its sign from `low` to `high`.
    """
    a, b = low, high
    fa, fb = f(a), f(b)
    if not (np.all(fa >= 0.0) and np.all(fb <= 0.0)):
        raise ConvergenceError(
            "the adaptation has no mean that reproduces itself; check the units of `mu` "
            "(mV/ms), `sigma` (mV/sqrt(ms)) and the neuron"
        )
    t, floor = np.full(np.shape(a), 0.5), _FLOOR * np.abs(b - a)
    for _ in range(_STEPS):
        x = a + t * (b - a)
        fx = f(x)
        same = np.sign(fx) == np.sign(fa)
        c, fc = np.where(same, a, b), np.where(same, fa, fb)
        b, fb = np.where(same, b, a), np.where(same, fb, fa)
        a, fa = x, fx
        closer = np.abs(fa) < np.abs(fb)
        best, at_best = np.where(closer, a, b), np.where(closer, fa, fb)
        with np.errstate(divide="ignore", invalid="ignore"):
            least = (_TOLERANCE * np.abs(best) + floor) / np.abs(b - a)
            t = np.clip(_fraction(a, b, c, fa, fb, fc), least, 1.0 - least)
        done = (at_best == 0.0) | (a == b) | (least > 0.5)
        if np.all(done):
            return best
        t = np.where(done, 0.0, t)
    raise ConvergenceError(f"the mean adaptation was not found in {_STEPS} steps")


def _fraction(a, b, c, fa, fb, fc) -> np.ndarray:
    """Where from a to b inverse quadratic interpolation puts the root, or the middle."""
    xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
    safe = (phi * phi < xi) & ((1.0 - phi) ** 2 < 1.0 - xi)
    t = fa / (fb - fa) * fc / (fb - fc)
    t += (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
    return np.where(safe, t, 0.5)


def widened(
    f: Function, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Move ends apart until f falls below 0 between them.

    Parameters
    ----------
    f : callable
        Takes and returns arrays of one shape.
    low, high : numpy.ndarray
        Where to begin.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends.

    Raises
    ------
    ConvergenceError
        If f does not fall below 0.
    """
    for _ in range(_WIDEST):
        short, far = f(low) < 0.0, f(high) > 0.0
        if not np.any(short | far):
            return low, high
        width = high - low
        low, high = np.where(short, low - width, low), np.where(far, high + width, high)
    raise ConvergenceError(_UNBOUND)


def brackets(
    f: Function, grid: np.ndarray, solution: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return neighbours on a grid between which f falls below 0.

    Parameters
    ----------
    f : callable
        Takes and returns arrays of one shape.
    grid : numpy.ndarray
        Arguments, increasing along the first axis.
    solution : {"unique", "lowest", "highest"}
        Which of several to take; "unique" refuses them.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper ends.

    Raises
    ------
    ValueError
        If there are several, and one was to be unique.
    ConvergenceError
        If f is positive at the end of the grid.
    """
    above = np.stack([f(x) >= 0.0 for x in grid])
    if np.any(above[-1]):
        raise ConvergenceError(_UNBOUND)
    falls = above[:-1] & ~above[1:]
    if solution == "unique":
        require(
            falls.sum(axis=0) == 1,
            "solution",
            'must be "lowest" or "highest" where several rates reproduce themselves',
            solution,
        )
    if solution == "highest":
        first = len(falls) - 1 - np.argmax(falls[::-1], axis=0)
    else:
        first = np.argmax(falls, axis=0)
    low = np.take_along_axis(grid, first[None], axis=0)[0]
    high = np.take_along_axis(grid, first[None] + 1, axis=0)[0]
    return low, high
