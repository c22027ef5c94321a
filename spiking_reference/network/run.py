"""A run from its first step to its last: sums, spikes, samples, and checkpoints."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ..progress import progress_bar
from .checkpoint import digest, save
from .engine import Engine
from .slots import BLOCK
from .weight_watch import WeightWatch

__all__ = ["Run", "Steps"]


class Steps(NamedTuple):
    """Numbers of steps: warm-up, observed, in a bin, between checkpoints."""

    skip: int
    observed: int
    bin: int
    checkpoint: int

    @property
    def total(self) -> int:
        """Of the warm-up and after it."""
        return self.skip + self.observed


def _whole(net: Any) -> Any:
    """Return the network as it is in a single part."""
    wires = net.wires._replace(split=())
    return net._replace(wires=wires, plastic=net.plastic._replace(x_pre=()))


class Run:
    """Advances an engine, sums up activity in bins, and keeps spikes that are wanted.

    Parameters
    ----------
    engine : Engine
    steps : Steps
    wanted : numpy.ndarray
        Lanes (lanes,) whose spikes are kept.
    weights : WeightWatch
    """

    def __init__(
        self, engine: Engine, steps: Steps, wanted: np.ndarray, weights: WeightWatch
    ):
        self.engine, self.steps, self.wanted, self.weights = (
            engine, steps, wanted, weights,
        )  # fmt: skip
        bins = max(1, steps.observed // steps.bin)
        populations = engine.built.net.cells.first.size
        self.activity = np.zeros((populations, bins), dtype=np.int64)
        self.spikes: list[tuple[np.ndarray, np.ndarray]] = []

    def to_end(self, path: Path | None, key: np.ndarray, stored: Any, progress) -> None:
        """Run from the stored state, if there is one, to the end."""
        engine, steps = self.engine, self.steps
        mark = None
        if path is not None:
            watch, weights = engine.watch, self.weights
            mark = digest(
                _whole(engine.built.net), tuple(steps), engine.dt, engine.driven,
                self.wanted, watch.lanes, watch.samples, watch.every,
                weights.every, tuple(weights.chosen),
            )  # fmt: skip
        if stored is not None:
            self._restore(path, stored, mark)
        else:
            self.weights.look(0)
        with engine, progress_bar(steps.total, progress, "step") as bar:
            bar.update(engine.step)
            while engine.step < steps.total:
                k = engine.step
                self._advance(self._next(path))
                bar.update(engine.step - k)
                due = engine.step % steps.checkpoint == 0
                if path is not None and due and engine.step < steps.total:
                    save(path, self._state() | {"key": key, "digest": mark})
        if path is not None:
            path.unlink(missing_ok=True)

    def _next(self, path: Path | None) -> int:
        """How many steps to make in one go."""
        steps, k = self.steps, self.engine.step
        limit = (steps.skip if k < steps.skip else steps.total) - k
        limit = min(limit, self.engine.call, self.weights.until(k))
        if path is not None:
            limit = min(limit, steps.checkpoint - k % steps.checkpoint)
        return limit

    def _advance(self, count: int) -> None:
        engine, steps, k = self.engine, self.steps, self.engine.step
        rate, found = engine.advance(count)
        self._check()
        if k >= steps.skip:
            place = (np.arange(k, engine.step) - steps.skip) // steps.bin
            inside = place < self.activity.shape[1]
            for row, values in zip(self.activity, rate, strict=True):
                np.add.at(row, place[inside], values[inside])
        for step, lane in found:
            kept = self.wanted[lane]
            if kept.any():
                self.spikes.append((step[kept], lane[kept]))
        self.weights.look(engine.step)

    def _check(self) -> None:
        """Stop where a state is no number."""
        built, net = self.engine.built, self.engine.built.net
        wrong = np.any(~np.isfinite(net.cells.S), axis=0)
        if not wrong.any() and np.isfinite(net.receptors.g).all():
            return
        self._name(built, net, wrong)

    def _name(self, built: Any, net: Any, wrong: np.ndarray) -> None:
        names, t = list(built.first), self.engine.step * self.engine.dt
        if wrong.any():
            lane = int(np.argmax(wrong))
            name = names[net.cells.population[lane // BLOCK]]
            v = int(np.argmax(~np.isfinite(net.cells.S[:, lane])))
            what, value = built.variables[name][v], net.cells.S[v, lane]
        else:
            place = int(np.argmax(~np.isfinite(net.receptors.g)))
            r = int(np.searchsorted(net.receptors.state, place, side="right")) - 1
            lane = net.receptors.first_lane[r] + (
                (place - net.receptors.state[r]) % net.receptors.lanes[r]
            )
            name = names[net.cells.population[lane // BLOCK]]
            first = net.receptors.range[names.index(name), 0]
            what, value = built.synaptic[name][r - first], net.receptors.g[place]
        raise FloatingPointError(
            f"the state must stay finite; {what!r} of neuron {lane - built.first[name]} "
            f"of population {name!r} is {value} at t = {t:g} ms from the start; a "
            "smaller `dt`, weaker weights or an earlier threshold may help"
        )

    def _state(self) -> dict[str, np.ndarray]:
        """All that changes, by name; the arrays themselves."""
        engine = self.engine
        step = [s for s, _ in self.spikes] or [np.empty(0, dtype=np.int32)]
        lane = [j for _, j in self.spikes] or [np.empty(0, dtype=np.int32)]
        return {
            "step": np.array(engine.step),
            "spike_step": np.concatenate(step),
            "spike_lane": np.concatenate(lane),
            **self._arrays(),
        }

    def _arrays(self) -> dict[str, np.ndarray]:
        engine, net = self.engine, self.engine.built.net
        cells, plastic, weights = net.cells, net.plastic, self.weights
        return {
            "S": cells.S, "wait": cells.wait, "words": cells.words,
            "spare": cells.spare, "pending": cells.pending,
            "arrivals": net.receptors.arrivals, "g": net.receptors.g,
            "next": net.inputs.next, "weight": plastic.weight,
            "x_post": plastic.x_post, "last": engine.last, "moments": engine.moments,
            "trace": engine.watch.trace, "activity": self.activity,
            "weight_mean": weights.mean, "weight_std": weights.std,
            "weight_traces": weights.traces, "x_pre": plastic.x_pre[:1],
        }  # fmt: skip

    def _restore(self, path: Any, stored: dict, mark: Any) -> None:
        if not np.array_equal(stored["digest"], mark):
            raise ValueError(
                f"`checkpoint` must be of the same network, options and seed; {path} is "
                "of another run; remove it to start anew"
            )
        for name, array in self._arrays().items():
            array[...] = stored[name]
        plastic = self.engine.built.net.plastic
        plastic.x_pre[:] = plastic.x_pre[:1]
        self.engine.step = int(stored["step"])
        self.spikes = [(stored["spike_step"], stored["spike_lane"])]
