"""Neurons with conductance synapses: voltage, rates, fitted transfer functions."""

from ._rates import effective_neuron, firing_rate
from ._statistics import Afferents, VoltageStatistics, voltage_statistics
from ._transfer import TransferFunction, fit_transfer, load_transfer, transfer_design

__all__ = [
    "Afferents",
    "TransferFunction",
    "VoltageStatistics",
    "effective_neuron",
    "firing_rate",
    "fit_transfer",
    "load_transfer",
    "transfer_design",
    "voltage_statistics",
]
