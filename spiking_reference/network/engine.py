"""Runs a built network: calls of the kernels, and what is kept between them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .arrays import Box
from .build import Built
from .loop import kernels_for
from .slots import BLOCK, N_SLOTS

__all__ = ["Engine", "Watch"]

_CAPACITY = 1 << 18  # spikes that a box has room for, at least
_CALL = 1 << 16  # neuron-steps in one call of a kernel, at least
_VALUES = 1 << 22  # numbers of currents from outside in one call, at most


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
    """

    def __init__(
        self,
        built: Built,
        *,
        dt: float,
        warmup: int,
        watch: Watch,
        currents: Mapping[int, Callable],
    ):
        self.built, self.dt, self.step = built, dt, 0
        self._currents = dict(currents)
        self._kernels = kernels_for(built.models)
        lanes = built.blocks * BLOCK
        self.call = max(built.chunk, _CALL // lanes)
        row = np.full(lanes, -1, dtype=np.int64)
        row[watch.lanes] = np.arange(watch.lanes.size)
        watched = np.zeros(built.blocks, dtype=np.uint8)
        watched[np.unique(watch.lanes // BLOCK)] = 1
        first = watch.samples[0] if watch.samples.size else 0
        capacity = max(_CAPACITY, 2 * lanes * built.chunk)
        self.box = Box(
            step=np.zeros(capacity, dtype=np.int64),
            lane=np.zeros(capacity, dtype=np.int64),
            used=np.zeros(1, dtype=np.int64),
            rate=np.zeros((built.net.cells.first.size, self.call), dtype=np.int64),
            last=np.full(lanes, -1, dtype=np.int64),
            moments=np.zeros((lanes, 4)),
            clock=np.array([warmup, watch.every, first], dtype=np.int64),
            watched=watched,
            row=row,
            trace=watch.trace,
            X=np.zeros((N_SLOTS, BLOCK)),
            z=np.zeros((2, BLOCK), dtype=np.float32),
            words=np.zeros((4, BLOCK), dtype=np.uint32),
            raw=np.zeros(BLOCK, dtype=np.uint32),
            found=np.zeros(BLOCK, dtype=np.uint32),
            spiked=np.zeros(BLOCK, dtype=np.uint8),
            order=np.zeros(capacity, dtype=np.int64),
            starts=np.zeros(built.chunk + 2, dtype=np.int64),
        )

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
        box, end = self.box, self.step + steps
        net = self._with_currents(steps)
        net.inputs.at[0] = self.step
        box.rate[:] = 0
        spikes = []
        while self.step < end:
            box.used[0] = 0
            self.step = self._kernels.run(
                net, box, self.built.blocks, self.step, end, self.built.chunk
            )
            n = box.used[0]
            spikes.append((box.step[:n].copy(), box.lane[:n].copy()))
        return box.rate[:, :steps].copy(), spikes

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
