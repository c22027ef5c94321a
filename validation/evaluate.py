"""One case: simulate rounds of replicas until precise enough."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from .cases import Case
from .ensembles import evaluate_populations
from .layered import evaluate_layers
from .networks import LayeredCase
from .observe import evaluate_neurons
from .pooling import Measurement, Sums, interval_sums, jackknife, statistics
from .populations import PopulationCase
from .singles import NeuronCase

__all__ = ["Result", "evaluate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the simulation of one case found; no theory in it.

    Parameters
    ----------
    stop : {"precision", "budget"}
        Why the simulation ended.
    rounds, replicas, spikes : int
        How much was simulated.
    measurements : tuple of Measurement
        See `pooling.statistics`, `layered.measurement_name`,
        `observe.evaluate_neurons` and `ensembles.evaluate_populations` for the names.
    """

    stop: str
    rounds: int
    replicas: int
    spikes: int
    measurements: tuple[Measurement, ...]

    def __getitem__(self, name: str) -> Measurement:
        """Return a measurement by its name; NaN if there is none."""
        for measurement in self.measurements:
            if measurement.name == name:
                return measurement
        return Measurement(name, math.nan, math.nan, 0)


def evaluate(case: Case, simulate: Callable[..., Any] | None = None) -> Result:
    """Simulate `case` until its precision is reached or its budget is spent.

    Parameters
    ----------
    case : Case
    simulate : callable, optional
        Stand-in for `spiking_reference.simulate`, for `simulate_layers`, for
        `stimulate.stimulate`, or for `ensembles.realise`.

    Returns
    -------
    Result
        The same for the same case, wherever and whenever it is simulated.

    Notes
    -----
    Every round adds `case.replicas` independent replicas. The rule to stop looks at
    standard errors only, never at values; with 100 replicas and more it biases neither.
    Intervals count for the run in which they begin, and are pooled over replicas
    before anything is divided, so short intervals are not preferred.

    Examples
    --------
    >>> case = Case(mu=1.5, sigma=1.0, duration=2000, replicas=16, precision=0.1)
    >>> found = evaluate(case)
    >>> found.stop, abs(found["rate"].value - 0.0382) < 5 * found["rate"].stderr
    ('precision', True)
    """
    if isinstance(case, LayeredCase):
        return Result(**evaluate_layers(case, simulate))
    if isinstance(case, NeuronCase):
        return Result(**evaluate_neurons(case, simulate))
    if isinstance(case, PopulationCase):
        return Result(**evaluate_populations(case, simulate))
    if simulate is None:
        from spiking_reference import simulate
    pooled: Sums | None = None
    centre: float | None = None
    for rounds in range(1, case.max_rounds + 1):
        row, centre = _round(case, rounds - 1, simulate, centre)
        pooled = row if pooled is None else Sums(*map(_joined, pooled, row))
        measurements = jackknife(
            pooled,
            partial(
                statistics,
                centre=centre or 0.0,
                duration=case.duration,
                window=case.window,
            ),
        )
        precise = _precise(case, measurements)
        if precise or rounds == case.max_rounds:
            break
    else:
        raise AssertionError("a case has at least one round")
    if not case.correlation:
        measurements = [m for m in measurements if "correlation" not in m.name]
    return Result(
        stop="precision" if precise else "budget",
        rounds=rounds,
        replicas=len(pooled.neurons),
        spikes=round(float(pooled.spikes.sum())),
        measurements=tuple(measurements),
    )


def _joined(before: np.ndarray, new: np.ndarray) -> np.ndarray:
    return np.concatenate((before, new))


def _precise(case: Case, measurements: list[Measurement]) -> bool:
    """Whether every error asked for is reached; values do not enter but as a scale."""
    if case.sigma == 0:
        return True
    found = {m.name: m for m in measurements}
    for name in ("rate", "cv"):
        value, stderr = found[name].value, found[name].stderr
        if not stderr <= case.precision * abs(value):
            return False
    if case.correlation:
        return found["correlation"].stderr <= case.correlation_precision
    return True


def _round(
    case: Case, number: int, simulate: Callable[..., Any], centre: float | None
) -> tuple[Sums, float | None]:
    """Simulate one round; return a row per replica and the centre of intervals."""
    n = case.replicas
    runs = [_run(case, number, sign, simulate) for sign in _signs(case)]

    def per_replica(arrays: list) -> np.ndarray:
        return np.concatenate([np.reshape(x, (n, -1)) for x in arrays], axis=1)

    moments = np.stack(
        [per_replica([run.moments[:, i] for run in runs]) for i in range(5)], axis=-1
    )
    if centre is None and moments[..., 0].any():
        centre = float(np.average(moments[..., 1], weights=moments[..., 0]))
    intervals, t1, t2, t3 = (
        s.sum(axis=1) for s in interval_sums(moments, centre or 0.0)
    )
    rates = per_replica([run.rate.value for run in runs])
    variances = per_replica([run.count_variance(case.window).value for run in runs])
    plus, minus = (
        [_covariance(case, run) for run in runs]
        if case.correlation
        else [np.zeros(n), np.zeros(n)]
    )
    row = Sums(
        neurons=np.full(n, float(rates.shape[1])),
        spikes=rates.sum(axis=1) * case.duration,
        intervals=intervals,
        t1=t1,
        t2=t2,
        t3=t3,
        variance=variances.sum(axis=1),
        plus=plus,
        minus=minus,
    )
    return row, centre


def _signs(case: Case) -> tuple[int, ...]:
    """Signs of the input correlation to simulate: pairs are simulated with both."""
    return (1, -1) if case.correlation else (0,)


def _run(case: Case, number: int, sign: int, simulate: Callable[..., Any]) -> Any:
    from spiking_reference import WhiteNoise

    shape = (case.replicas, 2) if sign else (case.replicas,)
    drive = WhiteNoise(
        mu=np.full(shape, case.mu),
        sigma=case.sigma,
        correlation=sign * case.correlation if sign else None,
    )
    return simulate(
        case.neuron,
        drive,
        duration=case.duration,
        dt=case.dt,
        warmup=case.warmup,
        rng=case.seed(number, 0 if sign >= 0 else 1),
        scheme=case.scheme,
        count_windows=(case.window, 2 * case.window) if sign else (case.window,),
        threads=1,
    )


def _covariance(case: Case, run: Any) -> np.ndarray:
    """Count covariance per unit time of each pair, extrapolated to long windows.

    In a window W it is C - B/W, up to exponentially small terms; the sample covariance
    over the k windows of a replica expects C - B (1 + 1/k)/W (as for the variance, see
    `pooling.statistics`). Windows W and 2 W give C.
    """
    k = case.duration / case.window
    short, long = (
        np.asarray(run.covariance(w).value)[..., 0, 1]
        for w in (case.window, 2 * case.window)
    )
    u, v = 1 + 1 / k, (1 + 2 / k) / 2
    weight = u / (u - v)
    return weight * long + (1 - weight) * short
