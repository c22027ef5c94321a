"""Networks at rest: self-consistent rates and their distributions, stability, response."""

from ._disorder import RateDistributions, rate_distributions
from ._effective_connectivity import (
    PopulationResponses,
    effective_connectivity,
    population_responses,
)
from ._moment_network import MomentFixedPoint, moment_fixed_point
from ._working_points import (
    WorkingPoint,
    WorkingPoints,
    working_point,
    working_points,
)

__all__ = [
    "MomentFixedPoint",
    "PopulationResponses",
    "RateDistributions",
    "WorkingPoint",
    "WorkingPoints",
    "effective_connectivity",
    "moment_fixed_point",
    "population_responses",
    "rate_distributions",
    "working_point",
    "working_points",
]
