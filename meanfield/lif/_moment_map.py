"""The moment activation of a population with correlated input."""

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ..moments import Moments
from ..neurons import LIF
from ._stationary import moment_activation

# Asymmetry and excess of |C_ij| over sqrt(C_ii C_jj) that rounding explains.
_ROUNDING = 1e-8


def moment_map(
    mean: npt.ArrayLike, cov: npt.ArrayLike, neuron: LIF | None = None
) -> Moments:
    """Map mean and covariance of input currents to those of the output spike trains.

    Parameters
    ----------
    mean : array_like, shape (..., n)
        Mean drives [mV/ms].
    cov : array_like, shape (..., n, n)
        Covariance of the white noise per unit time [mV^2/ms]; symmetric.
    neuron : LIF, optional
        Neuron parameters; arrays broadcast with `mean`.

    Returns
    -------
    Moments
        ``mean``, the rates [kHz], shape (..., n), and ``cov``, the spike count
        covariance per unit time in long windows [kHz], shape (..., n, n).

    Raises
    ------
    ValueError
        If the shapes do not fit, or `cov` is not symmetric, has a negative variance or a
        correlation beyond +-1.
    TypeError
        If an argument is not real.

    Notes
    -----
    C_ii = std_i^2 and C_ij = std_i std_j chi_i chi_j rho_ij for i != j [1]_ [2]_: linear
    response, valid for weak correlation; positive semidefinite for positive semidefinite
    `cov`, because chi < 1.

    References
    ----------
    .. [1] J. Feng, Y. Deng, E. Rossoni, Phys. Rev. E 73, 041906 (2006),
       doi:10.1103/PhysRevE.73.041906
    .. [2] W. Lu, E. Rossoni, J. Feng, NeuroImage 52, 913 (2010),
       doi:10.1016/j.neuroimage.2009.12.001

    Examples
    --------
    >>> from meanfield import moment_map
    >>> out = moment_map([1.0, 1.0], [[1.0, 0.5], [0.5, 1.0]])
    >>> round(float(out.cov[0, 1] / out.cov[0, 0]), 4)  # chi^2 rho
    0.364
    """
    mean, cov = as_float("mean", mean), as_float("cov", cov)
    n = mean.shape[-1] if mean.ndim else None
    if cov.ndim < 2 or cov.shape[-2:] != (n, n):
        raise ValueError(
            f"`cov` must have shape (..., n, n) for `mean` of shape (..., n); "
            f"got {cov.shape} and {mean.shape}"
        )
    variance = np.diagonal(cov, axis1=-2, axis2=-1)
    require(~(variance < 0), "cov", "must have no negative variance", variance)
    sigma = np.sqrt(variance)
    _check_covariance(cov, sigma)
    rate, std, chi = moment_activation(mean, sigma, LIF() if neuron is None else neuron)
    # std chi/sigma = d rate/d mu; where sigma = 0 all covariances are 0 as well
    gain = np.divide(std * chi, sigma, out=np.zeros_like(std), where=sigma != 0)
    out = gain[..., :, None] * cov * gain[..., None, :]
    diagonal = np.arange(n or 0)
    out[..., diagonal, diagonal] = std**2
    return Moments(rate, out)


def _check_covariance(cov: np.ndarray, sigma: np.ndarray) -> None:
    bound = sigma[..., :, None] * sigma[..., None, :]
    slack = bound * (_ROUNDING if cov.dtype == np.float64 else 1e-4)
    mirrored = np.swapaxes(cov, -1, -2)
    symmetric = ~(np.abs(cov - mirrored) > slack)
    require(symmetric, "cov", "must be symmetric", cov, "use (cov + cov.T)/2")
    possible = ~(np.abs(cov) > bound + slack)
    require(possible, "cov", "must not hold a correlation beyond +-1", cov)
