"""What is to be simulated, checked and flattened: the input of the engine."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from meanfield.neurons import LIF, require

from .inputs import WhiteNoise
from .record import Record

__all__ = ["SCHEMES", "Plan", "flat_parameters", "mean_decay"]

SCHEMES = ("bridge", "grid", "euler")
# Batches of windows behind each standard error, where there are so many windows.
_BATCHES = 64
_PAIR_BATCHES = 32  # these are all kept, so there are fewer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """A checked simulation; the same plan always gives the same numbers.

    Parameters
    ----------
    neuron : LIF
    drive : WhiteNoise
    shape : tuple of int
        Shape of neuron and drive, broadcast.
    duration, dt, warmup : float
        [ms].
    scheme : str
        One of `SCHEMES`.
    key : tuple of int
        Four 64-bit words that all random streams derive from.
    windows : tuple of float
        Lengths of the counting windows [ms].
    record : Record, optional
        What to record; nothing by default.
    """

    neuron: LIF
    drive: WhiteNoise
    shape: tuple[int, ...]
    duration: float
    dt: float
    warmup: float
    scheme: str
    key: tuple[int, ...]
    windows: tuple[float, ...]
    record: Record = field(default_factory=Record)

    @property
    def n_neurons(self) -> int:
        """Number of neurons."""
        return int(np.prod(self.shape))

    def parameters(self) -> dict[str, np.ndarray]:
        """Flat arrays of the parameters, voltages relative to the threshold."""
        return flat_parameters(self.neuron, self.drive.mu, self.drive.sigma, self.shape)

    def deterministic_rate(self) -> np.ndarray:
        """Exact rates (flat) [kHz] of the noiseless neurons; NaN for the others.

        The clocked schemes are not exact, so there every neuron is NaN.
        """
        p = self.parameters()
        exact = np.full(self.n_neurons, np.nan)
        quiet = p["sigma"] == 0
        if self.scheme != "bridge" or not quiet.any():
            return exact
        tau, leak, reset, mu = (p[k][quiet] for k in ("tau", "leak", "reset", "mu"))
        with np.errstate(all="ignore"):
            x_inf = leak + mu * tau
            leaky = tau * np.log1p(-reset / x_inf)
            first = np.where(np.isinf(tau), -reset / mu, leaky)
            fires = np.where(np.isinf(tau), mu > 0, x_inf > 0)
            exact[quiet] = np.where(fires, 1.0 / (p["t_ref"][quiet] + first), 0.0)
        return exact

    def batching(self, i: int) -> tuple[int, int]:
        """Batches of window `i`, and windows in each."""
        number = int(self.duration / self.windows[i] * (1 + 1e-12))
        most = _BATCHES if self.drive.correlation is None else _PAIR_BATCHES
        per_batch = max(1, number // most)
        return number // per_batch, per_batch

    def noise_factors(self, start: int, stop: int) -> np.ndarray:
        """Matrices that correlate the noise of a step, for groups start to stop.

        Membranes of different tau_m low-pass the noise of a step differently, which
        takes a little of its correlation.
        """
        size = self.shape[-1]
        given = self.drive.correlation_matrices(self.shape)
        matrices = given.reshape(-1, size, size)[start:stop]
        if self.scheme != "euler":
            z = self.dt / self.parameters()["tau"].reshape(-1, size)[start:stop]
            own = np.sqrt(mean_decay(2 * z))
            both = mean_decay(z[:, :, None] + z[:, None, :])
            matrices = matrices * both / (own[:, :, None] * own[:, None, :])
        values, vectors = np.linalg.eigh(matrices)
        return vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :]

    def check_window(self, window: float) -> float:
        """Return `window` as a float, or say why it cannot be counted in."""
        window = float(window)
        require(
            0 < window <= 0.5 * self.duration,
            "window",
            f"must be positive and at most half the duration ({self.duration} ms), so "
            "that there are two windows at least",
            window,
            "simulate for longer",
        )
        if self.scheme != "bridge" or self.drive.correlation is not None:
            short = f"must be at least dt={self.dt} (ms) on a common grid of times"
            require(window >= self.dt, "window", short, window)
        return window


def flat_parameters(
    neuron: LIF, mu: npt.ArrayLike, sigma: npt.ArrayLike, shape: tuple[int, ...]
) -> dict[str, np.ndarray]:
    """Flat arrays of parameters of `shape`, voltages relative to the threshold."""
    V_th = np.asarray(neuron.V_th)
    values = {
        "tau": neuron.tau_m,
        "t_ref": neuron.t_ref,
        "leak": neuron.E_L - V_th,
        "reset": neuron.V_reset - V_th,
        "mu": mu,
        "sigma": sigma,
    }
    return {
        name: np.broadcast_to(value, shape).ravel().astype(np.float64)
        for name, value in values.items()
    }


def mean_decay(z: np.ndarray) -> np.ndarray:
    """(1 - exp(-z))/z."""
    with np.errstate(invalid="ignore"):
        return np.where(z > 0, -np.expm1(-z) / z, 1.0)
