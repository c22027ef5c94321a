"""Three charts of the half-plane of mean and noise, in each of which a neuron is smooth.

With p the distance to the rheobase and w = c sigma^m the width over which noise blurs it,
m = 4/3 where the drift has a minimum below threshold, m = 1 where it is least at an end:
drift (p >= w), noise (|p| < w) and silence (p <= -w). Along the charts goes ln p, ln w and
ln(-p); across them z = (w/|p|)^(2/m), in proportion to sigma^2, and p/w.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline

from ..integrate_and_fire import stationary
from ..neurons import EIF, LIF, QIF, IntegrateAndFire

DRIFT, NOISE, SILENCE = range(3)
# Of silence, z from about where rates underflow.
LEAST = 0.006
# z is spaced by log(1 + 8 z): it matters most where it is small.
BEND = 8.0
FOLD = float(np.log1p(BEND))
KINDS = (LIF, EIF, QIF, IntegrateAndFire)
_CHUNK = 1024  # points between two signs of progress


class Geometry(NamedTuple):
    """Where a neuron begins to fire, and how noise blurs that."""

    rheobase: float  # [mV/ms]
    scale: float  # of a mean drive [mV/ms]
    width: float  # c: w at sigma = 1
    power: float  # m

    @property
    def order(self) -> float:
        """Power of p in z = (c^(2/m) sigma^2) / |p|^(2/m)."""
        return 2.0 / self.power

    @property
    def spread(self) -> float:
        """c^(2/m)."""
        return self.width**self.order


def geometry(neuron: Any) -> Geometry:
    """Find the least drift between reset and threshold, and how it grows from there."""
    f, low, high = _drift(neuron), neuron.V_reset, neuron.V_th
    at, left, right = low, low, high
    for _ in range(9):
        V = np.linspace(left, right, 201)
        k = int(np.argmin(f(V)))
        at, left, right = V[k], V[max(k - 1, 0)], V[min(k + 1, 200)]
    if at == low:
        raise ValueError(
            "`neuron` has no table: the drift at `V_reset` must exceed its least value up "
            f"to `V_th`; got {neuron}: use its theory directly"
        )
    inside = at < high
    power = 4 / 3 if inside else 1.0
    growth = _growth(f, at, low, high, inside)
    rheobase = -float(f(at))
    scale = rheobase if rheobase > 0.0 else rheobase + float(f(low))
    if not growth > 0.0 or not scale > 0.0:
        raise ValueError(
            "`neuron` has no table: the drift must grow away from its least value; got "
            f"{neuron}: use its theory directly"
        )
    return Geometry(rheobase, scale, growth ** (1 / 3 if inside else 1 / 2), power)


def _growth(f, at: float, low: float, high: float, inside: bool) -> float:
    """Second derivative at a minimum inside, slope at an end: of steps that suffice."""
    h = 0.25 * (min(at - low, high - at) if inside else high - low)
    found = [np.inf]
    for _ in range(60):
        if inside:
            found.append(float(f(at + h) + f(at - h) - 2.0 * f(at)) / h**2)
        else:
            found.append(float(f(at - h) - f(at)) / h)
        if abs(found[-1] - found[-2]) < 0.02 * abs(found[-1]):
            break
        h *= 0.5
    return found[-1]


def _drift(neuron: Any) -> Callable[[Any], Any]:
    """f(V) [mV/ms], on arrays."""
    tau = getattr(neuron, "tau_m", 1.0)
    if isinstance(neuron, QIF):
        rest, soft = neuron.E_L, neuron.V_T
        return lambda V: (V - rest) * (V - soft) / (tau * (soft - rest))
    if isinstance(neuron, EIF):
        soft, sharp = neuron.V_T, neuron.Delta_T
        return lambda V: (neuron.E_L - V + sharp * np.exp((V - soft) / sharp)) / tau
    if isinstance(neuron, LIF):
        return lambda V: (neuron.E_L - V) / tau
    return np.vectorize(neuron.f, otypes=[float])


class Axes(NamedTuple):
    """Nodes of the charts: across, from 0 to 1, and the logarithm of p or w along."""

    across: np.ndarray
    along: np.ndarray


def points(g: Geometry, chart: int, across: Any, along: Any) -> tuple[Any, Any]:
    """Return (mu, sigma) at coordinates of a chart."""
    size = np.exp(along)
    if chart == NOISE:
        p, w = (2.0 * across - 1.0) * size, size + 0.0 * across
    else:
        z = fraction(chart, across)
        p = (size if chart == DRIFT else -size) + 0.0 * z
        w = size * z ** (1.0 / g.order)
    return g.rheobase + p, (w / g.width) ** (1.0 / g.power)


def fraction(chart: int, across: Any) -> Any:
    """Z from the coordinate across, on the charts of drift and of silence."""
    bent = np.expm1(FOLD * across) / BEND
    return bent if chart == DRIFT else LEAST + (1.0 - LEAST) * bent


def coefficients(neuron: Any, g: Geometry, axes: Axes) -> np.ndarray:
    """Return polynomials, shape (3, cells across, cells along, 3 * 16), of unit cells.

    Those of ln T, ln g and ln K for T the mean interval without dead time, g = -d ln T/
    d mu and K = cv/sigma; for silence of z ln T, ln(z g) and ln cv; for noise, ln cv.
    """
    values = _solve(neuron, g, axes)
    return np.stack([_spline(_whole(v, axes), axes) for v in values])


def _solve(neuron, g: Geometry, axes: Axes) -> np.ndarray:
    """Return what splines are put through, shape (3 charts, across, along, 3)."""
    charts = (DRIFT, NOISE, SILENCE)
    grid = axes.across[:, None], axes.along[None, :]
    mu, sigma = np.stack([points(g, chart, *grid) for chart in charts], axis=1)
    rate, gain, chi = _statistics(neuron, mu, sigma)
    with np.errstate(divide="ignore", invalid="ignore"):
        T, slope = -np.log(rate), np.log(gain / rate)
        K = np.log(gain / np.sqrt(rate) / chi)
        K[NOISE:] += np.log(sigma[NOISE:])
    z = fraction(SILENCE, axes.across)[:, None]
    T[SILENCE] *= z
    slope[SILENCE] += np.log(z)
    return np.stack([T, slope, K], axis=-1)


def _statistics(neuron, mu: np.ndarray, sigma: np.ndarray) -> list[np.ndarray]:
    from tqdm.auto import tqdm

    pairs = mu.reshape(-1), sigma.reshape(-1)
    starts = range(0, mu.size, _CHUNK)
    bar = tqdm(starts, f"table of {type(neuron).__name__}", delay=2.0, leave=False)
    found = [
        stationary(*(a[i : i + _CHUNK] for a in pairs), neuron)  # type: ignore[arg-type]
        for i in bar
    ]
    parts = ([getattr(f, name) for f in found] for name in ("rate", "gain", "chi"))
    return [np.concatenate(part).reshape(mu.shape) for part in parts]


def _whole(values: np.ndarray, axes: Axes) -> np.ndarray:
    """Continue linearly in z to where rates underflow."""
    z = fraction(SILENCE, axes.across)
    good = np.asarray(np.isfinite(values).all(-1))
    for j in np.flatnonzero(~good.all(0)):
        first = np.argmax(good[:, j])
        if not good[first:, j].all() or first > good.shape[0] - 2:
            raise ValueError(
                "`neuron` has no table: it is silent for some drives near its rheobase, as "
                "where the drift does not lead back from far below; use its theory "
                "directly"
            )
        a, b = values[first, j], values[first + 1, j]
        step = ((z[:first] - z[first]) / (z[first + 1] - z[first]))[:, None]
        values[:first, j] = a + step * (b - a)
    return values


def _spline(values: np.ndarray, axes: Axes) -> np.ndarray:
    """Bicubic spline through (across, along, 3), as u^i v^j with i, j = 0 ... 3."""
    n, m, k = values.shape
    rows = CubicSpline(np.arange(m), values, axis=1).c[::-1]  # j, along, across, 3
    both = CubicSpline(np.arange(n), rows, axis=2).c[::-1]  # i, across, j, along, 3
    return both.transpose(1, 3, 4, 0, 2).reshape(n - 1, m - 1, 16 * k)


def of_unit_time(neuron: Any) -> Any:
    """Return what is tabulated: without dead time, with tau_m = 1 where there is one."""
    changed = {"t_ref": 0.0} | ({"tau_m": 1.0} if hasattr(neuron, "tau_m") else {})
    return dataclasses.replace(neuron, **changed)


def shape_parameters(neuron: Any) -> dict[str, Any]:
    """Parameters that the table depends on."""
    names = (field.name for field in dataclasses.fields(neuron))
    kept = (name for name in names if name not in ("t_ref", "tau_m", "f"))
    return {name: getattr(neuron, name) for name in kept}
