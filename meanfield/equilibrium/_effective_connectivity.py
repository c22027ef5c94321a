"""How a network's populations respond to each other, frequency by frequency."""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import integrate_and_fire, transfer
from ..errors import as_float, require
from ..network import MeanField
from ..network._cells import PLAIN, Cells, Shift, shift_of, white
from ..neurons import Network
from ._working_points import as_mean_field

__all__ = ["PopulationResponses", "effective_connectivity", "population_responses"]


class PopulationResponses(NamedTuple):
    """Linear responses of populations; see `population_responses`."""

    mu: np.ndarray
    variance: np.ndarray


def effective_connectivity(
    frequency: npt.ArrayLike,
    net: MeanField | Network,
    point: Any,
    *,
    refractory: bool = True,
    noise_response: bool = True,
) -> np.ndarray:
    """Linear response of each population to the spikes of each other one.

    Parameters
    ----------
    frequency : array_like
        Frequency [kHz], any shape; negative ones give the complex conjugate.
    net : MeanField or Network
        Of neurons with current synapses: `LIF`, `EIF`, `QIF`, `IntegrateAndFire`.
    point : WorkingPoint or array_like
        Working point, or the rates (n,) of the populations [kHz].
    refractory : bool
        False leaves the dead time out of the dynamics, though not of the rate, as [2]_
        and [3]_ do: for comparisons.
    noise_response : bool
        False leaves the modulation of the noise out: for comparisons.

    Returns
    -------
    numpy.ndarray
        L, complex, of shape (..., n, n), row the population that responds. At frequency 0
        the Jacobian of `MeanField.firing_rates`.

    Raises
    ------
    ValueError, TypeError
        If the rates do not fit the network, or its neurons have no linear response here.

    Notes
    -----
    L_ab(f) = sum over links from b to a of [R_mu,a(f) w + R_var,a(f) w2 K(f)] F(f), with w
    and w2 the sums of weights and squared weights, F the transform of delay and synapse
    (`Link.transform`) [1]_ [2]_, and R as in `population_responses`. The noise of a
    synapse is filtered once more: the variance of the free membrane follows a modulated
    rate through 1/((1 + i omega tau_s tau_m/(tau_s + tau_m))(1 + i omega tau_s/2)) beside
    its own filter, so that K = 1/(1 + i omega tau_s/2), for tau_s << tau_m.

    References
    ----------
    .. [1] N. Brunel, V. Hakim, Neural Comput. 11, 1621 (1999),
       doi:10.1162/089976699300016179
    .. [2] H. Bos, M. Diesmann, M. Helias, PLoS Comput. Biol. 12, e1005132 (2016),
       doi:10.1371/journal.pcbi.1005132
    .. [3] J. Schuecker, M. Diesmann, M. Helias, Phys. Rev. E 92, 052119 (2015),
       doi:10.1103/PhysRevE.92.052119

    Examples
    --------
    >>> from meanfield.equilibrium import effective_connectivity
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> abs(effective_connectivity([0.0, 0.1], net, [0.03795, 0.03795])).round(2)
    array([[[7.12, 8.66],
            [7.12, 8.66]],
    <BLANKLINE>
           [[4.07, 4.51],
            [4.07, 4.51]]])
    """
    net, given = as_mean_field(net), _frequencies(frequency)
    L = couplings(given.reshape(-1), net, point, refractory, noise_response)
    return L[:, :, : net.n].reshape(*given.shape, net.n, net.n)


def couplings(
    f: np.ndarray, net: MeanField, point: Any, refractory: bool, noise_response: bool
) -> np.ndarray:
    """Return the responses (k, n, n + m) to the populations and to the m sources."""
    found = population_responses(f, net, point, refractory=refractory)
    L = np.zeros((f.size, net.n, net.n + len(net.source_names)), dtype=complex)
    transforms: dict[Any, np.ndarray] = {}  # alike for many links, and slow
    for link in net.links:
        a = link.target
        response = link.weight * found.mu[:, a]
        if noise_response:
            follow = np.ones(f.size, dtype=complex)
            for tau in link.taus:
                follow /= 1.0 + 1j * np.pi * f * tau
            response = response + link.weight_square * found.variance[:, a] * follow
        kind = link.delay.values.tobytes(), link.delay.weights.tobytes(), link.taus
        if kind not in transforms:
            transforms[kind] = link.transform(f)
        L[:, a, link.source] += response * transforms[kind]
    return L


def population_responses(
    frequency: npt.ArrayLike,
    net: MeanField | Network,
    point: Any,
    *,
    refractory: bool = True,
) -> PopulationResponses:
    """Linear responses of the rates to a modulation of mean and noise of the input.

    Parameters
    ----------
    frequency, net, point, refractory
        As for `effective_connectivity`.

    Returns
    -------
    PopulationResponses
        ``mu`` [1/mV] and ``variance``, to sigma^2 [1/mV^2], complex, (..., n). Of the
        white noise that stands for the synapses': delay and synaptic filter are apart.

    Raises
    ------
    ValueError, TypeError
        As for `effective_connectivity`.

    Notes
    -----
    `meanfield.integrate_and_fire.responses`, of the neurons `MeanField.cells`. Where
    threshold and reset depend on the noise, they follow its modulation:
    R_var = (R_sigma s + R_th dV_th/dsigma + R_reset dV_reset/dsigma)/(2 sigma). Populations
    whose neurons differ respond by the mean. Without dead time in the dynamics, the
    response is that of the neuron with t_ref = 0, times the ratio of the rates.

    Examples
    --------
    >>> from meanfield.equilibrium import population_responses
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> population_responses(0.0, net, [0.03795, 0.03795]).mu.real.round(4)
    array([0.0708, 0.0708])
    """
    net = as_mean_field(net)
    rate = as_float("point", getattr(point, "rate", point))
    if rate.ndim != 1:
        raise ValueError(
            f"`point` must be a working point, or rates (n,); got shape {rate.shape}"
        )
    net.cells(rate)  # refuses what has none
    given = _frequencies(frequency)
    f = given.reshape(-1)
    drive = net.drive(rate)
    mu, variance = np.empty((2, f.size, net.n), dtype=complex)
    for group in net.groups:
        check_neuron(group.neuron)
        inputs = net.inputs_of(group, drive)
        shift = shift_of(group.neuron, inputs[2], net.synapses)
        cells = white(inputs[0], inputs[1], group.neuron, shift)
        by_mu, by_variance = _responses(f, cells, inputs[1], shift, refractory)
        if group.spread:
            by_mu, by_variance = (
                np.mean(x, axis=-1, keepdims=True) for x in (by_mu, by_variance)
            )
        mu[:, group.index], variance[:, group.index] = by_mu, by_variance
    shape = (*given.shape, net.n)
    return PopulationResponses(mu.reshape(shape), variance.reshape(shape))


def _responses(
    f: np.ndarray, cells: Cells, intensity: np.ndarray, shift: Shift, refractory: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Return responses (frequencies, neurons) to mu and to the noise's sigma^2."""
    mu, sigma, neuron, place = _different(*cells)
    factor = 1.0
    if not refractory:
        bare = dataclasses.replace(neuron, t_ref=np.zeros_like(neuron.t_ref))
        rates = [transfer.firing_rate(mu, sigma, cell) for cell in (neuron, bare)]
        factor = np.divide(*rates, out=np.zeros_like(mu), where=rates[1] > 0)
        neuron = bare
    found = integrate_and_fire.responses(f[:, None], mu, sigma, neuron)
    by_mu, by_sigma, by_threshold, by_reset = (
        (factor * np.asarray(x))[:, place] for x in found[:4]
    )
    slope = by_sigma * shift.sigma
    if np.any(shift.V_th):
        slope = slope + by_threshold * shift.V_th + by_reset * shift.V_reset
    scale = np.broadcast_to(2.0 * intensity, slope.shape)
    noise = np.divide(slope, scale, out=np.zeros_like(slope), where=scale > 0)
    return by_mu, noise


def _different(mu: Any, sigma: Any, neuron: Any) -> tuple[Any, ...]:
    """Return the neurons that differ, and where each of the given ones is among them."""
    own = {
        field.name: getattr(neuron, field.name)
        for field in dataclasses.fields(neuron)
        if np.ndim(getattr(neuron, field.name))
    }
    table = np.stack(np.broadcast_arrays(mu, sigma, *own.values()))
    kept, place = np.unique(table, axis=1, return_inverse=True)
    changed = dict(zip(own, kept[2:], strict=True))
    cell = dataclasses.replace(neuron, **changed) if own else neuron
    return kept[0], kept[1], cell, place.reshape(-1)


def _frequencies(frequency: npt.ArrayLike) -> np.ndarray:
    given = as_float("frequency", frequency).astype(np.float64)
    require(np.isfinite(given), "frequency", "must be finite (kHz)", given)
    return given


def check_neuron(neuron: Any) -> None:
    if not isinstance(neuron, PLAIN):
        known = ", ".join(kind.__name__ for kind in PLAIN)
        raise TypeError(
            f"the neurons of `net` must be of {known} to have linear responses; got "
            f"{type(neuron).__name__}"
        )
