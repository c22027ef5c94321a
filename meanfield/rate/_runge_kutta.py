"""Dormand-Prince 5(4) for many members at once, each with its own step size."""

from typing import Any

import numpy as np
from scipy.integrate import RK45

from ._model import RateModel, apply, recurrent

# The tableau: nodes, stages, weights, error weights and the interpolant (Shampine 1986).
_A, _B, _C, _E, _P = RK45.A, RK45.B, RK45.C, RK45.E, RK45.P
_STAGES = _B.size
_SAFETY, _LEAST, _MOST = 0.9, 0.2, 5.0
_RUNAWAY = 1e100


def runge_kutta(
    model: RateModel,
    t: np.ndarray,
    start: np.ndarray,
    rtol: float,
    atol: float,
    out: np.ndarray,
) -> np.ndarray:
    """Write rates at `t` into out (members, times, n); return who ran away.

    Every member has its own clock, unless the input changes in time: then they share one,
    so that the input is asked for once a stage and not once a member.
    """
    size, end = start.shape[0], t[-1]
    out[:, 0] = start
    out[:, 1:] = np.inf
    runaway = np.zeros(size, bool)
    member = np.arange(size)  # those still on their way
    now, rate = np.full(size, t[0]), np.array(start)
    due = np.ones(size, int)  # the next of `t`
    flow = _Flow(model)
    slope = flow(now, rate)
    step = _first_step(flow, now, rate, slope, end - t[0], rtol, atol)
    stages = np.empty((_STAGES + 1, *rate.shape))
    while member.size:
        if flow.shared:
            step = np.full_like(step, step.min())
        left = end - now
        step = np.minimum(step, left)
        new, error = _attempt(flow, now, rate, slope, step, stages, rtol, atol)
        if flow.shared:
            error = np.full_like(error, error.max())
        good = error <= 1.0
        after = np.where(step >= left, end, now + step)
        _write(good, t, now, after, step, rate, stages, due, member, out)
        with np.errstate(divide="ignore"):
            factor = np.clip(_SAFETY * error**-0.2, _LEAST, _MOST)
        now = np.where(good, after, now)
        rate = np.where(good[:, None], new, rate)
        slope = np.where(good[:, None], stages[-1], slope)
        step = step * factor
        stuck = step < 10 * np.spacing(max(abs(t[0]), abs(end)))
        large = np.abs(rate).max(axis=-1)
        lost = (now < end) & (stuck | (large > _RUNAWAY))
        runaway[member[lost]] = True
        going = (now < end) & ~lost
        if not going.all():  # who has arrived leaves
            now, rate, slope, step = now[going], rate[going], slope[going], step[going]
            member, due = member[going], due[going]
            stages = stages[:, : member.size]
            flow.keep(going)
    return runaway


class _Flow:
    """dr/dt of the members that are still on their way."""

    def __init__(self, model: RateModel):
        self.W, self.X, self.f = model.W, model.X, model.f
        self.inverse_tau = 1.0 / model.tau
        self.shared = callable(model.X)
        self.chosen: np.ndarray | None = None

    def __call__(self, t: np.ndarray, rate: np.ndarray) -> np.ndarray:
        X: Any = self.X(float(t[0])) if callable(self.X) else self.X
        if self.shared and np.ndim(X) > 1 and self.chosen is not None:
            X = X[self.chosen]
        return (apply(self.f, recurrent(self.W, rate) + X) - rate) * self.inverse_tau

    def keep(self, going: np.ndarray) -> None:
        everyone = np.arange(going.size) if self.chosen is None else self.chosen
        self.chosen = everyone[going]
        if self.W.ndim > 2:
            self.W = self.W[going]
        if not self.shared and self.X.ndim > 1:
            self.X = self.X[going]
        if self.inverse_tau.ndim > 1:
            self.inverse_tau = self.inverse_tau[going]
        if not isinstance(self.f, tuple):
            self.f = self.f.mapped(
                lambda value: value[going] if value.ndim > 1 else value
            )


def _norm(values: np.ndarray) -> np.ndarray:
    return np.sqrt(np.mean(values**2, axis=-1))


def _first_step(flow, now, rate, slope, whole, rtol, atol) -> np.ndarray:
    """Choose a step after Hairer, Norsett and Wanner (1993), section II.4."""
    scale = atol + rtol * np.abs(rate)
    d0, d1 = _norm(rate / scale), _norm(slope / scale)
    with np.errstate(divide="ignore", invalid="ignore"):
        trial = np.where((d0 < 1e-5) | (d1 < 1e-5), 1e-6, 0.01 * d0 / d1)
    if flow.shared:
        trial = np.full_like(trial, trial.min())
    trial = np.minimum(trial, whole)
    ahead = flow(now + trial, rate + trial[:, None] * slope)
    d2 = np.maximum(d1, _norm((ahead - slope) / scale) / trial)
    with np.errstate(divide="ignore"):
        step = np.where(d2 <= 1e-15, 1e-3 * whole, (0.01 / d2) ** 0.2)
    return np.minimum(np.minimum(100 * trial, step), whole)


def _attempt(flow, now, rate, slope, step, stages, rtol, atol):
    """One step of all members; fills `stages`, whose last is the slope at its end."""
    h = step[:, None]
    with np.errstate(over="ignore", invalid="ignore"):
        stages[0] = slope
        for k in range(1, _STAGES):
            ahead = np.tensordot(_A[k, :k], stages[:k], 1)
            stages[k] = flow(now + _C[k] * step, rate + h * ahead)
        new = rate + h * np.tensordot(_B, stages[:-1], 1)
        stages[-1] = flow(now + step, new)
        off = h * np.tensordot(_E, stages, 1)
        scale = atol + rtol * np.maximum(np.abs(rate), np.abs(new))
        error = _norm(off / scale)
    return new, np.where(np.isfinite(error), error, np.inf)


def _write(good, t, now, after, step, rate, stages, due, member, out) -> None:
    """Write the rates at the times that this step passes, by the interpolant."""
    passed = np.searchsorted(t, after, side="right")
    some = np.flatnonzero(good & (passed > due))
    if not some.size:
        return
    h = step[some, None]
    terms = [h * np.tensordot(p, stages[:, some], 1) for p in _P.T]
    while some.size:
        which = due[some]
        theta = ((t[which] - now[some]) / step[some])[:, None]
        value = np.zeros_like(terms[0])
        for term in reversed(terms):
            value = (value + term) * theta
        out[member[some], which] = rate[some] + value
        due[some] += 1
        more = passed[some] > due[some]
        some, terms = some[more], [term[more] for term in terms]
