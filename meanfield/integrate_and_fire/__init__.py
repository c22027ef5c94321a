"""Integrate-and-fire neurons of any drift, V' = f(V) + mu + noise: threshold integration.

Rate, variability, linear response, spectra and intervals of `LIF`, `EIF`, `QIF` and
`IntegrateAndFire` neurons in white noise.
"""

from ._density import stationary_density
from ._derivatives import Derivatives, derivatives
from ._intervals import (
    IntervalMoments,
    hazard,
    interval_density,
    interval_distribution,
    interval_moments,
    survivor,
)
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
    "IntervalMoments",
    "Responses",
    "Stationary",
    "characteristic_function",
    "cv",
    "derivatives",
    "fano_factor",
    "firing_rate",
    "hazard",
    "interval_density",
    "interval_distribution",
    "interval_moments",
    "linear_response",
    "moment_activation",
    "power_spectrum",
    "responses",
    "stationary",
    "stationary_density",
    "survivor",
]
