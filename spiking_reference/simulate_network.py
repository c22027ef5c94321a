"""The entry for networks of neurons."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import numpy as np

from meanfield.neurons import Network, Population, as_float, require

from .arguments import check_threads, new_key, number
from .engine import available_threads
from .network_result import NetworkResult, PopulationResult
from .progress import progress_bar
from .record import Record
from .results import SpikeTrains
from .weights import RecordWeights

__all__ = ["simulate_network", "simulate_networks"]

_MOST = "must be fewer than 2^31, warm-up included"
_ROUNDING = 1e-6  # of a step
_WORTH_A_THREAD = 2000  # neurons, below which threads wait for each other in vain


def simulate_network(
    network: Network,
    *,
    duration: float,
    dt: float = 0.1,
    warmup: float = 0.0,
    currents: Mapping[str, Any] | None = None,
    initial: Mapping[str, Mapping[str, Any]] | None = None,
    record: Mapping[str, Record] | None = None,
    bin: float | None = None,
    record_weights: RecordWeights | None = None,
    refractory_input: str = "discard",
    conductance: str = "mean",
    checkpoint: str | Path | None = None,
    checkpoint_every: float = 10_000.0,
    rng: Any = None,
    threads: int | None = None,
    progress: bool | None = None,
) -> NetworkResult:
    """Simulate a network of spiking neurons on a grid of time steps.

    Parameters
    ----------
    network : Network
        Populations, projections and Poisson inputs.
    duration : float
        Observed time [ms], after the warm-up.
    dt : float, optional
        Step [ms]. Times are rounded to whole steps.
    warmup : float, optional
        Time [ms] simulated before and discarded.
    currents : mapping of str to current, callable or array_like, optional
        Input to populations by name, in the unit of their current: `Step`, `Ramp`,
        `Sinusoid`, `OrnsteinUhlenbeck`, `WhiteNoise` and their sums, a function of the
        middles of steps (steps,) that returns (steps,) or (steps, n), called in chunks, or
        an array of that shape for all steps. Times [ms] count from the start, and arrays
        begin there: the warm-up is included.
    initial : mapping of str to mapping, optional
        State at the start, by population and variable, e.g. ``{"E": {"V": V0}}``.
        By default all neurons of a kind start alike, at reset (`LIF`, `EIF`,
        `AdaptiveLIF`, `EscapeLIF`) or at rest, and their first spikes are synchronous:
        spread them, or let a warm-up pass.
    record : mapping of str to Record, optional
        Spikes and states to keep, by population; ``voltage=`` keeps all variables of the
        neurons, and what their receptors hold.
    bin : float, optional
        Width [ms] of the bins of the populations' activity, rounded to whole steps; by
        default 1 ms, or a step if that is longer.
    record_weights : RecordWeights, optional
        How plastic weights are sampled; by default their mean and spread every 100 ms.
    refractory_input : {"discard", "keep"}, optional
        What happens to jumps of the voltage that arrive in the refractory period: they
        are lost, or act at its end.
    conductance : {"mean", "start", "end"}, optional
        What of a step's synaptic variable acts on the membrane.
    checkpoint : str or Path, optional
        A file to which the state is written while the network runs, and which is removed
        at the end. Where it exists, the run goes on from it: the same call made again
        after an interruption ends as if there had been none, bit by bit.
    checkpoint_every : float, optional
        Time [ms] of the model from one checkpoint to the next.
    rng : None, int, SeedSequence, Generator and the like, optional
        Randomness: whatever `numpy.random.default_rng` takes.
    threads : int, optional
        Threads to use; by default as many as pay, at most all cores. Results do not
        depend on it.
    progress : bool, optional
        Show a progress bar; by default in a terminal, after two seconds.

    Returns
    -------
    NetworkResult
        Statistics and records, by population.

    Raises
    ------
    TypeError, ValueError
        With the name, the condition and the value of what is wrong.
    FloatingPointError
        If a state stops being finite, with the variable, the neuron and the time.

    Examples
    --------
    >>> from meanfield.neurons import FixedInDegree, LIF, Network, Poisson
    >>> from meanfield.neurons import Population, Projection
    >>> cells = Population(n=200, neuron=LIF(t_ref=2.0, V_reset=10.0))
    >>> inhibition = Projection(
    ...     source="I", target="I", rule=FixedInDegree(20), weight=-0.5, delay=1.5
    ... )
    >>> network = Network(
    ...     populations={"I": cells}, projections=[inhibition],
    ...     inputs=[Poisson(target="I", rate=15.0, weight=0.1)],
    ... )
    >>> run = simulate_network(network, duration=500.0, warmup=100.0, rng=1)
    >>> run["I"].rates.shape
    (200,)
    """
    from .network.build import Options, build
    from .network.checkpoint import load
    from .network.engine import Engine
    from .network.run import Run, Steps
    from .network.weight_watch import WeightWatch

    if not isinstance(network, Network):
        raise TypeError(f"`network` must be a Network; got {type(network).__name__}")
    duration, dt, warmup, bin = _checked_times(duration, dt, warmup, bin)
    _one_of("refractory_input", refractory_input, ("discard", "keep"))
    _one_of("conductance", conductance, ("mean", "start", "end"))
    pause = number("checkpoint_every", checkpoint_every)
    require(pause >= dt, "checkpoint_every", f"must be at least dt={dt} (ms)", pause)
    steps = Steps(*(round(t / dt) for t in (warmup, duration, bin, pause)))
    require(steps.total < 1 << 31, "duration/dt", _MOST, steps.total)
    path = None if checkpoint is None else Path(checkpoint)
    stored = None if path is None else load(path)
    key = new_key(rng)
    if rng is None and stored is not None:
        key = tuple(int(word) for word in stored["key"])
    records = _records(network, _mapping("record", record), duration, warmup)
    options = Options(dt=dt, refractory_input=refractory_input, conductance=conductance)
    parts = _parts(network, check_threads(threads))
    words = np.array(key, dtype=np.uint64)
    built = build(network, options, words, parts)
    for name, state in _mapping("initial", initial).items():
        _set_state(built, network, name, state)
    names = list(network.populations)
    given = {}
    for name, value in _mapping("currents", currents).items():
        function = _current(name, value, network, steps.total, dt, key)
        given[names.index(name)] = function
    engine = Engine(
        built, dt=dt, warmup=steps.skip, currents=given, parts=parts,
        watch=_watch(built, network, records, duration, dt, steps.skip),
    )  # fmt: skip
    watch = WeightWatch(built, _of_weights(record_weights), steps.total, dt)
    run = Run(engine, steps, _wanted(built, network, records), watch)
    run.to_end(path, words, stored, progress)
    return _result(network, run, records, duration)


def simulate_networks(
    networks: Sequence[Network],
    *,
    rng: Any = None,
    threads: int | None = None,
    progress: bool | None = None,
    **options: Any,
) -> list[NetworkResult]:
    """Simulate networks side by side: a sweep over parameters, or over seeds.

    Parameters
    ----------
    networks : sequence of Network
        The same one again and again gives independent realizations.
    rng : None, int, SeedSequence, Generator and the like, optional
        Randomness, of which each network takes a part of its own.
    threads : int, optional
        Threads to use; by default all cores. Results do not depend on it.
    progress : bool, optional
        Show a progress bar; by default in a terminal, after two seconds.
    **options
        As for `simulate_network`, but for `checkpoint`.

    Returns
    -------
    list of NetworkResult
        In the order of `networks`.

    Raises
    ------
    TypeError, ValueError
        As `simulate_network`.

    Examples
    --------
    >>> from meanfield.neurons import LIF, Network, Poisson, Population
    >>> cells = Population(n=100, neuron=LIF())
    >>> inputs = [Poisson(target="A", rate=rate, weight=0.1) for rate in (8.0, 12.0)]
    >>> networks = [Network(populations={"A": cells}, inputs=[i]) for i in inputs]
    >>> low, high = simulate_networks(networks, duration=500.0, rng=1)
    >>> low["A"].rate.value < high["A"].rate.value
    True
    """
    if options.get("checkpoint") is not None:
        raise ValueError(
            "`checkpoint` must be None for several networks, which would share the file; "
            "call simulate_network for each"
        )
    if isinstance(networks, Network):
        raise TypeError(
            "`networks` must be a list; got Network; for realizations of one, give "
            "[network] * n"
        )
    networks = list(networks)
    seeds = np.random.SeedSequence(new_key(rng)).spawn(len(networks))
    workers = check_threads(threads) or available_threads()
    with (
        progress_bar(len(networks), progress, "network") as bar,
        ThreadPoolExecutor(workers) as pool,
    ):
        running = [
            pool.submit(
                simulate_network, net, rng=seed, threads=1, progress=False, **options
            )
            for net, seed in zip(networks, seeds, strict=True)
        ]
        for future in as_completed(running):
            if not future.cancelled() and future.exception() is not None:
                for other in running:
                    other.cancel()
            bar.update(1)
        return [future.result() for future in running]


def _checked_times(duration: Any, dt: Any, warmup: Any, bin: Any) -> tuple[float, ...]:
    if bin is None:
        bin = min(max(1.0, number("dt", dt)), number("duration", duration))
    given = {"duration": duration, "dt": dt, "warmup": warmup, "bin": bin}
    duration, dt, warmup, bin = (number(name, value) for name, value in given.items())
    require(dt > 0, "dt", "must be positive (ms)", dt)
    require(duration >= dt, "duration", f"must be at least dt={dt} (ms)", duration)
    require(warmup >= 0, "warmup", "must not be negative (ms)", warmup)
    inside = dt <= bin <= duration
    words = f"must be from dt={dt} to the duration, {duration} (ms)"
    require(inside, "bin", words, bin)
    return _rounded(duration, dt), dt, _rounded(warmup, dt), bin


def _rounded(t: float, dt: float) -> float:
    """Return the nearest whole number of steps, `t` itself where it is that."""
    steps = round(t / dt)
    return t if abs(t / dt - steps) < _ROUNDING else steps * dt


def _of_weights(given: Any) -> RecordWeights:
    if not isinstance(given, RecordWeights | None):
        kind = type(given).__name__
        raise TypeError(f"`record_weights` must be RecordWeights; got {kind}")
    return given or RecordWeights()


def _mapping(name: str, given: Any) -> Mapping[str, Any]:
    given = {} if given is None else given
    if not isinstance(given, Mapping):
        raise TypeError(
            f"`{name}` must be a mapping from names of populations; got "
            f"{type(given).__name__}"
        )
    return given


def _one_of(name: str, value: Any, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"`{name}` must be one of {tuple(allowed)}; got {value!r}")


def _known(network: Network, what: str, name: str) -> Population:
    if not isinstance(network.populations.get(name), Population):
        names = [n for n, p in network.populations.items() if isinstance(p, Population)]
        raise ValueError(f"`{what}` must be for populations {names}; got {name!r}")
    return network.populations[name]


def _set_state(
    built: Any, network: Network, name: str, state: Mapping[str, Any]
) -> None:
    """Put values into the state at the start."""
    n, a = _known(network, "initial", name).n, built.first[name]
    if not isinstance(state, Mapping):
        raise TypeError(
            f"`initial` of {name!r} must be a mapping from variables; got {state!r:.60}"
        )
    variables = built.variables[name]
    for variable, value in state.items():
        if variable not in variables:
            raise ValueError(
                f"`initial` of {name!r} must be of {variables}; got {variable!r}"
            )
        array = as_float(f"initial {variable}", value)
        require(np.isfinite(array), f"initial {variable}", "must be finite", array)
        if array.shape not in ((), (n,)):
            raise ValueError(
                f"`initial` {variable} must be a number or of shape ({n},); got shape "
                f"{array.shape}"
            )
        built.net.cells.S[variables.index(variable), a : a + n] = array


def _current(
    name: str, value: Any, network: Network, steps: int, dt: float, key: tuple
) -> Callable:
    """Return a function of times that gives checked currents."""
    n = _known(network, "currents", name).n
    if hasattr(value, "source"):
        place = list(network.populations).index(name)
        value = value.source(n, dt, np.random.SeedSequence(key, spawn_key=(place,)))

    def checked(array: Any, size: int) -> np.ndarray:
        array = as_float(f"currents of {name}", array).astype(np.float64)
        if array.shape not in ((size,), (size, n)):
            raise ValueError(
                f"`currents` of {name!r} must have shape (steps,) or (steps, n) = "
                f"({size}, {n}); got {array.shape}"
            )
        require(np.isfinite(array), f"currents of {name}", "must be finite", array)
        return array

    if callable(value):
        return lambda t: checked(value(t), t.size)
    whole = checked(value, steps)

    def part(t: np.ndarray) -> np.ndarray:
        first = round(t[0] / dt - 0.5)
        return whole[first : first + t.size]

    return part


def _watch(built, network, records, duration, dt, skip):
    """Lanes whose state is recorded, of all populations, in one span and rhythm."""
    from .network.engine import Watch

    chosen = {n: r for n, r in records.items() if r.voltage is not None}
    lanes = [
        r.voltage_of(network.populations[name].n) + built.first[name]
        for name, r in chosen.items()
    ]
    if not chosen:
        return Watch(np.empty(0, dtype=np.int64), 1, 1, (0, 0))
    rhythms = {(r.every, *r.span(duration)) for r in chosen.values()}
    if len(rhythms) > 1:
        raise ValueError(
            "`record` must have one span and one `every` for the states of all "
            f"populations; got {sorted(rhythms)}"
        )
    every, start, stop = rhythms.pop()
    span = (skip + round(start / dt), skip + round(stop / dt))
    rows = built.net.cells.S.shape[0] + max(map(len, built.synaptic.values()))
    return Watch(np.concatenate(lanes), rows, every, span)


def _records(
    network: Network, record: Mapping[str, Record], duration: float, warmup: float
) -> dict[str, Record]:
    """Return what to record of each population, checked."""
    for name in record:
        if name not in network.populations:
            raise ValueError(
                f"`record` must be for populations {tuple(network.populations)}; got "
                f"{name!r}"
            )
    found = {name: record.get(name, Record()) for name in network.populations}
    for name, entry in found.items():
        if not isinstance(entry, Record):
            raise TypeError(f"`record` of {name!r} must be a Record; got {entry!r:.60}")
        population = network.populations[name]
        entry.check(population.n, duration, warmup)
        if entry.voltage is not None and not isinstance(population, Population):
            kind = type(population).__name__
            raise ValueError(
                f"`record.voltage` must be None for {name!r}: a {kind} has no voltage"
            )
    return found


def _parts(network: Network, threads: int | None) -> int:
    """How many threads to share a network among: none has less than a block."""
    blocks = sum(-(-p.n // 256) for p in network.populations.values())
    if threads is None:
        return max(1, min(available_threads(), network.n // _WORTH_A_THREAD))
    return min(threads, blocks)


def _wanted(built: Any, network: Network, records: Mapping[str, Record]) -> np.ndarray:
    """Lanes whose spikes are kept."""
    wanted = np.zeros(built.net.cells.wait.size, dtype=np.bool_)
    for name, record in records.items():
        a, n = built.first[name], network.populations[name].n
        wanted[a : a + n] = record.wants_spikes(n, slice(0, n))
    return wanted


def _result(network, run, records, duration) -> NetworkResult:
    """Take apart by population what the engine has for all lanes."""
    engine, steps, found = run.engine, run.steps, {}
    built, dt, watch = engine.built, engine.dt, engine.watch
    step = np.concatenate([np.empty(0, dtype=np.int64), *(s for s, _ in run.spikes)])
    lane = np.concatenate([np.empty(0, dtype=np.int64), *(j for _, j in run.spikes)])
    for i, (name, population) in enumerate(network.populations.items()):
        a, n, record = built.first[name], population.n, records[name]
        moments = engine.moments[a : a + n]
        recorded = record.voltage is not None
        found[name] = PopulationResult(
            counts=moments[:, 0].astype(np.int64),
            intervals=moments[:, 1:] * np.array([1.0, dt, dt * dt]),
            activity=run.activity[i], bin=steps.bin * dt, duration=duration,
            spikes=_trains(record, step, lane - a, n, duration, dt, steps.skip),
            t=(watch.samples * watch.every - steps.skip) * dt if recorded else None,
            traces=_traces(built, watch, name, n) if recorded else {},
        )  # fmt: skip
    populations = network.populations
    shapes = [
        (populations[p.target].n, populations[p.source].n) for p in network.projections
    ]
    return NetworkResult(
        populations=found, weights=run.weights.results(steps.skip, shapes)
    )


def _traces(built: Any, watch: Any, name: str, n: int) -> dict[str, np.ndarray]:
    """Return what a population recorded of its variables and receptors."""
    a, rows = built.first[name], built.net.cells.S.shape[0]
    mine = (watch.lanes >= a) & (watch.lanes < a + n)
    places = dict(zip(built.variables[name], range(rows), strict=False))
    places |= {label: rows + i for i, label in enumerate(built.synaptic[name]) if label}
    return {label: watch.trace[mine, v] for label, v in places.items()}


def _trains(record, step, lane, n, duration, dt, skip) -> SpikeTrains | None:
    if record.spikes is None:
        return None
    start, stop = record.span(duration)
    first, last = (np.floor(t / dt + _ROUNDING) for t in (start, stop))
    number = step + 1 - skip
    inside = (lane >= 0) & (lane < n) & (number > first) & (number <= last)
    times = np.minimum(number * dt, stop)
    order = np.lexsort((times[inside], lane[inside]))
    return SpikeTrains(
        times=times[inside][order], neurons=lane[inside][order],
        t_start=start, t_stop=stop, n_neurons=n, recorded=record.spikes_of(n),
    )  # fmt: skip
