"""Networks as data: populations, the projections between them, and their inputs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import as_float, require
from ._base import Parameters
from .connectivity import Rule
from .plasticity import Plasticity
from .synapses import Delta, OnDendrite

__all__ = [
    "Network",
    "Poisson",
    "Population",
    "PoissonSource",
    "Projection",
    "SpikeSource",
]


def _freeze(target: Any, name: str) -> np.ndarray:
    array = as_float(name, getattr(target, name)).astype(np.float64)
    require(np.isfinite(array), name, "must be finite", array)
    array.flags.writeable = False
    object.__setattr__(target, name, array if array.ndim else array.item())
    return array


def _count(name: str, n: Any) -> None:
    if isinstance(n, bool) or not isinstance(n, int | np.integer):
        raise TypeError(f"`{name}` must be an integer; got {n!r}")
    require(n >= 1, name, "must be at least 1", n)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Population:
    """Neurons of one kind.

    Parameters
    ----------
    n : int
        Number of neurons.
    neuron : Parameters
        Their model and its parameters, numbers or arrays (n,).
    receptors : mapping of str to synapse, optional
        Waveforms by which inputs arrive, in `OnDendrite` for those on a dendrite; by
        default one receptor "delta" that is a `Delta`.
    current : float or array_like, optional
        Constant input (n,) [pA for neurons with a capacitance, else mV/ms].
    sigma : float or array_like, optional
        Intensity (n,) of independent white noise [mV/sqrt(ms)].

    Raises
    ------
    TypeError, ValueError
        If a value is of the wrong kind, not finite, or of the wrong shape, or if a
        receptor is one that the neuron does not have: on a dendrite, or a conductance
        for an `LIF`, `AdaptiveLIF` or `EscapeLIF`.

    Examples
    --------
    >>> from meanfield.neurons import LIF, Exponential, Population
    >>> Population(n=100, neuron=LIF(), receptors={"exc": Exponential(tau=5.0)}).n
    100
    """

    n: int
    neuron: Parameters
    receptors: Mapping[str, Any] = field(default_factory=lambda: {"delta": Delta()})
    current: Any = 0.0
    sigma: Any = 0.0

    def __post_init__(self) -> None:
        _count("n", self.n)
        if not isinstance(self.neuron, Parameters):
            kind = type(self.neuron).__name__
            raise TypeError(f"`neuron` must be a neuron's parameters; got {kind}")
        receptors = dict(self.receptors)
        for label, receptor in receptors.items():
            _check_receptor(label, receptor, self.neuron)
        object.__setattr__(self, "receptors", MappingProxyType(receptors))
        for name in ("current", "sigma"):
            array = _freeze(self, name)
            _fits(name, array.shape, self.n)
        require(
            np.asarray(self.sigma) >= 0, "sigma", "must not be negative", self.sigma
        )
        _fits("neuron", self.neuron.shape, self.n)


def _check_receptor(label: str, receptor: Any, neuron: Parameters) -> None:
    placed, kind = isinstance(receptor, OnDendrite), type(neuron).__name__
    synapse = receptor.synapse if placed else receptor
    if not isinstance(synapse, Parameters):
        raise TypeError(
            f"`receptors` must be synapses; got {type(synapse).__name__} for {label!r}"
        )
    if synapse.shape:
        raise ValueError(
            "`receptors` must have plain numbers as parameters; got arrays of shape "
            f"{synapse.shape} in {label!r}"
        )
    if placed and not neuron.has_dendrite:
        raise ValueError(
            f"`receptors` must be on a soma: {kind} has no dendrite; got {label!r} in "
            "OnDendrite; take BallAndStick"
        )
    E_rev = getattr(synapse, "E_rev", None)
    if E_rev is not None and not neuron.takes_conductances:
        raise ValueError(
            f"`receptors` must be jumps or currents: {kind} takes no conductances; got "
            f"{label!r} with E_rev={E_rev}; take ConductanceLIF"
        )


def _fits(name: str, shape: tuple[int, ...], n: int) -> None:
    if shape not in ((), (1,), (n,)):
        raise ValueError(
            f"`{name}` must be of numbers or have shape (n,) = ({n},); got shape {shape}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoissonSource:
    """Poisson spike trains that projections can share among their targets.

    Parameters
    ----------
    n : int
        Number of sources.
    rate : float or array_like
        Rates (n,) [kHz].

    Raises
    ------
    TypeError, ValueError
        If `n` is no positive integer, or a rate is negative or not finite.

    Examples
    --------
    >>> from meanfield.neurons import PoissonSource
    >>> PoissonSource(n=100, rate=0.01).rate
    0.01
    """

    n: int
    rate: Any

    def __post_init__(self) -> None:
        _count("n", self.n)
        rate = _freeze(self, "rate")
        require(rate >= 0, "rate", "must not be negative (kHz)", rate)
        _fits("rate", rate.shape, self.n)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SpikeSource:
    """Given spike trains.

    Parameters
    ----------
    n : int
        Number of sources.
    times : array_like
        Spike times [ms] from the start of the simulation, warm-up included; rounded to
        whole steps, at least one.
    sources : array_like of int
        The source of each spike.

    Raises
    ------
    TypeError, ValueError
        If shapes differ, times are negative, or there are no such sources.

    Examples
    --------
    >>> from meanfield.neurons import SpikeSource
    >>> SpikeSource(n=2, times=[1.0, 3.0], sources=[0, 1]).times
    array([1., 3.])
    """

    n: int
    times: Any
    sources: Any

    def __post_init__(self) -> None:
        _count("n", self.n)
        times = _freeze(self, "times")
        require(times >= 0, "times", "must not be negative (ms)", times)
        sources = np.asarray(self.sources)
        if sources.size and sources.dtype.kind not in "iu":
            raise TypeError(f"`sources` must be integers; got dtype {sources.dtype}")
        if sources.shape != times.shape or times.ndim != 1:
            raise ValueError(
                "`times` and `sources` must be of one length; got shapes "
                f"{times.shape} and {sources.shape}"
            )
        known = (sources >= 0) & (sources < self.n)
        require(known, "sources", f"must be from 0 to {self.n - 1}", sources)
        sources = sources.astype(np.int64)
        sources.flags.writeable = False
        object.__setattr__(self, "sources", sources)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projection:
    """Synapses from one population to another.

    Parameters
    ----------
    source, target : str
        Names of the populations.
    rule : Rule
        Which pairs are connected.
    weight : float or distribution
        Peak of the postsynaptic response, in the unit of the receptor; not negative where
        that is a conductance. An object with a
        method ``rvs(size=, random_state=)``, as those of `scipy.stats`, is drawn from.
        `Scaled` turns the sign of one.
        Ignored by `Sparse` rules, whose matrices hold the weights.
    delay : float or distribution
        Delay [ms], at least the time step; rounded to whole steps.
    receptor : str, optional
        The target's receptor.
    plasticity : InhibitoryPlasticity or STDP, optional
        How spikes change the weights. Spikes of both sides count when they are emitted;
        a spike of the source is transmitted with the weight that it has changed.

    Raises
    ------
    TypeError, ValueError
        If a value is of the wrong kind or out of range.

    Examples
    --------
    >>> from meanfield.neurons import FixedInDegree, Projection
    >>> rule = FixedInDegree(100)
    >>> Projection(source="E", target="I", rule=rule, weight=0.1, delay=1.5).receptor
    'delta'
    """

    source: str
    target: str
    rule: Rule
    weight: Any
    delay: Any
    receptor: str = "delta"
    plasticity: Plasticity | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.plasticity, Plasticity | None):
            kind = type(self.plasticity).__name__
            raise TypeError(
                f"`plasticity` must be a plasticity rule or None; got {kind}"
            )
        if not isinstance(self.rule, Rule):
            kind = type(self.rule).__name__
            raise TypeError(f"`rule` must be a connection rule; got {kind}")
        for name in ("weight", "delay"):
            if not hasattr(getattr(self, name), "rvs"):
                value = _freeze(self, name)
                if value.ndim:
                    raise ValueError(
                        f"`{name}` must be a number or a distribution; got shape "
                        f"{value.shape}; give weights of single pairs as Sparse(matrix)"
                    )
        if isinstance(self.delay, float):
            require(self.delay > 0, "delay", "must be positive (ms)", self.delay)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Poisson:
    """Poisson input, independent for each neuron of a population.

    Parameters
    ----------
    target : str
        Name of the population.
    rate : float or array_like
        Total rate (n,) of each neuron's input [kHz].
    weight : float
        Peak of the response to a spike.
    receptor : str, optional
        The target's receptor.

    Raises
    ------
    ValueError
        If a rate is negative, or a value is not finite.

    Examples
    --------
    >>> from meanfield.neurons import Poisson
    >>> Poisson(target="E", rate=20.0, weight=0.1).rate
    20.0
    """

    target: str
    rate: Any
    weight: float
    receptor: str = "delta"

    def __post_init__(self) -> None:
        rate = _freeze(self, "rate")
        require(rate >= 0, "rate", "must not be negative (kHz)", rate)
        weight = _freeze(self, "weight")
        if weight.ndim:
            raise ValueError(f"`weight` must be one number; got shape {weight.shape}")


_POPULATIONS = (Population, PoissonSource, SpikeSource)


def _all_are(name: str, values: Iterable, *kinds: type) -> None:
    for value in values:
        if not isinstance(value, kinds):
            known = ", ".join(kind.__name__ for kind in kinds)
            raise TypeError(f"`{name}` must be of {known}; got {type(value).__name__}")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """Populations, the projections between them, and Poisson input.

    Parameters
    ----------
    populations : mapping of str to Population, PoissonSource or SpikeSource
    projections : sequence of Projection, optional
    inputs : sequence of Poisson, optional

    Raises
    ------
    TypeError, ValueError
        If a name is unknown, or a receptor is.

    Examples
    --------
    >>> from meanfield.neurons import FixedInDegree, LIF, Network, Poisson
    >>> from meanfield.neurons import Population, Projection
    >>> cells = Population(n=100, neuron=LIF(t_ref=2.0))
    >>> rule = FixedInDegree(10)
    >>> net = Network(
    ...     populations={"I": cells},
    ...     projections=[
    ...         Projection(source="I", target="I", rule=rule, weight=-0.5, delay=1.5)
    ...     ],
    ...     inputs=[Poisson(target="I", rate=20.0, weight=0.1)],
    ... )
    >>> net.n
    100
    """

    populations: Mapping[str, Any]
    projections: Sequence[Projection] = ()
    inputs: Sequence[Poisson] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.populations, Mapping):
            kind = type(self.populations).__name__
            raise TypeError(f"`populations` must be a mapping from names; got {kind}")
        populations = MappingProxyType(dict(self.populations))
        object.__setattr__(self, "populations", populations)
        for name in ("projections", "inputs"):
            given = getattr(self, name)
            if not isinstance(given, Iterable):
                kind = type(given).__name__
                raise TypeError(
                    f"`{name}` must be a list; got {kind}; for one, give [it]"
                )
            object.__setattr__(self, name, tuple(given))
        if not populations:
            raise ValueError("`populations` must not be empty; got none")
        _all_are("populations", populations.values(), *_POPULATIONS)
        _all_are("projections", self.projections, Projection)
        _all_are("inputs", self.inputs, Poisson)
        for projection in self.projections:
            self._known("source", projection.source)
            self._receives(projection)
        for given in self.inputs:
            shape = np.shape(given.rate)
            _fits("rate", shape, self._receives(given).n)

    def _known(self, what: str, name: str) -> Any:
        if name not in self.populations:
            raise ValueError(
                f"`{what}` must be one of the populations {tuple(self.populations)}; "
                f"got {name!r}"
            )
        return self.populations[name]

    def _receives(self, given: Any) -> Population:
        target = self._known("target", given.target)
        if not isinstance(target, Population):
            kind = type(target).__name__
            raise ValueError(
                f"`target` must be of neurons; {given.target!r} is a {kind}"
            )
        if given.receptor not in target.receptors:
            raise ValueError(
                f"`receptor` must be one of {tuple(target.receptors)} of population "
                f"{given.target!r}; got {given.receptor!r}"
            )
        return target

    @property
    def n(self) -> int:
        """Number of neurons and sources."""
        return sum(population.n for population in self.populations.values())
