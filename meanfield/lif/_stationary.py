"""Stationary firing of the LIF in white noise: rate, variability, linear response.

The formulas are in `_formulas.py`, their limits in `_limits.py`.
"""

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .._elementwise import elementwise
from ..errors import as_float, require
from ..neurons import LIF

# -zeta(1/2)/sqrt(2 pi): how far, in units of the step's standard deviation, a random walk
# overshoots a boundary on average (Chernoff 1965; Siegmund 1979).
OVERSHOOT = 0.5825971579390107

_DEFAULT = LIF()


class MomentActivation(NamedTuple):
    """Stationary statistics of the output spike train; see `moment_activation`."""

    rate: Any
    std: Any
    chi: Any


class MomentDerivatives(NamedTuple):
    """First derivatives; see `moment_activation_derivatives`."""

    rate_dmu: Any
    rate_dsigma: Any
    std_dmu: Any
    std_dsigma: Any
    chi_dmu: Any
    chi_dsigma: Any


def moment_activation(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    discretization: float = 0.0,
    threads: int | None = None,
) -> MomentActivation:
    """Map mean and noise of the input to mean, variability and response of the output.

    Parameters
    ----------
    mu : array_like
        Mean drive [mV/ms].
    sigma : array_like
        Noise intensity [mV/sqrt(ms)], not negative.
    neuron : LIF
        Neuron parameters; arrays broadcast with `mu` and `sigma`.
    discretization : float
        Time step [ms] of the clocked simulator whose result is wanted; 0 is exact.
        Such a simulator misses crossings within a step, as if its threshold were higher
        by 0.5826 sigma sqrt(dt).
    threads : int, optional
        At most so many threads; by default all cores available.

    Returns
    -------
    MomentActivation
        ``rate`` [kHz]; ``std`` [sqrt(kHz)], the square root of the spike count variance
        per unit time in long windows; ``chi``, the linear response coefficient. Each of
        the broadcast shape; float32 if `mu` and `sigma` are.

    Raises
    ------
    ValueError
        If `sigma` is negative, `discretization` is not a finite number >= 0, or the
        shapes do not broadcast.
    TypeError
        If an argument is not a real number, or `neuron` is not an `LIF`.

    Notes
    -----
    With b and a the threshold and the reset in units of the noise,
    x(V) = ((V - E_L)/tau_m - mu) sqrt(tau_m)/sigma [1]_ [2]_ [3]_:

    rate = 1/(t_ref + 2 tau_m (G(b) - G(a))),
    std = sqrt(8 tau_m^2 rate^3 (H(b) - H(a))),
    chi = (sigma/std) d rate/d mu.

    The output correlation of two neurons is chi_i chi_j rho_ij for a weak input
    correlation rho_ij. Relative error at most 1e-13 beyond what the rounding of the input
    implies (measured: `docs/benchmarks`). Limits are exact: sigma = 0 is the noiseless
    neuron (all zero at and below rheobase), NaN gives NaN, and nothing else does except
    infinite `mu` together with infinite `sigma`.

    References
    ----------
    .. [1] A. J. F. Siegert, Phys. Rev. 81, 617 (1951), doi:10.1103/PhysRev.81.617
    .. [2] N. Brunel, J. Comput. Neurosci. 8, 183 (2000), doi:10.1023/A:1008925309027
    .. [3] W. Lu, E. Rossoni, J. Feng, NeuroImage 52, 913 (2010),
       doi:10.1016/j.neuroimage.2009.12.001

    Examples
    --------
    >>> from meanfield import LIF, moment_activation
    >>> rate, std, chi = moment_activation(1.0, 1.0, LIF())
    >>> print(f"{rate * 1e3:.6f} Hz, chi = {chi:.6f}")
    18.236946 Hz, chi = 0.853190
    """
    result = _evaluate(
        "moment_activation", 3, mu, sigma, neuron, discretization, threads
    )
    return MomentActivation(*result)


def firing_rate(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    discretization: float = 0.0,
    threads: int | None = None,
) -> Any:
    """Stationary firing rate, the transfer function of the neuron.

    Parameters
    ----------
    mu, sigma, neuron, discretization, threads
        As for `moment_activation`.

    Returns
    -------
    numpy.ndarray or float
        Rate [kHz] of the broadcast shape.

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Notes
    -----
    rate = 1/(t_ref + 2 tau_m (G(b) - G(a))), the Siegert formula; see
    `moment_activation`.

    Examples
    --------
    >>> from meanfield import firing_rate
    >>> from meanfield.units import Hz
    >>> firing_rate([0.5, 1.0, 1.5], 1.0).round(5) / Hz
    array([ 0.37, 18.24, 38.17])
    """
    return _evaluate(
        "moment_activation", 3, mu, sigma, neuron, discretization, threads, keep=0
    )


def chi(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    discretization: float = 0.0,
    threads: int | None = None,
) -> Any:
    """Linear response coefficient: what a weak input correlation is multiplied with.

    Parameters
    ----------
    mu, sigma, neuron, discretization, threads
        As for `moment_activation`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape, in [0, 1).

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Notes
    -----
    chi = (sigma/std) d rate/d mu; see `moment_activation`.

    Examples
    --------
    >>> from meanfield import chi
    >>> round(float(chi(1.015, 2.567)), 4)  # the largest for the default neuron
    0.8814
    """
    return _evaluate(
        "moment_activation", 3, mu, sigma, neuron, discretization, threads, keep=2
    )


def log_firing_rate(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    discretization: float = 0.0,
    threads: int | None = None,
) -> Any:
    """Natural logarithm of the rate in kHz, also where the rate underflows.

    Parameters
    ----------
    mu, sigma, neuron, discretization, threads
        As for `moment_activation`.

    Returns
    -------
    numpy.ndarray or float
        ln(rate/kHz) of the broadcast shape; -inf where the neuron is silent.

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Notes
    -----
    ln rate = -M^2 - ln(t_ref e^{-M^2} + 2 tau_m e^{-M^2}(G(b) - G(a))), M = max(b, 0).

    Examples
    --------
    >>> from meanfield import log_firing_rate
    >>> round(float(log_firing_rate(-50.0, 1.0)), 3)
    -52018.138
    """
    return _evaluate(
        "log_rate_and_fano_factor", 2, mu, sigma, neuron, discretization, threads, 0
    )


def fano_factor(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    discretization: float = 0.0,
    threads: int | None = None,
) -> Any:
    """Fano factor of spike counts in long windows, equal to CV^2 of the intervals.

    Parameters
    ----------
    mu, sigma, neuron, discretization, threads
        As for `moment_activation`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape. 1 (the limit of a rare-event process) where the neuron is
        silent.

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Notes
    -----
    F = 8 tau_m^2 rate^2 (H(b) - H(a)) = std^2/rate.

    Examples
    --------
    >>> from meanfield import fano_factor
    >>> round(float(fano_factor(1.0, 1.0)), 4)
    0.161
    """
    return _evaluate(
        "log_rate_and_fano_factor", 2, mu, sigma, neuron, discretization, threads, 1
    )


def cv(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    discretization: float = 0.0,
    threads: int | None = None,
) -> Any:
    """Coefficient of variation of the inter-spike intervals.

    Parameters
    ----------
    mu, sigma, neuron, discretization, threads
        As for `moment_activation`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape; the square root of `fano_factor`.

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Examples
    --------
    >>> from meanfield import cv
    >>> round(float(cv(1.0, 1.0)), 4)
    0.4012
    """
    return np.sqrt(fano_factor(
        mu, sigma, neuron, discretization=discretization, threads=threads
    ))  # fmt: skip


def moment_activation_derivatives(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    threads: int | None = None,
) -> MomentDerivatives:
    """First derivatives of rate, std and chi with respect to mu and sigma.

    Parameters
    ----------
    mu : array_like
        Mean drive [mV/ms].
    sigma : array_like
        Noise intensity [mV/sqrt(ms)], not negative.
    neuron : LIF
        Neuron parameters; arrays broadcast with `mu` and `sigma`.
    threads : int, optional
        At most so many threads; by default all cores available.

    Returns
    -------
    MomentDerivatives
        ``rate_dmu, rate_dsigma, std_dmu, std_dsigma, chi_dmu, chi_dsigma``, each of the
        broadcast shape.

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Notes
    -----
    Algebraic in g, h, G, H and their derivatives, with db/dmu = -sqrt(tau_m)/sigma and
    db/dsigma = -b/sigma; docs/theory has the formulas. Relative error at most 1e-11 beyond
    what the rounding of the input implies (where a derivative changes its sign, relative
    to its largest term). At sigma = 0 the one-sided limits, and 0 at and below rheobase.

    Examples
    --------
    >>> from meanfield import moment_activation_derivatives
    >>> round(float(moment_activation_derivatives(2.0, 0.0).rate_dmu), 6)
    0.028105
    """
    return MomentDerivatives(
        *_evaluate("moment_activation_derivatives", 6, mu, sigma, neuron, 0.0, threads)
    )


def _evaluate(name, n_out, mu, sigma, neuron, discretization, threads, keep=None):
    if not isinstance(neuron, LIF):
        raise TypeError(f"`neuron` must be an LIF; got {type(neuron).__name__}")
    noise = as_float("sigma", sigma)
    if np.fmin.reduce(noise, axis=None, initial=0.0) < 0:
        remedy = "pass the intensity, the square root of the variance per ms"
        require(~(noise < 0), "sigma", "must not be negative", noise, remedy)
    if not (0.0 <= discretization < math.inf):
        condition = "must be a finite time step >= 0 (ms)"
        require(False, "discretization", condition, discretization)
    if discretization:
        shift = OVERSHOOT * math.sqrt(discretization) * noise.astype(np.float64)
        neuron = dataclasses.replace(neuron, V_th=np.asarray(neuron.V_th) + shift)
    from . import _kernels  # numba is imported on the first call

    kernel = getattr(_kernels, name)
    if keep is not None:
        kernel, n_out = _keeping(kernel, n_out, keep), 1
    parameters = [
        neuron.tau_m, neuron.t_ref, neuron.V_th, neuron.V_reset, neuron.E_L
    ]  # fmt: skip
    if any(hasattr(p, "requires_grad") for p in parameters):
        raise TypeError(
            "`neuron` holds tensors; use meanfield.nn.functional, or plain numbers"
        )
    inputs = {"mu": mu, "sigma": sigma}
    result = elementwise(kernel, inputs, n_out, parameters=parameters, threads=threads)
    return result if keep is None else result[0]


def _keeping(kernel: Callable, n_out: int, keep: int) -> Callable:
    """`kernel` with one output; the others go to scratch of a chunk's size."""

    def one_output(mu, sigma, out, *parameters):
        outputs = [np.empty_like(out) for _ in range(n_out)]
        outputs[keep] = out
        kernel(mu, sigma, *outputs, *parameters)

    return one_output
