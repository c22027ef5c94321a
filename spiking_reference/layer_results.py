"""What a simulation of layers returns: counts of the last, moments of each."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meanfield.neurons import require

from . import statistics
from .statistics import Estimate

__all__ = ["LayerMoments", "LayeredResult"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerMoments:
    """Rates and covariances of one layer's spike counts, evaluated when asked for.

    Parameters
    ----------
    sums : numpy.ndarray
        Streamed sums (batch, n, 5) of counts in windows.
    pair_sums : numpy.ndarray or None
        Streamed sums (batch, 4, n, n) of their products.
    covariance : {"diagonal", "full", None}
        What `cov` is.
    window : float
        Length [ms] of the windows.
    batches, per_batch : int
        Batches of windows behind each standard error, and windows in each.
    """

    sums: np.ndarray
    pair_sums: np.ndarray | None
    covariance: str | None
    window: float
    batches: int
    per_batch: int

    @property
    def rate(self) -> Estimate:
        """Firing rates (batch, n) [kHz].

        Standard errors come from batches of windows, which are whole runs from 32
        trials on; NaN where there is one batch. A neuron without a spike has
        1/(simulated time).
        """
        return statistics.window_rate(
            self.sums, self.batches, self.per_batch, self.window
        )

    @property
    def cov(self) -> Estimate | None:
        """Covariances of counts over the window's length [kHz].

        Variances (batch, n), matrices (batch, n, n), or None, as was asked for with
        `covariance`. Windows and trials of one input are pooled; NaN where there is one
        window in all.
        """
        if self.covariance is None:
            return None
        variances = statistics.count_variance(
            self.sums, self.batches, self.per_batch, self.window
        )
        if self.pair_sums is None:
            return variances
        found = statistics.window_covariance(
            self.sums, self.pair_sums, self.batches, self.per_batch, self.window
        )
        own = np.arange(self.sums.shape[1])
        for matrix, diagonal in zip(found, variances, strict=True):
            np.asarray(matrix)[:, own, own] = diagonal
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayeredResult:
    """The outcome of `simulate_layers`.

    Parameters
    ----------
    counts : numpy.ndarray
        Spikes (batch, trials, n_readouts, n_out) of the last layer from the end of the
        warm-up to each readout.
    readouts : numpy.ndarray
        Times (n_readouts,) [ms] of the readouts, from the end of the warm-up.
    layers : tuple of LayerMoments
        Rates and covariances of each layer.

    Examples
    --------
    >>> counts = np.array([[[[3, 1]], [[2, 2]]], [[[0, 1]], [[5, 1]]]])
    >>> run = LayeredResult(counts=counts, readouts=np.array([50.0]), layers=())
    >>> run.accuracy([0, 1])  # right, a tie; right, wrong
    array([0.625])
    >>> run.accuracy([0, 1], pooled=True)  # 5:3, right; 5:2, wrong
    array([0.5])
    """

    counts: np.ndarray
    readouts: np.ndarray
    layers: tuple[LayerMoments, ...]

    def predictions(self) -> npt.NDArray[np.int64]:
        """Class of the highest count (batch, trials, n_readouts); of ties the first."""
        return self.counts.argmax(axis=-1)

    def accuracy(
        self, labels: npt.ArrayLike, *, pooled: bool = False
    ) -> npt.NDArray[np.float64]:
        """Mean accuracy (n_readouts,) of the class of the highest count.

        Parameters
        ----------
        labels : array_like of int
            True classes (batch,).
        pooled : bool, optional
            Add up the counts of all trials of an input first.

        Returns
        -------
        numpy.ndarray
            Means over inputs and trials; where m classes tie, the true one among them,
            1/m is counted: the chance to draw it.

        Raises
        ------
        TypeError, ValueError
            If the labels are not integers from 0 to n_out - 1, one to each input.
        """
        labels = np.asarray(labels)
        batch, n_out = self.counts.shape[0], self.counts.shape[-1]
        if labels.dtype.kind not in "iu":
            raise TypeError(f"`labels` must be integers; got dtype {labels.dtype}")
        if labels.shape != (batch,):
            raise ValueError(
                f"`labels` must have shape (batch,) = ({batch},); got {labels.shape}"
            )
        known = (labels >= 0) & (labels < n_out)
        require(known, "labels", f"must be from 0 to {n_out - 1} (classes)", labels)
        counts = self.counts.sum(axis=1, keepdims=True) if pooled else self.counts
        top = counts == counts.max(axis=-1, keepdims=True)
        right = np.take_along_axis(top, labels[:, None, None, None], axis=-1)[..., 0]
        return (right / top.sum(axis=-1)).mean(axis=(0, 1))
