"""GLIF neurons: exact between grid points.

State: V, theta_s, theta_v, I_1, I_2. Under a current that is constant in a step
(synaptic currents are replaced by the constant that has their effect on V, see
`receptors`) all move exactly; conductances shorten the time constant of a step, and act
on the threshold through the mean of V before and after it, second order in dt and
without overshoot. V is compared with the threshold at the end of a step, after the
jumps that arrive there. With white noise, paths that cross between grid points are
found by the Brownian bridge to a threshold that is linear in the step, an error of
second order. A reset rule starts from the threshold, and from V where a jump brought it
above.

In the refractory period V and theta_v rest, and the others decay; amplitudes are added at
its end. A neuron that is then not below its threshold gets V = inf.
"""

from typing import Any

import numpy as np

from .. import glif
from .._jit import inlined
from ..glif import membrane, voltage_part
from ..network.slots import (
    CONDUCTANCE,
    CURRENT,
    DRIVE,
    JUMP,
    NORMAL,
    NORMALS,
    UNIFORM,
    UNIFORMS,
)
from ..vector import exp, relaxed

__all__ = [
    "STATE",
    "coarsest",
    "coefficients",
    "draws",
    "initial",
    "membrane_time",
    "step",
]

STATE = ("V", "theta_s", "theta_v", "I_1", "I_2")
_E, _E1, _E2, _ES, _EV, _VI, _V1, _V2, _UV, _UI, _U1, _U2 = range(12)
_GAP, _FRACTION, _ADD, _TH_ADD, _A1, _A2, _R1, _R2, _AT_ONCE = range(12, 21)
_REST, _CURRENT, _NOISE, _SPREAD, _FOLLOW, _LEAK, _PER_C = range(21, 28)
_AT_SPIKE = (
    glif.GAP, glif.FRACTION, glif.ADD, glif.TH_ADD, glif.AMP_1, glif.AMP_2, glif.R_1,
    glif.R_2,
)  # fmt: skip


def coarsest(neuron: Any) -> dict[str, Any]:
    """Time constants [ms] that a step must not exceed, by name."""
    return {"C_m/g_L": np.asarray(neuron.C_m) / neuron.g_L}


def membrane_time(neuron: Any) -> Any:
    """Time constant [ms] with which V forgets a current."""
    return np.asarray(neuron.C_m) / neuron.g_L


def draws(noisy: bool) -> int:
    """Say what random numbers a step takes."""
    return NORMALS | UNIFORMS if noisy else 0


def initial(neuron: Any) -> dict[str, Any]:
    """State at rest."""
    return {"V": neuron.E_L} | dict.fromkeys(STATE[1:], 0.0)


def coefficients(neuron: Any, current: Any, sigma: Any, dt: float) -> list[Any]:
    """Return the rows that `step` reads."""
    par = glif.constants(neuron)
    flat = np.ascontiguousarray(par.reshape(glif.N_PAR, -1).T)
    moves = np.empty((flat.shape[0], glif.N_COEF))
    glif.propagators(flat, float(dt), moves)
    z = par[glif.LEAK] * dt
    spread = np.asarray(sigma) ** 2 * dt * np.sinh(z) / z
    noise = np.asarray(sigma) * np.sqrt(dt * -np.expm1(-2.0 * z) / (2.0 * z))
    at_once = np.rint(np.asarray(neuron.t_ref) / dt) == 0
    return [
        *moves.T.reshape(glif.N_COEF, *par.shape[1:]), *par[list(_AT_SPIKE)],
        at_once.astype(float), neuron.E_L, current, noise, spread,
        0.5 * dt * par[glif.INDEX], z, dt * par[glif.PER_C],
    ]  # fmt: skip


@inlined
def _moved(p, L, par, v, u, I, J1, J2, g, drive, kick):
    """Return V and theta_v after a step; noise that moves V by `kick` is included."""
    i = p
    by_I = par[i + L * _VI]
    free = membrane(
        v, I + drive, J1, J2, par[i], by_I, par[i + L * _V1], par[i + L * _V2]
    )
    rest, z = par[i + L * _REST], par[i + L * _LEAK]
    shorter = relaxed(z + par[i + L * _PER_C] * g) / relaxed(z)
    v1 = v + ((free - v) - by_I * g * (rest + v)) * shorter + kick
    total = I + drive - g * (rest + 0.5 * (v + v1))
    u1 = voltage_part(
        u, v, total, J1, J2, par[i + L * _EV], par[i + L * _UV], par[i + L * _UI],
        par[i + L * _U1], par[i + L * _U2],
    )  # fmt: skip
    return v1, u1 + par[i + L * _FOLLOW] * kick


@inlined
def step(S, a, n, par, q, L, X, held, spiked):
    """Make a step of the lanes from a; see `network.loop.advance_block`."""
    V, TS, TV = S[0][a : a + n], S[1][a : a + n], S[2][a : a + n]
    I1, I2 = S[3][a : a + n], S[4][a : a + n]
    current, g, drive = X[CURRENT], X[CONDUCTANCE], X[DRIVE]
    jump, normal, uniform = X[JUMP], X[NORMAL], X[UNIFORM]
    for l in range(n):
        p = q + l
        rest, gap = par[p + L * _REST], par[p + L * _GAP]
        v, ts, u, J1, J2 = V[l] - rest, TS[l], TV[l], I1[l], I2[l]
        I = par[p + L * _CURRENT] + current[l]
        kick = par[p + L * _NOISE] * normal[l]
        v1, u1 = _moved(p, L, par, v, u, I, J1, J2, g[l], drive[l], kick)
        ts1 = ts * par[p + L * _ES]
        theta = gap + ts1 + u1
        spread = par[p + L * _SPREAD]
        ab = (gap + ts + u - v) * (theta - v1)
        met = (uniform[l] < exp(-2.0 * ab / max(spread, 1e-300))) & (spread > 0.0)
        free = held[l] == 0
        met = (met | (v1 >= theta)) & free
        v1 += jump[l]
        fires = (met | (v1 >= theta)) & free
        v1 = theta if met else v1
        # Amplitudes are those at the end of the refractory period.
        ends = (held[l] == 1) | (fires & (par[p + L * _AT_ONCE] > 0.0))
        at_reset = par[p + L * _FRACTION] * v1 + par[p + L * _ADD]
        v1 = (at_reset if fires else v1) if free else v
        u1 = u1 if free else u
        ts1 += par[p + L * _TH_ADD] if ends else 0.0
        bad = ends & (v1 >= gap + ts1 + u1)
        kept1 = par[p + L * _E1] * (par[p + L * _R1] if fires else 1.0)
        kept2 = par[p + L * _E2] * (par[p + L * _R2] if fires else 1.0)
        V[l] = np.inf if bad else rest + v1
        TS[l], TV[l] = ts1, u1
        I1[l] = kept1 * J1 + (par[p + L * _A1] if ends else 0.0)
        I2[l] = kept2 * J2 + (par[p + L * _A2] if ends else 0.0)
        spiked[l] = fires
