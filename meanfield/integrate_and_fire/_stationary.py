"""Stationary rate and variability."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import lif
from ..neurons import LIF
from ._evaluate import Neuron, check, evaluate

# Relative change in the last step of extrapolation; the error is smaller still.
TOLERANCE = 1e-8


class Stationary(NamedTuple):
    """Statistics of the output spike train; see `stationary`."""

    rate: Any
    std: Any
    chi: Any
    cv: Any
    gain: Any
    error: Any


def stationary(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    tolerance: float = TOLERANCE,
    threads: int | None = None,
) -> Stationary:
    """Solve for rate, variability and gain by threshold integration.

    Parameters
    ----------
    mu : array_like
        Mean drive [mV/ms].
    sigma : array_like
        Noise intensity [mV/sqrt(ms)], finite and not negative.
    neuron : LIF, EIF, QIF or IntegrateAndFire
        Neuron parameters; arrays broadcast with `mu` and `sigma`.
    tolerance : float
        Relative change at which the refinement of the grid ends.
    threads : int, optional
        At most so many threads; by default all cores available.

    Returns
    -------
    Stationary
        ``rate`` [kHz]; ``std`` [sqrt(kHz)], the square root of the spike count variance per
        unit time in long windows; ``chi``, the linear response coefficient; ``cv`` of the
        intervals; ``gain``, d rate/d mu [1/mV]; ``error``, the relative change of rate,
        cv^2 and gain in the last refinement, which bounds the error. Each of the broadcast
        shape.

    Raises
    ------
    ValueError
        If `sigma` is negative or infinite, or the shapes do not broadcast.
    TypeError
        If an argument is not a real number, or `neuron` is of another kind.

    Notes
    -----
    With F = f + mu, D = sigma^2/2 and w = -dT/dx for the mean time T(x) to the threshold
    [1]_ [2]_,

    D w' = 1 - F w,  D u' = w^2 - F u,  D v' = w - F v

    upwards from where F leads back (potential 38 D above the lowest point); over
    [V_reset, V_th], 1/rate = t_ref + int w, Var(interval) = sigma^2 int u and
    gain = rate^2 int v. All terms are positive, so that nothing cancels. A midpoint scheme
    on panels that follow the scales of F, then Richardson extrapolation of ln T and the
    ratios. Measured against the closed forms of the LIF, noise from 0.01 to 100 mV/sqrt(ms)
    and rates from 1e-250 kHz: rate within 1e-8, cv, gain and chi within 1e-7, mostly 1e-10.
    Limits: sigma = 0 is the noiseless neuron; rates below 1e-300 kHz are 0, with cv = 1 as
    for rare events.

    References
    ----------
    .. [1] M. J. E. Richardson, Phys. Rev. E 76, 021919 (2007),
       doi:10.1103/PhysRevE.76.021919
    .. [2] M. J. E. Richardson, Biol. Cybern. 99, 381 (2008),
       doi:10.1007/s00422-008-0244-y

    Examples
    --------
    >>> from meanfield.integrate_and_fire import stationary
    >>> from meanfield.neurons import EIF
    >>> found = stationary(1.0, 2.0, EIF())
    >>> round(float(found.rate) * 1e3, 6), round(float(found.cv), 6)
    (15.410836, 0.580097)
    """
    check(neuron, mu, sigma)
    from . import _moments  # numba is imported on the first call

    inputs = {"mu": mu, "sigma": sigma}
    rate, cv, gain, scaled, error = evaluate(
        _moments.stationary, 5, inputs, neuron, tolerance, threads
    )
    root = np.sqrt(rate)
    std = root * cv
    chi = np.divide(gain, root * scaled, out=np.zeros_like(rate), where=rate != 0)
    return Stationary(rate, std, chi[()], cv, gain, error)


def moment_activation(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> lif.MomentActivation:
    """Map mean and noise of the input to mean, variability and response of the output.

    Parameters
    ----------
    mu, sigma, neuron, threads
        As for `stationary`.

    Returns
    -------
    MomentActivation
        ``rate`` [kHz], ``std`` [sqrt(kHz)] and ``chi``, each of the broadcast shape.

    Raises
    ------
    ValueError, TypeError
        As for `stationary`.

    Notes
    -----
    That of `stationary`, and for the `LIF` the closed form of
    `meanfield.lif.moment_activation`, a hundred times as fast.

    Examples
    --------
    >>> from meanfield.integrate_and_fire import moment_activation
    >>> from meanfield.neurons import QIF
    >>> round(float(moment_activation(0.3, 1.0, QIF()).chi), 4)
    0.7532
    """
    if isinstance(neuron, LIF):
        return lif.moment_activation(mu, sigma, neuron, threads=threads)
    found = stationary(mu, sigma, neuron, threads=threads)
    return lif.MomentActivation(found.rate, found.std, found.chi)


def firing_rate(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> Any:
    """Stationary firing rate [kHz], of the broadcast shape; see `moment_activation`.

    Parameters
    ----------
    mu, sigma, neuron, threads
        As for `stationary`.

    Returns
    -------
    numpy.ndarray or float
        Rate [kHz].

    Raises
    ------
    ValueError, TypeError
        As for `stationary`.

    Examples
    --------
    >>> from meanfield.integrate_and_fire import firing_rate
    >>> from meanfield.neurons import EIF
    >>> firing_rate([0.5, 1.0, 2.0], 1.0, EIF()).round(5)
    array([2.000e-05, 1.262e-02, 4.782e-02])
    """
    return moment_activation(mu, sigma, neuron, threads=threads).rate


def cv(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> Any:
    """Coefficient of variation of the inter-spike intervals.

    Parameters
    ----------
    mu, sigma, neuron, threads
        As for `stationary`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape; 1 where the neuron is silent.

    Raises
    ------
    ValueError, TypeError
        As for `stationary`.

    Examples
    --------
    >>> from meanfield.integrate_and_fire import cv
    >>> from meanfield.neurons import EIF
    >>> round(float(cv(1.0, 2.0, EIF())), 4)
    0.5801
    """
    if isinstance(neuron, LIF):
        return lif.cv(mu, sigma, neuron, threads=threads)
    return stationary(mu, sigma, neuron, threads=threads).cv


def fano_factor(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> Any:
    """Fano factor of spike counts in long windows, the square of `cv`.

    Parameters
    ----------
    mu, sigma, neuron, threads
        As for `stationary`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape.

    Raises
    ------
    ValueError, TypeError
        As for `stationary`.

    Examples
    --------
    >>> from meanfield.integrate_and_fire import fano_factor
    >>> from meanfield.neurons import EIF
    >>> round(float(fano_factor(1.0, 2.0, EIF())), 4)
    0.3365
    """
    return cv(mu, sigma, neuron, threads=threads) ** 2
