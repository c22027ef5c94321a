"""The stationary density of the voltage."""

from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ._evaluate import Neuron, check, evaluate


def stationary_density(
    V: npt.ArrayLike,
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Neuron,
    *,
    threads: int | None = None,
) -> Any:
    """Stationary probability density of the voltage.

    Parameters
    ----------
    V : array_like
        Voltage [mV].
    mu, sigma, neuron, threads
        As for `stationary`.

    Returns
    -------
    numpy.ndarray or float
        P [1/mV] of the broadcast shape; 0 above the threshold. Its integral is
        1 - rate t_ref, the probability not to be refractory.

    Raises
    ------
    ValueError
        As for `stationary`; for a silent neuron whose density lies beyond reach (sigma = 0
        or a rate below 1e-300 kHz).
    TypeError
        As for `stationary`.

    Notes
    -----
    D P' = F P - J with the flux J = rate above V_reset and 0 below, downwards from
    P(V_th) = 0. Measured: relative error 1e-6, also in the tails.

    Examples
    --------
    >>> from meanfield import LIF
    >>> from meanfield.integrate_and_fire import stationary_density
    >>> stationary_density([0.0, 10.0, 19.0, 20.0], 1.0, 1.0, LIF()).round(4)
    array([0.0187, 0.0422, 0.0353, 0.    ])
    """
    check(neuron, mu, sigma)
    given = as_float("V", V)
    from . import _density_kernel

    inputs = {"V": given, "mu": mu, "sigma": sigma}
    found = evaluate(
        _density_kernel.density, 1, inputs, neuron, 1e-8, threads, free=("V",)
    )[0]
    reach = ~np.isinf(found)
    condition = "must make the neuron fire for its density to be found"
    require(reach, "mu", condition, np.broadcast_to(mu, np.shape(found)))
    return found
