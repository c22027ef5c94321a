"""Leaky integrate-and-fire neuron with an adaptive threshold: exact between grid points.

State: V, theta. V moves as in `leaky`, theta decays exactly; they are compared at the end
of a step, after the jumps that arrive there. With white noise, paths that cross between
grid points are found by the Brownian bridge to a threshold that is linear in the step, an
error of second order. For currents that change, the scheme is second order in dt.
"""

from typing import Any

import numpy as np

from .._jit import inlined
from ..network.slots import CURRENT, JUMP, NORMAL, UNIFORM
from ..vector import exp
from . import leaky
from .leaky import draws, membrane_time

__all__ = [
    "STATE",
    "coarsest",
    "coefficients",
    "draws",
    "initial",
    "membrane_time",
    "step",
]

STATE = ("V", "theta")
_GAIN, _DRIFT, _NOISE, _TH, _RESET, _SPREAD, _HALF, _SHRINK, _FADE, _ADD = range(1, 11)


def coarsest(neuron: Any) -> dict[str, Any]:
    """Time constants [ms] that a step must not exceed, by name."""
    return {"tau_m": neuron.tau_m, "tau_theta": neuron.tau_theta}


def initial(neuron: Any) -> dict[str, Any]:
    """State at reset, with the threshold at rest."""
    return {"V": neuron.V_reset, "theta": neuron.V_th}


def coefficients(neuron: Any, current: Any, sigma: Any, dt: float) -> list[Any]:
    """Return the rows that `step` reads."""
    fade = np.exp(-dt / np.asarray(neuron.tau_theta))
    rows = leaky.coefficients(neuron, current, sigma, dt)[: _SHRINK + 1]
    return [*rows, fade, neuron.Delta_theta]


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`."""
    V, W = S[0][a : a + n], S[1][a : a + n]
    current, jump, normal, u = X[CURRENT], X[JUMP], X[NORMAL], X[UNIFORM]
    for l in range(n):
        p = q + l
        noise, spread = par[p + L * _NOISE], par[p + L * _SPREAD]
        v = par[p] * V[l] + par[p + L * _DRIFT] + par[p + L * _GAIN] * current[l]
        v += noise * normal[l]
        low = par[p + L * _TH]
        theta = low + (W[l] - low) * par[p + L * _FADE]
        ab = (W[l] - V[l]) * par[p + L * _SHRINK] * (theta - v) * par[p + L * _HALF]
        met = (u[l] < exp(-2.0 * ab / max(spread, 1e-300))) & (spread > 0.0)
        v += jump[l]
        free = held[l] == 0
        fires = ((v >= theta) | met) & free
        V[l] = v if free & (not fires) else par[p + L * _RESET]
        W[l] = theta + (par[p + L * _ADD] if fires else 0.0)
        spiked[l] = fires
