"""Runs of a layered network made ready for the kernels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from . import feedforward
from .correlations import factor_of
from .feedforward import Drive, Network
from .inputs import GaussianInput, PoissonInput
from .layers import Layer
from .models.lif import (
    BULGE,
    DECAY,
    DRIFT,
    HALF,
    N_COEFFICIENTS,
    NOISE,
    SPREAD,
    Neurons,
)
from .normals import new_normals
from .plan import mean_decay
from .window_counts import Counts, new_counts

__all__ = ["LayeredPlan", "RunsJob", "jobs_of"]

_BUDGET = 10_000_000  # neuron-steps in one call of a kernel: a fraction of a second
_PIECES = 64  # jobs at least, where there are so many runs: for threads to share
_ROOM = 64  # spikes of one neuron in one step that can be passed on
_CLEAR = 4.5  # distance from threshold, in SDs of a step, that a bridge does not cross


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
    network = _network(plan)
    batch = plan.inputs.shape[0]
    size = min(plan.trials, -(-plan.trials * batch // _PIECES))
    for i in range(batch):
        for begin in range(0, plan.trials, size):
            trials = slice(begin, min(begin + size, plan.trials))
            yield RunsJob(plan, network, i, trials)


class RunsJob:
    """Some trials of one input, advanced by one budget with each call."""

    def __init__(self, plan: LayeredPlan, network: Network, number: int, trials: slice):
        self._plan = plan
        self._network = network
        self.input = number
        self.trials = trials
        shape = (trials.stop - trials.start, plan.readouts.size, plan.sizes[-1])
        self.out = np.zeros(shape, dtype=np.int64)
        self.counts = plan.counts()
        self._args: dict[str, Any] = {}

    def _prepare(self) -> dict[str, Any]:
        plan, sizes = self._plan, self._plan.sizes
        n, capacity = sum(sizes), _ROOM * max(sizes)
        if isinstance(plan.inputs, PoissonInput):
            # The table has a row to write on.
            network = self._network._replace(table=self._network.table.copy())
            drive = _poisson(np.asarray(plan.inputs.rates)[self.input])
        else:
            network, drive = _gaussian(plan, plan.inputs, self._network, self.input)
        return {
            "net": network,
            "drive": drive,
            "run": feedforward.Run(
                x=np.zeros(n),
                release=np.zeros(n),
                noise=np.zeros(n),
                marked=np.zeros(n, dtype=np.bool_),
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


def _network(plan: LayeredPlan) -> Network:
    """Layers in flat arrays."""
    flat = [layer.parameters() for layer in plan.layers]
    columns = [np.asarray(layer.weights).T.ravel() for layer in plan.layers]
    none = np.zeros(0)
    network = Network(
        neurons=Neurons(**{k: np.concatenate([p[k] for p in flat]) for k in flat[0]}),
        first=np.cumsum([0, *plan.sizes]),
        offset=np.cumsum([0, *(column.size for column in columns[:-1])]),
        weights=np.concatenate(columns),
        noisy=np.zeros(len(flat), dtype=np.int8),
        table=np.zeros((0, N_COEFFICIENTS)),
        decay=none,
        drift=none,
        scale=none,
        clear=none,
    )
    return _with_steps(network, plan.dt)


def _with_steps(network: Network, dt: float) -> Network:
    """Fill in the coefficients of a step."""
    first, sigma = network.first, network.neurons.sigma
    table = np.zeros((sigma.size + 1, N_COEFFICIENTS))
    feedforward.fill_rows(network.neurons, table, dt)
    return network._replace(
        noisy=np.array([sigma[a:b].any() for a, b in pairwise(first)], dtype=np.int8),
        table=table,
        decay=table[:, DECAY].copy(),
        drift=table[:, DRIFT].copy(),
        scale=table[:, NOISE].copy(),
        clear=_clear(table),
    )


def _gaussian(
    plan: LayeredPlan, inputs: GaussianInput, network: Network, number: int
) -> tuple[Network, Drive]:
    """Network and drive for currents, which act through the first layer."""
    mean, cov = inputs.through(np.asarray(plan.layers[0].weights), number)
    neurons, n = Neurons(*(values.copy() for values in network.neurons)), mean.size
    cov = cov + np.diag(neurons.sigma[:n] ** 2)
    neurons.mu[:n] += mean
    neurons.sigma[:n] = np.sqrt(np.diagonal(cov))
    factor = _noise_factor(cov, neurons.tau[:n], plan.dt)
    return _with_steps(network._replace(neurons=neurons), plan.dt), _no_spikes(factor)


def _poisson(rates: np.ndarray) -> Drive:
    total, n = rates.sum(), rates.size
    if total == 0:
        return _no_spikes(np.zeros((0, 0)))
    cumulative = np.cumsum(rates)
    cumulative /= cumulative[-1]
    guide = np.searchsorted(cumulative, np.arange(n) / n, side="right")
    return Drive(1.0 / total, cumulative, guide, np.zeros((0, 0)), np.zeros(0))


def _no_spikes(factor: np.ndarray) -> Drive:
    none = np.zeros(0, dtype=np.int64)
    return Drive(np.inf, np.zeros(0), none, factor, np.zeros(len(factor)))


def _clear(table: np.ndarray) -> np.ndarray:
    """V - V_th below which a bridge crosses with less than exp(-2 _CLEAR^2)."""
    above = _CLEAR * np.sqrt(table[:, SPREAD]) + np.maximum(-table[:, BULGE], 0.0)
    return -above * table[:, HALF]


def _noise_factor(cov: np.ndarray, tau: np.ndarray, dt: float) -> np.ndarray:
    """Rows that turn normals into the noise of a step; none where it is independent.

    Membranes of different tau_m low-pass the noise of a step differently.
    """
    if not (cov - np.diag(np.diagonal(cov))).any():
        return np.zeros((0, 0))
    z = dt / tau
    step = cov * dt * mean_decay(z[:, None] + z)
    return factor_of(step)
