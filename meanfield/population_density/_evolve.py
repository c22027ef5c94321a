"""The response of a population to input that changes."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import ValidityWarning, as_float, require
from ..integrate_and_fire._evaluate import Neuron
from ..neurons import LIF
from ._grid import Grid, Range, make_grid, own_diffusion
from ._input import over_steps, positive

_DEFAULT = LIF()
_CHUNK = 2000  # steps, after which the progress bar moves
_PATIENCE = 2.0  # seconds until it shows up
_OWN_DIFFUSION = 0.05  # that the grid may add to the variance of a passage


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PopulationResponse:
    """What `evolve` returns.

    Parameters
    ----------
    times : numpy.ndarray
        Middles (steps,) of the time steps [ms].
    rate : numpy.ndarray
        Rate (..., steps) [kHz], its mean over each step.
    density_times : numpy.ndarray
        Times (saved,) [ms] of the densities.
    voltage, width : numpy.ndarray
        Nodes (cells,) of the voltage axis, and the cells' widths [mV].
    density : numpy.ndarray
        Densities (..., saved, cells) [1/mV] of the neurons that are not refractory: the
        sum over ``density * width``, and `refractory`, is 1.
    refractory : numpy.ndarray
        Probability (..., saved) of being refractory.
    """

    times: np.ndarray
    rate: np.ndarray
    density_times: np.ndarray
    voltage: np.ndarray
    width: np.ndarray
    density: np.ndarray
    refractory: np.ndarray


def evolve(
    mu: Any,
    sigma: Any,
    neuron: Neuron = _DEFAULT,
    *,
    dt: float = 0.1,
    duration: float | None = None,
    initial: str | float | Callable = "stationary",
    save_at: npt.ArrayLike = (),
    cells: int | None = None,
    progress: bool | None = None,
) -> PopulationResponse:
    """Return the rate of a population of independent neurons under changing input.

    Parameters
    ----------
    mu : float, array_like or callable
        Mean drive [mV/ms]: an array whose last axis is the time steps (mean over each),
        a number, or a function of times [ms] that returns either.
    sigma : float, array_like or callable
        Noise intensity [mV/sqrt(ms)], likewise; positive.
    neuron : LIF, EIF, QIF or IntegrateAndFire
        Neuron parameters, plain numbers.
    dt : float, optional
        Time step [ms].
    duration : float, optional
        Time [ms], rounded to steps; by default the length of the input's last axis.
    initial : "stationary", float or callable, optional
        The state at the start: stationary for the input of the first step, all neurons
        at one voltage [mV], or a density of the voltage.
    save_at : array_like, optional
        Times (saved,) [ms] at which densities are kept, rounded to steps.
    cells : int, optional
        Number of cells of the voltage axis; by default as many as the noise asks for.
    progress : bool, optional
        Show a progress bar; by default in a terminal, after two seconds.

    Returns
    -------
    PopulationResponse
        Rates at the middles of the steps, and densities.

    Raises
    ------
    TypeError, ValueError
        With the name, the condition and the value of what is wrong.

    Warns
    -----
    ValidityWarning
        If the cells are too wide for the least noise.

    Notes
    -----
    The density p(V, t) of the neurons that are not refractory obeys

        dp/dt = -d/dV ((f(V) + mu) p) + (sigma^2/2) d^2p/dV^2
                + delta(V - V_reset) r(t - t_ref),

    p(V_th) = 0, and r(t) = -(sigma^2/2) dp/dV at V_th is the rate [1]_. Finite volumes
    with the fluxes of Scharfetter and Gummel [2]_ on nodes that include the reset and the
    threshold: second order in the width of cells. TR-BDF2 [3]_ in time: second order in
    `dt` for smooth input; steps in which it would make a probability negative are made
    with backward Euler. Probabilities are never negative, and their sum stays 1 to 1e-16
    per step.

    The automatic grid has some hundred cells (thousands for sigma < 0.3). Measured at
    sigma = 1 and dt = 0.1 ms: stationary rates of the LIF to 2e-4 (mu = 0.5 to 3), rates
    after a step of mu or sigma to 1e-3 of the largest, where the rate jumps to 3e-3 in
    the first 0.4 ms; four times less with twice the `cells`. docs/theory has the tables,
    and a comparison with simulations.

    References
    ----------
    .. [1] N. Brunel, V. Hakim, Neural Comput. 11, 1621 (1999),
       doi:10.1162/089976699300016179
    .. [2] D. L. Scharfetter, H. K. Gummel, IEEE Trans. Electron Devices 16, 64 (1969),
       doi:10.1109/T-ED.1969.16566
    .. [3] R. E. Bank et al., IEEE Trans. Electron Devices 32, 1992 (1985),
       doi:10.1109/T-ED.1985.22232

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield import LIF
    >>> from meanfield.population_density import evolve
    >>> t = np.arange(0.0, 200.0, 0.1)
    >>> found = evolve(np.where(t < 50.0, 0.8, 1.5), 1.0, LIF())
    >>> (1e3 * found.rate[[0, -1]]).round(1)  # Hz, before the step and 150 ms after
    array([ 8.7, 37.8])
    """
    _check_neuron(neuron)
    dt = positive("dt", dt)
    mus, sigmas = over_steps(mu, sigma, dt, duration)
    shape, steps = mus.shape[:-1], mus.shape[-1]
    saved = np.rint(np.atleast_1d(as_float("save_at", save_at)) / dt).astype(np.int64)
    inside = (saved >= 0) & (saved <= steps)
    require(inside, "save_at", f"must be from 0 to {steps * dt} (ms)", saved * dt)
    grid = _grid(neuron, mus, sigmas, steps * dt, initial, cells)
    rate = np.empty(mus.shape)
    density = np.empty((*shape, saved.size, grid.gap.size))
    refractory = np.empty((*shape, saved.size))
    with _progress_bar(rate.size, progress) as bar:
        for index in np.ndindex(shape):
            state = _State(neuron, grid, dt, initial, mus[index][0], sigmas[index][0])
            for begin, end in _stretches(steps, saved):
                part = slice(begin, end)
                rate[index][part] = state.advance(mus[index][part], sigmas[index][part])
                density[index][saved == end] = state.m / grid.width
                refractory[index][saved == end] = state.refractory
                bar.update(end - begin)
    return PopulationResponse(
        times=(np.arange(steps) + 0.5) * dt, rate=rate, density_times=saved * dt,
        voltage=grid.V, width=grid.width, density=density, refractory=refractory,
    )  # fmt: skip


class _State:
    """Probabilities of the cells, and what is refractory, of one population."""

    def __init__(self, neuron, grid: Grid, dt: float, initial, mu: float, sigma: float):
        lag = int(neuron.t_ref / dt * (1.0 + 1e-12))
        self.grid, self.dt = grid, dt
        self.late = max(neuron.t_ref / dt - lag, 0.0)  # part that waits a step longer
        self.ring, self.first = np.zeros(lag + 2), 0
        if isinstance(initial, str):
            self.m, flux = _stationary(grid, mu, sigma, neuron.t_ref)
            self.ring[:] = flux * dt
        else:
            self.m = _initial(grid, neuron, initial)

    def advance(self, mu: np.ndarray, sigma: np.ndarray) -> np.ndarray:
        from ._kernels import advance

        grid, emitted = self.grid, np.empty(mu.size)
        advance(
            np.ascontiguousarray(mu), 0.5 * sigma * sigma, self.dt, 1.0 - self.late,
            grid.drift, grid.gap, grid.width, grid.reset, self.ring, self.first,
            self.m, emitted,
        )  # fmt: skip
        self.first = (self.first + mu.size) % self.ring.size
        return emitted / self.dt

    @property
    def refractory(self) -> float:
        """Probability of being refractory."""
        size = self.ring.size
        recent = self.ring[(self.first - 1 - np.arange(size - 1)) % size]
        return float(recent[:-1].sum() + self.late * recent[-1])


def _stationary(grid: Grid, mu: float, sigma: float, t_ref: float):
    from ._kernels import stationary

    m = np.empty(grid.gap.size)
    flux = stationary(
        mu, 0.5 * sigma**2, grid.drift, grid.gap, grid.width, grid.reset, m
    )
    total = m.sum() + flux * t_ref
    return m / total, flux / total


def _initial(grid: Grid, neuron: Any, initial: Any) -> np.ndarray:
    """Return the probabilities of the cells, all neurons at one voltage or spread."""
    if callable(initial):
        density = np.asarray(initial(grid.V), dtype=np.float64)
        good = density.shape == grid.V.shape and bool((density >= 0).all())
        m = density * grid.width if good else np.zeros(1)
        if not (good and 0 < m.sum() < np.inf):
            raise ValueError(
                "`initial` must return densities of the shape of V, not negative and "
                f"not all zero; got {density!r:.60}"
            )
        return m / m.sum()
    m = np.zeros(grid.V.size)
    right = int(np.searchsorted(grid.V, initial, side="right"))
    left = max(right - 1, 0)
    part = (initial - grid.V[left]) / grid.gap[left]
    m[left] = 1.0 - part
    m[min(right, m.size - 1)] += part
    return m


def _check_neuron(neuron: Any) -> None:
    if not isinstance(neuron, Neuron):
        raise TypeError(
            "`neuron` must be an LIF, EIF, QIF or IntegrateAndFire; got "
            f"{type(neuron).__name__}"
        )
    if neuron.shape:
        raise ValueError(
            f"`neuron` must have plain numbers as parameters; got shape {neuron.shape}; "
            "call evolve for each"
        )


def _grid(neuron, mu, sigma, duration, initial: Any, cells) -> Grid:
    """Return a grid for the input, and warn where it adds noise of its own."""
    start = neuron.V_reset
    if isinstance(initial, str):
        if initial != "stationary":
            raise ValueError(
                '`initial` must be "stationary", a voltage or a density; got '
                f"{initial!r}"
            )
        if np.isinf(getattr(neuron, "tau_m", 0.0)):
            still = "must be positive at first where there is no leak"
            require(mu[..., 0] > 0, "mu", still, mu[..., 0], "give `initial`")
    elif not callable(initial):
        place = as_float("initial", initial)
        below = f"must be a voltage below V_th={neuron.V_th} (mV)"
        require(place.ndim == 0 and place < neuron.V_th, "initial", below, str(initial))
        start = float(place)
    given = Range(
        (float(mu.min()), float(mu.max())), (float(sigma.min()), float(sigma.max())),
        duration, isinstance(initial, str),
    )  # fmt: skip
    grid = make_grid(neuron, given, start, cells)
    added = own_diffusion(grid, neuron, given)
    if added > _OWN_DIFFUSION:
        warnings.warn(
            f"the grid of {grid.gap.size} cells adds {added:.1g} to the noise of a "
            "passage from reset to threshold; give more `cells`",
            ValidityWarning, stacklevel=3,
        )  # fmt: skip
    return grid


def _stretches(steps: int, saved: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pieces of the steps, that end where densities are kept."""
    edges = sorted({0, steps, *range(0, steps, _CHUNK), *saved.tolist()})
    yield 0, 0
    yield from pairwise(edges)


def _progress_bar(total: int, progress: bool | None) -> Any:
    from tqdm.auto import tqdm

    return tqdm(
        total=total, unit="step", unit_scale=True,
        disable=None if progress is None else not progress,
        delay=_PATIENCE if progress is None else 0,
    )  # fmt: skip
