"""Renewal processes: interval densities, spike counts in windows, sampling."""

from ._distribution import IntervalDistribution
from ._first_passage import first_passage

__all__ = ["IntervalDistribution", "first_passage"]
