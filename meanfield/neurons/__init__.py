"""Neurons, synapses and networks as data: frozen, validated parameters, nothing else.

Theory and simulator both read these classes; neither adds state to them. A parameter of
a neuron is a number or an array, of one value for each neuron.
"""

from ..errors import as_float, require
from ._base import Parameters
from .adaptive import AdaptiveLIF
from .adex import AdEx
from .ball_and_stick import BallAndStick
from .conductance import ConductanceLIF
from .connectivity import (
    Bernoulli,
    DistanceDependent,
    FixedInDegree,
    FixedOutDegree,
    FixedTotalNumber,
    OneToOne,
    Rule,
    Sparse,
)
from .eif import EIF
from .escape import EscapeLIF
from .glif import GLIF
from .hodgkin_huxley import HodgkinHuxley
from .integrate_and_fire import IntegrateAndFire
from .izhikevich import Izhikevich
from .lif import LIF
from .networks import (
    Network,
    Poisson,
    PoissonSource,
    Population,
    Projection,
    SpikeSource,
)
from .plasticity import STDP, InhibitoryPlasticity, Plasticity
from .qif import QIF
from .scaled import Scaled
from .storage import load_network, save_network
from .synapses import (
    NMDA,
    Alpha,
    Delta,
    DoubleExponential,
    Exponential,
    OnDendrite,
)

__all__ = [
    "EIF",
    "GLIF",
    "LIF",
    "NMDA",
    "QIF",
    "STDP",
    "AdEx",
    "AdaptiveLIF",
    "EscapeLIF",
    "HodgkinHuxley",
    "InhibitoryPlasticity",
    "IntegrateAndFire",
    "Izhikevich",
    "Alpha",
    "BallAndStick",
    "Bernoulli",
    "ConductanceLIF",
    "Delta",
    "DistanceDependent",
    "DoubleExponential",
    "Exponential",
    "FixedInDegree",
    "FixedOutDegree",
    "FixedTotalNumber",
    "Network",
    "OnDendrite",
    "OneToOne",
    "Parameters",
    "Plasticity",
    "Poisson",
    "PoissonSource",
    "Population",
    "Projection",
    "Rule",
    "Scaled",
    "Sparse",
    "SpikeSource",
    "as_float",
    "load_network",
    "require",
    "save_network",
]
