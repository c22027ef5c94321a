"""Runs of a layered network made ready for the kernels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from . import feedforward
from .inputs import GaussianInput, PoissonInput
from .layers import Layer
from .models.lif import DECAY, DRIFT, N_COEFFICIENTS, Neurons, fill_step
from .normals import new_normals
from .plan import mean_decay
from .window_counts import Counts, new_counts

__all__ = ["LayeredPlan", "RunsJob", "jobs_of"]

_BUDGET = 10_000_000  # neuron-steps in one call of a kernel: a fraction of a second
_PIECES = 64  # jobs at least, where there are so many runs: for threads to share
_ROOM = 64  # spikes of one neuron in one step that can be passed on
_ROUNDING = 1e-14  # of the largest eigenvalue: smaller ones are noise of none


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayeredPlan:
    """A checked simulation of layers; the same plan always gives the same numbers.

    Parameters
    ----------
    layers : sequence of Layer
    inputs : PoissonInput or GaussianInput
    trials : int
    dt : float
        [ms].
    warmup, steps, window : int
        Steps of the warm-up, behind it, and in a window of counts.
    readouts : numpy.ndarray
        Steps from the end of the warm-up, increasing.
    per_batch, batches : int
        Windows to a batch, and batches to a run.
    covariance : {"diagonal", "full", None}
    key : tuple of int
        Four 64-bit words that all random streams derive from.
    """

    layers: Sequence[Layer]
    inputs: PoissonInput | GaussianInput
    trials: int
    dt: float
    warmup: int
    steps: int
    window: int
    readouts: np.ndarray
    per_batch: int
    batches: int
    covariance: str | None
    key: tuple[int, ...]

    @property
    def sizes(self) -> list[int]:
        """Number of neurons in each layer."""
        return [layer.n_out for layer in self.layers]

    def counts(self) -> Counts:
        """Return counts of nothing yet."""
        full = self.covariance == "full"
        return new_counts(self.sizes, self.per_batch, self.batches, full)


def jobs_of(plan: LayeredPlan) -> Iterator["RunsJob"]:
    """Cut the runs into jobs; how has no influence on the result."""
    batch = plan.inputs.shape[0]
    size = min(plan.trials, -(-plan.trials * batch // _PIECES))
    for i in range(batch):
        for begin in range(0, plan.trials, size):
            yield RunsJob(plan, i, begin, min(begin + size, plan.trials))


class RunsJob:
    """Some trials of one input, advanced by one budget with each call."""

    def __init__(self, plan: LayeredPlan, number: int, begin: int, end: int):
        self._plan = plan
        self.input = number
        self.trials = slice(begin, end)
        n_runs, sizes = end - begin, plan.sizes
        self.out = np.zeros((n_runs, plan.readouts.size, sizes[-1]), dtype=np.int64)
        self.counts = plan.counts()
        self._args: dict[str, Any] = {}

    def _prepare(self) -> dict[str, Any]:
        plan, sizes = self._plan, self._plan.sizes
        n, capacity = sum(sizes), _ROOM * max(sizes)
        network, drive = _network(plan, self.input)
        return {
            "net": network,
            "drive": drive,
            "run": feedforward.Run(
                x=np.zeros(n),
                release=np.zeros(n),
                rng=np.zeros(2, dtype=np.uint64),
                normals=new_normals(),
                arrival=np.zeros(1),
                at=np.zeros(3, dtype=np.int64),
            ),
            "counts": self.counts,
            "mail": feedforward.Mail(
                source=np.zeros((2, capacity), dtype=np.int64),
                time=np.zeros((2, capacity)),
                used=np.zeros(2, dtype=np.int64),
                lost=np.zeros(1, dtype=np.int64),
            ),
            "schedule": feedforward.Schedule(
                plan.dt,
                plan.warmup,
                plan.warmup + plan.steps,
                plan.window,
                plan.readouts,
            ),
            "key": np.array(plan.key, dtype=np.uint64),
            "first": self.input * plan.trials + self.trials.start,
            "out": self.out,
        }

    @property
    def done(self) -> bool:
        """Whether all runs are done."""
        return bool(self._args) and int(self._args["run"].at[0]) == self.out.shape[0]

    def __call__(self) -> tuple[bool, int]:
        """Advance; return whether all runs are done, and how many are done anew."""
        self._args = self._args or self._prepare()
        at = self._args["run"].at
        before = int(at[0])
        feedforward.advance_runs(**self._args, budget=_BUDGET)
        if self._args["mail"].lost[0]:
            raise ValueError(
                f"`dt` must be short enough for {_ROOM} spikes per neuron of a layer at "
                f"most in each step; got dt={self._plan.dt} (ms); use a shorter step, or "
                "set `t_ref` above 0"
            )
        return self.done, int(at[0]) - before


def _neurons(plan: LayeredPlan) -> Neurons:
    """Flat parameters of all layers, voltages relative to the threshold."""
    flat = [layer.parameters() for layer in plan.layers]
    return Neurons(
        **{name: np.concatenate([p[name] for p in flat]) for name in flat[0]}
    )


def _network(
    plan: LayeredPlan, number: int
) -> tuple[feedforward.Network, feedforward.Drive]:
    """Network and drive for one input; currents act through the first layer."""
    neurons, sizes = _neurons(plan), plan.sizes
    first = np.concatenate([[0], np.cumsum(sizes)])
    if isinstance(plan.inputs, PoissonInput):
        drive = _poisson(np.asarray(plan.inputs.rates)[number])
    else:
        mean, cov = plan.inputs.through(np.asarray(plan.layers[0].weights), number)
        n = sizes[0]
        cov = cov + np.diag(neurons.sigma[:n] ** 2)
        neurons.mu[:n] += mean
        neurons.sigma[:n] = np.sqrt(np.diagonal(cov))
        drive = _no_spikes(_noise_factor(cov, neurons.tau[:n], plan.dt), n)
    table = np.zeros((first[-1] + 1, N_COEFFICIENTS))
    for j in range(first[-1]):
        values = (neurons.tau[j], neurons.leak[j], neurons.mu[j], neurons.sigma[j])
        fill_step(table, j, *values, plan.dt)
    columns = [np.asarray(layer.weights).T.ravel() for layer in plan.layers]
    pairs = pairwise(first)
    network = feedforward.Network(
        neurons=neurons,
        first=first,
        offset=np.concatenate([[0], np.cumsum([c.size for c in columns])[:-1]]),
        weights=np.concatenate(columns),
        noisy=np.array([neurons.sigma[a:b].any() for a, b in pairs], dtype=np.int8),
        table=table,
        decay=table[:, DECAY].copy(),
        drift=table[:, DRIFT].copy(),
    )
    return network, drive


def _poisson(rates: np.ndarray) -> feedforward.Drive:
    total, n = rates.sum(), rates.size
    if total == 0:
        return _no_spikes(np.zeros((0, 0)), 0)
    cumulative = np.cumsum(rates)
    cumulative /= cumulative[-1]
    guide = np.searchsorted(cumulative, np.arange(n) / n, side="right")
    return feedforward.Drive(
        1.0 / total, cumulative, guide, np.zeros((0, 0)), np.zeros(0)
    )


def _no_spikes(factor: np.ndarray, n: int) -> feedforward.Drive:
    none = np.zeros(0, dtype=np.int64)
    return feedforward.Drive(np.inf, np.zeros(0), none, factor, np.zeros(n))


def _noise_factor(cov: np.ndarray, tau: np.ndarray, dt: float) -> np.ndarray:
    """Rows that turn normals into the noise of a step; none where it is independent.

    Membranes of different tau_m low-pass the noise of a step differently.
    """
    if not (cov - np.diag(np.diagonal(cov))).any():
        return np.zeros((0, 0))
    z = dt / tau
    step = cov * dt * mean_decay(z[:, None] + z)
    values, vectors = np.linalg.eigh(step)
    kept = values > _ROUNDING * values[-1]
    return np.ascontiguousarray((vectors[:, kept] * np.sqrt(values[kept])).T)
