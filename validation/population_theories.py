"""Theories of recurrent networks, as data."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from . import large
from .populations import PopulationCase
from .self_consistent import (
    Functions,
    distributed,
    equal_neurons,
    perturbed,
    rate_changes,
    synapse,
)

__all__ = ["POPULATION_THEORIES", "REASONS", "PopulationTheory"]

REASONS = {
    "unstable": "the state oscillates by its own theory, which has no budget then.",
    "renewal trains": (
        "inputs are taken for Poisson trains; what the theory changes by if their noise "
        "has the power at frequency 0, rate times CV squared, of the CV that follows."
    ),
    "common fluctuations": (
        "neurons are taken for independent; what the theory changes by if the fluctuations "
        "of the populations, as linear response has them, are added to each one's noise."
    ),
    "synaptic filter": (
        "synapses enter by an effective threshold, or by white noise of the same spread of "
        "the membrane; what the theory changes by if it is the shift of Fourcaud and "
        "Brunel (the same to first order) or, of the EIF, nothing."
    ),
    "few synapses": (
        "a single synapse takes a neuron over half its way from rest to threshold: no "
        "Gaussian input, and no budget."
    ),
    "finite size": (
        "what the first order in 1/sqrt(N) changes; of populations that are silent in the "
        "limit, the rate that the mean field leaves them."
    ),
    "next order": "what one more order in 1/sqrt(N) changes.",
    "higher order": "the square of all that is put back, to first order, above.",
    "correlations": (
        "spikes before and after a plastic synapse are taken for independent, but neurons "
        "fire less right after inhibition; what trajectories change by if targets are "
        "higher by 7 % at N = 5,000, in proportion to 1/sqrt(N), as seen at rest."
    ),
    "synchronous start": (
        "all neurons of a simulation begin at reset, and without a warm-up the first "
        "window has their synchronous first spikes, of which the theory knows nothing."
    ),
    "inputs at rest": (
        "plastic balance gives a finite network the mean input that it needs at its target "
        "rates, throughout; spikes follow 0.5 to 1 s late, and there is no budget."
    ),
}
_CORRELATIONS = 0.07 * math.sqrt(5e3)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PopulationTheory:
    """A theory of recurrent networks.

    Parameters
    ----------
    name : str
        As it stands in tables and figures.
    applies : callable
        From a case to whether the theory is about it.
    functions : callable
        From a case to what it predicts: "rate", "cv", "sd", "input" and "pairs",
        functions of nothing, "spectrum" and "response" of frequencies [kHz], "course" of
        times [ms]; arrays over populations come last.
    others : callable
        From a case and those functions to what the predictions could be as well: other
        functions, by the reason. The differences are the budget; without functions there
        is none.
    small : callable
        From a case to what the error should vanish with.
    parameter : str
        Name and unit of that.
    """

    name: str
    applies: Callable[[PopulationCase], bool]
    functions: Callable[[PopulationCase], Functions]
    others: Callable[[PopulationCase, Functions], Mapping[str, Functions | None]]
    small: Callable[[PopulationCase], float]
    parameter: str


def _of(*presets: str) -> Callable[[PopulationCase], bool]:
    return lambda case: case.preset in presets


def _inverse_root(case: PopulationCase) -> float:
    return 1 / math.sqrt(case.size)


def _of_disorder(case: PopulationCase, functions: Functions) -> dict[str, Any]:
    balanced = case.preset == "balanced_eif"
    if balanced and large.few_synapses(case):
        return {"few synapses": None}
    white = balanced or case.preset == "feedforward"
    kind = "white" if white else "fourcaud_brunel"
    found: dict[str, Any] = {"synaptic filter": distributed(case, kind)}
    changes = large.left_out(case) if balanced else {}
    if case.preset == "microcircuit":
        changes = rate_changes(case)
    for why in set(changes) - {"synaptic filter", "next order"}:
        found[why] = _moved(functions, changes[why])
    return found


def _moved(functions: Functions, change: np.ndarray) -> Functions:
    """Return distributions whose means have moved, and whose SDs have in proportion."""
    rate, sd = functions["rate"](), functions["sd"]()
    return {"rate": lambda: rate + change, "sd": lambda: sd * (1 + change / rate)}


def _correlated(case: PopulationCase, functions: Functions) -> dict[str, Any]:
    share = _CORRELATIONS / math.sqrt(case.size)
    return large.beyond_course(case, functions, share)


POPULATION_THEORIES: tuple[PopulationTheory, ...] = (
    PopulationTheory(
        name="self-consistent rates",
        applies=_of("brunel", "microcircuit"),
        functions=equal_neurons,
        others=perturbed,
        small=synapse,
        parameter="weight / (V_th − V_reset)",
    ),
    PopulationTheory(
        name="distributed rates",
        applies=lambda case: "sd" in case.observe,
        functions=distributed,
        others=_of_disorder,
        small=_inverse_root,
        parameter="1/√N",
    ),
    PopulationTheory(
        name="mean input",
        applies=_of("feedforward"),
        functions=large.mean_input,
        others=lambda *_: {},
        small=_inverse_root,
        parameter="1/√N",
    ),
    PopulationTheory(
        name="balanced limit",
        applies=_of("balanced_eif"),
        functions=large.limit,
        others=large.beyond_limit,
        small=_inverse_root,
        parameter="1/√N",
    ),
    PopulationTheory(
        name="balance to first order",
        applies=_of("balanced_eif"),
        functions=large.first_order,
        others=large.beyond_first_order,
        small=_inverse_root,
        parameter="1/√N",
    ),
    PopulationTheory(
        name="plastic mean field",
        applies=_of("plastic"),
        functions=large.network_course,
        others=_correlated,
        small=_inverse_root,
        parameter="1/√N",
    ),
    PopulationTheory(
        name="plastic balance",
        applies=_of("plastic"),
        functions=large.course,
        others=lambda *_: {"inputs at rest": None},
        small=_inverse_root,
        parameter="1/√N",
    ),
)
