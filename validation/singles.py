"""Cases of single neurons: any model, any input, rate, CV, spectrum and response."""

import dataclasses
import math
from typing import Any, ClassVar

from .cases import MODELS, Case

__all__ = ["NeuronCase", "Shot"]

AMPLITUDES = {"fixed": 1.0, "exponential": 2.0}  # <x^2>/<x>^2
_ROUNDING = 1e-9


@dataclasses.dataclass(frozen=True, slots=True)
class Shot:
    """Poisson jumps of the voltage: rates [kHz], mean sizes [mV], constant drive [mV/ms].

    mu is what is left of the mean drive for a constant current.
    """

    mu: float
    exc_rate: float
    inh_rate: float
    jump: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class NeuronCase(Case):
    """Independent neurons of one model at one input.

    Fields that are not listed are those of `Case`.

    Parameters
    ----------
    mu : float
        Mean drive [mV/ms]; for neurons with a capacitance the current over it.
    sigma : float
        Intensity of the noise [mV/sqrt(ms)], at low frequencies.
    neuron : LIF, EIF, QIF, ConductanceLIF, AdaptiveLIF, AdEx or GLIF
        Parameters, plain numbers.
    tau_syn : float
        Correlation time of the noise [ms]; 0 is white noise.
    jump : float
        Mean size of Poisson jumps of the voltage [mV], of the same mean and noise as
        `mu` and `sigma`; 0 is Gaussian noise.
    excitatory : float
        Part of the variance of the jumps that positive ones make.
    amplitudes : {"exponential", "fixed"}
        Distribution of the sizes of jumps.
    exc, inh : float
        Rates [kHz] of Poisson conductances of a `ConductanceLIF`.
    synapses : tuple of (float, float, float)
        Weight [nS], time constant [ms] and reversal potential [mV] of the excitatory,
        then of the inhibitory conductance.
    spectrum : tuple of float
        Frequencies [kHz] of the power spectrum, multiples of 1/segment from 2.
    segment : float
        Length of the segments that spectra are estimated from [ms].
    response : tuple of (float, float)
        Frequencies [kHz] and amplitudes [mV/ms] of sinusoidal drives, each on neurons
        of its own. With these, the linear response is measured, and nothing else.
    dt : float
        Step [ms]; the LIF in white noise and in jumps is simulated without bias.
    precision : float
        Relative standard error asked for: of rate and CV, or of the responses on average.

    Raises
    ------
    ValueError
        With the name, the condition, the value and a remedy.

    Examples
    --------
    >>> from meanfield.neurons import LIF
    >>> case = NeuronCase(mu=0.8, sigma=1.0, neuron=LIF(), jump=0.5, excitatory=0.75)
    >>> case.shot
    Shot(mu=0.3, exc_rate=1.5, inh_rate=0.5, jump=0.5)
    >>> NeuronCase.from_json(case.to_json()) == case
    True
    """

    tau_syn: float = 0.0
    jump: float = 0.0
    excitatory: float = 0.5
    amplitudes: str = "exponential"
    exc: float = 0.0
    inh: float = 0.0
    synapses: tuple[Any, ...] = ()
    spectrum: tuple[Any, ...] = ()
    segment: float = 500.0
    response: tuple[Any, ...] = ()
    dt: float = 0.1
    duration: float = 10000.0
    replicas: int = 64
    max_rounds: int = 20

    _models: ClassVar[tuple[type, ...]] = tuple(MODELS.values())

    def __post_init__(self) -> None:
        for name in ("synapses", "spectrum", "response"):
            object.__setattr__(self, name, _tuple(name, getattr(self, name)))
        Case.__post_init__(self)  # `super()` does not work in classes with slots
        self._check_response()
        self._check_input()

    def _check_response(self) -> None:
        for f in self.spectrum:
            # Below, the mean that is subtracted takes part of the power with it.
            if not (f * self.segment > 1.5 and _whole(f * self.segment)):
                raise ValueError(
                    f"`spectrum` must be multiples of 1/segment = {1 / self.segment:g} "
                    f"kHz, twice that at least; got {f!r}"
                )
        for f, amplitude in self.response:
            if not (f > 0 and amplitude > 0 and _whole(f * self.duration)):
                raise ValueError(
                    "`response` must be positive amplitudes at frequencies of whole "
                    f"cycles in duration = {self.duration:g} ms; got {f!r}, {amplitude!r}"
                )
        if self.spectrum and self.response:
            raise ValueError("`spectrum` must be empty with `response`; make two cases")

    def _check_input(self) -> None:
        for name, usual in (("correlation", 0.0), ("scheme", "bridge")):
            if getattr(self, name) != usual:
                raise ValueError(
                    f"`{name}` must be {usual!r} here; got {getattr(self, name)!r}; "
                    "use [[sweeps]]"
                )
        if self.amplitudes not in AMPLITUDES:
            raise ValueError(
                f"`amplitudes` must be one of {tuple(AMPLITUDES)}; got "
                f"{self.amplitudes!r}"
            )
        conducting = bool(self.exc or self.inh)
        if conducting != (self.model == "ConductanceLIF"):
            raise ValueError(
                "`exc` or `inh` must be given for a ConductanceLIF, and for no other "
                f"neuron; got {self.exc}, {self.inh} and a {self.model}"
            )
        if conducting and len(self.synapses) != 2:
            raise ValueError(
                "`synapses` must be [weight, tau, E_rev] of excitation and inhibition; "
                f"got {self.synapses!r}"
            )
        kinds = [self.tau_syn > 0, self.jump > 0, conducting]
        if sum(kinds) > 1:
            raise ValueError("`tau_syn`, `jump` and `exc` must not be given together")
        if self.jump and (self.model != "LIF" or self.response):
            raise ValueError("`jump` must be 0 but for rate, CV and spectrum of a LIF")

    def _conditions(self) -> dict[str, bool]:
        finite = math.isfinite
        return Case._conditions(self) | {
            "tau_syn": finite(self.tau_syn) and self.tau_syn >= 0,
            "jump": finite(self.jump) and self.jump >= 0,
            "excitatory": 0 <= self.excitatory <= 1,
            "exc": finite(self.exc) and self.exc >= 0,
            "inh": finite(self.inh) and self.inh >= 0,
            "segment": not self.spectrum or 0 < self.segment <= self.duration / 10,
            "window": True,  # counts are not looked at
        }

    @property
    def model(self) -> str:
        """Name of the neuron model."""
        return type(self.neuron).__name__

    @property
    def noisy(self) -> bool:
        """Whether there is noise."""
        return bool(self.sigma or self.exc or self.inh)

    @property
    def tau_m(self) -> float:
        """Membrane time constant [ms]."""
        neuron = self.neuron
        return float(getattr(neuron, "tau_m", 0.0) or neuron.C_m / neuron.g_L)

    @property
    def shot(self) -> Shot:
        """The jumps that make up `mu` and `sigma`."""
        events = self.sigma**2 / (AMPLITUDES[self.amplitudes] * self.jump**2)
        exc, inh = self.excitatory * events, (1 - self.excitatory) * events
        return Shot(round(self.mu - self.jump * (exc - inh), 12), exc, inh, self.jump)

    @property
    def exact_times(self) -> bool:
        """Whether spikes are simulated off the grid, without bias by the step."""
        white = not (self.response or self.tau_syn)
        return self.model == "LIF" and white

    @property
    def simulated(self) -> int:
        """Number of neurons simulated in a replica."""
        return max(1, 9 * len(self.response))

    @property
    def label(self) -> str:
        """What distinguishes the case, in one line."""
        words = [f"{self.model} mu={self.mu:g} sigma={self.sigma:g}"]
        words += [f"tau_syn={self.tau_syn:g}"] * bool(self.tau_syn)
        if self.jump:
            words += [f"{self.amplitudes} jumps={self.jump:g} mV ({self.excitatory:g})"]
        if self.exc or self.inh:
            words = [f"{self.model} mu={self.mu:g} exc={self.exc:g} inh={self.inh:g}"]
        words += ["sinusoidal drive"] * bool(self.response)
        return " ".join(words)


def _whole(x: float) -> bool:
    return abs(x - round(x)) < _ROUNDING * max(x, 1.0)


def _tuple(name: str, value: Any) -> tuple:
    """Return nested tuples of finite floats."""
    if not isinstance(value, list | tuple):
        raise ValueError(f"`{name}` must be a list; got {value!r}")
    found = []
    for entry in value:
        if isinstance(entry, list | tuple):
            found.append(_tuple(name, entry))
        elif isinstance(entry, bool) or not isinstance(entry, int | float):
            raise ValueError(f"`{name}` must hold numbers; got {entry!r}")
        else:
            found.append(float(entry) + 0.0)
    return tuple(found)
