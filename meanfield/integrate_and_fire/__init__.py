"""Integrate-and-fire neurons of any drift, V' = f(V) + mu + noise: threshold integration.

Rate, variability, linear response, spectra and intervals of `LIF`, `EIF`, `QIF` and
`IntegrateAndFire` neurons in white noise.
"""

from ._derivatives import Derivatives, derivatives
from ._spectra import (
    Responses,
    characteristic_function,
    linear_response,
    power_spectrum,
    responses,
)
from ._stationary import (
    Stationary,
    cv,
    fano_factor,
    firing_rate,
    moment_activation,
    stationary,
)

__all__ = [
    "Derivatives",
    "Responses",
    "Stationary",
    "characteristic_function",
    "cv",
    "derivatives",
    "fano_factor",
    "firing_rate",
    "linear_response",
    "moment_activation",
    "power_spectrum",
    "responses",
    "stationary",
]
