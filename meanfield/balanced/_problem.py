"""The question, checked and in the form that all solvers take."""

import dataclasses
import math
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """r = [A r + b + r]^+ with A = W - leak and b = X - threshold/sqrt(size)."""

    W: np.ndarray
    X: np.ndarray
    A: np.ndarray
    b: np.ndarray
    speed: np.ndarray
    exact: "ExactProblem | None" = None

    @property
    def n(self) -> int:
        return self.b.size


@dataclasses.dataclass(frozen=True, slots=True)
class ExactProblem:
    """The same in rational numbers."""

    A: list[list[Fraction]]
    b: list[Fraction]
    speed: list[Fraction]


def weights(W: npt.ArrayLike) -> np.ndarray:
    """Return `W` as a square float64 matrix."""
    plain = isinstance(W, (list, tuple, np.ndarray))
    if plain and np.asarray(W).dtype.kind in "OUS":
        raise TypeError(
            f"`W` must be real numbers; got {W!r:.60}; semi_balanced_states takes "
            "Fractions and strings with exact=True"
        )
    W = as_float("W", W).astype(float)
    if W.ndim != 2 or W.shape[0] != W.shape[1] or not W.size:
        raise ValueError(
            f"`W` must be a square matrix, a row for each target and a column for each "
            f"source; got shape {W.shape}"
        )
    require(np.isfinite(W), "W", "must be finite", W)
    return W


def vector(name: str, value: npt.ArrayLike, n: int) -> np.ndarray:
    """Return `value` as a finite float64 vector of length `n`."""
    array = as_float(name, value).astype(float)
    if array.shape != (n,):
        raise ValueError(
            f"`{name}` must have shape ({n},), an element for each population of `W`; "
            f"got {array.shape}"
        )
    require(np.isfinite(array), name, "must be finite", array)
    return array


def per_population(name: str, value: npt.ArrayLike, n: int) -> np.ndarray:
    """Return a number, or one for each population, as a finite vector."""
    array = as_float(name, value).astype(float)
    return vector(name, np.full(n, array) if array.ndim == 0 else array, n)


def positive(name: str, value: npt.ArrayLike, n: int) -> np.ndarray:
    """As `per_population`, above 0."""
    array = per_population(name, value, n)
    require(array > 0, name, "must be positive", array)
    return array


def root_size(size: float) -> float:
    """Return 1/sqrt(size), 0 for an infinite network."""
    size = float(as_float("size", size))
    require(size > 0, "size", "must be positive (math.inf for the limit)", size)
    return 1.0 / math.sqrt(size)


def float_problem(
    W: npt.ArrayLike,
    X: npt.ArrayLike,
    gain: npt.ArrayLike = 1.0,
    tau: npt.ArrayLike = 1.0,
    size: float = math.inf,
    threshold: npt.ArrayLike = 0.0,
) -> Problem:
    """Check everything; work in float64."""
    W = weights(W)
    n = len(W)
    X = vector("X", X, n)
    gain, tau = positive("gain", gain, n), positive("tau", tau, n)
    eps = root_size(size)
    threshold = per_population("threshold", threshold, n)
    return Problem(W, X, W - np.diag(eps / gain), X - eps * threshold, gain / tau)


def exact_problem(
    W: Any,
    X: Any,
    gain: Any = 1,
    tau: Any = 1,
    size: Any = math.inf,
    threshold: Any = 0,
) -> Problem:
    """Check everything; keep rational numbers beside their float64 values."""
    W, X = _rationals("W", W), _rationals("X", X)
    n = len(W) if W.ndim else 0
    gain, tau, threshold = (
        np.broadcast_to(a, (n,)) if a.ndim == 0 else a
        for a in (
            _rationals("gain", gain), _rationals("tau", tau),
            _rationals("threshold", threshold),
        )
    )  # fmt: skip
    eps = _exact_root_size(size)
    floats = float_problem(
        _floats(W), _floats(X), _floats(gain), _floats(tau), size, _floats(threshold)
    )
    A = [
        [W[a, b] - (eps / gain[a] if a == b else 0) for b in range(n)] for a in range(n)
    ]
    b = [X[a] - eps * threshold[a] for a in range(n)]
    exact = ExactProblem(A, b, [gain[a] / tau[a] for a in range(n)])
    return dataclasses.replace(floats, exact=exact)


def _rationals(name: str, values: Any) -> np.ndarray:
    if isinstance(values, (str, Fraction)):
        values = np.array(values, dtype=object)
    array = np.asarray(values, dtype=object)
    out = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        out[index] = _rational(name, array[index])
    return out


def _rational(name: str, value: Any) -> Fraction:
    try:
        if isinstance(value, np.generic):
            value = value.item()
        return Fraction(value)
    except (ValueError, TypeError, ZeroDivisionError, OverflowError):
        raise ValueError(
            f"`{name}` must be rational where exact=True: integers, Fractions, strings "
            f"such as '2/3', or finite floats; got {value!r:.60}"
        ) from None


def _floats(array: np.ndarray) -> np.ndarray:
    return np.array(array, dtype=float)


def _exact_root_size(size: Any) -> Fraction:
    if isinstance(size, (float, np.floating)) and math.isinf(size):
        return Fraction(0)
    size = _rational("size", size)
    if size > 0:
        top, bottom = math.isqrt(size.numerator), math.isqrt(size.denominator)
        if top * top != size.numerator or bottom * bottom != size.denominator:
            raise ValueError(
                f"`size` must be the square of a rational number where exact=True, as "
                f"its root is needed; got {size}"
            )
        return Fraction(bottom, top)
    raise ValueError(f"`size` must be positive (math.inf for the limit); got {size}")
