"""Working point, rate and variability of adaptive neurons."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from .. import integrate_and_fire, lif
from .._elementwise import _result_dtype
from ..errors import as_float, require
from ..neurons import GLIF, LIF, AdaptiveLIF, AdEx
from ._exponential import Exponential, exponential
from ._leaky import Leaky, adaptive_threshold, generalized

Neuron = AdaptiveLIF | GLIF | AdEx
Solution = Literal["unique", "lowest", "highest"]
_SOLUTIONS = ("unique", "lowest", "highest")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkingPoint:
    """A neuron with its adaptation frozen; see `working_point`.

    Parameters
    ----------
    neuron : LIF or EIF
        The neuron without adaptation that fires the same, of the broadcast shape; its
        threshold is about that at spikes.
    mu : float or numpy.ndarray
        Its drive [mV/ms].
    sigma : float or numpy.ndarray
        Its noise [mV/sqrt(ms)], that of the adaptive neuron.
    rate : float or numpy.ndarray
        Its rate [kHz].
    """

    neuron: Any
    mu: Any
    sigma: Any
    rate: Any


def working_point(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    solution: Solution = "unique",
) -> WorkingPoint:
    """Return the neuron without adaptation that fires like the adapted one.

    Parameters
    ----------
    mu : array_like
        Mean drive [mV/ms]; of a current I it is I/C_m.
    sigma : array_like
        Noise intensity [mV/sqrt(ms)], not negative.
    neuron : AdaptiveLIF, GLIF or AdEx
        Neuron parameters, a GLIF of level 1 to 4; arrays broadcast with `mu` and `sigma`.
    solution : {"unique", "lowest", "highest"}
        Which rate to take where several reproduce themselves; "unique" refuses them.

    Returns
    -------
    WorkingPoint
        ``neuron``, ``mu``, ``sigma`` and ``rate``.

    Raises
    ------
    ValueError
        If `mu` or `sigma` is not finite or `sigma` negative, a GLIF is of level 5, its
        `asc_r` is outside [0, 1], its reset is not below the threshold where it fires,
        or several solutions exist and `solution` is "unique".
    ConvergenceError
        If facilitating currents without a refractory period drive the rate above 10 kHz.
    TypeError
        If an argument is not a real number, or `neuron` none of these.

    Notes
    -----
    Slow variables are replaced by constants that reproduce themselves [1]_ [2]_. In an
    interval a variable decays as z e^(-k t). The constants that change the mean interval
    as that does, to first order in z, are for thresholds and for currents

    z F(k)  and  z (F(k) - F(1/tau_m))/((1 - k tau_m)(1 - F(1/tau_m))),

    F(k) = E e^(-k T) of the time T from reset to threshold, and z = J/(1 - asc_r
    e^(-k t_ref) F(k)) is the mean beginning, J being `th_spike_add`, `asc_amps`/C_m, or
    Delta_theta e^(-t_ref/tau_theta). For slow variables they are the mean, J rate/k. They
    are exact without noise, at any k, unless the neuron bursts. V_reset of a GLIF with
    reset rules follows from its threshold. Neglected is that z differs between intervals.

    For the AdEx the base is the EIF with tau_m = C_m/g_L at the drive mu - w/C_m, and w its
    mean: of what spikes add, over the free time of equal intervals, and a (<V> - E_L), with
    the density of V, V_reset in refractory periods.

    With thresholds that rise and currents that inhibit, adaptation falls where it is
    assumed to be stronger: the solution is unique. Else a grid of 240 values is searched.
    Solved to a relative 1e-12 (1e-9 for the AdEx).

    Measured against simulation (docs/benchmarks/adaptation.md): rates of leaky neurons
    within 2 % where rate/k > 3, 8 % where it is above 0.3, 14 % above 0.1; of the AdEx
    within 4 % where it is above 3, and 11 % at 1.

    References
    ----------
    .. [1] G. La Camera, A. Rauch, H.-R. Luscher, W. Senn, S. Fusi, Neural Comput. 16,
       2101 (2004), doi:10.1162/0899766041732468
    .. [2] J. Benda, A. V. M. Herz, Neural Comput. 15, 2523 (2003),
       doi:10.1162/089976603322385063

    Examples
    --------
    >>> from meanfield import adaptation
    >>> from meanfield.neurons import AdaptiveLIF
    >>> point = adaptation.working_point(1.5, 1.0, AdaptiveLIF(Delta_theta=5.0))
    >>> print(f"{point.rate * 1e3:.2f} Hz at a threshold of {point.neuron.V_th:.2f} mV")
    21.00 Hz at a threshold of 28.47 mV
    """
    return solve(*prepare(mu, sigma, neuron), solution)


def solve(
    mu: np.ndarray, sigma: np.ndarray, parts: Leaky | Exponential, solution: Solution
) -> WorkingPoint:
    """Return the working point of a neuron given by its parts."""
    if solution not in _SOLUTIONS:
        raise ValueError(f"`solution` must be one of {_SOLUTIONS}; got {solution!r}")
    base, drive, rate = parts.solve(mu, sigma, solution)
    return WorkingPoint(neuron=base, mu=drive[()], sigma=sigma[()], rate=rate[()])


def prepare(
    mu: npt.ArrayLike, sigma: npt.ArrayLike, neuron: Any
) -> tuple[np.ndarray, np.ndarray, Leaky | Exponential]:
    """Check arguments; return them in the broadcast shape, and the neuron's parts."""
    if isinstance(neuron, AdaptiveLIF):
        parts = adaptive_threshold(neuron)
    elif isinstance(neuron, GLIF):
        parts = generalized(neuron)
    elif isinstance(neuron, AdEx):
        parts = exponential(neuron)
    else:
        raise TypeError(
            "`neuron` must be an AdaptiveLIF, a GLIF or an AdEx; got "
            f"{type(neuron).__name__}"
        )
    arrays = [as_float("mu", mu), as_float("sigma", sigma)]
    for name, array in zip(("mu", "sigma"), arrays, strict=True):
        require(np.isfinite(array), name, "must be finite", array)
    require(arrays[1] >= 0.0, "sigma", "must not be negative", arrays[1])
    try:
        shape = np.broadcast_shapes(*(a.shape for a in arrays), neuron.shape)
    except ValueError:
        raise ValueError(
            f"the shapes do not broadcast: mu {arrays[0].shape}, sigma "
            f"{arrays[1].shape}, neuron {neuron.shape}"
        ) from None
    full = [np.broadcast_to(a, shape).astype(np.float64) for a in arrays]
    return full[0], full[1], parts


def precision(*values: npt.ArrayLike) -> np.dtype:
    """float32 if all arrays are, else float64."""
    return _result_dtype(values, [as_float("mu", value) for value in values])


def firing_rate(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    solution: Solution = "unique",
) -> Any:
    """Stationary firing rate of an adaptive neuron.

    Parameters
    ----------
    mu, sigma, neuron, solution
        As for `working_point`.

    Returns
    -------
    numpy.ndarray or float
        Rate [kHz] of the broadcast shape.

    Raises
    ------
    ValueError, TypeError, ConvergenceError
        As for `working_point`.

    Notes
    -----
    The rate that reproduces itself by the adaptation that it causes; see `working_point`.

    Examples
    --------
    >>> from meanfield import adaptation
    >>> from meanfield.neurons import GLIF
    >>> adapting = GLIF(t_ref=3.0, asc_amps=(-8.0, -20.0), asc_decay=(0.003, 0.02))
    >>> adaptation.firing_rate([1.5, 2.0, 2.5], 1.0, adapting).round(4)
    array([0.0082, 0.0168, 0.0248])
    """
    rate = working_point(mu, sigma, neuron, solution=solution).rate
    return rate.astype(precision(mu, sigma))


def cv(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    solution: Solution = "unique",
) -> Any:
    """Coefficient of variation of the intervals, with the adaptation frozen at its mean.

    Parameters
    ----------
    mu, sigma, neuron, solution
        As for `working_point`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape.

    Raises
    ------
    ValueError, TypeError, ConvergenceError
        As for `working_point`.

    Notes
    -----
    That of the neuron of `working_point`. Neglected is that adaptation decays within an
    interval, and that a short one leaves more of it to the next: the correlations of
    intervals are negative. Intervals and, even more so, counts in long windows vary less
    than this says: within 15 % of the simulated CV where rate/k > 10 for all slow
    variables, up to several times too large at rate/k < 1.

    Examples
    --------
    >>> from meanfield import adaptation
    >>> from meanfield.neurons import AdaptiveLIF
    >>> round(float(adaptation.cv(1.5, 1.0, AdaptiveLIF(Delta_theta=5.0))), 3)
    0.339
    """
    point = working_point(mu, sigma, neuron, solution=solution)
    of_base = lif.cv if isinstance(point.neuron, LIF) else integrate_and_fire.cv
    found = of_base(point.mu, point.sigma, point.neuron)
    return found.astype(precision(mu, sigma))
