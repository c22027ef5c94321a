"""Modes of the effective connectivity, followed over frequency."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from ..equilibrium import effective_connectivity
from ..equilibrium._working_points import as_mean_field
from ..errors import require
from ..network import MeanField
from ..neurons import Network
from ._point import frequencies

__all__ = ["Modes", "modes", "propagator"]

_ALIKE = 0.7  # agreement of a mode with itself at the next frequency
_ROUNDS = 12  # of halving the steps between frequencies
_DEFECTIVE = 1e12  # condition number of the eigenvectors


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Modes:
    """Modes of the effective connectivity over frequency; see `modes`.

    Attributes
    ----------
    names : tuple of str
        Of the populations.
    frequency : numpy.ndarray
        (k,) [kHz].
    connectivity : numpy.ndarray
        (k, n, n).
    eigenvalue : numpy.ndarray
        (k, n), each column one mode.
    right, left : numpy.ndarray
        Eigenvectors (k, n, n): ``right[:, :, j]`` and ``left[:, j, :]`` of mode j, with
        left right = 1.
    """

    names: tuple[str, ...]
    frequency: np.ndarray
    connectivity: np.ndarray
    eigenvalue: np.ndarray
    right: np.ndarray
    left: np.ndarray

    @property
    def sensitivity(self) -> np.ndarray:
        """Of each mode to each connection, (k, mode, n, n): d eigenvalue/d ln L_ab.

        Z_ab = left_a L_ab right_b. The sum over all connections is the eigenvalue.
        """
        L, right = self.connectivity, np.swapaxes(self.right, 1, 2)
        return self.left[:, :, :, None] * L[:, None] * right[:, :, None, :]

    @property
    def distance(self) -> np.ndarray:
        """Distance (k, n) of the eigenvalues from 1, where a mode is critical."""
        return np.abs(1.0 - self.eigenvalue)


def modes(
    frequency: npt.ArrayLike,
    net: MeanField | Network,
    point: Any,
    *,
    refractory: bool = True,
    noise_response: bool = True,
) -> Modes:
    """Eigenvalues and eigenvectors of the effective connectivity, followed over frequency.

    Parameters
    ----------
    frequency : array_like, shape (k,)
        Frequencies [kHz], ascending.
    net, point, refractory, noise_response
        As for `meanfield.equilibrium.effective_connectivity`.

    Returns
    -------
    Modes
        Modes in the order of the magnitude of their eigenvalues at the first frequency.

    Raises
    ------
    ValueError, TypeError
        As for `effective_connectivity`; if the frequencies do not ascend; or if the
        eigenvectors do not span the space, as in a chain of populations without loops.

    Notes
    -----
    The network's response is P = sum_j right_j left_j/(1 - lambda_j): an eigenvalue near 1
    makes a peak in the spectra at that frequency [1]_. The modes of neighbouring
    frequencies are paired by (left_i right_j')(left_j' right_i), which is 1 for one and
    the same; where a pair disagrees the step is halved, at most 12 times.

    References
    ----------
    .. [1] H. Bos, M. Diesmann, M. Helias, PLoS Comput. Biol. 12, e1005132 (2016),
       doi:10.1371/journal.pcbi.1005132

    Examples
    --------
    >>> from meanfield.fluctuations import modes
    >>> from meanfield.network import brunel, mean_field
    >>> found = modes([0.1, 0.2], mean_field(brunel(g=5.0, eta=2.0)), [0.03795, 0.03795])
    >>> found.eigenvalue[:, 0].round(2)
    array([0.72+0.37j, 0.4 -0.53j])
    """
    net = as_mean_field(net)
    f = frequencies(frequency)
    if f.ndim != 1 or f.size == 0:
        raise ValueError(f"`frequency` must have shape (k,); got {f.shape}")
    require(np.diff(f) > 0, "frequency", "must ascend", f[1:])
    options = {"refractory": refractory, "noise_response": noise_response}

    def connectivity(x: np.ndarray) -> np.ndarray:
        return effective_connectivity(x, net, point, **options)

    return _followed(net.names, f, connectivity)


def _followed(names: tuple[str, ...], f: np.ndarray, connectivity: Any) -> Modes:
    grid, L = f, connectivity(f)
    for _ in range(_ROUNDS):
        values, right, left = eigen(L)
        pairs = [
            pairing(*x) for x in zip(right, left, right[1:], left[1:], strict=False)
        ]
        steps = np.flatnonzero([agreement < _ALIKE for _, agreement in pairs])
        if not steps.size:
            break
        between = 0.5 * (grid[steps] + grid[steps + 1])
        grid = np.insert(grid, steps + 1, between)
        L = np.insert(L, steps + 1, connectivity(between), axis=0)
    else:
        values, right, left = eigen(L)
        pairs = [
            pairing(*x) for x in zip(right, left, right[1:], left[1:], strict=False)
        ]
    order = [np.argsort(-np.abs(values[0]), kind="stable")]
    for following, _ in pairs:
        order.append(following[order[-1]])
    kept = np.searchsorted(grid, f)
    place = np.array(order)[kept]
    return Modes(
        names=names,
        frequency=f,
        connectivity=L[kept],
        eigenvalue=np.take_along_axis(values[kept], place, 1),
        right=np.take_along_axis(right[kept], place[:, None, :], 2),
        left=np.take_along_axis(left[kept], place[:, :, None], 1),
    )


def eigen(L: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values, right = np.linalg.eig(L)
    require(
        np.linalg.cond(right) < _DEFECTIVE, "net",
        "must have an effective connectivity with as many eigenvectors as populations",
        "fewer", "a chain of populations without loops has no modes; take `propagator`",
    )  # fmt: skip
    return values, right, np.linalg.inv(right)


def pairing(
    right: np.ndarray, left: np.ndarray, next_right: np.ndarray, next_left: np.ndarray
) -> tuple[np.ndarray, float]:
    """Return each mode's number at the next frequency, and the worst agreement."""
    overlap = np.abs((left @ next_right) * (next_left @ right).T)
    alike = np.minimum(overlap, 1.0 / np.maximum(overlap, 1e-300))
    rows, columns = linear_sum_assignment(-alike)
    return columns, float(alike[rows, columns].min())


def propagator(
    frequency: npt.ArrayLike, net: MeanField | Network, point: Any, **options: Any
) -> np.ndarray:
    """Response of populations to each other, over all paths of the network.

    Parameters
    ----------
    frequency, net, point, ``**options``
        As for `meanfield.equilibrium.effective_connectivity`.

    Returns
    -------
    numpy.ndarray
        (1 - L)^-1 L = L + L^2 + ..., complex, of shape (..., n, n): what a spike that is
        added to population b makes of the rate of a.

    Raises
    ------
    ValueError, TypeError
        As for `effective_connectivity`.

    Examples
    --------
    >>> from meanfield.fluctuations import propagator
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> propagator(0.0, net, [0.03795, 0.03795]).real.round(3)
    array([[ 2.797, -3.404],
           [ 2.797, -3.404]])
    """
    net = as_mean_field(net)
    L = effective_connectivity(frequency, net, point, **options)
    return np.linalg.solve(np.eye(net.n) - L, L)
