"""Inhibitory plasticity of a described network, with the rates of its mean field."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import root

from ..equilibrium import working_point
from ..errors import as_float, require
from ..network import mean_field
from ..neurons import (
    InhibitoryPlasticity,
    Network,
    Population,
    Projection,
    Scaled,
    Sparse,
)
from ._fixed_point import FixedPoint, result
from ._rules import Plastic, plastic
from ._trajectory import Trajectory, trajectory

_TOLERANCE = 1e-10
_MAX_STEPS = 30
_STEP = 1e-4  # of logarithms of weights


def network_fixed_point(
    network: Network, *, synapses: str = "effective", traces: bool = True
) -> FixedPoint:
    """Weights at which the plastic inhibition of a network holds rates at their targets.

    Parameters
    ----------
    network : Network
        As `spiking_reference.simulate_network` and `network.mean_field` take it; its
        projections with `neurons.InhibitoryPlasticity` learn.
    synapses : str, optional
        As for `network.mean_field`.
    traces : bool, optional
        As for `fixed_point`.

    Returns
    -------
    FixedPoint
        ``W`` in mV, the area of the postsynaptic responses to a spike of each neuron of
        the source; all else as of `fixed_point`.

    Raises
    ------
    ValueError
        If the targets cannot be reached, or the network has no plastic inhibition.
    TypeError
        If the network holds what has no mean field.

    Notes
    -----
    As `fixed_point`, with self-consistent rates r = phi(W, r) of the mean field in place
    of linear ones: weights enter mean and noise of the input, and the network is as large
    as it is. Rates at rest are above the targets for spikes, by what the correlation of
    single pairs adds (docs/theory). Derivatives by weights are differences, 1e-6 of
    their size.

    Examples
    --------
    >>> import dataclasses
    >>> from meanfield.network import balanced_eif
    >>> from meanfield.neurons import InhibitoryPlasticity
    >>> from meanfield.plasticity import network_fixed_point
    >>> net = balanced_eif(5000)
    >>> rule = InhibitoryPlasticity(eta=3.0, target=0.008, tau=200.0, multiplicative=True)
    >>> net = dataclasses.replace(net, projections=[
    ...     dataclasses.replace(p, plasticity=rule) if (p.source, p.target) == ("I", "E")
    ...     else p for p in net.projections])
    >>> found = network_fixed_point(net)
    >>> print(1e3 * found.rate.round(5), found.stable)  # [Hz]
    [ 8.   18.33] True
    """
    law = _Law(network, synapses)
    rule = law.entries
    rows = np.unique(rule.to)
    others = np.setdiff1d(np.arange(len(law.W)), rows)
    rate = law.rates(law.W, law.X)
    rate[rule.to] = rule.target

    def at(x):
        W, r = law.W.copy(), rate.copy()
        for a, grown in zip(rows, x, strict=False):
            W[a, rule.source[rule.to == a]] *= np.exp(grown)
        r[others] = np.exp(x[rows.size :])
        return W, r

    def miss(x):
        W, r = at(x)
        return np.log(np.maximum(law.fired(W, r), 1e-300) / r)

    found = root(miss, np.r_[np.zeros(rows.size), np.log(rate[others])], tol=1e-12)
    if not np.abs(found.fun).max() < 1e-8:
        raise ValueError(law.why_not(rows, rate))
    W, rate = at(found.x)
    by_rate = law.mean_field(W).jacobian(rate)
    feedback = np.eye(len(W)) - by_rate
    if np.linalg.det(feedback) <= 0.0:
        raise ValueError(
            "the targets cannot be reached: rates at these weights are unstable. Choose "
            "another input or other connections that are not plastic"
        )
    by_weight = np.linalg.solve(feedback, law.by_weight(W, rate))
    return result(W, rate, by_weight, rule, traces)


def network_trajectory(
    network: Network,
    times: npt.ArrayLike,
    *,
    start: npt.ArrayLike | None = None,
    synapses: str = "effective",
    traces: bool = True,
    empty: bool = True,
) -> Trajectory:
    """Weights and rates of a network whose inhibition is plastic.

    Parameters
    ----------
    network, synapses
        As for `network_fixed_point`.
    times : array_like, shape (times,)
        Increasing times [ms], from 0 on, at which weights and rates are wanted.
    start : array_like, shape (n,), optional
        Rates [kHz] near those at time 0, as for `equilibrium.working_point`.
    traces, empty : bool, optional
        As for `trajectory`; here traces are empty at time 0, as those of a simulation.

    Returns
    -------
    Trajectory
        ``W`` in mV as for `network_fixed_point`.

    Raises
    ------
    ValueError, TypeError
        As for `network_fixed_point`, save that targets need not be reachable.
    ConvergenceError
        If there are no self-consistent rates, at the beginning or on the way.

    Notes
    -----
    The equations of `trajectory` with self-consistent rates of the mean field, at each
    time those next to the last ones.

    Examples
    --------
    >>> import dataclasses
    >>> from meanfield.network import balanced_eif
    >>> from meanfield.neurons import InhibitoryPlasticity
    >>> from meanfield.plasticity import network_trajectory
    >>> net = balanced_eif(5000)
    >>> rule = InhibitoryPlasticity(eta=3.0, target=0.008, tau=200.0, multiplicative=True)
    >>> net = dataclasses.replace(net, projections=[
    ...     dataclasses.replace(p, plasticity=rule) if (p.source, p.target) == ("I", "E")
    ...     else p for p in net.projections])
    >>> way = network_trajectory(net, [0.0, 20_000.0])
    >>> print(1e3 * way.rate.round(5))  # [Hz]
    [[ 3.14  9.47]
     [ 8.   18.33]]
    """
    law = _Law(network, synapses, start)
    return trajectory(
        law.W, law.X, law.rules, times, unit=law.unit, traces=traces, empty=empty,
        rates=law.rates,
    )  # fmt: skip


class _Law:
    """Self-consistent rates of a network with other weights of plastic projections."""

    def __init__(self, network: Network, synapses: str, start: Any = None):
        self.network, self.synapses = network, synapses
        field = mean_field(network, synapses=synapses)
        self.W, self.X = field.weight.copy(), field.mu_ext
        number = {name: a for a, name in enumerate(field.names)}
        self.rules: dict[tuple[int, int], InhibitoryPlasticity] = {}
        self.unit = np.ones(self.W.shape)
        for p in network.projections:
            if not isinstance(p.plasticity, InhibitoryPlasticity):
                continue
            if p.source not in number:
                raise TypeError(
                    f"plastic projections must come from neurons; got {p.source!r}"
                )
            key = number[p.target], number[p.source]
            between = [
                q
                for q in network.projections
                if (q.source, q.target) == (p.source, p.target)
            ]
            if len(between) != 1:
                raise ValueError(
                    f"`projections` must be one from {p.source!r} to {p.target!r}, if it "
                    f"is plastic; got {len(between)}"
                )
            self.rules[key] = p.plasticity
            if not p.plasticity.multiplicative:
                weight = as_float("weight", p.weight)
                require(weight < 0.0, "weight", "must be one negative number, of an "
                        "additive rule", weight)  # fmt: skip
                self.unit[key] = float(self.W[key] / weight)
        if not self.rules:
            raise ValueError(
                "`network` must have a projection with InhibitoryPlasticity; got none"
            )
        self.entries: Plastic = plastic(self.rules, self.W, self.unit)
        self.last = working_point(field, start=start).rate
        self.newton: np.ndarray | None = None  # inverse slopes, as long as they serve

    def mean_field(self, W: np.ndarray):
        """Return the mean field of the network with other plastic weights."""
        names = [
            name
            for name, p in self.network.populations.items()
            if isinstance(p, Population)
        ]
        factor = np.divide(W, self.W, out=np.ones_like(W), where=self.W != 0)
        projections = [
            _scaled(p, float(factor[names.index(p.target), names.index(p.source)]))
            if p.plasticity is not None
            else p
            for p in self.network.projections
        ]
        changed = replace(self.network, projections=projections)
        return mean_field(changed, synapses=self.synapses)

    def fired(self, W: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Return the rates of neurons that receive given rates."""
        return self.mean_field(W).firing_rates(rate)

    def rates(self, W: np.ndarray, X: np.ndarray) -> np.ndarray:
        """Return self-consistent rates, those next to the last ones."""
        field, rate, before = self.mean_field(W), self.last, np.inf
        for _ in range(_MAX_STEPS):
            miss = field.firing_rates(rate) - rate
            size = np.abs(miss).max()
            if size <= _TOLERANCE * rate.max():
                self.last = rate
                return rate.copy()
            if size > 0.1 * before or self.newton is None:
                self.newton = np.linalg.inv(np.eye(len(W)) - field.jacobian(rate))
            rate, before = np.maximum(rate + self.newton @ miss, 0.1 * rate), size
        self.last = working_point(field, start=self.last).rate
        return self.last.copy()

    def by_weight(self, W: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Return how rates fired depend on plastic weights, at given received rates."""
        columns = []
        for key in zip(*self.entries.entries, strict=True):
            ends = []
            for factor in (1.0 + _STEP, 1.0 - _STEP):
                changed = W.copy()
                changed[key] *= factor
                ends.append(self.fired(changed, rate))
            columns.append((ends[0] - ends[1]) / (2.0 * _STEP * W[key]))
        return np.array(columns).T

    def why_not(self, rows: np.ndarray, rate: np.ndarray) -> str:
        """Say which population cannot reach its target, as far as that is known."""
        free = self.W.copy()
        free[self.entries.entries] *= 1e-12
        most = self.fired(free, rate)
        for a in rows:
            if most[a] < rate[a]:
                return (
                    f"the targets cannot be reached: without its plastic inputs population "
                    f"{a} fires at {1e3 * most[a]:.4g} Hz, below its target. Lower the "
                    "target, or give more input"
                )
        targets = (1e3 * rate[rows]).round(4).tolist()
        return (
            f"the targets cannot be reached: no weights were found that hold populations "
            f"{rows.tolist()} at {targets} Hz. Change the targets towards the rates at the "
            f"given weights, {(1e3 * self.last).round(4).tolist()} Hz"
        )


def _scaled(projection: Projection, factor: float) -> Projection:
    """Return a projection with weights so many times as large."""
    weight, rule = projection.weight, projection.rule
    if isinstance(rule, Sparse):
        return replace(projection, rule=Sparse(rule.matrix * factor))
    if isinstance(weight, Scaled):
        return replace(
            projection, weight=Scaled(weight.distribution, weight.factor * factor)
        )
    if hasattr(weight, "rvs"):
        return replace(projection, weight=Scaled(weight, factor))
    return replace(projection, weight=weight * factor)
