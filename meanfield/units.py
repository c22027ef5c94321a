"""One coherent system: ms, mV and kHz; also nS, pA and pF (coherent with ms, mV).

Units are plain floats: ``5 * Hz`` is a rate, ``rate / Hz`` reads it in hertz.

Examples
--------
>>> from meanfield.units import Hz, s
>>> 5 * Hz * (2 * s)  # spikes in two seconds
10.0
"""

import numpy as np
import numpy.typing as npt

from .errors import as_float, require

ms = 1.0
s = 1e3
mV = 1.0
kHz = 1.0
Hz = 1e-3
nS = 1.0
pA = 1.0
pF = 1.0


def to_siegert(
    mu: npt.ArrayLike, sigma: npt.ArrayLike, tau_m: npt.ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Convert a drive to the Siegert/Brunel convention.

    Parameters
    ----------
    mu : array_like
        Mean drive [mV/ms].
    sigma : array_like
        Noise intensity [mV/sqrt(ms)].
    tau_m : array_like
        Membrane time constant [ms].

    Returns
    -------
    mu_V, sigma_V : numpy.ndarray
        ``tau_m * mu`` [mV] and ``sqrt(tau_m) * sigma`` [mV], broadcast.

    Raises
    ------
    ValueError
        If `tau_m` is not positive.

    Notes
    -----
    tau dV/dt = -V + mu_V + sigma_V sqrt(tau) xi(t) is the same process as
    dV/dt = -V/tau + mu + sigma xi(t) [1]_.

    References
    ----------
    .. [1] N. Brunel, J. Comput. Neurosci. 8, 183 (2000), doi:10.1023/A:1008925309027

    Examples
    --------
    >>> to_siegert(1.0, 2.0, 25.0)
    (np.float64(25.0), np.float64(10.0))
    """
    mu, sigma, tau_m = _checked(mu, sigma, tau_m)
    return tau_m * mu, np.sqrt(tau_m) * sigma


def from_siegert(
    mu_V: npt.ArrayLike, sigma_V: npt.ArrayLike, tau_m: npt.ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Convert from the Siegert/Brunel convention; the inverse of `to_siegert`.

    Parameters
    ----------
    mu_V, sigma_V : array_like
        Mean and noise amplitude in the Siegert convention [mV].
    tau_m : array_like
        Membrane time constant [ms].

    Returns
    -------
    mu, sigma : numpy.ndarray
        Drive [mV/ms] and intensity [mV/sqrt(ms)], broadcast.

    Raises
    ------
    ValueError
        If `tau_m` is not positive.

    Examples
    --------
    >>> from_siegert(25.0, 10.0, 25.0)
    (np.float64(1.0), np.float64(2.0))
    """
    mu_V, sigma_V, tau_m = _checked(mu_V, sigma_V, tau_m)
    return mu_V / tau_m, sigma_V / np.sqrt(tau_m)


def _checked(mu, sigma, tau_m):
    tau_m = as_float("tau_m", tau_m)
    require(tau_m > 0, "tau_m", "must be positive (ms)", tau_m)
    return np.broadcast_arrays(as_float("mu", mu), as_float("sigma", sigma), tau_m)
