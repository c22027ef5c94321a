"""Distributions of weights of any sign."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import require

__all__ = ["Scaled"]


@dataclass(frozen=True, slots=True)
class Scaled:
    """A distribution times a number, e.g. log-normal weights that inhibit.

    Parameters
    ----------
    distribution : distribution
        An object with a method ``rvs(size=, random_state=)``, as those of `scipy.stats`.
    factor : float
        What its values are multiplied by.

    Raises
    ------
    TypeError
        If it is no such object, or `factor` no number.
    ValueError
        If `factor` is not finite.

    Examples
    --------
    >>> from scipy import stats
    >>> from meanfield.neurons import Scaled
    >>> weight = Scaled(stats.lognorm(0.5, scale=0.2), -4.0)
    >>> bool((weight.rvs(size=100, random_state=1) < 0).all())
    True
    """

    distribution: Any
    factor: float

    def __post_init__(self) -> None:
        if not hasattr(self.distribution, "rvs"):
            kind = type(self.distribution).__name__
            raise TypeError(
                f"`distribution` must have rvs, as those of scipy.stats; got {kind}"
            )
        if not isinstance(self.factor, int | float | np.integer | np.floating):
            raise TypeError(f"`factor` must be a number; got {self.factor!r}")
        factor = float(self.factor)
        require(np.isfinite(factor), "factor", "must be finite", factor)
        object.__setattr__(self, "factor", factor)

    def rvs(self, size: Any = None, random_state: Any = None) -> Any:
        """Draw values."""
        return self.factor * self.distribution.rvs(size=size, random_state=random_state)
