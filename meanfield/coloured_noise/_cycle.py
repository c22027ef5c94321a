"""From one spike to the next: the synaptic current carries memory over the reset."""

import math
from collections.abc import Callable
from functools import cached_property

import numpy as np

from ._phase_space import PhaseSpace

_HERMITE_POINTS = 20


class Cycle:
    """Stationary statistics of the intervals, in membrane time constants.

    z at spikes is represented by its values at the quadrature points above y_th:
    `kernel[i, j]` is the probability to go from point i to point j in one interval.
    """

    def __init__(self, space: PhaseSpace, delay: float):
        z = space.z
        above = z.points > space.y_th
        outflow = z.weights[above] * (z.points[above] - space.y_th)
        self.space, self.delay = space, delay
        self.flux = z.test[above] * outflow[:, None]
        self._refractory(z.points[above])
        self.kernel = self.entry @ space.passage.T @ self.flux.T

    def _refractory(self, points: np.ndarray) -> None:
        """Let z go on for `delay`: an Ornstein-Uhlenbeck step, by Gauss-Hermite."""
        k = self.space.k
        x, w = np.polynomial.hermite_e.hermegauss(_HERMITE_POINTS)
        if self.delay == 0.0:
            x, w = np.zeros(1), np.ones(1)
        spread = math.sqrt(-math.expm1(-2 * self.delay / k))
        ends = math.exp(-self.delay / k) * points[:, None] + spread * x
        values, up = self.space.z.at(ends), (ends > self.space.y_reset)[..., None]
        self._entries = np.concatenate([values * up, values * ~up], axis=-1)
        self._chances = w / w.sum()
        self._curvature = self._chances * (x**2 - 1)
        self.entry = np.einsum("qhj,h->qj", self._entries, self._chances)

    @cached_property
    def spikes(self) -> np.ndarray:
        """The stationary distribution of z at spikes."""
        size = len(self.kernel)
        some = np.full(size, 1.0 / size)
        return np.linalg.solve(np.eye(size) - self.kernel.T + some[:, None], some)

    @cached_property
    def start(self) -> np.ndarray:
        """The stationary distribution at the reset, in the order of `at_reset`."""
        return self.entry.T @ self.spikes

    @cached_property
    def passage_time(self) -> np.ndarray:
        """The mean time T to the next spike: -L T = 1."""
        return self.space.solve(self.space.integrated(np.ones(self.space.shape)))

    @cached_property
    def mean(self) -> float:
        """The mean interval."""
        return self.delay + float(self.start @ self.space.at_reset(self.passage_time))

    @cached_property
    def variance(self) -> float:
        """The variance of the intervals: that given z at the reset, and that of T there.

        The former obeys -L v = (2/k) (dT/dz)^2, free of the cancellation of moments.
        """
        space = self.space
        slope = space.squared_slope(self.passage_time)
        v = space.solve(space.weighted(2 / space.k * slope, space.z.test))
        T = self._entries @ space.at_reset(self.passage_time)
        mean = self.spikes @ T @ self._chances
        among = self.spikes @ (T - mean) ** 2 @ self._chances
        return float(among + self.start @ space.at_reset(v))

    @property
    def squared_cv(self) -> float:
        """The squared coefficient of variation of the intervals."""
        return self.variance / self.mean**2

    @cached_property
    def lateness(self) -> tuple[np.ndarray, np.ndarray]:
        """By how much later than usual all spikes to come are: at spikes, and between.

        (1 - kernel) h = E(interval | z at its beginning) - mean, and -L G = 0 with
        G = h at spikes.
        """
        space = self.space
        interval = self.delay + self.entry @ space.at_reset(self.passage_time)
        matrix = np.eye(len(self.kernel)) - self.kernel + self.spikes
        h = np.linalg.solve(matrix, interval - self.spikes @ interval)
        h -= self.spikes @ h  # again: a constant would be multiplied with the mean
        source = np.zeros(space.shape)
        source[-1, -1] = self.flux.T @ h
        return h, space.solve(source)

    @cached_property
    def covariance(self) -> float:
        """The sum of the covariances of an interval with all later ones."""
        space = self.space
        weighted = space.solve(space.integrated(self.lateness[1]))
        return float(self.start @ space.at_reset(weighted))

    @property
    def fano_factor(self) -> float:
        """The Fano factor of counts in long windows."""
        return (self.variance + 2 * self.covariance) / self.mean**2

    @cached_property
    def occupation(self) -> np.ndarray:
        """The stationary state between spikes, in the span of the test functions."""
        return self.space.solve_adjoint(self.space.start(self.start)) / self.mean

    @cached_property
    def gain(self) -> float:
        """The derivative of the rate by a drift of y."""
        h, G = self.lateness
        later = self.space.advected(self.passage_time + G, h)
        return -float(np.sum(self.occupation * later)) / self.mean

    @cached_property
    def noise_gain(self) -> float:
        """The logarithmic derivative of the rate, times the rate, by the noise."""
        return (
            -self._diffused(self.passage_time + self.lateness[1], 0.0).real / self.mean
        )

    def _diffused(self, u: np.ndarray, omega: float) -> complex:
        """Return the stationary mean of (2/k) d^2u/dz^2, also of the refractory time.

        Over a time t, an Ornstein-Uhlenbeck step turns it into exp(-2 t/k) of what it is
        at the end, where d^2u/dz^2 is (x^2 - 1) u over the variance, for normal x.
        """
        between = 2 / self.space.k * np.sum(self.occupation * self.space.diffused(u))
        if self.delay == 0.0:
            return between
        rate = 2 / self.space.k + 1j * omega
        weight = 2 / self.space.k * -np.expm1(-rate * self.delay) / rate
        weight /= -np.expm1(-2 * self.delay / self.space.k)
        held = self.spikes @ (self._entries @ self.space.at_reset(u)) @ self._curvature
        return between + weight * held / self.mean

    def responses(self, omega: float) -> tuple[complex, complex]:
        """Return what `gain` and `noise_gain` are for modulations like exp(i omega t).

        psi, the sum of exp(-i omega t) over the times t of spikes to come, obeys
        (i omega - L) psi = 0, with values at spikes that include the spike itself.
        """
        if omega == 0.0:
            return complex(self.gain), complex(self.noise_gain)
        space = self.space
        moving = PhaseSpace(
            space.y_th, space.y_reset, space.k, _rotation(omega), space.fastest
        )
        cycle = Cycle(moving, self.delay)
        matrix = (
            np.eye(len(self.kernel)) - np.exp(-1j * omega * self.delay) * cycle.kernel
        )
        at_spikes = np.linalg.solve(matrix, np.ones(len(matrix)))
        source = np.zeros(space.shape, complex)
        source[-1, -1] = self.flux.T @ at_spikes
        psi = moving.solve(source)
        drift = np.sum(self.occupation * moving.advected(psi, at_spikes))
        return complex(drift), complex(self._diffused(psi, omega))


def _rotation(omega: float) -> Callable[..., np.ndarray]:
    return lambda _, z: np.full(z.shape, 1j * omega)
