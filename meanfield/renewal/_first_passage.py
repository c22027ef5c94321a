"""Interval density of the LIF in white noise, by a Volterra integral equation."""

import math
from typing import NamedTuple

import numpy as np

from ..errors import ConvergenceError, as_float, require
from ..neurons import LIF
from ._distribution import IntervalDistribution
from ._table import cell_integrals, node_slopes

_DEFAULT = LIF()

# Steps per shortest time scale of the density, before `refinement`.
_POINTS = 48
# The hazard has decayed to its limit as exp(-t/tau_m) at the slowest, and what is left of
# the survivor below this does not matter.
_HORIZON = 25.0
_SPENT = 1e-15
_MOST = 131072
# Above this survivor at the horizon, 1 - its integral has more digits than the slope.
_MUCH_LEFT = 1e-4


class _Process(NamedTuple):
    """Threshold b, start a, d = b - a of dx = -x dt + dW, and ms per unit of time."""

    b: float
    a: float
    d: float
    time: float


def first_passage(
    mu: float,
    sigma: float,
    neuron: LIF = _DEFAULT,
    *,
    refinement: float = 1.0,
) -> IntervalDistribution:
    """Distribution of the inter-spike intervals of the LIF in white noise.

    Parameters
    ----------
    mu : float
        Mean drive [mV/ms].
    sigma : float
        Noise intensity [mV/sqrt(ms)], positive.
    neuron : LIF
        Neuron parameters, plain numbers. `t_ref` shifts the distribution.
    refinement : float, optional
        The grid is so many times finer than the accuracy below needs; at least 1.

    Returns
    -------
    IntervalDistribution
        On a grid as fine and as long as this process needs.

    Raises
    ------
    ValueError
        If `mu` or `sigma` is not a finite number, `sigma` is not positive, or the neuron
        practically never fires (less than once in 1e140 tau_m).
    TypeError
        If `neuron` is not an `LIF`.
    ConvergenceError
        If the time scales of the density need more than 131072 points: with noise that
        crosses from reset to threshold in a small part of `tau_m`.

    Notes
    -----
    In units of `tau_m` and of sigma sqrt(tau_m), dx = -x dt + dW from a to b. The flux
    through b of the free process, less b/2 times its density there, makes the
    first-passage density g the solution of a Volterra equation of the second kind whose
    kernel vanishes at lag zero [1]_,

    g(t) = f(t) - int_0^t K(t - s) g(s) ds,
    K(s) = b tanh(s/2) exp(-b^2 tanh(s/2)) / sqrt(pi (1 - exp(-2 s))).

    K is integrated exactly against local polynomials of degree 5. The step is 1/48 of
    the shortest time scale; the hazard at the horizon, 25 tau_m or where 1e-15 survives,
    goes on as the rate of an exponential tail. For tau_m = inf the density is inverse
    Gaussian. Measured errors: docs/theory/renewal.md. It generates input for other
    parts of the package and tests of them; it is not a check of itself.

    References
    ----------
    .. [1] A. Buonocore, A. G. Nobile, L. M. Ricciardi, Adv. Appl. Probab. 19, 784
       (1987), doi:10.2307/1427102

    Examples
    --------
    >>> from meanfield import LIF, firing_rate
    >>> from meanfield.renewal import first_passage
    >>> intervals = first_passage(1.0, 1.0, LIF())
    >>> print(f"{1e3 / intervals.mean:.6f} Hz, CV {intervals.cv:.6f}")
    18.236946 Hz, CV 0.401232
    """
    if not isinstance(neuron, LIF):
        raise TypeError(f"`neuron` must be an LIF; got {type(neuron).__name__}")
    if neuron.shape != ():
        raise ValueError(
            f"`neuron` must hold plain numbers; got parameters of shape {neuron.shape}; "
            "a distribution belongs to one neuron: call once for each"
        )
    mu, sigma = _number("mu", mu), _number("sigma", sigma)
    remedy = "without noise the interval is a constant: see meanfield.firing_rate"
    require(sigma > 0, "sigma", "must be positive", sigma, remedy)
    good = 1 <= refinement < math.inf
    require(good, "refinement", "must be finite and at least 1", refinement)
    if math.isinf(neuron.tau_m):
        return _perfect_integrator(mu, sigma, neuron, refinement)
    return _leaky(mu, sigma, neuron, refinement)


def _number(name: str, value: object) -> float:
    array = as_float(name, value)  # type: ignore[arg-type]
    if array.ndim:
        raise ValueError(
            f"`{name}` must be one number; got shape {array.shape}; a distribution "
            "belongs to one drive: call once for each"
        )
    require(np.isfinite(array), name, "must be finite", array)
    return float(array)


def _leaky(mu, sigma, neuron, refinement) -> IntervalDistribution:
    from . import _kernels  # numba is imported on the first call

    unit = sigma * math.sqrt(neuron.tau_m)
    rest = neuron.E_L + mu * neuron.tau_m
    process = _Process(
        (neuron.V_th - rest) / unit,
        (neuron.V_reset - rest) / unit,
        (neuron.V_th - neuron.V_reset) / unit,
        neuron.tau_m,
    )
    if process.b > 18.0:
        raise ValueError(
            f"the rate is negligible: the threshold is {process.b / math.sqrt(2):.1f} "
            f"standard deviations of the free potential above its mean; got mu={mu}, "
            f"sigma={sigma}; see meanfield.log_firing_rate"
        )
    scale, start = _scales(process)
    if scale < 1e-9 * start:
        raise ValueError(
            f"`sigma` is too small: intervals are constant to 9 digits; got {sigma}; "
            "see meanfield.firing_rate for the noiseless neuron"
        )
    step = min(scale, process.d**2 / 4, 1.0) / (_POINTS * refinement)

    def density(n):
        weights, values = np.empty(n + 8), np.empty(n)
        _kernels.memory_weights(process.b, step, weights)
        a, b, d = process.a, process.b, process.d
        _kernels.solve_volterra(b, a, d, start, step, weights, values)
        return values

    horizon = 4 * math.ceil(_HORIZON / (4 * step))
    first = horizon if process.b > 0 else 4 * math.ceil(min(6 * scale, 1.0) / step)
    values = _until_spent(density, first, horizon, step, _MOST)
    return _with_tail(values, step, start, process.time, neuron.t_ref)


def _scales(process: _Process) -> tuple[float, float]:
    """Spread of the noise-induced or drift-driven way from a to b, and when it begins."""
    a, b, d = process.a, process.b, process.d
    if a * b <= 0.0:
        return 1.0, 0.0
    spread = math.sqrt(0.5 * d * abs(a + b)) / abs(a * b)
    arrival = math.log1p(d / -b) if b < 0.0 else 0.0
    return spread, max(0.0, arrival - 12 * spread)


def _perfect_integrator(mu, sigma, neuron, refinement) -> IntervalDistribution:
    remedy = "without leak and drift the mean interval is infinite"
    require(mu > 0, "mu", "must be positive where tau_m is inf", mu, remedy)
    d = neuron.V_th - neuron.V_reset
    mean, diffusion = d / mu, (d / sigma) ** 2
    spread = math.sqrt(mean / diffusion) * mean
    start = max(0.0, mean - 12 * spread)
    step = min(spread, diffusion / 4) / (_POINTS * refinement)

    def density(n):
        t = start + step * np.arange(n)
        with np.errstate(divide="ignore", invalid="ignore"):
            norm = d / (sigma * np.sqrt(2 * math.pi) * t**1.5)
            g = norm * np.exp(-((d - mu * t) ** 2) / (2 * sigma**2 * t))
        return np.where(t > 0, g, 0.0)

    first = math.ceil((mean - start + 12 * spread) / step)
    # Nothing is solved here: the grid may be longer.
    values = _until_spent(density, first, None, step, 16 * _MOST)
    return _with_tail(values, step, start, 1.0, neuron.t_ref)


def _until_spent(density, n: int, horizon: int | None, step: float, most: int):
    """Lengthen the grid until next to nothing survives, or the hazard is constant."""
    while True:
        if n > most:
            raise ConvergenceError(
                f"the interval density needs more than {most} points, because its time "
                "scales differ too much: lower `sigma` or `refinement`"
            )
        values = density(n)
        spent = np.cumsum(values) * step
        if spent[-1] > 1 - 1e-9:
            left = np.cumsum(values[::-1])[::-1] * step
            return values[: max(8, int(np.sum(left > _SPENT)))]
        if n == horizon:
            return values
        n = 2 * n if horizon is None else min(2 * n, horizon)


def _with_tail(values, step, start, time, t_ref) -> IntervalDistribution:
    """Exponential with the hazard at the horizon, or where it has more digits."""
    step, rate = step * time, values / time
    slopes = node_slopes(rate)
    left = 1 - math.fsum(cell_integrals(step, rate, slopes))
    if left > _MUCH_LEFT:
        tail_rate = rate[-1] / left
    else:
        i, j = (6 * rate.size) // 10, (8 * rate.size) // 10
        tail_rate = math.log(rate[i] / rate[j]) / ((j - i) * step)
    return IntervalDistribution(
        step=step, values=rate, tail_rate=tail_rate, onset=t_ref + start * time
    )
