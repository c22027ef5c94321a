"""Rates of threshold-linear populations while the set of those that fire is the same."""

import numpy as np


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


def support_at(W: np.ndarray, X: np.ndarray, leak: np.ndarray) -> Support | None:
    """Return the populations that fire at these weights; None if there is no state."""
    fires = np.ones(X.shape, dtype=bool)
    for _ in range(4 * X.shape[-1]):
        support = Support(X, leak, fires)
        rate = support.rates(W)
        if (support.margins(W, rate) >= 0.0).all():
            return support
        net = rate @ W.T + X
        fires = np.where(fires, rate > 0.0, net > 0.0)
    return None
