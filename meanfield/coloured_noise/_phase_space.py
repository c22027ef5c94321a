"""The backward equation of voltage and synaptic current, by finite elements.

In units of the membrane time constant, with z = s/SD(s), k = tau_syn/tau_m and
y = (V - E_L - tau_m mu) sqrt(2 k)/(sigma sqrt(tau_m)):

    dy = (z - y) dt,    dz = -z/k dt + sqrt(2/k) dW,    spike at y = y_th (z > y_th).
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from scipy.linalg.lapack import get_lapack_funcs

from ._elements import Line, reference
from ._mesh import lowest, with_end, y_breaks, z_breaks

_Z_DEGREE = 4
_Y_DEGREE = 3


class PhaseSpace:
    """A factorized discrete generator -L of the process until its next spike.

    Continuous elements in z, discontinuous ones in y coupled from the side where the
    path goes to: element e + 1 gives values to e where z > y, e to e + 1 where z < y.
    Functions have shape (elements in y, nodes in y, nodes in z). `loss(y, z)` is a rate
    at which paths end, or i times an angular frequency times tau_m; in y it is that of
    the middle of the element. `fastest`: the largest such frequency to be resolved.
    """

    def __init__(
        self,
        y_th: float,
        y_reset: float,
        k: float,
        loss: Callable[[np.ndarray, np.ndarray], Any] | None = None,
        fastest: float = 0.0,
    ):
        self.k, self.y_th, self.y_reset, self.fastest = k, y_th, y_reset, fastest
        self.z = z = Line(z_breaks(y_th, k), _Z_DEGREE)
        low = lowest(y_th, y_reset, k)
        self.y, self.reset = with_end(y_breaks(y_th, low, k, fastest), y_reset)
        self.shape = (self.y.size - 1, _Y_DEGREE + 1, z.size)
        self._lengths = np.diff(self.y)
        x, w, basis, slope = reference(_Y_DEGREE)
        self._y_mass = basis.T @ (basis * w[:, None]) / 2
        self._z_mass = z.matrix()
        velocity = z.points - self.y[:, None]
        self._up = [z.matrix(np.maximum(v, 0.0)) for v in velocity]
        self._down = [z.matrix(np.maximum(-v, 0.0)) for v in velocity]
        self._first, self._last = slice(0, z.size), slice(-z.size, None)
        self._advection = basis.T @ (slope * w[:, None])
        self._shear = basis.T @ (slope * (w * x)[:, None])
        self._factorize(loss)

    def _factorize(self, loss: Callable | None) -> None:
        speed, decay = self.z.matrix(self.z.points), self.z.stiffness() / self.k
        middle = (self.y[:-1] + self.y[1:])[:, None, None, None, None] / 2
        if loss is not None:
            rates = [self.z.matrix(loss(y, self.z.points)) for y in middle.ravel()]
            decay = (decay + np.stack(rates))[:, None, :, None, :]
        else:
            decay = decay[:, None, :]
        length = self._lengths[:, None, None, None, None]
        y_mass, advection, shear = (
            m[:, None, :, None] for m in (self._y_mass, self._advection, self._shear)
        )
        speed, mass = speed[:, None, :], self._z_mass[:, None, :]
        blocks = length * (y_mass * decay + shear * mass / 2)
        blocks += advection * (middle * mass - speed)
        blocks = blocks.reshape(len(blocks), *[self.shape[1] * self.shape[2]] * 2)
        routines: Any = get_lapack_funcs(("getrf", "getrs"), (blocks,))
        getrf, self._getrs = routines
        self._factors = []
        for e, block in enumerate(blocks):
            block[self._last, self._last] += self._up[e + 1]
            if e > 0:
                block[self._first, self._first] += self._down[e]
                rows = np.zeros((len(block), self.shape[2]), blocks.dtype)
                rows[self._last] = self._up[e]
                passed = self._solve(e - 1, rows)
                block[self._first, self._first] -= self._down[e] @ passed[self._last]
            self._factors.append(getrf(block)[:2])

    def solve(self, source: np.ndarray) -> np.ndarray:
        """Solve -L u = source with u = 0 at spikes; `source` is integrated already."""
        rhs = self._flat(source)
        for e in range(1, len(rhs)):
            passed = self._solve(e - 1, rhs[e - 1])
            rhs[e, self._first] += self._down[e] @ passed[self._last]
        for e in range(len(rhs) - 1, -1, -1):
            if e + 1 < len(rhs):
                rhs[e, self._last] += self._up[e + 1] @ rhs[e + 1, self._first]
            rhs[e] = self._solve(e, rhs[e])
        return rhs.reshape(self.shape)

    def solve_adjoint(self, start: np.ndarray) -> np.ndarray:
        """Solve the forward equation for the occupation that begins at `start`."""
        rhs = self._flat(start)
        for e in range(len(rhs) - 1):
            passed = self._solve(e, rhs[e], adjoint=True)
            rhs[e + 1, self._first] += self._up[e + 1].T @ passed[self._last]
        for e in range(len(rhs) - 1, -1, -1):
            if e + 1 < len(rhs):
                passed = self._down[e + 1].T @ rhs[e + 1, self._first]
                rhs[e, self._last] += passed
            rhs[e] = self._solve(e, rhs[e], adjoint=True)
        return rhs.reshape(self.shape)

    @cached_property
    def passage(self) -> np.ndarray:
        """What the density at threshold is, for each start in `at_reset`."""
        size = self.shape[2]
        dtype = self._factors[0][0].dtype
        rhs = np.zeros((self.shape[1] * size, 2 * size), dtype)
        rhs[self._last, size:] = np.eye(size)
        for e in range(self.reset, self.shape[0]):
            passed = self._solve(e - 1, rhs, adjoint=True)[self._last]
            rhs = np.zeros_like(rhs)
            if e == self.reset:
                rhs[self._first, :size] = np.eye(size)
            rhs[self._first] += self._up[e].T @ passed
        return self._solve(self.shape[0] - 1, rhs, adjoint=True)[self._last]

    def at_reset(self, u: np.ndarray) -> np.ndarray:
        """Return the values of `u` at y_reset: for z > y_reset, then for z < y_reset."""
        return np.concatenate([u[self.reset, 0], u[self.reset - 1, -1]])

    def start(self, density: np.ndarray) -> np.ndarray:
        """Return the start that has `density` in the order of `at_reset`."""
        out = np.zeros(self.shape, density.dtype)
        out[self.reset, 0], out[self.reset - 1, -1] = np.split(density, 2)
        return out

    def integrated(self, u: np.ndarray) -> np.ndarray:
        """Integrate `u`, given at the nodes, with the test functions."""
        weighted = np.einsum("e,ab,ebj->eaj", self._lengths, self._y_mass, u)
        return weighted @ self._z_mass.T

    def squared_slope(self, u: np.ndarray) -> np.ndarray:
        """Return (du/dz)^2 at the quadrature points, (elements, y, z)."""
        basis = reference(_Y_DEGREE)[2]
        slope = np.einsum("ya,eaj,qj->eyq", basis, u, self.z.slope, optimize=True)
        return slope**2

    def y_points(self) -> np.ndarray:
        """Return the quadrature points in y, (elements, y)."""
        x = reference(_Y_DEGREE)[0]
        return self.y[:-1, None] + self._lengths[:, None] * (x + 1) / 2

    def weighted(self, density: np.ndarray, functions: np.ndarray) -> np.ndarray:
        """Integrate `density`, given at the quadrature points, with z.test or z.basis."""
        _, w, basis, _ = reference(_Y_DEGREE)
        weight = self._lengths[:, None, None] / 2 * w[:, None] * basis
        density = density * self.z.weights
        return np.einsum("eya,eyq,qj->eaj", weight, density, functions, optimize=True)

    def advected(self, u: np.ndarray, at_spike: np.ndarray) -> np.ndarray:
        """Integrate du/dy with the test functions: L's derivative by a drift in y.

        `at_spike`: the values at spikes, at the points z > y_th.
        """
        z = self.z
        out = np.einsum("ab,ebj->eaj", self._advection, u) @ self._z_mass.T
        for e, y in enumerate(self.y[1:], start=1):
            up, below = z.matrix(z.points > y), -u[e - 1, -1]
            if e < self.shape[0]:
                jump = u[e, 0] + below
                out[e, 0] += z.matrix(z.points < y) @ jump
                out[e - 1, -1] += up @ jump
            else:
                over = z.points > y
                leaving = z.test[over].T @ (z.weights[over] * at_spike)
                out[e - 1, -1] += up @ below + leaving
        return out

    def diffused(self, u: np.ndarray) -> np.ndarray:
        """Integrate d^2u/dz^2 with the test functions: L's derivative by 1/k in it."""
        z = self.z
        drift = z.test.T @ (z.slope * (z.weights * z.points)[:, None])
        along = np.einsum("e,ab,ebj->eaj", self._lengths, self._y_mass, u)
        return along @ (drift - z.stiffness()).T

    def _flat(self, u: np.ndarray) -> np.ndarray:
        dtype = np.result_type(u.dtype, self._factors[0][0].dtype)
        return u.reshape(self.shape[0], -1).astype(dtype)

    def _solve(self, e: int, rhs: np.ndarray, adjoint: bool = False) -> np.ndarray:
        return self._getrs(*self._factors[e], rhs, trans=int(adjoint))[0]
