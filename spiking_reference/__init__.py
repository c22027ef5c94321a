"""An independent simulator of spiking neurons: the referee of the theory.

It imports the parameter classes of `meanfield.neurons` and nothing else of the theory.
"""

from . import trains
from .analysis.correlations import count_correlation, mean_count_correlation
from .analysis.correlograms import autocorrelogram, cross_correlogram
from .analysis.counts import Curve
from .analysis.irregularity import interval_cv, interval_cv2, local_variation
from .analysis.spectra import activity_spectrum, cross_spectrum, spectrum
from .analysis.synchrony import (
    activity_cv,
    activity_variance,
    count_synchrony,
    voltage_synchrony,
)
from .analysis.triggered import spike_triggered_average
from .currents import OrnsteinUhlenbeck, Ramp, Sinusoid, Step
from .inputs import GaussianInput, PoissonInput, WhiteNoise
from .layer_results import LayeredResult, LayerMoments
from .layers import Layer
from .network_result import NetworkResult, PopulationResult
from .record import Record
from .results import Recording, SimulationResult, SpikeTrains
from .simulate import simulate
from .simulate_glif import GLIFResult, simulate_glif
from .simulate_jumps import simulate_jumps
from .simulate_layers import simulate_layers
from .simulate_network import simulate_network, simulate_networks
from .statistics import Estimate
from .weights import RecordWeights, WeightResult

__all__ = [
    "Curve",
    "Estimate",
    "GLIFResult",
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
    "activity_cv",
    "activity_spectrum",
    "activity_variance",
    "autocorrelogram",
    "count_correlation",
    "count_synchrony",
    "cross_correlogram",
    "cross_spectrum",
    "interval_cv",
    "interval_cv2",
    "local_variation",
    "mean_count_correlation",
    "simulate",
    "simulate_glif",
    "simulate_jumps",
    "simulate_layers",
    "simulate_network",
    "simulate_networks",
    "trains",
    "spectrum",
    "spike_triggered_average",
    "voltage_synchrony",
]
