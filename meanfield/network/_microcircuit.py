"""The cortical microcircuit of Potjans and Diesmann."""

import math
from typing import Any

import numpy as np
from scipy import stats

from ..errors import require
from ..neurons import (
    LIF,
    Exponential,
    FixedTotalNumber,
    Network,
    Poisson,
    Population,
    Projection,
    Scaled,
)

__all__ = ["microcircuit"]

NAMES = ("23E", "23I", "4E", "4I", "5E", "5I", "6E", "6I")
SIZES = (20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948)
# Table 5 of the source: probability of a connection, row = target
_PROBABILITIES = (
    (0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0),
    (0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0),
    (0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0),
    (0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0),
    (0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0),
    (0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0),
    (0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252),
    (0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443),
)
_EXTERNAL = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)  # in-degrees
_EXTERNAL_RATE = 0.008  # kHz
_WEIGHT, _G, _DOUBLED = 87.8, 4.0, ("23E", "4E")  # pA; target, source
_SPREAD = 0.1  # SD over mean of the weights
_DELAYS, _DELAY_SPREAD = {"E": 1.5, "I": 0.75}, 0.5  # ms, SD over mean
_C_M, _TAU_SYN = 250.0, 0.5  # pF, ms
_NEURON = LIF(tau_m=10.0, t_ref=2.0, V_th=-50.0, V_reset=-65.0, E_L=-65.0)
# Simulated at full scale by the authors of the source's reference implementation [kHz];
# what a scaled-down network replaces by a constant current is their input.
_RATES = np.array([0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829]) * 1e-3


def microcircuit(
    *,
    size_scale: float = 1.0,
    degree_scale: float = 1.0,
    external: str = "poisson",
    weight_spread: float = _SPREAD,
    delay_spread: float = _DELAY_SPREAD,
    shortest_delay: float = 0.1,
) -> Network:
    """Local cortical circuit of Potjans and Diesmann (2014): 77,169 neurons.

    Parameters
    ----------
    size_scale : float
        Factor of the sizes of the populations.
    degree_scale : float
        Factor of the in-degrees. Weights are divided by its root, and a constant current
        keeps the mean input at the rates of the full circuit.
    external : {"poisson", "dc"}
        Whether external input is Poisson, or a constant of the same mean.
    weight_spread, delay_spread : float
        Standard deviation over mean of the weights, and of the delays.
    shortest_delay : float
        Delays are drawn from a normal distribution above this [ms].

    Returns
    -------
    Network
        Populations "23E", "23I", "4E", "4I", "5E", "5I", "6E", "6I".

    Raises
    ------
    ValueError
        If a value is out of range.

    Notes
    -----
    Table 5 of [1]_. A probability p of a connection stands for
    ln(1 - p)/ln(1 - 1/(N_a N_b)) synapses at random places. Scaling as in [2]_: smaller
    networks are more correlated, at rates near those of the full circuit.

    References
    ----------
    .. [1] T. C. Potjans, M. Diesmann, Cereb. Cortex 24, 785 (2014),
       doi:10.1093/cercor/bhs358
    .. [2] S. J. van Albada, M. Helias, M. Diesmann, PLoS Comput. Biol. 11, e1004490 (2015),
       doi:10.1371/journal.pcbi.1004490

    Examples
    --------
    >>> from meanfield.network import mean_field, microcircuit
    >>> net = mean_field(microcircuit())
    >>> round(float(net.degree[0, 0]), 1)
    2199.9
    """
    for name, value in {
        "size_scale": size_scale, "degree_scale": degree_scale
    }.items():  # fmt: skip
        require(0 < value <= 1, name, "must be in (0, 1]", value)
    for name, value in {
        "weight_spread": weight_spread, "delay_spread": delay_spread
    }.items():  # fmt: skip
        require(0 <= value < math.inf, name, "must be finite and not negative", value)
    if external not in ("poisson", "dc"):
        raise ValueError(f'`external` must be "poisson" or "dc"; got {external!r}')
    sizes = [max(1, round(size_scale * n)) for n in SIZES]
    J = _WEIGHT / _C_M / math.sqrt(degree_scale)  # peak of the current [mV/ms]
    degrees = _degrees()
    external_rate = degree_scale * np.array(_EXTERNAL) * _EXTERNAL_RATE
    currents = _missing_input(degrees, degree_scale)
    if external == "dc":
        currents = currents + J * _TAU_SYN * external_rate
    return Network(
        populations={
            name: Population(
                n=n, neuron=_NEURON, current=current,
                receptors={"syn": Exponential(tau=_TAU_SYN)},
            )
            for name, n, current in zip(NAMES, sizes, currents, strict=True)
        },
        projections=[
            Projection(
                source=s, target=t, receptor="syn",
                rule=FixedTotalNumber(round(degree_scale * degrees[a, b] * sizes[a])),
                weight=_weight(J * _factor(t, s), weight_spread),
                delay=_delay(_DELAYS[s[-1]], delay_spread, shortest_delay),
            )
            for a, t in enumerate(NAMES)
            for b, s in enumerate(NAMES)
            if degrees[a, b]
        ],
        inputs=[
            Poisson(target=name, rate=rate, weight=J, receptor="syn")
            for name, rate in zip(NAMES, external_rate, strict=True)
            if external == "poisson"
        ],
    )  # fmt: skip


def _degrees() -> np.ndarray:
    """Return mean in-degrees (8, 8) at full scale."""
    p, N = np.array(_PROBABILITIES), np.array(SIZES, dtype=float)
    return np.log1p(-p) / np.log1p(-1.0 / np.outer(N, N)) / N[:, None]


def _factor(target: str, source: str) -> float:
    if source[-1] == "I":
        return -_G
    return 2.0 if (target, source) == _DOUBLED else 1.0


def _missing_input(degrees: np.ndarray, scale: float) -> np.ndarray:
    """Return the current [mV/ms] that keeps the mean input of weights ~ scale^-1/2."""
    factors = np.array([[_factor(t, s) for s in NAMES] for t in NAMES])
    full = degrees * factors @ _RATES + np.array(_EXTERNAL) * _EXTERNAL_RATE
    return (1.0 - math.sqrt(scale)) * full * _WEIGHT / _C_M * _TAU_SYN


def _weight(mean: float, spread: float) -> Any:
    if not spread:
        return mean
    drawn = stats.norm(abs(mean), spread * abs(mean))
    return drawn if mean > 0 else Scaled(drawn, -1.0)


def _delay(mean: float, spread: float, shortest: float) -> Any:
    if not spread:
        return mean
    sd = spread * mean
    return stats.truncnorm((shortest - mean) / sd, np.inf, mean, sd)
