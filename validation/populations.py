"""Cases of recurrent networks, and what is observed of their populations."""

import dataclasses
import inspect
import math
from typing import Any

from meanfield.neurons import Network

from .cases import Case
from .presets import BALANCED, PRESETS

__all__ = ["PopulationCase"]

OBSERVABLES = ("rate", "cv", "sd", "pairs", "input")
_FEWEST = 4  # realisations, below which their spread says little


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PopulationCase(Case):
    """Realisations of one random network of populations.

    Fields that are not listed are those of `Case`; `mu`, `sigma`, `neuron`,
    `correlation` and `scheme` are left as they are: a network brings its own.

    Parameters
    ----------
    name : str
        What it is called in figures and tables; by default the preset.
    preset : str
        A network of `meanfield.network`, or of `validation.presets`.
    parameters : mapping or tuple of (str, value)
        Arguments of the preset.
    observe : tuple of str
        Of "rate", "cv" (of all intervals of a population), "sd" (of rates over neurons),
        "pairs" (mean correlation of the counts of pairs in `window`) and "input" (mean
        over neurons of what receptors and constant currents bring).
    times : tuple of float
        Times [ms] at which rates are looked at, in windows of `window` around them.
    spectrum : tuple of float
        Frequencies [kHz] of power spectra of populations, multiples of 1/segment.
    segment : float
        Length of the segments that spectra are estimated from [ms].
    response : tuple of (float, float)
        Frequencies [kHz] and amplitudes [mV/ms] of sinusoidal drives, all at once, of
        the first population, of whole cycles in `duration`.
    dt : float
        Step [ms]; of densely connected networks of more than 10,000 neurons, whose
        feedback is fast, a fraction of it: see `step`.
    replicas : int
        Realisations of connections and noise in each round.
    precision : float
        Relative standard error asked for, of the mean rate.

    Raises
    ------
    ValueError
        With the name, the condition, the value and a remedy.

    Examples
    --------
    >>> case = PopulationCase(preset="brunel", parameters={"g": 5.0, "eta": 2.0})
    >>> case.label, case.build().n
    ('brunel eta=2 g=5', 12500)
    >>> PopulationCase.from_json(case.to_json()) == case
    True
    """

    mu: float = 0.0
    sigma: float = 0.0
    name: str = ""
    preset: str = "brunel"
    parameters: Any = ()
    observe: tuple[Any, ...] = ("rate",)
    times: tuple[Any, ...] = ()
    spectrum: tuple[Any, ...] = ()
    segment: float = 250.0
    response: tuple[Any, ...] = ()
    dt: float = 0.1
    duration: float = 1000.0
    warmup: float = 300.0
    window: float = 50.0
    replicas: int = 8
    precision: float = 0.01
    max_rounds: int = 1

    def __post_init__(self) -> None:
        given = self.parameters
        pairs = given.items() if isinstance(given, dict) else given
        frozen = tuple(sorted((str(k), _frozen(v)) for k, v in pairs))
        object.__setattr__(self, "parameters", frozen)
        for name in ("observe", "times", "spectrum", "response"):
            object.__setattr__(self, name, _frozen(getattr(self, name)))
        Case.__post_init__(self)  # `super()` does not work in classes with slots
        for name, usual in (("mu", 0.0), ("sigma", 0.0), ("correlation", 0.0),
                            ("scheme", "bridge")):  # fmt: skip
            if getattr(self, name) != usual:
                raise ValueError(
                    f"`{name}` must be {usual!r} here; got {getattr(self, name)!r}; the "
                    "`parameters` of a network bring its input"
                )
        self._check_observed()
        self._check_preset()

    def _check_observed(self) -> None:
        for name in self.observe:
            if name not in OBSERVABLES:
                raise ValueError(f"`observe` must be of {OBSERVABLES}; got {name!r}")
        for f in self.spectrum:
            if not (f * self.segment > 1.5 and _is_whole(f * self.segment)):
                raise ValueError(
                    f"`spectrum` must be multiples of 1/segment = {1 / self.segment:g} "
                    f"kHz, twice that at least; got {f!r}"
                )
        for f, amplitude in self.response:
            if not (f > 0 and amplitude > 0 and _is_whole(f * self.duration)):
                raise ValueError(
                    "`response` must be positive amplitudes at frequencies of whole "
                    f"cycles in duration = {self.duration:g} ms; got {f!r}, {amplitude!r}"
                )
        if self.replicas < _FEWEST:
            raise ValueError(
                f"`replicas` must be at least {_FEWEST}; got {self.replicas}; standard "
                "errors come from the spread between realisations"
            )
        for t in self.times:
            if not self.window / 2 <= t <= self.duration - self.window / 2:
                raise ValueError(
                    "`times` must be half a window from either end of `duration`; got "
                    f"{t!r}"
                )

    def _check_preset(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(
                f"`preset` must be one of {', '.join(PRESETS)}; got {self.preset!r}"
            )
        known = inspect.signature(PRESETS[self.preset]).parameters
        for name in dict(self.parameters):
            if name not in known:
                raise ValueError(
                    f"`parameters` of {self.preset} must be of {', '.join(known)}; got "
                    f"{name!r}"
                )

    def _conditions(self) -> dict[str, bool]:
        return Case._conditions(self) | {
            "replicas": True,  # see `_check_observed`
            "segment": not self.spectrum or 0 < self.segment <= self.duration / 4,
        }

    def build(self) -> Network:
        """Return the network."""
        return PRESETS[self.preset](**dict(self.parameters))

    @property
    def size(self) -> int:
        """Number of neurons; of a preset that is not balanced its own."""
        given = dict(self.parameters).get("size")
        return int(given) if given is not None else self.build().n

    @property
    def step(self) -> float:
        """Step of the simulation [ms].

        The feedback of a balanced network is sqrt(N) times as fast as its neurons: with
        steps of 0.1 ms networks of 30,000 neurons oscillate that otherwise would not.
        """
        if self.preset not in BALANCED:
            return self.dt
        return self.dt / math.ceil(math.sqrt(max(self.size, 1) / 1e4) - 1e-9)

    @property
    def noisy(self) -> bool:
        """Whether there is noise: connections are random, if nothing else."""
        return True

    @property
    def simulated(self) -> int:
        """Number of neurons simulated in a replica."""
        return self.size

    @property
    def label(self) -> str:
        """What distinguishes the case, in one line."""
        numbers = [
            f"{name}={value:g}" if isinstance(value, float | int) else f"{name}={value}"
            for name, value in self.parameters
            if isinstance(value, float | int | str)
        ]
        return " ".join([self.name or self.preset, *numbers])


def _frozen(value: Any) -> Any:
    """Return lists as tuples, and numbers so that equal ones have equal texts."""
    if isinstance(value, list | tuple):
        return tuple(_frozen(v) for v in value)
    if isinstance(value, bool | str | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() else value
    raise ValueError(
        f"`parameters` must be finite numbers, text or lists; got {value!r}"
    )


def _is_whole(x: float) -> bool:
    return abs(x - round(x)) < 1e-9 * max(x, 1.0)
