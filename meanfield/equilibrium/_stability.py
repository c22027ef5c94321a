"""Stability of a working point with delays and the neurons' dynamics."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import interpolate, optimize

from ..errors import ConvergenceError
from ..network import MeanField
from ..neurons import Network
from ._effective_connectivity import effective_connectivity
from ._working_points import WorkingPoint, as_mean_field, working_point

__all__ = ["Stability", "stability"]

_LOWEST, _HIGHEST, _NODES = 1e-4, 1.0, 40  # kHz
_FARTHEST = 16.0  # kHz
_TURN = 0.4  # phase [rad] that det(1 - L) may advance between frequencies
_ROUNDS, _MOST = 14, 5000
_QUIET = 0.999  # modulus of all eigenvalues beyond which no frequency matters
_DELAYS = 0.12  # of a turn of the longest delay between frequencies


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stability:
    """Whether a working point is stable, and what it oscillates at; see `stability`.

    Attributes
    ----------
    stable : bool
        Whether small perturbations die out.
    unstable_modes : int
        Growing modes: a pair for each growing oscillation.
    loop_gain : float
        Largest positive real value that an eigenvalue of L(f) takes: 0 if none. An
        oscillation begins, or a state vanishes, where it passes 1.
    frequency : float
        Where it does so [kHz]; 0 for a perturbation that does not oscillate; NaN for none.
    growth_rate, growth_frequency : float
        Of the mode that grows most, or decays least [1/ms, kHz]; NaN where they are not
        known: far from instability.
    frequencies : numpy.ndarray
        (m,) [kHz] at which L was taken.
    eigenvalues : numpy.ndarray
        Of L, (m, n), complex, each column one locus.
    """

    stable: bool
    unstable_modes: int
    loop_gain: float
    frequency: float
    growth_rate: float
    growth_frequency: float
    frequencies: np.ndarray
    eigenvalues: np.ndarray


def stability(
    net: MeanField | Network,
    point: WorkingPoint | Any = None,
    *,
    refractory: bool = True,
    noise_response: bool = True,
) -> Stability:
    """Decide whether a working point is stable, with delays and the neurons' dynamics.

    Parameters
    ----------
    net : MeanField or Network
        A network, taken with ``mean_field(net)``.
    point : WorkingPoint or array_like, optional
        Working point, or its rates (n,) [kHz]; by default `working_point`.
    refractory, noise_response : bool
        As for `effective_connectivity`.

    Returns
    -------
    Stability

    Raises
    ------
    ValueError, TypeError
        As for `effective_connectivity`.
    ConvergenceError
        If there is no working point, or det(1 - L) turns too fast to be followed.

    Notes
    -----
    A mode e^{st} exists where det(1 - L(s)) = 0, L the effective connectivity at
    s = 2 pi i f. L has no poles with Re s >= 0, so that -1/pi times the change of the
    phase of det(1 - L) from f = 0 to infinity is the number of growing modes (Nyquist).
    Frequencies are added until the phase changes by less than 0.4 between them. The
    asynchronous state of Brunel's network loses its stability where the loop gain passes
    1 [1]_. Modes are zeros of a rational function through det(1 - L) [2]_.

    References
    ----------
    .. [1] N. Brunel, V. Hakim, Neural Comput. 11, 1621 (1999),
       doi:10.1162/089976699300016179
    .. [2] Y. Nakatsukasa, O. Sete, L. N. Trefethen, SIAM J. Sci. Comput. 40, A1494
       (2018), doi:10.1137/16M1106122

    Examples
    --------
    >>> from meanfield.equilibrium import stability
    >>> from meanfield.network import brunel
    >>> found = stability(brunel(g=6.0, eta=4.0))
    >>> found.stable, round(found.loop_gain, 3), round(1e3 * found.frequency, 1)  # Hz
    (False, 1.117, 187.7)
    """
    net = as_mean_field(net)
    point = working_point(net) if point is None else point

    def loop(f: np.ndarray) -> np.ndarray:
        return effective_connectivity(
            f, net, point, refractory=refractory, noise_response=noise_response
        )

    f, L = _followed(loop, _first_frequencies(net))
    loci = _loci(np.linalg.eigvals(L))
    modes = _growing(loci)
    gain, at = _largest_gain(loop, f, loci)
    rate, frequency = _leading(f, np.prod(1.0 - loci, axis=1), modes)
    return Stability(
        stable=modes == 0, unstable_modes=modes, loop_gain=gain, frequency=at,
        growth_rate=rate, growth_frequency=frequency, frequencies=f, eigenvalues=loci,
    )  # fmt: skip


def _first_frequencies(net: MeanField) -> np.ndarray:
    delays = [link.delay.mean for link in net.links if link.source < net.n]
    apart = _DELAYS / max([0.5, *delays])
    return np.unique(np.concatenate([
        [0.0], np.geomspace(_LOWEST, _HIGHEST, _NODES), np.arange(apart, _HIGHEST, apart)
    ]))  # fmt: skip


def _followed(loop: Any, f: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return frequencies close enough to follow det(1 - L), and L there."""
    L = loop(f)
    # With delta synapses they tend to the recurrent part of the noise's intensity.
    while np.abs(np.linalg.eigvals(L[-1])).max() > _QUIET and f[-1] < _FARTHEST:
        more = f[-1] + np.arange(1, f.size // 2 + 1) * (f[-1] - f[-2])
        f, L = np.concatenate([f, more]), np.concatenate([L, loop(more)])
    _require_followed(f[-1] < _FARTHEST, f[-1])
    for _ in range(_ROUNDS):
        d = np.linalg.det(np.eye(L.shape[-1]) - L)
        turns = np.abs(np.angle(d[1:] * d[:-1].conj()))
        jumps = np.abs(np.diff(d)) / np.minimum(np.abs(d[1:]), np.abs(d[:-1]))
        coarse = (turns > _TURN) | (jumps > 2.0 * _TURN)
        if not coarse.any():
            break
        middle = 0.5 * (f[1:] + f[:-1])[coarse]
        order = np.argsort(np.concatenate([f, middle]))
        f = np.concatenate([f, middle])[order]
        L = np.concatenate([L, loop(middle)])[order]
        _require_followed(f.size <= _MOST, f[-1])
    return f, L


def _require_followed(ok: bool, highest: float) -> None:
    if not ok:
        raise ConvergenceError(
            "the loop's eigenvalues are not within the unit circle, or turn too fast to be "
            f"followed, up to {highest:.3g} kHz: couplings or delays are too large for "
            "an analysis by frequency"
        )


def _loci(eigenvalues: np.ndarray) -> np.ndarray:
    """Put eigenvalues (m, n) in columns that change little from row to row."""
    found = eigenvalues.copy()
    for i in range(1, found.shape[0]):
        cost = np.abs(found[i - 1][:, None] - found[i][None, :])
        found[i] = found[i][optimize.linear_sum_assignment(cost)[1]]
    return found


def _growing(loci: np.ndarray) -> int:
    """Count zeros of det(1 - L) to the right of the imaginary axis."""
    d = np.prod(1.0 - loci, axis=1)
    turned = float(np.sum(np.angle(d[1:] * d[:-1].conj())))
    # beyond the last frequency all eigenvalues stay within the unit circle
    rest = float(np.sum(np.angle(1.0 - loci[-1])))
    return max(round((rest - turned) / np.pi), 0)


def _largest_gain(loop: Any, f: np.ndarray, loci: np.ndarray) -> tuple[float, float]:
    """Return the largest real positive eigenvalue, and its frequency."""
    real = loci[0][np.abs(loci[0].imag) <= 1e-9 * (1.0 + np.abs(loci[0]))].real
    best = max([(float(x), 0.0) for x in real if x > 0], default=(0.0, np.nan))
    x, y = np.real(loci), np.imag(loci)
    t = np.divide(
        y[:-1], y[:-1] - y[1:], out=np.full(y[1:].shape, -1.0), where=y[:-1] * y[1:] < 0
    )
    height = np.where(t >= 0, x[:-1] + t * (x[1:] - x[:-1]), -np.inf)
    i, k = np.unravel_index(np.argmax(height), height.shape)
    if height[i, k] <= max(best[0], 0.0):
        return best

    def eigenvalue(at: float) -> complex:
        guess = loci[i, k] + (at - f[i]) / (f[i + 1] - f[i]) * (
            loci[i + 1, k] - loci[i, k]
        )
        found = np.linalg.eigvals(loop(np.array([at]))[0])
        return complex(found[np.argmin(np.abs(found - guess))])

    found = optimize.brentq(lambda at: eigenvalue(at).imag, f[i], f[i + 1], xtol=1e-9)
    return eigenvalue(found).real, float(found)


def _leading(f: np.ndarray, d: np.ndarray, modes: int) -> tuple[float, float]:
    """Return the mode's growth [1/ms] and frequency [kHz], from a rational function."""
    s = 2j * np.pi * f
    points, values = np.concatenate([s, -s[1:]]), np.concatenate([d, d[1:].conj()])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of convergence: the zeros are counted below
        zeros = interpolate.AAA(points, values, rtol=1e-7).roots()
    zeros = zeros[np.abs(zeros.imag) <= 2.0 * np.pi * f[-1]]
    if not zeros.size or int(np.sum(zeros.real > 0)) != modes:
        return np.nan, np.nan
    leading = zeros[np.argmax(zeros.real)]
    return float(leading.real), float(abs(leading.imag) / (2.0 * np.pi))
