"""Mean-field theory of spiking neurons.

Plain floats in one coherent system of units: ms, mV and kHz (see `meanfield.units`).
"""

from typing import TYPE_CHECKING, Any

from . import special, units
from .errors import ConvergenceError, ValidityWarning
from .lif import (
    MomentActivation,
    MomentDerivatives,
    log_firing_rate,
    moment_activation_derivatives,
    moment_map,
)
from .moments import Moments
from .neurons import LIF
from .transfer import (
    chi,
    cv,
    fano_factor,
    firing_rate,
    linear_response,
    moment_activation,
    power_spectrum,
)

if TYPE_CHECKING:
    from . import nn, plot

__version__ = "0.1.0"

__all__ = [
    "LIF",
    "ConvergenceError",
    "MomentActivation",
    "MomentDerivatives",
    "Moments",
    "ValidityWarning",
    "chi",
    "cv",
    "fano_factor",
    "firing_rate",
    "linear_response",
    "log_firing_rate",
    "moment_activation",
    "moment_activation_derivatives",
    "moment_map",
    "nn",
    "plot",
    "power_spectrum",
    "special",
    "units",
]


def __getattr__(name: str) -> Any:
    if name in ("nn", "plot"):  # torch and matplotlib are imported on first use
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
