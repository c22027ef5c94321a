"""Neurons in white noise that fire as those with synapses do."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np

from .. import coloured_noise
from ..errors import require
from ..neurons import EIF, LIF, QIF, IntegrateAndFire

METHODS = ("effective", "fourcaud_brunel", "white", "exact")
#: Neurons whose rate the theory differentiates exactly.
PLAIN = (LIF, EIF, QIF, IntegrateAndFire)


class Cells(NamedTuple):
    """Neurons and their input.

    Attributes
    ----------
    mu, sigma : numpy.ndarray
        Mean [mV/ms] and intensity [mV/sqrt(ms)] of white noise.
    neuron : Parameters
        Neurons; parameters broadcast with `mu`.
    """

    mu: np.ndarray
    sigma: np.ndarray
    neuron: Any


class Shift(NamedTuple):
    """What synapses change, per unit of sigma: threshold, reset [sqrt(ms)]; and sigma."""

    V_th: Any
    V_reset: Any
    sigma: Any


def shift_of(neuron: Any, tau_syn: np.ndarray, method: str) -> Shift:
    """Return how white noise must be changed to act as noise of time constant tau_syn."""
    if method == "white" or not np.any(tau_syn):
        return Shift(0.0, 0.0, 1.0)
    if isinstance(neuron, LIF):
        unit = coloured_noise.effective_neuron(1.0, tau_syn, neuron)
        up = unit.V_th - neuron.V_th
        both = method == "fourcaud_brunel"
        return Shift(up, up if both else unit.V_reset - neuron.V_reset, 1.0)
    if method == "effective" and hasattr(neuron, "tau_m"):
        # white noise that gives the free membrane the same spread
        return Shift(0.0, 0.0, np.sqrt(neuron.tau_m / (neuron.tau_m + tau_syn)))
    raise TypeError(
        f'`synapses` must be "white" for {type(neuron).__name__} with synapses of finite '
        f"time constant; got {method!r}"
    )


def white(mu: Any, sigma: Any, neuron: Any, shift: Shift) -> Cells:
    """Return the neurons in white noise."""
    if np.any(shift.V_th):
        neuron = dataclasses.replace(
            neuron,
            V_th=neuron.V_th + shift.V_th * sigma,
            V_reset=neuron.V_reset + shift.V_reset * sigma,
        )
    return Cells(mu, sigma * shift.sigma, neuron)


def stacked(neurons: list[Any]) -> Any:
    """Return one object with an array for each parameter that differs."""
    first = neurons[0]
    given = {}
    for field in dataclasses.fields(first):
        values = [getattr(neuron, field.name) for neuron in neurons]
        given[field.name] = (
            values[0] if all(v is values[0] or v == values[0] for v in values)
            else np.array(values)
        )  # fmt: skip
    return type(first)(**given)


def check_method(method: str) -> None:
    """Refuse an unknown treatment of synapses."""
    require(method in METHODS, "synapses", f"must be one of {METHODS}", method)
