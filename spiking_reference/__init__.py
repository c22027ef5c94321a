"""An independent simulator of spiking neurons: the referee of the theory.

It imports the parameter classes of `meanfield.neurons` and nothing else of the theory.
"""

from .inputs import GaussianInput, PoissonInput, WhiteNoise
from .layer_results import LayeredResult, LayerMoments
from .layers import Layer
from .record import Record
from .results import Recording, SimulationResult, SpikeTrains
from .simulate import simulate
from .simulate_layers import simulate_layers
from .statistics import Estimate

__all__ = [
    "Estimate",
    "GaussianInput",
    "Layer",
    "LayerMoments",
    "LayeredResult",
    "PoissonInput",
    "Record",
    "Recording",
    "SimulationResult",
    "SpikeTrains",
    "WhiteNoise",
    "simulate",
    "simulate_layers",
]
