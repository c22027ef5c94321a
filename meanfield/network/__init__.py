"""Networks of spiking neurons as their mean-field theory sees them, and known ones."""

from ._build import mean_field
from ._mean_field import Drive, Link, MeanField
from ._microcircuit import microcircuit
from ._presets import balanced_eif, brunel, zerlaut

__all__ = [
    "Drive",
    "Link",
    "MeanField",
    "balanced_eif",
    "brunel",
    "mean_field",
    "microcircuit",
    "zerlaut",
]
