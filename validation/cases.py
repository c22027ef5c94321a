"""Cases: what is simulated once, as frozen data whose content is its identity."""

import dataclasses
import hashlib
import json
import math
from typing import Any, ClassVar

import numpy as np

from meanfield import LIF, neurons

__all__ = ["MODELS", "Case"]

MODELS = {
    model.__name__: model
    for model in (
        LIF, neurons.EIF, neurons.QIF, neurons.ConductanceLIF, neurons.AdaptiveLIF,
        neurons.AdEx, neurons.GLIF,
    )
}  # fmt: skip

SCHEMES = ("bridge", "grid", "euler")
_STANDARD = LIF()
_FORMAT = 1  # goes into the hash: raise it when the meaning of a field changes
_FEWEST_REPLICAS = 16  # below, errors from the spread between replicas mean little
_INTEGERS = ("replicas", "max_rounds", "fan_in", "depth", "units", "network")

# name: (condition, remedy)
_CONDITIONS = {
    "mu": ("must be finite (mV/ms)", ""),
    "sigma": ("must be finite and not negative (mV/sqrt(ms))", ""),
    "correlation": ("must be between -1 and 1", "0 is for single neurons"),
    "dt": ("must be positive (ms)", ""),
    "duration": ("must be finite and at least `dt` (ms)", ""),
    "warmup": ("must be finite and not negative (ms)", ""),
    "window": (
        "must be positive and at most a quarter of `duration` (ms)",
        "simulate for longer or count in shorter windows",
    ),
    "replicas": (
        f"must be an integer of at least {_FEWEST_REPLICAS}",
        "standard errors come from the spread between replicas",
    ),
    "precision": ("must be between 0 and 1", "it is a relative standard error"),
    "correlation_precision": ("must be between 0 and 1", "it is a standard error"),
    "max_rounds": ("must be an integer of at least 1", ""),
    "fan_in": ("must be an integer of at least 2", ""),
    "source_rate": ("must be finite and positive (kHz)", ""),
    "excitatory": ("must be between 0 and 1", "it is a fraction of the inputs"),
    "shared": (
        "must be above 0 and at most 1",
        "it is the fraction of its inputs that a unit shares with another",
    ),
    "spread": ("must be finite and not negative (mV/ms)", ""),
    "background": ("must be finite and not negative (mV/sqrt(ms))", ""),
    "depth": ("must be an integer of at least 1", ""),
    "units": ("must be an integer of at least 2", ""),
    "network": ("must be an integer, not negative", "it is a seed"),
    "tau_syn": ("must be finite and not negative (ms)", "0 is white noise"),
    "jump": ("must be finite and not negative (mV)", "0 is Gaussian noise"),
    "exc": ("must be finite and not negative (kHz)", ""),
    "inh": ("must be finite and not negative (kHz)", ""),
    "segment": ("must be positive and at most a tenth of `duration` (ms)", ""),
}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One neuron model at one input: simulated in rounds until precise enough.

    Parameters
    ----------
    mu : float
        Mean drive [mV/ms].
    sigma : float
        Noise intensity [mV/sqrt(ms)].
    neuron : LIF
        Parameters, plain numbers.
    correlation : float
        Correlation of the input noise of a pair of such neurons; 0 is a single neuron.
    dt : float
        Step of the simulator [ms].
    scheme : {"bridge", "grid", "euler"}
        Scheme of the simulator.
    duration, warmup : float
        Observed and discarded time of each replica [ms].
    window : float
        Length of the windows in which spikes are counted [ms].
    replicas : int
        Independent neurons (or pairs) in each round.
    precision : float
        Relative standard error asked for, of the rate and of the CV.
    correlation_precision : float
        Standard error asked for, of the output correlation (pairs only).
    max_rounds : int
        Budget: so many rounds at most.

    Raises
    ------
    ValueError
        With the name, the condition, the value and a remedy.

    Examples
    --------
    >>> a, b = Case(mu=1.0, sigma=1), Case(mu=1, sigma=1.0)
    >>> a.hash == b.hash, a.hash == Case(mu=1.1, sigma=1.0).hash
    (True, False)
    >>> Case(mu=1.0, sigma=-1.0)
    Traceback (most recent call last):
        ...
    ValueError: `sigma` must be finite and not negative (mV/sqrt(ms)); got -1.0
    """

    mu: float
    sigma: float
    neuron: Any = _STANDARD
    correlation: float = 0.0
    dt: float = 0.5
    scheme: str = "bridge"
    duration: float = 10000.0
    warmup: float = 500.0
    window: float = 500.0
    replicas: int = 128
    precision: float = 0.005
    correlation_precision: float = 0.01
    max_rounds: int = 100

    _models: ClassVar[tuple[type, ...]] = (LIF,)

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            if field.name != "neuron" and not isinstance(field.default, str | tuple):
                value = _number(field.name, getattr(self, field.name))
                object.__setattr__(self, field.name, value)
        if not isinstance(self.neuron, self._models) or self.neuron.shape != ():
            known = " or ".join(model.__name__ for model in self._models)
            raise ValueError(
                f"`neuron` must be a {known} of plain numbers; got {self.neuron!r}; make "
                "one case for each neuron"
            )
        if self.scheme not in SCHEMES:
            raise ValueError(f"`scheme` must be one of {SCHEMES}; got {self.scheme!r}")
        for name, ok in self._conditions().items():
            if not ok:
                _refuse(name, getattr(self, name))

    def _conditions(self) -> dict[str, bool]:
        """Whether each field is as `_CONDITIONS` says."""
        finite = math.isfinite
        return {
            "mu": finite(self.mu),
            "sigma": finite(self.sigma) and self.sigma >= 0,
            "correlation": -1 <= self.correlation <= 1,
            "dt": finite(self.dt) and self.dt > 0,
            "duration": finite(self.duration) and self.duration >= self.dt,
            "warmup": finite(self.warmup) and self.warmup >= 0,
            "window": 0 < self.window <= self.duration / 4,
            "replicas": self.replicas >= _FEWEST_REPLICAS,
            "precision": 0 < self.precision < 1,
            "correlation_precision": 0 < self.correlation_precision < 1,
            "max_rounds": self.max_rounds >= 1,
        }

    def to_json(self) -> str:
        """Return the canonical text: the same for equal cases, on every machine.

        Examples
        --------
        >>> Case.from_json(Case(mu=1, sigma=2).to_json()) == Case(mu=1, sigma=2)
        True
        """
        content: dict[str, Any] = {"format": _FORMAT}
        for field in dataclasses.fields(self):
            content[field.name] = getattr(self, field.name)
        content["neuron"] = _parameters(self.neuron)
        return json.dumps(content, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Case":
        """Return the case that `to_json` wrote."""
        content = json.loads(text)
        if content.pop("format") != _FORMAT:
            raise ValueError(f"`format` must be {_FORMAT}; got {text!r:.60}")
        parameters = content.pop("neuron")
        model = MODELS[parameters.pop("model", "LIF")]
        return cls(neuron=model(**parameters), **content)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical text (64 hexadecimal digits): the identity."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def seed(self, *key: int) -> np.random.SeedSequence:
        """Return the seed of one part of the case, e.g. of a round.

        It depends on the content of the case and on `key` alone: not on order,
        workers or restarts.
        """
        return np.random.SeedSequence(int(self.hash, 16), spawn_key=key)

    @property
    def noisy(self) -> bool:
        """Whether there is noise: otherwise one interval says it all."""
        return self.sigma > 0

    @property
    def clocked(self) -> bool:
        """Whether the scheme is one that misses crossings within a step."""
        return self.scheme != "bridge"

    @property
    def simulated(self) -> int:
        """Number of neurons simulated in a replica."""
        return 4 if self.correlation else 1

    @property
    def label(self) -> str:
        """What distinguishes the case, in one line."""
        extra = f" rho={self.correlation:g}" if self.correlation else ""
        scheme = f" {self.scheme}" if self.clocked else ""
        return f"mu={self.mu:g} sigma={self.sigma:g}{extra} dt={self.dt:g}{scheme}"


def _parameters(neuron: Any) -> dict[str, Any]:
    """Return what is given of a neuron, with the model's name if it is not the LIF."""
    names = (field.name for field in dataclasses.fields(neuron))
    given = {name: getattr(neuron, name) for name in names}
    found = {
        k: (np.asarray(v) + 0.0).tolist() for k, v in given.items() if v is not None
    }
    model = type(neuron).__name__
    return found if model == "LIF" else {"model": model, **found}


def _number(name: str, value: Any) -> float | int:
    """Return a float (never -0.0) or an int, so that equal cases have equal texts."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.number):
        raise ValueError(f"`{name}` must be a number; got {value!r}")
    if name in _INTEGERS:
        if int(value) != value:
            _refuse(name, value)
        return int(value)
    return float(value) + 0.0


def _refuse(name: str, value: Any) -> None:
    condition, remedy = _CONDITIONS[name]
    tail = f"; {remedy}" if remedy else ""
    raise ValueError(f"`{name}` {condition}; got {value!r}{tail}")
