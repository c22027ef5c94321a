"""How the rates of a network change from any start, by the density of the voltage."""

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import signal

from ..errors import as_float, require
from ..network import Link, MeanField
from ..network._cells import Cells
from ..neurons import Network
from ..population_density._evolve import _State
from ..population_density._grid import Range, make_grid
from ._effective_connectivity import check_neuron
from ._newton import dead_times
from ._working_points import WorkingPoint, as_mean_field, working_point

__all__ = ["Transient", "transient"]

# The grid is for rates so many times those at start and end, and at least this [kHz].
_ABOVE, _AT_LEAST = 4.0, 0.1
_FINEST = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Transient:
    """Rates over time; see `transient`.

    Attributes
    ----------
    times : numpy.ndarray
        Middles (steps,) of the time steps [ms].
    rate : numpy.ndarray
        (n, steps) [kHz], means over the steps.
    mu, sigma : numpy.ndarray
        Input (n, steps) [mV/ms, mV/sqrt(ms)].
    """

    times: np.ndarray
    rate: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray


def transient(
    net: MeanField | Network,
    start: npt.ArrayLike,
    duration: float,
    *,
    dt: float = 0.1,
    point: WorkingPoint | None = None,
    cells: int | None = None,
) -> Transient:
    """Return the rates of a network after it has been held at others.

    Parameters
    ----------
    net : MeanField or Network
        A network, taken with ``mean_field(net)``, of `LIF`, `EIF`, `QIF` or
        `IntegrateAndFire` neurons that are alike within a population.
    start : array_like, shape (n,)
        Rates [kHz]: until time 0 all neurons receive input as if the populations fired so,
        and are distributed accordingly.
    duration : float
        Time [ms].
    dt : float
        Time step [ms], not longer than the shortest delay.
    point : WorkingPoint, optional
        Where the thresholds of `MeanField.cells` are taken, for synapses with a time
        constant; by default `working_point`.
    cells : int, optional
        As for `meanfield.population_density.evolve`.

    Returns
    -------
    Transient

    Raises
    ------
    ValueError, TypeError
        If the network holds something else, a population has no noise, or `dt` is longer
        than a delay.

    Notes
    -----
    The Fokker-Planck equation of each population (`meanfield.population_density`), with
    mean and noise that follow the rates of all of them through delay and synapse [1]_: the
    limit of large and sparse networks, without fluctuations, oscillations of any size
    included. With delta synapses there is no other approximation; with others the mean is
    filtered by the synapse, sigma^2 also with half its time constant, and the threshold
    stays that of `point`. The error is that of the density, some 1e-3.

    References
    ----------
    .. [1] N. Brunel, V. Hakim, Neural Comput. 11, 1621 (1999),
       doi:10.1162/089976699300016179

    Examples
    --------
    >>> from meanfield.equilibrium import transient
    >>> from meanfield.network import brunel
    >>> found = transient(brunel(g=5.0, eta=2.0), [0.02, 0.02], 300.0)
    >>> (1e3 * found.rate[:, -1]).round(1)  # Hz
    array([37.9, 37.9])
    """
    net = as_mean_field(net)
    start = as_float("start", start).astype(np.float64)
    if start.shape != (net.n,):
        raise ValueError(f"`start` must have shape ({net.n},); got {start.shape}")
    steps = round(_time("duration", duration) / _time("dt", dt))
    require(steps >= 1, "duration", f"must be at least dt={dt} (ms)", duration)
    end = (working_point(net) if point is None else point).rate
    kernels = [_kernel(link, dt) for link in _recurrent(net)]
    states, scale = _populations(net, start, end, steps * dt, dt, cells)
    return _run(net, states, scale, kernels, start, steps, dt)


def _run(
    net: MeanField, states: list, scale: np.ndarray, kernels: list, start: np.ndarray,
    steps: int, dt: float,
) -> Transient:  # fmt: skip
    stretch = min([int(np.flatnonzero(k)[0]) for k in kernels], default=steps)
    past = max([k.size for k in kernels], default=1)
    rate = np.repeat(start[:, None], past + steps, axis=1)
    base = net.drive(np.zeros(net.n))
    mu, variance = np.empty((2, net.n, steps))
    filters = [_Filters(link, dt, start[link.source]) for link in _recurrent(net)]
    for begin in range(0, steps, stretch):
        end = min(begin + stretch, steps)
        mu[:, begin:end] = base.mu[:, None]
        variance[:, begin:end] = base.sigma[:, None] ** 2
        for link, kernel, low_pass in zip(
            _recurrent(net), kernels, filters, strict=True
        ):
            seen = rate[link.source, past + begin - kernel.size + 1 : past + end]
            mean, square = low_pass(np.convolve(seen, kernel, mode="valid"))
            mu[link.target, begin:end] += link.weight * mean
            variance[link.target, begin:end] += link.weight_square * square
        sigma = np.sqrt(np.maximum(variance[:, begin:end], _FINEST)) * scale[:, None]
        for a, state in enumerate(states):
            rate[a, past + begin : past + end] = state.advance(
                mu[a, begin:end], sigma[a]
            )
    return Transient(
        times=(np.arange(steps) + 0.5) * dt, rate=rate[:, past:], mu=mu,
        sigma=np.sqrt(np.maximum(variance, 0.0)),
    )  # fmt: skip


class _Filters:
    """What a synapse makes of the rate, for mean and for noise, step by step."""

    def __init__(self, link: Link, dt: float, rate: float):
        taus = [(tau, False) for tau in link.taus] + [
            (tau / 2, True) for tau in link.taus
        ]
        self.stages = [
            (1.0 - np.exp(-dt / tau), noise, np.array([rate * np.exp(-dt / tau)]))
            for tau, noise in taus
        ]

    def __call__(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        mean = square = x
        for a, noise, memory in self.stages:
            y, memory[:] = signal.lfilter(
                [a], [1.0, a - 1.0], square if noise else mean, zi=memory
            )
            mean, square = (mean, y) if noise else (y, y)
        return mean, square


def _recurrent(net: MeanField) -> list[Link]:
    return [link for link in net.links if link.source < net.n]


def _kernel(link: Link, dt: float) -> np.ndarray:
    """Return the distribution of the delay over steps, between which it is divided."""
    lag = link.delay.values / dt
    require(
        lag > 1.0 - 1e-9, "dt", "must not be longer than the shortest delay (ms)", dt,
        f"that is {link.delay.values.min():.3g} ms",
    )  # fmt: skip
    whole = np.floor(lag + 1e-9).astype(int)
    part = np.maximum(lag - whole, 0.0)
    found = np.zeros(whole.max() + 2)
    np.add.at(found, whole, link.delay.weights * (1.0 - part))
    np.add.at(found, whole + 1, link.delay.weights * part)
    return found


def _populations(
    net: MeanField, start: np.ndarray, end: np.ndarray, duration: float, dt: float,
    cells: int | None,
) -> tuple[list, np.ndarray]:  # fmt: skip
    """Return the densities at the start, and factors of the noise's intensity."""
    at_start, at_end = net.drive(start), net.drive(end)
    low, high = _range(net, np.maximum(start, end))
    states: list[Any] = [None] * net.n
    scale = np.ones(net.n)
    for group, white in net.cells(end):
        check_neuron(group.neuron)
        if group.spread:
            raise ValueError(
                f"population {net.names[group.index[0]]!r} has neurons that differ; "
                "give plain numbers as parameters and input"
            )
        for i, a in enumerate(group.index):
            cell = _one(white, i)
            scale[a] = cell.sigma / at_end.sigma[a] if at_end.sigma[a] else 1.0
            noise = scale[a] * np.array([low[1][a], at_start.sigma[a], high[1][a]])
            require(
                noise[1] > 0, "start", "must give every population noise", start,
                "without noise there is no density: simulate",
            )  # fmt: skip
            span = (low[0][a], high[0][a])
            wanted = Range(
                span, (max(noise[0], 0.2 * noise[1]), noise[2]), duration, True
            )
            grid = make_grid(cell.neuron, wanted, cell.neuron.V_reset, cells)
            states[a] = _State(
                cell.neuron, grid, dt, "stationary", float(at_start.mu[a]), noise[1]
            )
    return states, scale


def _range(net: MeanField, rate: np.ndarray) -> tuple[Any, Any]:
    """Return the least and the largest mean and noise of the input to be expected."""
    dead = dead_times(net)
    top = np.maximum(_ABOVE * rate, _AT_LEAST)
    top = np.where(dead > 0, np.minimum(top, 1.0 / np.maximum(dead, 1e-300)), top)
    base = net.drive(np.zeros(net.n))
    pushes = np.maximum(net.weight, 0.0) @ top, np.minimum(net.weight, 0.0) @ top
    loudest = np.sqrt(base.sigma**2 + net.weight_square @ top)
    return (base.mu + pushes[1], base.sigma), (base.mu + pushes[0], loudest)


def _one(white: Cells, i: int) -> Cells:
    """Return one population of a group."""
    own = {
        field.name: float(np.ravel(value)[i])
        for field in dataclasses.fields(white.neuron)
        if np.ndim(value := getattr(white.neuron, field.name))
    }
    neuron = dataclasses.replace(white.neuron, **own)
    return Cells(white.mu[i], white.sigma[i], neuron)


def _time(name: str, given: float) -> float:
    value = as_float(name, given)
    good = value.ndim == 0 and bool(np.isfinite(value) and value > 0)
    require(good, name, "must be one finite positive number (ms)", given)
    return float(value)
