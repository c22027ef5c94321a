"""The equations of learning, solved from one change of who fires to the next."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from ..errors import require
from ._rules import Plastic
from ._states import Support, support_at

_TOLERANCE = 1e-10
_TOLERANCE_GIVEN = 1e-6  # for rates whose own accuracy is not known
_MAX_LEGS = 1000


class Way:
    """State: logarithms of growth (multiplicative) or values of weights, then traces."""

    def __init__(
        self,
        W: np.ndarray,
        X: np.ndarray,
        leak: np.ndarray,
        entries: Plastic,
        traces: bool,
        law: Callable[[np.ndarray, np.ndarray], Any] | None,
    ):
        self.W, self.X, self.leak, self.entries = W, X, leak, entries
        self.traces, self.law = traces, law
        self.support: Support | None = None
        self.drift = 0.0
        self.at_zero = np.zeros(entries.to.size, dtype=bool)  # of additive weights

    def weights(self, y: np.ndarray) -> np.ndarray:
        """Return the connection strengths of a state."""
        W, rule, u = self.W.copy(), self.entries, y[: self.entries.to.size]
        grown = W[rule.entries] * np.exp(np.where(rule.multiplicative, u, 0.0))
        W[rule.entries] = np.where(rule.multiplicative, grown, np.minimum(u, 0.0))
        return W

    def rates(self, W: np.ndarray) -> np.ndarray:
        """Rates [kHz], of the shape of X."""
        if self.law is None:
            assert self.support is not None
            return self.support.rates(W)
        found = np.asarray(self.law(W, self.X), dtype=np.float64)
        if found.shape != self.X.shape:
            raise ValueError(
                f"`rates` must return shape {self.X.shape}; got {found.shape}"
            )
        require(np.isfinite(found), "rates", "must return finite rates", found)
        return found

    def _product(self, y: np.ndarray, rate: np.ndarray) -> np.ndarray:
        k = self.entries.to.size
        if self.traces:
            return self.entries.product(rate, y[k : 2 * k], y[2 * k :])
        to, source = self.entries.entries
        return self.entries.product(rate, rate[..., to], rate[..., source])

    def slope(self, t: float, y: np.ndarray) -> np.ndarray:
        """dy/dt."""
        rule = self.entries
        rate = self.rates(self.weights(y))
        product = self._product(y, rate)
        speed = rule.eta * np.where(rule.multiplicative, 1.0, -rule.unit)
        weights = np.where(self.at_zero, 0.0, speed * product)
        if not self.traces:
            return weights
        k = rule.to.size
        followed = np.concatenate([rate[rule.to], rate[rule.source]])
        return np.concatenate([weights, (followed - y[k:]) / np.tile(rule.tau, 2)])

    def margins(self, t: float, y: np.ndarray) -> np.ndarray:
        """Return what is positive while the equations hold: by weight, and by rate."""
        u, rule = y[: self.entries.to.size], self.entries
        if self.law is not None and rule.multiplicative.all():
            return np.ones(1)
        W = self.weights(y)
        rate = self.rates(W)
        leaving = -self._product(y, rate)  # a weight at 0 stays there
        own = np.where(self.at_zero, leaving, np.where(rule.multiplicative, 1.0, -u))
        if self.law is not None:
            return own
        assert self.support is not None
        return np.concatenate([own, self.support.margins(W, rate)])

    def _begin(self, empty: bool) -> tuple[np.ndarray, np.ndarray]:
        """State at time 0, and the size of its entries."""
        w, rule = self.W[self.entries.entries], self.entries
        y = np.where(rule.multiplicative, 0.0, w)
        scale = np.where(rule.multiplicative, 1.0, np.abs(self.W).max())
        if self.traces:
            rate = self.rates(self.W)
            running = np.concatenate([rate[rule.to], rate[rule.source]])
            y = np.concatenate([y, 0.0 * running if empty else running])
            scale = np.concatenate([scale, np.tile(rule.target, 2)])
        falling = self._product(y, self.rates(self.W)) < 0.0
        self.at_zero = ~rule.multiplicative & (w == 0.0) & falling
        return y, scale

    def _pass(self, t: float, y: np.ndarray) -> bool:
        """Change the set of what fires, or is at zero, after a margin has vanished."""
        index, k = int(np.argmin(self.margins(t, y))), self.entries.to.size
        if index < k:
            self.at_zero[index] = not self.at_zero[index]
            y[index] = 0.0
            return True
        assert self.support is not None
        W, old = self.weights(y), self.support
        self.support = old.flipped(index - k)
        # Where two states meet and vanish, the determinant changes its sign.
        if not (self.support.determinants(W) > 0.0).all():
            self.support = old.jumped(W, index - k)
        return self.support is not None

    def follow(self, times: np.ndarray, empty: bool):
        """Weights, rates, the relative drift at the end, and why it came early if so."""
        if self.law is None:
            self.support = support_at(self.W, self.X, self.leak)
            if self.support is None:
                raise ValueError(
                    "`W` must let rates exist at time 0; got runaway excitation: give "
                    "more inhibition"
                )
        y, scale = self._begin(empty)
        found: list[tuple[np.ndarray, np.ndarray]] = []
        t, ended = 0.0, self._leg(0.0, y, scale, times, found)
        for _ in range(_MAX_LEGS):
            if not isinstance(ended, tuple):
                break
            t, y = ended
            ended = (
                self._leg(t, y, scale, times, found)
                if self._pass(t, y)
                else f"rates cease to exist after {1e-3 * t:.4g} s: excitation runs away"
            )
        else:
            ended = f"the populations that fire change without end at {1e-3 * t:.4g} s"
        W, rate = (np.array(part) for part in zip(*found, strict=True))
        return W, rate, self.drift, ended

    def _leg(self, t, y, scale, times, found) -> tuple[float, np.ndarray] | str:
        """Go on to the next change, recording; its time and state, or why there is none."""

        def edge(t, y):
            return self.margins(t, y).min()

        edge.terminal, edge.direction = True, -1  # type: ignore[attr-defined]
        tol = _TOLERANCE if self.law is None else _TOLERANCE_GIVEN
        part = solve_ivp(
            self.slope, (t, max(times[-1], np.nextafter(t, np.inf))), y, "DOP853",
            events=edge, dense_output=True, rtol=tol, atol=tol * scale,
        )  # fmt: skip
        while len(found) < times.size and times[len(found)] <= part.t[-1]:
            W = self.weights(part.sol(times[len(found)]))
            found.append((W, self.rates(W)))
        self.drift = float(
            np.abs(self.slope(part.t[-1], part.y[:, -1]) / scale)[
                : self.entries.to.size
            ].max()
        )
        if part.status == 1:
            return float(part.t[-1]), part.y[:, -1]
        if part.status == -1:
            return f"rates diverge after {1e-3 * part.t[-1]:.4g} s"
        return ""
