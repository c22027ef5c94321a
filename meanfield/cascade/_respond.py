"""Filters fitted to the linear response, and what follows them."""

import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import ValidityWarning, as_float, require
from ..integrate_and_fire import firing_rate, responses
from ..integrate_and_fire._evaluate import Neuron, check
from ..neurons import LIF
from ..population_density._input import over_steps, positive

_DEFAULT = LIF()
_KERNELS = ("exponential", "oscillator")
# Frequencies [kHz] of a fit, evenly spaced in their logarithm.
_FREQUENCIES = np.concatenate([[0.0], np.geomspace(1e-3, 0.2, 40)])
_MU_POINTS, _SIGMA_POINTS = 24, 8  # of the table of kernels, where the input varies
_LONGEST = 1e3  # ms
_MISFIT = 0.3  # root mean square, relative to the response at frequency 0


class Kernel(NamedTuple):
    """Filters exp(-t/tau) cos(omega t), normalized; see `fit_kernel`."""

    tau: Any
    omega: Any
    error: Any


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CascadeResponse:
    """What `respond` returns.

    Parameters
    ----------
    times : numpy.ndarray
        Middles (steps,) of the time steps [ms].
    rate : numpy.ndarray
        Rate (..., steps) [kHz] at these times.
    mu, sigma : numpy.ndarray
        The filtered input (..., steps) [mV/ms, mV/sqrt(ms)].
    error : float
        Largest misfit of the kernels of mu, see `fit_kernel`.
    """

    times: np.ndarray
    rate: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray
    error: float


def fit_kernel(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron = _DEFAULT,
    *,
    kernel: str = "exponential",
    modulation: str = "mu",
) -> Kernel:
    """Fit a filter to the linear response of the rate.

    Parameters
    ----------
    mu : array_like
        Mean drive [mV/ms].
    sigma : array_like
        Noise intensity [mV/sqrt(ms)], positive.
    neuron : LIF, EIF, QIF or IntegrateAndFire
        Neuron parameters; arrays broadcast with the others.
    kernel : {"exponential", "oscillator"}, optional
        exp(-t/tau)/tau, or proportional to exp(-t/tau) cos(omega t).
    modulation : {"mu", "sigma"}, optional
        What of the input is filtered.

    Returns
    -------
    Kernel
        ``tau`` [ms], ``omega`` [1/ms], and ``error``, the root mean square of
        abs(R(f)/R(0) - K(f)) over the frequencies of the fit; of the broadcast shape. NaN
        where the rate is 0.

    Raises
    ------
    ValueError
        If `sigma` is not positive, the shapes do not broadcast, or a name is unknown.
    TypeError
        If an argument is not a real number, or `neuron` is of another kind.

    Notes
    -----
    Least squares at 0 and 40 frequencies from 1 to 200 Hz, evenly spaced in their
    logarithm, with K(f) = 1/(1 + i w tau), w = 2 pi f, or for the oscillator
    (1 + a^2) (1 + i w tau)/((1 + i w tau)^2 + a^2), a = omega tau [1]_ [2]_.

    References
    ----------
    .. [1] S. Ostojic, N. Brunel, PLoS Comput. Biol. 7, e1001056 (2011),
       doi:10.1371/journal.pcbi.1001056
    .. [2] M. Augustin, J. Ladenbauer, F. Baumann, K. Obermayer, PLoS Comput. Biol. 13,
       e1005545 (2017), doi:10.1371/journal.pcbi.1005545

    Examples
    --------
    >>> from meanfield import LIF
    >>> from meanfield.cascade import fit_kernel
    >>> found = fit_kernel([-2.0, 0.8], 1.0, LIF())  # silence: tau_m; noise speeds it up
    >>> found.tau.round(1)
    array([19.9,  3.9])
    """
    check(neuron, mu, sigma)
    _one_of("kernel", kernel, _KERNELS)
    _one_of("modulation", modulation, ("mu", "sigma"))
    noise = as_float("sigma", sigma)
    require(noise > 0, "sigma", "must be positive (mV/sqrt(ms))", noise)
    shape = np.broadcast_shapes(np.shape(mu), noise.shape, neuron.shape)
    column = (slice(None), *(None,) * len(shape))
    found = responses(_FREQUENCIES[column], mu, sigma, neuron)
    R = np.asarray(found.mu if modulation == "mu" else found.sigma)
    R = R.reshape(_FREQUENCIES.size, -1)
    fits = np.full((3, R.shape[1]), np.nan)
    for k in range(R.shape[1]):
        if abs(R[0, k]) > 0.0 and np.isfinite(R[:, k]).all():
            fits[:, k] = _fit(R[:, k] / R[0, k], kernel)
    return Kernel(*(row.reshape(shape)[()] for row in fits))


def _fit(target: np.ndarray, kernel: str) -> tuple[float, float, float]:
    from scipy.optimize import least_squares

    def residuals(p):
        difference = target - _transfer(p[0], p[1] if p.size > 1 else 0.0)
        return np.concatenate([np.real(difference), np.imag(difference)])

    starts = [[tau] for tau in (1.0, 10.0)]
    if kernel == "oscillator":
        # At a resonance, where there is one, and without.
        peak = 2.0 * np.pi * _FREQUENCIES[np.argmax(np.abs(target))]
        starts = [[tau, max(w, 1e-3)] for tau in (3.0, 20.0) for w in (peak, 0.03)]
    bounds = ([0.0, 0.0][: len(starts[0])], [_LONGEST, 10.0][: len(starts[0])])
    fits = [least_squares(residuals, s, bounds=bounds, x_scale=s) for s in starts]
    best = min(fits, key=lambda found: found.cost)
    omega = float(best.x[1]) if best.x.size > 1 else 0.0
    return float(best.x[0]), omega, np.sqrt(2.0 * best.cost / target.size)


def _transfer(tau: float, omega: float) -> np.ndarray:
    """Fourier transform of the kernel at the frequencies of a fit."""
    slow, a = 1.0 + 2j * np.pi * _FREQUENCIES * tau, omega * tau
    return (1.0 + a * a) * slow / (slow * slow + a * a)


def respond(
    mu: Any,
    sigma: Any,
    neuron: Neuron = _DEFAULT,
    *,
    dt: float = 0.1,
    duration: float | None = None,
    kernel: str = "oscillator",
    adaptive: bool = True,
) -> CascadeResponse:
    """Return the rate of a population of independent neurons, approximately.

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
    kernel : {"exponential", "oscillator"}, optional
        Filter of mu; sigma has an exponential one.
    adaptive : bool, optional
        Whether the kernels follow the filtered input, or are those of its mean in time.

    Returns
    -------
    CascadeResponse
        Rates at the middles of the steps. At the start the filters are in equilibrium
        with the input of the first step.

    Raises
    ------
    TypeError, ValueError
        With the name, the condition and the value of what is wrong.

    Warns
    -----
    ValidityWarning
        If a kernel of mu misses the linear response by more than 0.3 of its value at
        frequency 0: neurons that fire regularly.

    Notes
    -----
    rate(t) = F(K * mu, K_s * sigma) with the stationary rate F and filters K, K_s fitted to
    the linear response (`fit_kernel`) [1]_ [2]_. It is exact for slow input, and for
    weak input as good as the fit. With ``adaptive`` the kernels are those of the
    filtered input at any time, from a table of 24 by 8 points that spans the input.

    Against `population_density.evolve`, the root mean square of the difference relative
    to the mean rate, for steps, sinusoids of 10 and 50 Hz and noise of 5 to 50 ms (LIF
    and EIF, t_ref = 2 ms; docs/theory): 0.4 to 3 % for sigma = 2.5, 6 to 30 % for
    sigma = 1, where trains are regular above threshold and their ringing is missed. The
    oscillator is little better than the exponential for the LIF, and 2 to 5 times for
    the EIF.

    References
    ----------
    .. [1] S. Ostojic, N. Brunel, PLoS Comput. Biol. 7, e1001056 (2011),
       doi:10.1371/journal.pcbi.1001056
    .. [2] M. Augustin, J. Ladenbauer, F. Baumann, K. Obermayer, PLoS Comput. Biol. 13,
       e1005545 (2017), doi:10.1371/journal.pcbi.1005545

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield import LIF
    >>> from meanfield.cascade import respond
    >>> t = np.arange(0.0, 100.0, 0.1)
    >>> found = respond(np.where(t < 50.0, 0.5, 1.0), 2.5, LIF())
    >>> (1e3 * found.rate[[0, 520, -1]]).round(1)  # Hz
    array([11.1, 16.9, 26.6])
    """
    _one_of("kernel", kernel, _KERNELS)
    if getattr(neuron, "shape", ()):
        raise ValueError(
            f"`neuron` must have plain numbers as parameters; got shape {neuron.shape}; "
            "call respond for each"
        )
    dt = positive("dt", dt)
    mus, sigmas = over_steps(mu, sigma, dt, duration)
    axes, tables, error = _tables(mus, sigmas, neuron, kernel, adaptive)
    if error > _MISFIT:
        warnings.warn(
            f"a kernel misses the linear response by {error:.2g}: neurons fire too "
            "regularly for a cascade; use population_density.evolve",
            ValidityWarning, stacklevel=2,
        )  # fmt: skip
    from ._kernels import filtered

    out = np.empty((2, *mus.shape))
    for index in np.ndindex(mus.shape[:-1]):
        drive = (np.ascontiguousarray(a[index]) for a in (mus, sigmas))
        filtered(*drive, dt, *axes, *tables, out[0][index], out[1][index])
    rate = firing_rate(out[0], np.maximum(out[1], sigmas.min()), neuron)
    times = (np.arange(mus.shape[-1]) + 0.5) * dt
    return CascadeResponse(
        times=times, rate=rate, mu=out[0], sigma=out[1], error=float(error)
    )


def _tables(mus, sigmas, neuron: Neuron, kernel: str, adaptive: bool):
    """Return axes and tables of tau, omega and the tau of sigma, and the largest misfit."""
    if adaptive:
        axes = [_axis(mus, _MU_POINTS), _axis(sigmas, _SIGMA_POINTS)]
    else:
        axes = [np.array([a.mean()]) for a in (mus, sigmas)]
    at = np.meshgrid(*axes, indexing="ij")
    own = fit_kernel(at[0], at[1], neuron, kernel=kernel)
    noise = fit_kernel(at[0], at[1], neuron, modulation="sigma")
    active = np.isfinite(own.tau)
    require(active.any(), "mu", "must make the neuron fire", float(mus.max()))
    tables = [_continued(table) for table in (own.tau, own.omega, noise.tau)]
    return axes, tables, np.nanmax(own.error)


def _axis(values: np.ndarray, points: int) -> np.ndarray:
    low, high = float(values.min()), float(values.max())
    return np.linspace(low, high, points) if high > low else np.array([low])


def _continued(table: np.ndarray) -> np.ndarray:
    """Fill in what is NaN, where neurons are silent, from larger mu, then sigma."""
    for rows in (table, table.T):
        for k in range(len(rows) - 2, -1, -1):
            rows[k] = np.where(np.isnan(rows[k]), rows[k + 1], rows[k])
    return np.ascontiguousarray(table)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {allowed}; got {value!r}")
