"""Covariances between single neurons of a network with given weights."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require

__all__ = ["neuron_covariances"]


def neuron_covariances(
    connectivity: npt.ArrayLike, spectra: npt.ArrayLike
) -> np.ndarray:
    """Covariances of neurons, from their effective connectivity and own variances.

    Parameters
    ----------
    connectivity : array_like, shape (..., n, n)
        Effective connectivity, row = target: real at frequency 0, or complex.
    spectra : array_like, shape (..., n)
        Power of each neuron's spike train [kHz]: CV^2 rate at frequency 0.

    Returns
    -------
    numpy.ndarray
        C [kHz], of shape (..., n, n), with `spectra` on its diagonal. At frequency 0 the
        covariance of spike counts per unit time, in long windows; at others, the cross
        spectra conj(s_a) s_b, as `cross_spectra`.

    Raises
    ------
    ValueError
        If shapes do not fit, the network is unstable (an eigenvalue of the connectivity
        at frequency 0 with a real part of 1 or more), or no sources give the neurons the
        power that they have.
    TypeError
        If an argument is not numbers.

    Notes
    -----
    C* = P D P^H with P = (1 - L)^-1 and the sources D that leave each neuron with the
    power it has, sum_b abs(P_ab)^2 D_b = S_a: what a neuron receives from the network is
    part of its S already [1]_. The connectivity follows from a `MeanField` of populations
    of one neuron each, or as derivative of the rate by mu and sigma^2, times weights and
    squared weights.

    References
    ----------
    .. [1] D. Dahmen, S. Gruen, M. Diesmann, M. Helias, PNAS 116, 13051 (2019),
       doi:10.1073/pnas.1818972116

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield.fluctuations import neuron_covariances
    >>> L = np.array([[0.0, -0.5], [0.4, 0.0]])  # the second excites, the first inhibits
    >>> neuron_covariances(L, [0.01, 0.02]).round(5)
    array([[ 0.01  , -0.0075],
           [-0.0075,  0.02  ]])
    """
    L, S = _checked(connectivity, spectra)
    n = L.shape[-1]
    if not np.iscomplexobj(L):
        largest = np.linalg.eigvals(L).real.max(axis=-1)
        require(
            largest < 1, "connectivity",
            "must have no eigenvalue with a real part of 1 or more (unstable)", largest,
        )  # fmt: skip
    P = np.linalg.inv(np.eye(n) - L)
    D = np.linalg.solve(np.abs(P) ** 2, S[..., None])[..., 0]
    require(
        D >= 0, "spectra", "must leave a source that is not negative", D,
        "the neurons' input from the network exceeds what their power allows",
    )  # fmt: skip
    return (P.conj() * D[..., None, :]) @ np.swapaxes(P, -1, -2)


def _checked(connectivity: Any, spectra: Any) -> tuple[np.ndarray, np.ndarray]:
    L = np.asarray(connectivity)
    if L.dtype.kind not in "fc":
        L = as_float("connectivity", connectivity)
    S = as_float("spectra", spectra)
    if L.ndim < 2 or L.shape[-1] != L.shape[-2]:
        raise ValueError(f"`connectivity` must be (..., n, n); got {L.shape}")
    require(np.isfinite(L), "connectivity", "must be finite", L)
    if S.ndim == 0 or S.shape[-1] != L.shape[-1]:
        raise ValueError(
            f"`spectra` must be (..., {L.shape[-1]}), one per neuron; got {S.shape}"
        )
    require(np.isfinite(S) & (S >= 0), "spectra", "must be finite and >= 0 (kHz)", S)
    return L, S
