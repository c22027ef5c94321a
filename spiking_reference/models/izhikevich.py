"""Izhikevich's neuron: second order in dt between spikes.

State: V, u. V moves exactly under u, current and conductances of the middle of the step (a
quadratic equation, see `qif`), and stops at V_th; u follows the mean of V0 and V1 exactly.
Half of a step's noise acts at its beginning and half at its end. Spikes are on the next
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

STATE = ("V", "u")
_A, _B, _DECAY, _D, _TH, _RESET, _CURRENT, _NOISE, _H = range(9)
_CURVE, _LINEAR, _CONSTANT = 0.04, 5.0, 140.0  # of the model's V'
_MIDDLE = -0.5 * _LINEAR / _CURVE
_LOWEST = _CONSTANT - _CURVE * _MIDDLE * _MIDDLE
_WIDEN = 0.5 / _CURVE
_LARGEST = 2.25  # of (z)^2, see `qif`


def coarsest(neuron: Any) -> dict[str, Any]:
    """Time constants [ms] that a step must not exceed, by name."""
    return {
        "1/a": 1.0 / np.asarray(neuron.a),
        "the largest step of its publication": 1.0,
    }


def membrane_time(neuron: Any) -> Any:
    """Infinite: synaptic currents act by their mean over the step."""
    return np.inf


def draws(noisy: bool) -> int:
    """Say what random numbers a step takes."""
    return NORMALS if noisy else 0


def initial(neuron: Any) -> dict[str, Any]:
    """State at rest, where there is rest without input, else V = c on u's nullcline."""
    b = np.asarray(neuron.b)
    slope = _LINEAR - b
    inside = slope**2 - 4.0 * _CURVE * _CONSTANT
    low = (-slope - np.sqrt(np.maximum(inside, 0.0))) / (2.0 * _CURVE)
    V = np.where(inside >= 0.0, low, neuron.c)
    return {"V": V, "u": b * V}


def coefficients(neuron: Any, current: Any, sigma: Any, dt: float) -> list[Any]:
    """Return the rows that `step` reads."""
    return [
        neuron.a, neuron.b, np.exp(-dt * np.asarray(neuron.a)), neuron.d, neuron.V_th,
        neuron.c, current, 0.5 * np.asarray(sigma) * np.sqrt(dt), dt,
    ]  # fmt: skip


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`."""
    V, U = S[0][a : a + n], S[1][a : a + n]
    current, g, drive = X[CURRENT], X[CONDUCTANCE], X[DRIVE]
    jump, normal = X[JUMP], X[NORMAL]
    for l in range(n):
        p = q + l
        b, h, theta = par[p + L * _B], par[p + L * _H], par[p + L * _TH]
        noise = par[p + L * _NOISE] * normal[l]
        u = U[l] + 0.5 * h * par[p] * (b * V[l] - U[l])
        shift = g[l] * _WIDEN
        k = _LOWEST + par[p + L * _CURRENT] + current[l] + drive[l] - u
        k -= g[l] * (_MIDDLE + 0.5 * shift)
        m = _MIDDLE + shift
        x = V[l] + noise - m
        T = h * tan_over(min(_CURVE * k * h * h, _LARGEST))
        rest = 1.0 - _CURVE * x * T
        v = m + (x + k * T) / rest + noise
        v = theta if rest <= 0.0 else min(v, theta)
        mean = 0.5 * b * (V[l] + v)
        v += jump[l]
        fires = v >= theta
        U[l] = mean + (U[l] - mean) * par[p + L * _DECAY]
        U[l] += par[p + L * _D] if fires else 0.0
        V[l] = par[p + L * _RESET] if fires else v
        spiked[l] = fires
