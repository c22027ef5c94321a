"""Rate, CV, power spectrum and linear response from spike trains, with errors."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .pooling import Measurement, Sums, jackknife, statistics
from .singles import NeuronCase
from .stimulate import stimulate, waves

__all__ = ["evaluate_neurons"]

_BIN = 0.25  # ms, of spectra


def evaluate_neurons(
    case: NeuronCase, simulate: Callable[..., Any] | None = None
) -> dict[str, Any]:
    """Simulate `case` until its precision is reached or its budget is spent.

    Parameters
    ----------
    case : NeuronCase
    simulate : callable, optional
        Stand-in for `stimulate.stimulate`.

    Returns
    -------
    dict
        The fields of `evaluate.Result`. Measurements are ``rate``, ``cv`` and
        ``spectrum F`` with the frequency F [kHz]; of a response ``real F`` and
        ``imag F`` [kHz per mV/ms].

    Notes
    -----
    *Intervals* of a train of length T are weighted by T/(T - x), the inverse of the chance
    to see one of length x as a whole: so short ones are not preferred.

    *Response*: with a drive a sin(2 pi f t), a neuron of rate r0 + Im(a N e^{2 pi i f t})
    has <sum_k e^{-2 pi i f t_k}>/T = a N/(2i). Of nine neurons eight have the amplitude a
    and one 2 a: (4 N(a) - N(2 a))/3 is free of the third order in a, the leading one that
    a finite amplitude adds. A step of dt keeps sinc(f dt)^2 of the drive and sinc(f dt) of
    the spikes' phases, which is made up for.
    """
    simulate = simulate or stimulate
    rows: list[Any] = []
    rounds, spikes, precise = 0, 0, False
    measurements: list[Measurement] = []
    n = case.replicas * case.simulated
    while rounds < case.max_rounds and not precise:
        trains = simulate(case, n, case.seed(rounds))
        spikes += trains.times.size
        rows.append((_responses if case.response else _intervals)(case, trains))
        measurements = (_measured_response if case.response else _measured)(case, rows)
        precise = _precise(case, measurements)
        rounds += 1
    return {
        "stop": "precision" if precise else "budget",
        "rounds": rounds,
        "replicas": case.replicas * rounds,
        "spikes": spikes,
        "measurements": tuple(measurements),
    }


def _precise(case: NeuronCase, measurements: list[Measurement]) -> bool:
    """Whether every error asked for is reached; values do not enter but as a scale."""
    found = {m.name: m for m in measurements}
    if not case.response:
        pair = [found["rate"], found["cv"]]
        return all(m.stderr <= case.precision * abs(m.value) for m in pair)
    relative = [
        math.hypot(found[f"real {f!r}"].stderr, found[f"imag {f!r}"].stderr)
        / math.hypot(found[f"real {f!r}"].value, found[f"imag {f!r}"].value)
        for f, _ in case.response
    ]
    return sum(relative) / len(relative) <= math.sqrt(2) * case.precision


def _intervals(case: NeuronCase, trains: Any) -> tuple[Sums, Any]:
    """Sum up each neuron, and estimate the power spectrum of all."""
    n, T = case.replicas, case.duration
    spikes = np.bincount(trains.neurons, minlength=n).astype(float)
    gaps = np.diff(trains.times)[np.diff(trains.neurons) == 0]
    who = trains.neurons[1:][np.diff(trains.neurons) == 0]
    weight = T / (T - gaps)
    m0, m1, m2, m3 = (np.bincount(who, weight * gaps**p, minlength=n) for p in range(4))
    zero = np.zeros(n)
    sums = Sums(np.ones(n), spikes, m0, m1, m2, m3, zero, zero, zero)
    return sums, _spectrum(case, trains) if case.spectrum else None


def _spectrum(case: NeuronCase, trains: Any) -> tuple[np.ndarray, np.ndarray, int]:
    """Power and error at the frequencies of the case, and the number of segments."""
    from spiking_reference import spectrum

    # Of spikes on a grid every bin must hold as many points.
    bin = _BIN if case.exact_times else case.dt * max(1, round(_BIN / case.dt))
    found = spectrum(trains, segment=case.segment, bin=bin)
    places = np.rint(np.array(case.spectrum) * case.segment).astype(int) - 1
    segments = int(2 * case.duration / case.segment) - 1
    return found.value[places], found.stderr[places], segments


def _measured(case: NeuronCase, rows: list) -> list[Measurement]:
    sums = Sums(*map(np.concatenate, zip(*(sums for sums, _ in rows), strict=True)))
    summary = partial(
        statistics, centre=0.0, duration=case.duration, window=case.duration
    )
    found = [m for m in jackknife(sums, summary) if m.name in ("rate", "cv")]
    if case.spectrum:
        value, stderr, segments = zip(*(powers for _, powers in rows), strict=True)
        mean = np.mean(value, axis=0)
        error = np.sqrt(np.sum(np.square(stderr), axis=0)) / len(rows)
        found += [
            Measurement(f"spectrum {f!r}", float(m), float(e), sum(segments))
            for f, m, e in zip(case.spectrum, mean, error, strict=True)
        ]
    return found


def _responses(case: NeuronCase, trains: Any) -> np.ndarray:
    """Linear response (replicas, frequencies), freed of the amplitude."""
    n = case.replicas * case.simulated
    f, amplitude = waves(case, n)
    angle = -2 * np.pi * f[trains.neurons] * (trains.times + case.warmup)
    total = sum(
        unit * np.bincount(trains.neurons, part(angle), minlength=n)
        for unit, part in ((1.0, np.cos), (1j, np.sin))
    )
    per_neuron = 2j * total / (case.duration * amplitude)
    if not case.exact_times:
        per_neuron /= np.sinc(f * case.dt) ** 3
    block = per_neuron.reshape(case.replicas, len(case.response), 9)
    return (4 * block[..., :8].mean(axis=-1) - block[..., 8]) / 3


def _measured_response(case: NeuronCase, rows: list) -> list[Measurement]:
    all_ = np.concatenate(rows)
    found = []
    for (f, _), column in zip(case.response, all_.T, strict=True):
        for name, x in (("real", column.real), ("imag", column.imag)):
            stderr = float(x.std(ddof=1) / np.sqrt(x.size))
            found.append(
                Measurement(f"{name} {f!r}", float(x.mean()), stderr, x.size - 1)
            )
    return found
