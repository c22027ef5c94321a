"""Inhibitory plasticity of populations: where it comes to rest, how fast, and on what way.

`fixed_point` has weights at which all rates are at their targets and how fast they are
approached, `trajectory` the way of weights and rates in time, for one stimulus or several:
both for linear or given rates. `network_fixed_point` and `network_trajectory` take a
`neurons.Network` as the simulator does, and rates from its mean field.
"""

from ._fixed_point import FixedPoint, fixed_point
from ._network import network_fixed_point, network_trajectory
from ._trajectory import Trajectory, trajectory

__all__ = [
    "FixedPoint",
    "Trajectory",
    "fixed_point",
    "network_fixed_point",
    "network_trajectory",
    "trajectory",
]
