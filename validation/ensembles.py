"""Rates, irregularity, spectra and correlations of populations, over realisations."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .pooling import Measurement
from .populations import PopulationCase

__all__ = ["evaluate_populations", "realise"]

_BIN = 0.5  # ms, of the activity
_LOOKED_AT = 50  # neurons whose input is recorded
_SAMPLES = 1.0  # ms between them


def evaluate_populations(
    case: PopulationCase, simulate: Callable[..., Any] | None = None
) -> dict[str, Any]:
    """Simulate realisations of `case` until its precision is reached or budget spent.

    Parameters
    ----------
    case : PopulationCase
    simulate : callable, optional
        Stand-in for `realise`.

    Returns
    -------
    dict
        The fields of `evaluate.Result`. Measurements are named by what is observed, the
        populations and the place: ``rate E``, ``pairs E,I``, ``spectrum E 20 Hz``,
        ``rate E 500 ms``, ``real E 20 Hz``. Standard errors are those of the mean over
        realisations of connections, noise and start.

    Notes
    -----
    *CV*: of all intervals of a population, an interval x in a time T weighted by
    T/(T - x), so that short ones are not preferred.

    *SD of rates*: the root of the covariance, over neurons, of the counts in the two
    halves of the time, which is free of the noise of the counts.

    *Pairs*: sums of counts over a population and counts of neurons give the mean
    covariance of pairs; it is divided by the mean variance.
    """
    simulate = simulate or realise
    rows: list[dict[str, float]] = []
    rounds, spikes, precise = 0, 0, False
    measurements: list[Measurement] = []
    while rounds < case.max_rounds and not precise:
        for replica in range(case.replicas):
            run = simulate(case, case.seed(rounds, replica))
            spikes += sum(int(result.counts.sum()) for result in run.values())
            rows.append(_observed(case, run))
        rounds += 1
        measurements = _over_realisations(rows)
        precise = _precise(case, measurements)
    return {
        "stop": "precision" if precise else "budget",
        "rounds": rounds,
        "replicas": len(rows),
        "spikes": spikes,
        "measurements": tuple(measurements),
    }


def realise(case: PopulationCase, seed: np.random.SeedSequence) -> dict[str, Any]:
    """Simulate one realisation; return the result of each population of neurons."""
    from meanfield.neurons import Population
    from spiking_reference import Record, simulate_network

    network = case.build()
    names = [n for n, p in network.populations.items() if isinstance(p, Population)]
    wanted = _wants_spikes(case)
    looked = np.arange(_LOOKED_AT) if "input" in case.observe else None
    every = round(_SAMPLES / case.step)
    run = simulate_network(
        network, duration=case.duration, dt=case.step, warmup=case.warmup, rng=seed,
        record={
            name: Record(spikes=wanted or None, voltage=looked, every=every)
            for name in names
        },
        currents=_drive(case, network, names[0]), bin=_BIN, threads=1, progress=False,
    )  # fmt: skip
    return {name: run[name] for name in names}


def _wants_spikes(case: PopulationCase) -> bool:
    return bool({"cv", "sd", "pairs"} & set(case.observe))


def _drive(case: PopulationCase, network: Any, name: str) -> dict[str, Any]:
    from spiking_reference import Sinusoid

    capacitance = getattr(network.populations[name].neuron, "C_m", 1.0)
    waves: list[Any] = [
        Sinusoid(amplitude=a * capacitance, frequency=f) for f, a in case.response
    ]
    return {name: sum(waves[1:], waves[0])} if waves else {}


def _over_realisations(rows: list[dict[str, float]]) -> list[Measurement]:
    found = []
    for name in rows[0]:
        x = np.array([row[name] for row in rows])
        error = float(x.std(ddof=1) / math.sqrt(x.size))
        found.append(Measurement(name, float(x.mean()), error, x.size - 1))
    return found


def _precise(case: PopulationCase, measurements: list[Measurement]) -> bool:
    """Whether the errors of the rates are as asked for, but of a population at rest."""
    rates = [m for m in measurements if m.name.startswith("rate ")]
    top = max((m.value for m in rates), default=0.0)
    return all(m.stderr <= case.precision * max(m.value, 0.1 * top) for m in rates)


def _observed(case: PopulationCase, run: dict[str, Any]) -> dict[str, float]:
    row: dict[str, float] = {}
    for name, result in run.items():
        row[f"rate {name}"] = float(result.counts.mean()) / case.duration
        if "cv" in case.observe:
            row[f"cv {name}"] = _cv(result.spikes, case.duration)
        if "sd" in case.observe:
            row[f"sd {name}"] = _spread(result.spikes, case.duration)
        if "input" in case.observe:
            row[f"input {name}"] = _input(case, name, result)
        row |= {f"rate {name} {t:g} ms": _rate_at(case, result, t) for t in case.times}
        row |= _powers(case, name, result) | _responses(case, name, result)
    if "pairs" in case.observe:
        row |= _correlations(case, run)
    return row


def _cv(spikes: Any, T: float) -> float:
    gaps = np.diff(spikes.times)[np.diff(spikes.neurons) == 0]
    if gaps.size < 2:
        return math.nan
    weight = T / (T - gaps)
    mean = np.average(gaps, weights=weight)
    return math.sqrt(np.average((gaps - mean) ** 2, weights=weight)) / mean


def _spread(spikes: Any, T: float) -> float:
    n = spikes.n_neurons
    late = spikes.times >= spikes.t_start + T / 2
    halves = [np.bincount(spikes.neurons[part], minlength=n) for part in (late, ~late)]
    return 2 / T * math.sqrt(max(float(np.cov(halves)[0, 1]), 0.0))


def _input(case: PopulationCase, name: str, result: Any) -> float:
    population = case.build().populations[name]
    receptors = [result.traces[r] for r in population.receptors]
    return float(np.mean(sum(receptors)) + np.mean(population.current))


def _rate_at(case: PopulationCase, result: Any, t: float) -> float:
    first = round((t - case.window / 2) / result.bin)
    bins = result.activity[first : first + round(case.window / result.bin)]
    return float(bins.sum() / (bins.size * result.bin * result.n))


def _powers(case: PopulationCase, name: str, result: Any) -> dict[str, float]:
    if not case.spectrum:
        return {}
    from spiking_reference import activity_spectrum

    found = activity_spectrum(result, segment=case.segment)
    return {
        f"spectrum {name} {1e3 * f:g} Hz": float(
            found.value[round(f * case.segment) - 1]
        )
        for f in case.spectrum
    }


def _responses(case: PopulationCase, name: str, result: Any) -> dict[str, float]:
    """Linear response, of a drive a sin(2 pi f t) that began with the warm-up."""
    row = {}
    middle = (np.arange(result.activity.size) + 0.5) * result.bin
    for f, amplitude in case.response:
        # Spikes stand at the end of the step in which the path reaches threshold.
        angle = 2 * math.pi * f * (middle + case.warmup - case.step / 2)
        total = np.sum(result.activity * np.exp(-1j * angle)) / result.n
        N = 2j * total / (case.duration * amplitude)
        N /= np.sinc(f * case.step) * np.sinc(f * result.bin)
        row[f"real {name} {1e3 * f:g} Hz"] = float(N.real)
        row[f"imag {name} {1e3 * f:g} Hz"] = float(N.imag)
    return row


def _correlations(case: PopulationCase, run: dict[str, Any]) -> dict[str, float]:
    windows = int(case.duration / case.window)
    counts = {
        name: _counts(result.spikes, case.window, windows)
        for name, result in run.items()
    }
    names, row = list(run), {}
    for i, a in enumerate(names):
        for b in names[i:]:
            x, y = counts[a], counts[b]
            covariance = np.cov(x.sum(axis=0), y.sum(axis=0))[0, 1]
            own = [z.var(axis=1, ddof=1).mean() for z in (x, y)]
            pairs = len(x) * len(y)
            if a == b:
                covariance -= len(x) * own[0]
                pairs -= len(x)
            scale = math.sqrt(own[0] * own[1])
            found = covariance / (pairs * scale) if scale else math.nan
            row[f"pairs {a},{b}"] = float(found)
    return row


def _counts(spikes: Any, window: float, windows: int) -> np.ndarray:
    place = ((spikes.times - spikes.t_start) / window).astype(np.int64)
    kept = place < windows
    flat = spikes.neurons[kept] * windows + place[kept]
    counts = np.bincount(flat, minlength=spikes.n_neurons * windows)
    return counts.reshape(spikes.n_neurons, windows)
