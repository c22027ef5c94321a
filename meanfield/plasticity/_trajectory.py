"""The way of weights and rates under inhibitory plasticity."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ._dynamics import Way
from ._fixed_point import rest
from ._rules import Rules, network, plastic

_TIME_CONSTANTS = 5.0  # after which what is left is below 1 %


@dataclass(frozen=True)
class Trajectory:
    """Weights and rates in time; see `trajectory`.

    Attributes
    ----------
    t : numpy.ndarray, shape (times,)
        Times [ms]; fewer than asked for if the way ended early.
    W : numpy.ndarray, shape (times, n, n)
        Connection strengths.
    rate : numpy.ndarray, shape (times, n) or (times, stimuli, n)
        Rates [kHz].
    settled : bool
        Whether weights have come to rest: the time is 5 time constants at least, and at
        the drift of its end a fifth of it would change no weight by 1 %.
    message : str
        How the way ended, in words.
    """

    t: np.ndarray
    W: np.ndarray
    rate: np.ndarray
    settled: bool
    message: str


def trajectory(
    W: npt.ArrayLike,
    X: npt.ArrayLike,
    rules: Rules,
    times: npt.ArrayLike,
    *,
    gain: npt.ArrayLike = 1.0,
    size: float = math.inf,
    threshold: npt.ArrayLike = 0.0,
    unit: npt.ArrayLike | None = None,
    traces: bool = True,
    empty: bool = False,
    rates: Callable[[np.ndarray, np.ndarray], Any] | None = None,
) -> Trajectory:
    """Weights and rates of populations whose inhibition is plastic.

    Parameters
    ----------
    W : array_like, shape (n, n)
        Strength of connections to population a (row) from b (column) at time 0, negative
        for inhibition: the mean input is W r + X.
    X : array_like, shape (n,) or (stimuli, n)
        External input; of several stimuli, each is given equally often, for long against
        the traces and briefly against learning.
    rules : mapping
        The `neurons.InhibitoryPlasticity` of plastic entries (row, column) of W.
    times : array_like, shape (times,)
        Increasing times [ms], from 0 on, at which weights and rates are wanted.
    gain, size, threshold, unit
        As for `fixed_point`.
    traces : bool, optional
        Whether traces lag behind the rates by the rule's `tau`; with several stimuli they
        do not.
    empty : bool, optional
        Whether traces are 0 at time 0, as when a simulation begins; by default they are
        the rates.
    rates : callable, optional
        Rates [kHz] of a network, ``rates(W, X)`` of the shape of X, in place of those that
        are linear above threshold.

    Returns
    -------
    Trajectory
        ``t``, ``W``, ``rate``, ``settled``, ``message``. `t` ends where rates cease to
        exist, as under runaway excitation.

    Raises
    ------
    ValueError, TypeError
        As for `fixed_point`, save that targets need not be reachable.

    Notes
    -----
    dW_ab/dt = -g_ab <r_b (x_a - 2 r0_a) + r_a x_b>, averaged over stimuli, where traces
    follow the rates, tau dx/dt = r - x, and g = eta unit (additive, until W_ab = 0) or
    eta abs(W_ab) (multiplicative). Rates are those of the balanced state,
    r = (L - W)^-1 X, or where a population falls silent of the semi-balanced state:
    r >= 0, W r + X <= L r, with equality where r > 0. Without traces and with g = eta/2
    this is the rate rule dW = -eta (r - r0) r^T.

    Relative error 1e-8 (test against closed forms), 1e-5 with given `rates`. Between
    changes of the populations that fire the equations are smooth; the changes are located.
    Where a state vanishes, the nearest other one is gone on with.

    Examples
    --------
    >>> from meanfield.neurons import InhibitoryPlasticity
    >>> from meanfield.plasticity import trajectory
    >>> rule = {"tau": 200.0, "multiplicative": True}
    >>> way = trajectory([[30.0, -45.0], [135.0, -75.0]], [0.4, 0.3], {
    ...     (0, 1): InhibitoryPlasticity(eta=3.0, target=0.008, **rule),
    ...     (1, 1): InhibitoryPlasticity(eta=2.0, target=0.010, **rule),
    ... }, [0.0, 1500.0, 30_000.0])
    >>> print(1e3 * way.rate.round(5))  # [Hz]
    [[ 4.31 11.76]
     [13.41 16.2 ]
     [ 8.   10.  ]]
    """
    start, X, leak = network(W, X, gain, size, threshold, stimuli=True)
    entries = plastic(rules, start, unit)
    times = as_float("times", times).astype(np.float64)
    if times.ndim != 1 or times.size == 0:
        raise ValueError(f"`times` must have shape (times,); got {times.shape}")
    steps = np.diff(times, prepend=0.0)
    require(np.isfinite(times), "times", "must be finite", times)
    require(steps[0] >= 0.0 and (steps[1:] > 0.0).all(), "times",
            "must increase, from 0 on", str(times))  # fmt: skip
    way = Way(start, X, leak, entries, traces and X.ndim == 1, rates)
    found, rate, drift, ended = way.follow(times, empty)
    t = times[: len(found)]
    entries.check_step(rate)
    # What is left decays within a fifth of the time, if that is enough.
    settled = not ended and drift * times[-1] / _TIME_CONSTANTS < 0.01
    if not ended:
        ended = "weights drift by less than 1 %" if settled else "weights still change"
        if X.ndim == 1 and rates is None:
            few, theory = _by_theory(times[-1], start, X, leak, entries, traces)
            settled, ended = settled and not few, ended + theory
    return Trajectory(t, found, rate, settled, ended)


def _by_theory(duration, W, X, leak, entries, traces) -> tuple[bool, str]:
    """Whether the time given is too short, in time constants, or why none suffices."""
    try:
        end = rest(W, X, leak, entries, traces)
    except ValueError as impossible:
        return False, f"; {impossible}"
    if not end.stable:
        return False, f"; {end.message}"
    few = bool(duration < _TIME_CONSTANTS * end.tau)
    text = f" after {duration / end.tau:.1f} time constants of {1e-3 * end.tau:.3g} s"
    return few, text + (f"; give at least {_TIME_CONSTANTS:g}" if few else "")
