"""Errors and warnings, and the two checks that every entry point makes."""

import numpy as np
import numpy.typing as npt


class ConvergenceError(RuntimeError):
    """A solver stopped without a solution; ``result`` carries what it had."""

    def __init__(self, message: str, result: object = None):
        super().__init__(message)
        self.result = result


class ValidityWarning(UserWarning):
    """A formula is used outside the regime that it was derived for."""


def require(
    ok: npt.ArrayLike, name: str, condition: str, value: npt.ArrayLike, remedy: str = ""
) -> None:
    """Raise ``ValueError`` with name, condition, value and remedy unless all of `ok`.

    Parameters
    ----------
    ok : array_like of bool
        Where the condition holds; NaN comparisons count as failures.
    name, condition : str
        The sentence "`name` condition", e.g. ``"sigma"``, ``"must not be negative"``.
    value : array_like
        What was given; the first offending element is shown.
    remedy : str, optional
        What to do instead.

    Raises
    ------
    ValueError
        If any element of `ok` is false.

    Examples
    --------
    >>> require([True, False], "sigma", "must not be negative", [1.0, -2.0])
    Traceback (most recent call last):
        ...
    ValueError: `sigma` must not be negative; got -2.0 at index (1,)
    """
    good = np.asarray(ok)
    if good.all():
        return
    value = np.asarray(value)
    good, value = np.broadcast_arrays(good, value)
    index = tuple(int(i) for i in np.argwhere(~good)[0])
    where = f" at index {index}" if index else ""
    tail = f"; {remedy}" if remedy else ""
    raise ValueError(f"`{name}` {condition}; got {value[index]}{where}{tail}")


def as_float(name: str, value: npt.ArrayLike) -> np.ndarray:
    """Return `value` as a float array (float32 stays float32), or say why not.

    Parameters
    ----------
    name : str
        The argument's name, for the message.
    value : array_like
        Numbers. Integers become float64.

    Returns
    -------
    numpy.ndarray
        float32 or float64; shares memory with `value` where it can.

    Raises
    ------
    TypeError
        For quantities with units (their unit would be stripped silently), complex
        numbers, strings and other objects.

    Examples
    --------
    >>> as_float("mu", [1, 2])
    array([1., 2.])
    """
    if hasattr(value, "magnitude"):
        raise TypeError(
            f"`{name}` carries a unit, which would be stripped silently; pass a plain "
            f"number in ms, mV and kHz, e.g. {name}.to(...).magnitude"
        )
    if getattr(value, "requires_grad", False):
        raise TypeError(
            f"`{name}` is a tensor with a gradient, which would be lost; use "
            f"meanfield.nn.functional, or {name}.detach()"
        )
    array = np.asarray(value)
    if array.dtype in (np.float64, np.float32):
        return array
    if array.dtype.kind not in "iufb":
        raise TypeError(
            f"`{name}` must be real numbers; got dtype {array.dtype} ({value!r:.60})"
        )
    return array.astype(np.float32 if array.dtype == np.float16 else np.float64)
