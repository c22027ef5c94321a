"""An independent simulator of spiking neurons: the referee of the theory.

It imports the parameter classes of `meanfield.neurons` and nothing else of the theory.
"""

from . import trains
from .currents import OrnsteinUhlenbeck, Ramp, Sinusoid, Step
from .inputs import GaussianInput, PoissonInput, WhiteNoise
from .layer_results import LayeredResult, LayerMoments
from .layers import Layer
from .network_result import NetworkResult, PopulationResult
from .record import Record
from .results import Recording, SimulationResult, SpikeTrains
from .simulate import simulate
from .simulate_layers import simulate_layers
from .simulate_network import simulate_network, simulate_networks
from .statistics import Estimate
from .weights import RecordWeights, WeightResult

__all__ = [
    "Estimate",
    "GaussianInput",
    "Layer",
    "LayerMoments",
    "LayeredResult",
    "NetworkResult",
    "OrnsteinUhlenbeck",
    "PoissonInput",
    "PopulationResult",
    "Ramp",
    "Record",
    "RecordWeights",
    "Recording",
    "SimulationResult",
    "Sinusoid",
    "SpikeTrains",
    "Step",
    "WeightResult",
    "WhiteNoise",
    "simulate",
    "simulate_layers",
    "simulate_network",
    "simulate_networks",
    "trains",
]
