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
    from . import adaptation as adaptation
    from . import balanced as balanced
    from . import cascade as cascade
    from . import coloured_noise as coloured_noise
    from . import conductance as conductance
    from . import correlation_transfer as correlation_transfer
    from . import equilibrium as equilibrium
    from . import fluctuations as fluctuations
    from . import integrate_and_fire as integrate_and_fire
    from . import network as network
    from . import nn, plot
    from . import plasticity as plasticity
    from . import population_density as population_density
    from . import rate as rate
    from . import renewal as renewal
    from . import shot_noise as shot_noise

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


_ON_FIRST_USE = {  # some import torch or matplotlib
    "adaptation",
    "balanced",
    "cascade",
    "coloured_noise",
    "conductance",
    "correlation_transfer",
    "equilibrium",
    "fluctuations",
    "integrate_and_fire",
    "network",
    "nn",
    "plasticity",
    "plot",
    "population_density",
    "rate",
    "renewal",
    "shot_noise",
}


def __getattr__(name: str) -> Any:
    if name in _ON_FIRST_USE:
        import importlib

        return importlib.import_module(f".{name}", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
