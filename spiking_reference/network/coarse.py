"""Refuses steps that are too coarse for what they have to resolve."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np

from meanfield.neurons import require

__all__ = ["check_neuron", "check_synapse"]

_ROUNDING = 1e-9


def check_neuron(population: str, module: ModuleType, neuron: Any, dt: float) -> None:
    """Raise a clear error if `dt` is above what the model's module calls coarsest."""
    _check(module.coarsest(neuron), f"population {population!r}", dt)


def check_synapse(population: str, label: str, synapse: Any, dt: float) -> None:
    """Raise a clear error if `dt` is above a time constant of a receptor."""
    names = ("tau", "tau_rise", "tau_decay")
    taus = {name: getattr(synapse, name) for name in names if hasattr(synapse, name)}
    _check(taus, f"receptor {label!r} of population {population!r}", dt)


def _check(limits: Mapping[str, Any], whose: str, dt: float) -> None:
    for name, value in limits.items():
        least = float(np.min(value))
        fine = dt <= least * (1.0 + _ROUNDING)
        require(fine, "dt", f"must be at most {name}={least:.4g} ms of {whose}", dt)
