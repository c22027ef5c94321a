"""The four special functions that all stationary theory of the LIF goes through.

    g(x) = e^{x^2} int_{-inf}^x e^{-u^2} du           G(x) = int_0^x g(u) du
    h(x) = e^{x^2} int_{-inf}^x e^{-u^2} g(u)^2 du    H(x) = int_{-inf}^x h(u) du

with g' = 1 + 2 x g, G' = g, h' = 2 x h + g^2, H' = h. The scaled forms stay finite where
the functions overflow. All behave like NumPy ufuncs; `mp` has them to any precision.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .._elementwise import elementwise

if TYPE_CHECKING:
    from . import mp

__all__ = ["G", "G_scaled", "H", "H_scaled", "g", "g_scaled", "h", "h_scaled", "mp"]


def g(x: npt.ArrayLike, *, out: np.ndarray | None = None) -> Any:
    """Integral of the Gaussian up to x, divided by the Gaussian.

    Parameters
    ----------
    x : array_like
        Real argument, any shape.
    out : numpy.ndarray, optional
        Float array of the shape of `x` for the result.

    Returns
    -------
    numpy.ndarray or float
        Shape of `x`; float32 for float32 input.

    Raises
    ------
    TypeError
        If `x` is not real or carries a unit.

    Notes
    -----
    g(x) = e^{x^2} int_{-inf}^x e^{-u^2} du = (sqrt(pi)/2) erfcx(-x). Overflows to inf
    above x = 26.6; see `g_scaled`. Relative error at most 2e-15 (float32: 3e-7).

    Examples
    --------
    >>> float(round(g(0.0), 15))
    0.886226925452758
    """
    return _apply("g", x, out)


def G(x: npt.ArrayLike, *, out: np.ndarray | None = None) -> Any:
    """Integral of g from 0 to x.

    Parameters
    ----------
    x : array_like
        Real argument, any shape.
    out : numpy.ndarray, optional
        Float array of the shape of `x` for the result.

    Returns
    -------
    numpy.ndarray or float
        Shape of `x`; float32 for float32 input.

    Raises
    ------
    TypeError
        If `x` is not real or carries a unit.

    Notes
    -----
    G(x) = int_0^x g(u) du = (pi/2) erfi(x) + G(-x). Overflows to inf above x = 26.7; see
    `G_scaled`. Error at most 2e-15 of max(abs(G), abs(x)) (float32: 3e-7).

    Examples
    --------
    >>> float(round(G(-1.0), 15))
    -0.573618553089257
    """
    return _apply("G", x, out)


def h(x: npt.ArrayLike, *, out: np.ndarray | None = None) -> Any:
    """Second Dawson-like function: the same integral with weight g^2.

    Parameters
    ----------
    x : array_like
        Real argument, any shape.
    out : numpy.ndarray, optional
        Float array of the shape of `x` for the result.

    Returns
    -------
    numpy.ndarray or float
        Shape of `x`; float32 for float32 input.

    Raises
    ------
    TypeError
        If `x` is not real or carries a unit.

    Notes
    -----
    h(x) = e^{x^2} int_{-inf}^x e^{-u^2} g(u)^2 du; h(0) = (sqrt(pi)/4) ln 2. Overflows to
    inf above x = 18.8; see `h_scaled`. Relative error at most 2e-15 (float32: 3e-7).

    Examples
    --------
    >>> float(round(h(0.0), 15))
    0.307142847356944
    """
    return _apply("h", x, out)


def H(x: npt.ArrayLike, *, out: np.ndarray | None = None) -> Any:
    """Integral of h from minus infinity to x.

    Parameters
    ----------
    x : array_like
        Real argument, any shape.
    out : numpy.ndarray, optional
        Float array of the shape of `x` for the result.

    Returns
    -------
    numpy.ndarray or float
        Shape of `x`; float32 for float32 input.

    Raises
    ------
    TypeError
        If `x` is not real or carries a unit.

    Notes
    -----
    H(x) = int_{-inf}^x h(u) du. Overflows to inf above x = 18.9; see `H_scaled`. Relative
    error at most 2e-15 (float32: 3e-7).

    Examples
    --------
    >>> float(round(H(0.0), 15))
    0.154212568767021
    """
    return _apply("H", x, out)


def g_scaled(x: npt.ArrayLike, *, out: np.ndarray | None = None) -> Any:
    """Evaluate e^{-max(x, 0)^2} g(x), which never overflows.

    Parameters
    ----------
    x : array_like
        Real argument, any shape.
    out : numpy.ndarray, optional
        Float array of the shape of `x` for the result.

    Returns
    -------
    numpy.ndarray or float
        Shape of `x`; float32 for float32 input. Tends to sqrt(pi) for x -> inf.

    Raises
    ------
    TypeError
        If `x` is not real or carries a unit.

    Notes
    -----
    Relative error at most 2e-15 (float32: 3e-7).

    Examples
    --------
    >>> float(round(g_scaled(100.0) ** 2, 14))
    3.14159265358979
    """
    return _apply("g_scaled", x, out)


def G_scaled(x: npt.ArrayLike, *, out: np.ndarray | None = None) -> Any:
    """Evaluate e^{-max(x, 0)^2} G(x), which never overflows.

    Parameters
    ----------
    x : array_like
        Real argument, any shape.
    out : numpy.ndarray, optional
        Float array of the shape of `x` for the result.

    Returns
    -------
    numpy.ndarray or float
        Shape of `x`; float32 for float32 input. Tends to sqrt(pi)/(2 x) for x -> inf.

    Raises
    ------
    TypeError
        If `x` is not real or carries a unit.

    Notes
    -----
    Error at most 2e-15 of max(abs(value), abs(x)) at x <= 0, relative 2e-15 at x > 0
    (float32: 3e-7).

    Examples
    --------
    >>> bool(np.isfinite(G_scaled(1e3)))
    True
    """
    return _apply("G_scaled", x, out)


def h_scaled(x: npt.ArrayLike, *, out: np.ndarray | None = None) -> Any:
    """Evaluate e^{-2 max(x, 0)^2} h(x), which never overflows.

    Parameters
    ----------
    x : array_like
        Real argument, any shape.
    out : numpy.ndarray, optional
        Float array of the shape of `x` for the result.

    Returns
    -------
    numpy.ndarray or float
        Shape of `x`; float32 for float32 input. Tends to pi/(2 x) for x -> inf.

    Raises
    ------
    TypeError
        If `x` is not real or carries a unit.

    Notes
    -----
    Relative error at most 2e-15 (float32: 3e-7).

    Examples
    --------
    >>> float(round(h_scaled(0.0) / h(0.0), 15))
    1.0
    """
    return _apply("h_scaled", x, out)


def H_scaled(x: npt.ArrayLike, *, out: np.ndarray | None = None) -> Any:
    """Evaluate e^{-2 max(x, 0)^2} H(x), which never overflows.

    Parameters
    ----------
    x : array_like
        Real argument, any shape.
    out : numpy.ndarray, optional
        Float array of the shape of `x` for the result.

    Returns
    -------
    numpy.ndarray or float
        Shape of `x`; float32 for float32 input. Tends to pi/(8 x^2) for x -> inf.

    Raises
    ------
    TypeError
        If `x` is not real or carries a unit.

    Notes
    -----
    Relative error at most 2e-15 (float32: 3e-7).

    Examples
    --------
    >>> float(round(H_scaled(0.0) / H(0.0), 15))
    1.0
    """
    return _apply("H_scaled", x, out)


def _apply(name: str, x: npt.ArrayLike, out: np.ndarray | None) -> Any:
    from . import _kernels  # numba is imported on the first call

    result = elementwise(
        getattr(_kernels, name), {"x": x}, 1, out=None if out is None else [out]
    )
    return result[0]


def __getattr__(name: str) -> Any:
    if name == "mp":
        import importlib

        return importlib.import_module(".mp", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
