"""What the theories predict for a recurrent network, with the budget of each number."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .forecasts import Forecast, resolved
from .population_theories import POPULATION_THEORIES, PopulationTheory
from .populations import PopulationCase
from .predict import Allowance
from .self_consistent import Functions, cells

__all__ = ["population_forecasts", "predicted"]

_SIMULATOR = 1e-3  # see `forecasts`


def population_forecasts(
    case: PopulationCase, theories: tuple[PopulationTheory, ...] | None = None
) -> Iterator[Forecast]:
    """Predict everything that is measured of a case by every theory that applies.

    Parameters
    ----------
    case : PopulationCase
    theories : tuple of PopulationTheory, optional
        By default `POPULATION_THEORIES`.

    Yields
    ------
    Forecast
    """
    for theory in POPULATION_THEORIES if theories is None else theories:
        if theory.applies(case):
            yield from _of_theory(theory, case)


def _of_theory(theory: PopulationTheory, case: PopulationCase) -> Iterator[Forecast]:
    functions = theory.functions(case)
    others = theory.others(case, functions)
    alternatives = {
        reason: None if other is None else predicted(case, other)
        for reason, other in others.items()
    }
    values = predicted(case, functions)
    top = max((abs(v) for (q, _), v in values.items() if q == "rate"), default=0.0)
    for (quantity, place), value in values.items():
        allowed = [
            _both("simulator's bias", _SIMULATOR * abs(value)),
            _both("time step", top * case.step / 2 * abs(value)),
        ]
        if quantity == "phase":
            frequency = float(place.split()[1]) / 1e3
            allowed = [_both("time step", math.pi * frequency * case.step)]
        for reason, other in alternatives.items():
            size = math.inf
            if other is not None:
                if (quantity, place) not in other:
                    continue
                size = _distance(quantity, other[quantity, place], value)
            allowed.append(_both(reason, size))
        put_back = sum(a.above for a in allowed)
        if alternatives and math.isfinite(put_back):
            scale = 1.0 if quantity == "phase" else abs(value) or top or 1.0
            allowed.append(_both("higher order", put_back**2 / scale))
        reference = top if quantity == "rate" and abs(value) < 0.1 * top else None
        kept = tuple(a for a in allowed if a.above)
        yield Forecast(theory.name, quantity, 0.0, value, kept, place, reference)


def _both(reason: str, size: float) -> Allowance:
    size = math.inf if math.isnan(size) else float(size)
    return Allowance(reason, size, size)


def _distance(quantity: str, other: complex, value: complex) -> float:
    if quantity == "gain":
        return abs(abs(other) - abs(value))
    if quantity == "phase":
        return abs(np.angle(other / value)) if value else math.inf
    return abs(other - value)


def predicted(case: PopulationCase, functions: Functions) -> dict[tuple[str, str], Any]:
    """Return predictions of what is observed of a case, by quantity and place."""
    names = cells(case.build())
    found: dict[tuple[str, str], Any] = {}
    for quantity in ("rate", "cv", "sd", "input"):
        if quantity in case.observe and quantity in functions:
            values = functions[quantity]()
            found |= {(quantity, n): float(values[a]) for a, n in enumerate(names)}
    if "pairs" in case.observe and "pairs" in functions:
        values = functions["pairs"]()
        for a, n in enumerate(names):
            for b, m in enumerate(names[a:], a):
                found["pairs", f"{n},{m}"] = float(values[a, b])
    if case.times and "course" in functions:
        values = functions["course"](np.array(case.times))
        for a, n in enumerate(names):
            for at, value in zip(case.times, values[a], strict=True):
                found["rate", f"{n} {at:g} ms"] = float(value)
    return found | _over_frequency(case, functions, names)


def _over_frequency(
    case: PopulationCase, functions: Functions, names: list[str]
) -> dict[tuple[str, str], Any]:
    found: dict[tuple[str, str], Any] = {}
    if case.spectrum and "spectrum" in functions:
        f = np.array(case.spectrum)
        for a, n in enumerate(names):

            def power(x: np.ndarray, a: int = a) -> np.ndarray:
                return functions["spectrum"](x)[..., a]

            for at, value in zip(f, resolved(power, f, case), strict=True):
                found["spectrum", f"{n} {1e3 * at:g} Hz"] = float(value)
    if case.response and "response" in functions:
        f = np.array([f for f, _ in case.response])
        for at, row in zip(f, functions["response"](f), strict=True):
            for a, n in enumerate(names):
                for quantity in ("gain", "phase"):
                    found[quantity, f"{n} {1e3 * at:g} Hz"] = complex(row[a])
    return found
