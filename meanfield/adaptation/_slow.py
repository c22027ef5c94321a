"""What a slow variable is on average, and how it follows the rate.

A spike adds to the variable, which decays at the rate `decay`. V feels it while it moves,
not in the refractory period, so the mean is over the free time T = 1/rate - t_ref of an
interval. For equal intervals, with what it is at their beginning,

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

    def response(self, omega: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Return what the mean does at e^(+i omega t) where the rate moves by 1.

        The low-pass filter of the decay, to which spikes contribute where they reset.
        """
        forgets = self.decay + rate * (1.0 - self.kept)
        filtered = forgets / (forgets + 1j * omega)
        return self.slope(rate) * filtered * np.exp(-1j * omega * self.delay)
