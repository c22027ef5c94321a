"""Rates and variances of a network whose correlations are given, by Newton's method."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigs, gmres

from ..lif import moment_activation, moment_activation_derivatives
from ..neurons import LIF

_MAX_STEPS = 200
_MAX_DRAG = 1e4
_KRYLOV = 60
_ACCURACY = 1e-4  # of eigenvalues
_DENSE = 400  # rows up to which all eigenvalues are found


class State(NamedTuple):
    """Input (mu, v = sigma^2), and what neurons make of it."""

    mu: np.ndarray
    v: np.ndarray
    rate: np.ndarray
    variance: np.ndarray  # of the counts per unit time
    gain: np.ndarray  # d rate/d mu
    private: np.ndarray  # of the variance, what does not come from the input


class Slopes(NamedTuple):
    """Derivatives of rate and variance by mu and v."""

    rate_mu: np.ndarray
    rate_v: np.ndarray
    variance_mu: np.ndarray
    variance_v: np.ndarray


@dataclass(frozen=True, eq=False)
class Populations:
    """Weights [mV], external mean [mV/ms] and variance [mV^2/ms], and neurons."""

    W: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    neuron: LIF
    square: np.ndarray

    @property
    def n(self) -> int:
        """Number of neurons."""
        return self.mean.size

    def at(self, mu: np.ndarray, v: np.ndarray) -> State:
        """Return the response to an input."""
        sigma = np.sqrt(v)
        rate, std, chi = moment_activation(mu, sigma, self.neuron)
        gain = np.divide(std * chi, sigma, out=np.zeros_like(sigma), where=sigma > 0)
        return State(mu, v, rate, std**2, gain, std**2 * (1.0 - chi**2))

    def factor(self, state: State, total: np.ndarray) -> np.ndarray:
        """Return by how much correlations raise or lower the recurrent variance."""
        own = self.square @ state.variance
        rest = np.maximum(total - self.variance, 0.0)
        return np.divide(rest, own, out=np.ones_like(own), where=own > 0)

    def solve(self, state: State, factor: np.ndarray, tol: float) -> tuple[State, bool]:
        """Solve for rates and variances, going over from a dynamics to Newton's method."""
        miss, size = self._miss(state, factor)
        drag = 1.0 if size > 1e-2 else size
        for _ in range(_MAX_STEPS):
            if size <= tol:
                return state, True
            slopes = self.slopes(state)
            while True:
                new = self._step(state, slopes, factor, miss, drag, size)
                new_miss, new_size = self._miss(new, factor)
                if new_size <= 2.0 * size or drag > _MAX_DRAG:
                    break
                drag = 4.0 * drag + 0.1
            if new_size < size:
                drag *= min(new_size / size, 0.5)
            state, miss, size = new, new_miss, new_size
        return state, False

    def _miss(self, state: State, factor: np.ndarray) -> tuple[np.ndarray, float]:
        mu = self.W @ state.rate + self.mean - state.mu
        v = factor * (self.square @ state.variance) + self.variance - state.v
        scale = np.abs(state.mu).max(), state.v.max()
        parts = [
            np.abs(part).max() / (size or 1.0)
            for part, size in zip((mu, v), scale, strict=True)
        ]
        return np.concatenate([mu, v]), float(max(parts))

    def _step(self, state, slopes, factor, miss, drag, size) -> State:
        n = self.n
        unit = np.repeat([np.abs(state.mu).max() or 1.0, state.v.max() or 1.0], n)

        def product(x):
            x = unit * x
            return ((1.0 + drag) * x - self.jacobian(slopes, factor, x)) / unit

        operator: Any = LinearOperator((2 * n, 2 * n), matvec=product, dtype=float)
        accuracy = min(1e-2, max(size, 1e-8))
        x, _ = gmres(operator, miss / unit, rtol=accuracy, restart=_KRYLOV, maxiter=5)
        step = unit * x
        v = np.maximum(state.v + step[n:], 0.1 * state.v)
        return self.at(state.mu + step[:n], v)

    def slopes(self, state: State) -> Slopes:
        """Return the derivatives; by v none where there is no noise."""
        sigma, std = np.sqrt(state.v), np.sqrt(state.variance)
        d = moment_activation_derivatives(state.mu, sigma, self.neuron)
        half = np.divide(0.5, sigma, out=np.zeros_like(sigma), where=sigma > 0)
        return Slopes(
            d.rate_dmu, d.rate_dsigma * half,
            2.0 * std * d.std_dmu, 2.0 * std * d.std_dsigma * half,
        )  # fmt: skip

    def jacobian(self, slopes: Slopes, factor: np.ndarray, x: np.ndarray) -> np.ndarray:
        """Product of the linearized map of (mu, v), correlations fixed, with x."""
        mu, v = x[: self.n], x[self.n :]
        rate = slopes.rate_mu * mu + slopes.rate_v * v
        variance = slopes.variance_mu * mu + slopes.variance_v * v
        return np.concatenate([self.W @ rate, factor * (self.square @ variance)])

    def spectrum(self, state: State, factor: np.ndarray) -> tuple[float, float]:
        """Spectral radius of the response, and the largest real part with variances."""
        slopes, n = self.slopes(state), self.n
        radius = _extreme(lambda x: self.W @ (state.gain * x), n, "LM")
        fastest = _extreme(lambda x: self.jacobian(slopes, factor, x), 2 * n, "LR")
        return abs(radius), fastest.real


def _extreme(product: Callable, n: int, which: Literal["LM", "LR"]) -> complex:
    """Largest eigenvalue by modulus (LM) or by real part (LR)."""
    key = np.abs if which == "LM" else np.real
    if n > _DENSE:
        operator: Any = LinearOperator((n, n), matvec=product, dtype=float)
        try:
            found = eigs(operator, 1, which=which, ncv=_KRYLOV, tol=_ACCURACY,
                         v0=np.ones(n), return_eigenvectors=False)  # fmt: skip
            return complex(found[0])
        except ArpackNoConvergence:
            pass
    columns = np.array([product(column) for column in np.eye(n)]).T
    found = np.linalg.eigvals(columns)
    return complex(found[np.argmax(key(found))])
