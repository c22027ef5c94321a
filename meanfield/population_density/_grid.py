"""The voltage axis: nodes with the reset and the threshold among them."""

from typing import NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..errors import require
from ..integrate_and_fire._evaluate import KINDS, NAMES, Neuron, compiled
from ..neurons import EIF, QIF, IntegrateAndFire

_CLIMB = 38.0  # e^-38 is the weight of what lies below the lower end
_MOST_CELLS = 5000  # that are taken without being asked for
_FEWEST_CELLS = 16
# Widths of cells, in units of what they have to resolve.
_SPREAD = 0.03  # of sigma sqrt(tau), the spread of the voltages
_BALANCE = 0.2  # of D/|F|, over which noise and drift balance
_DISTANCE = 1.0 / 200.0  # of the distance from reset to threshold
_VARIATION = 0.05  # of the length over which the drift bends


class Grid(NamedTuple):
    """Nodes V_0 to V_n, the threshold, and the gaps between them."""

    V: np.ndarray  # (cells,), the threshold left out
    gap: np.ndarray  # (cells,) from each node to the next
    width: np.ndarray  # (cells,) turns a density at the node into a probability
    drift: np.ndarray  # (cells,) f in the middle of each gap
    reset: int  # the cell of V_reset


class Range(NamedTuple):
    """What the input, from its lowest to its highest values, asks of the grid."""

    mu: tuple[float, float]
    sigma: tuple[float, float]
    duration: float
    stationary: bool


def drift(neuron: Neuron, V: np.ndarray) -> np.ndarray:
    """Return f(V) [mV/ms] of dV = (f(V) + mu) dt + sigma dW."""
    from ._kernels import drifts

    p = np.array([getattr(neuron, name, 0.0) for name in NAMES])
    out = np.empty(V.size)
    f = compiled(getattr(neuron, "f", None))
    drifts(KINDS[type(neuron)], f, p, np.ascontiguousarray(V), out)
    return out


def _bend(neuron: Neuron) -> float:
    """Return the length over which the drift is not linear."""
    if isinstance(neuron, EIF):
        return neuron.Delta_T
    if isinstance(neuron, IntegrateAndFire):
        return _DISTANCE / _VARIATION * (neuron.V_th - neuron.V_reset)
    return neuron.V_T - neuron.E_L if isinstance(neuron, QIF) else np.inf


def _lower_end(neuron: Neuron, start: float, span: float, given: Range) -> float:
    """Return where the density is negligible, climbing down against f + mu."""
    step = span * np.concatenate([np.full(400, 0.005), 0.005 * 1.02 ** np.arange(1600)])
    V = start - np.cumsum(step)
    rise = np.maximum(drift(neuron, V + 0.5 * step) + given.mu[0], 0.0)
    climbed = np.cumsum(rise * step) * 2.0 / given.sigma[1] ** 2
    far = int(np.searchsorted(climbed, _CLIMB))
    confined = V[far] if far < V.size else -np.inf
    if np.isfinite(_tau(neuron)) or (given.stationary and np.isfinite(confined)):
        return confined
    # Without a leak, nothing confines the density but the time that it has.
    spread = np.sqrt(2.0 * _CLIMB * given.duration) * given.sigma[1]
    return max(confined, start + min(given.mu[0], 0.0) * given.duration - spread)


def _tau(neuron: Neuron) -> float:
    return getattr(neuron, "tau_m", np.inf)


def _samples(neuron: Neuron, low: float) -> np.ndarray:
    """Return voltages that are dense wherever the drift varies."""
    top, reset = neuron.V_th, neuron.V_reset
    length = min(_bend(neuron), top - reset)
    middle = min(max(getattr(neuron, "V_T", reset), reset), top)
    reach = max(top - middle, middle - low)
    away = np.geomspace(1e-2 * length, max(reach, length), 3000)
    even = np.linspace(low, top, 3000)
    V = np.concatenate(
        [middle - away, [middle], middle + away, even, [reset, low, top]]
    )
    V = np.unique(V[(low <= V) & (top >= V)])
    return V[np.concatenate([[True], np.diff(V) > 1e-13 * np.abs(V[1:])])]


def _noise_speed(neuron: Neuron, given: Range) -> float:
    """Speed at which noise alone spreads."""
    return given.sigma[0] / np.sqrt(min(_tau(neuron), given.duration))


def _spacing(neuron: Neuron, V: np.ndarray, given: Range) -> np.ndarray:
    """Return how wide cells may be at V."""
    span, D = neuron.V_th - neuron.V_reset, 0.5 * given.sigma[0] ** 2
    noise = _noise_speed(neuron, given)
    F = drift(neuron, V)
    speed = np.maximum(np.abs(F + given.mu[0]), np.abs(F + given.mu[1]))
    up = np.maximum(F + given.mu[1], 0.0) + noise
    time = np.gradient(V) / up * (neuron.V_reset <= V)
    slow = np.sqrt(np.sum(time) / np.sum(time / up**2))
    # The grid's own diffusion, F^2 h^2/(12 D), or F h/2 where the drift dominates, adds
    # to the variance of the passage in proportion to 1/F^3: fast parts may be coarse.
    ratio = np.maximum(speed / slow, 1.0)
    steep = np.maximum(_BALANCE * np.sqrt(ratio), _BALANCE**2 / 6.0 * ratio**2)
    below = np.maximum(neuron.V_reset - V, 0.0)
    near = _DISTANCE * span + _VARIATION * below
    usual = np.minimum(near, _SPREAD * 2.0 * D / noise) * ratio
    length = np.maximum(_bend(neuron), np.abs(F / (np.gradient(F, V) + 1e-300)))
    return np.minimum(np.minimum(steep * D / slow, usual), _VARIATION * length)


def own_diffusion(grid: Grid, neuron: Neuron, given: Range) -> float:
    """Return what the grid adds to the variance of a passage, relative to the noise's."""
    F = grid.drift[grid.reset :] + given.mu[1]
    gap, D = grid.gap[grid.reset :], 0.5 * given.sigma[0] ** 2
    half = np.maximum(0.5 * np.abs(F) * gap / D, 1e-9)
    weight = gap / (np.maximum(F, 0.0) + _noise_speed(neuron, given)) ** 3
    return float(np.sum((half / np.tanh(half) - 1.0) * weight) / np.sum(weight))


def make_grid(neuron: Neuron, given: Range, start: float, cells: int | None) -> Grid:
    """Return a grid whose cells resolve the density at every input in the range."""
    if cells is not None:
        fewest = f"must be at least {_FEWEST_CELLS}"
        require(cells >= _FEWEST_CELLS, "cells", fewest, cells)
    span = neuron.V_th - neuron.V_reset
    low = _lower_end(neuron, min(start, neuron.V_reset), span, given)
    V = _samples(neuron, low)
    density = 1.0 / _spacing(neuron, V, given)
    u = np.concatenate(
        [[0.0], np.cumsum(np.diff(V) * 0.5 * (density[1:] + density[:-1]))]
    )
    at_reset = u[np.searchsorted(V, neuron.V_reset)]
    scale = (min(u[-1], _MOST_CELLS) if cells is None else cells) / u[-1]
    above = max(int(np.ceil((u[-1] - at_reset) * scale)), _FEWEST_CELLS // 2)
    delta = (u[-1] - at_reset) / above
    below = int(at_reset / delta)
    nodes = PchipInterpolator(u, V)(at_reset + delta * np.arange(-below, above + 1))
    nodes[below], nodes[-1] = neuron.V_reset, neuron.V_th
    gap = np.diff(nodes)
    f = drift(neuron, nodes[:-1] + 0.5 * gap)
    D = 0.5 * float(np.mean(given.sigma)) ** 2
    right = _share((f + float(np.mean(given.mu))) * gap / D)
    width = gap * (1.0 - right)
    width[1:] += (gap * right)[:-1]
    return Grid(nodes[:-1], gap, width, f, below)


def _share(z: np.ndarray) -> np.ndarray:
    """Weight of the upper node in the integral over a gap of Peclet number z."""
    small = np.abs(z) < 1e-3
    safe = np.where(small, 1.0, np.clip(z, -700.0, 700.0))
    return np.where(small, 0.5 - z / 12.0, 1.0 / safe - 1.0 / np.expm1(safe))
