"""Where a network's fluctuations are asked for."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ..network import MeanField

__all__ = ["frequencies", "rates_of"]


def rates_of(net: MeanField, point: Any) -> np.ndarray:
    """Return the rates (n,) of a working point."""
    rate = as_float("point", getattr(point, "rate", point)).astype(np.float64)
    if rate.shape != (net.n,):
        raise ValueError(
            f"`point` must be a working point, or rates ({net.n},) of the populations "
            f"{net.names}; got shape {rate.shape}"
        )
    require(np.isfinite(rate) & (rate >= 0), "point", "must be rates >= 0 (kHz)", rate)
    return rate


def frequencies(frequency: npt.ArrayLike) -> np.ndarray:
    """Return finite frequencies."""
    given = as_float("frequency", frequency).astype(np.float64)
    require(np.isfinite(given), "frequency", "must be finite (kHz)", given)
    return given
