"""One layered case: simulate rounds of replicas until precise enough."""

from collections.abc import Callable
from typing import Any

import numpy as np

from .chain import points
from .networks import LayeredCase, Network
from .pooling import Measurement

__all__ = ["evaluate_layers", "measurement_name"]

_LARGEST = 2.0**25  # entries of sums over pairs held at a time: 256 MB


def measurement_name(quantity: str, layer: int, unit: str) -> str:
    """Return the name under which a measurement of a layer is kept.

    Examples
    --------
    >>> measurement_name("covariance", 2, "0,3")
    'covariance 2 0,3'
    """
    return f"{quantity} {layer} {unit}"


def evaluate_layers(
    case: LayeredCase, simulate: Callable[..., Any] | None = None
) -> dict[str, Any]:
    """Simulate `case` until its precision is reached or its budget is spent.

    Parameters
    ----------
    case : LayeredCase
    simulate : callable, optional
        Stand-in for `spiking_reference.simulate_layers`.

    Returns
    -------
    dict
        The fields of `evaluate.Result`. Means over independent replicas, errors from
        the spread between them; see `measurement_name` and `chain.points`.
    """
    if simulate is None:
        from spiking_reference import simulate_layers as simulate
    network = case.build()
    rows: dict[str, list[np.ndarray]] = {}
    measurements: list[Measurement] = []
    rounds, spikes, precise = 0, 0.0, False
    while rounds < case.max_rounds and not precise:
        spikes += _round(case, network, rounds, simulate, rows)
        measurements = [_measured(name, parts) for name, parts in rows.items()]
        precise = _precise(case, measurements)
        rounds += 1
    return {
        "stop": "precision" if precise else "budget",
        "rounds": rounds,
        "replicas": case.replicas * rounds,
        "spikes": round(spikes),
        "measurements": tuple(measurements),
    }


def _measured(name: str, parts: list[np.ndarray]) -> Measurement:
    x = np.concatenate(parts)
    stderr = float(x.std(ddof=1) / np.sqrt(x.size))
    return Measurement(name, float(x.mean()), stderr, x.size - 1)


def _round(
    case: LayeredCase,
    network: Network,
    number: int,
    simulate: Callable[..., Any],
    rows: dict[str, list[np.ndarray]],
) -> float:
    """Add a row for each replica; return the number of spikes of all units."""
    pairs = 4 * sum(n * n for n in case.sizes[1:])
    chunk = int(min(max(_LARGEST // pairs, 1), case.replicas))
    spikes = 0.0
    for start in range(0, case.replicas, chunk):
        n = min(chunk, case.replicas - start)
        run = simulate(
            network.layers,
            _inputs(case, network, n),
            duration=case.duration,
            dt=case.dt,
            warmup=case.warmup,
            window=case.window,
            covariance="full",
            rng=case.seed(number, start),
            threads=1,
            progress=False,
        )
        for layer, moments in enumerate(run.layers, 1):
            rate, cov = np.asarray(moments.rate.value), np.asarray(moments.cov.value)
            spikes += float(rate.sum()) * case.duration
            for key, values in points(layer, rate, cov, case.units):
                rows.setdefault(measurement_name(*key), []).append(values)
    return spikes


def _inputs(case: LayeredCase, network: Network, n: int) -> Any:
    from spiking_reference import GaussianInput, PoissonInput

    rates = np.tile(network.rates, (n, 1))
    if case.inputs == "gaussian":
        return GaussianInput(mean=rates, cov=rates)
    return PoissonInput(rates)


def _precise(case: LayeredCase, measurements: list[Measurement]) -> bool:
    """Whether every error asked for is reached; values do not enter but as a scale."""
    found = {tuple(m.name.split()): m for m in measurements}
    units = [str(i) for i in range(case.units)]
    for layer in map(str, range(1, case.depth + 1)):
        rate, variance = (
            [found[quantity, layer, i] for i in units]
            for quantity in ("rate", "variance")
        )
        relative = sum(m.stderr for m in rate) / (
            sum(abs(m.value) for m in rate) or 1.0
        )
        scale = sum(m.value for m in variance) / len(units) or 1.0
        pairs = [
            m.stderr
            for (quantity, at, unit), m in found.items()
            if (quantity, at) == ("covariance", layer) and unit != "mean"
        ]
        correlation = sum(pairs) / len(pairs) / scale
        if relative > case.precision or correlation > case.correlation_precision:
            return False
    return True
