"""Adaptive neurons whose voltage is that of the leaky integrate-and-fire neuron.

Slow are the threshold, with the reset that follows it, and after-spike currents.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import lif
from .._elementwise import elementwise
from ..errors import require
from ..neurons import GLIF, LIF, AdaptiveLIF
from ._fixed_point import FASTEST, brackets, root
from ._slow import Slow

# Of the highest rate: solutions that are closer to each other are not told apart. The
# last is above the rate of a neuron that spikes as soon as it may.
_SCAN = np.concatenate([
    [0.0], np.geomspace(1e-9, 1e-2, 71), np.linspace(0.01, 1.0, 200)[1:], [1.001]
])  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaky:
    """A leaky neuron, and the slow variables that move it.

    Parameters
    ----------
    tau_m, t_ref, E_L, V_th, V_reset : float or numpy.ndarray
        The neuron without adaptation.
    threshold : Slow
        What is added to the threshold [mV].
    fraction : float or numpy.ndarray
        How much of a shift of the threshold the reset takes part in.
    currents : tuple of Slow
        What is added to the drive [mV/ms].
    """

    tau_m: Any
    t_ref: Any
    E_L: Any
    V_th: Any
    V_reset: Any
    threshold: Slow
    fraction: Any = 0.0
    currents: tuple[Slow, ...] = ()

    def solve(
        self, mu: np.ndarray, sigma: np.ndarray, solution: str
    ) -> tuple[LIF, np.ndarray, np.ndarray]:
        """Return the neuron that fires as the adapted one, its drive and its rate."""

        def surplus(rate):
            return self.rate(mu, sigma, rate) - rate

        if self._adapts():
            at_rest = np.zeros(mu.shape)
            rate = root(surplus, at_rest, self.rate(mu, sigma, at_rest))
        else:
            t_ref = np.broadcast_to(self.t_ref, mu.shape)
            with np.errstate(divide="ignore"):
                highest = np.minimum(1.0 / t_ref, FASTEST)
            grid = np.multiply.outer(_SCAN, highest)
            rate = root(surplus, *brackets(surplus, grid, solution))
        V_th, V_reset = self._voltages(rate)
        require(
            V_reset < V_th,
            "voltage_reset_fraction",
            "must take V below the threshold at the rate that the neuron fires at",
            np.broadcast_to(self.fraction, mu.shape),
        )
        return self.frozen(rate), self.drive(mu, rate), rate

    def _adapts(self) -> bool:
        """Whether more spikes always lower the rate, so that there is one solution."""
        falls = np.all(np.asarray(self.fraction) <= 1.0)
        falls &= np.all(np.asarray(self.threshold.jump) >= 0.0)
        return bool(falls and all(np.all(c.jump <= 0.0) for c in self.currents))

    def _voltages(self, rate: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean threshold and reset."""
        shift = self.threshold.mean(rate)
        return self.V_th + shift, self.V_reset + self.fraction * shift

    def rate(self, mu: np.ndarray, sigma: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Return the rate of the neuron that is adapted to a rate."""
        return lif.firing_rate(self.drive(mu, rate), sigma, self.frozen(rate))

    def drive(self, mu: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Return the drive with the currents at their mean."""
        for current in self.currents:
            mu = mu + current.mean(rate)
        return mu

    def frozen(self, rate: np.ndarray) -> LIF:
        """Return the neuron with threshold and reset at their mean."""
        V_th, V_reset = self._voltages(rate)
        # While a solution is looked for the reset may come to the threshold, and beyond.
        V_reset = np.minimum(V_reset, np.nextafter(V_th, -np.inf))
        return LIF(
            tau_m=self.tau_m, t_ref=self.t_ref, V_th=V_th, V_reset=V_reset, E_L=self.E_L
        )

    def respond(self, omega: np.ndarray, point: Any) -> np.ndarray:
        """Return the response of the rate to the drive, with the slow ones following."""
        from ._passage import threshold_and_reset  # imports numba

        base = point.neuron
        inputs = {
            "frequency": omega, "rate": point.rate, "mu": point.mu, "sigma": point.sigma
        }  # fmt: skip
        parameters = [base.tau_m, base.t_ref, base.V_th, base.V_reset, base.E_L]
        out = elementwise(threshold_and_reset, inputs, 4, parameters=parameters)
        to_threshold, to_reset = out[0] + 1j * out[1], out[2] + 1j * out[3]
        tau_m = np.asarray(base.tau_m)
        to_drive = -tau_m * (to_threshold + to_reset) / (1.0 + 1j * omega * tau_m)
        held = np.exp(-1j * omega * base.t_ref)
        shifted = to_threshold + self.fraction * held * to_reset
        feedback = shifted * self.threshold.response(omega, point.rate)
        for current in self.currents:
            feedback = feedback + to_drive * current.response(omega, point.rate)
        return to_drive / (1.0 - feedback)


def adaptive_threshold(neuron: AdaptiveLIF) -> Leaky:
    """Return the parts of a leaky neuron with an adaptive threshold."""
    decay = 1.0 / np.asarray(neuron.tau_theta)
    left = neuron.Delta_theta * np.exp(-decay * neuron.t_ref)
    return Leaky(
        tau_m=neuron.tau_m, t_ref=neuron.t_ref, E_L=neuron.E_L, V_th=neuron.V_th,
        V_reset=neuron.V_reset,
        threshold=Slow(jump=left, decay=decay, t_ref=neuron.t_ref),
    )  # fmt: skip


def generalized(neuron: GLIF) -> Leaky:
    """Return the parts of a generalized leaky neuron of level 1 to 4."""
    require(
        neuron.level < 5,
        "neuron",
        "must be of level 1 to 4: the threshold of level 5 follows the voltage",
        neuron.level,
    )
    reset = neuron.E_L if neuron.V_reset is None else neuron.V_reset
    threshold, fraction = Slow(jump=0.0, decay=1.0, t_ref=neuron.t_ref), 0.0
    if neuron.th_spike_add is not None:
        fraction = neuron.voltage_reset_fraction
        gap = np.asarray(neuron.V_th) - neuron.E_L
        reset = neuron.E_L + fraction * gap + neuron.voltage_reset_add
        threshold = Slow(
            jump=neuron.th_spike_add, decay=neuron.th_spike_decay, t_ref=neuron.t_ref,
            delay=neuron.t_ref,
        )  # fmt: skip
    currents = []
    if neuron.asc_amps is not None:
        inside = (neuron.asc_r >= 0.0) & (neuron.asc_r <= 1.0)
        require(inside, "asc_r", "must be from 0 to 1", neuron.asc_r)
        parts = zip(neuron.asc_amps, neuron.asc_decay, neuron.asc_r, strict=True)
        currents = [
            Slow(
                jump=amp / neuron.C_m, decay=decay, t_ref=neuron.t_ref, kept=kept,
                delay=neuron.t_ref,
            )
            for amp, decay, kept in parts
        ]  # fmt: skip
    return Leaky(
        tau_m=neuron.C_m / np.asarray(neuron.g_L), t_ref=neuron.t_ref, E_L=neuron.E_L,
        V_th=neuron.V_th, V_reset=reset, threshold=threshold, fraction=fraction,
        currents=tuple(currents),
    )  # fmt: skip
