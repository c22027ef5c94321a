"""Synaptic variables: exact between steps, and what they amount to in a step.

A receptor is a cascade g' = -g/tau_d + y, y' = -y/tau_r, into which weights jump, or g
alone. Both move exactly. What acts on the membrane in a step is a weighted mean of g over
it: weighted by exp(-(h - s)/tau_m) for a membrane that is leaky with tau_m, which makes its
voltage exact, else with equal weights, an error of second order. The current through a
block by magnesium is linear in the voltage about that at the beginning of the step, which
leaves an error of second order: it acts as a conductance, at times a negative one, and a
drive.
"""

import math
from typing import Any

import numpy as np

from meanfield.neurons import (
    NMDA,
    Alpha,
    Delta,
    DoubleExponential,
    Exponential,
    OnDendrite,
)

from .._jit import inlined, inner
from ..vector import exp
from .slots import CONDUCTANCE, CURRENT, DRIVE, JUMP, MEAN, OF_DENDRITE

__all__ = ["DELTA", "N_COEF", "coefficients", "kind_of", "placed", "receive"]

DELTA, CURRENT_KIND, CONDUCTANCE_KIND, NMDA_KIND = range(4)
_A11, _A12, _A22, _KAPPA_G, _KAPPA_Y, _IN_G, _IN_Y, _E_REV, _MG, _SLOPE = range(10)
N_COEF = 10
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)


def placed(synapse: Any) -> tuple[Any, int]:
    """Return a receptor's waveform, and where it is: 1 on the dendrite, else 0."""
    if isinstance(synapse, OnDendrite):
        return synapse.synapse, 1
    return synapse, 0


def kind_of(synapse: Any) -> int:
    """Return the kind that `receive` goes by."""
    if isinstance(synapse, Delta):
        return DELTA
    if isinstance(synapse, NMDA):
        return NMDA_KIND
    if not isinstance(synapse, Exponential | Alpha | DoubleExponential):
        raise TypeError(f"`receptors` must be synapses; got {type(synapse).__name__}")
    return CURRENT_KIND if synapse.E_rev is None else CONDUCTANCE_KIND


def coefficients(synapse: Any, tau_m: Any, dt: float, moment: str) -> np.ndarray:
    """Return the rows (N_COEF, ...) for a receptor of neurons that forget in tau_m."""
    tau_m = np.asarray(tau_m, dtype=float)
    rows = np.zeros((N_COEF, *tau_m.shape))
    if isinstance(synapse, Delta):
        return rows
    rise, decay, gain = _cascade(synapse)
    s = 0.5 * dt * (_NODES + 1.0)
    if moment == "start":
        s = np.zeros(1)
    elif moment == "end":
        s = np.array([dt])
    weights = np.exp(-(dt - s) / tau_m[..., None])
    weights = weights * (_WEIGHTS if moment == "mean" else 1.0)
    weights = weights / weights.sum(-1, keepdims=True)
    g, y = np.exp(-s / decay), _handed_on(s, rise, decay)
    rows[_A11] = math.exp(-dt / decay)
    rows[_KAPPA_G] = (weights * g).sum(-1)
    if rise is None:
        rows[_IN_G] = gain
    else:
        rows[_A12] = _handed_on(np.array(dt), rise, decay)
        rows[_A22] = math.exp(-dt / rise)
        rows[_KAPPA_Y] = (weights * y).sum(-1)
        rows[_IN_Y] = gain
    if synapse.E_rev is not None:
        rows[_E_REV] = synapse.E_rev
    if isinstance(synapse, NMDA):
        rows[_MG] = synapse.magnesium / synapse.affinity
        rows[_SLOPE] = synapse.slope
    return rows


def _cascade(synapse: Any) -> tuple[float | None, float, float]:
    """Time constants, and what a weight of 1 puts in, for a peak of 1."""
    if isinstance(synapse, Exponential):
        return None, synapse.tau, 1.0
    if isinstance(synapse, Alpha):
        return synapse.tau, synapse.tau, math.e / synapse.tau
    rise, decay = synapse.tau_rise, synapse.tau_decay
    if rise == decay:
        return rise, decay, math.e / decay
    peak = rise * decay / (decay - rise) * math.log(decay / rise)
    return rise, decay, 1.0 / float(_handed_on(np.array(peak), rise, decay))


def _handed_on(s: np.ndarray, rise: float | None, decay: float) -> np.ndarray:
    """Return g at time s after y = 1."""
    if rise is None:
        return np.zeros_like(s)
    z = s * (1.0 / rise - 1.0 / decay)
    safe = np.where(z == 0.0, 1.0, z)
    return s * np.exp(-s / decay) * np.where(z == 0.0, 1.0, -np.expm1(-safe) / safe)


@inlined
def receive(receptors, r, k, a, n, X, S):
    """Add what receptor r does in step k to the inputs X of the lanes from a."""
    m = receptors.lanes[r]
    place = a - receptors.first_lane[r]
    slots = receptors.slots[0]
    kind = receptors.kind[r]
    # Jumps act at the end of the step before the one that they would open.
    slot = (k + 1 if kind == DELTA else k) % slots
    begins = receptors.ring[r] + slot * m + place
    arrived = receptors.arrivals[begins : begins + n]
    if kind == DELTA:
        jump = X[JUMP]
        for l in range(n):
            jump[l] += arrived[l]
            arrived[l] = np.float32(0.0)
        return
    q, L = receptors.first_coef[r], receptors.row[r]
    q += place if m == L else 0
    begins = receptors.state[r] + place
    g = receptors.g[begins : begins + n]
    y = receptors.g[begins + m : begins + m + n]
    mean = X[MEAN]
    coef, site = receptors.coef, OF_DENDRITE * receptors.site[r]
    conductance, drive = X[CONDUCTANCE + site], X[DRIVE + site]
    if coef[q + L * _IN_Y] == 0.0:
        if kind == CONDUCTANCE_KIND:
            _single_conductance(coef, q, L, arrived, g, conductance, drive)
            return
        _single(coef, q, L, arrived, g, mean)
    else:
        _cascaded(coef, q, L, arrived, g, y, mean)
    if kind == CURRENT_KIND:
        current = X[CURRENT + site]
        for l in range(n):
            current[l] += mean[l]
    elif kind == NMDA_KIND:
        V = S[receptors.site[r]][a : a + n]
        _blocked(coef, q, L, V, mean, conductance, drive)
    else:
        E_rev = coef[q + L * _E_REV]
        for l in range(n):
            conductance[l] += mean[l]
            drive[l] += mean[l] * E_rev


@inner
def _single_conductance(coef, q, L, arrived, g, conductance, drive):
    """Move g, and add its mean: `_single` and what follows it, in one loop for speed."""
    jump, decay, E_rev = coef[q + L * _IN_G], coef[q + L * _A11], coef[q + L * _E_REV]
    kappa = coef[q + L * _KAPPA_G : q + L * _KAPPA_G + g.size]
    for l in range(g.size):
        gl = g[l] + jump * arrived[l]
        acting = kappa[l] * gl
        conductance[l] += acting
        drive[l] += acting * E_rev
        g[l] = decay * gl
        arrived[l] = np.float32(0.0)


@inner
def _single(coef, q, L, arrived, g, mean):
    """Move g, and take its mean."""
    n = g.size
    jump, decay = coef[q + L * _IN_G], coef[q + L * _A11]
    kappa = coef[q + L * _KAPPA_G : q + L * _KAPPA_G + n]
    for l in range(n):
        gl = g[l] + jump * arrived[l]
        mean[l] = kappa[l] * gl
        g[l] = decay * gl
        arrived[l] = np.float32(0.0)


@inner
def _cascaded(coef, q, L, arrived, g, y, mean):
    """Move y and g, and take the mean of g."""
    n = g.size
    a11, a12, a22 = coef[q + L * _A11], coef[q + L * _A12], coef[q + L * _A22]
    jump = coef[q + L * _IN_Y]
    kappa_g = coef[q + L * _KAPPA_G : q + L * _KAPPA_G + n]
    kappa_y = coef[q + L * _KAPPA_Y : q + L * _KAPPA_Y + n]
    for l in range(n):
        gl, yl = g[l], y[l] + jump * arrived[l]
        mean[l] = kappa_g[l] * gl + kappa_y[l] * yl
        g[l] = a11 * gl + a12 * yl
        y[l] = a22 * yl
        arrived[l] = np.float32(0.0)


@inner
def _blocked(coef, q, L, V, mean, conductance, drive):
    """Add a conductance g B(V), B = 1/(1 + ratio e^(slope V)), linear in V about V[l]."""
    slope, E_rev = coef[q + L * _SLOPE], coef[q + L * _E_REV]
    ratio = coef[q + L * _MG]
    for l in range(V.size):
        freed = 1.0 / (1.0 + ratio * exp(slope * V[l]))
        g, pull = mean[l] * freed, E_rev - V[l]
        # d(B)/dV = -slope B (1 - B).
        linear = g * (1.0 + slope * (1.0 - freed) * pull)
        conductance[l] += linear
        drive[l] += g * pull + linear * V[l]
