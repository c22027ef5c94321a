"""The first two moments of a population, as one value."""

from typing import Any, NamedTuple


class Moments(NamedTuple):
    """Mean and covariance of a population's activity.

    Attributes
    ----------
    mean : numpy.ndarray or torch.Tensor, shape (..., n)
        Means; of an input current [mV/ms], of spike trains [kHz].
    cov : numpy.ndarray or torch.Tensor, shape (..., n, n)
        Covariances per unit time [mV**2/ms]; of spike trains [kHz]. In `meanfield.nn`
        also variances, shape (..., n), or a `meanfield.nn.LowRank`.

    Examples
    --------
    >>> import numpy as np
    >>> Moments(np.zeros(2), np.eye(2)).cov.shape
    (2, 2)
    """

    mean: Any
    cov: Any
