"""The inverse problem: external input for wanted rates."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ..network import MeanField
from ..neurons import Network
from ._newton import dead_times
from ._working_points import rest_to_threshold, with_currents

__all__ = ["ExternalInput", "external_input", "external_poisson_rates"]

_GROWTH, _DOUBLINGS = 2.0, 60
_HALVINGS = 120
_CLOSE = 1e-9  # relative difference between rates reached and wanted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExternalInput:
    """External input of each population, beside what it has; see `external_input`.

    Attributes
    ----------
    mu : numpy.ndarray
        Mean (n,) [mV/ms].
    variance : numpy.ndarray
        Squared noise intensity (n,) [mV^2/ms]; 0 for constant input.
    rate : numpy.ndarray
        Of all Poisson spikes a neuron receives (n,) [kHz]; 0 for constant input.
    net : MeanField
        The network with this input.
    """

    mu: np.ndarray
    variance: np.ndarray
    rate: np.ndarray
    net: MeanField


def external_input(
    net: MeanField | Network,
    rate: npt.ArrayLike,
    *,
    weight: npt.ArrayLike | None = None,
) -> ExternalInput:
    """Find the external input with which a network fires at wanted rates.

    Parameters
    ----------
    net : MeanField or Network
        A network, taken with ``mean_field(net)``, with the input that it keeps, and
        current synapses.
    rate : array_like, shape (n,)
        Wanted rates [kHz].
    weight : array_like, shape () or (n,), optional
        What a spike of the external input moves the voltage by [mV]: the input is Poisson.
        By default it is constant.

    Returns
    -------
    ExternalInput
        Input that comes in addition.

    Raises
    ------
    ValueError
        If a rate is out of reach, with the reason; or the shapes do not fit.
    TypeError
        If an argument is not a real number.

    Notes
    -----
    At the wanted rates the recurrent input is known, so that the populations are apart:
    one equation F_a(mu_a + x_a, sigma_a) = r_a each, or with mu_a + J x_a and
    sigma_a^2 + J^2 x_a for Poisson input, by bisection to the last digits. The noise keeps
    the time constant of the network's external noise. That the rates are self-consistent
    does not make them stable: see `stability`. For the simulator, constant input is a
    `neurons.Population.current` of mu [mV/ms], times C_m of neurons that have one.

    Examples
    --------
    >>> from meanfield.equilibrium import external_input, working_point
    >>> from meanfield.network import brunel
    >>> found = external_input(brunel(g=5.0, eta=0.0), [0.01, 0.01], weight=0.1)
    >>> found.rate.round(3)  # kHz, of the 1000 synapses together
    array([10.619, 10.619])
    >>> (1e3 * working_point(found.net).rate).round(6)
    array([10., 10.])
    """
    net = with_currents(net)
    wanted = _rates("rate", rate, net)
    _check_reachable(net, wanted)
    if weight is None:
        J, per_mu, per_variance = np.ones(net.n), np.ones(net.n), np.zeros(net.n)
    else:
        J = np.broadcast_to(_numbers("weight", weight, net), (net.n,))
        require(J != 0, "weight", "must not be 0 (mV)", J)
        per_mu, per_variance = J, J**2
    step = rest_to_threshold(net) / np.abs(J)

    def excess(x: np.ndarray) -> np.ndarray:
        with np.errstate(divide="ignore"):
            fired = with_input(net, per_mu * x, per_variance * x).firing_rates(wanted)
            return np.log(fired) - np.log(wanted)

    found = _solve(excess, step, net, both=weight is None, upwards=J > 0)
    mu, variance = per_mu * found, per_variance * found
    changed = with_input(net, mu, variance)
    reached = changed.firing_rates(wanted)
    require(
        np.abs(reached / wanted - 1.0) < _CLOSE, "rate",
        "must be a rate that the neuron can fire at; the nearest is another",
        wanted, "noiseless neurons fire from rheobase on, and not at all below",
    )  # fmt: skip
    poisson = np.zeros(net.n) if weight is None else found
    return ExternalInput(mu=mu, variance=variance, rate=poisson, net=changed)


def external_poisson_rates(
    net: MeanField | Network,
    rate: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    weights: npt.ArrayLike,
) -> np.ndarray:
    """Find rates of two Poisson inputs that give a network wanted mean and noise.

    Parameters
    ----------
    net : MeanField or Network
        A network, taken with ``mean_field(net)``, with the input that it keeps, and
        current synapses.
    rate : array_like, shape (n,)
        Rates at which the populations fire [kHz].
    mu, sigma : array_like, shape () or (n,)
        Wanted mean and noise intensity of the whole input [mV/ms, mV/sqrt(ms)].
    weights : array_like, shape (2,) or (n, 2)
        What a spike of each input moves the voltage by [mV], different ones.

    Returns
    -------
    numpy.ndarray
        (n, 2) [kHz], of all spikes that a neuron receives in addition.

    Raises
    ------
    ValueError
        If a rate would be negative, with the reason; or the shapes do not fit.
    TypeError
        If an argument is not a real number.

    Notes
    -----
    mu - mu_a = J_1 x_1 + J_2 x_2 and sigma^2 - sigma_a^2 = J_1^2 x_1 + J_2^2 x_2 with
    mu_a, sigma_a the input of population a at the rates [1]_.

    References
    ----------
    .. [1] M. Helias, T. Tetzlaff, M. Diesmann, New J. Phys. 15, 023002 (2013),
       doi:10.1088/1367-2630/15/2/023002, appendix E

    Examples
    --------
    >>> from meanfield.equilibrium import external_poisson_rates
    >>> from meanfield.network import brunel
    >>> net = brunel(g=5.0, eta=0.0)
    >>> external_poisson_rates(net, [0.01, 0.01], 0.9, 1.2, [0.1, -0.5]).round(3)
    array([[21.5,  2. ],
           [21.5,  2. ]])
    """
    net = with_currents(net)
    drive = net.drive(_rates("rate", rate, net))
    J = np.broadcast_to(_numbers("weights", weights, net, 2), (net.n, 2))
    require(np.all(J != 0, axis=1), "weights", "must not be 0 (mV)", J[:, 0])
    require(J[:, 0] != J[:, 1], "weights", "must differ (mV)", J[:, 0])
    missing_mu = _numbers("mu", mu, net) - drive.mu
    wanted = _numbers("sigma", sigma, net)
    missing = wanted**2 - drive.sigma**2
    require(
        wanted >= drive.sigma, "sigma", "must not be below the noise that there is",
        wanted, f"that is {drive.sigma.tolist()} mV/sqrt(ms)",
    )  # fmt: skip
    found = _two_rates(missing_mu, missing, J)
    for a, name in enumerate(net.names):
        if np.any(found[a] < 0):
            raise ValueError(
                f"the input of population {name!r} needs a negative rate, "
                f"{found[a].tolist()} kHz: with these weights, mean and noise must lie "
                "between those of either input alone; change sigma or the weights"
            )
    return found


def with_input(net: MeanField, mu: np.ndarray, variance: np.ndarray) -> MeanField:
    """Return the network with more external input."""
    return dataclasses.replace(
        net, mu_ext=net.mu_ext + mu, variance_ext=net.variance_ext + variance
    )


def _two_rates(mu: np.ndarray, variance: np.ndarray, J: np.ndarray) -> np.ndarray:
    """Return rates (n, 2) that add so much to mean and sigma^2."""
    matrix = np.stack([J, J**2], axis=1)
    right = np.stack(np.broadcast_arrays(mu, variance), axis=-1)
    return np.linalg.solve(matrix, right[..., None])[..., 0]


def _solve(
    excess: Any, step: np.ndarray, net: MeanField, both: bool, upwards: np.ndarray
) -> np.ndarray:
    """Return the zeros of monotone functions, one for each population."""
    at_0 = excess(np.zeros(net.n))
    low, high = np.zeros(net.n), np.zeros(net.n)
    # Poisson input cannot be negative: it must change the rate in the right direction.
    wrong = (at_0 != 0) & ((at_0 > 0) == upwards) & (not both)
    if wrong.any():
        a = int(np.flatnonzero(wrong)[0])
        than = "faster" if at_0[a] > 0 else "slower"
        raise ValueError(
            f"population {net.names[a]!r} fires {than} than wanted without external "
            f"input (by a factor {np.exp(at_0[a]):.3g}), which can only make it more so; "
            "change the sign of `weight`, or the input that the network keeps"
        )
    sign = np.where(at_0 > 0, -1.0, 1.0) if both else np.ones(net.n)
    open_ = at_0 != 0
    size = step * 2.0**-20
    for _ in range(_DOUBLINGS):
        if not open_.any():
            break
        high = np.where(open_, sign * size, high)
        beyond = excess(high) * at_0 <= 0
        low = np.where(open_ & ~beyond, high, low)
        open_ &= ~beyond
        size = size * _GROWTH
    if open_.any():
        a = int(np.flatnonzero(open_)[0])
        raise ValueError(
            f"population {net.names[a]!r} does not reach the wanted rate with any external "
            "input of this kind; lower the rate, or give its neurons noise"
        )
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        same = excess(middle) * at_0 > 0
        low, high = np.where(same, middle, low), np.where(same, high, middle)
        if np.all(np.abs(high - low) <= 1e-15 * np.abs(high)):
            break
    return high


def _check_reachable(net: MeanField, wanted: np.ndarray) -> None:
    require(wanted > 0, "rate", "must be positive (kHz)", wanted)
    dead = dead_times(net)
    require(
        wanted * dead < 1.0, "rate", "must be below 1/t_ref (kHz)", wanted,
        "no input makes neurons fire faster",
    )  # fmt: skip


def _rates(name: str, given: npt.ArrayLike, net: MeanField) -> np.ndarray:
    found = as_float(name, given).astype(np.float64)
    if found.shape != (net.n,):
        raise ValueError(f"`{name}` must have shape ({net.n},); got {found.shape}")
    require(np.isfinite(found), name, "must be finite (kHz)", found)
    return found


def _numbers(name: str, given: npt.ArrayLike, net: MeanField, *more: int) -> np.ndarray:
    found = as_float(name, given).astype(np.float64)
    if found.shape not in {(*more,), (net.n, *more)}:
        raise ValueError(
            f"`{name}` must have shape {(*more,)} or {(net.n, *more)}; got {found.shape}"
        )
    require(np.isfinite(found), name, "must be finite", found)
    return found
