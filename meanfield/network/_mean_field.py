"""A network as its mean field sees it: sums of weights, external input, delays."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .. import coloured_noise, conductance, integrate_and_fire, lif, transfer
from ..errors import as_float, require
from ..neurons import LIF, ConductanceLIF
from ._cells import PLAIN, Cells, Shift, shift_of, white
from ._delays import Delay

__all__ = ["Drive", "Group", "Link", "MeanField"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """One projection, as a neuron of its target sees it.

    Attributes
    ----------
    source, target : int
        Numbers of the populations; sources of given rate come after those of neurons.
    degree : float
        Mean number of synapses.
    weight, weight_variance : float
        Mean and variance, over neurons, of the sum of the weights [mV, mV^2]: what a spike
        of each presynaptic neuron moves the voltage by.
    weight_square : float
        Mean sum of squared weights [mV^2].
    delay : Delay
        Its distribution.
    taus : tuple of float
        Time constants of the synapse [ms]: none, one, or two.
    afferents : Afferents or None
        For conductance synapses, which have no weight in mV.
    """

    source: int
    target: int
    degree: float
    weight: float
    weight_variance: float
    weight_square: float
    delay: Delay
    taus: tuple[float, ...]
    afferents: Any = None

    def transform(self, frequency: npt.ArrayLike) -> np.ndarray:
        """Return what delay and synapse make of an oscillation [kHz]; 1 at 0."""
        omega = 2.0 * np.pi * np.asarray(frequency)
        found = self.delay.transform(omega)
        for tau in self.taus:
            found = found / (1.0 + 1j * omega * tau)
        return found


class Drive(NamedTuple):
    """Input of each population.

    Attributes
    ----------
    mu : numpy.ndarray, shape (..., n)
        Mean [mV/ms].
    sigma : numpy.ndarray, shape (..., n)
        Noise intensity [mV/sqrt(ms)] at frequency 0.
    tau_syn : numpy.ndarray, shape (..., n)
        Time constant of the noise [ms].
    """

    mu: np.ndarray
    sigma: np.ndarray
    tau_syn: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Group:
    """Populations that are evaluated in one call.

    Attributes
    ----------
    index : numpy.ndarray
        Their numbers, several for neurons of one kind with plain parameters.
    neuron : Parameters
        Parameters, along the populations; or, of a single population with a distribution,
        along its neurons.
    mu, variance : numpy.ndarray
        Deviations of the external input of single neurons; 0 where they are alike.
    spread : bool
        Whether the neurons of the population differ.
    """

    index: np.ndarray
    neuron: Any
    mu: Any = 0.0
    variance: Any = 0.0
    spread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeanField:
    """Populations, the sums of the weights between them, and their external input.

    Made by `mean_field`; n populations of neurons, m sources of given rate.

    Attributes
    ----------
    names, source_names : tuple of str
        Of the populations of neurons, and of the sources.
    sizes, source_sizes : numpy.ndarray
        Numbers of neurons (n,) and of sources (m,).
    source_rates : numpy.ndarray
        (m,) [kHz].
    links : tuple of Link
        The projections.
    mu_ext, variance_ext : numpy.ndarray
        Mean [mV/ms] and noise [mV^2/ms] (n,) of currents, private white noise and Poisson
        inputs.
    tau_ext : numpy.ndarray
        Time constant (n,) of that noise [ms].
    groups : tuple of Group
        The neurons.
    conductances : dict of int to tuple
        Neuron, current and external afferents of populations with conductances.
    synapses : str
        How time constants of synapses enter.
    sums : dict of str to numpy.ndarray
        The sums below over neurons and sources, (n, n + m).
    """

    names: tuple[str, ...]
    sizes: np.ndarray
    source_names: tuple[str, ...]
    source_sizes: np.ndarray
    source_rates: np.ndarray
    links: tuple[Link, ...]
    mu_ext: np.ndarray
    variance_ext: np.ndarray
    tau_ext: np.ndarray
    groups: tuple[Group, ...]
    conductances: dict[int, tuple]
    synapses: str
    sums: dict[str, np.ndarray]

    @property
    def n(self) -> int:
        """Number of populations of neurons."""
        return len(self.names)

    @property
    def weight(self) -> np.ndarray:
        """Sum of the weights (n, n) of a neuron's synapses [mV]: d mu/d rate."""
        return self.sums["weight"][:, : self.n]

    @property
    def weight_square(self) -> np.ndarray:
        """Sum of the squared weights (n, n) [mV^2]: d sigma^2/d rate."""
        return self.sums["weight_square"][:, : self.n]

    @property
    def weight_variance(self) -> np.ndarray:
        """Variance, over neurons, of the sum of the weights (n, n) [mV^2]."""
        return self.sums["weight_variance"][:, : self.n]

    @property
    def degree(self) -> np.ndarray:
        """Mean number of synapses (n, n) of a neuron."""
        return self.sums["degree"][:, : self.n]

    def drive(self, rate: npt.ArrayLike) -> Drive:
        """Return mean and noise of the input at given rates.

        Parameters
        ----------
        rate : array_like, shape (..., n)
            Rates of the populations [kHz].

        Returns
        -------
        Drive
            mu = mu_ext + sum_b weight_ab r_b, sigma^2 = variance_ext + sum_b
            weight_square_ab r_b, over neurons and sources.

        Raises
        ------
        ValueError
            If the shape does not fit, or a rate is negative.
        """
        r = self._all_rates(rate)
        mu = self.mu_ext + r @ self.sums["weight"].T
        variance = self.variance_ext + r @ self.sums["weight_square"].T
        memory = self.variance_ext * self.tau_ext + r @ self.sums["memory"].T
        tau = np.divide(memory, variance, out=np.zeros_like(mu), where=variance > 0)
        return Drive(mu, np.sqrt(variance), tau)

    def _all_rates(self, rate: npt.ArrayLike) -> np.ndarray:
        r = as_float("rate", rate).astype(np.float64)
        if r.ndim == 0 or r.shape[-1] != self.n:
            raise ValueError(
                f"`rate` must have shape (..., n) = (..., {self.n}), for the populations "
                f"{self.names}; got {r.shape}"
            )
        require(r >= 0, "rate", "must not be negative or NaN (kHz)", r)
        given = np.broadcast_to(
            self.source_rates, (*r.shape[:-1], self.source_rates.size)
        )
        return np.concatenate([r, given], axis=-1)

    def cells(self, rate: npt.ArrayLike) -> list[tuple[Group, Cells]]:
        """Return neurons in white noise that fire as the populations do at given rates.

        Parameters
        ----------
        rate : array_like, shape (..., n)
            Rates of the populations [kHz].

        Returns
        -------
        list of (Group, Cells)
            ``Cells`` with ``mu``, ``sigma`` of shape (..., k) for a group of k populations
            (or of k neurons, for a population whose neurons differ), and ``neuron``.

        Raises
        ------
        ValueError
            As `drive`; or if there are conductances, or `synapses` is "exact".
        """
        if self.conductances or self.synapses == "exact":
            what = "conductances" if self.conductances else 'synapses="exact"'
            raise ValueError(
                f"populations with {what} have no equivalent neurons in white noise; "
                'take current synapses and synapses="effective"'
            )
        drive = self.drive(rate)
        return [(g, self._white(g, drive)) for g in self.groups]

    def _white(self, group: Group, drive: Drive) -> Cells:
        mu, sigma, tau = self.inputs_of(group, drive)
        return white(mu, sigma, group.neuron, self._shift(group, tau))

    def _shift(self, group: Group, tau: np.ndarray) -> Shift:
        return shift_of(group.neuron, tau, self.synapses)

    def inputs_of(self, group: Group, drive: Drive) -> tuple[np.ndarray, ...]:
        """Return mu, sigma and tau_syn of a group's populations, or of its neurons."""
        mu, sigma, tau = (part[..., group.index] for part in drive)
        if not group.spread:
            return mu, sigma, tau
        sigma = np.sqrt(np.maximum(sigma**2 + group.variance, 0.0))
        return mu + group.mu, sigma, np.broadcast_to(tau, sigma.shape)

    def firing_rates(self, rate: npt.ArrayLike) -> np.ndarray:
        """Return the rates at which neurons fire that receive given rates.

        Parameters
        ----------
        rate : array_like, shape (..., n)
            Rates of the populations [kHz].

        Returns
        -------
        numpy.ndarray
            (..., n) [kHz]; a self-consistent rate is one that is returned unchanged.

        Raises
        ------
        ValueError
            As `drive`.
        """
        return self._statistic("firing_rate", rate)

    def cv(self, rate: npt.ArrayLike) -> np.ndarray:
        """Return CVs (..., n) of the intervals of such neurons; see `firing_rates`."""
        return self._statistic("cv", rate)

    def _statistic(self, name: str, rate: npt.ArrayLike) -> np.ndarray:
        drive = self.drive(rate)
        found = np.empty_like(drive.mu)
        for group in self.groups:
            a = int(group.index[0])
            if a in self.conductances:
                values = self._conductance(name, a, rate)[..., None]
            else:
                values = self.statistic_of(group, name, *self.inputs_of(group, drive))
            if group.spread:
                values = np.mean(values, axis=-1, keepdims=True)
            found[..., group.index] = values
        return found

    def statistic_of(
        self, group: Group, name: str, mu: Any, sigma: Any, tau: Any
    ) -> Any:
        """Return "firing_rate" or "cv" of the neurons of a group at given inputs."""
        if self.synapses == "exact":
            return getattr(coloured_noise, name)(mu, sigma, tau, group.neuron)
        cells = white(mu, sigma, group.neuron, self._shift(group, tau))
        return getattr(transfer, name)(*cells)

    def _conductance(self, name: str, a: int, rate: npt.ArrayLike) -> np.ndarray:
        neuron, current, external = self.conductances[a]
        r = self._all_rates(rate)
        links = [link for link in self.links if link.target == a]
        rates = [r[..., link.source] for link in links] + [x for x, _ in external]
        afferents = [link.afferents for link in links] + [x for _, x in external]
        if isinstance(neuron, ConductanceLIF) and self.synapses != "exact":
            found = conductance.voltage_statistics(
                rates, neuron, afferents, current=current
            )
            cell = conductance.effective_neuron(neuron, found)
            shift = shift_of(cell, found.tau_syn, self.synapses)
            return getattr(transfer, name)(*white(0.0, found.sigma, cell, shift))
        if name != "firing_rate":
            raise ValueError(
                f"population {self.names[a]!r} has conductances and no {name} here; see "
                "meanfield.conductance"
            )
        return np.asarray(
            conductance.firing_rate(rates, neuron, afferents, current=current)
        )

    def jacobian(self, rate: npt.ArrayLike) -> np.ndarray:
        """Return the derivative of `firing_rates` by the rates.

        Parameters
        ----------
        rate : array_like, shape (n,)
            Rates of the populations [kHz].

        Returns
        -------
        numpy.ndarray
            (n, n), row the population that responds. Exact for `LIF`, `EIF`, `QIF` and
            `IntegrateAndFire` in white noise or with `synapses` "effective" or
            "fourcaud_brunel", but for a change of the noise's time constant; else by
            central differences.

        Raises
        ------
        ValueError
            As `drive`.
        """
        rate = self._all_rates(rate)[..., : self.n]
        if rate.ndim != 1:
            raise ValueError(f"`rate` must have shape (n,); got {rate.shape}")
        exact = not self.conductances and self.synapses != "exact"
        if not exact or not all(isinstance(g.neuron, PLAIN) for g in self.groups):
            return self._differences(rate)
        drive = self.drive(rate)
        by_mu, by_variance = np.empty(self.n), np.empty(self.n)
        for group in self.groups:
            slopes = self._slopes(group, drive)
            if group.spread:
                slopes = [np.mean(s, keepdims=True) for s in slopes]
            by_mu[group.index], by_variance[group.index] = slopes
        return by_mu[:, None] * self.weight + by_variance[:, None] * self.weight_square

    def _slopes(self, group: Group, drive: Drive) -> list[np.ndarray]:
        """Return derivatives of the rate by mu and by sigma^2."""
        mu, sigma, tau = self.inputs_of(group, drive)
        shift = self._shift(group, tau)
        cells = white(mu, sigma, group.neuron, shift)
        by_mu, slope = _closed_form(cells, shift) or _integrated(cells, shift)
        # d/d sigma^2; at sigma = 0, where a rate has no slope there, 0
        double = np.broadcast_to(2 * sigma, slope.shape)
        slope = np.divide(slope, double, out=np.zeros_like(slope), where=double > 0)
        return [by_mu, slope]

    def _differences(self, rate: np.ndarray) -> np.ndarray:
        h = 1e-5 * np.maximum(rate, 1e-4)
        low, high = np.maximum(rate - h, 0.0), rate + h
        steps = np.eye(self.n, dtype=bool)
        up = self.firing_rates(np.where(steps, high, rate))
        down = self.firing_rates(np.where(steps, low, rate))
        return ((up - down) / (high - low)[:, None]).T


def _closed_form(cells: Cells, shift: Shift) -> tuple[np.ndarray, np.ndarray] | None:
    """Return derivatives of the rate of the LIF by mu and sigma, the shift included."""
    mu, sigma, neuron = cells
    if not isinstance(neuron, LIF):
        return None
    found = lif.moment_activation_derivatives(mu, sigma, neuron)
    by_mu, slope = found.rate_dmu, found.rate_dsigma
    if np.any(shift.V_th):
        # The rate depends on the distances of threshold and reset from rest in units of
        # sigma: both derivatives are made of those by the two voltages, and they of these.
        up, down = (
            (sigma * slope - ((V - neuron.E_L) / neuron.tau_m - mu) * by_mu)
            / (neuron.V_th - neuron.V_reset)
            for V in (neuron.V_reset, neuron.V_th)
        )
        slope = slope - up * shift.V_th + down * shift.V_reset
    return by_mu, slope


def _integrated(cells: Cells, shift: Shift) -> tuple[np.ndarray, np.ndarray]:
    """Return the same of other neurons."""
    found = integrate_and_fire.derivatives(*cells)
    by = dict(zip(found.names, np.moveaxis(found.rate, -1, 0), strict=True))
    return by["mu"], by["sigma"] * shift.sigma
