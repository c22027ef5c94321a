"""Networks at rest: self-consistent rates and their distributions, stability, response."""

from ._disorder import RateDistributions, rate_distributions
from ._effective_connectivity import (
    PopulationResponses,
    effective_connectivity,
    population_responses,
)
from ._external import ExternalInput, external_input, external_poisson_rates
from ._moment_network import MomentFixedPoint, moment_fixed_point
from ._onset import (
    Onset,
    PhaseDiagram,
    network_state,
    oscillation_onsets,
    phase_diagram,
)
from ._stability import Stability, stability
from ._transient import Transient, transient
from ._working_points import (
    WorkingPoint,
    WorkingPoints,
    working_point,
    working_points,
)

__all__ = [
    "ExternalInput",
    "MomentFixedPoint",
    "Onset",
    "PhaseDiagram",
    "PopulationResponses",
    "RateDistributions",
    "Stability",
    "Transient",
    "WorkingPoint",
    "WorkingPoints",
    "effective_connectivity",
    "external_input",
    "external_poisson_rates",
    "moment_fixed_point",
    "network_state",
    "oscillation_onsets",
    "phase_diagram",
    "population_responses",
    "rate_distributions",
    "stability",
    "transient",
    "working_point",
    "working_points",
]
