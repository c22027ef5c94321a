"""What the theory predicts for a network of layers, and where its assumptions end."""

import dataclasses
import math
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from meanfield import LIF, Moments, moment_activation, moment_map

from .networks import LayeredCase, Network, SpikingLayer

__all__ = [
    "Regime",
    "chain",
    "layer_allowances",
    "points",
    "predict_layers",
    "regime",
]

Key = tuple[str, int, str]  # quantity, layer from 1, unit(s) or "mean"
# Relative bias that the simulator's documentation leaves it; a variance takes the
# rate's and twice the CV's.
_SIMULATOR_RATE, _SIMULATOR_VARIANCE = 1e-3, 3e-3
_OVERSHOOT = 0.5  # of the size of a jump
_PEAK = 0.5  # of what the spectrum rises by from low to high frequencies
_LARGEST_SHIFT = 0.5  # of V_th - V_reset


class Regime(NamedTuple):
    """Where a layer works, as predicted, on average over its units.

    jump: size of the jumps over V_th - V_reset, 0 for white noise; spikes: that a unit
    receives in tau_m; fano: Fano factor of the trains below; mu, sigma: of the drive
    [mV/ms, mV/sqrt(ms)].
    """

    jump: float
    spikes: float
    fano: float
    mu: float
    sigma: float


def points(
    layer: int, rate: np.ndarray, cov: np.ndarray, units: int
) -> Iterator[tuple[Key, np.ndarray]]:
    """Name what is compared of a layer.

    Parameters
    ----------
    layer : int
        Number of the layer, from 1.
    rate, cov : numpy.ndarray
        (..., n) and (..., n, n), measured or predicted.
    units : int
        So many units are compared one by one, and all their pairs.

    Yields
    ------
    Key, numpy.ndarray
        Quantity, layer and unit; and (...): "rate" and "variance" of each unit,
        "covariance" of each pair, and for each quantity the "mean" over the layer.

    Examples
    --------
    >>> rate, cov = np.array([1.0, 2.0]), np.array([[3.0, 0.5], [0.5, 4.0]])
    >>> for (quantity, layer, unit), value in points(1, rate, cov, 2):
    ...     print(quantity, layer, unit, value)
    rate 1 mean 1.5
    variance 1 mean 3.5
    covariance 1 mean 0.5
    rate 1 0 1.0
    variance 1 0 3.0
    rate 1 1 2.0
    variance 1 1 4.0
    covariance 1 0,1 0.5
    """
    n = rate.shape[-1]
    variance = np.diagonal(cov, axis1=-2, axis2=-1)
    pairs = (cov.sum(axis=(-2, -1)) - variance.sum(axis=-1)) / (n * (n - 1))
    yield ("rate", layer, "mean"), rate.mean(axis=-1)
    yield ("variance", layer, "mean"), variance.mean(axis=-1)
    yield ("covariance", layer, "mean"), pairs
    for i in range(units):
        yield ("rate", layer, f"{i}"), rate[..., i]
        yield ("variance", layer, f"{i}"), variance[..., i]
    for i in range(units):
        for j in range(i + 1, units):
            yield ("covariance", layer, f"{i},{j}"), cov[..., i, j]


def chain(network: Network) -> Iterator[tuple[Moments, Moments]]:
    """Pass moments through the layers of a network.

    Parameters
    ----------
    network : Network

    Yields
    ------
    Moments, Moments
        Of the input currents and of the output spike trains of each layer.

    Notes
    -----
    mean -> W mean + mu, C -> W C W^T + diag(sigma^2), then `meanfield.moment_map`; the
    sources are white with mean = variance = rate.
    """
    mean, cov = network.rates, network.rates
    for layer in network.layers:
        drive, output = _through(layer, mean, cov)
        mean, cov = output
        yield drive, output


def predict_layers(case: LayeredCase) -> tuple[Moments, ...]:
    """Return the moment network's rates and covariances of each layer.

    Parameters
    ----------
    case : LayeredCase

    Returns
    -------
    tuple of Moments
        ``mean`` (n,) and ``cov`` (n, n) of each layer [kHz].

    Examples
    --------
    >>> case = LayeredCase(mu=0.8, sigma=1.0, fan_in=20, depth=2)
    >>> [moments.mean.shape for moments in predict_layers(case)]
    [(100,), (10,)]
    """
    return tuple(output for _, output in chain(case.build()))


def _through(
    layer: SpikingLayer, mean: np.ndarray, cov: np.ndarray
) -> tuple[Moments, Moments]:
    weights, neuron, mu, sigma = layer
    # Of the sources, which are independent, `cov` is their variances.
    spread = (weights * cov if cov.ndim == 1 else weights @ cov) @ weights.T
    spread = (spread + spread.T) / 2 + np.diag(sigma**2)
    drive = Moments(weights @ mean + mu, spread)
    return drive, moment_map(*drive, neuron)


@lru_cache(maxsize=256)
def regime(case: LayeredCase) -> tuple[Regime, ...]:
    """Return where each layer of a case works.

    Examples
    --------
    >>> first, second = regime(LayeredCase(mu=0.8, sigma=1.0, fan_in=20, depth=2))
    >>> first.fano, second.fano < 1
    (1.0, True)
    """
    network, found = case.build(), []
    rates = variances = network.rates
    for i, (layer, (drive, output)) in enumerate(
        zip(network.layers, chain(network), strict=True)
    ):
        white = i == 0 and case.inputs == "gaussian"
        room = float(case.neuron.V_th) - float(case.neuron.V_reset)
        spikes = (layer.weights != 0) @ rates * float(case.neuron.tau_m)
        found.append(
            Regime(
                jump=0.0 if white else float(_jumps(layer, variances).mean()) / room,
                spikes=math.inf if white else float(spikes.mean()),
                fano=float(variances.sum() / rates.sum()),
                mu=float(drive.mean.mean()),
                sigma=float(np.sqrt(np.diagonal(drive.cov)).mean()),
            )
        )
        rates, variances = output.mean, np.diagonal(output.cov)
    return tuple(found)


def layer_allowances(
    case: LayeredCase,
) -> dict[Key, tuple[tuple[str, float, float], ...]]:
    """Return the theory-error budget of everything that `points` names.

    Parameters
    ----------
    case : LayeredCase

    Returns
    -------
    dict
        Reason, below and above of each limit, see `predict.Allowance`.

    Notes
    -----
    Each limit is a change of the prediction itself, passed on through the layers.

    *Finite jumps*: a voltage that moves in jumps passes the threshold by part of a
    jump, as if the threshold were higher; skewed jumps reach it more, or less, easily.
    Allowed is what the theory changes by if all thresholds move up or down by half of
    J = sum |w|^3 v/sum w^2 v (sources of variance v). Measured: see the theory page on
    spiking networks.

    *Coloured input*: spike trains of a layer have the power spectrum that the theory
    takes, their count variance, at frequency 0 only; at high frequencies it is their
    rate, and between the two, where firing is regular, there is a peak. Allowed is what
    the theory changes by if the next layer takes the rate, and half as much again for
    the peak, in place of the variance.

    *Linear chi*: to first order in the input correlation rho. In the Wiener chaos
    expansion the output correlation is sum_k a_k b_k rho^k with sum a_k^2 = sum b_k^2
    = 1, and a_1, b_1 = chi (Mehler's formula): the rest is at most
    sqrt((1 - chi_i^2)(1 - chi_j^2)) rho^2.

    *Finite window*: the count variance in a window W is its limit + e/W with
    e = 1/6 + cv^4/2 - m3/(3 m1^3) for renewal trains (Cox 1962): between 1/6 and
    1/6 - cv^4/2 for exponential intervals after a dead time and for inverse Gaussian
    ones; 1/6 + cv^4/2 is allowed either way. Covariances build up within 2 tau_m.
    """
    return _allowances(case)


@lru_cache(maxsize=256)
def _allowances(case: LayeredCase) -> dict[Key, tuple[tuple[str, float, float], ...]]:
    network = case.build()
    base = list(chain(network))
    found: dict[Key, list[tuple[str, float, float]]] = {}

    def add(reason: str, layer: int, below: Moments, above: Moments) -> None:
        low = dict(points(layer, *below, case.units))
        for key, high in points(layer, *above, case.units):
            found.setdefault(key, []).append((reason, float(low[key]), float(high)))

    limits = {"coloured input": [_coloured(network)]}
    limits["finite jumps"] = [_shifted(case, network, sign) for sign in (1, -1)]
    for reason, changed in limits.items():
        for layer, (_, output) in enumerate(base, 1):
            others = [moments[layer - 1] for moments in changed]
            add(reason, layer, *_reach(output, others))
    for layer, (drive, output) in enumerate(base, 1):
        simulator = Moments(
            _SIMULATOR_RATE * output.mean, _SIMULATOR_VARIANCE * np.abs(output.cov)
        )
        add("simulator's bias", layer, simulator, simulator)
        for reason, rest in (
            ("finite window", _window_rest(case, output)),
            ("linear chi", _nonlinear(case.neuron, drive, output)),
        ):
            both = Moments(np.zeros_like(output.mean), rest)
            add(reason, layer, both, both)
    return {
        key: tuple(term for term in terms if any(term[1:]))
        for key, terms in found.items()
    }


def _reach(base: Moments, others: list[Moments]) -> tuple[Moments, Moments]:
    """How far some alternatives lie below and above a prediction, element by element."""
    below = [
        np.max([b - o for o in x] + [0 * b], axis=0) for b, x in _fields(base, others)
    ]
    above = [
        np.max([o - b for o in x] + [0 * b], axis=0) for b, x in _fields(base, others)
    ]
    return Moments(*below), Moments(*above)


def _fields(base: Moments, others: list[Moments]) -> Iterator[tuple]:
    for i, field in enumerate(base):
        yield field, [other[i] for other in others]


def _coloured(network: Network) -> list[Moments]:
    mean, cov, found = network.rates, network.rates, []
    for layer in network.layers:
        _, (mean, low) = _through(layer, mean, cov)
        found.append(Moments(mean, low))
        change = mean - np.diagonal(low)
        cov = low + np.diag(np.where(change > 0, (1 + _PEAK) * change, change))
    return found


def _shifted(case: LayeredCase, network: Network, sign: int) -> list[Moments]:
    mean, cov, found = network.rates, network.rates, []
    for i, layer in enumerate(network.layers):
        white = i == 0 and case.inputs == "gaussian"
        size = _jumps(layer, cov if i == 0 else np.diagonal(cov))
        shift = np.zeros_like(size) if white else sign * _OVERSHOOT * size
        neuron = layer.neuron
        room = float(neuron.V_th) - float(neuron.V_reset)
        shift = np.maximum(shift, -_LARGEST_SHIFT * room)
        moved = dataclasses.replace(neuron, V_th=neuron.V_th + shift)
        _, (mean, cov) = _through(layer._replace(neuron=moved), mean, cov)
        found.append(Moments(mean, cov))
    return found


def _jumps(layer: SpikingLayer, variance: np.ndarray) -> np.ndarray:
    """Size (n_out,) of the jumps [mV] that make up the noise of a unit."""
    size = np.abs(layer.weights)
    total = size**2 @ variance + layer.sigma**2
    return size**3 @ variance / np.where(total > 0, total, 1.0)


def _window_rest(case: LayeredCase, output: Moments) -> np.ndarray:
    with np.errstate(all="ignore"):
        fano = np.nan_to_num(np.diagonal(output.cov) / output.mean)
    rest = 2 * float(case.neuron.tau_m) / case.window * np.abs(output.cov)
    np.fill_diagonal(rest, (1 / 6 + fano**2 / 2) / case.window)
    return rest


def _nonlinear(neuron: LIF, drive: Moments, output: Moments) -> np.ndarray:
    sigma = np.sqrt(np.diagonal(drive.cov))
    chi = moment_activation(drive.mean, sigma, neuron).chi
    std = np.sqrt(np.diagonal(output.cov))
    with np.errstate(all="ignore"):
        rho = np.nan_to_num(drive.cov / np.multiply.outer(sigma, sigma))
    free = std * np.sqrt(np.maximum(1 - chi**2, 0.0))
    rest = np.multiply.outer(free, free) * rho**2
    np.fill_diagonal(rest, 0.0)
    return rest
