"""Adaptive exponential soma with a passive dendrite: second order in dt between spikes.

State: V, V_d, w, theta. The two voltages take an exponential Rosenbrock-Euler step
together, y1 = y0 + h phi1(h J) f with phi1(z) = (e^z - 1)/z of the matrix J = f': exact
where both compartments are passive. w and theta act by their values in the middle of the
step; w then follows the mean of V0 and V1, theta its decay, exactly. Half of a step's
noise acts at its beginning and half at its end. In the step of a spike the dendrite sees
the soma where the step began, and while V is held at reset, the soma at reset.
"""

from typing import Any

import numpy as np

from .._jit import inlined
from ..network.slots import CONDUCTANCE, CURRENT, DRIVE, JUMP, NORMAL, OF_DENDRITE, ROOM
from ..vector import exp, phi1
from .adex import draws, membrane_time

__all__ = [
    "STATE",
    "coarsest",
    "coefficients",
    "draws",
    "initial",
    "membrane_time",
    "step",
]

STATE = ("V", "V_d", "w", "theta")
(
    _PER_C, _LEAK, _E_L, _PER_DELTA, _SPIKE, _A, _PER_TAU, _CURRENT, _NOISE, _H, _V_T,
    _HALF_FADE, _AXIAL, _PER_C_D, _LEAK_D, _TH, _RESET, _DECAY, _B, _FADE, _ADD,
) = range(21)  # fmt: skip
_STEEPEST = 40.0  # of f' h: V meets the threshold long before
_LEAST = 1e-6  # half the difference of eigenvalues; below it they count as one


def coarsest(neuron: Any) -> dict[str, Any]:
    """Time constants [ms] that a step must not exceed, by name."""
    dendrite = neuron.C_d / (np.asarray(neuron.g_d) + neuron.g_ax)
    return {
        "C_m/g_L": neuron.C_m / np.asarray(neuron.g_L), "C_d/(g_d + g_ax)": dendrite,
        "tau_w": neuron.tau_w, "tau_theta": neuron.tau_theta,
    }  # fmt: skip


def initial(neuron: Any) -> dict[str, Any]:
    """State at rest."""
    return {"V": neuron.E_L, "V_d": neuron.E_L, "w": 0.0, "theta": neuron.V_T}


def coefficients(neuron: Any, current: Any, sigma: Any, dt: float) -> list[Any]:
    """Return the rows that `step` reads."""
    tau_theta = np.asarray(neuron.tau_theta)
    return [
        1.0 / np.asarray(neuron.C_m), neuron.g_L, neuron.E_L,
        1.0 / np.asarray(neuron.Delta_T), neuron.g_L * np.asarray(neuron.Delta_T),
        neuron.a, 1.0 / np.asarray(neuron.tau_w), current,
        0.5 * np.asarray(sigma) * np.sqrt(dt), dt, neuron.V_T,
        np.exp(-0.5 * dt / tau_theta), neuron.g_ax, 1.0 / np.asarray(neuron.C_d),
        neuron.g_d, neuron.V_th, neuron.V_reset, np.exp(-dt / np.asarray(neuron.tau_w)),
        neuron.b, np.exp(-dt / tau_theta), neuron.Delta_theta,
    ]  # fmt: skip


@inlined
def _voltages(S, a, n, par, q, L, X, held):
    """Write both voltages at the end of the step on the rows from ROOM."""
    V, U, W, theta = S[0][a : a + n], S[1][a : a + n], S[2][a : a + n], S[3][a : a + n]
    current, g, drive = X[CURRENT], X[CONDUCTANCE], X[DRIVE]
    current_d, g_d = X[OF_DENDRITE + CURRENT], X[OF_DENDRITE + CONDUCTANCE]
    drive_d, normal = X[OF_DENDRITE + DRIVE], X[NORMAL]
    soma, dendrite = X[ROOM], X[ROOM + 1]
    for l in range(n):
        p = q + l
        h, rest, axial = par[p + L * _H], par[p + L * _E_L], par[p + L * _AXIAL]
        leak, per_delta = par[p + L * _LEAK], par[p + L * _PER_DELTA]
        free = held[l] == 0
        noise = par[p + L * _NOISE] * normal[l] if free else 0.0
        v, u = V[l] + noise, U[l]
        w = (
            W[l]
            + 0.5 * h * (par[p + L * _A] * (v - rest) - W[l]) * par[p + L * _PER_TAU]
        )
        at = (
            par[p + L * _V_T] + (theta[l] - par[p + L * _V_T]) * par[p + L * _HALF_FADE]
        )
        kick = par[p + L * _SPIKE] * exp((v - at) * per_delta)
        f = leak * (rest - v) + kick + axial * (u - v) - w
        f += par[p + L * _CURRENT] + current[l] + drive[l] - g[l] * v
        f *= h * par[p] if free else 0.0
        f_d = par[p + L * _LEAK_D] * (rest - u) + axial * (v - u)
        f_d += current_d[l] + drive_d[l] - g_d[l] * u
        f_d *= h * par[p + L * _PER_C_D]
        # h J has the rows (A, B) and (C, D); its eigenvalues are middle +- s.
        A = min(h * (kick * per_delta - leak - axial - g[l]) * par[p], _STEEPEST)
        A = A if free else 0.0
        B = h * axial * par[p] if free else 0.0
        C = h * axial * par[p + L * _PER_C_D]
        D = -h * (par[p + L * _LEAK_D] + axial + g_d[l]) * par[p + L * _PER_C_D]
        D = min(D, _STEEPEST)
        middle, apart = 0.5 * (A + D), 0.5 * (A - D)
        s = max(np.sqrt(apart * apart + B * C), _LEAST)
        high, low = phi1(middle + s), phi1(middle - s)
        mean, slope = 0.5 * (high + low), 0.5 * (high - low) / s
        end = v + mean * f + slope * (apart * f + B * f_d) + noise
        both = mean * f_d + slope * (C * f - apart * f_d)
        soma[l] = end
        dendrite[l] = u + (phi1(D) * f_d if end >= par[p + L * _TH] else both)


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`."""
    _voltages(S, a, n, par, q, L, X, held)
    V, U, W, theta = S[0][a : a + n], S[1][a : a + n], S[2][a : a + n], S[3][a : a + n]
    soma, dendrite, jump = X[ROOM], X[ROOM + 1], X[JUMP]
    for i in range(CURRENT, DRIVE + 1):
        X[OF_DENDRITE + i, :n] = 0.0
    for l in range(n):
        p = q + l
        peak, reset, low = par[p + L * _TH], par[p + L * _RESET], par[p + L * _V_T]
        free = held[l] == 0
        v = min(soma[l], peak)
        mean = par[p + L * _A] * (0.5 * (V[l] + v) - par[p + L * _E_L])
        v = min(v + jump[l], peak) if free else reset
        fires = (v >= peak) & free
        W[l] = mean + (W[l] - mean) * par[p + L * _DECAY]
        W[l] += par[p + L * _B] if fires else 0.0
        theta[l] = low + (theta[l] - low) * par[p + L * _FADE]
        theta[l] += par[p + L * _ADD] if fires else 0.0
        V[l] = reset if fires else v
        U[l] = dendrite[l]
        spiked[l] = fires
