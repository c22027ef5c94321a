"""Leaky integrate-and-fire neuron in networks: exact between grid points.

State: V. A step moves V exactly under a current that is constant in it (synaptic currents
are replaced by the constant that has their effect, see `receptors`), adds the noise of an
Ornstein-Uhlenbeck step and the jumps that arrive at its end, and compares with the
threshold. With white noise, paths that cross between grid points are found by the
Brownian bridge in the coordinates of `models.lif`, without the curvature term.
"""

from typing import Any

import numpy as np

from .._jit import inlined
from ..network.slots import CURRENT, JUMP, NORMAL, NORMALS, UNIFORM, UNIFORMS
from ..vector import exp

__all__ = [
    "STATE",
    "coarsest",
    "coefficients",
    "draws",
    "initial",
    "membrane_time",
    "step",
]

STATE = ("V",)
_DECAY, _GAIN, _DRIFT, _NOISE, _TH, _RESET, _SPREAD, _HALF, _SHRINK, _NOISY = range(10)


def coarsest(neuron: Any) -> dict[str, Any]:
    """Time constants [ms] that a step must not exceed, by name."""
    return {"tau_m": neuron.tau_m}


def membrane_time(neuron: Any) -> Any:
    """Time constant [ms] with which V forgets a current."""
    return neuron.tau_m


def draws(noisy: bool) -> int:
    """Say what random numbers a step takes."""
    return NORMALS | UNIFORMS if noisy else 0


def initial(neuron: Any) -> dict[str, Any]:
    """State at rest."""
    return {"V": neuron.V_reset}


def coefficients(neuron: Any, current: Any, sigma: Any, dt: float) -> list[Any]:
    """Return the rows that `step` reads."""
    tau = np.asarray(neuron.tau_m)
    z = dt / tau
    safe = np.where(z > 0, z, 1.0)
    gain = dt * np.where(z > 0, -np.expm1(-safe) / safe, 1.0)
    spread = dt * np.where(z > 0, np.sinh(safe) / safe, 1.0)
    noise = dt * np.where(z > 0, -np.expm1(-2 * safe) / (2 * safe), 1.0)
    return [
        np.exp(-z), gain, -np.expm1(-z) * neuron.E_L + gain * current,
        sigma * np.sqrt(noise), neuron.V_th, neuron.V_reset,
        np.asarray(sigma) ** 2 * spread, np.exp(0.5 * z), np.exp(-0.5 * z),
        float(np.any(np.asarray(sigma) > 0.0)),
    ]  # fmt: skip


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`."""
    V = S[0][a : a + n]
    decay, gain = par[q : q + n], par[q + L * _GAIN : q + L * _GAIN + n]
    drift = par[q + L * _DRIFT : q + L * _DRIFT + n]
    theta = par[q + L * _TH : q + L * _TH + n]
    reset = par[q + L * _RESET : q + L * _RESET + n]
    current, jump = X[CURRENT], X[JUMP]
    noise = par[q + L * _NOISE : q + L * _NOISE + n]
    normal = X[NORMAL]
    if par[q + L * _NOISY] > 0.0:
        spread = par[q + L * _SPREAD : q + L * _SPREAD + n]
        half = par[q + L * _HALF : q + L * _HALF + n]
        shrink = par[q + L * _SHRINK : q + L * _SHRINK + n]
        u = X[UNIFORM]
        for l in range(n):
            v = decay[l] * V[l] + drift[l] + gain[l] * current[l] + noise[l] * normal[l]
            ab = (theta[l] - V[l]) * shrink[l] * (theta[l] - v) * half[l]
            met = u[l] * (spread[l] > 0.0) < exp(-2.0 * ab / max(spread[l], 1e-300))
            v += jump[l]
            fires = ((v >= theta[l]) | (met & (spread[l] > 0.0))) & (held[l] == 0)
            V[l] = reset[l] if fires | (held[l] != 0) else v
            spiked[l] = fires
        return
    for l in range(n):
        v = decay[l] * V[l] + drift[l] + gain[l] * current[l] + jump[l]
        fires = (v >= theta[l]) & (held[l] == 0)
        V[l] = reset[l] if fires | (held[l] != 0) else v
        spiked[l] = fires
