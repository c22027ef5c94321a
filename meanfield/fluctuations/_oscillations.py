"""Where the spectra peak, and which connections make the peaks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from ..equilibrium import effective_connectivity
from ..equilibrium._working_points import as_mean_field
from ..network import MeanField
from ..neurons import Network
from ._modes import Modes, eigen, modes, pairing

__all__ = ["Oscillation", "oscillations"]

_TOLERANCE = 1e-9  # of a frequency, relative
_STEP = 1e-4  # for the slope of an eigenvalue, relative


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Oscillation:
    """A mode where it comes closest to being critical; see `oscillations`.

    Attributes
    ----------
    names : tuple of str
        Of the populations.
    mode : int
        Its number among the `modes`.
    frequency : float
        [kHz].
    eigenvalue : complex
        lambda, of the effective connectivity.
    growth_rate : float
        Of the mode [1/ms], to first order in `distance`. Negative for one that decays, and
        then 2 pi times the half width of its peak; positive for one that grows: the working
        point is unstable, and spectra about it are not the network's.
    right, left : numpy.ndarray
        Its eigenvectors (n,), with left right = 1.
    sensitivity : numpy.ndarray
        Z (n, n), complex: d lambda/d ln L_ab, row the target.
    """

    names: tuple[str, ...]
    mode: int
    frequency: float
    eigenvalue: complex
    growth_rate: float
    right: np.ndarray
    left: np.ndarray
    sensitivity: np.ndarray

    @property
    def distance(self) -> float:
        """Distance of the eigenvalue from 1; the peak grows with its inverse."""
        return abs(1.0 - self.eigenvalue)

    @property
    def amplitude(self) -> np.ndarray:
        """Part (n, n) of the sensitivity towards 1: positive where it raises the peak."""
        return (self.sensitivity * np.conj(self._direction)).real

    @property
    def shift(self) -> np.ndarray:
        """Part (n, n) of the sensitivity across, which moves the peak's frequency."""
        return (self.sensitivity * np.conj(self._direction)).imag

    @property
    def _direction(self) -> complex:
        return (1.0 - self.eigenvalue) / self.distance


def oscillations(
    frequency: npt.ArrayLike, net: MeanField | Network, point: Any, **options: Any
) -> list[Oscillation]:
    """Modes of the network at the frequencies where they are closest to critical.

    Parameters
    ----------
    frequency : array_like, shape (k,)
        Frequencies [kHz], ascending, fine enough to show the peaks: 1 or 2 Hz apart.
    net, point, ``**options``
        As for `modes`.

    Returns
    -------
    list of Oscillation
        The closest to critical first. Left out are modes that come closest at an
        end of the frequencies, or no nearer than 1, which damp and make no peak.

    Raises
    ------
    ValueError, TypeError
        As for `modes`.

    Notes
    -----
    The local minima of abs(1 - lambda_j(f)), refined to 1e-9. With the direction
    k = (1 - lambda)/abs(1 - lambda), a change of ln L_ab by epsilon brings lambda nearer
    to 1 by epsilon Re(Z_ab conj(k)), the amplitude, and moves it across by
    epsilon Im(Z_ab conj(k)), which shifts the frequency [1]_.

    References
    ----------
    .. [1] H. Bos, M. Diesmann, M. Helias, PLoS Comput. Biol. 12, e1005132 (2016),
       doi:10.1371/journal.pcbi.1005132

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield.fluctuations import oscillations
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> first = oscillations(np.arange(0.01, 0.4, 0.005), net, [0.03795, 0.03795])[0]
    >>> round(1e3 * first.frequency, 1), round(first.distance, 3)
    (126.2, 0.271)
    """
    net = as_mean_field(net)
    coarse = modes(frequency, net, point, **options)
    d = coarse.distance
    # of a plateau, its end
    lowest = np.argwhere((d[1:-1] <= d[:-2]) & (d[1:-1] < d[2:]))
    found = [
        _refined(coarse, int(k) + 1, int(j), net, point, options) for k, j in lowest
    ]
    raised = [one for one in found if one.distance < 1.0 - _TOLERANCE]
    return sorted(raised, key=lambda one: one.distance)


def _refined(
    coarse: Modes,
    k: int,
    j: int,
    net: MeanField,
    point: Any,
    options: dict[str, Any],
) -> Oscillation:
    """Return mode j where it is closest to 1, near the frequency of number k."""

    def at(f: float) -> tuple[complex, np.ndarray, np.ndarray, np.ndarray]:
        L = effective_connectivity(np.array([f]), net, point, **options)
        values, right, left = eigen(L)
        found, _ = pairing(coarse.right[k], coarse.left[k], right[0], left[0])
        i = found[j]
        return complex(values[0, i]), right[0, :, i], left[0, i], L[0]

    low, middle, high = coarse.frequency[k - 1 : k + 2]
    f = float(
        minimize_scalar(
            lambda f: abs(1.0 - at(f)[0]), bounds=(low, high), method="bounded",
            options={"xatol": _TOLERANCE * middle},
        ).x
    )  # fmt: skip
    value, right, left, L = at(f)
    h = _STEP * f
    slope = (at(f + h)[0] - at(f - h)[0]) / (2.0 * h)
    # a zero of 1 - lambda(s), s = 2 pi i f, by a Newton step
    growth = (2j * np.pi * (1.0 - value) / slope).real
    return Oscillation(
        names=coarse.names, mode=j, frequency=f, eigenvalue=value, growth_rate=growth,
        right=right, left=left, sensitivity=left[:, None] * L * right,
    )  # fmt: skip
