"""The mathematics of GLIF neurons, once: for networks and for given currents.

Voltages are relative to E_L, J_j are the after-spike currents. Under a current I that is
constant for a time t, all variables are sums of exponentials, whose coefficients are
divided differences of e^(-x t) over the rates x. These are computed without cancellation,
also where rates coincide.
"""

import math
from typing import Any

import numpy as np

from ._jit import inlined, kernel

__all__ = [
    "N_COEF",
    "N_PAR",
    "constants",
    "curvature",
    "distance",
    "euler",
    "fill",
    "membrane",
    "propagate",
    "propagators",
    "slope",
    "voltage_part",
]

# Of a neuron: rates [1/ms], 1/C_m, V_th - E_L, and what happens at a spike.
LEAK, DECAY_1, DECAY_2, DECAY_S, DECAY_V, INDEX, PER_C, GAP = range(8)
FRACTION, ADD, TH_ADD, AMP_1, AMP_2, R_1, R_2, T_REF = range(8, 16)
N_PAR = 16
# Of a time: what is left of each variable, then V from V0, I, J_1, J_2 and theta_v from
# V0, I, J_1, J_2.
E_V, E_1, E_2, E_S, E_TH, V_I, V_1, V_2, TH_V, TH_I, TH_1, TH_2 = range(12)
N_COEF = 12
_TERMS = 18  # of a series, whose remainder is below 1e-18


def constants(neuron: Any) -> np.ndarray:
    """Return the numbers (N_PAR, ...) of a `GLIF`; what is absent never moves."""
    rows = np.zeros((N_PAR, *neuron.shape))
    rows[[DECAY_1, DECAY_2, DECAY_S, DECAY_V]] = 1.0
    rows[LEAK] = neuron.g_L / np.asarray(neuron.C_m)
    rows[PER_C] = 1.0 / np.asarray(neuron.C_m)
    rows[GAP] = np.asarray(neuron.V_th) - neuron.E_L
    rows[T_REF] = neuron.t_ref
    if neuron.th_spike_add is not None:
        rows[DECAY_S], rows[TH_ADD] = neuron.th_spike_decay, neuron.th_spike_add
        rows[FRACTION] = neuron.voltage_reset_fraction
        rows[ADD] = neuron.voltage_reset_add
    elif neuron.V_reset is not None:
        rows[ADD] = np.asarray(neuron.V_reset) - neuron.E_L
    if neuron.asc_amps is not None:
        for j in range(len(neuron.asc_amps)):
            rows[DECAY_1 + j], rows[AMP_1 + j] = neuron.asc_decay[j], neuron.asc_amps[j]
            rows[R_1 + j] = neuron.asc_r[j]
    if neuron.th_voltage_index is not None:
        rows[INDEX] = neuron.th_voltage_index
        rows[DECAY_V] = neuron.th_voltage_decay
    return rows


@inlined
def _one(x, y, t):
    """Integrate e^(-x (t - s) - y s) over s from 0 to t."""
    z = abs(x - y) * t
    mean = -math.expm1(-z) / z if z > 0.0 else 1.0
    return t * math.exp(-min(x, y) * t) * mean


@inlined
def _two(x, y, z, t):
    """Integrate e^(-x (t - s)) _one(y, z, s) over s from 0 to t; symmetric."""
    low, high = min(x, y, z), max(x, y, z)
    middle = max(min(x, y), min(max(x, y), z))
    if (high - low) * t >= 1.0:
        return (_one(low, middle, t) - _one(middle, high, t)) / (high - low)
    # Complete homogeneous polynomials of p and q over factorials.
    p, q = (middle - low) * t, (middle - high) * t
    power = polynomial = 1.0
    total, factor = 0.5, 0.5
    for n in range(1, _TERMS):
        power *= p
        polynomial = power + q * polynomial
        factor /= n + 2.0
        total += factor * polynomial
    return t * t * math.exp(-middle * t) * total


@inlined
def fill(par, t, c):
    """Write the coefficients of a time t."""
    g, k1, k2, b = par[LEAK], par[DECAY_1], par[DECAY_2], par[DECAY_V]
    a, per_C = par[INDEX], par[PER_C]
    c[E_V], c[E_1], c[E_2] = math.exp(-g * t), math.exp(-k1 * t), math.exp(-k2 * t)
    c[E_S], c[E_TH] = math.exp(-par[DECAY_S] * t), math.exp(-b * t)
    c[V_I] = per_C * _one(g, 0.0, t)
    c[V_1], c[V_2] = per_C * _one(g, k1, t), per_C * _one(g, k2, t)
    c[TH_V] = c[TH_I] = c[TH_1] = c[TH_2] = 0.0
    if a != 0.0:
        c[TH_V], c[TH_I] = a * _one(b, g, t), a * per_C * _two(b, g, 0.0, t)
        c[TH_1] = a * per_C * _two(b, g, k1, t)
        c[TH_2] = a * per_C * _two(b, g, k2, t)


@inlined
def euler(par, t, c):
    """Turn coefficients into those of forward Euler with currents frozen in a step."""
    c[E_V] = 1.0 - par[LEAK] * t
    c[V_I] = c[V_1] = c[V_2] = par[PER_C] * t
    c[TH_1] = c[TH_2] = c[TH_I]


@kernel
def propagators(par, t, c):
    """Write the coefficients (n, N_COEF) of neurons with constants (n, N_PAR)."""
    for i in range(par.shape[0]):
        fill(par[i], t, c[i])


@inlined
def membrane(v, I, J1, J2, e, by_I, by_1, by_2):
    """Return the voltage after a step."""
    return e * v + (by_I * I + (by_1 * J1 + by_2 * J2))


@inlined
def voltage_part(u, v, I, J1, J2, e, by_v, by_I, by_1, by_2):
    """Return theta_v after a step from u, the voltage being v before it."""
    return (e * u + by_v * v) + (by_I * I + (by_1 * J1 + by_2 * J2))


@inlined
def propagate(s, I, c):
    """Move the state s = (V, theta_s, theta_v, J_1, J_2) by the time of c."""
    v, J1, J2 = s[0], s[3], s[4]
    s[0] = membrane(v, I, J1, J2, c[E_V], c[V_I], c[V_1], c[V_2])
    s[1] *= c[E_S]
    s[2] = voltage_part(s[2], v, I, J1, J2, c[E_TH], c[TH_V], c[TH_I], c[TH_1], c[TH_2])
    s[3], s[4] = c[E_1] * J1, c[E_2] * J2


@inlined
def distance(s, par):
    """Return how far V is above the threshold [mV]."""
    return s[0] - (par[GAP] + s[1] + s[2])


@inlined
def slope(s, I, par):
    """Return the time derivative of `distance`."""
    moves = par[PER_C] * (I + s[3] + s[4]) - par[LEAK] * s[0]
    return moves - (par[INDEX] * s[0] - par[DECAY_V] * s[2]) + par[DECAY_S] * s[1]


@inlined
def curvature(s, I, par):
    """Bound the second time derivative of `distance` for all later times.

    For currents that are constant, in samples or throughout, and at most |I|.
    """
    g, b, a, bs = par[LEAK], par[DECAY_V], abs(par[INDEX]), par[DECAY_S]
    J1, J2 = abs(s[3]), abs(s[4])
    push = par[PER_C] * (abs(I) + J1 + J2)
    v = max(abs(s[0]), push / g)
    fast = push + g * v
    u = max(abs(s[2]), a * v / b)
    fades = par[PER_C] * (par[DECAY_1] * J1 + par[DECAY_2] * J2)
    return (g + a) * fast + fades + b * (a * v + b * u) + bs * bs * abs(s[1])
