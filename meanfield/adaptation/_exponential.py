"""Adaptive neurons whose voltage is that of the exponential integrate-and-fire neuron.

Slow is the current w that spikes and the voltage drive.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import require
from ..integrate_and_fire import linear_response
from ..integrate_and_fire._evaluate import evaluate
from ..neurons import EIF, AdEx
from ._fixed_point import FASTEST, SCAN, brackets, root, widened
from ._slow import Slow

_TOLERANCE = 1e-9  # of rate and mean voltage; they are found to less


@dataclass(frozen=True, slots=True, kw_only=True)
class Exponential:
    """An exponential neuron, and the current that adapts it.

    Parameters
    ----------
    neuron : EIF
        The neuron without adaptation.
    spikes : Slow
        What spikes add to w/C_m [mV/ms].
    pull : float or numpy.ndarray
        What the voltage adds to w/C_m [1/ms].
    """

    neuron: EIF
    spikes: Slow
    pull: Any

    def solve(
        self, mu: np.ndarray, sigma: np.ndarray, solution: str
    ) -> tuple[EIF, np.ndarray, np.ndarray]:
        """Return the neuron, its drive less w/C_m, and its rate."""

        def surplus(drive):
            rate, _, voltage, _ = self._voltages(drive, sigma)
            away = voltage - self.neuron.E_L
            return mu - self.spikes.mean(rate) - self.pull * away - drive

        width = 0.5 + 0.5 * np.abs(mu)
        low, high = widened(surplus, mu - width, mu + width)
        if not self._adapts():
            span = np.maximum(np.maximum(high - mu, mu - low), self._reach())
            grid = mu + np.multiply.outer(SCAN, span)
            low, high = brackets(surplus, grid, solution)
        drive = root(surplus, low, high)
        return self.neuron, drive, self._voltages(drive, sigma)[0]

    def _reach(self) -> np.ndarray:
        """How far w/C_m may move the drive [mV/ms]."""
        with np.errstate(divide="ignore"):
            fastest = np.minimum(1.0 / np.asarray(self.neuron.t_ref), FASTEST)
        reach = np.asarray(self.neuron.V_th) - self.neuron.V_reset
        return np.abs(self.spikes.mean(fastest)) + np.abs(self.pull) * reach

    def _adapts(self) -> bool:
        """Whether w grows with the drive, so that there is one solution.

        The voltage alone may not: its mean falls where spikes reset it.
        """
        reach = np.asarray(self.neuron.V_th) - self.neuron.V_reset
        lost = self.pull * reach * self.neuron.tau_m
        gained = self.spikes.jump / np.asarray(self.spikes.decay)
        return bool(np.all(self.pull >= 0.0) and np.all(gained >= lost))

    def _voltages(self, mu: np.ndarray, sigma: np.ndarray) -> list[np.ndarray]:
        """Rate and mean voltage, each followed by its slope by mu."""
        from . import _voltage  # imports numba

        inputs: dict[str, Any] = {"mu": mu, "sigma": sigma}
        rate, gain, voltage, slope = evaluate(
            _voltage.voltages, 4, inputs, self.neuron, _TOLERANCE, None
        )
        return [rate, gain, voltage, slope]

    def respond(self, omega: np.ndarray, point: Any) -> np.ndarray:
        """Return the response of the rate to the drive, with w following."""
        to_drive = linear_response(
            omega / (2.0 * np.pi), point.mu, point.sigma, self.neuron
        )
        _, gain, _, slope = self._voltages(point.mu, point.sigma)
        # At frequency 0 from the same integration as the working point.
        to_drive = np.where(omega == 0.0, gain, to_drive)
        per_rate = self.spikes.slope(point.rate)
        follows = self.spikes.filter(omega, point.rate)
        return to_drive / (1.0 + (per_rate * to_drive + self.pull * slope) * follows)


def exponential(neuron: AdEx) -> Exponential:
    """Return the parts of an adaptive exponential neuron."""
    per_C = 1.0 / np.asarray(neuron.C_m)
    decay = 1.0 / np.asarray(neuron.tau_w)
    stable = np.asarray(neuron.a) > -np.asarray(neuron.g_L)
    remedy = "the voltage has no rest"
    require(stable, "a", f"must be above -g_L={-neuron.g_L}", neuron.a, remedy)
    base = EIF(
        tau_m=neuron.C_m / np.asarray(neuron.g_L), t_ref=neuron.t_ref, V_th=neuron.V_th,
        V_reset=neuron.V_reset, E_L=neuron.E_L, V_T=neuron.V_T, Delta_T=neuron.Delta_T,
    )  # fmt: skip
    left = neuron.b * per_C * np.exp(-decay * neuron.t_ref)
    spikes = Slow(jump=left, decay=decay, t_ref=neuron.t_ref)
    return Exponential(neuron=base, spikes=spikes, pull=neuron.a * per_C)
