"""Fluctuations of populations and neurons about a working point, in linear response."""

from ._counts import CountStatistics, count_statistics
from ._modes import Modes, modes, propagator
from ._neurons import neuron_covariances
from ._oscillations import Oscillation, oscillations
from ._spectra import coherence, cross_spectra, neuron_spectra, power_spectra
from ._time import CorrelationFunctions, correlation_functions

__all__ = [
    "CorrelationFunctions",
    "CountStatistics",
    "Modes",
    "Oscillation",
    "coherence",
    "correlation_functions",
    "count_statistics",
    "cross_spectra",
    "modes",
    "neuron_covariances",
    "neuron_spectra",
    "oscillations",
    "power_spectra",
    "propagator",
]
