"""Balanced and semi-balanced states of networks with strong synapses."""

from ._balanced import BalancedState, balanced_state, finite_size
from ._breaking import breaking_stimulus
from ._classify import State
from ._critical import critical_ratio
from ._faces import Face
from ._manifold import (
    ExclusiveOr,
    Fold,
    Piece,
    StimulusManifold,
    exclusive_or,
    stimulus_manifold,
)
from ._states import SemiBalancedStates, semi_balanced_states
from ._sweep import SemiBalancedRates, semi_balanced_rates

__all__ = [
    "BalancedState",
    "ExclusiveOr",
    "Face",
    "Fold",
    "Piece",
    "SemiBalancedRates",
    "SemiBalancedStates",
    "State",
    "StimulusManifold",
    "balanced_state",
    "breaking_stimulus",
    "critical_ratio",
    "exclusive_or",
    "finite_size",
    "semi_balanced_rates",
    "semi_balanced_states",
    "stimulus_manifold",
]
