"""Mean-field theory of spiking neurons.

Plain floats in one coherent system of units: ms, mV and kHz (see `meanfield.units`).
"""

from .errors import ConvergenceError, ValidityWarning
from .moments import Moments
from .neurons import LIF

__version__ = "0.1.0"

__all__ = [
    "LIF",
    "ConvergenceError",
    "Moments",
    "ValidityWarning",
]
