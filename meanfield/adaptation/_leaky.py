"""Adaptive neurons whose voltage is that of the leaky integrate-and-fire neuron.

Slow are the threshold, with the reset that follows it, and after-spike currents. Each is
replaced by the constant that changes the mean interval as its decay in the interval does,
to first order. With F(k) = E e^(-k T) of the time T from reset to threshold, a threshold
that begins the interval z higher counts as z F(k), what is left when V meets it, and a
current that begins with z as

z (F(k) - F(1/tau_m))/((1 - k tau_m)(1 - F(1/tau_m))):

seen from the response of V to the current, threshold and reset move instead.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import lif
from .._elementwise import elementwise
from ..errors import require
from ..neurons import GLIF, LIF, AdaptiveLIF
from ._fixed_point import FASTEST, SCAN, brackets, root, widened
from ._slow import Slow

_CLOSEST = 1e-9  # [mV] of reset and threshold, while a solution is looked for
_COINCIDE = 1e-6  # of k tau_m and 1, where a quotient loses its digits


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

        def surplus(shift):
            drive = self._drive(mu, sigma, shift, solution)
            return self._threshold(drive, sigma, shift)[0] - shift

        shift, jump = np.zeros(mu.shape), np.asarray(self.threshold.jump)
        if np.all(jump >= 0.0) and np.all(np.asarray(self.fraction) <= 1.0):
            if np.any(jump > 0.0):
                shift = root(surplus, *widened(surplus, shift, surplus(shift)))
        else:
            side = np.multiply.outer(SCAN, self._reach(self.threshold) + shift)
            grid = np.where(jump < 0.0, np.minimum(side, 0.0), np.maximum(side, 0.0))
            shift = root(surplus, *brackets(surplus, grid, solution))
        base, drive = self._frozen(shift), self._drive(mu, sigma, shift, solution)
        V_th, V_reset = self._voltages(shift)
        require(
            V_reset < V_th,
            "voltage_reset_fraction",
            "must take V below the threshold at the rate that the neuron fires at",
            np.broadcast_to(self.fraction, mu.shape),
        )
        return base, drive, np.asarray(lif.firing_rate(drive, sigma, base))

    def _drive(self, mu, sigma, shift, solution) -> np.ndarray:
        """Return the drive with constant currents, for a shift of the threshold."""

        def surplus(drive):
            added = self._currents(drive, sigma, shift)
            return sum((a[0] for a in added), mu) - drive

        if not self.currents:
            return mu
        if all(np.all(current.jump <= 0.0) for current in self.currents):
            low = mu - 0.5 - 0.5 * np.abs(mu)
            return root(surplus, *widened(surplus, low, mu))
        span = sum((self._reach(c) for c in self.currents), np.zeros(mu.shape))
        grid = mu + np.multiply.outer(SCAN, span)
        return root(surplus, *brackets(surplus, grid, solution))

    def _reach(self, slow: Slow) -> np.ndarray:
        """Return what a variable is at most, right after a spike."""
        least = np.maximum(slow.t_ref, 1.0 / FASTEST)
        return np.abs(slow.jump / (1.0 - slow.kept * np.exp(-slow.decay * least)))

    def _voltages(self, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Threshold and reset, for a shift of the threshold."""
        return self.V_th + shift, self.V_reset + self.fraction * shift

    def _frozen(self, shift: np.ndarray) -> LIF:
        """Return the neuron with threshold and reset shifted."""
        V_th, V_reset = self._voltages(shift)
        V_reset = np.minimum(V_reset, V_th - _CLOSEST)
        return LIF(
            tau_m=self.tau_m, t_ref=self.t_ref, V_th=V_th, V_reset=V_reset, E_L=self.E_L
        )

    def _transform(self, decay, drive, sigma, shift) -> list[np.ndarray]:
        """L = -ln E e^(-decay T), dL/d drive and dL/d shift."""
        from ._passage import transforms  # imports numba

        base = self._frozen(shift)
        inputs = {"decay": decay, "mu": drive, "sigma": sigma}
        parameters = [base.tau_m, base.V_th, base.V_reset, base.E_L]
        log, by_threshold, by_reset = elementwise(
            transforms, inputs, 3, parameters=parameters
        )
        by_drive = -np.asarray(self.tau_m) * (by_threshold + by_reset)
        return [log, by_drive, by_threshold + self.fraction * by_reset]

    def _threshold(self, drive, sigma, shift) -> list[np.ndarray]:
        """Constant shift of the threshold, and its derivatives by drive and shift."""
        slow = self.threshold
        L, *slopes = self._transform(slow.decay, drive, sigma, shift)
        F, lost = np.exp(-L), -np.expm1(-L - slow.decay * slow.t_ref)
        return [slow.jump * F / lost, *(-slow.jump * F / lost**2 * s for s in slopes)]

    def _currents(self, drive, sigma, shift) -> list[list[np.ndarray]]:
        """Of each current its constant, and the derivatives by drive and shift."""
        leak = 1.0 / np.asarray(self.tau_m)
        L1, *slopes1 = self._transform(leak, drive, sigma, shift)
        one, left1 = np.exp(-L1), -np.expm1(-L1)
        found = []
        for slow in self.currents:
            apart = 1.0 - slow.decay * self.tau_m
            apart = np.where(np.abs(apart) < _COINCIDE, _COINCIDE, apart)
            L, *slopes = self._transform((1.0 - apart) * leak, drive, sigma, shift)
            F, left = np.exp(-L), -np.expm1(-L)
            between = np.subtract(L1, L, out=np.zeros_like(F), where=F > 0.0)
            more = np.where(between > 0.0, F, -one) * -np.expm1(-np.abs(between))
            passed = slow.kept * np.exp(-slow.decay * slow.t_ref)
            lost = 1.0 - passed + passed * left
            start, weight = slow.jump / lost, more / (apart * left1)
            by = [
                start * (one * left * s1 - F * left1 * s) / (apart * left1**2)
                - start * weight * passed * F * s / lost
                for s, s1 in zip(slopes, slopes1, strict=True)
            ]
            found.append([start * weight, *by])
        return found

    def respond(self, omega: np.ndarray, point: Any) -> np.ndarray:
        """Return the response of the rate to the drive, with the slow ones following."""
        from ._passage import threshold_and_reset  # imports numba

        base, tau_m = point.neuron, np.asarray(point.neuron.tau_m)
        parameters = [base.tau_m, base.t_ref, base.V_th, base.V_reset, base.E_L]

        def responses(omega):
            inputs = {
                "frequency": omega, "rate": point.rate, "mu": point.mu,
                "sigma": point.sigma,
            }  # fmt: skip
            out = elementwise(threshold_and_reset, inputs, 4, parameters=parameters)
            to_threshold, to_reset = out[0] + 1j * out[1], out[2] + 1j * out[3]
            to_drive = -tau_m * (to_threshold + to_reset) / (1.0 + 1j * omega * tau_m)
            held = np.exp(-1j * omega * base.t_ref)
            return to_drive, to_threshold + self.fraction * held * to_reset

        to_drive, to_shift = responses(omega)
        shift, *currents = self._per_rate(point, *responses(np.zeros(())))
        feedback = to_shift * shift * self.threshold.filter(omega, point.rate)
        for current, slope in zip(self.currents, currents, strict=True):
            feedback = feedback + to_drive * slope * current.filter(omega, point.rate)
        return to_drive / (1.0 - feedback)

    def _per_rate(self, point, to_drive, to_shift) -> list[np.ndarray]:
        """How shift and currents change with the rate, where mu changes slowly."""
        shift = np.asarray(point.neuron.V_th - self.V_th)
        _, by_drive, by_shift = self._threshold(point.mu, point.sigma, shift)
        currents = self._currents(point.mu, point.sigma, shift) if self.currents else []
        # Changes of drive, shift and rate, up to a common factor.
        drive, moved = 1.0 - by_shift, by_drive
        rate = to_drive.real * drive + to_shift.real * moved
        fires = rate != 0.0
        rate = np.where(fires, rate, 1.0)
        changes = [moved, *(c[1] * drive + c[2] * moved for c in currents)]
        return [np.where(fires, change / rate, 0.0) for change in changes]


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
