"""One neuron, one question: the theory that answers follows from the neuron's type."""

import importlib
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from . import lif
from .errors import as_float, require
from .neurons import (
    EIF,
    GLIF,
    LIF,
    QIF,
    AdaptiveLIF,
    AdEx,
    ConductanceLIF,
    IntegrateAndFire,
    Parameters,
)

__all__ = [
    "chi",
    "cv",
    "fano_factor",
    "firing_rate",
    "linear_response",
    "moment_activation",
    "power_spectrum",
]

_DEFAULT = LIF()
_THEORIES = {
    LIF: "integrate_and_fire",
    EIF: "integrate_and_fire",
    QIF: "integrate_and_fire",
    IntegrateAndFire: "integrate_and_fire",
    AdaptiveLIF: "adaptation",
    AdEx: "adaptation",
    GLIF: "adaptation",
}
#: Neurons that have a firing rate here.
NEURONS = (*_THEORIES, ConductanceLIF)


def moment_activation(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Parameters = _DEFAULT,
    *,
    tau_syn: npt.ArrayLike = 0.0,
    discretization: float = 0.0,
    threads: int | None = None,
) -> lif.MomentActivation:
    """Map mean and noise of the input to mean, variability and response of the output.

    Parameters
    ----------
    mu : array_like
        Mean drive [mV/ms]; for neurons with a capacitance, the current over it.
    sigma : array_like
        Noise intensity [mV/sqrt(ms)], not negative.
    neuron : LIF, EIF, QIF, IntegrateAndFire or ConductanceLIF
        Neuron parameters; arrays broadcast with `mu` and `sigma`.
    tau_syn : array_like
        For the `LIF`: time constant [ms] of the exponential synapses that filter the
        noise; see `meanfield.coloured_noise`.
    discretization : float
        For the `LIF`: time step [ms] of the clocked simulator whose result is wanted.
    threads : int, optional
        At most so many threads; by default all cores available. One for adaptive neurons.

    Returns
    -------
    MomentActivation
        ``rate`` [kHz]; ``std`` [sqrt(kHz)], the square root of the spike count variance
        per unit time in long windows; ``chi``, the linear response coefficient. Each of
        the broadcast shape.

    Raises
    ------
    ValueError
        If `sigma` is negative, or the shapes do not broadcast.
    TypeError
        If an argument is not a real number, or the neuron has no such theory.

    Notes
    -----
    chi = (sigma/std) d rate/d mu; the output correlation of two neurons is
    chi_i chi_j rho_ij for a weak input correlation. The closed form for the `LIF`
    (`meanfield.lif.moment_activation`), threshold integration for the others
    (`meanfield.integrate_and_fire.stationary`), which give accuracy and sources.

    Examples
    --------
    >>> from meanfield import LIF, moment_activation
    >>> rate, std, chi = moment_activation(1.0, 1.0, LIF())
    >>> print(f"{rate * 1e3:.6f} Hz, chi = {chi:.6f}")
    18.236946 Hz, chi = 0.853190
    """
    return _stationary(
        "moment_activation", mu, sigma, neuron, tau_syn, discretization, threads
    )


def firing_rate(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Parameters = _DEFAULT,
    *,
    tau_syn: npt.ArrayLike = 0.0,
    discretization: float = 0.0,
    threads: int | None = None,
) -> Any:
    """Stationary firing rate, the transfer function of the neuron.

    Parameters
    ----------
    mu, sigma : array_like
        As for `moment_activation`.
    neuron : LIF, EIF, QIF, IntegrateAndFire, ConductanceLIF, AdaptiveLIF, AdEx or GLIF
        Neuron parameters; arrays broadcast with `mu` and `sigma`.
    tau_syn, discretization, threads
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
    `meanfield.lif` (closed form), `meanfield.integrate_and_fire` (exact, by threshold
    integration), `meanfield.adaptation` (adaptation replaced by a constant) and
    `meanfield.coloured_noise` have the equations, their accuracy and their regimes.

    Examples
    --------
    >>> from meanfield import firing_rate
    >>> from meanfield.neurons import EIF
    >>> from meanfield.units import Hz
    >>> firing_rate([0.5, 1.0, 1.5], 1.0).round(5) / Hz
    array([ 0.37, 18.24, 38.17])
    >>> round(float(firing_rate(1.0, 2.0, EIF()) / Hz), 4)
    15.4108
    """
    return _stationary(
        "firing_rate", mu, sigma, neuron, tau_syn, discretization, threads
    )


def cv(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Parameters = _DEFAULT,
    *,
    tau_syn: npt.ArrayLike = 0.0,
    discretization: float = 0.0,
    threads: int | None = None,
) -> Any:
    """Coefficient of variation of the inter-spike intervals.

    Parameters
    ----------
    mu, sigma, neuron, tau_syn, discretization, threads
        As for `firing_rate`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape; 1, the limit of a rare-event process, where the neuron is
        silent.

    Raises
    ------
    ValueError, TypeError
        As for `firing_rate`.

    Notes
    -----
    As for `firing_rate`. Adaptive neurons fire more regularly than this says, the more so
    the faster they adapt: see `meanfield.adaptation.cv`.

    Examples
    --------
    >>> from meanfield import cv
    >>> round(float(cv(1.0, 1.0)), 4)
    0.4012
    """
    return _stationary("cv", mu, sigma, neuron, tau_syn, discretization, threads)


def fano_factor(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Parameters = _DEFAULT,
    *,
    tau_syn: npt.ArrayLike = 0.0,
    discretization: float = 0.0,
    threads: int | None = None,
) -> Any:
    """Fano factor of spike counts in long windows.

    It is CV^2 of the intervals where they are independent, as in white noise; with
    `tau_syn` they are not.

    Parameters
    ----------
    mu, sigma, neuron, tau_syn, discretization, threads
        As for `moment_activation`: neurons without memory beyond their last spike.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape.

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Examples
    --------
    >>> from meanfield import fano_factor
    >>> round(float(fano_factor(1.0, 1.0)), 4)
    0.161
    """
    return _stationary(
        "fano_factor", mu, sigma, neuron, tau_syn, discretization, threads
    )


def chi(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Parameters = _DEFAULT,
    *,
    tau_syn: npt.ArrayLike = 0.0,
    discretization: float = 0.0,
    threads: int | None = None,
) -> Any:
    """Linear response coefficient: what a weak input correlation is multiplied with.

    Parameters
    ----------
    mu, sigma, neuron, tau_syn, discretization, threads
        As for `moment_activation`.

    Returns
    -------
    numpy.ndarray or float
        Of the broadcast shape, in [0, 1).

    Raises
    ------
    ValueError, TypeError
        As for `moment_activation`.

    Examples
    --------
    >>> from meanfield import chi
    >>> round(float(chi(1.015, 2.567)), 4)  # the largest for the default neuron
    0.8814
    """
    return _stationary(
        "moment_activation", mu, sigma, neuron, tau_syn, discretization, threads
    ).chi


def linear_response(
    frequency: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Parameters = _DEFAULT,
    *,
    tau_syn: npt.ArrayLike = 0.0,
    threads: int | None = None,
) -> Any:
    """Linear response of the rate to a modulation of the mean drive.

    Parameters
    ----------
    frequency : array_like
        Frequency [kHz]; negative ones give the complex conjugate.
    mu, sigma, neuron, tau_syn, threads
        As for `firing_rate`.

    Returns
    -------
    numpy.ndarray or complex
        R [1/mV] of the broadcast shape: the rate is rate_0 + Re(epsilon R e^{i omega t})
        for mu + epsilon cos(omega t). At frequency 0, d rate/d mu.

    Raises
    ------
    ValueError, TypeError
        As for `firing_rate`.

    Notes
    -----
    See `meanfield.integrate_and_fire.responses`, also for a modulation of sigma.

    Examples
    --------
    >>> from meanfield import linear_response
    >>> abs(linear_response([0.0, 0.02, 0.1], 1.0, 1.0)).round(4)
    array([0.0462, 0.0784, 0.0324])
    """
    cell = _plain(neuron)
    if _coloured(tau_syn, cell):
        from . import coloured_noise

        return coloured_noise.linear_response(frequency, mu, sigma, tau_syn, cell)
    return _ask("linear_response", cell, frequency, mu, sigma, threads=threads)


def power_spectrum(
    frequency: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Parameters = _DEFAULT,
    *,
    threads: int | None = None,
) -> Any:
    """Power spectrum of the spike train.

    Parameters
    ----------
    frequency, mu, sigma, neuron, threads
        As for `linear_response`.

    Returns
    -------
    numpy.ndarray or float
        S [kHz] of the broadcast shape: cv^2 rate at frequency 0, the rate at high
        frequency. Without the peak rate^2 delta(f).

    Raises
    ------
    ValueError, TypeError
        As for `firing_rate`.

    Notes
    -----
    See `meanfield.integrate_and_fire.power_spectrum`.

    Examples
    --------
    >>> from meanfield import power_spectrum
    >>> (1e3 * power_spectrum([0.0, 0.02, 1.0], 1.0, 1.0)).round(2)  # Hz
    array([ 2.94, 22.09, 18.24])
    """
    neuron = _plain(neuron)
    return _ask("power_spectrum", neuron, frequency, mu, sigma, threads=threads)


def _stationary(name, mu, sigma, neuron, tau_syn, discretization, threads) -> Any:
    neuron = _plain(neuron)
    if _coloured(tau_syn, neuron):
        from . import coloured_noise

        _only_for_white_noise(discretization)
        return getattr(coloured_noise, name)(mu, sigma, tau_syn, neuron)
    if isinstance(neuron, LIF):
        return getattr(lif, name)(
            mu, sigma, neuron, discretization=discretization, threads=threads
        )
    _only_for_the_lif("discretization", discretization, neuron)
    return _ask(name, neuron, mu, sigma, threads=threads)


def _plain(neuron: Any) -> Any:
    """Return the LIF that a `ConductanceLIF` is without synaptic conductances."""
    if not isinstance(neuron, ConductanceLIF):
        return neuron
    shared = {
        name: getattr(neuron, name) for name in ("t_ref", "V_th", "V_reset", "E_L")
    }
    return LIF(tau_m=np.divide(neuron.C_m, neuron.g_L), **shared)


def _ask(name: str, neuron: Any, *inputs: npt.ArrayLike, threads: int | None) -> Any:
    function = getattr(_theory(name, neuron), name)
    if _THEORIES[type(neuron)] == "adaptation":  # in the caller's thread
        return function(*inputs, neuron)
    return function(*inputs, neuron, threads=threads)


def _theory(name: str, neuron: Any) -> ModuleType:
    theories = {
        kind: importlib.import_module(f".{theory}", __package__)
        for kind, theory in _THEORIES.items()
    }
    known = [kind for kind, theory in theories.items() if hasattr(theory, name)]
    if type(neuron) not in known:
        is_class = isinstance(neuron, type)
        given = f"a class: {neuron.__name__}" if is_class else type(neuron).__name__
        raise TypeError(
            f"`neuron` must be one with a theory of {name}; got {given}; "
            f"there are theories for {', '.join(kind.__name__ for kind in known)}"
        )
    return theories[type(neuron)]


def _coloured(tau_syn: npt.ArrayLike, neuron: Any) -> bool:
    array = as_float("tau_syn", tau_syn)
    require(array >= 0, "tau_syn", "must not be negative (ms)", array)
    if array.any():
        _only_for_the_lif("tau_syn", array, neuron)
        return True
    return False


def _only_for_the_lif(name: str, value: npt.ArrayLike, neuron: Any) -> None:
    if np.any(value) and not isinstance(neuron, LIF):
        kind = type(neuron).__name__
        raise ValueError(
            f"`{name}` must be 0 for neurons other than the LIF; got {kind}"
        )


def _only_for_white_noise(discretization: float) -> None:
    require(
        discretization == 0,
        "discretization",
        "must be 0 with `tau_syn`",
        discretization,
    )
