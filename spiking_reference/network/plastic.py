"""Layout of the projections whose weights change."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from meanfield.neurons import STDP, InhibitoryPlasticity, Projection

from . import learn
from .arrays import Plastic
from .edges import Edges, by_target

__all__ = ["lay_out", "ranges"]


def coefficients(rule: Any, weights: np.ndarray, dt: float) -> list[float]:
    """Coefficients of `learn`, for weights that start with these values."""
    if isinstance(rule, STDP):
        _within(weights, rule.w_max)
        return [
            learn.BOUNDED if rule.mu > 0 else learn.ADDITIVE,
            0.0, -rule.A_minus, rule.A_plus, 0.0, rule.w_max, rule.mu,
            1.0, math.exp(-dt / rule.tau_plus), 1.0, math.exp(-dt / rule.tau_minus),
        ]  # fmt: skip
    if not isinstance(rule, InhibitoryPlasticity):
        raise TypeError(f"`plasticity` must be a known rule; got {type(rule).__name__}")
    sign = _sign(weights)
    low, high = (0.0, math.inf) if sign > 0 else (-math.inf, 0.0)
    eta = rule.eta if rule.multiplicative else sign * rule.eta
    trace = 1.0 / rule.tau, math.exp(-dt / rule.tau)
    return [
        learn.MULTIPLICATIVE if rule.multiplicative else learn.ADDITIVE,
        -2.0 * rule.target * eta, eta, eta, low, high, 0.0, *trace, *trace,
    ]  # fmt: skip


def _sign(weights: np.ndarray) -> float:
    low, high = weights.min(initial=0.0), weights.max(initial=0.0)
    if low < 0.0 < high or (weights.size and low == high == 0.0):
        raise ValueError(
            "`weight` of a plastic projection must be of one sign, and not all 0; got "
            f"values from {low:g} to {high:g}"
        )
    return -1.0 if low < 0.0 else 1.0


def _within(weights: np.ndarray, w_max: float) -> None:
    low, high = weights.min(initial=0.0), weights.max(initial=0.0)
    if low < 0.0 or high > w_max:
        raise ValueError(
            f"`weight` must start between 0 and w_max={w_max:g} of its plasticity; got "
            f"values from {low:g} to {high:g}"
        )


def ranges(population: list[int], count: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each population's entries are in an order by population, and that order."""
    order = np.argsort(population, kind="stable").astype(np.int64)
    found = np.array(population, dtype=np.int64)[order]
    edges = [np.searchsorted(found, [i, i + 1]) for i in range(count)]
    return np.array(edges, dtype=np.int64).reshape(count, 2), order


def _places(sizes: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _end_to_end(parts: list[np.ndarray], dtype: Any) -> np.ndarray:
    return np.concatenate([*parts, np.zeros(1)]).astype(dtype)


def lay_out(
    projections: Sequence[Projection],
    names: list[str],
    sizes: list[int],
    edges: tuple[Edges, ...],
    dt: float,
    parts: int,
) -> Plastic:
    """Return the arrays of all plastic projections.

    Parameters
    ----------
    projections : sequence of Projection
    names, sizes : list
        Names of the populations, and their numbers of lanes.
    edges : tuple of Edges
        Synapses of all projections.
    dt : float
        Step [ms].
    parts : int
        Number of parts that run side by side.
    """
    chosen = [j for j, p in enumerate(projections) if p.plasticity is not None]
    source = [names.index(projections[j].source) for j in chosen]
    target = [names.index(projections[j].target) for j in chosen]
    weights = [
        np.broadcast_to(edges[j].weight, edges[j].targets.size).astype(np.float64)
        for j in chosen
    ]
    rules = [
        coefficients(projections[j].plasticity, w, dt)
        for j, w in zip(chosen, weights, strict=True)
    ]
    lists = [by_target(edges[j], sizes[t]) for j, t in zip(chosen, target, strict=True)]
    of, of_order = ranges(source, len(names))
    into, into_order = ranges(target, len(names))
    first_pre = _places([sizes[p] for p in source])
    first_post = _places([sizes[p] for p in target])
    return Plastic(
        projection=np.array(chosen, dtype=np.int64),
        of=of, of_order=of_order, into=into, into_order=into_order,
        rule=np.array(rules, dtype=np.float64).reshape(len(chosen), learn.N_COEF),
        weight=_end_to_end(weights, np.float64),
        first_weight=_places([w.size for w in weights]),
        x_pre=np.zeros((parts, int(first_pre[-1]))), first_pre=first_pre,
        x_post=np.zeros(int(first_post[-1])), first_post=first_post,
        in_ptr=_end_to_end([ptr for ptr, _, _ in lists], np.int64),
        first_row=_places([ptr.size for ptr, _, _ in lists]),
        in_edge=_end_to_end([edge for _, edge, _ in lists], np.uint32),
        in_source=_end_to_end([source for _, _, source in lists], np.uint32),
        first_in=_places([edge.size for _, edge, _ in lists]),
    )  # fmt: skip
