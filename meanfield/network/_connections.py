"""Mean and variance of what a projection or an input gives to a neuron."""

import math
from typing import Any, NamedTuple

import numpy as np

from ..neurons import (
    Alpha,
    Bernoulli,
    Delta,
    DistanceDependent,
    DoubleExponential,
    Exponential,
    FixedInDegree,
    FixedOutDegree,
    FixedTotalNumber,
    OneToOne,
    Parameters,
    Rule,
    Scaled,
    Sparse,
)

Degree = tuple[float, float]


def in_degree(rule: Rule, n_source: int, n_target: int, same: bool) -> Degree:
    """Return mean and variance, over targets, of the number of synapses."""
    if isinstance(rule, FixedInDegree | DistanceDependent):
        return float(rule.degree), 0.0
    if isinstance(rule, OneToOne):
        return 1.0, 0.0
    if isinstance(rule, Bernoulli):
        n = n_source - (same and not rule.autapses)
        return n * rule.p, n * rule.p * (1.0 - rule.p)
    if isinstance(rule, FixedOutDegree | FixedTotalNumber):
        out = isinstance(rule, FixedOutDegree)
        total = n_source * rule.degree if out else rule.number
        mean = total / n_target
        # Without multapses each source takes its targets without replacement.
        chance = mean / n_source if out and not rule.multapses else 1.0 / n_target
        return mean, mean * (1.0 - chance)
    raise TypeError(f"`rule` must be a connection rule; got {type(rule).__name__}")


class Weights(NamedTuple):
    """Over targets: mean and variance of summed weights, mean of summed squares."""

    degree: float
    sum: float
    sum_variance: float
    sum_square: float


def weights(projection: Any, n_source: int, n_target: int) -> Weights:
    """Add up the weights of a projection onto a neuron."""
    if isinstance(projection.rule, Sparse):
        matrix = projection.rule.matrix
        total = np.asarray(matrix.sum(axis=1)).reshape(-1)
        square = float((matrix.data**2).sum()) / n_target
        degree = matrix.nnz / n_target
        return Weights(degree, float(total.mean()), float(total.var()), square)
    same = projection.source == projection.target
    K, spread = in_degree(projection.rule, n_source, n_target, same)
    J, variance = moments("weight", projection.weight)
    return Weights(K, K * J, K * variance + spread * J**2, K * (variance + J**2))


def moments(name: str, value: Any) -> tuple[float, float]:
    """Return mean and variance of a number or a distribution."""
    if not hasattr(value, "rvs"):
        return float(value), 0.0
    scaled = isinstance(value, Scaled)
    factor, inner = (value.factor, value.distribution) if scaled else (1.0, value)
    if not (hasattr(inner, "mean") and hasattr(inner, "var")):
        raise TypeError(
            f"`{name}` must be a number or a distribution with mean() and var(), as those "
            f"of scipy.stats; got {type(inner).__name__}"
        )
    mean, variance = factor * float(inner.mean()), factor**2 * float(inner.var())
    if not (math.isfinite(mean) and math.isfinite(variance)):
        raise ValueError(f"`{name}` must have finite mean and variance; got {value!r}")
    return mean, variance


class Waveform(NamedTuple):
    """A postsynaptic response: its area for a peak of 1, and time constants [ms]."""

    area: float
    taus: tuple[float, ...]


def waveform(synapse: Parameters) -> Waveform:
    """Return area and time constants: the transform is area/prod(1 + i omega tau)."""
    if isinstance(synapse, Delta):
        return Waveform(1.0, ())
    if isinstance(synapse, Exponential):
        return Waveform(synapse.tau, (synapse.tau,))
    if isinstance(synapse, Alpha):
        return Waveform(math.e * synapse.tau, (synapse.tau, synapse.tau))
    if isinstance(synapse, DoubleExponential):
        rise, decay = synapse.tau_rise, synapse.tau_decay
        # peak^-1 = (decay/rise)^(rise/(decay - rise)), times decay; e for equal ones
        x = (decay - rise) / rise
        power = math.log1p(x) / x if x else 1.0
        return Waveform(decay * math.exp(power), (rise, decay))
    raise TypeError(
        "the mean field knows Delta, Exponential, Alpha and DoubleExponential synapses; "
        f"got {type(synapse).__name__}"
    )
