"""Correlations of activities in time."""

from typing import Any, NamedTuple

import numpy as np

from ..equilibrium._working_points import as_mean_field
from ..errors import as_float, require
from ..network import MeanField
from ..neurons import Network
from ._point import rates_of, warn_unless_stable
from ._spectra import evaluated

__all__ = ["CorrelationFunctions", "correlation_functions"]

_TOLERANCE = 1e-4  # of the largest covariance
_SLOWEST, _FASTEST, _PER_BIN = 2.0, 20.0, 4.0  # frequencies go to 4/bin, 2 to 20 kHz
_NARROWEST = 0.02  # ms
_LONGEST = 2**16  # frequencies


class CorrelationFunctions(NamedTuple):
    """Covariances of activities over lags; see `correlation_functions`."""

    lag: np.ndarray
    covariance: np.ndarray
    peak: np.ndarray


def correlation_functions(
    max_lag: float,
    net: MeanField | Network,
    point: Any,
    *,
    bin: float = 1.0,
    source: str = "renewal",
    refractory: bool = True,
    noise_response: bool = True,
) -> CorrelationFunctions:
    """Auto- and cross-correlation functions of the activities of populations.

    Parameters
    ----------
    max_lag : float
        Largest lag [ms].
    net, point, source, refractory, noise_response
        As for `cross_spectra`.
    bin : float
        Width of the bins of the activity, and step of the lags [ms].

    Returns
    -------
    CorrelationFunctions
        ``lag`` (k,) from -`max_lag` to `max_lag` [ms]; ``covariance`` (k, n, n) [kHz^2],
        <A_a(t) A_b(t + lag)> less the means, of activities in bins: positive lags where b
        follows; ``peak`` (n,) [kHz], the integral rate/N of the delta peak of each
        autocorrelation at lag 0, which ``covariance`` leaves out: with it, the variance in
        bins is ``covariance[lag == 0] + peak/bin``.

    Raises
    ------
    ValueError, TypeError
        As for `cross_spectra`; or if `max_lag` is not positive, `bin` below 0.02, or the
        activity remembers for longer than the 2^16 frequencies resolve.

    Notes
    -----
    Inverse Fourier transform of `cross_spectra` times sinc^2(f bin), less rate/N; the
    period is doubled until nothing changes by more than 1e-4 of the largest value.

    Examples
    --------
    >>> from meanfield.fluctuations import correlation_functions
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> found = correlation_functions(5.0, net, [0.03795, 0.03795])
    >>> (1e6 * found.covariance[5:, 0, 0]).round()  # Hz^2
    array([ 466.,  297.,   13., -215., -301., -213.])
    """
    longest, width = _positive("max_lag", max_lag), _positive("bin", bin)
    require(width >= _NARROWEST, "bin", f"must be at least {_NARROWEST} ms", width)
    net = as_mean_field(net)
    options = {"refractory": refractory, "noise_response": noise_response}
    peak = rates_of(net, point) / net.sizes
    steps = int(np.floor(longest / width + 1e-9))
    size = 2 ** int(np.ceil(np.log2(max(4 * steps, 256.0 / width, 8))))
    last = None
    while size * _folds(width) <= _LONGEST:
        found = _transformed(size, steps, width, net, point, source, options)
        if last is not None:
            change = np.abs(found - last).max()
            if change <= _TOLERANCE * np.abs(found).max():
                lag = width * np.arange(-steps, steps + 1)
                warn_unless_stable(net, point, options)
                return CorrelationFunctions(lag, found, peak)
        last, size = found, 2 * size
    raise ValueError(
        "`point` must be a working point whose activity forgets; correlations last longer "
        f"than {size * width:.3g} ms: it is at, or beyond, the onset of an oscillation"
    )


def _transformed(size, steps, width, net, point, source, options) -> np.ndarray:
    f = np.arange(size * _folds(width)) / (size * width)
    rate = rates_of(net, point)
    C = np.empty((f.size, net.n, net.n), dtype=complex)
    C[:] = np.diag(rate / net.sizes)
    slow = np.flatnonzero(f <= _FASTEST)
    for part in np.array_split(slow, 1 + slow.size // 4096):
        _, (C[part], _) = evaluated(f[part], net, point, source, options)
    C -= np.diag(rate / net.sizes)
    C *= (np.sinc(f * width) ** 2 / (size * width))[:, None, None]
    C[0] *= 0.5
    # frequencies beyond 1/(2 bin) fold onto those of the lags, which are whole bins
    folded = C.reshape(_folds(width), size, net.n, net.n).sum(axis=0)
    in_time = 2.0 * size * np.fft.ifft(folded, axis=0).real
    return in_time[np.arange(-steps, steps + 1)]


def _positive(name: str, value: Any) -> float:
    array = as_float(name, value)
    if array.ndim:
        raise ValueError(f"`{name}` must be one number; got shape {array.shape}")
    require((array > 0) & np.isfinite(array), name, "must be positive (ms)", array)
    return float(array)


def _folds(width: float) -> int:
    highest = min(max(_PER_BIN / width, _SLOWEST), _FASTEST)
    return max(1, round(highest * width))
