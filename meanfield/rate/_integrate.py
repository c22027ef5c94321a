"""Trajectories of rate models: one by SciPy, many at once by Dormand-Prince."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp

from ..errors import ConvergenceError, as_float, require
from ._model import RateModel, as_rates, flow_of, jacobian_of
from ._runge_kutta import runge_kutta
from ._transfer import Transfer

METHODS = ("RK45", "DOP853", "Radau", "BDF", "LSODA")
# Members solved together: their state and stages stay in the processor's cache.
_NUMBERS = 150_000


@dataclass(frozen=True)
class Trajectory:
    """Rates over time; see `integrate`.

    Attributes
    ----------
    t : numpy.ndarray, (times,)
        The times asked for.
    rate : numpy.ndarray, (..., times, n)
        Rates; infinite from where they grow without bound.
    runaway : numpy.ndarray of bool, (...)
        Whether they do.
    """

    t: np.ndarray
    rate: np.ndarray
    runaway: np.ndarray

    @property
    def final(self) -> np.ndarray:
        """Rates at the last time, (..., n)."""
        return self.rate[..., -1, :]


def integrate(
    model: RateModel,
    times: npt.ArrayLike,
    start: npt.ArrayLike = 0.0,
    *,
    method: str = "RK45",
    rtol: float = 1e-6,
    atol: float = 1e-9,
) -> Trajectory:
    """Solve tau dr/dt = -r + f(W r + X(t)).

    Parameters
    ----------
    model : RateModel
        The populations; with leading axes a batch.
    times : array_like, (times,)
        Ascending; the first is that of `start`. What is asked for is all that is stored:
        two times give the final states only.
    start : array_like, (..., n)
        Rates at the first time; leading axes, too, make a batch.
    method : {"RK45", "DOP853", "Radau", "BDF", "LSODA"}
        Of `scipy.integrate.solve_ivp`, for one model and one start. A batch takes Dormand
        and Prince's RK45 with a step size for every member, vectorized over the members.
    rtol, atol : float
        Tolerances of the error of a step. `atol` is in the unit of the rates.

    Returns
    -------
    Trajectory

    Raises
    ------
    ValueError
        If `times` do not ascend, `start` does not fit, or an option is out of range.
    ConvergenceError
        If the solver of SciPy fails although the rates stay bounded.

    Notes
    -----
    Implicit methods are given the Jacobian. Rates that pass 1e100, or reach infinity in a
    finite time (an exponent above 1), are reported as infinite. Kinks of X(t) between
    the times are found by the control of the error, unless a step passes over a whole
    pulse: then integrate piece by piece.

    References
    ----------
    .. [1] J. R. Dormand, P. J. Prince, J. Comput. Appl. Math. 6, 19 (1980),
       doi:10.1016/0771-050X(80)90013-3

    Examples
    --------
    >>> from meanfield.rate import RateModel, integrate
    >>> model = RateModel(W=[[0.5]], X=[1.0], tau=10.0)
    >>> integrate(model, [0.0, 20.0, 400.0]).rate[:, 0].round(4)
    array([0.    , 1.2642, 2.    ])

    A thousand inputs at once:

    >>> many = RateModel(W=[[0.5]], X=np.linspace(0, 1, 1000)[:, None], tau=10.0)
    >>> integrate(many, [0.0, 400.0]).final.shape
    (1000, 1)
    """
    if not isinstance(model, RateModel):
        raise TypeError(f"`model` must be a RateModel; got {type(model).__name__}")
    t = _checked_times(times)
    require(method in METHODS, "method", f"must be one of {METHODS}", method)
    for name, value in (("rtol", rtol), ("atol", atol)):
        require(0 < value < np.inf, name, "must be positive", value)
    require(rtol >= 1e-13, "rtol", "must be at least 1e-13", rtol)
    first = as_rates("start", start, model.n)
    shapes = {"start": first.shape[:-1], "model": model.shape}
    if callable(model.X):  # a wrong shape is named before the solver starts
        shapes["X(t)"] = as_rates("X(t)", model.X(float(t[0])), model.n).shape[:-1]
    try:
        shape = np.broadcast_shapes(*shapes.values())
    except ValueError:
        text = ", ".join(f"{name} {one}" for name, one in shapes.items())
        raise ValueError(f"the leading axes do not broadcast: {text}") from None
    first = np.broadcast_to(first, (*shape, model.n))
    if shape == ():
        return _one(model, t, first, method, rtol, atol)
    return _many(model, t, first, shape, rtol, atol)


def _checked_times(times: npt.ArrayLike) -> np.ndarray:
    t = as_float("times", times).astype(float)
    enough = t.ndim == 1 and t.size >= 2
    require(enough, "times", "must be 1-D, two or more", str(t.shape))
    require(np.isfinite(t), "times", "must be finite", t)
    require(np.diff(t) > 0, "times", "must ascend", t[1:])
    return t


def _one(model, t, first, method, rtol, atol) -> Trajectory:
    options: dict[str, Any] = {"rtol": rtol, "atol": atol}
    if method in ("Radau", "BDF", "LSODA"):
        options["jac"] = lambda time, r: jacobian_of(model, r, time)

    last = [first]

    def grown(time, r):
        last[0] = r
        return np.abs(r).max() - 1e100

    grown.terminal = True  # type: ignore[attr-defined]
    with np.errstate(over="ignore", invalid="ignore"):
        solved = solve_ivp(
            lambda time, r: flow_of(model, r, time), (t[0], t[-1]), first, t_eval=t,
            method=method, events=grown, **options,
        )  # fmt: skip
    rate = np.full((t.size, model.n), np.inf)
    rate[: solved.t.size] = solved.y.T
    stopped = solved.status != 0
    if solved.status < 0:  # no step is small enough: what grows to infinity, or a bad f
        with np.errstate(over="ignore", invalid="ignore"):
            speed = np.abs(flow_of(model, last[0], t[-1])).max() * (t[-1] - t[0])
        if speed <= 1e6 * np.abs(last[0]).max():
            raise ConvergenceError(f"{method}: {solved.message}", solved)
    return Trajectory(t, rate, np.asarray(stopped))


def _many(model, t, first, shape, rtol, atol) -> Trajectory:
    size, n = int(np.prod(shape)), model.n
    rate = np.empty((size, t.size, n))
    runaway = np.zeros(size, bool)
    flat = first.reshape(size, n)
    own = model.W.ndim > 2
    piece = max(1 if own else 64, _NUMBERS // (n * (n if own else 16)))
    for low in range(0, size, piece):
        part = slice(low, min(low + piece, size))
        member = _members(model, shape, part)
        done = runge_kutta(member, t, flat[part], rtol, atol, rate[part])
        runaway[part] = done
    return Trajectory(t, rate.reshape(*shape, t.size, n), runaway.reshape(shape))


def _members(model: RateModel, shape: tuple[int, ...], part: slice) -> RateModel:
    """Members `part` of the flattened batch, as a model with one leading axis."""

    def pick(array: Any, trailing: int) -> Any:
        one = array.shape[array.ndim - trailing :]
        if array.ndim == trailing:
            return array
        whole = np.broadcast_to(array, (*shape, *one))
        index = np.unravel_index(np.arange(part.start, part.stop), shape)
        return whole[index]

    changes: dict[str, Any] = {"W": pick(model.W, 2), "tau": pick(model.tau, 1)}
    if callable(model.X):
        function = model.X
        changes["X"] = lambda time: pick(np.asarray(function(time), float), 1)
    else:
        changes["X"] = pick(model.X, 1)
    if isinstance(model.f, Transfer):
        changes["f"] = model.f.mapped(lambda value: pick(value, 1))
    return replace(model, **changes)
