"""Cases of layered networks: random layers of neurons that feed one another."""

import dataclasses
import itertools
import math
from typing import NamedTuple

import numpy as np

from meanfield import LIF

from .cases import Case

__all__ = ["LayeredCase", "Network", "SpikingLayer"]

INPUTS = ("poisson", "gaussian")
# Sizes of jumps are uniform in 1 +- _JITTER times their scale, so that voltages do not
# live on a lattice; rates of the sources, too, times their mean.
_JITTER = 0.5


class SpikingLayer(NamedTuple):
    """A layer as `spiking_reference.Layer` takes it and `meanfield.nn.convert` gives it.

    Weights (n_out, n_in) [mV]; neuron; drive (n_out,) [mV/ms]; noise [mV/sqrt(ms)].
    """

    weights: np.ndarray
    neuron: LIF
    mu: np.ndarray
    sigma: np.ndarray


class Network(NamedTuple):
    """Layers, and rates (n_in,) [kHz] of the sources of the first."""

    layers: tuple[SpikingLayer, ...]
    rates: np.ndarray


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LayeredCase(Case):
    """A random feedforward network at one input.

    Every unit of every layer has the same number of inputs, from the sources or from
    the layer below, and weights of the same law in every layer. Fields that are not
    listed are those of `Case`.

    Parameters
    ----------
    mu : float
        Mean drive [mV/ms] of a unit, all its inputs included, on average.
    sigma : float
        Noise intensity [mV/sqrt(ms)] that the inputs of a unit add up to, if they are
        Poisson of rate `source_rate`. It sets the weights:
        sigma^2 = fan_in source_rate <w^2>.
    fan_in : int
        Inputs of each unit.
    source_rate : float
        Mean rate [kHz] of the sources. The background drive of hidden units takes the
        same for the layer below.
    excitatory : float
        Fraction of the inputs with positive weights; the others have negative ones.
    shared : float
        Fraction of its inputs that a unit shares with another, on average: layers have
        fan_in/shared units.
    spread : float
        Standard deviation of `mu` among the units.
    background : float
        Intensity [mV/sqrt(ms)] of white noise of each unit's own, on top of `sigma`.
    inputs : {"poisson", "gaussian"}
        The sources: Poisson trains, or white noise of the same mean and variance.
    depth : int
        Number of layers.
    units : int
        So many units of each layer are compared one by one; of the last there are no
        more than these.
    network : int
        Seed of the random weights.
    precision, correlation_precision : float
        Errors asked for, on average over the units compared: of their rates, relative,
        and of the correlations of their pairs.

    Raises
    ------
    ValueError
        With the name, the condition, the value and a remedy.

    Examples
    --------
    >>> case = LayeredCase(mu=0.8, sigma=1.0, fan_in=100, source_rate=0.01, depth=2)
    >>> [layer.weights.shape for layer in case.build().layers]
    [(500, 500), (10, 500)]
    >>> case.jump  # mV
    1.0
    """

    fan_in: int = 100
    source_rate: float = 0.01
    excitatory: float = 0.5
    shared: float = 0.2
    spread: float = 0.05
    background: float = 0.0
    inputs: str = "poisson"
    depth: int = 1
    units: int = 10
    network: int = 0
    dt: float = 0.2
    duration: float = 10000.0
    warmup: float = 300.0
    window: float = 1000.0
    replicas: int = 32
    precision: float = 0.01
    correlation_precision: float = 0.05
    max_rounds: int = 10

    def __post_init__(self) -> None:
        Case.__post_init__(self)  # `super()` does not work in classes with slots
        if self.correlation:
            raise ValueError(
                f"`correlation` must be 0 for layers; got {self.correlation!r}; `shared` "
                "sets it"
            )
        if self.scheme != "bridge":
            raise ValueError(
                f"`scheme` must be 'bridge' for layers; got {self.scheme!r}"
            )
        if self.inputs not in INPUTS:
            raise ValueError(f"`inputs` must be one of {INPUTS}; got {self.inputs!r}")

    def _conditions(self) -> dict[str, bool]:
        finite = math.isfinite
        return Case._conditions(self) | {
            "fan_in": self.fan_in >= 2,
            "source_rate": finite(self.source_rate) and self.source_rate > 0,
            "excitatory": 0 <= self.excitatory <= 1,
            "shared": 0 < self.shared <= 1,
            "spread": finite(self.spread) and self.spread >= 0,
            "background": finite(self.background) and self.background >= 0,
            "depth": self.depth >= 1,
            "units": self.units >= 2,
            "network": self.network >= 0,
        }

    @property
    def jump(self) -> float:
        """Root mean square of the weights of a unit's inputs [mV]."""
        return self.sigma / math.sqrt(self.fan_in * self.source_rate)

    @property
    def sizes(self) -> tuple[int, ...]:
        """Number of sources, and of units in each layer."""
        width = max(round(self.fan_in / self.shared), self.units)
        return (*[width] * self.depth, self.units)

    @property
    def simulated(self) -> int:
        """Number of neurons simulated in a replica."""
        return sum(self.sizes[1:])

    @property
    def label(self) -> str:
        """What distinguishes the case, in one line."""
        drive = f"mu={self.mu:g} sigma={self.sigma:g}"
        return f"{drive} layers={self.depth} jump={self.jump:.2g} mV {self.summary}"

    @property
    def summary(self) -> str:
        """Inputs, and what is unusual, in one line."""
        words = [f"{self.inputs} fan-in={self.fan_in} t_ref={self.neuron.t_ref:g}"]
        for field in dataclasses.fields(self):
            if field.name in (
                "excitatory",
                "shared",
                "background",
                "window",
                "network",
            ):
                value = getattr(self, field.name)
                words += [f"{field.name}={value:g}"] if value != field.default else []
        return " ".join(words)

    def build(self) -> Network:
        """Draw the network: the same for the same case."""
        rng = np.random.default_rng(self.network)
        sizes = self.sizes
        rates = self.source_rate * _uniform(rng, sizes[0])
        layers, expected = [], rates
        for n_in, n_out in itertools.pairwise(sizes):
            weights = self._weights(rng, n_out, n_in)
            drive = self.mu + self.spread * rng.standard_normal(n_out)
            mu = drive - weights @ expected
            layers.append(
                SpikingLayer(weights, self.neuron, mu, np.full(n_out, self.background))
            )
            expected = np.full(n_out, self.source_rate)
        return Network(tuple(layers), rates)

    def _weights(self, rng: np.random.Generator, n_out: int, n_in: int) -> np.ndarray:
        """Weights with exactly `fan_in` inputs of each unit, the signs those of columns."""
        positive = round(self.excitatory * n_in)
        chosen = round(self.excitatory * self.fan_in)
        groups = (
            (np.arange(positive), chosen, 1.0),
            (np.arange(positive, n_in), self.fan_in - chosen, -1.0),
        )
        weights = np.zeros((n_out, n_in))
        for row in weights:
            for columns, number, sign in groups:
                taken = rng.choice(columns, min(number, columns.size), replace=False)
                row[taken] = sign * self.jump * _uniform(rng, taken.size)
        # <u^2> = 1 + _JITTER^2/3 for u uniform in 1 +- _JITTER.
        return weights / math.sqrt(1 + _JITTER**2 / 3)


def _uniform(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.uniform(1 - _JITTER, 1 + _JITTER, n)
