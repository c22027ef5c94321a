"""Networks at rest: self-consistent rates and their distributions, stability, response."""

from ._disorder import RateDistributions, rate_distributions
from ._effective_connectivity import (
    PopulationResponses,
    effective_connectivity,
    population_responses,
)

__all__ = [
    "PopulationResponses",
    "RateDistributions",
    "effective_connectivity",
    "population_responses",
    "rate_distributions",
]
