"""From correlated input to correlated spike counts, in windows of any length.

`linear_counts` is the linear response to a weak correlation; `expand` is exact in the
correlation, for pairs of like neurons, up to the resolution of a voltage axis.
"""

from ._expansion import CorrelationTransfer, expand
from ._linear import LinearCounts, linear_counts

__all__ = ["CorrelationTransfer", "LinearCounts", "expand", "linear_counts"]
