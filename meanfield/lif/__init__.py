"""One leaky integrate-and-fire neuron in white noise: stationary statistics."""

from ._moment_map import moment_map
from ._stationary import (
    MomentActivation,
    MomentDerivatives,
    chi,
    cv,
    fano_factor,
    firing_rate,
    log_firing_rate,
    moment_activation,
    moment_activation_derivatives,
)

__all__ = [
    "MomentActivation",
    "MomentDerivatives",
    "chi",
    "cv",
    "fano_factor",
    "firing_rate",
    "log_firing_rate",
    "moment_activation",
    "moment_activation_derivatives",
    "moment_map",
]
