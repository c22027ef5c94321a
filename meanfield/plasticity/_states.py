"""Rates of threshold-linear populations while the set of those that fire is the same."""

import numpy as np

from ..balanced import State, semi_balanced_states


class Support:
    """Which populations fire under each stimulus: rates are linear as long as it holds.

    Parameters
    ----------
    X : numpy.ndarray, shape (n,) or (stimuli, n)
        Inputs.
    leak : numpy.ndarray, shape (n,)
        Slope of the input by the rate.
    fires : numpy.ndarray of bool, of the shape of X
        The populations that fire.
    """

    def __init__(self, X: np.ndarray, leak: np.ndarray, fires: np.ndarray):
        self.X, self.leak, self.fires = X, leak, fires

    def rates(self, W: np.ndarray) -> np.ndarray:
        """Rates at which the populations that fire cancel their input."""
        drive = np.where(self.fires, self.X, 0.0)
        found = np.linalg.solve(self._matrix(W), drive[..., None])[..., 0]
        return np.where(self.fires, found, 0.0)

    def determinants(self, W: np.ndarray) -> np.ndarray:
        """Signs of det(leak - W) among those that fire; stable states have +1."""
        return np.linalg.slogdet(self._matrix(W))[0]

    def _matrix(self, W: np.ndarray) -> np.ndarray:
        return np.where(self.fires[..., None], np.diag(self.leak) - W, np.eye(len(W)))

    def margins(self, W: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """How far rates are from 0, and the inputs of silent populations; flat."""
        net = rate @ W.T + self.X
        return np.where(self.fires, rate, -net).ravel()

    def flipped(self, index: int) -> "Support":
        """Return the support with one population more or less."""
        fires = self.fires.copy()
        fires.flat[index] = not fires.flat[index]
        return Support(self.X, self.leak, fires)

    def jumped(self, W: np.ndarray, index: int) -> "Support | None":
        """Return the nearest other state, once that of a stimulus has vanished."""
        s = np.unravel_index(index, self.fires.shape)[:-1]
        last, gone = self.rates(W)[s], set(np.flatnonzero(self.fires[s]))
        states = [
            state
            for state in _states(W, self.X[s], self.leak)
            if set(state.support) != gone
        ]
        if not states:
            return None
        near = min(states, key=lambda state: float(np.abs(state.rate - last).sum()))
        fires = self.fires.copy()
        fires[s] = _as_mask(near, len(W))
        return Support(self.X, self.leak, fires)


def support_at(W: np.ndarray, X: np.ndarray, leak: np.ndarray) -> Support | None:
    """Return the states in which most populations fire; None if there is none."""
    fires = np.zeros(X.shape, dtype=bool)
    for s in np.ndindex(X.shape[:-1]):
        states = _states(W, X[s], leak)
        if not states:
            return None
        fires[s] = _as_mask(max(states, key=lambda state: len(state.support)), len(W))
    return Support(X, leak, fires)


def _states(W: np.ndarray, X: np.ndarray, leak: np.ndarray) -> list[State]:
    """Stable states; if that depends on time constants, those that some make stable."""
    options = {"gain": 1.0 / leak, "size": 1.0} if leak.any() else {}
    found = semi_balanced_states(W, X, **options)
    return list(found.stable) or [state for state in found.states if state.index > 0]


def _as_mask(state: State, n: int) -> np.ndarray:
    return np.isin(np.arange(n), state.support)
