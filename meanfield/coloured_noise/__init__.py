"""The leaky integrate-and-fire neuron with exponential synapses: coloured noise."""

from ._response import linear_response
from ._shift import effective_neuron
from ._stationary import cv, fano_factor, firing_rate, moment_activation

__all__ = [
    "cv",
    "effective_neuron",
    "fano_factor",
    "firing_rate",
    "linear_response",
    "moment_activation",
]
