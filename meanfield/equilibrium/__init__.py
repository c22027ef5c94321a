"""Working points of networks: self-consistent rates, and their distributions."""

from ._disorder import RateDistributions, rate_distributions

__all__ = ["RateDistributions", "rate_distributions"]
