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
from ..network.slots import CONDUCTANCE, CURRENT, DRIVE, JUMP, NORMAL, NORMALS
from ..vector import exp, phi1

__all__ = ["STATE", "coefficients", "draws", "initial", "membrane_time", "step"]

STATE = ("V", "m", "h", "n")
_PER_C, _NA, _K, _LEAK, _E_NA, _E_K, _REST, _TH, _NOISE, _H = range(10)
_BISECTIONS = 60


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
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`."""
    V, M, H, N = S[0][a : a + n], S[1][a : a + n], S[2][a : a + n], S[3][a : a + n]
    current, g, drive = X[CURRENT], X[CONDUCTANCE], X[DRIVE]
    jump, normal = X[JUMP], X[NORMAL]
    for l in range(n):
        p = q + l
        t, theta = par[p + L * _H], par[p + L * _TH]
        noise = par[p + L * _NOISE] * normal[l]
        leak = par[p + L * _LEAK] + g[l]
        pull = par[p + L * _REST] + current[l] + drive[l]
        v0 = V[l] + noise
        na = par[p + L * _NA] * M[l] * M[l] * M[l] * H[l]
        ka = par[p + L * _K] * N[l] * N[l] * N[l] * N[l]
        total = leak + na + ka
        z = -0.5 * t * par[p] * total
        f = pull + na * par[p + L * _E_NA] + ka * par[p + L * _E_K] - total * v0
        v = v0 + 0.5 * t * par[p] * f * phi1(z)
        # alpha_m and alpha_n are 0/0 at -40 and -55 mV: x/(1 - e^-x) = 1/phi1(-x).
        m = _toward(
            M[l], 1.0 / phi1(-0.1 * (v + 40.0)), 4.0 * exp(-0.0556 * (v + 65.0)), t
        )
        h = _toward(
            H[l],
            0.07 * exp(-0.05 * (v + 65.0)),
            1.0 / (1.0 + exp(-0.1 * (v + 35.0))),
            t,
        )
        w = _toward(
            N[l],
            0.1 / phi1(-0.1 * (v + 55.0)),
            0.125 * exp(-0.0125 * (v + 65.0)),
            t,
        )
        mm, mh, mn = 0.5 * (M[l] + m), 0.5 * (H[l] + h), 0.5 * (N[l] + w)
        na = par[p + L * _NA] * mm * mm * mm * mh
        ka = par[p + L * _K] * mn * mn * mn * mn
        total = leak + na + ka
        f = pull + na * par[p + L * _E_NA] + ka * par[p + L * _E_K] - total * v0
        v = v0 + t * par[p] * f * phi1(-t * par[p] * total) + noise + jump[l]
        spiked[l] = (V[l] < theta) & (v >= theta)
        V[l], M[l], H[l], N[l] = v, m, h, w
