"""Rate models: dynamics, all fixed points, stability, continuation, phase plane."""

from ._diagram import (
    BifurcationDiagram,
    BifurcationPoint,
    Branch,
    bifurcation_diagram,
)
from ._fixed_points import FixedPoint, FixedPoints, fixed_points
from ._integrate import Trajectory, integrate
from ._model import RateModel, feedforward_chain, mean_field_weights
from ._phase_plane import nullclines
from ._transfer import (
    CustomTransfer,
    LIFRate,
    PowerLaw,
    Sigmoid,
    ThresholdLinear,
    Transfer,
)

__all__ = [
    "BifurcationDiagram",
    "BifurcationPoint",
    "Branch",
    "CustomTransfer",
    "FixedPoint",
    "FixedPoints",
    "LIFRate",
    "PowerLaw",
    "RateModel",
    "Sigmoid",
    "ThresholdLinear",
    "Trajectory",
    "Transfer",
    "bifurcation_diagram",
    "feedforward_chain",
    "fixed_points",
    "integrate",
    "mean_field_weights",
    "nullclines",
]
