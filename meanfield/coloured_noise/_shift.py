"""Fast synapses: white noise with a higher threshold."""

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ..neurons import LIF

# -zeta(1/2) = 1.4603...: the mean of z = s/SD(s) at threshold (the Milne problem of
# Brownian motion); sqrt(2) times it is Fourcaud and Brunel's alpha = 2.0653.
MILNE = 1.4603545088095868


def effective_neuron(sigma: npt.ArrayLike, tau_syn: npt.ArrayLike, neuron: LIF) -> LIF:
    """Neuron that fires in white noise as `neuron` does with fast exponential synapses.

    Parameters
    ----------
    sigma : array_like
        Noise intensity [mV/sqrt(ms)] of the current at frequency 0.
    tau_syn : array_like
        Time constant of the synapses [ms].
    neuron : LIF
        The neuron.

    Returns
    -------
    LIF
        With higher `V_th` and `V_reset`, of the broadcast shape.

    Raises
    ------
    ValueError
        If `sigma` or `tau_syn` is negative.
    TypeError
        If an argument is not a real number.

    Notes
    -----
    V_th + d and V_reset + d exp(-t_ref/tau_syn), d = -zeta(1/2) sigma sqrt(tau_syn/2), to
    first order in sqrt(tau_syn/tau_m) [1]_: in Siegert's convention,
    d = sigma_V (alpha/2) sqrt(tau_syn/tau_m) with sigma_V = sqrt(tau_m) sigma. At a spike
    the current is above its mean by -zeta(1/2) standard deviations, which carries V by d
    after the reset; during the refractory period that excess decays. [1]_ and the
    mean-field toolboxes shift the reset by d at any t_ref, which for t_ref >> tau_syn
    leaves an error of the order sqrt(tau_syn/tau_m). Where V_th - V_reset is not large
    compared with d, no such formula holds.

    References
    ----------
    .. [1] N. Fourcaud, N. Brunel, Neural Comput. 14, 2057 (2002),
       doi:10.1162/089976602320264015

    Examples
    --------
    >>> from meanfield import LIF
    >>> from meanfield.coloured_noise import effective_neuron
    >>> round(effective_neuron(1.0, 0.5, LIF(t_ref=0.0)).V_th, 4)
    20.7302
    """
    tau = as_float("tau_syn", tau_syn).astype(np.float64)
    require(~(tau < 0), "tau_syn", "must not be negative (ms)", tau)
    noise = as_float("sigma", sigma).astype(np.float64)
    require(~(noise < 0), "sigma", "must not be negative", noise)
    shift = MILNE * noise * np.sqrt(tau / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(tau > 0, np.exp(-np.asarray(neuron.t_ref) / tau), 0.0)
    V_th: Any = neuron.V_th + shift
    V_reset: Any = neuron.V_reset + shift * left
    return dataclasses.replace(neuron, V_th=V_th[()], V_reset=V_reset[()])
