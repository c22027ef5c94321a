"""Moment neural networks in PyTorch."""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:  # pragma: no cover - needs an environment without it
    raise ImportError(
        "meanfield.nn needs torch: pip install 'meanfield-theory[torch]'"
    ) from error

from ..moments import Moments
from . import encoders, functional
from .convert import SpikingLayer, convert, fold
from .convolution import MomentAvgPool2d, MomentConv2d, MomentFlatten
from .covariance import LowRank, dense, variance
from .layers import MomentActivation, MomentDropout, MomentLayer, MomentLinear
from .losses import GaussianNLL, MomentCrossEntropy, MomentMSE, class_probabilities
from .normalization import MomentBatchNorm
from .recurrent import MomentRNN
from .solver import Solver
from .table import Table

__all__ = [
    "GaussianNLL",
    "LowRank",
    "MomentActivation",
    "MomentAvgPool2d",
    "MomentBatchNorm",
    "MomentConv2d",
    "MomentCrossEntropy",
    "MomentDropout",
    "MomentFlatten",
    "MomentLayer",
    "MomentLinear",
    "MomentMSE",
    "MomentRNN",
    "Moments",
    "Solver",
    "SpikingLayer",
    "Table",
    "class_probabilities",
    "convert",
    "dense",
    "encoders",
    "fold",
    "functional",
    "variance",
]
