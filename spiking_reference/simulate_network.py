"""The entry for networks of neurons."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any

import numpy as np

from meanfield.neurons import Network, Population, as_float, require

from .arguments import check_threads, new_key, number
from .engine import available_threads
from .network_result import NetworkResult, PopulationResult
from .progress import progress_bar
from .record import Record
from .results import SpikeTrains

__all__ = ["simulate_network", "simulate_networks"]


def simulate_network(
    network: Network,
    *,
    duration: float,
    dt: float = 0.1,
    warmup: float = 0.0,
    currents: Mapping[str, Any] | None = None,
    initial: Mapping[str, Mapping[str, Any]] | None = None,
    record: Mapping[str, Record] | None = None,
    bin: float = 1.0,
    refractory_input: str = "discard",
    conductance: str = "mean",
    rng: Any = None,
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
        middles of steps (steps,) [ms from the start] that returns (steps,) or (steps, n),
        called in chunks, or an array of that shape for all steps.
    initial : mapping of str to mapping, optional
        State at the start, by population and variable, e.g. ``{"E": {"V": V0}}``.
    record : mapping of str to Record, optional
        Spikes and states to keep, by population.
    bin : float, optional
        Width [ms] of the bins of the populations' activity.
    refractory_input : {"discard", "keep"}, optional
        What happens to jumps of the voltage that arrive in the refractory period: they
        are lost, or act at its end.
    conductance : {"mean", "start", "end"}, optional
        What of a step's synaptic variable acts on the membrane.
    rng : None, int, SeedSequence, Generator and the like, optional
        Randomness: whatever `numpy.random.default_rng` takes.
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
    from .network.engine import Engine, Watch

    if not isinstance(network, Network):
        raise TypeError(f"`network` must be a Network; got {type(network).__name__}")
    duration, dt, warmup, bin = _checked_times(duration, dt, warmup, bin)
    _one_of("refractory_input", refractory_input, ("discard", "keep"))
    _one_of("conductance", conductance, ("mean", "start", "end"))
    options = Options(dt=dt, refractory_input=refractory_input, conductance=conductance)
    skip, steps, width = (round(t / dt) for t in (warmup, duration, bin))
    key = new_key(rng)
    built = build(network, options, np.array(key, dtype=np.uint64))
    names = list(network.populations)
    for name, state in (initial or {}).items():
        _set_state(built, network, name, state)
    given = {}
    for name, value in (currents or {}).items():
        function = _current(name, value, network, skip + steps, dt, key)
        given[names.index(name)] = function
    records = {name: (record or {}).get(name, Record()) for name in names}
    for name, entry in records.items():
        entry.check(network.populations[name].n, duration, warmup)
    watch = _watch(built, network, records, duration, dt, skip, Watch)
    engine = Engine(built, dt=dt, warmup=skip, watch=watch, currents=given)
    wanted = _wanted(built, network, records)
    activity, spikes = _run(engine, skip, steps, width, wanted, progress)
    return _result(
        network,
        built,
        engine,
        activity,
        spikes,
        records,
        watch,
        duration,
        bin,
        dt,
        skip,
    )


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
        As for `simulate_network`.

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
    networks = list(networks)
    seeds = np.random.SeedSequence(new_key(rng)).spawn(len(networks))
    workers = check_threads(threads) or available_threads()
    with (
        progress_bar(len(networks), progress, "network") as bar,
        ThreadPoolExecutor(workers) as pool,
    ):
        running = [
            pool.submit(simulate_network, net, rng=seed, progress=False, **options)
            for net, seed in zip(networks, seeds, strict=True)
        ]
        for future in as_completed(running):
            if future.exception() is not None:
                for other in running:
                    other.cancel()
            bar.update(1)
        return [future.result() for future in running]


def _checked_times(duration: Any, dt: Any, warmup: Any, bin: Any) -> tuple[float, ...]:
    given = {"duration": duration, "dt": dt, "warmup": warmup, "bin": bin}
    duration, dt, warmup, bin = (number(name, value) for name, value in given.items())
    require(dt > 0, "dt", "must be positive (ms)", dt)
    require(duration >= dt, "duration", f"must be at least dt={dt} (ms)", duration)
    require(warmup >= 0, "warmup", "must not be negative (ms)", warmup)
    require(bin >= dt, "bin", f"must be at least dt={dt} (ms)", bin)
    return duration, dt, warmup, bin


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


def _watch(built, network, records, duration, dt, skip, kind):
    """Lanes whose state is recorded, of all populations, in one span and rhythm."""
    chosen = {n: r for n, r in records.items() if r.voltage is not None}
    lanes = [
        r.voltage_of(network.populations[name].n) + built.first[name]
        for name, r in chosen.items()
    ]
    if not chosen:
        return kind(np.empty(0, dtype=np.int64), 1, 1, (0, 0))
    rhythms = {(r.every, *r.span(duration)) for r in chosen.values()}
    if len(rhythms) > 1:
        raise ValueError(
            "`record` must have one span and one `every` for the states of all "
            f"populations; got {sorted(rhythms)}"
        )
    every, start, stop = rhythms.pop()
    span = (skip + round(start / dt), skip + round(stop / dt))
    return kind(np.concatenate(lanes), built.net.cells.S.shape[0], every, span)


def _wanted(built: Any, network: Network, records: Mapping[str, Record]) -> np.ndarray:
    """Lanes whose spikes are kept."""
    wanted = np.zeros(built.net.cells.wait.size, dtype=np.bool_)
    for name, record in records.items():
        a, n = built.first[name], network.populations[name].n
        wanted[a : a + n] = record.wants_spikes(n, slice(0, n))
    return wanted


def _run(engine, skip, steps, width, wanted, progress):
    """Advance, and sum up activity in bins; keep the spikes that were asked for."""
    bins = max(1, steps // width)
    activity = np.zeros((engine.built.net.cells.first.size, bins), dtype=np.int64)
    spikes = []
    with progress_bar(skip + steps, progress, "step") as bar:
        while engine.step < skip + steps:
            k = engine.step
            limit = skip - k if k < skip else skip + steps - k
            rate, found = engine.advance(min(engine.call, limit))
            if k >= skip:
                place = (np.arange(k, engine.step) - skip) // width
                inside = place < bins
                for row, values in zip(activity, rate, strict=True):
                    np.add.at(row, place[inside], values[inside])
            for step, lane in found:
                kept = wanted[lane]
                spikes.append((step[kept], lane[kept]))
            bar.update(engine.step - k)
    return activity, spikes


def _result(
    network, built, engine, activity, spikes, records, watch, duration, bin, dt, skip
) -> NetworkResult:
    """Take apart by population what the engine has for all lanes."""
    box, found = engine.box, {}
    step = np.concatenate([np.empty(0, dtype=np.int64), *(s for s, _ in spikes)])
    lane = np.concatenate([np.empty(0, dtype=np.int64), *(j for _, j in spikes)])
    for i, (name, population) in enumerate(network.populations.items()):
        a, n, record = built.first[name], population.n, records[name]
        moments = box.moments[a : a + n]
        mine = (watch.lanes >= a) & (watch.lanes < a + n)
        recorded = record.voltage is not None
        found[name] = PopulationResult(
            counts=moments[:, 0].astype(np.int64),
            intervals=moments[:, 1:] * np.array([1.0, dt, dt * dt]),
            activity=activity[i], bin=round(bin / dt) * dt, duration=duration,
            spikes=_trains(record, step, lane - a, n, duration, dt, skip),
            t=(watch.samples * watch.every - skip) * dt if recorded else None,
            traces={
                variable: watch.trace[mine, v]
                for v, variable in enumerate(built.variables[name])
            } if recorded else {},
        )  # fmt: skip
    return NetworkResult(populations=found)


def _trains(record, step, lane, n, duration, dt, skip) -> SpikeTrains | None:
    if record.spikes is None:
        return None
    start, stop = record.span(duration)
    times = (step + 1 - skip) * dt
    inside = (lane >= 0) & (lane < n) & (times > start) & (times <= stop)
    order = np.lexsort((times[inside], lane[inside]))
    return SpikeTrains(
        times=times[inside][order], neurons=lane[inside][order],
        t_start=start, t_stop=stop, n_neurons=n,
    )  # fmt: skip
