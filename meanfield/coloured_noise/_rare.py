"""Rare firing: escape over a threshold that equilibrium reaches hardly ever.

The mean interval is then so long that -L is singular within rounding. Instead, u, the
probability to go back to equilibrium before the next spike, is found near the threshold;
bursts are the spikes that follow one another before that.
"""

import math
from functools import cached_property

import numpy as np

from ._cycle import Cycle
from ._mesh import BELOW, far_below, spread
from ._phase_space import PhaseSpace

# From here on the prefactor is taken to be constant: rates are below 1e-22/tau_m.
_HIGHEST = 10.0
_SILENT = 37.5  # standard deviations; the rate, exp(-703), is not far from underflow
_STEP = 0.05  # of the spread of y, for the derivative of the prefactor
_AT_ONCE = 10.0  # how fast, compared with all other rates, paths end in equilibrium


class RareCycle:
    """As `Cycle`, in the limit of bursts at the times of a Poisson process.

    The rate of bursts is the integral of (y_th - z) P u over z < y_th at the threshold,
    with the density P of the free process: the product of -L T = 1 and P.
    """

    def __init__(self, y_th: float, y_reset: float, k: float, delay: float):
        self._arguments, self._delay = (y_th, y_reset, k), delay
        deviations = y_th / spread(k)
        self._log_density = -(deviations**2) / 2 - math.log(
            math.sqrt(2 * math.pi) * spread(k)
        )
        self.silent = deviations > _SILENT
        capped = min(y_th, _HIGHEST, _SILENT * spread(k))
        self._capped = capped, y_reset - y_th + capped, k
        self._far, self._rate = far_below(capped, k), _AT_ONCE * (1 + 1 / k)

    @cached_property
    def space(self) -> PhaseSpace:
        """The solved problem."""
        return PhaseSpace(*self._capped, self._loss)

    def _loss(self, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        return self._rate * ((y < self._far) & (z < self._far))

    @cached_property
    def _losses(self) -> np.ndarray:
        space = self.space
        middle = (space.y[:-1] + space.y[1:])[:, None, None] / 2
        losses = self._loss(middle, space.z.points)
        return np.repeat(losses, space.y_points().shape[1], axis=1)

    @cached_property
    def _log_prefactor(self) -> float:
        """The logarithm of the rate over the free density of y at threshold."""
        space, z = self.space, self.space.z
        u = z.basis @ space.solve(space.weighted(self._losses, z.test))[-1, -1]
        velocity = space.y_th - z.points
        density = np.exp(-(1 + space.k) / 2 * velocity**2)
        density *= math.sqrt((1 + space.k) / (2 * math.pi))
        flux = z.weights * np.maximum(velocity, 0.0) * density
        return math.log(float(flux @ u) * self._burst[0])

    @cached_property
    def _burst(self) -> tuple[float, float]:
        """The first two moments of the number of spikes in a burst."""
        space, z = self.space, self.space.z
        if self.silent:
            return 1.0, 1.0
        cycle = Cycle(space, self._delay)
        # A burst begins in equilibrium, with E(z | y) = y, where paths end.
        y = space.y_points()[..., None]
        rise = (self._far**2 - y**2) / spread(space.k) ** 2 / 2
        rise = np.where(rise < BELOW, rise, -np.inf)
        density = np.exp(rise - (1 + space.k) / 2 * (z.points - y) ** 2)
        start = space.weighted(self._losses * density, z.basis)
        first = cycle.flux @ space.solve_adjoint(start)[-1, -1]
        again = np.eye(len(first)) - cycle.kernel
        one = np.linalg.solve(again, np.ones(len(first)))
        two = np.linalg.solve(again, 1 + 2 * cycle.kernel @ one)
        return float(first @ one / first.sum()), float(first @ two / first.sum())

    @property
    def log_rate(self) -> float:
        """The logarithm of the rate."""
        return -math.inf if self.silent else self._log_density + self._log_prefactor

    @property
    def mean(self) -> float:
        """The mean interval."""
        return math.inf if self.silent else math.exp(-self.log_rate)

    @property
    def squared_cv(self) -> float:
        """The squared coefficient of variation of the intervals."""
        return 2 * self._burst[0] - 1

    @property
    def fano_factor(self) -> float:
        """The Fano factor of counts in long windows."""
        return self._burst[1] / self._burst[0]

    @cached_property
    def gain(self) -> float:
        """The derivative of the rate by a drift of y, which lowers y_th and y_reset."""
        k = self._arguments[2]
        return self._derivative(-1.0, -1.0, self._arguments[0] / spread(k) ** 2)

    @cached_property
    def noise_gain(self) -> float:
        """The logarithmic derivative of the rate, times the rate, by the noise."""
        y_th, y_reset, k = self._arguments
        return self._derivative(-y_th, -y_reset, (y_th / spread(k)) ** 2)

    def _derivative(self, y_th: float, y_reset: float, exponent: float) -> float:
        """Return that of the rate, with those of y_th, y_reset and the exponent."""
        if self.silent:
            return 0.0
        at, reset, k = self._arguments
        step = _STEP * spread(k) / abs(y_th)
        less, more = (
            RareCycle(at + d * y_th, reset + d * y_reset, k, self._delay)._log_prefactor
            for d in (-step, step)
        )
        return (exponent + (more - less) / (2 * step)) * math.exp(self.log_rate)
