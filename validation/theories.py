"""What theories predict for single neurons, and how far each may be off by its own limits.

A `Theory` is data: which cases it is about, its functions, its error budget, and the
parameter that should be small. `forecasts` holds a case against all that apply.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from .predict import Allowance
from .singles import NeuronCase
from .stimulate import coarse, late

__all__ = ["THEORIES", "Forecast", "Theory", "forecasts", "theory_of"]

_SIMULATOR = (
    1e-3  # relative bias of rate and CV that the simulator's documentation leaves
)
Function = Callable[..., Any]


class Forecast(NamedTuple):
    """One number that a theory predicts for a case.

    theory: its name; quantity: see `QUANTITIES`; frequency: [kHz], 0 for rate and CV;
    value: complex for the response; allowances: the error budget.
    """

    theory: str
    quantity: str
    frequency: float
    value: complex
    allowances: tuple[Allowance, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Theory:
    """A theory of single neurons.

    Parameters
    ----------
    name : str
        As it stands in tables and figures.
    limits : str
        What its error budget covers, in a sentence.
    applies : callable
        From a case to whether the theory is about it.
    functions : callable
        From a case to what it predicts: "rate" and "cv", functions of nothing, and
        "spectrum" and "response" from frequencies [kHz].
    budget : callable
        From a case and what `functions` predict for it, by name, to relative errors, by
        name (missing ones are 0).
    small : callable
        From a case to the parameter that the error should vanish with.
    parameter : str
        Name and unit of that.
    """

    name: str
    limits: str
    applies: Callable[[NeuronCase], bool]
    functions: Callable[[NeuronCase], Mapping[str, Function]]
    budget: Callable[[NeuronCase, Mapping[str, Any]], Mapping[str, float]]
    small: Callable[[NeuronCase], float]
    parameter: str


def _white(case: NeuronCase) -> bool:
    return not (case.tau_syn or case.jump or case.exc or case.inh)


def _siegert(case: NeuronCase) -> dict[str, Function]:
    import meanfield

    return _stationary(meanfield, case)


def _threshold_integration(case: NeuronCase) -> dict[str, Function]:
    from meanfield import integrate_and_fire as theory

    given = case.mu, case.sigma, case.neuron
    return _stationary(theory, case) | {
        "spectrum": lambda f: theory.power_spectrum(f, *given),
        "response": lambda f: theory.linear_response(f, *given),
    }


def _stationary(theory: Any, case: NeuronCase, *more: Any) -> dict[str, Function]:
    given = case.mu, case.sigma, *more, case.neuron
    return {
        "rate": lambda: float(theory.firing_rate(*given)),
        "cv": lambda: float(theory.cv(*given)),
    }


def _nothing(case: NeuronCase, predicted: Mapping[str, Any]) -> Mapping[str, float]:
    return {}


THEORIES: tuple[Theory, ...] = (
    Theory(
        name="Siegert",
        limits="exact for white noise.",
        applies=lambda case: case.model == "LIF" and _white(case),
        functions=_siegert,
        budget=_nothing,
        small=lambda case: 1e3 * _siegert(case)["rate"](),
        parameter="rate (Hz)",
    ),
    Theory(
        name="threshold integration",
        limits="exact for white noise.",
        applies=lambda case: case.model in ("LIF", "EIF", "QIF") and _white(case),
        functions=_threshold_integration,
        budget=_nothing,
        small=lambda case: 1e3 * _threshold_integration(case)["rate"](),
        parameter="rate (Hz)",
    ),
)


def theory_of(name: str) -> Theory:
    """Return the theory of that name."""
    return next(theory for theory in THEORIES if theory.name == name)


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

    *Finite segment*: Hann's window averages a spectrum S over 1/segment = w, which adds
    w^2 S''/6; it is taken from S at f - w, f and f + w.

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
            yield from _response(theory, case, functions["response"])
        return
    found = {n: functions[n]() for n in ("rate", "cv") if n in functions}
    own = theory.budget(case, found)
    spread = late(case)[1] * found["rate"] + coarse(case)
    for name, value in found.items():
        allowed = (
            _both("simulator's bias", _SIMULATOR * value),
            _both("time step", spread * value),
            _both(theory.name, own.get(name, 0.0) * value),
        )
        yield Forecast(theory.name, name, 0.0, value, _present(allowed))
    if case.spectrum and "spectrum" in functions:
        f, w = np.array(case.spectrum), 1 / case.segment
        below, S, above = functions["spectrum"](
            np.stack([np.maximum(f - w, 0.0), f, f + w])
        )
        for i, value in enumerate(map(float, S)):
            blurred = abs(below[i] - 2 * value + above[i]) / 6
            allowed = (
                _both("simulator's bias", 2 * _SIMULATOR * value),
                _both("time step", 2 * spread * value),
                _both("finite segment", blurred),
                _both(theory.name, own.get("spectrum", 0.0) * value),
            )
            yield Forecast(
                theory.name, "spectrum", float(f[i]), value, _present(allowed)
            )


def _response(
    theory: Theory, case: NeuronCase, response: Function
) -> Iterator[Forecast]:
    f = np.array([f for f, _ in case.response])
    own = theory.budget(case, {}).get("response", 0.0)
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
