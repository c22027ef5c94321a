"""Linear response of adaptive neurons: the frozen neuron in a feedback loop."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ._stationary import Neuron, Solution, precision, prepare, solve


def linear_response(
    frequency: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    solution: Solution = "unique",
) -> Any:
    """Response of the rate of an adaptive neuron to a weak modulation of its drive.

    Parameters
    ----------
    frequency : array_like
        Frequency [kHz]; of a negative one the complex conjugate.
    mu, sigma, neuron, solution
        As for `working_point`; broadcast with `frequency`.

    Returns
    -------
    numpy.ndarray or complex
        d rate/d mu [kHz per mV/ms] at e^(+i omega t), omega = 2 pi frequency, of the
        broadcast shape.

    Raises
    ------
    ValueError, TypeError, ConvergenceError
        As for `working_point`; also if `frequency` is not finite.

    Notes
    -----
    R/(1 - R A - (B + kappa e^(-i omega t_ref) D) Theta), where R, B and D are the
    responses of the neuron of `working_point` to drive, threshold and reset, A and Theta
    those of its constant currents and threshold to the rate, which pass the low-pass
    filters of their decay, and kappa is `voltage_reset_fraction` [1]_. With adaptation of
    the drive only it is R/(1 - R A), a high-pass filter. B and D come from the Laplace
    transform of first-passage times [2]_, and R = -tau_m (B + D)/(1 + i omega tau_m).

    For the AdEx it is R/(1 + (R b + K a) L/C_m) with the low-pass filter L of tau_w and
    K = d<V>/dmu: the mean voltage is taken to follow the drive at once, tau_m << tau_w.

    At frequency 0 it is the slope d rate/d mu of `firing_rate`. It is as good as that
    where the slow variables are slow, both beside intervals and beside 1/omega. At
    sigma = 0 it is infinite at multiples of the rate.

    References
    ----------
    .. [1] M. J. E. Richardson, Phys. Rev. E 80, 021928 (2009),
       doi:10.1103/PhysRevE.80.021928
    .. [2] B. Lindner, L. Schimansky-Geier, Phys. Rev. Lett. 86, 2934 (2001),
       doi:10.1103/PhysRevLett.86.2934

    Examples
    --------
    >>> from meanfield import adaptation
    >>> from meanfield.neurons import AdaptiveLIF
    >>> neuron = AdaptiveLIF(Delta_theta=5.0)
    >>> abs(adaptation.linear_response([0.0, 0.001, 0.01], 1.5, 1.0, neuron)).round(4)
    array([0.0203, 0.0226, 0.0392])
    """
    f = as_float("frequency", frequency)
    require(np.isfinite(f), "frequency", "must be finite (kHz)", f)
    dtype = np.result_type(precision(frequency, mu, sigma), np.complex64)
    mu, sigma, parts = prepare(mu, sigma, neuron)
    point = solve(mu, sigma, parts, solution)
    response = parts.respond(2.0 * np.pi * f.astype(np.float64), point)
    return response.astype(dtype)[()]
