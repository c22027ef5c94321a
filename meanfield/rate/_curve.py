"""The equations of a branch of fixed points, f(W r + X) = r along a parameter p."""

from collections.abc import Callable

import numpy as np

from ._model import RateModel, Spectrum, apply, input_of, spectrum

_DIFFERENCE = 1e-6  # of the span: step of the differences in the parameter
_NEWTON = 10
_CONVERGED = 1e-12
_ROUNDING = 4.0 * np.finfo(float).eps


class Curve:
    """Points z = (r/scale, p/span) with f(W r + X) = r, and their tangents."""

    def __init__(
        self,
        family: Callable[[float], RateModel],
        span: tuple[float, float],
        scale: np.ndarray,
    ):
        self.family, self.span, self.scale = family, span, scale
        self.width = span[1] - span[0]
        model = family(span[0])
        self.n = model.n
        self.kinked = np.array([part.has_kink for part in model.transfers])
        self._at: tuple[float, RateModel] = (span[0], model)
        self._change: tuple = ()

    def join(self, rate: np.ndarray, p: float) -> np.ndarray:
        return np.append(rate / self.scale, p / self.width)

    def split(self, z: np.ndarray) -> tuple[np.ndarray, float]:
        return z[:-1] * self.scale, float(z[-1] * self.width)

    def model(self, p: float) -> RateModel:
        if p != self._at[0]:
            self._at = p, self.family(p)
        return self._at[1]

    def prepare(self, z: np.ndarray) -> None:
        """Take the derivative of the model by the parameter, by differences."""
        p = self.split(z)[1]
        h = _DIFFERENCE * self.width
        low, high = max(p - h, self.span[0]), min(p + h, self.span[1])
        one, two = self.family(low), self.family(high)
        d = high - low
        dW, dX = (two.W - one.W) / d, (two.X - one.X) / d
        shift = self.thresholds(two) - self.thresholds(one)
        f = None if one.f == two.f else (one.f, two.f, d)
        self._change = dW, dX, shift / d, f

    def thresholds(self, model: RateModel) -> np.ndarray:
        """Return inputs at the kinks, 0 where there is none."""
        if not self.kinked.any():
            return np.zeros(self.n)
        parts = zip(model.transfers, self.kinked, strict=True)
        return np.array([float(f.silent_below) if kink else 0.0 for f, kink in parts])

    def input(self, z: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Input minus threshold at kinks, and its derivatives by r and p, unscaled."""
        r, p = self.split(z)
        model = self.model(p)
        dW, dX, shift, _ = self._change
        total = input_of(model, r) - self.thresholds(model)
        return total, model.W, dW @ r + dX - shift

    def residual(self, z: np.ndarray) -> np.ndarray:
        r, p = self.split(z)
        model = self.model(p)
        return (apply(model.f, input_of(model, r)) - r) / self.scale

    def matrix(self, z: np.ndarray, above: np.ndarray | None = None) -> np.ndarray:
        """Return the derivative of `residual`, (n, n + 1); `above`: the side of kinks."""
        r, p = self.split(z)
        model = self.model(p)
        dW, dX, shift, f = self._change
        total = input_of(model, r)
        slope = apply(model.f, total, "_slope")
        if above is not None:
            for k in np.flatnonzero(self.kinked):
                slope[k] = _one_sided(model, int(k), total[k], bool(above[k]))
        by_r = slope[:, None] * model.W - np.eye(self.n)
        by_p = slope * (dW @ r + dX - shift)
        if f is not None:  # at fixed distances from the kinks
            one, two, d = f
            off = 0.5 * d * shift
            by_p = by_p + (apply(two, total + off) - apply(one, total - off)) / d
        scaled = np.column_stack([by_r * self.scale, by_p * self.width])
        return scaled / self.scale[:, None]

    def eigenvalues(self, z: np.ndarray, above: np.ndarray | None = None) -> Spectrum:
        """Of the Jacobian of the dynamics, the largest real part first."""
        p = self.split(z)[1]
        by_r = self.matrix(z, above)[:, :-1] * self.scale[:, None] / self.scale
        return spectrum(by_r / self.model(p).tau[:, None])

    def tangent(
        self, z: np.ndarray, before: np.ndarray, above: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the unit tangent, oriented along `before`."""
        t = np.linalg.svd(self.matrix(z, above))[2][-1]
        return t if t @ before >= 0 else -t

    def correct(
        self, z: np.ndarray, normal: np.ndarray
    ) -> tuple[np.ndarray, int] | None:
        """Newton's method back to the curve in the plane through z; None if it fails."""
        start, best = z, np.inf
        for k in range(_NEWTON):
            with np.errstate(over="ignore", invalid="ignore"):
                off = np.append(self.residual(z), normal @ (z - start))
                matrix = np.vstack([self.matrix(z), normal])
            if not (np.isfinite(off).all() and np.isfinite(matrix).all()):
                return None
            if np.abs(off).max() <= _ROUNDING * (1.0 + np.abs(z).max()):
                return z, k  # at a branch point the matrix is singular
            try:
                step = np.linalg.solve(matrix, off)
            except np.linalg.LinAlgError:
                return None
            z = z - step
            size = np.abs(step).max() / (1.0 + np.abs(z).max())
            if size <= 1e-15 or (size <= _CONVERGED and size >= 0.5 * best):
                return z, k
            best = min(best, size)
        return (z, _NEWTON) if best <= _CONVERGED else None

    def at_kink(self, z: np.ndarray, k: int, above: np.ndarray) -> np.ndarray | None:
        """Newton's method to the point where population k is exactly at its kink."""
        for _ in range(_NEWTON):
            total, by_r, by_p = self.input(z)
            row = np.append(by_r[k] * self.scale, by_p[k] * self.width)
            matrix = np.vstack([self.matrix(z, above), row])
            off = np.append(self.residual(z), total[k])
            r = self.split(z)[0]
            off[k] = -r[k] / self.scale[k]  # f is 0 at the kink, from either side
            matrix[k] = 0.0
            matrix[k, k] = -1.0
            try:
                step = np.linalg.solve(matrix, off)
            except np.linalg.LinAlgError:
                return None
            z = z - step
            if np.abs(step).max() <= 1e-14 * (1.0 + np.abs(z).max()):
                return z
        return None


def _one_sided(model: RateModel, k: int, total: float, above: bool) -> float:
    """Slope of population k on one side of its kink."""
    if not above:
        return 0.0
    part = model.transfers[k]
    threshold = float(part.silent_below)
    least = threshold + 1e-12 * (abs(threshold) + 1.0)
    return float(part._slope(np.asarray(max(total, least))))
