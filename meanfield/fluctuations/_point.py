"""Where a network's fluctuations are asked for."""

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from ..equilibrium import stability
from ..errors import ConvergenceError, ValidityWarning, as_float, require
from ..network import MeanField

__all__ = ["frequencies", "rates_of", "warn_unless_stable"]


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


def warn_unless_stable(net: MeanField, point: Any, options: dict[str, bool]) -> None:
    """Warn of fluctuations about a state that the network does not stay in."""
    try:
        found = stability(net, rates_of(net, point), **options)
    except ConvergenceError:
        what = "its stability is not known"
    else:
        if found.stable:
            return
        what = f"it is unstable, by an oscillation at {1e3 * found.frequency:.3g} Hz"
        if found.frequency == 0.0:
            what = "it is unstable"
    warnings.warn(
        f"`point` is not one that the network stays at: {what}; linear response about it "
        "does not describe the network (see meanfield.equilibrium.stability)",
        ValidityWarning,
        stacklevel=3,
    )
