"""Runs a built network: calls of the kernel, and what is kept between them."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from .arrays import Box, Team
from .build import Built
from .deliver import split_rows
from .loop import run_for
from .slots import BLOCK, N_SLOTS

__all__ = ["Engine", "Watch"]

_CAPACITY = 1 << 16  # spikes that a part has room for, at least
_CALL = 1 << 20  # neuron-steps in one call of the kernel, at least


class Watch:
    """Lanes whose state is kept, at every so many steps from `first` to `last`."""

    def __init__(self, lanes: np.ndarray, variables: int, every: int, span: tuple):
        self.lanes, self.every = lanes, every
        start = -(-span[0] // every)
        self.samples = np.arange(max(start, 1), span[1] // every + 1)
        self.trace = np.full((lanes.size, variables, self.samples.size), np.nan)


class Engine:
    """Advances a network; every state is in arrays, so that it can be saved.

    Parameters
    ----------
    built : Built
    dt : float
        Step [ms].
    warmup : int
        Steps before counting begins.
    watch : Watch
        What is recorded of the state.
    currents : mapping of int to callable
        For populations by number: currents (steps,) or (steps, n) at given times [ms].
    parts : int
        Threads; results do not depend on them.
    """

    def __init__(
        self,
        built: Built,
        *,
        dt: float,
        warmup: int,
        watch: Watch,
        currents: Mapping[int, Callable],
        parts: int = 1,
    ):
        self.built, self.dt, self.step, self.watch = built, dt, 0, watch
        self._currents = dict(currents)
        self.driven = tuple(sorted(self._currents))
        self._run = run_for(built.models)
        lanes = built.blocks * BLOCK
        self.call = max(built.chunk, _CALL // lanes)
        self.last = np.full(lanes, -1, dtype=np.int64)
        self.moments = np.zeros((lanes, 4))
        bounds = _shares(built.net.cells.size, parts)
        room = np.add.reduceat(built.room, bounds[:-1]).astype(np.int64)
        capacity = max(_CAPACITY, 2 * int(room.max()))
        self.team = Team(
            blocks=bounds,
            step=np.zeros((parts, capacity), dtype=np.int32),
            lane=np.zeros((parts, capacity), dtype=np.int32),
            ends=np.zeros((2, parts), dtype=np.int64),
            room=room,
            counter=np.zeros(1, dtype=np.int64),
        )
        clock = np.array([warmup, watch.every, 0], dtype=np.int64)
        if watch.samples.size:
            clock[2] = watch.samples[0]
        watched = np.zeros(built.blocks, dtype=np.uint8)
        watched[np.unique(watch.lanes // BLOCK)] = 1
        row = np.full(lanes, -1, dtype=np.int64)
        row[watch.lanes] = np.arange(watch.lanes.size)
        self.boxes = [
            self._box(parts, int(room.sum()), clock, watched, row) for _ in range(parts)
        ]
        if parts > 1:
            self.built = _split(built, bounds)
        self._pool = ThreadPoolExecutor(parts)

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def _box(self, parts: int, room: int, clock, watched, row) -> Box:
        return Box(
            used=np.zeros(1, dtype=np.int64),
            begins=np.zeros(parts, dtype=np.int64),
            rate=np.zeros(
                (self.built.net.cells.first.size, self.call), dtype=np.int64
            ),
            last=self.last, moments=self.moments, clock=clock, watched=watched, row=row,
            trace=self.watch.trace,
            X=np.zeros((N_SLOTS, BLOCK)),
            z=np.zeros((2, BLOCK), dtype=np.float32),
            words=np.zeros((4, BLOCK), dtype=np.uint32),
            raw=np.zeros(BLOCK, dtype=np.uint32),
            found=np.zeros(BLOCK, dtype=np.uint32),
            spiked=np.zeros(BLOCK, dtype=np.uint8),
            sorted_step=np.zeros(room, dtype=np.int32),
            sorted_lane=np.zeros(room, dtype=np.int32),
            starts=np.zeros(self.built.chunk + 2, dtype=np.int64),
        )  # fmt: skip

    def advance(
        self, steps: int
    ) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
        """Make `steps` <= call steps.

        Returns
        -------
        rate : numpy.ndarray
            Spikes (populations, steps).
        spikes : list of (steps, lanes)
            All spikes, in order of time within each part of the list.
        """
        team, end = self.team, self.step + steps
        net = self._with_currents(steps)
        net.inputs.at[0] = self.step
        for box in self.boxes:
            box.rate[:] = 0
        spikes = []
        while self.step < end:
            team.counter[0] = 0
            for box in self.boxes:
                box.used[0], box.begins[:] = 0, 0
            self.step = self._together(net, end)
            for part, box in enumerate(self.boxes):
                n = box.used[0]
                spikes.append((team.step[part, :n].copy(), team.lane[part, :n].copy()))
        return np.sum([box.rate[:, :steps] for box in self.boxes], axis=0), spikes

    def _together(self, net: Any, end: int) -> int:
        """Run all parts, each in a thread of its own; return the step they got to."""
        calls = [
            (net, box, self.team, part, self.step, end, self.built.chunk)
            for part, box in enumerate(self.boxes)
        ]
        if len(calls) == 1:
            return self._run(*calls[0])
        # All are submitted before any is waited for: they wait for each other.
        running = [self._pool.submit(self._run, *call) for call in calls]
        return [part.result() for part in running].pop()

    def _with_currents(self, steps: int) -> Any:
        net = self.built.net
        if not self._currents:
            return net
        t = (self.step + 0.5 + np.arange(steps)) * self.dt
        columns = np.zeros_like(net.inputs.columns)
        first = np.zeros_like(net.inputs.first_current)
        parts, place = [], 0
        for p, function in self._currents.items():
            values = np.ascontiguousarray(function(t), dtype=np.float64)
            columns[p] = 1 if values.ndim == 1 else values.shape[1]
            first[p] = place
            parts.append(values.reshape(-1))
            place += values.size
        inputs = net.inputs._replace(
            current=np.concatenate(parts), columns=columns, first_current=first
        )
        return net._replace(inputs=inputs)


def _shares(size: np.ndarray, parts: int) -> np.ndarray:
    """First block of each part; they have about the same number of neurons."""
    total = np.concatenate([[0], np.cumsum(size)])
    bounds = np.searchsorted(total, np.linspace(0, total[-1], parts + 1))
    # Every part has a block: there are no more parts than blocks.
    for i in range(1, parts):
        bounds[i] = min(max(bounds[i], bounds[i - 1] + 1), size.size - parts + i)
    return bounds.astype(np.int64)


def _split(built: Built, bounds: np.ndarray) -> Built:
    """Find where the targets of each part begin in the rows of all projections."""
    from dataclasses import replace

    wires, receptors = built.net.wires, built.net.receptors
    rows = [edges.indptr.size - 1 for edges in built.edges]
    split = np.zeros((bounds.size, max(1, sum(rows))), dtype=np.int64)
    for j, n in enumerate(rows):
        lanes = bounds * BLOCK - receptors.first_lane[wires.receptor[j]]
        split_rows(wires, j, n, lanes, split)
    net = built.net._replace(wires=wires._replace(split=split))
    return replace(built, net=net)
