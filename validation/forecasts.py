"""What the theories predict for a single neuron, with the error budget of each number."""

import dataclasses
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .predict import Allowance
from .singles import NeuronCase
from .stimulate import coarse, late
from .theories import THEORIES, Function, Theory

__all__ = ["Forecast", "forecasts", "on_grid", "resolved"]

_SIMULATOR = (
    1e-3  # relative bias of rate and CV that the simulator's documentation leaves
)


class Forecast(NamedTuple):
    """One number that a theory predicts for a case.

    theory: its name; quantity: see `QUANTITIES`; frequency: [kHz], 0 for rate and CV;
    value: complex for the response; allowances: the error budget; place: of networks, what
    the measurement's name has after the quantity; reference: see `Comparison`.
    """

    theory: str
    quantity: str
    frequency: float
    value: complex
    allowances: tuple[Allowance, ...]
    place: str = ""
    reference: float | None = None

    @property
    def of(self) -> str:
        """What the measurement's name has after the quantity."""
        return self.place or (repr(self.frequency) if self.frequency else "")

    @property
    def shown(self) -> str:
        """The same for people."""
        return self.place or (f"{1e3 * self.frequency:g} Hz" if self.frequency else "")


def on_grid(case: NeuronCase) -> NeuronCase:
    """Return the case with the dead time that the simulator's grid adds."""
    t_ref = case.neuron.t_ref + late(case)[0]
    return dataclasses.replace(
        case, neuron=dataclasses.replace(case.neuron, t_ref=t_ref)
    )


def forecasts(
    case: NeuronCase, theories: tuple[Theory, ...] | None = None
) -> Iterator[Forecast]:
    """Predict everything that is measured of a case by every theory that applies.

    Parameters
    ----------
    case : NeuronCase
    theories : tuple of Theory, optional
        By default `THEORIES`.

    Yields
    ------
    Forecast

    Notes
    -----
    Next to the theory's own, the budget has:

    *Simulator*: the bias that its documentation states.

    *Time step*: neurons on a grid start again at its points, so intervals are longer by
    a fraction of a step. The mean is predicted with the refractory period; how far it may
    be off is allowed for, in the phase of a response at its frequency; and so is what
    noise in finite steps takes from rates (see `stimulate.coarse`).

    Spectra are predicted as averaged over frequencies by the window of the segments.

    Examples
    --------
    >>> from meanfield.neurons import LIF
    >>> for f in forecasts(NeuronCase(mu=0.8, sigma=1.0, neuron=LIF())):
    ...     print(f.theory, f.quantity, round(f.value, 4))
    Siegert rate 0.0087
    Siegert cv 0.6276
    threshold integration rate 0.0087
    threshold integration cv 0.6276
    """
    shown = on_grid(case)
    for theory in THEORIES if theories is None else theories:
        if theory.applies(case):
            yield from _predicted(theory, case, shown)


def _predicted(
    theory: Theory, case: NeuronCase, shown: NeuronCase
) -> Iterator[Forecast]:
    functions = theory.functions(shown)
    if case.response:
        if "response" in functions:
            own = theory.budget(case, functions).get("response", 0.0)
            yield from _response(theory, case, functions["response"], own)
        return
    found = {n: functions[n]() for n in ("rate", "cv") if n in functions}
    own = theory.budget(case, functions)
    spread = late(case)[1] * found["rate"] + coarse(case)
    for name, value in found.items():
        allowed = (
            _both("simulator's bias", _SIMULATOR * value),
            _both("time step", spread * value),
            _both(theory.name, own.get(name, 0.0) * value),
        )
        yield Forecast(theory.name, name, 0.0, value, _present(allowed))
    if case.spectrum and "spectrum" in functions:
        yield from _spectrum(theory, case, functions["spectrum"], spread, own)


def _spectrum(
    theory: Theory,
    case: NeuronCase,
    spectrum: Function,
    spread: float,
    own: Mapping[str, float],
) -> Iterator[Forecast]:
    f = np.array(case.spectrum)
    for at, value in zip(case.spectrum, resolved(spectrum, f, case), strict=True):
        allowed = (
            _both("simulator's bias", 2 * _SIMULATOR * value),
            _both("time step", 2 * spread * value),
            _both(theory.name, own.get("spectrum", 0.0) * value),
        )
        yield Forecast(theory.name, "spectrum", at, float(value), _present(allowed))


def resolved(spectrum: Function, f: np.ndarray, case: Any) -> np.ndarray:
    """Return what a power spectrum looks like in the segments, with Hann's window."""
    x = np.arange(-24, 25) / 8  # of 1/segment; 6e-5 of the window's power is beyond
    with np.errstate(invalid="ignore", divide="ignore"):
        window = np.where(abs(x) == 1, 0.5, np.sinc(x) / (1 - x**2))
    power = window**2 / np.sum(window**2)
    return spectrum(np.abs(f[:, None] + x / case.segment)) @ power


def _response(
    theory: Theory, case: NeuronCase, response: Function, own: float
) -> Iterator[Forecast]:
    f = np.array([f for f, _ in case.response])
    delay = late(case)[1]
    for frequency, value in zip(f, response(f), strict=True):
        size = abs(value)
        gain = (
            _both("simulator's bias", 2 * _SIMULATOR * size),
            _both("time step", coarse(case) * size),
            _both(theory.name, own * size),
        )
        phase = (
            _both("time step", 2 * math.pi * frequency * delay),
            _both(theory.name, own),
        )
        value = complex(value)
        yield Forecast(theory.name, "gain", float(frequency), value, _present(gain))
        yield Forecast(theory.name, "phase", float(frequency), value, _present(phase))


def _both(reason: str, size: float) -> Allowance:
    return Allowance(reason, float(size), float(size))


def _present(allowances: tuple[Allowance, ...]) -> tuple[Allowance, ...]:
    return tuple(a for a in allowances if a.below or a.above)
