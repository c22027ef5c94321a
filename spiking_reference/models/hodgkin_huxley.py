"""Hodgkin and Huxley's neuron: second order in dt, spikes included.

State: V, m, h, n. A step predicts V in the middle, takes the gates through the step at
that voltage, and V through the step with the mean of their values; each of the three is
exact for what it holds constant, so that no rate or conductance is too fast. Half of a
step's noise acts at its beginning and half at its end. A spike is an upward crossing of
V_th, on the grid point after it.
"""

from typing import Any

import numpy as np

from .._jit import inlined
from ..network.slots import CONDUCTANCE, CURRENT, DRIVE, JUMP, NORMAL, NORMALS, ROOM
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

STATE = ("V", "m", "h", "n")
_PER_C, _NA, _K, _LEAK, _E_NA, _E_K, _REST, _TH, _NOISE, _H = range(10)
_BISECTIONS = 60


def coarsest(neuron: Any) -> dict[str, Any]:
    """Time constants [ms] that a step must not exceed, by name."""
    x = 0.1 * (np.asarray(neuron.E_Na) + 40.0)
    fastest = np.where(np.abs(x) < 1e-9, 1.0, -np.expm1(-x) / np.where(x == 0, 1.0, x))
    return {"1/alpha_m at E_Na": fastest}


def membrane_time(neuron: Any) -> Any:
    """Infinite: synaptic currents act by their mean over the step."""
    return np.inf


def draws(noisy: bool) -> int:
    """Say what random numbers a step takes."""
    return NORMALS if noisy else 0


def _gates(V: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return what m, h and n come to at voltage V."""

    def ratio(x: np.ndarray) -> np.ndarray:
        safe = np.where(x == 0.0, 1.0, x)
        return np.where(x == 0.0, 1.0, safe / -np.expm1(-safe))

    a_m, b_m = ratio(0.1 * (V + 40.0)), 4.0 * np.exp(-0.0556 * (V + 65.0))
    a_h, b_h = (
        0.07 * np.exp(-0.05 * (V + 65.0)),
        1.0 / (1.0 + np.exp(-0.1 * (V + 35.0))),
    )
    a_n, b_n = 0.1 * ratio(0.1 * (V + 55.0)), 0.125 * np.exp(-0.0125 * (V + 65.0))
    return a_m / (a_m + b_m), a_h / (a_h + b_h), a_n / (a_n + b_n)


def initial(neuron: Any) -> dict[str, Any]:
    """State at rest: the voltage without current between E_K and E_Na, by bisection."""
    low, high = (
        np.broadcast_to(E, neuron.shape).astype(float)
        for E in (neuron.E_K, neuron.E_Na)
    )
    for _ in range(_BISECTIONS):
        V = 0.5 * (low + high)
        m, h, n = _gates(V)
        sodium = neuron.g_Na * m**3 * h * (V - neuron.E_Na)
        out = (
            sodium
            + neuron.g_K * n**4 * (V - neuron.E_K)
            + neuron.g_L * (V - neuron.E_L)
        )
        low, high = np.where(out < 0.0, V, low), np.where(out < 0.0, high, V)
    V = 0.5 * (low + high)
    return dict(zip(STATE, (V, *_gates(V)), strict=True))


def coefficients(neuron: Any, current: Any, sigma: Any, dt: float) -> list[Any]:
    """Return the rows that `step` reads."""
    rest = neuron.g_L * np.asarray(neuron.E_L) + current
    return [
        1.0 / np.asarray(neuron.C_m), neuron.g_Na, neuron.g_K, neuron.g_L, neuron.E_Na,
        neuron.E_K, rest, neuron.V_th, 0.5 * np.asarray(sigma) * np.sqrt(dt), dt,
    ]  # fmt: skip


@inlined
def _toward(x, alpha, beta, h):
    """Return a gate a time h later."""
    end = alpha / (alpha + beta)
    return end + (x - end) * exp(-h * (alpha + beta))


@inlined
def _predict(S, a, n, par, q, L, X):
    """Write the voltage in the middle of the step on row ROOM."""
    V, M, H, N = S[0][a : a + n], S[1][a : a + n], S[2][a : a + n], S[3][a : a + n]
    current, g, drive, normal = X[CURRENT], X[CONDUCTANCE], X[DRIVE], X[NORMAL]
    middle = X[ROOM]
    for l in range(n):
        p = q + l
        half = 0.5 * par[p + L * _H] * par[p]
        v = V[l] + par[p + L * _NOISE] * normal[l]
        na = par[p + L * _NA] * M[l] * M[l] * M[l] * H[l]
        ka = par[p + L * _K] * N[l] * N[l] * N[l] * N[l]
        total = par[p + L * _LEAK] + g[l] + na + ka
        f = par[p + L * _REST] + current[l] + drive[l] - total * v
        f += na * par[p + L * _E_NA] + ka * par[p + L * _E_K]
        middle[l] = v + half * f * phi1(-half * total)


@inlined
def _open(S, a, n, par, q, L, X):
    """Move the gates, and write m^3 h and n^4 of their means on the rows after ROOM."""
    M, H, N = S[1][a : a + n], S[2][a : a + n], S[3][a : a + n]
    middle, sodium, potassium = X[ROOM], X[ROOM + 1], X[ROOM + 2]
    for l in range(n):
        t, v = par[q + L * _H + l], middle[l]
        # alpha_m and alpha_n are 0/0 at -40 and -55 mV: x/(1 - e^-x) = 1/phi1(-x).
        alpha, beta = 1.0 / phi1(-0.1 * (v + 40.0)), 4.0 * exp(-0.0556 * (v + 65.0))
        m = _toward(M[l], alpha, beta, t)
        alpha, beta = (
            0.07 * exp(-0.05 * (v + 65.0)),
            1.0 / (1.0 + exp(-0.1 * (v + 35.0))),
        )
        h = _toward(H[l], alpha, beta, t)
        mean = 0.5 * (M[l] + m)
        sodium[l] = mean * mean * mean * 0.5 * (H[l] + h)
        M[l], H[l] = m, h
    for l in range(n):
        t, v = par[q + L * _H + l], middle[l]
        alpha, beta = 0.1 / phi1(-0.1 * (v + 55.0)), 0.125 * exp(-0.0125 * (v + 65.0))
        w = _toward(N[l], alpha, beta, t)
        mean = 0.5 * (N[l] + w)
        potassium[l] = mean * mean * mean * mean
        N[l] = w


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`.

    It is made in four loops: one over all of it would not become SIMD code.
    """
    _predict(S, a, n, par, q, L, X)
    _open(S, a, n, par, q, L, X)
    V, sodium, potassium = S[0][a : a + n], X[ROOM + 1], X[ROOM + 2]
    current, g, drive = X[CURRENT], X[CONDUCTANCE], X[DRIVE]
    jump, normal = X[JUMP], X[NORMAL]
    for l in range(n):
        p = q + l
        theta, per_C = par[p + L * _TH], par[p + L * _H] * par[p]
        noise = par[p + L * _NOISE] * normal[l]
        v = V[l] + noise
        na, ka = par[p + L * _NA] * sodium[l], par[p + L * _K] * potassium[l]
        total = par[p + L * _LEAK] + g[l] + na + ka
        f = par[p + L * _REST] + current[l] + drive[l] - total * v
        f += na * par[p + L * _E_NA] + ka * par[p + L * _E_K]
        v += per_C * f * phi1(-per_C * total) + noise + jump[l]
        spiked[l] = (V[l] < theta) & (v >= theta)
        V[l] = v
