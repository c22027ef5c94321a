"""Leaky integrate-and-fire neuron with escape noise: second order in dt.

State: V, which moves exactly as in `leaky`. A step's hazard is integrated for a voltage
that is linear in it, h rho(V0) phi1((V1 - V0)/Delta_u) with phi1(z) = (e^z - 1)/z: exact
for a constant voltage, otherwise an error of second order. A spike is on the grid point at
the end of its step; jumps that arrive there count for the next step.
"""

from typing import Any

import numpy as np

from .._jit import inlined
from ..network.slots import CURRENT, JUMP, NORMAL, NORMALS, UNIFORM, UNIFORMS
from ..vector import exp, phi1
from . import leaky
from .leaky import coarsest, initial, membrane_time

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
_GAIN, _DRIFT, _NOISE, _TH, _RESET, _PER_DELTA, _HAZARD = range(1, 8)
_MOST = 700.0  # of an exponent


def draws(noisy: bool) -> int:
    """Say what random numbers a step takes."""
    return NORMALS | UNIFORMS if noisy else UNIFORMS


def coefficients(neuron: Any, current: Any, sigma: Any, dt: float) -> list[Any]:
    """Return the rows that `step` reads."""
    rows = leaky.coefficients(neuron, current, sigma, dt)[: _RESET + 1]
    return [*rows, 1.0 / np.asarray(neuron.Delta_u), dt * np.asarray(neuron.rho_0)]


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`."""
    V = S[0][a : a + n]
    current, jump, normal, u = X[CURRENT], X[JUMP], X[NORMAL], X[UNIFORM]
    for l in range(n):
        p = q + l
        per_delta = par[p + L * _PER_DELTA]
        v = par[p] * V[l] + par[p + L * _DRIFT] + par[p + L * _GAIN] * current[l]
        v += par[p + L * _NOISE] * normal[l]
        rho = par[p + L * _HAZARD] * exp((V[l] - par[p + L * _TH]) * per_delta)
        hazard = min(rho * phi1(min((v - V[l]) * per_delta, _MOST)), _MOST)
        free = held[l] == 0
        # 1 - e^-hazard without cancellation.
        fires = (u[l] < hazard * phi1(-hazard)) & free
        V[l] = v + jump[l] if free & (not fires) else par[p + L * _RESET]
        spiked[l] = fires
