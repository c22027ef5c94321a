"""Stationary firing of the LIF with exponential synapses: rate and variability."""

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import lif
from .._elementwise import elementwise
from ..errors import ValidityWarning, as_float, require
from ..neurons import LIF
from ._cycle import Cycle
from ._mesh import spread
from ._phase_space import PhaseSpace
from ._rare import RareCycle
from ._shift import effective_neuron

METHODS = ("auto", "fokker_planck", "effective_threshold")
# Below it the effective threshold is exact to 1e-6.
_FAST = 1e-6
# Above it the expansion behind the effective threshold has errors of several percent.
_SHIFT_VALID = 0.1
# For slower noise -L is singular within rounding.
_SLOWEST = 1000.0
# From here on, in standard deviations of the free voltage, spikes are rare events.
_RARE = 5.0
# From here on, in units of y, noise acts linearly: what is left out is of order 1e-8.
_LINEAR = 1e4

_DEFAULT = LIF()


def moment_activation(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    tau_syn: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    method: str = "auto",
) -> lif.MomentActivation:
    """Map mean and noise of a filtered input to mean, variability and response.

    Parameters
    ----------
    mu : array_like
        Mean drive [mV/ms].
    sigma : array_like
        Noise intensity [mV/sqrt(ms)], not negative.
    tau_syn : array_like
        Time constant of the synapses [ms], not negative.
    neuron : LIF
        Neuron parameters; arrays broadcast with the inputs. `tau_m` must be finite.
    method : {"auto", "fokker_planck", "effective_threshold"}
        See the notes.

    Returns
    -------
    meanfield.MomentActivation
        ``rate`` [kHz]; ``std`` [sqrt(kHz)], the square root of the spike count variance
        per unit time in long windows; ``chi`` = (sigma/std) d rate/d mu, the square root
        of the ratio of output and weak input correlations in long windows. Each of the
        broadcast shape; float32 if the inputs are.

    Raises
    ------
    ValueError
        If `sigma` or `tau_syn` is negative or infinite, `tau_m` is infinite, `tau_syn` is
        above 1000 tau_m, `method` is unknown, or the shapes do not broadcast.
    TypeError
        If an argument is not a real number, or `neuron` is not an `LIF`.

    Warns
    -----
    ValidityWarning
        For ``method="effective_threshold"`` where tau_syn > 0.1 tau_m.

    Notes
    -----
    dV = (-(V - E_L)/tau_m + mu + s) dt, tau_syn ds = -s dt + sigma dW: the current has a
    standard deviation of sigma/sqrt(2 tau_syn), and is white for tau_syn = 0, where the
    result is that of `meanfield.moment_activation`. It goes on during `t_ref`, so that
    intervals are correlated, and std^2/rate is not CV^2.

    "fokker_planck" solves the two-dimensional backward equation by finite elements
    (docs/theory/coloured_noise), 10 to 50 ms a point. For 100 random neurons with
    tau_syn/tau_m from 1e-4 to 10 and rates from 1e-7/tau_m, five times as many unknowns
    change the rate by 2e-4 at most, the CV by 3e-4, the Fano factor by 6e-4 and
    d rate/d mu by 5e-4. Firing that is rarer than about exp(-12)/tau_m is found as an
    escape, down to rates that underflow.

    "effective_threshold" is white noise with `effective_neuron`: microseconds, and an
    error of about tau_syn/(2 tau_m) of the rate, more where spikes are rare [1]_. "auto"
    is "fokker_planck" for tau_syn > 1e-6 tau_m.

    References
    ----------
    .. [1] N. Fourcaud, N. Brunel, Neural Comput. 14, 2057 (2002),
       doi:10.1162/089976602320264015

    Examples
    --------
    >>> from meanfield.coloured_noise import moment_activation
    >>> rate, std, chi = moment_activation(1.0, 1.0, 5.0)
    >>> print(f"{rate * 1e3:.2f} Hz, std = {std:.4f}, chi = {chi:.3f}")
    13.50 Hz, std = 0.0595, chi = 0.868
    """
    result = _evaluate(("rate", "std", "chi"), mu, sigma, tau_syn, neuron, method)
    return lif.MomentActivation(*result)


def firing_rate(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    tau_syn: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    method: str = "auto",
) -> Any:
    """Stationary firing rate of the LIF with exponential synapses.

    Parameters
    ----------
    mu, sigma, tau_syn, neuron, method
        As for `moment_activation`.

    Returns
    -------
    numpy.ndarray or float
        Rate [kHz] of the broadcast shape.

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Warns
    -----
    ValidityWarning
        As for `moment_activation`.

    Examples
    --------
    >>> from meanfield.coloured_noise import firing_rate
    >>> from meanfield.units import Hz
    >>> (firing_rate(0.9, 1.0, [0.0, 2.0, 20.0]) / Hz).round(2)
    array([13.51, 10.06,  5.05])
    """
    return _evaluate(("rate",), mu, sigma, tau_syn, neuron, method)[0]


def cv(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    tau_syn: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    method: str = "auto",
) -> Any:
    """Coefficient of variation of the inter-spike intervals.

    Parameters
    ----------
    mu, sigma, tau_syn, neuron, method
        As for `moment_activation`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape: of the stationary distribution of intervals, which begin
        with the current that there is at spikes.

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Warns
    -----
    ValidityWarning
        As for `moment_activation`.

    Examples
    --------
    >>> from meanfield.coloured_noise import cv
    >>> round(float(cv(0.9, 1.0, 20.0)), 3)
    0.847
    """
    return _evaluate(("cv",), mu, sigma, tau_syn, neuron, method)[0]


def fano_factor(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    tau_syn: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    method: str = "auto",
) -> Any:
    """Fano factor of spike counts in long windows.

    Parameters
    ----------
    mu, sigma, tau_syn, neuron, method
        As for `moment_activation`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape: CV^2 (1 + 2 sum of the serial correlations).

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Warns
    -----
    ValidityWarning
        As for `moment_activation`.

    Examples
    --------
    >>> from meanfield.coloured_noise import cv, fano_factor
    >>> ratio = fano_factor(1.5, 1.0, 20.0) / cv(1.5, 1.0, 20.0) ** 2
    >>> round(float(ratio), 2)  # long intervals follow long ones
    1.9
    """
    return _evaluate(("fano_factor",), mu, sigma, tau_syn, neuron, method)[0]


def _evaluate(names, mu, sigma, tau_syn, neuron, method):
    parameters = check(sigma, tau_syn, neuron, method, stacklevel=4)

    def kernel(*arrays):
        inputs, outputs = arrays[:3], arrays[3 : 3 + len(names)]
        given = np.broadcast_arrays(*inputs, *arrays[3 + len(names) :])
        _fill(names, outputs, given, method)

    inputs = {"mu": mu, "sigma": sigma, "tau_syn": tau_syn}
    # One thread: the time goes into LAPACK calls of microseconds.
    return elementwise(kernel, inputs, len(names), parameters=parameters, threads=1)


def check(
    sigma: npt.ArrayLike,
    tau_syn: npt.ArrayLike,
    neuron: LIF,
    method: str,
    *,
    stacklevel: int,
) -> list[Any]:
    """Raise an error for bad input; return the parameters of the neuron."""
    if not isinstance(neuron, LIF):
        raise TypeError(f"`neuron` must be an LIF; got {type(neuron).__name__}")
    if method not in METHODS:
        raise ValueError(f"`method` must be one of {METHODS}; got {method!r}")
    for name, value in (("sigma", sigma), ("tau_syn", tau_syn)):
        array = as_float(name, value)
        good = ~((array < 0) | np.isinf(array))
        require(good, name, "must be finite and not negative", array)
    parameters = [
        neuron.tau_m, neuron.t_ref, neuron.V_th, neuron.V_reset, neuron.E_L
    ]  # fmt: skip
    if any(hasattr(p, "requires_grad") for p in parameters):
        raise TypeError("`neuron` holds tensors; pass plain numbers")
    tau_m = np.asarray(neuron.tau_m)
    require(np.isfinite(tau_m), "tau_m", "must be finite (ms)", tau_m)
    if method == "effective_threshold":
        _warn_if_slow(np.asarray(tau_syn), tau_m, stacklevel + 1)
    else:
        _require_not_frozen(np.asarray(tau_syn), tau_m)
    return parameters


def _warn_if_slow(tau_syn: np.ndarray, tau_m: np.ndarray, stacklevel: int) -> None:
    ratio = np.nanmax(tau_syn / tau_m, initial=0.0)
    if ratio > _SHIFT_VALID:
        warnings.warn(
            f"the effective threshold is for tau_syn << tau_m; got tau_syn/tau_m up to "
            f'{ratio:.3g}, where method="fokker_planck" is accurate',
            ValidityWarning,
            stacklevel=stacklevel,
        )


def _require_not_frozen(tau_syn: np.ndarray, tau_m: np.ndarray) -> None:
    remedy = "average firing_rate(mu + s, 0) over the current s, normal with SD "
    remedy += "sigma/sqrt(2 tau_syn)"
    limit = f"must be at most {_SLOWEST:.0f} tau_m"
    require(~(tau_syn > _SLOWEST * tau_m), "tau_syn", limit, tau_syn, remedy)


def _fill(names, outputs, given, method) -> None:
    """Write the quantities `names` of points that are arrays of one shape."""
    mu, sigma, tau_syn, tau_m, t_ref, V_th, V_reset, E_L = given
    missing = np.isnan(mu) | np.isnan(sigma) | np.isnan(tau_syn)
    fast = ~missing & is_fast(mu, sigma, tau_syn, tau_m, method)
    for output in outputs:
        output[missing] = np.nan
    if fast.any():
        m, s, t = mu[fast], sigma[fast], tau_syn[fast]
        neuron = LIF(
            tau_m=tau_m[fast], t_ref=t_ref[fast], V_th=V_th[fast],
            V_reset=V_reset[fast], E_L=E_L[fast],
        )  # fmt: skip
        neuron = effective_neuron(s, t, neuron)
        for name, output in zip(names, outputs, strict=True):
            output[fast] = _WHITE[name](m, s, neuron)
    for i in np.flatnonzero(~(fast | missing)):
        point = [float(a[i]) for a in given]
        cycle, scale = solve_cycle(*point)
        for name, output in zip(names, outputs, strict=True):
            output[i] = _COLOURED[name](cycle, scale, *point)
    if method != "effective_threshold" and "chi" in names:
        limit = (sigma == 0) & (tau_syn > _FAST * tau_m) & np.isfinite(mu)
        for i in np.flatnonzero(limit & (mu * tau_m > V_th - E_L)):
            point = [float(a[i]) for a in given]
            outputs[names.index("chi")][i] = _chi(*solve_cycle(*point), *point)


def is_fast(mu, sigma, tau_syn, tau_m, method: str) -> np.ndarray:
    """Whether white noise and the effective threshold are the answer."""
    exact = np.isinf(mu) | (sigma == 0) | (tau_syn <= _FAST * tau_m)
    return exact | (method == "effective_threshold")


def solve_cycle(
    mu: float,
    sigma: float,
    tau_syn: float,
    tau_m: float,
    t_ref: float,
    V_th: float,
    V_reset: float,
    E_L: float,
    *,
    strongest: float = _LINEAR,
    fastest: float = 0.0,
) -> tuple[Cycle | RareCycle, float]:
    """Solve for one neuron; nothing is computed until it is asked for.

    Returns also the ratio of the noise to that which was solved for: weak noise, which
    only scales the standard deviations, is made stronger, up to where it is still weak.
    """
    k, unit = tau_syn / tau_m, sigma * tau_m / math.sqrt(2 * tau_syn)
    above = E_L + tau_m * mu - V_th
    used = max(unit, above / strongest)
    y_th, y_reset = -above / used, (V_reset - V_th - above) / used
    if y_th > _RARE * spread(k):
        return RareCycle(y_th, y_reset, k, t_ref / tau_m), 1.0
    return Cycle(
        PhaseSpace(y_th, y_reset, k, fastest=fastest), t_ref / tau_m
    ), unit / used


def _rate(cycle, scale, mu, sigma, tau_syn, tau_m, *_) -> float:
    return 1 / (tau_m * cycle.mean)


def _std(cycle, scale, *point) -> float:
    return scale * math.sqrt(cycle.fano_factor * _rate(cycle, scale, *point))


def _chi(cycle, scale, mu, sigma, tau_syn, tau_m, *_) -> float:
    """sigma/std d rate/d mu: sigma and the unit of y cancel."""
    if not cycle.gain:  # silent
        return 0.0
    variance = cycle.fano_factor / (tau_m * cycle.mean)
    return math.sqrt(2 * tau_syn / variance) / tau_m * cycle.gain


_COLOURED: dict[str, Callable[..., float]] = {
    "rate": _rate,
    "std": _std,
    "chi": _chi,
    "cv": lambda cycle, scale, *_: scale * math.sqrt(cycle.squared_cv),
    "fano_factor": lambda cycle, scale, *_: scale**2 * cycle.fano_factor,
}
_WHITE: dict[str, Callable[..., Any]] = {
    "rate": lif.firing_rate,
    "std": lambda *point: lif.moment_activation(*point).std,
    "chi": lif.chi,
    "cv": lif.cv,
    "fano_factor": lif.fano_factor,
}
