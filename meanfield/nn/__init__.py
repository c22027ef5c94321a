"""Moment neural networks in PyTorch."""

from ..moments import Moments
from . import encoders, functional
from .covariance import LowRank, dense, variance
from .layers import MomentActivation, MomentDropout, MomentLayer, MomentLinear
from .losses import GaussianNLL, MomentCrossEntropy, MomentMSE, class_probabilities
from .normalization import MomentBatchNorm

__all__ = [
    "GaussianNLL",
    "LowRank",
    "MomentActivation",
    "MomentBatchNorm",
    "MomentCrossEntropy",
    "MomentDropout",
    "MomentLayer",
    "MomentLinear",
    "MomentMSE",
    "Moments",
    "class_probabilities",
    "dense",
    "encoders",
    "functional",
    "variance",
]
