"""Linear response of the rate to modulated input, with exponential synapses."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import integrate_and_fire
from .._elementwise import elementwise
from ..errors import as_float, require
from ..neurons import LIF
from ._rare import RareCycle
from ._shift import effective_neuron
from ._stationary import check, is_fast, solve_cycle

_MODULATIONS = ("mu", "input", "sigma")
# From here on, in units of y, the noise is too weak to be told from this.
_WEAKEST = 1e6

_DEFAULT = LIF()


def linear_response(
    frequency: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    tau_syn: npt.ArrayLike,
    neuron: LIF = _DEFAULT,
    *,
    modulation: str = "mu",
    method: str = "auto",
) -> Any:
    """Linear response of the rate of a neuron with exponential synapses.

    Parameters
    ----------
    frequency : array_like
        Frequency of the modulation [kHz]; negative ones give the complex conjugate.
    mu, sigma, tau_syn, neuron
        As for `moment_activation`.
    modulation : {"mu", "input", "sigma"}
        What is modulated: the mean current `mu`; the mean input of the synapses, which
        filter it; or the intensity `sigma` of the noise before the filter.
    method : {"auto", "fokker_planck", "effective_threshold"}
        See the notes.

    Returns
    -------
    numpy.ndarray or complex
        R of the broadcast shape: the rate is rate_0 + Re(epsilon R e^{i omega t}) for a
        modulation by epsilon cos(omega t); [1/mV], for "sigma" [1/(mV sqrt(ms))].

    Raises
    ------
    ValueError
        As for `moment_activation`, if `frequency` is infinite, `modulation` unknown, or
        "sigma" is asked of "effective_threshold".
    TypeError
        As for `moment_activation`.

    Warns
    -----
    ValidityWarning
        As for `moment_activation`.

    Notes
    -----
    "fokker_planck" ("auto" where tau_syn > 1e-6 tau_m) is exact up to the discretization.
    Measured with five times as many unknowns at tau_syn/tau_m = 0.025, 0.25 and 1, up to
    1 kHz: 4e-4 or better, 1e-3 at a resonance (CV = 0.1, 300 Hz). 50 to 170 ms a
    frequency. Unlike in white noise abs(R_mu) does not decay but goes to a constant, the
    density of V at threshold, with the phase 0 [1]_.

    "effective_threshold" is the response in white noise with shifted boundaries [2]_. At
    frequency 0 its error is about tau_syn/(2 tau_m); it grows with
    sqrt(2 pi frequency tau_syn): at tau_syn/tau_m = 0.025, 2 % up to 10 Hz, 7 to 13 % at
    30 Hz and 40 % at 300 Hz. It is used where tau_syn <= 1e-6 tau_m or sigma = 0.
    "input" is "mu" over 1 + i omega tau_syn.

    Where the neuron fires less than about once in 1e6 tau_m, the frequency dependence is
    that of the effective threshold, with the exact response at frequency 0.

    References
    ----------
    .. [1] N. Brunel, F. S. Chance, N. Fourcaud, L. F. Abbott, Phys. Rev. Lett. 86, 2186
       (2001), doi:10.1103/PhysRevLett.86.2186
    .. [2] J. Schuecker, M. Diesmann, M. Helias, Phys. Rev. E 92, 052119 (2015),
       doi:10.1103/PhysRevE.92.052119

    Examples
    --------
    >>> from meanfield.coloured_noise import linear_response
    >>> abs(linear_response([0.0, 0.02, 0.1], 1.0, 1.0, 5.0)).round(4)
    array([0.0517, 0.0757, 0.0499])
    """
    if modulation not in _MODULATIONS:
        raise ValueError(
            f"`modulation` must be one of {_MODULATIONS}; got {modulation!r}"
        )
    if modulation == "sigma" and method == "effective_threshold":
        remedy = 'use method="fokker_planck"'
        raise ValueError(f"`modulation` must not be 'sigma' for this method; {remedy}")
    f = as_float("frequency", frequency)
    require(~np.isinf(f), "frequency", "must be finite (kHz)", f)
    parameters = check(sigma, tau_syn, neuron, method, stacklevel=3)

    def kernel(*arrays):
        given = np.broadcast_arrays(*arrays[:4], *arrays[6:])
        found = _responses(given, modulation, method)
        arrays[4][...], arrays[5][...] = np.real(found), np.imag(found)

    inputs = {"frequency": np.abs(f), "mu": mu, "sigma": sigma, "tau_syn": tau_syn}
    real, imaginary = elementwise(kernel, inputs, 2, parameters=parameters, threads=1)
    return real + 1j * (np.where(f < 0, -1.0, 1.0) * imaginary)


def _responses(given, modulation, method) -> np.ndarray:
    frequency, mu, sigma, tau_syn, tau_m = given[:5]
    missing = np.isnan(frequency + sigma + tau_syn) | np.isnan(mu)
    fast = ~missing & is_fast(mu, sigma, tau_syn, tau_m, method)
    found = np.full(mu.shape, complex(math.nan, math.nan))
    if fast.any():
        found[fast] = _shifted([a[fast] for a in given], modulation)
    for i in np.flatnonzero(~(fast | missing)):
        found[i] = _response(*(float(a[i]) for a in given), noise=modulation == "sigma")
    if modulation == "input":
        found /= 1 + 2j * np.pi * frequency * tau_syn
    return found


def _shifted(given, modulation: str) -> np.ndarray:
    """Return the response in white noise with shifted boundaries."""
    frequency, mu, sigma, tau_syn, tau_m, t_ref, V_th, V_reset, E_L = given
    neuron = LIF(tau_m=tau_m, t_ref=t_ref, V_th=V_th, V_reset=V_reset, E_L=E_L)
    return integrate_and_fire.linear_response(
        frequency, mu, sigma, effective_neuron(sigma, tau_syn, neuron),
        modulation="sigma" if modulation == "sigma" else "mu", threads=1,
    )  # fmt: skip


def _response(frequency, mu, sigma, tau_syn, tau_m, *neuron, noise: bool) -> complex:
    omega = 2 * math.pi * frequency * tau_m
    point = mu, sigma, tau_syn, tau_m, *neuron
    cycle, scale = solve_cycle(*point, strongest=_WEAKEST, fastest=omega)
    unit = sigma * tau_m / (scale * math.sqrt(2 * tau_syn))
    if isinstance(cycle, RareCycle):
        static = (
            cycle.noise_gain / sigma if noise else cycle.gain * tau_m / unit
        ) / tau_m
        given = [np.array([a]) for a in (0.0, *point)]
        slow = _shifted(given, "sigma" if noise else "mu")[0]
        given[0] = np.array([frequency])
        now = _shifted(given, "sigma" if noise else "mu")[0]
        return static * (now / slow if slow else 1.0)
    drift, logarithmic = cycle.responses(omega)
    return scale * logarithmic / (sigma * tau_m) if noise else drift / unit
