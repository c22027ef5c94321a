"""Adaptive exponential integrate-and-fire neuron: second order in dt.

State: V, w. V takes an exponential Rosenbrock-Euler step, V1 = V0 + h phi1(h f') f, with
phi1(z) = (e^z - 1)/z, under w of the middle of the step, and stops at V_th; w follows the
mean of V0 and V1 exactly. While V is held at reset, w goes on.
"""

from typing import Any

import numpy as np

from .._jit import inlined
from ..network.slots import CONDUCTANCE, CURRENT, DRIVE, JUMP, NORMAL, NORMALS
from ..vector import exp, phi1

__all__ = [
    "STATE",
    "coarsest",
    "coefficients",
    "draws",
    "initial",
    "membrane_time",
    "step",
]

STATE = ("V", "w")
(
    _PER_C, _LEAK, _E_L, _V_T, _PER_DELTA, _SPIKE, _A, _TAU_W, _DECAY, _B, _TH, _RESET,
    _CURRENT, _NOISE, _H,
) = range(15)  # fmt: skip
_STEEPEST = 40.0  # of f' h: V meets the threshold long before


def coarsest(neuron: Any) -> dict[str, Any]:
    """Time constants [ms] that a step must not exceed, by name."""
    return {"C_m/g_L": neuron.C_m / np.asarray(neuron.g_L), "tau_w": neuron.tau_w}


def membrane_time(neuron: Any) -> Any:
    """Infinite: synaptic currents act by their mean over the step."""
    return np.inf


def draws(noisy: bool) -> int:
    """Say what random numbers a step takes."""
    return NORMALS if noisy else 0


def initial(neuron: Any) -> dict[str, Any]:
    """State at rest."""
    return {"V": neuron.E_L, "w": 0.0}


def coefficients(neuron: Any, current: Any, sigma: Any, dt: float) -> list[Any]:
    """Return the rows that `step` reads."""
    per_delta = 1.0 / np.asarray(neuron.Delta_T)
    return [
        1.0 / np.asarray(neuron.C_m), neuron.g_L, neuron.E_L, neuron.V_T, per_delta,
        neuron.g_L * np.asarray(neuron.Delta_T), neuron.a, neuron.tau_w,
        np.exp(-dt / np.asarray(neuron.tau_w)), neuron.b, neuron.V_th, neuron.V_reset,
        current, np.asarray(sigma) * np.sqrt(dt), dt,
    ]  # fmt: skip


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`."""
    V, W = S[0][a : a + n], S[1][a : a + n]
    current, g, drive = X[CURRENT], X[CONDUCTANCE], X[DRIVE]
    jump, normal = X[JUMP], X[NORMAL]
    for l in range(n):
        k = q + l
        rest, theta, reset = par[k + L * _E_L], par[k + L * _TH], par[k + L * _RESET]
        leak, h = par[k + L * _LEAK], par[k + L * _H]
        v0, w = V[l], W[l]
        pull = par[k + L * _A] * (v0 - rest)
        middle = w + 0.5 * h * (pull - w) / par[k + L * _TAU_W]
        upswing = exp(min((v0 - par[k + L * _V_T]) * par[k + L * _PER_DELTA], 700.0))
        kick = par[k + L * _SPIKE] * upswing
        total = par[k + L * _CURRENT] + current[l] + drive[l] - middle
        f = (leak * (rest - v0) - g[l] * v0 + kick + total) * par[k + L * _PER_C]
        slope = (kick * par[k + L * _PER_DELTA] - leak - g[l]) * par[k + L * _PER_C]
        v = v0 + h * phi1(min(h * slope, _STEEPEST)) * f
        v += par[k + L * _NOISE] * normal[l]
        free = held[l] == 0
        v = min(v, theta) if free else reset
        mean = par[k + L * _A] * (0.5 * (v0 + v) - rest)
        v = min(v + jump[l], theta) if free else reset
        fires = (v >= theta) & free
        w = mean + (w - mean) * par[k + L * _DECAY]
        V[l] = reset if fires else v
        W[l] = w + (par[k + L * _B] if fires else 0.0)
        spiked[l] = fires
