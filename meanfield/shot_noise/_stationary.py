"""Public functions of shot noise: checks, broadcasting, choice of the method."""

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .._elementwise import elementwise
from ..errors import as_float, require
from ..neurons import LIF

_DEFAULT = LIF()


class RateResponse(NamedTuple):
    """Response of the rate to each part of the input; see `linear_response`."""

    rate_exc: Any
    rate_inh: Any
    mu: Any


def firing_rate(
    rate_exc: npt.ArrayLike,
    amplitude_exc: npt.ArrayLike,
    rate_inh: npt.ArrayLike = 0.0,
    amplitude_inh: npt.ArrayLike = 0.0,
    neuron: LIF = _DEFAULT,
    *,
    mu: npt.ArrayLike = 0.0,
    amplitudes: str = "exponential",
) -> Any:
    """Stationary firing rate under Poisson spikes that make the voltage jump.

    Parameters
    ----------
    rate_exc, rate_inh : array_like
        Rates of the excitatory and inhibitory input spikes, all afferents together [kHz].
    amplitude_exc, amplitude_inh : array_like
        Sizes of the jumps [mV], both not negative: inhibitory ones go down.
    neuron : LIF
        Neuron parameters; arrays broadcast with the input. `tau_m` is finite.
    mu : array_like
        Constant drive [mV/ms].
    amplitudes : {"exponential", "fixed"}
        Whether jumps are exponentially distributed with the given mean, or all equal.

    Returns
    -------
    numpy.ndarray or float
        Rate [kHz] of the broadcast shape.

    Raises
    ------
    ValueError
        If a rate or an amplitude is negative or not finite, `mu` or `tau_m` is not
        finite, `amplitudes` is something else, or the shapes do not broadcast.
    TypeError
        If an argument is not a real number, or `neuron` is not an `LIF`.
    ConvergenceError
        With fixed amplitudes, if the grids do not agree.

    Notes
    -----
    dV = (-(V - E_L)/tau_m + mu) dt + jumps. Voltages from rest, v = V - E_L - mu tau_m,
    p = rate_exc tau_m and q = rate_inh tau_m, and exponential amplitudes of mean a_e and
    a_i [1]_:

    1/rate = t_ref + tau_m int_0^{1/a_e} ds/s (1 - a_e s)^p (1 + a_i s)^q
    (exp(s v_th)/(1 - a_e s) - exp(s v_r)).

    That is for v_th >= 0. Where `mu` alone reaches threshold, v_th < 0, part of the
    spikes comes by drift, and regularity of the voltage's transform at s > 1/a_e fixes
    which (docs/theory). Relative error below 1e-13, measured against mpmath for 0.3 to 60
    jumps per tau_m; at most 1e-8 beyond the rounding of the input for any number: more
    than 1e16 jumps per tau_m are replaced by 1e16 of the same mean and variance.

    Fixed amplitudes: the backward equation of the mean first-passage time by collocation
    with polynomials of degree 9; two grids agree to 1e-8. Intervals longer than some 1e8
    tau_m raise `ConvergenceError`. A jump counts as a spike if it reaches `V_th`.

    References
    ----------
    .. [1] M. J. E. Richardson, R. Swarbrick, Phys. Rev. Lett. 105, 178102 (2010),
       doi:10.1103/PhysRevLett.105.178102

    Examples
    --------
    >>> from meanfield import LIF, shot_noise
    >>> neuron = LIF(t_ref=0.0)
    >>> rate = shot_noise.firing_rate(0.7, 1.0, neuron=neuron)
    >>> print(f"{rate * 1e3:.5f} Hz")
    7.00265 Hz
    """
    return _statistics(
        rate_exc, amplitude_exc, rate_inh, amplitude_inh, neuron, mu, amplitudes
    )[0]


def cv(
    rate_exc: npt.ArrayLike,
    amplitude_exc: npt.ArrayLike,
    rate_inh: npt.ArrayLike = 0.0,
    amplitude_inh: npt.ArrayLike = 0.0,
    neuron: LIF = _DEFAULT,
    *,
    mu: npt.ArrayLike = 0.0,
    amplitudes: str = "exponential",
) -> Any:
    """Coefficient of variation of the inter-spike intervals.

    Parameters
    ----------
    rate_exc, amplitude_exc, rate_inh, amplitude_inh, neuron, mu, amplitudes
        As for `firing_rate`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape. 1, the limit of rare events, where the neuron is silent.

    Raises
    ------
    ValueError, TypeError, ConvergenceError
        As for `firing_rate`.

    Notes
    -----
    With exponential amplitudes from the transform of the first-passage time [1]_ to
    second order, with logarithms in the integrals of the rate (docs/theory). The error of
    CV^2 is below 1e-13 of the larger of CV^2 and 1: a CV under 1e-6 is not resolved.

    References
    ----------
    .. [1] M. J. E. Richardson, R. Swarbrick, Phys. Rev. Lett. 105, 178102 (2010),
       doi:10.1103/PhysRevLett.105.178102

    Examples
    --------
    >>> from meanfield import LIF, shot_noise
    >>> round(float(shot_noise.cv(0.7, 1.0, neuron=LIF(t_ref=0.0))), 4)
    0.7794
    """
    return _statistics(
        rate_exc, amplitude_exc, rate_inh, amplitude_inh, neuron, mu, amplitudes
    )[1]


def linear_response(
    frequency: npt.ArrayLike,
    rate_exc: npt.ArrayLike,
    amplitude_exc: npt.ArrayLike,
    rate_inh: npt.ArrayLike = 0.0,
    amplitude_inh: npt.ArrayLike = 0.0,
    neuron: LIF = _DEFAULT,
    *,
    mu: npt.ArrayLike = 0.0,
) -> RateResponse:
    """Linear response of the rate to the input rates and the drive.

    Parameters
    ----------
    frequency : array_like
        Frequency of the modulation [kHz].
    rate_exc, amplitude_exc, rate_inh, amplitude_inh, neuron, mu
        As for `firing_rate`; amplitudes are exponentially distributed. The resting
        potential E_L + mu tau_m is not above threshold.

    Returns
    -------
    RateResponse
        ``rate_exc`` and ``rate_inh`` [1], ``mu`` [kHz per mV/ms], complex, of the
        broadcast shape: input + epsilon e^{i omega t} gives rate + epsilon response
        e^{i omega t}. Without excitation, ``rate_exc`` is the part of single jumps that
        reach threshold, and the others are 0.

    Raises
    ------
    ValueError
        As for `firing_rate`, and if the drive alone reaches threshold.
    TypeError
        As for `firing_rate`.

    Notes
    -----
    The first-order equation for the voltage's transform, solved by an integrating factor
    s^{i omega tau_m} [1]_; the integrals are taken along an arc in the complex plane
    through their saddle point. Relative error below 1e-12, measured against mpmath and by
    deforming the arc, up to omega tau_m = 1000. At high frequency the response to
    ``rate_exc`` tends to rate/rate_exc, without delay.

    References
    ----------
    .. [1] M. J. E. Richardson, R. Swarbrick, Phys. Rev. Lett. 105, 178102 (2010),
       doi:10.1103/PhysRevLett.105.178102

    Examples
    --------
    >>> from meanfield import shot_noise
    >>> response = shot_noise.linear_response([0.0, 0.1, 1.0], 0.7, 1.0)
    >>> abs(response.rate_exc).round(5)
    array([0.03765, 0.016  , 0.00992])
    """
    inputs = {
        "frequency": frequency,
        **_checked(rate_exc, amplitude_exc, rate_inh, amplitude_inh, neuron, mu),
    }
    finite = np.isfinite(as_float("frequency", frequency))
    require(finite, "frequency", "must be finite (kHz)", frequency)
    rest = np.asarray(neuron.E_L) + inputs["mu"] * np.asarray(neuron.tau_m)
    remedy = "the response is available where the jumps are needed to fire"
    condition = "must leave the resting potential E_L + mu tau_m at or below V_th"
    require(rest <= neuron.V_th, "mu", condition, mu, remedy)
    from . import _kernels  # numba is imported on the first call

    parts = elementwise(
        _kernels.rate_response, inputs, 6, parameters=_parameters(neuron)
    )
    return RateResponse(
        *(a + 1j * b for a, b in zip(parts[::2], parts[1::2], strict=True))
    )


def diffusion_limit(
    rate_exc: npt.ArrayLike,
    amplitude_exc: npt.ArrayLike,
    rate_inh: npt.ArrayLike = 0.0,
    amplitude_inh: npt.ArrayLike = 0.0,
    *,
    mu: npt.ArrayLike = 0.0,
    amplitudes: str = "exponential",
) -> tuple[Any, Any]:
    """White noise with the mean and the variance of the jumps.

    Parameters
    ----------
    rate_exc, amplitude_exc, rate_inh, amplitude_inh, mu, amplitudes
        As for `firing_rate`.

    Returns
    -------
    mu : numpy.ndarray or float
        Mean drive [mV/ms].
    sigma : numpy.ndarray or float
        Noise intensity [mV/sqrt(ms)]: the input of `meanfield.firing_rate`.

    Raises
    ------
    ValueError, TypeError
        As for `firing_rate`.

    Notes
    -----
    mu + R_e a_e - R_i a_i and sigma^2 = R_e <a_e^2> + R_i <a_i^2>, with <a^2> = a^2 for
    fixed and 2 a^2 for exponential amplitudes. The error of the rate is of first order
    in the size of the jumps at given mean and variance; docs/theory has a table.

    Examples
    --------
    >>> from meanfield import shot_noise
    >>> shot_noise.diffusion_limit(2.0, 0.5, amplitudes="fixed")
    (1.0, 0.7071067811865476)
    """
    x = _checked(rate_exc, amplitude_exc, rate_inh, amplitude_inh, _DEFAULT, mu)
    square = 1.0 if _is_fixed(amplitudes) else 2.0
    rise = x["rate_exc"] * x["amplitude_exc"]
    fall = x["rate_inh"] * x["amplitude_inh"]
    variance = square * (rise * x["amplitude_exc"] + fall * x["amplitude_inh"])
    drive, sigma = np.broadcast_arrays(x["mu"] + rise - fall, np.sqrt(variance))
    return (drive[()], sigma[()]) if drive.ndim else (drive.item(), sigma.item())


def _statistics(
    rate_exc, amplitude_exc, rate_inh, amplitude_inh, neuron, mu, amplitudes
):
    inputs = _checked(rate_exc, amplitude_exc, rate_inh, amplitude_inh, neuron, mu)
    kernel = _fixed_rate_and_cv
    if not _is_fixed(amplitudes):
        from . import _kernels  # numba is imported on the first call

        kernel = _kernels.rate_and_cv
    return elementwise(kernel, inputs, 2, parameters=_parameters(neuron))


def _checked(rate_exc, amplitude_exc, rate_inh, amplitude_inh, neuron, mu) -> dict:
    if not isinstance(neuron, LIF):
        raise TypeError(f"`neuron` must be an LIF; got {type(neuron).__name__}")
    inputs = {
        "rate_exc": rate_exc, "amplitude_exc": amplitude_exc, "rate_inh": rate_inh,
        "amplitude_inh": amplitude_inh,
    }  # fmt: skip
    for name, value in inputs.items():
        unit = "kHz" if name.startswith("rate") else "mV"
        array = inputs[name] = as_float(name, value)
        ok = (array >= 0) & np.isfinite(array)
        require(ok, name, f"must be finite and not negative ({unit})", array)
    inputs["mu"] = as_float("mu", mu)
    require(np.isfinite(inputs["mu"]), "mu", "must be finite (mV/ms)", inputs["mu"])
    finite = "must be finite: without leak there is no stationary voltage"
    require(np.isfinite(neuron.tau_m), "tau_m", finite, neuron.tau_m)
    return inputs


def _parameters(neuron: LIF) -> list:
    return [neuron.tau_m, neuron.t_ref, neuron.V_th, neuron.V_reset, neuron.E_L]


def _is_fixed(amplitudes: str) -> bool:
    if amplitudes not in ("exponential", "fixed"):
        raise ValueError(
            f'`amplitudes` must be "exponential" or "fixed"; got {amplitudes!r}'
        )
    return amplitudes == "fixed"


def _fixed_rate_and_cv(
    R_e, a_e, R_i, a_i, mu, rate, cv, tau, t_ref, V_th, V_reset, E_L
):
    from ._fixed import interval_moments

    points = np.broadcast(R_e, a_e, R_i, a_i, mu, tau, t_ref, V_th, V_reset, E_L)
    for i, (Re, ae, Ri, ai, m, T, dead, th, re, rest) in enumerate(points):
        rest = rest + m * T
        p, q = Re * T * (ae > 0), Ri * T * (ai > 0)
        rate[i], cv[i] = 0.0, 1.0
        if p > 0 or th < rest:
            mean, variance = interval_moments(p, ae, q, ai, th - rest, re - rest)
            rate[i] = 1 / (dead + T * mean)
            cv[i] = math.sqrt(max(variance, 0.0)) * T * rate[i]
