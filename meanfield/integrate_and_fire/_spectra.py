"""Linear response of the rate, and the spectrum of the spike train."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from . import _stationary
from ._evaluate import Neuron, check, evaluate

TOLERANCE = 1e-6
_TRANSIT = (
    1e-9  # of the interval's transform, from whose small differences spectra come
)
_MODULATIONS = ("mu", "sigma", "V_th", "V_reset")
_SLOW = 1e-5  # phase advance in an interval below which a spectrum is at its limit


class Responses(NamedTuple):
    """Linear responses of the rate; see `responses`."""

    mu: Any
    sigma: Any
    V_th: Any
    V_reset: Any
    error: Any


def responses(
    frequency: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    tolerance: float = TOLERANCE,
    threads: int | None = None,
) -> Responses:
    """Linear response of the rate to modulations of mean, noise, threshold and reset.

    Parameters
    ----------
    frequency : array_like
        Frequency of the modulation [kHz]; negative ones give the complex conjugate.
    mu : array_like
        Mean drive [mV/ms].
    sigma : array_like
        Noise intensity [mV/sqrt(ms)], finite and not negative.
    neuron : LIF, EIF, QIF or IntegrateAndFire
        Neuron parameters; arrays broadcast with the others.
    tolerance : float
        Relative change at which the refinement of the grid ends.
    threads : int, optional
        At most so many threads; by default all cores available.

    Returns
    -------
    Responses
        ``mu`` [1/mV], ``sigma`` [1/(mV sqrt(ms))], ``V_th`` and ``V_reset`` [1/(mV ms)],
        complex: the rate is rate_0 + Re(epsilon R e^{i omega t}) for a modulation by
        epsilon cos(omega t), of the reset at the times of restarts; and ``error``, the
        largest relative change of the first two in the last refinement, which bounds
        their error.

    Raises
    ------
    ValueError
        If `sigma` is negative or infinite, `frequency` is infinite, or the shapes do not
        broadcast.
    TypeError
        If an argument is not a real number, or `neuron` is of another kind.

    Notes
    -----
    With psi(x) = E exp(-i omega T_x), T_x the time from x to the threshold, the density P
    of the stationary state, and rho = psi(V_reset) exp(-i omega t_ref) [1]_ [2]_,

    R_mu = int P psi' dV/(1 - rho),  R_sigma = sigma int P psi'' dV/(1 - rho),
    R_th = -rate psi'(V_th)/(1 - rho),
    R_reset = rate psi'(V_reset)/(1 - rho).

    At frequency 0 the derivatives of the rate. At high frequency the `LIF` has
    R_mu ~ rate (sigma^2 i omega/2)^-1/2, a phase of -45 degrees, and the `EIF`
    rate/(Delta_T i omega). Measured against the closed form of the LIF (parabolic cylinder
    functions) from 0 to 10 kHz: 1e-6, mostly 1e-10. Without noise the response diverges at
    multiples of the rate.

    References
    ----------
    .. [1] M. J. E. Richardson, Phys. Rev. E 76, 021919 (2007),
       doi:10.1103/PhysRevE.76.021919
    .. [2] B. Lindner, L. Schimansky-Geier, Phys. Rev. Lett. 86, 2934 (2001),
       doi:10.1103/PhysRevLett.86.2934

    Examples
    --------
    >>> from meanfield.integrate_and_fire import responses
    >>> from meanfield.neurons import EIF
    >>> found = responses([0.0, 0.1], 1.0, 2.0, EIF())
    >>> abs(found.mu).round(5)
    array([0.03248, 0.00694])
    """
    check(neuron, mu, sigma)
    given = _checked_frequency(frequency)
    from . import _response

    inputs = {"frequency": np.abs(given), "mu": mu, "sigma": sigma}
    *parts, error = evaluate(
        _response.responses, 9, inputs, neuron, tolerance, threads, free=("frequency",)
    )
    sign = np.where(given < 0, -1.0, 1.0)
    pairs = zip(parts[::2], parts[1::2], strict=True)
    found = [re + 1j * (sign * im) for re, im in pairs]
    return Responses(found[0], found[1], found[2], found[3], error)


def linear_response(
    frequency: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    modulation: str = "mu",
    threads: int | None = None,
) -> Any:
    """Linear response of the rate to one modulation.

    Parameters
    ----------
    frequency, mu, sigma, neuron, threads
        As for `responses`.
    modulation : {"mu", "sigma", "V_th", "V_reset"}
        What is modulated.

    Returns
    -------
    numpy.ndarray or complex
        Of the broadcast shape; for the units see `responses`.

    Raises
    ------
    ValueError, TypeError
        As for `responses`, and if `modulation` is unknown.

    Examples
    --------
    >>> from meanfield import LIF, firing_rate
    >>> from meanfield.integrate_and_fire import linear_response
    >>> high = linear_response(10.0, 1.0, 1.0, LIF())
    >>> round(float(np.angle(high, deg=True)), 1)
    -44.9
    """
    if modulation not in _MODULATIONS:
        raise ValueError(
            f"`modulation` must be one of {_MODULATIONS}; got {modulation!r}"
        )
    found = responses(frequency, mu, sigma, neuron, threads=threads)
    return getattr(found, modulation)


def characteristic_function(
    frequency: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> Any:
    """Characteristic function of the inter-spike interval, E exp(-2 pi i frequency T).

    Parameters
    ----------
    frequency, mu, sigma, neuron, threads
        As for `responses`.

    Returns
    -------
    numpy.ndarray or complex
        Of the broadcast shape. T includes t_ref. For a silent neuron 1 at frequency 0 and
        0 elsewhere.

    Raises
    ------
    ValueError, TypeError
        As for `responses`.

    Examples
    --------
    >>> from meanfield import LIF
    >>> from meanfield.integrate_and_fire import characteristic_function
    >>> round(float(abs(characteristic_function(0.01, 1.0, 1.0, LIF()))), 4)
    0.5319
    """
    phase = _phase(frequency, mu, sigma, neuron, threads)
    return np.exp(-phase)[()]


def power_spectrum(
    frequency: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> Any:
    """Power spectrum of the spike train.

    Parameters
    ----------
    frequency, mu, sigma, neuron, threads
        As for `responses`.

    Returns
    -------
    numpy.ndarray or float
        S [kHz] of the broadcast shape, without the peak rate^2 delta(f). For sigma = 0,
        where it consists of such peaks, 0.

    Raises
    ------
    ValueError, TypeError
        As for `responses`.

    Notes
    -----
    S = rate (1 - abs(rho)^2)/abs(1 - rho)^2 with rho the characteristic function of the
    interval: cv^2 rate at frequency 0, the rate at high frequency [1]_.

    References
    ----------
    .. [1] D. R. Cox, P. A. W. Lewis, The Statistical Analysis of Series of Events,
       Methuen (1966), section 4.6, doi:10.1007/978-94-011-7801-3

    Examples
    --------
    >>> from meanfield import LIF
    >>> from meanfield.integrate_and_fire import power_spectrum
    >>> (1e3 * power_spectrum([0.0, 0.02, 1.0], 1.0, 1.0, LIF())).round(2)  # Hz
    array([ 2.94, 22.09, 18.24])
    """
    phase = _phase(frequency, mu, sigma, neuron, threads)
    found = _stationary.moment_activation(mu, sigma, neuron, threads=threads)
    rate, variance, noise, phase = np.broadcast_arrays(
        found.rate, found.std**2, np.asarray(sigma), phase
    )
    slow = (np.abs(phase) < _SLOW) | (rate == 0) | (noise == 0)
    z = np.where(slow, 1.0, phase)
    coherent = np.abs(np.expm1(-z)) ** 2
    spectrum = rate * -np.expm1(-2.0 * np.real(z)) / coherent
    return np.where(slow, variance, spectrum)[()]


def _phase(frequency, mu, sigma, neuron, threads) -> np.ndarray:
    """-ln of the characteristic function; infinite for a silent neuron."""
    check(neuron, mu, sigma)
    given = _checked_frequency(frequency)
    from . import _response

    omega = 2.0 * np.pi * np.abs(given)
    inputs = {"s": np.zeros_like(omega), "frequency": omega, "mu": mu, "sigma": sigma}
    re, im = evaluate(
        _response.transits,
        2,
        inputs,
        neuron,
        _TRANSIT,
        threads,
        free=("s", "frequency"),
    )
    silent = np.isinf(re)
    decay = np.where(silent & (omega > 0), np.inf, -omega * im)
    turn = 2.0 * np.pi * given * np.where(silent, 0.0, re)
    return np.asarray(decay + 1j * turn)


def _checked_frequency(frequency: npt.ArrayLike) -> np.ndarray:
    given = as_float("frequency", frequency)
    require(~np.isinf(given), "frequency", "must be finite (kHz)", given)
    return given
