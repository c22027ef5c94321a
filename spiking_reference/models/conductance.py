"""Leaky integrate-and-fire neuron with conductances: second order in dt.

State: V. The voltage is linear within a step under the conductances of its middle,
V1 = V0 + (1 - e^-z)/z f h/C, z = h (g_L + sum g)/C, with f the current at V0: exact for
constant conductances of any size, up to the error of `vector.relaxed`.
"""

from typing import Any

import numpy as np

from .._jit import inlined
from ..network.slots import CONDUCTANCE, CURRENT, DRIVE, JUMP, NORMAL, NORMALS
from ..vector import relaxed

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
_H, _LEAK, _REST, _NOISE, _TH, _RESET = range(6)


def coarsest(neuron: Any) -> dict[str, Any]:
    """Time constants [ms] that a step must not exceed, by name."""
    return {"C_m/g_L": neuron.C_m / np.asarray(neuron.g_L)}


def membrane_time(neuron: Any) -> Any:
    """Infinite: synaptic currents act by their value in the middle of the step."""
    return np.inf


def draws(noisy: bool) -> int:
    """Say what random numbers a step takes."""
    return NORMALS if noisy else 0


def initial(neuron: Any) -> dict[str, Any]:
    """State at rest."""
    return {"V": neuron.E_L}


def coefficients(neuron: Any, current: Any, sigma: Any, dt: float) -> list[Any]:
    """Return the rows that `step` reads."""
    rest = neuron.g_L * np.asarray(neuron.E_L) + current
    return [
        dt / np.asarray(neuron.C_m), neuron.g_L, rest,
        np.asarray(sigma) * np.sqrt(dt), neuron.V_th, neuron.V_reset,
    ]  # fmt: skip


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`."""
    V = S[0][a : a + n]
    per_C, leak = par[q : q + n], par[q + L * _LEAK : q + L * _LEAK + n]
    rest = par[q + L * _REST : q + L * _REST + n]
    noise = par[q + L * _NOISE : q + L * _NOISE + n]
    theta = par[q + L * _TH : q + L * _TH + n]
    reset = par[q + L * _RESET : q + L * _RESET + n]
    current, g, drive = X[CURRENT], X[CONDUCTANCE], X[DRIVE]
    jump, normal = X[JUMP], X[NORMAL]
    for l in range(n):
        total = leak[l] + g[l]
        f = rest[l] + drive[l] + current[l] - total * V[l]
        v = V[l] + per_C[l] * f * relaxed(per_C[l] * total)
        v += noise[l] * normal[l] + jump[l]
        fires = (v >= theta[l]) & (held[l] == 0)
        V[l] = reset[l] if fires | (held[l] != 0) else v
        spiked[l] = fires
