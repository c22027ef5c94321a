"""Power and cross spectra of the activities of populations."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .. import integrate_and_fire
from ..equilibrium._effective_connectivity import couplings
from ..equilibrium._working_points import as_mean_field
from ..network import MeanField
from ..neurons import Network
from ._point import frequencies, rates_of, warn_unless_stable

__all__ = ["coherence", "cross_spectra", "neuron_spectra", "power_spectra"]

_SOURCES = ("renewal", "poisson")


def cross_spectra(
    frequency: npt.ArrayLike,
    net: MeanField | Network,
    point: Any,
    *,
    source: str = "renewal",
    refractory: bool = True,
    noise_response: bool = True,
) -> np.ndarray:
    """Power and cross spectra of the activities of populations.

    Parameters
    ----------
    frequency : array_like
        Frequency [kHz], any shape; negative ones give the complex conjugate.
    net : MeanField or Network
        Of neurons with current synapses: `LIF`, `EIF`, `QIF`, `IntegrateAndFire`.
    point : WorkingPoint or array_like
        A stable working point, or the rates (n,) of the populations there [kHz].
    source : {"renewal", "poisson"}
        Spectrum of the neurons' own noise: that of the renewal process which the neuron
        is in white noise, or the rate, as [3]_ takes it.
    refractory, noise_response : bool
        As for `meanfield.equilibrium.effective_connectivity`.

    Returns
    -------
    numpy.ndarray
        C [kHz], complex, of shape (..., n, n), two-sided and without the peak of the mean
        at frequency 0. On the diagonal power spectra; C_ab = <conj(A_a) A_b>/time, the
        order of `spiking_reference.cross_spectrum` and `scipy.signal.csd`: where b follows
        a by tau, the phase is -2 pi f tau.

    Raises
    ------
    ValueError, TypeError
        As for `effective_connectivity`; or if `source` is unknown.

    Warns
    -----
    ValidityWarning
        If the working point is unstable by `meanfield.equilibrium.stability`: fluctuations
        about it grow, and what is returned is no spectrum of the network.

    Notes
    -----
    The activity is the rate of the mean neuron, A = (1/N) sum of the spike trains. It
    follows its input linearly: A = A_0 + L A + L_ext A_ext, so that [1]_ [2]_

    C* = P (D + L_ext D_ext L_ext^H) P^H,  P = (1 - L)^-1,  D_aa = S_a/N_a,

    with S the spectrum of a neuron, L the effective connectivity, D_ext = rate/N of the
    populations of sources. S_a holds what the neuron's private input does to it: for
    random connections the scatter of the numbers of outgoing synapses gives back to the
    sum over neurons what is common to S and L, up to connectivity times sum K J^2 R^2.
    Measured against spikes: see the page on fluctuations in the documentation.

    References
    ----------
    .. [1] N. Brunel, V. Hakim, Neural Comput. 11, 1621 (1999),
       doi:10.1162/089976699300016179
    .. [2] B. Lindner, B. Doiron, A. Longtin, Phys. Rev. E 72, 061919 (2005),
       doi:10.1103/PhysRevE.72.061919
    .. [3] H. Bos, M. Diesmann, M. Helias, PLoS Comput. Biol. 12, e1005132 (2016),
       doi:10.1371/journal.pcbi.1005132

    Examples
    --------
    >>> from meanfield.fluctuations import cross_spectra
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> C = cross_spectra([0.0, 0.1], net, [0.03795, 0.03795])
    >>> (1e6 * np.abs(C)).round(3)  # mHz
    array([[[ 105.153,   75.018],
            [  75.018,   53.537]],
    <BLANKLINE>
           [[1883.026, 1753.033],
            [1753.033, 1632.172]]])
    """
    options = {"refractory": refractory, "noise_response": noise_response}
    net = as_mean_field(net)
    f, (C, _) = evaluated(frequency, net, point, source, options)
    warn_unless_stable(net, point, options)
    return C.reshape(*f.shape, net.n, net.n)


def evaluated(
    frequency: npt.ArrayLike,
    net: MeanField,
    point: Any,
    source: str,
    options: Any,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return frequencies; spectra (k, n, n) and the neurons' own (k, n)."""
    if source not in _SOURCES:
        raise ValueError(f"`source` must be one of {_SOURCES}; got {source!r}")
    given = frequencies(frequency)
    f, rate = given.reshape(-1), rates_of(net, point)
    if getattr(point, "stability", "") == "unstable":
        raise ValueError(
            "`point` must be stable for its fluctuations to have a spectrum; got one "
            "that is unstable: see meanfield.equilibrium.working_points for others"
        )
    L = couplings(f, net, point, **options)
    S = (
        neuron_spectra(f, net, point)
        if source == "renewal"
        else rate + 0.0 * f[:, None]
    )
    own = np.concatenate([S / net.sizes, _of_sources(net) + 0.0 * f[:, None]], axis=1)
    # what a source does, to the activities: P for neurons, P L_ext for the others
    reach = np.linalg.solve(
        np.eye(net.n) - L[:, :, : net.n],
        np.concatenate([np.broadcast_to(np.eye(net.n), (f.size, net.n, net.n)),
                        L[:, :, net.n :]], axis=2),
    )  # fmt: skip
    C = np.einsum("kas,ks,kbs->kab", reach.conj(), own, reach, optimize=True)
    return given, (C, S)


def _of_sources(net: MeanField) -> np.ndarray:
    return net.source_rates / net.source_sizes


def neuron_spectra(
    frequency: npt.ArrayLike, net: MeanField | Network, point: Any
) -> np.ndarray:
    """Power spectra of the spike trains of single neurons, at a working point.

    Parameters
    ----------
    frequency, net, point
        As for `cross_spectra`.

    Returns
    -------
    numpy.ndarray
        S [kHz], of shape (..., n): the mean over the neurons of each population.

    Raises
    ------
    ValueError, TypeError
        As for `cross_spectra`.

    Notes
    -----
    `meanfield.integrate_and_fire.power_spectrum` of the neurons in white noise that
    `MeanField.cells` has: CV^2 rate at frequency 0, the rate at high frequency. What the
    colour of the recurrent input changes is left out.

    Examples
    --------
    >>> from meanfield.fluctuations import neuron_spectra
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> (1e3 * neuron_spectra([0.0, 0.02, 1.0], net, [0.03795, 0.03795])[:, 0]).round(2)
    array([17.31, 20.52, 37.95])
    """
    net = as_mean_field(net)
    given = frequencies(frequency)
    f, rate = given.reshape(-1, 1), rates_of(net, point)
    S = np.empty((f.size, net.n))
    for group, cells in net.cells(rate):
        found = integrate_and_fire.power_spectrum(f, *cells)
        S[:, group.index] = (
            np.mean(found, axis=-1, keepdims=True) if group.spread else found
        )
    return S.reshape(*given.shape, net.n)


def power_spectra(
    frequency: npt.ArrayLike, net: MeanField | Network, point: Any, **options: Any
) -> np.ndarray:
    """Power spectra of the activities of populations.

    Parameters
    ----------
    frequency, net, point, ``**options``
        As for `cross_spectra`.

    Returns
    -------
    numpy.ndarray
        The diagonal of `cross_spectra` [kHz], real, of shape (..., n).

    Raises
    ------
    ValueError, TypeError
        As for `cross_spectra`.

    Examples
    --------
    >>> from meanfield.fluctuations import power_spectra
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> (1e6 * power_spectra([0.0, 0.1], net, [0.03795, 0.03795])).round(3)  # mHz
    array([[ 105.153,   53.537],
           [1883.026, 1632.172]])
    """
    C = cross_spectra(frequency, net, point, **options)
    return np.einsum("...aa->...a", C).real.copy()


def coherence(
    frequency: npt.ArrayLike, net: MeanField | Network, point: Any, **options: Any
) -> np.ndarray:
    """Coherence of the activities of populations.

    Parameters
    ----------
    frequency, net, point, ``**options``
        As for `cross_spectra`.

    Returns
    -------
    numpy.ndarray
        abs(C_ab)^2/(C_aa C_bb), of shape (..., n, n), from 0 to 1; 0 for what is silent.

    Raises
    ------
    ValueError, TypeError
        As for `cross_spectra`.

    Examples
    --------
    >>> from meanfield.fluctuations import coherence
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> coherence([0.1, 2.0], net, [0.03795, 0.03795])[:, 0, 1].round(3)
    array([1.  , 0.97])
    """
    C = cross_spectra(frequency, net, point, **options)
    return np.abs(normalised(C)) ** 2


def normalised(C: np.ndarray) -> np.ndarray:
    """Divide covariances by the roots of the variances; 0 where there is none."""
    power = np.einsum("...aa->...a", C).real
    scale = np.sqrt(power[..., :, None] * power[..., None, :])
    return np.divide(C, scale, out=np.zeros_like(C), where=scale > 0)
