"""From a network's description to its mean field."""

from dataclasses import fields
from typing import Any

import numpy as np

from ..conductance import Afferents
from ..neurons import Network, PoissonSource, Population, SpikeSource
from ..transfer import NEURONS
from ._cells import check_method, stacked
from ._connections import waveform, weights
from ._delays import delay_of
from ._mean_field import Group, Link, MeanField

__all__ = ["mean_field"]


def mean_field(network: Network, *, synapses: str = "effective") -> MeanField:
    """Describe a network by what its mean-field theory needs.

    Parameters
    ----------
    network : Network
        As `spiking_reference.simulate_network` takes it. Populations of current-based
        neurons with `Delta`, `Exponential`, `Alpha` or `DoubleExponential` receptors; or
        of `ConductanceLIF`, `AdEx` and `EIF` with `Exponential` conductances alone.
    synapses : {"effective", "fourcaud_brunel", "white", "exact"}, optional
        How time constants of synapses enter. "effective": for the `LIF` by the effective
        threshold (`meanfield.coloured_noise.effective_neuron`), for other neurons by
        white noise that gives the free membrane the same spread. "fourcaud_brunel": the
        threshold and the reset shifted alike, as in that paper and in other toolboxes.
        "white": not at all. "exact": by the Fokker-Planck equation of
        `meanfield.coloured_noise`, for the `LIF`, some 10 ms a population and call.

    Returns
    -------
    MeanField

    Raises
    ------
    TypeError, ValueError
        If the network holds something that has no mean field here, with its name.

    Notes
    -----
    A neuron receives independent Poisson trains of the rates of its presynaptic neurons
    (diffusion approximation): mu = mu_ext + sum K J r, sigma^2 = sigma_ext^2 +
    sum K <J^2> r with J the area of the postsynaptic response [mV] [1]_. Neurons of a
    population may differ in parameters, current, noise and Poisson input (arrays): rates
    are then averages over them. Variances of weights enter sigma; those of in-degrees do
    not here.
    Two time constants of a synapse count as the root of the sum of their squares, and
    different ones of one neuron as the mean weighted by their part of sigma^2.

    References
    ----------
    .. [1] N. Brunel, J. Comput. Neurosci. 8, 183 (2000), doi:10.1023/A:1008925309027

    Examples
    --------
    >>> from meanfield.network import brunel, mean_field
    >>> net = mean_field(brunel(g=5.0, eta=2.0))
    >>> net.names
    ('E', 'I')
    >>> net.drive([0.038, 0.038]).mu.round(3)  # [mV/ms]
    array([1.05, 1.05])
    """
    if not isinstance(network, Network):
        raise TypeError(f"`network` must be a Network; got {type(network).__name__}")
    check_method(synapses)
    cells = _of_kind(network, Population)
    sources = _of_kind(network, PoissonSource)
    if _of_kind(network, SpikeSource):
        raise TypeError(
            f"`populations` must not hold a SpikeSource, which has no rate; got "
            f"{list(_of_kind(network, SpikeSource))}; take PoissonSource"
        )
    if not cells:
        raise ValueError("`network` must have a population of neurons; got none")
    for name, population in cells.items():
        _check_neuron(name, population.neuron)
    names = (*cells, *sources)
    links = tuple(_link(network, p, names) for p in network.projections)
    inputs = {name: _external(network, name) for name in cells}
    conductances = {
        a: _conductances(network, name, links, a)
        for a, name in enumerate(cells)
        if any(_reversal(r) is not None for r in cells[name].receptors.values())
    }
    return MeanField(
        names=tuple(cells),
        sizes=np.array([p.n for p in cells.values()]),
        source_names=tuple(sources),
        source_sizes=np.array([p.n for p in sources.values()], dtype=int),
        source_rates=np.array([np.mean(p.rate) for p in sources.values()]),
        links=links,
        mu_ext=np.array([np.mean(mu) for mu, _, _ in inputs.values()]),
        variance_ext=np.array([np.mean(v) for _, v, _ in inputs.values()]),
        tau_ext=np.array([tau for _, _, tau in inputs.values()]),
        groups=tuple(_groups(cells, inputs, conductances)),
        conductances=conductances,
        synapses=synapses,
        sums=_sums(links, len(cells), len(names)),
    )


def _of_kind(network: Network, kind: type) -> dict[str, Any]:
    return {n: p for n, p in network.populations.items() if isinstance(p, kind)}


def _check_neuron(name: str, neuron: Any) -> None:
    if not isinstance(neuron, NEURONS):
        known = ", ".join(kind.__name__ for kind in NEURONS)
        raise TypeError(
            f"population {name!r} must be of {known} to have a mean field; got "
            f"{type(neuron).__name__}"
        )


def _capacitance(neuron: Any) -> Any:
    """Return what a current is divided by to be in mV/ms."""
    return getattr(neuron, "C_m", 1.0)


def _reversal(receptor: Any) -> float | None:
    return getattr(receptor, "E_rev", None)


def _receptor(network: Network, given: Any) -> Any:
    target = network.populations[given.target]
    return target.receptors[given.receptor]


def _link(network: Network, projection: Any, names: tuple[str, ...]) -> Link:
    source, target = (
        network.populations[name] for name in (projection.source, projection.target)
    )
    receptor = _receptor(network, projection)
    found = weights(projection, source.n, target.n)
    common = {
        "source": names.index(projection.source),
        "target": names.index(projection.target),
        "degree": found.degree,
        "delay": delay_of(projection.delay),
    }
    if _reversal(receptor) is not None:
        # so many synapses of one weight have the same sums of weights and their squares
        weight = found.sum_square / found.sum if found.sum else 0.0
        number = found.sum / weight if weight else found.degree
        afferents = Afferents(synapse=receptor, weight=weight, number=number)
        return Link(
            **common, weight=0.0, weight_variance=0.0, weight_square=0.0,
            taus=(receptor.tau,), afferents=afferents,
        )  # fmt: skip
    area, taus = waveform(receptor)
    area = area / float(np.mean(_capacitance(target.neuron)) if taus else 1.0)
    return Link(
        **common,
        weight=area * found.sum,
        weight_variance=area**2 * found.sum_variance,
        weight_square=area**2 * found.sum_square,
        taus=taus,
    )


def _sums(links: tuple[Link, ...], n: int, total: int) -> dict[str, np.ndarray]:
    names = ("degree", "weight", "weight_square", "weight_variance", "memory")
    sums = {name: np.zeros((n, total)) for name in names}
    for link in links:
        place = link.target, link.source
        for name in names[:-1]:
            sums[name][place] += getattr(link, name)
        sums["memory"][place] += link.weight_square * np.hypot.reduce([0.0, *link.taus])
    return sums


def _external(network: Network, name: str) -> tuple[Any, Any, float]:
    """Return mean and noise of a population's own input, and the noise's time constant."""
    population = network.populations[name]
    C = _capacitance(population.neuron)
    mu, variance = population.current / C, np.square(population.sigma)
    memory = 0.0
    for given in network.inputs:
        if given.target != name:
            continue
        receptor = _receptor(network, given)
        if _reversal(receptor) is not None:
            continue
        area, taus = waveform(receptor)
        J = area / (C if taus else 1.0) * given.weight
        mu, variance = mu + J * given.rate, variance + J**2 * given.rate
        memory += float(np.mean(J**2 * given.rate)) * np.hypot.reduce([0.0, *taus])
    total = float(np.mean(variance))
    return mu, variance, memory / total if total else 0.0


def _conductances(network: Network, name: str, links: Any, a: int) -> tuple:
    """Return neuron, current and external afferents of a population of conductances."""
    population = network.populations[name]
    bare = [link for link in links if link.target == a and link.afferents is None]
    if population.neuron.shape or np.ndim(population.current) or bare:
        raise ValueError(
            f"population {name!r} has conductances; all its synapses must be such, and its "
            "parameters and current plain numbers"
        )
    external = [
        (
            float(np.mean(given.rate)),
            Afferents(synapse=_receptor(network, given), weight=given.weight),
        )
        for given in network.inputs
        if given.target == name
    ]
    return population.neuron, population.current, external


def _groups(cells: dict, inputs: dict, conductances: dict) -> list[Group]:
    groups, plain = [], {}
    for a, (name, population) in enumerate(cells.items()):
        neuron, (mu, variance, _) = population.neuron, inputs[name]
        if a in conductances:
            groups.append(Group(index=np.array([a]), neuron=neuron))
        elif neuron.shape or np.ndim(mu) or np.ndim(variance):
            groups.append(
                Group(
                    index=np.array([a]), neuron=neuron, mu=mu - np.mean(mu),
                    variance=variance - np.mean(variance), spread=True,
                )
            )  # fmt: skip
        else:
            values = (getattr(neuron, field.name) for field in fields(neuron))
            numbers = all(isinstance(value, float) for value in values)
            plain.setdefault(type(neuron) if numbers else a, []).append(a)
    neurons = [population.neuron for population in cells.values()]
    shared = [
        Group(index=np.array(index), neuron=stacked([neurons[a] for a in index]))
        for index in plain.values()
    ]
    return groups + shared
