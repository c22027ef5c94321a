"""Newton's method for self-consistent rates, in their logarithms."""

from typing import NamedTuple

import numpy as np

from ..network import MeanField

SILENT = 1e-300  # kHz; a rate below counts as this one
LOWEST = float(np.log(SILENT))
_FASTEST = 10.0  # kHz: without a dead time
_STEPS, _RELAXATIONS = 60, 6
_RATE = 0.25  # of a step of relaxation
_UPWARDS = 3.0  # longest step of a logarithm to higher rates
_NARROW = 1.0 / 64.0  # shortest part of a Newton step


class Root(NamedTuple):
    """Rates [kHz], and the largest relative difference to those they produce."""

    rate: np.ndarray
    residual: float


def highest(net: MeanField) -> np.ndarray:
    """Return the highest rates (n,) that are considered [kHz]."""
    t_ref = dead_times(net)
    return 1.0 / np.where(t_ref > 0, t_ref, 1.0 / _FASTEST)


def dead_times(net: MeanField) -> np.ndarray:
    """Return the shortest dead time of each population [ms]."""
    found = np.zeros(net.n)
    for group in net.groups:
        t_ref = np.asarray(getattr(group.neuron, "t_ref", 0.0))
        found[group.index] = np.min(t_ref) if group.spread else t_ref
    return found


def relaxed(net: MeanField, rate: np.ndarray, steps: int = _RELAXATIONS) -> np.ndarray:
    """Move rates towards those that they produce."""
    u = log(rate)
    for _ in range(steps):
        produced = np.minimum(net.firing_rates(np.exp(u)), highest(net))
        u = u + _RATE * np.clip(log(produced) - u, -20.0, 20.0)
    return np.exp(u)


def solve(net: MeanField, rate: np.ndarray, tolerance: float) -> Root:
    """Return what Newton's method with line search finds; relaxation where it fails."""
    u = log(rate)
    h, out = _mismatch(net, u)
    best = Root(np.exp(u), np.inf)
    for _ in range(_STEPS):
        step = _newton_step(net, u, h, out)
        length = np.abs(step).max()
        now = Root(np.exp(u), float(np.abs(h).max()))
        if now.residual < best.residual:
            best = now
        if now.residual <= tolerance and length <= tolerance:
            break
        t = 1.0 / max(1.0, float(step.max()) / _UPWARDS)
        norm = float(h @ h)
        while t >= _NARROW:
            trial = u + t * step
            h_trial, out_trial = _mismatch(net, trial)
            if h_trial @ h_trial < (1.0 - 0.1 * t) * norm:
                break
            t *= 0.5
        else:
            if now.residual <= tolerance:  # rounding is all that is left
                break
            trial = log(relaxed(net, np.exp(u), 1))
            h_trial, out_trial = _mismatch(net, trial)
        u, h, out = trial, h_trial, out_trial
    # a silent population has no logarithm: its rate is what is produced, to 0
    produced = net.firing_rates(best.rate)
    rate = np.where(best.rate <= 2.0 * SILENT, produced, best.rate)
    return Root(rate, best.residual)


def log(rate: np.ndarray) -> np.ndarray:
    """Return the logarithm of rates, at least that of `SILENT`."""
    return np.log(np.maximum(rate, SILENT))


def _mismatch(net: MeanField, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    out = net.firing_rates(np.exp(u))
    return u - log(out), out


def _newton_step(
    net: MeanField, u: np.ndarray, h: np.ndarray, out: np.ndarray
) -> np.ndarray:
    rate = np.exp(u)
    slopes = np.divide(
        net.jacobian(rate) * rate, out[:, None], out=np.zeros((net.n, net.n)),
        where=out[:, None] > SILENT,
    )  # fmt: skip
    matrix = np.eye(net.n) - slopes
    try:
        step = -np.linalg.solve(matrix, h)
    except np.linalg.LinAlgError:
        step = -np.linalg.lstsq(matrix, h, rcond=None)[0]
    return np.clip(step, LOWEST - u, np.log(2.0 * highest(net)) - u)
