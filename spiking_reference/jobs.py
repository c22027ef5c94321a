"""Blocks of neurons made ready for the kernels: one class to a time loop."""

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from . import clocked, counting, groups, loops
from .lanes import Lanes
from .models.lif import N_COEFFICIENTS, Neurons, fill_step
from .plan import Plan
from .streams import seed_all
from .tape import CAPACITY, MARGIN, Probe, Tape

__all__ = ["ClockedJob", "FreeJob", "GroupJob"]

_BUDGET = 10_000_000  # steps in one call of a kernel: a fraction of a second
# Streams of groups and probes are numbered from here, far from those of neurons.
_FIRST_GROUP, _FIRST_PROBE = 1 << 60, 1 << 61
_LANES = 256  # neurons side by side: their state fits the fastest cache
_NEVER = np.iinfo(np.int64).max


class _Job(ABC):
    """A block of neurons, advanced by one budget with each call."""

    def __init__(self, plan: Plan, arrays: dict[str, Any], block: slice):
        self._block = block
        self._parameters = {k: v[block] for k, v in arrays["parameters"].items()}
        self._neurons = Neurons(**self._parameters)
        self._key = np.array(plan.key, dtype=np.uint64)
        self._sink = self._new_sink(plan, arrays)
        self.spikes: list[tuple[np.ndarray, np.ndarray]] = []

    def _windows(self, plan: Plan) -> counting.Windows:
        batching = [plan.batching(i) for i in range(len(plan.windows))]
        return counting.Windows(
            np.array(plan.windows, dtype=np.float64),
            np.array([b for b, _ in batching], dtype=np.int64),
            np.array([m for _, m in batching], dtype=np.int64),
        )

    def _new_sink(self, plan: Plan, arrays: dict[str, Any]) -> counting.Sink:
        block = self._block
        n, windows = block.stop - block.start, self._windows(plan)
        k = windows.length.size
        tally = counting.Tally(
            arrays["spike_counts"][block],
            arrays["moments"][block],
            arrays["sums"][block],
            np.full(n, np.nan),
            np.zeros((n, k), dtype=np.int64),
            np.tile(windows.length, (n, 1)),
            np.zeros((n, k)),
            np.zeros((n, k, 2)),
        )
        return counting.Sink(
            tally, windows, self._new_tape(plan), self._new_probe(plan, arrays)
        )

    def _new_tape(self, plan: Plan) -> Tape:
        wanted = plan.record.wants_spikes(plan.n_neurons, self._block)
        size = CAPACITY if wanted.any() else MARGIN
        span = np.array(plan.record.span(plan.duration))
        times, who = np.empty(size), np.empty(size, dtype=np.int64)
        return Tape(times, who, np.zeros(1, dtype=np.int64), wanted, span)

    def _new_probe(self, plan: Plan, arrays: dict[str, Any]) -> Probe:
        row = arrays["rows"][self._block]
        first, every = plan.record.grid(plan)
        rng = np.zeros((row.size, 2), dtype=np.uint64)
        seed_all(rng, self._key, _FIRST_PROBE + self._block.start)
        V = arrays["V"] if (row >= 0).any() else arrays["V"][:0]
        return Probe(row, V, first, every, arrays["V_th"][self._block], rng)

    @abstractmethod
    def _advance(self, budget: int) -> None:
        """Simulate on, for about `budget` neuron-steps."""

    @abstractmethod
    def _open(self) -> int:
        """Return how many neurons are not done."""

    def __call__(self) -> tuple[bool, int]:
        """Advance; return whether all is done, and how many neurons are done anew."""
        before = self._open()
        self._advance(_BUDGET)
        after = self._open()
        tape = self._sink.tape
        used = int(tape.used[0])
        if used:
            start = self._block.start
            self.spikes.append((tape.times[:used].copy(), tape.who[:used] + start))
            tape.used[0] = 0
        return after == 0, before - after


class FreeJob(_Job):
    """Independent neurons in the bridge scheme, each on its own clock."""

    def __init__(self, plan: Plan, arrays: dict[str, Any], block: slice):
        super().__init__(plan, arrays, block)
        self._clock = loops.Clock(plan.dt, plan.warmup, plan.duration)
        self._state = loops.new_state(self._key, block.start, self._neurons.reset)

    def _advance(self, budget: int) -> None:
        loops.advance(self._neurons, self._clock, self._state, self._sink, budget)

    def _open(self) -> int:
        return int(self._state.open.sum())


class ClockedJob(_Job):
    """Independent neurons in a clocked scheme, side by side.

    Parts that fit the fastest cache run to the end of the duration one after the other;
    what is then still open goes on together, so that lanes stay full.
    """

    def __init__(self, plan: Plan, arrays: dict[str, Any], block: slice):
        super().__init__(plan, arrays, block)
        steps = (round(plan.warmup / plan.dt), round(plan.duration / plan.dt))
        self._ticks = clocked.Ticks(plan.dt, *steps)
        double = clocked.needs_double(self._parameters, plan.dt)
        parts = (np.flatnonzero(double), np.flatnonzero(~double))
        self._waiting = [
            part[i : i + _LANES] for part in parts for i in range(0, part.size, _LANES)
        ]
        self._plan = plan
        self._running: list[Lanes] = []  # none, or the part whose turn it is
        self._ended: list[Lanes] = []
        self._n_open = block.stop - block.start

    def _advance(self, budget: int) -> None:
        # A step here costs a tenth of a step of the bridge scheme.
        budget *= 10
        if not self._running and self._waiting:
            plan, part = self._plan, self._waiting.pop(0)
            euler, first = plan.scheme == "euler", self._block.start
            self._running = [
                clocked.new_lanes(
                    self._key, first, part, self._parameters, plan.dt, euler
                )
            ]
        if self._running:
            end = self._ticks.warmup + self._ticks.duration
            lanes = self._running[0]
            before = lanes.n[1]
            clocked.advance_clocked(lanes, self._ticks, self._sink, end, budget)
            self._n_open -= int(before - lanes.n[1])
            if lanes.n[0] >= end:
                self._ended.append(self._running.pop())
            return
        self._ended = clocked.merge(self._ended)
        for lanes in self._ended:
            clocked.advance_clocked(lanes, self._ticks, self._sink, _NEVER, budget)
        self._n_open = sum(int(lanes.n[1]) for lanes in self._ended)

    def _open(self) -> int:
        return self._n_open


class GroupJob(_Job):
    """Groups of correlated neurons, in any scheme."""

    def __init__(self, plan: Plan, arrays: dict[str, Any], block: slice):
        super().__init__(plan, arrays, block)
        size = plan.shape[-1]
        first, n = block.start // size, (block.stop - block.start) // size
        self._clock = loops.Clock(plan.dt, plan.warmup, plan.duration)
        self._state = loops.new_state(self._key, block.start, self._neurons.reset)
        rng = np.zeros((n, 2), dtype=np.uint64)
        seed_all(rng, self._key, _FIRST_GROUP + first)
        self._groups = groups.Groups(
            factor=plan.noise_factors(first, first + n),
            rng=rng,
            step=np.zeros(n, dtype=np.int64),
            open=np.ones(n, dtype=np.int8),
            rows=self._rows(plan),
            n_ref=self._refractory(plan),
            normals=np.zeros((2, size)),
        )
        windows = self._windows(plan)
        members = slice(first, first + n)
        self._pairs = groups.Pairs(
            *windows,
            window=np.zeros((n, windows.length.size), dtype=np.int64),
            counted=np.zeros((n * size, windows.length.size)),
            ahead=np.zeros((n * size, windows.length.size)),
            a=arrays["pair_sums"][members],
            p=arrays["pair_products"][members],
        )
        # Windows are counted group by group here, not neuron by neuron.
        none = counting.Windows(*(w[:0] for w in windows))
        self._sink = self._sink._replace(windows=none)

    def _rows(self, plan: Plan) -> np.ndarray:
        p = self._parameters
        n = p["mu"].size
        rows = np.zeros((n + 1, N_COEFFICIENTS))
        if plan.scheme == "bridge":
            for j in range(n):
                values = (p[k][j] for k in ("tau", "leak", "mu", "sigma"))
                fill_step(rows, j, *values, plan.dt)
        else:
            euler = plan.scheme == "euler"
            steps = clocked.step_coefficients(p, plan.dt, euler)
            rows[:n, :3] = np.stack(steps, axis=1)
        return rows

    def _refractory(self, plan: Plan) -> np.ndarray:
        if plan.scheme == "bridge":
            return np.full(self._neurons.tau.size, -1, dtype=np.int32)
        return clocked.refractory_steps(self._neurons.t_ref, plan.dt)

    def _advance(self, budget: int) -> None:
        groups.advance_groups(
            self._neurons,
            self._clock,
            self._state,
            self._groups,
            self._sink,
            self._pairs,
            budget,
        )

    def _open(self) -> int:
        return int(self._groups.open.sum()) * self._groups.factor.shape[1]
