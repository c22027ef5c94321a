"""Firing of adaptive neurons in white noise, with slow variables as constants."""

from ._response import linear_response
from ._stationary import WorkingPoint, cv, firing_rate, working_point

__all__ = ["WorkingPoint", "cv", "firing_rate", "linear_response", "working_point"]
