"""Linear response of adaptive neurons: the frozen neuron in a feedback loop."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .._elementwise import elementwise
from ..errors import as_float, require
from ..neurons import GLIF, AdaptiveLIF
from ._leaky import Leaky
from ._stationary import Solution, WorkingPoint, precision, prepare, solve


def linear_response(
    frequency: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: AdaptiveLIF | GLIF,
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
    those of mean currents and threshold to the rate, low-pass filters of their rates of
    decay, and kappa is `voltage_reset_fraction` [1]_. With adaptation of the drive only
    it is R/(1 - R A), a high-pass filter. B and D come from the Laplace transform of
    first-passage times [2]_, and R = -tau_m (B + D)/(1 + i omega tau_m).

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
    array([0.0197, 0.0221, 0.0395])
    """
    f = as_float("frequency", frequency)
    require(np.isfinite(f), "frequency", "must be finite (kHz)", f)
    dtype = np.result_type(precision(frequency, mu, sigma), np.complex64)
    mu, sigma, parts = prepare(mu, sigma, neuron)
    point = solve(mu, sigma, parts, solution)
    response = closed_loop(2.0 * np.pi * f.astype(np.float64), point, parts)
    return response.astype(dtype)[()]


def closed_loop(omega: np.ndarray, point: WorkingPoint, parts: Leaky) -> np.ndarray:
    """Return the response of the rate to the drive, with the slow variables following."""
    from ._passage import threshold_and_reset  # imports numba

    base = point.neuron
    inputs = {
        "frequency": omega, "rate": point.rate, "mu": point.mu, "sigma": point.sigma
    }  # fmt: skip
    parameters = [base.tau_m, base.t_ref, base.V_th, base.V_reset, base.E_L]
    out = elementwise(threshold_and_reset, inputs, 4, parameters=parameters)
    to_threshold, to_reset = out[0] + 1j * out[1], out[2] + 1j * out[3]
    tau_m = np.asarray(base.tau_m)
    to_drive = -tau_m * (to_threshold + to_reset) / (1.0 + 1j * omega * tau_m)
    held = np.exp(-1j * omega * base.t_ref)
    shifted = to_threshold + parts.fraction * held * to_reset
    feedback = shifted * parts.threshold.response(omega, point.rate)
    for current in parts.currents:
        feedback = feedback + to_drive * current.response(omega, point.rate)
    return to_drive / (1.0 - feedback)
