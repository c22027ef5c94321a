"""The time loop of one GLIF neuron under a given current.

Both schemes step from sample to sample with coefficients of the sample's length. In the
exact one, a bound on the curvature of V - theta says how far below zero its values at both
ends of a sample must be for it to stay below zero in between; where they are not, and only
there, `meet` looks for the first crossing.
"""

import math

from ._jit import inlined, inner, kernel
from .glif import (
    ADD,
    AMP_1,
    AMP_2,
    DECAY_1,
    DECAY_2,
    DECAY_S,
    E_1,
    E_2,
    E_S,
    E_TH,
    E_V,
    FRACTION,
    GAP,
    N_COEF,
    R_1,
    R_2,
    T_REF,
    TH_1,
    TH_2,
    TH_ADD,
    TH_I,
    TH_V,
    V_1,
    V_2,
    V_I,
    curvature,
    distance,
    euler,
    fill,
    membrane,
    propagate,
    slope,
    voltage_part,
)

__all__ = [
    "BAD_RESET",
    "NEXT",
    "N_CLOCK",
    "N_STATE",
    "STATUS",
    "USED",
    "prepare",
    "run",
]

# State: V - E_L, theta_s, theta_v, J_1, J_2, time already spent in the next sample, and
# time, V - E_L and threshold - E_L of a reset that failed.
_SPENT, _WHEN, _V_BAD, _THETA_BAD = range(5, 9)
N_STATE = 9
# Clock: the next sample, spikes written, how it went; first and every of the trace.
NEXT, USED, STATUS, _FIRST, _EVERY = range(5)
N_CLOCK = 5
BAD_RESET = 1
_SPAN = 256  # samples that one bound serves
_NEVER = 2.0**52  # samples: the longest refractory period
_TOLERANCE = 1e-12  # mV; what counts as having reached the threshold


@kernel
def prepare(par, dt, exact, moves):
    """Write the coefficients of a step dt to moves (2, N_COEF); the rest is scratch."""
    fill(par, dt, moves[0])
    if not exact:
        euler(par, dt, moves[0])


@inlined
def _fly(current, n, until, s, par, c, limit):
    """Step from sample n while V stays `limit` below the threshold; return the sample.

    The sample in which it does not is not taken.
    """
    v, ts, u, J1, J2 = s[0], s[1], s[2], s[3], s[4]
    e, e1, e2, es, eu = c[E_V], c[E_1], c[E_2], c[E_S], c[E_TH]
    v_i, v_1, v_2 = c[V_I], c[V_1], c[V_2]
    u_v, u_i, u_1, u_2 = c[TH_V], c[TH_I], c[TH_1], c[TH_2]
    top = par[GAP] + limit
    while n < until:
        I = current[n]
        v1 = membrane(v, I, J1, J2, e, v_i, v_1, v_2)
        u1 = voltage_part(u, v, I, J1, J2, eu, u_v, u_i, u_1, u_2)
        ts1 = es * ts
        if v1 - (ts1 + u1) > top:
            break
        v, u, ts = v1, u1, ts1
        J1, J2 = e1 * J1, e2 * J2
        n += 1
    s[0], s[1], s[2], s[3], s[4] = v, ts, u, J1, J2
    return n


@inlined
def _margin(current, n, until, s, par, dt):
    """Return how far V - theta can rise above its chord in any sample from n on."""
    largest = 0.0
    for i in range(n, until):
        largest = max(largest, abs(current[i]))
    return 0.125 * dt * dt * curvature(s, largest, par)


@inner
def meet(s, I, length, par, c):
    """Move s to the first time at which V meets the threshold, or by `length`.

    Returns the time it took, or -1 where there was no crossing. Steps reach to the root of
    a parabola that lies above V - theta, by the bound on its curvature: none passes a
    crossing, and they converge to a simple one quadratically.
    """
    t = 0.0
    while True:
        below = -distance(s, par)
        if below <= _TOLERANCE:
            return t
        rise, M = slope(s, I, par), curvature(s, I, par)
        root = math.sqrt(rise * rise + 2.0 * M * below)
        forward = 2.0 * below / (rise + root) if rise > 0.0 else (root - rise) / M
        if not t + forward < length:  # also where it is not a number
            fill(par, length - t, c)
            propagate(s, I, c)
            return -1.0
        fill(par, forward, c)
        propagate(s, I, c)
        t += forward


@inlined
def _row(trace, i, v, theta, J1, J2):
    trace[0, i], trace[1, i], trace[2, i], trace[3, i] = v, theta, J1, J2


@inlined
def _spike(s, at, n, dt, exact, par, clock, trace):
    """Reset at time `at` of sample n; return the next sample."""
    t_ref = par[T_REF]
    v, ts, J1, J2 = s[0], s[1], s[3], s[4]
    s[0] = par[FRACTION] * v + par[ADD]
    s[1] = ts * math.exp(-par[DECAY_S] * t_ref) + par[TH_ADD]
    s[3] = par[R_1] * J1 * math.exp(-par[DECAY_1] * t_ref) + par[AMP_1]
    s[4] = par[R_2] * J2 * math.exp(-par[DECAY_2] * t_ref) + par[AMP_2]
    if exact:
        whole = math.floor(min((at + t_ref) / dt, _NEVER))
        s[_SPENT] = max(at + t_ref - whole * dt, 0.0)
        if s[_SPENT] >= dt:
            whole += 1
            s[_SPENT] = 0.0
    else:
        whole = 1 + math.floor(min(t_ref / dt, _NEVER) + 0.5)
    first, every = clock[_FIRST], clock[_EVERY]
    i = max(0, -((first - n - 1) // every))
    while i < trace.shape[1] and first + i * every <= n + whole:
        past = (first + i * every - n) * dt - at
        j1 = par[R_1] * J1 * math.exp(-par[DECAY_1] * past)
        j2 = par[R_2] * J2 * math.exp(-par[DECAY_2] * past)
        theta = par[GAP] + ts * math.exp(-par[DECAY_S] * past) + s[2]
        _row(trace, i, s[0], theta, j1, j2)
        i += 1
    if distance(s, par) >= 0.0:
        clock[STATUS] = BAD_RESET
        s[_WHEN], s[_V_BAD] = n * dt + at, s[0]
        s[_THETA_BAD] = par[GAP] + s[1] + s[2]
    return n + whole


@inlined
def _write(s, n, par, clock, trace):
    """Write the state at grid point n, if it is one of the trace's."""
    past = n - clock[_FIRST]
    i = past // clock[_EVERY]
    if past >= 0 and past % clock[_EVERY] == 0 and i < trace.shape[1]:
        _row(trace, i, s[0], par[GAP] + s[1] + s[2], s[3], s[4])


@inlined
def _until(n, stop, clock, trace):
    """Return the sample before which the loop must pause."""
    first, every = clock[_FIRST], clock[_EVERY]
    i = max(0, -((first - n - 1) // every))
    due = first + i * every if i < trace.shape[1] else stop
    return min(stop, n + _SPAN, due)


@kernel
def run(current, stop, par, dt, exact, moves, s, clock, sample, offset, trace):
    """Go on to sample `stop`, or until there is no room for spikes, or a reset fails.

    current (steps,); par (N_PAR,); moves (2, N_COEF) of `prepare`; s (N_STATE,), clock
    (N_CLOCK,): state; sample, offset (capacity,): sample of each spike and time within it;
    trace (4, samples): V, threshold, both after-spike currents.
    """
    step, scratch = moves[0, :N_COEF], moves[1, :N_COEF]
    n = clock[NEXT]
    while n < stop and clock[USED] < sample.size and clock[STATUS] == 0:
        until, limit, at = _until(n, stop, clock, trace), 0.0, -1.0
        if s[_SPENT] == 0.0:
            if exact:
                limit = -_margin(current, n, until, s, par, dt)
            if not exact or distance(s, par) <= limit:
                n = _fly(current, n, until, s, par, step, limit)
            if n < until and not exact:
                propagate(s, current[n], step)
                at = dt
        if at < 0.0 and (n < until or s[_SPENT] > 0.0):
            spent = s[_SPENT]
            at = meet(s, current[n], dt - spent, par, scratch)
            at = at + spent if at >= 0.0 else -1.0
            if at < 0.0:
                n += 1
                s[_SPENT] = 0.0
        if at >= 0.0:
            i = clock[USED]
            sample[i], offset[i] = n, at
            clock[USED] = i + 1
            n = _spike(s, at, n, dt, exact, par, clock, trace)
        if s[_SPENT] == 0.0:
            _write(s, n, par, clock, trace)
    clock[NEXT] = n
