"""Quadratic integrate-and-fire neuron: exact under constant input, infinities included.

State: V. With x = V - m, a step solves x' = c x^2 + k: x1 = (x0 + k T)/(1 - c x0 T),
T = tan(sqrt(c k) h)/sqrt(c k), under the currents and conductances of the middle of the
step, which is second order for those that change; V has run through infinity where the
denominator is not positive. Half of a step's noise acts at its beginning and half at its
end, which makes it second order in law. Spikes are those of the exact path, on the next
grid point.
"""

from typing import Any

import numpy as np

from .._jit import inlined
from ..network.slots import CONDUCTANCE, CURRENT, DRIVE, JUMP, NORMAL, NORMALS
from ..vector import tan_over

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
_CURVE, _MIDDLE, _DRIFT, _WIDEN, _TH, _RESET, _NOISE, _H = range(8)
# Of c k h^2 = z^2: at z = pi/2 any neuron fires in two steps.
_LARGEST = 2.25


def coarsest(neuron: Any) -> dict[str, Any]:
    """Time constants [ms] that a step must not exceed, by name."""
    return {"tau_m": neuron.tau_m}


def membrane_time(neuron: Any) -> Any:
    """Infinite: synaptic currents act by their mean over the step."""
    return np.inf


def draws(noisy: bool) -> int:
    """Say what random numbers a step takes."""
    return NORMALS if noisy else 0


def initial(neuron: Any) -> dict[str, Any]:
    """State at rest."""
    return {"V": neuron.E_L}


def coefficients(neuron: Any, current: Any, sigma: Any, dt: float) -> list[Any]:
    """Return the rows that `step` reads."""
    width = np.asarray(neuron.V_T) - neuron.E_L
    curve = 1.0 / (neuron.tau_m * width)
    return [
        curve, 0.5 * (np.asarray(neuron.V_T) + neuron.E_L),
        current - 0.25 * curve * width**2, 0.5 / curve, neuron.V_th, neuron.V_reset,
        0.5 * np.asarray(sigma) * np.sqrt(dt), dt,
    ]  # fmt: skip


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`."""
    V = S[0][a : a + n]
    current, g, drive = X[CURRENT], X[CONDUCTANCE], X[DRIVE]
    jump, normal = X[JUMP], X[NORMAL]
    for l in range(n):
        p = q + l
        c, middle, h = par[p], par[p + L * _MIDDLE], par[p + L * _H]
        noise = par[p + L * _NOISE] * normal[l]
        shift = g[l] * par[p + L * _WIDEN]
        k = par[p + L * _DRIFT] + current[l] + drive[l] - g[l] * (middle + 0.5 * shift)
        m = middle + shift
        x = V[l] + noise - m
        T = h * tan_over(min(c * k * h * h, _LARGEST))
        rest = 1.0 - c * x * T
        v = m + (x + k * T) / rest + noise + jump[l]
        free = held[l] == 0
        fires = ((rest <= 0.0) | (v >= par[p + L * _TH])) & free
        V[l] = v if free & (not fires) else par[p + L * _RESET]
        spiked[l] = fires
