"""Where a working point loses its stability, and the states of a network beyond."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize

from ..errors import ConvergenceError, as_float, require
from ..network import MeanField
from ..neurons import Network
from ._stability import Stability, stability
from ._working_points import WorkingPoint, as_mean_field, working_point

__all__ = [
    "Onset",
    "PhaseDiagram",
    "network_state",
    "oscillation_onsets",
    "phase_diagram",
]

Build = Callable[..., MeanField | Network]

STATES = ("quiescent", "AI", "AR", "SI slow", "SI fast", "SR", "none")
_REGULAR = 0.5  # CV below which firing is called regular
_QUIET = 1e-4  # kHz: rate below which a network is called quiescent
_SLOW = 0.1  # oscillations of fewer cycles per delay are called slow
_XTOL = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Onset:
    """A value of a parameter at which a mode neither grows nor decays.

    Attributes
    ----------
    value : float
        Of the parameter.
    frequency : float
        Of the mode [kHz]; 0 where a state appears or vanishes.
    point : WorkingPoint
        There.
    unstable_side : {"above", "below"}
        Values at which the mode grows.
    """

    value: float
    frequency: float
    point: WorkingPoint
    unstable_side: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PhaseDiagram:
    """States of a network over two parameters; see `phase_diagram`.

    Attributes
    ----------
    x, y : numpy.ndarray
        Values (k,), (m,).
    state : numpy.ndarray
        Names (m, k).
    rate, cv : numpy.ndarray
        Means over populations, weighted by size (m, k) [kHz, 1].
    loop_gain, frequency : numpy.ndarray
        As of `Stability` (m, k).
    """

    x: np.ndarray
    y: np.ndarray
    state: np.ndarray
    rate: np.ndarray
    cv: np.ndarray
    loop_gain: np.ndarray
    frequency: np.ndarray


def oscillation_onsets(
    network: Build, low: float, high: float, *, steps: int = 24
) -> tuple[Onset, ...]:
    """Find where, along a parameter, oscillations begin or end.

    Parameters
    ----------
    network : callable
        ``network(value)`` returns the `MeanField` or `Network`.
    low, high : float
        Range of the parameter.
    steps : int
        Parts of the range whose ends are compared. Two onsets within one part are missed.

    Returns
    -------
    tuple of Onset
        By rising value.

    Raises
    ------
    ValueError
        If the range or `steps` is not as described.
    ConvergenceError, TypeError
        As for `stability`.

    Notes
    -----
    The working point is followed from `low`. Where the number of growing modes changes,
    the loop gain of `stability` passes 1: a Hopf bifurcation, at frequency 0 a fold. The
    value is accurate to 1e-9 of itself given the response, of 1e-6.

    Examples
    --------
    >>> from meanfield.equilibrium import oscillation_onsets
    >>> from meanfield.network import brunel
    >>> found = oscillation_onsets(lambda eta: brunel(g=6.0, eta=eta), 2.0, 4.0, steps=2)
    >>> [(round(o.value, 3), round(1e3 * o.frequency, 1)) for o in found]  # eta, Hz
    [(3.255, 176.2)]
    """
    _check_build(network)
    low, high = (_number(name, v) for name, v in (("low", low), ("high", high)))
    require(low < high, "low", f"must be below `high`, {high:g}", low)
    if steps != int(steps) or steps < 1:
        raise ValueError(f"`steps` must be a whole number >= 1; got {steps}")
    start = None

    def at(value: float) -> tuple[WorkingPoint, Stability]:
        nonlocal start
        net = as_mean_field(network(value))
        point = working_point(net, start=start)
        start = point.rate
        return point, stability(net, point)

    values = np.linspace(low, high, int(steps) + 1)
    modes = [at(float(value))[1].unstable_modes for value in values]
    found = []
    for a, b, before, after in zip(
        values[:-1], values[1:], modes[:-1], modes[1:], strict=True
    ):
        if before != after:
            value = _crossing(lambda x: at(x)[1], float(a), float(b), before)
            point, there = at(value)
            side = "above" if after > before else "below"
            found.append(
                Onset(
                    value=value, frequency=there.frequency, point=point, unstable_side=side
                )
            )  # fmt: skip
    return tuple(found)


def _crossing(
    at: Callable[[float], Stability], a: float, b: float, before: int
) -> float:
    """Return where the number of growing modes changes between a and b."""

    def excess(x: float) -> float:
        return at(x).loop_gain - 1.0

    while b - a > 1e-3 * (abs(a) + abs(b)):
        if min(excess(a), excess(b)) < 0 < max(excess(a), excess(b)):
            break  # its gain is the largest
        middle = 0.5 * (a + b)
        a, b = (middle, b) if at(middle).unstable_modes == before else (a, middle)
    if excess(a) * excess(b) > 0:  # another mode has a larger gain
        while b - a > _XTOL * (abs(a) + abs(b)):
            middle = 0.5 * (a + b)
            a, b = (middle, b) if at(middle).unstable_modes == before else (a, middle)
        return 0.5 * (a + b)
    return float(optimize.brentq(excess, a, b, xtol=_XTOL, rtol=_XTOL))


def network_state(
    net: MeanField | Network,
    point: WorkingPoint | None = None,
    found: Stability | None = None,
) -> str:
    """Name the state that a network is in.

    Parameters
    ----------
    net : MeanField or Network
        A network, taken with ``mean_field(net)``.
    point : WorkingPoint, optional
        By default `working_point`.
    found : Stability, optional
        Of the point; by default `stability`.

    Returns
    -------
    {"AI", "AR", "SI slow", "SI fast", "SR", "quiescent"}
        Asynchronous or synchronous, irregular or regular; rates below 0.1 Hz.

    Raises
    ------
    ConvergenceError, ValueError, TypeError
        As for `working_point` and `stability`.

    Notes
    -----
    Synchronous: the asynchronous state is unstable. Regular: CVs, averaged over the
    neurons, below 0.5. Slow: less than a tenth of a cycle in the mean delay. The names are
    those of [1]_, where irregular means that the population oscillates faster than its
    neurons fire, and boundaries between AI and AR are not sharp.

    References
    ----------
    .. [1] N. Brunel, J. Comput. Neurosci. 8, 183 (2000), doi:10.1023/A:1008925309027

    Examples
    --------
    >>> from meanfield.equilibrium import network_state
    >>> from meanfield.network import brunel
    >>> network_state(brunel(g=5.0, eta=2.0)), network_state(brunel(g=6.0, eta=4.0))
    ('AI', 'SI fast')
    """
    net = as_mean_field(net)
    point = working_point(net) if point is None else point
    if not isinstance(point, WorkingPoint):
        raise TypeError(
            f"`point` must be a WorkingPoint; got {type(point).__name__}; take "
            "working_point(net, start=rates)"
        )
    found = stability(net, point) if found is None else found
    regular = _mean(net, point.cv) < _REGULAR
    if found.stable and _mean(net, point.rate) < _QUIET:
        return "quiescent"
    if found.stable:
        return "AR" if regular else "AI"
    if regular:
        return "SR"
    weights = [
        link.degree * abs(link.weight) for link in net.links if link.source < net.n
    ]
    delays = [link.delay.mean for link in net.links if link.source < net.n]
    delay = float(np.average(delays, weights=weights)) if any(weights) else 0.0
    return "SI slow" if found.frequency * delay < _SLOW else "SI fast"


def phase_diagram(network: Build, x: npt.ArrayLike, y: npt.ArrayLike) -> PhaseDiagram:
    """States of a network over two parameters.

    Parameters
    ----------
    network : callable
        ``network(x, y)`` returns the `MeanField` or `Network`.
    x, y : array_like, shape (k,), (m,)
        Values of the parameters.

    Returns
    -------
    PhaseDiagram
        The state is "none" where there is no working point.

    Raises
    ------
    ValueError, TypeError
        If `x` or `y` is not a list of numbers; as for `stability`.

    Notes
    -----
    `network_state` of the working point that `working_point` finds, for each pair. Some
    30 ms each for two populations of `LIF` neurons.

    Examples
    --------
    >>> from meanfield.equilibrium import phase_diagram
    >>> from meanfield.network import brunel
    >>> phase_diagram(brunel, [3.0, 5.0], [2.0]).state
    array([['SR', 'AI']], dtype='<U9')
    """
    _check_build(network)
    across, up = (as_float(name, v).astype(float) for name, v in (("x", x), ("y", y)))
    for name, values in (("x", across), ("y", up)):
        if values.ndim != 1 or not values.size:
            raise ValueError(f"`{name}` must have shape (k,); got {values.shape}")
        require(np.isfinite(values), name, "must be finite", values)
    state = np.full((up.size, across.size), "none", dtype="<U9")
    rate, cv, gain, frequency = np.full((4, *state.shape), np.nan)
    for i, j in np.ndindex(*state.shape):
        net = as_mean_field(network(float(across[j]), float(up[i])))
        try:
            point = working_point(net)
        except ConvergenceError:
            continue
        found = stability(net, point)
        state[i, j] = network_state(net, point, found)
        rate[i, j], cv[i, j] = _mean(net, point.rate), _mean(net, point.cv)
        gain[i, j], frequency[i, j] = found.loop_gain, found.frequency
    return PhaseDiagram(
        x=across,
        y=up,
        state=state,
        rate=rate,
        cv=cv,
        loop_gain=gain,
        frequency=frequency,
    )


def _check_build(network: Any) -> None:
    if not callable(network):
        raise TypeError(
            "`network` must be a function that returns a network for each value; got "
            f"{type(network).__name__}"
        )


def _number(name: str, value: Any) -> float:
    array = as_float(name, value)
    if array.ndim:
        raise ValueError(f"`{name}` must be one number; got shape {array.shape}")
    require(np.isfinite(array), name, "must be finite", array)
    return float(array)


def _mean(net: MeanField, values: Any) -> float:
    return float(np.average(values, weights=net.sizes))
