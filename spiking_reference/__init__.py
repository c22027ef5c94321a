"""An independent simulator of spiking neurons: the referee of the theory.

It imports the parameter classes of `meanfield.neurons` and nothing else of the theory.
"""

from .inputs import WhiteNoise
from .record import Record
from .results import Recording, SimulationResult, SpikeTrains
from .simulate import simulate
from .statistics import Estimate

__all__ = [
    "Estimate",
    "Record",
    "Recording",
    "SimulationResult",
    "SpikeTrains",
    "WhiteNoise",
    "simulate",
]
