"""From the description of a network to the arrays that its kernels run on."""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from meanfield.neurons import (
    EIF,
    GLIF,
    LIF,
    QIF,
    AdaptiveLIF,
    AdEx,
    BallAndStick,
    ConductanceLIF,
    Delta,
    EscapeLIF,
    HodgkinHuxley,
    Izhikevich,
    Network,
    PoissonSource,
    Population,
    SpikeSource,
    require,
)

from ..streams import seed_all
from . import coarse, plastic, poisson, receptors
from .arrays import Cells, Inputs, Net, Receptors, Wires
from .edges import Edges, connect
from .slots import BLOCK, KEEPS, UNIFORMS

__all__ = ["Built", "build"]

# The module in `models` that advances each kind of population.
MODELS = {
    LIF: "leaky",
    ConductanceLIF: "conductance",
    AdEx: "adex",
    EIF: "eif",
    QIF: "qif",
    Izhikevich: "izhikevich",
    AdaptiveLIF: "adaptive",
    EscapeLIF: "escape",
    GLIF: "glif",
    HodgkinHuxley: "hodgkin_huxley",
    BallAndStick: "ball_and_stick",
    PoissonSource: "poisson_source",
    SpikeSource: "spike_source",
}
# Streams of lanes are numbered from here, 2^40 to a population.
_FIRST_LANE = 3 << 60
_LANES = 1 << 40
_CHUNK = 4096  # steps between deliveries at most
_ROOM = 1 << 20  # and spikes in them, if the longest chunk is shorter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Options:
    """What a simulation does where models leave a choice; see `simulate_network`."""

    dt: float
    refractory_input: str = "discard"
    conductance: str = "mean"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Built:
    """A network ready to run.

    models: modules in `models`, in the order of their numbers; first, variables: the first
    lane, and the names of the state's rows, of each population; synaptic: those of its
    receptors, empty for jumps; chunk: steps between deliveries; room (blocks,): how many
    spikes a chunk may add; edges: synapses of each projection.
    """

    net: Net
    models: tuple[str, ...]
    first: dict[str, int]
    variables: dict[str, tuple[str, ...]]
    synaptic: dict[str, tuple[str, ...]]
    chunk: int
    blocks: int
    room: np.ndarray
    edges: tuple[Edges, ...]


def model_of(population: Any) -> str:
    """Return the name of the module in `models`."""
    what = population.neuron if isinstance(population, Population) else population
    for kind, name in MODELS.items():
        if type(what) is kind:
            return name
    known = ", ".join(kind.__name__ for kind in MODELS)
    raise TypeError(f"`neuron` must be one of {known}; got {type(what).__name__}")


def _module(name: str) -> ModuleType:
    return import_module(f"..models.{name}", __package__)


def _padded(n: int) -> int:
    return -(-n // BLOCK) * BLOCK


def _rows(values: list[Any], n: int) -> tuple[np.ndarray, int]:
    """Rows of coefficients, flat, and their length: a block's where all are numbers."""
    arrays = [np.asarray(v, dtype=np.float64) for v in values]
    length = BLOCK if all(a.size == 1 for a in arrays) else _padded(n)
    flat = np.zeros((len(arrays), length))
    for row, array in zip(flat, arrays, strict=True):
        if array.size == 1:
            row[:] = array.reshape(())
        else:
            row[:n] = array
    return flat.reshape(-1), length


class _Builder:
    """Collects the arrays of one network."""

    def __init__(self, network: Network, options: Options, key: np.ndarray):
        self.network, self.options, self.key = network, options, key
        self.names = list(network.populations)
        self.pops = list(network.populations.values())
        sizes = [_padded(p.n) for p in self.pops]
        self.first = np.concatenate([[0], np.cumsum(sizes)])
        self.lanes = int(self.first[-1])
        self.models = tuple(dict.fromkeys(model_of(p) for p in self.pops))

    def cells(self) -> Cells:
        """State at the start, coefficients and streams of all lanes."""
        blocks, lanes = self.lanes // BLOCK, self.lanes
        modules = [_module(name) for name in self.models]
        S = np.zeros((max(len(m.STATE) for m in modules), lanes))
        table = {
            name: np.zeros(blocks, dtype=np.int64)
            for name in ("kind", "size", "first_par", "row", "flags", "population")
        }
        n_ref = np.zeros(lanes, dtype=np.int32)
        words = np.zeros((lanes, 2), dtype=np.uint64)
        par: list[np.ndarray] = []
        place = 0
        for i, population in enumerate(self.pops):
            a, n = int(self.first[i]), population.n
            seed_all(words[a : a + n], self.key, _FIRST_LANE + i * _LANES)
            values, flags, t_ref = self._coefficients(self.names[i], population)
            if isinstance(population, Population):
                module = _module(model_of(population))
                for name, value in module.initial(population.neuron).items():
                    S[module.STATE.index(name), a : a + n] = value
                steps = np.rint(np.asarray(t_ref) / self.options.dt)
                n_ref[a : a + n] = np.minimum(steps, np.iinfo(n_ref.dtype).max)
            flat, length = _rows(values, n)
            chosen = slice(a // BLOCK, a // BLOCK + _padded(n) // BLOCK)
            shift = np.arange(chosen.stop - chosen.start) * BLOCK
            table["kind"][chosen] = self.models.index(model_of(population))
            table["size"][chosen] = np.minimum(n - shift, BLOCK)
            table["first_par"][chosen] = place + (shift if length != BLOCK else 0)
            table["row"][chosen] = length
            table["flags"][chosen] = flags
            table["population"][chosen] = i
            par.append(flat)
            place += flat.size
        return Cells(
            S=S,
            par=np.concatenate([*par, np.zeros(1)]),
            **table,
            first=self.first[:-1].astype(np.int64),
            wait=np.zeros(lanes, dtype=np.int32),
            n_ref=n_ref,
            words=np.ascontiguousarray(words.view(np.uint32).T),
            spare=np.zeros(lanes),
            pending=np.zeros(lanes),
        )

    def _coefficients(self, name: str, population: Any) -> tuple[list[Any], int, Any]:
        """Rows for the kernel, flags, and the refractory period [ms]."""
        dt = self.options.dt
        if isinstance(population, SpikeSource):
            return [], 0, 0.0
        if isinstance(population, PoissonSource):
            mean = np.asarray(population.rate) * dt
            require(
                mean <= poisson.MAX_MEAN,
                "rate",
                f"must be at most {poisson.MAX_MEAN / dt} for dt={dt} (kHz)",
                mean / dt,
            )
            return [np.exp(-mean), mean], UNIFORMS, 0.0
        module = _module(model_of(population))
        flags = module.draws(bool(np.any(np.asarray(population.sigma) > 0)))
        if self.options.refractory_input == "keep":
            flags |= KEEPS
        coarse.check_neuron(name, module, population.neuron, dt)
        args = population.neuron, population.current, population.sigma, dt
        return (
            module.coefficients(*args),
            flags,
            getattr(population.neuron, "t_ref", 0.0),
        )

    def receptors(self, slots: int) -> Receptors:
        """Receptors of all populations, with nothing on the way."""
        kinds, lanes, first_lane, coefs, first_coef, rows, sites = (
            [] for _ in range(7)
        )
        ranges = np.zeros((len(self.pops), 2), dtype=np.int64)
        self.number: dict[tuple[str, str], int] = {}
        place = 0
        for i, (name, population) in enumerate(zip(self.names, self.pops, strict=True)):
            ranges[i] = len(kinds)
            for label, receptor in getattr(population, "receptors", {}).items():
                synapse, site = receptors.placed(receptor)
                self.number[name, label] = len(kinds)
                sites.append(site)
                kinds.append(receptors.kind_of(synapse))
                lanes.append(_padded(population.n))
                first_lane.append(int(self.first[i]))
                module = _module(model_of(population))
                coarse.check_synapse(name, label, synapse, self.options.dt)
                found = receptors.coefficients(
                    synapse,
                    module.membrane_time(population.neuron),
                    self.options.dt,
                    self.options.conductance,
                )
                flat, length = _rows(list(found), population.n)
                coefs.append(flat)
                first_coef.append(place)
                rows.append(length)
                place += flat.size
            ranges[i, 1] = len(kinds)
        m = np.array(lanes, dtype=np.int64)
        ring = np.concatenate([[0], np.cumsum(m * slots)])
        state = np.concatenate([[0], np.cumsum(2 * m)])
        as_int = lambda v: np.array(v, dtype=np.int64)  # noqa: E731
        return Receptors(
            kind=as_int(kinds), first_lane=as_int(first_lane), lanes=m,
            ring=as_int(ring[:-1]), state=as_int(state[:-1]), site=as_int(sites),
            first_coef=as_int(first_coef), row=as_int(rows),
            coef=np.concatenate([*coefs, np.zeros(1)]), range=ranges,
            arrivals=np.zeros(int(ring[-1]), dtype=np.float32), slots=as_int([slots]),
            g=np.zeros(int(state[-1])),
        )  # fmt: skip

    def inputs(self) -> Inputs:
        """Poisson inputs and given spikes; currents come with each call."""
        given = sorted(self.network.inputs, key=lambda e: self.names.index(e.target))
        count = len(given)
        ranges = np.zeros((len(self.pops), 2), dtype=np.int64)
        cdf = np.zeros((count, 64), dtype=np.uint32)
        parts, row, first, entries = (np.zeros(count, dtype=np.int64) for _ in range(4))
        par: list[np.ndarray] = []
        place = 0
        for i, name in enumerate(self.names):
            chosen = [e for e, g in enumerate(given) if g.target == name]
            ranges[i] = (chosen[0], chosen[-1] + 1) if chosen else (0, 0)
        for e, entry in enumerate(given):
            self._check_sign(entry, entry.weight)
            mean = np.asarray(entry.rate) * self.options.dt
            parts[e] = max(1, int(np.ceil(mean.max() / poisson.MAX_MEAN)))
            mean = mean / parts[e]
            if mean.size == 1:
                cdf[e], entries[e] = poisson.table(float(mean.reshape(())))
                continue
            lanes = _padded(mean.size)
            rows = np.zeros((2, lanes))
            rows[0, : mean.size], rows[1, : mean.size] = np.exp(-mean), mean
            par.append(rows.reshape(-1))
            row[e], first[e] = lanes, place
            place += rows.size
        steps, lanes = self._given_spikes()
        return Inputs(
            range=ranges,
            receptor=np.array(
                [self.number[g.target, g.receptor] for g in given], dtype=np.int64
            ),
            weight=np.array([g.weight for g in given], dtype=np.float64),
            parts=parts, cdf=cdf, entries=entries, row=row, first_par=first,
            par=np.concatenate([*par, np.zeros(1)]),
            current=np.zeros(1),
            first_current=np.zeros(len(self.pops), dtype=np.int64),
            columns=np.zeros(len(self.pops), dtype=np.int64),
            at=np.zeros(1, dtype=np.int64),
            spike_step=steps, spike_lane=lanes, next=np.zeros(1, dtype=np.int64),
        )  # fmt: skip

    def _given_spikes(self) -> tuple[np.ndarray, np.ndarray]:
        steps, lanes = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
        for i, population in enumerate(self.pops):
            if isinstance(population, SpikeSource):
                # A spike at time t is one of the step that ends there.
                found = np.rint(population.times / self.options.dt).astype(np.int64) - 1
                steps.append(np.maximum(found, 0))
                lanes.append(population.sources + int(self.first[i]))
        step, lane = np.concatenate(steps), np.concatenate(lanes)
        order = np.lexsort((lane, step))
        return step[order], lane[order]

    def room(self, cells: Cells) -> np.ndarray:
        """How many spikes each block may add in a step, given ones aside."""
        found = cells.size.copy()
        for i, population in enumerate(self.pops):
            if isinstance(population, PoissonSource):
                found[cells.population == i] *= poisson.ENTRIES
        return found

    def connect(self) -> tuple[Edges, ...]:
        """Draw all synapses."""
        found = []
        for j, projection in enumerate(self.network.projections):
            source, target = (
                self.network.populations[name].n
                for name in (projection.source, projection.target)
            )
            edges = connect(projection, source, target, self.key, j)
            self._check_sign(projection, edges.weight)
            delay = np.asarray(edges.delay)
            short = np.rint(delay / self.options.dt) >= 1
            require(
                short & np.isfinite(delay),
                "delay",
                f"must be at least dt={self.options.dt} (ms)",
                delay,
            )
            found.append(edges)
        return tuple(found)

    def _check_sign(self, given: Any, weight: Any) -> None:
        receptor = self.network.populations[given.target].receptors[given.receptor]
        synapse, _ = receptors.placed(receptor)
        if getattr(synapse, "E_rev", None) is not None:
            words = (
                "must not be negative: it is a conductance, whose E_rev has the sign"
            )
            require(np.asarray(weight) >= 0, "weight", words, weight)

    def _index(self) -> Any:
        """Type of the numbers of targets: half the memory is half the time."""
        return np.uint16 if max(p.n for p in self.pops) <= 1 << 16 else np.uint32

    def wires(self, all_edges: tuple[Edges, ...]) -> Wires:
        """Lay the synapses of all projections behind one another."""
        dt, projections = self.options.dt, self.network.projections
        static = [j for j, p in enumerate(projections) if p.plasticity is None]
        source = [self.names.index(projections[j].source) for j in static]
        of, order = plastic.ranges(source, len(self.pops))
        sizes = np.array([e.targets.size for e in all_edges], dtype=np.int64)
        rows = np.array([e.indptr.size - 1 for e in all_edges], dtype=np.int64)
        begins = lambda v: np.concatenate([[0], np.cumsum(v)])[:-1].astype(np.int64)  # noqa: E731
        fixed = [
            0.0 if p.plasticity else e.weight
            for p, e in zip(projections, all_edges, strict=True)
        ]
        weights, first_weight = _stacked(fixed, np.float32)
        steps = [np.rint(np.asarray(e.delay) / dt) for e in all_edges]
        longest = max((s.max() for s in steps if s.size), default=0)
        delays, first_delay = _stacked(
            steps, np.uint16 if longest < 1 << 16 else np.uint32
        )
        scalar = lambda v: 0.0 if np.ndim(v) else v  # noqa: E731
        return Wires(
            of=of, order=np.array(static, dtype=np.int64)[order],
            receptor=np.array(
                [self.number[p.target, p.receptor] for p in projections], dtype=np.int64
            ),
            first_row=begins(rows), first_edge=begins(sizes),
            indptr=_joined([e.indptr for e in all_edges], np.int64),
            split=np.zeros((1, 1), dtype=np.int64),
            targets=_joined([e.targets for e in all_edges], self._index()),
            weight=np.array([scalar(w) for w in fixed], dtype=np.float32),
            delay=np.array(
                [round(scalar(e.delay) / dt) for e in all_edges], dtype=np.int64
            ),
            first_weight=first_weight, weights=weights,
            first_delay=first_delay, delays=delays,
        )  # fmt: skip


def _joined(parts: list[np.ndarray], dtype: Any) -> np.ndarray:
    return np.concatenate([*parts, np.zeros(0, dtype)]).astype(dtype, copy=False)


def _stacked(values: list[Any], dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    """Arrays among the values behind one another, and where each begins, or -1."""
    first, place, parts = [], 0, []
    for value in values:
        first.append(place if np.ndim(value) else -1)
        if np.ndim(value):
            parts.append(value)
            place += value.size
    return _joined(parts, dtype), np.array(first, dtype=np.int64)


def _synaptic(population: Any) -> tuple[str, ...]:
    """Names of the receptors, empty for those that hold nothing."""
    found = getattr(population, "receptors", {})
    names = tuple("" if isinstance(s, Delta) else label for label, s in found.items())
    variables = _module(model_of(population)).STATE
    for name in names:
        if name in variables:
            raise ValueError(
                f"`receptors` must not have the names of variables, {variables}; got "
                f"{name!r}"
            )
    return names


def _with_given(room: np.ndarray, given: Inputs, chunk: int) -> np.ndarray:
    """Add room for the given spikes of a chunk, which are read into the first block."""
    late = np.searchsorted(given.spike_step, given.spike_step + chunk)
    room[0] += int(np.max(late - np.arange(late.size), initial=0))
    return room


def build(network: Network, options: Options, key: np.ndarray, parts: int = 1) -> Built:
    """Connect a network, and lay out its arrays, to be run in so many parts."""
    builder = _Builder(network, options, key)
    edges = builder.connect()
    delays = [np.rint(np.asarray(e.delay) / options.dt) for e in edges]
    shortest = min((int(d.min()) for d in delays if d.size), default=_CHUNK)
    longest = max((int(d.max()) for d in delays if d.size), default=1)
    blocks = builder.lanes // BLOCK
    cells = builder.cells()
    room = builder.room(cells)
    chunk = min(shortest, _CHUNK, max(1, _ROOM // int(room.sum())))
    found, given = builder.receptors(longest + chunk + 2), builder.inputs()
    lanes = np.diff(builder.first).tolist()
    learning = plastic.lay_out(
        network.projections, builder.names, lanes, edges, options.dt, parts
    )
    net = Net(cells, found, given, builder.wires(edges), learning)
    return Built(
        net=net, models=builder.models, chunk=chunk, blocks=blocks, edges=edges,
        room=_with_given(room * chunk, given, chunk),
        first=dict(zip(builder.names, builder.first.tolist(), strict=False)),
        variables={
            name: _module(model_of(population)).STATE
            for name, population in network.populations.items()
        },
        synaptic={
            name: _synaptic(population)
            for name, population in network.populations.items()
        },
    )  # fmt: skip
