"""Slow variables: what spikes add, how they decay, and how they follow the rate.

The mean is over the free time T = 1/rate - t_ref of an interval, in which V moves. For
equal intervals, with what it is at their beginning,

    mean = start (1 - e^(-decay T))/(decay T),
    start = jump/(1 - kept e^(-decay/rate)).

Without refractory period, and with kept = 1, that is jump rate/decay for intervals of any
distribution; for slow variables, decay << rate, it is independent of the distribution
too.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import exprel

_NARROW = 1e-4  # below, a series to order 1 is exact to 1e-15
_RAREST = 1e-290  # [kHz]; below, intervals overflow


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """A variable of which each spike leaves `kept`, and adds `jump` when V is released.

    Parameters
    ----------
    jump : float or numpy.ndarray
        What is left of the jump when the refractory period ends.
    decay : float or numpy.ndarray
        Rate of decay [1/ms].
    t_ref : float or numpy.ndarray
        Refractory period [ms].
    kept : float or numpy.ndarray
        Fraction that outlives a spike.
    delay : float or numpy.ndarray
        Time [ms] from a spike to its jump.
    """

    jump: Any
    decay: Any
    t_ref: Any
    kept: Any = 1.0
    delay: Any = 0.0

    def mean(self, rate: np.ndarray) -> np.ndarray:
        """Return the mean while V is free."""
        with np.errstate(divide="ignore", over="ignore"):
            interval = self.decay / rate
        free = np.maximum(interval - self.decay * self.t_ref, 0.0)
        lost = 1.0 - self.kept - self.kept * np.expm1(-interval)
        return self.jump * exprel(-free) / lost

    def slope(self, rate: np.ndarray) -> np.ndarray:
        """Differentiate the mean by the rate."""
        fires = rate > _RAREST
        rate = np.where(fires, rate, 1.0)
        interval = self.decay / rate
        free = np.maximum(interval - self.decay * self.t_ref, 0.0)
        with np.errstate(over="ignore"):
            wide = np.where(free > _NARROW, free, 1.0)
            fall = 1.0 / wide - 1.0 / np.expm1(wide)
            fall = np.where(free > _NARROW, fall, 0.5 - free / 12.0)
            by_start = self.kept / (np.expm1(interval) + 1.0 - self.kept)
        slope = self.mean(rate) / rate * interval * (fall + by_start)
        return np.where(fires, slope, self.jump / self.decay)

    def filter(self, omega: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Return how the variable follows a rate that moves at e^(+i omega t).

        The low-pass filter of the decay, to which spikes contribute where they reset.
        """
        forgets = self.decay + rate * (1.0 - self.kept)
        return forgets / (forgets + 1j * omega) * np.exp(-1j * omega * self.delay)
