"""Moments of the inputs of a moment network."""

from typing import Any

import torch
from torch import Tensor

from ..moments import Moments
from ._core import as_tensor


def poisson(rates: Tensor, *, max_rate: float = 1.0) -> Moments:
    """Independent Poisson spike trains.

    Parameters
    ----------
    rates : torch.Tensor, shape (..., n)
        Rates in units of `max_rate`: with its default rates [kHz], or intensities in
        [0, 1], the pixels of an image, say. Must not be negative.
    max_rate : float, optional
        Rate [kHz] that the value 1 stands for.

    Returns
    -------
    Moments
        ``mean`` [kHz] and ``cov`` [kHz], the variances of the spike counts per unit time,
        both of the shape of `rates`, and equal: the Fano factor of a Poisson process is 1.

    Raises
    ------
    TypeError
        If `rates` is not a tensor of floating-point numbers.
    ValueError
        If a rate is negative (not looked for in compiled code and under `vmap`).

    Examples
    --------
    >>> import torch
    >>> image = torch.tensor([[0.0, 0.5], [1.0, 0.25]])
    >>> poisson(image.flatten(), max_rate=0.1).cov
    tensor([0.0000, 0.0500, 0.1000, 0.0250])
    """
    rates = _floating("rates", rates) * max_rate
    lowest = _lowest(rates)
    if lowest < 0:
        raise ValueError(
            f"`rates` must not be negative; got {lowest} (kHz): shift the intensities"
        )
    return Moments(rates, rates)


def gaussian(
    mean: Tensor, std: Tensor | float | None = None, *, cov: Any = None
) -> Moments:
    """Gaussian white noise with given moments.

    Parameters
    ----------
    mean : torch.Tensor, shape (..., n)
        Means per unit time.
    std : torch.Tensor or float, optional
        Standard deviations of independent inputs, not negative; broadcasts to the shape of
        `mean`. Exactly one of `std` and `cov` is given.
    cov : torch.Tensor or covariance, optional
        Covariances per unit time, shape (..., n, n), or `LowRank`; passed
        through.

    Returns
    -------
    Moments
        ``mean`` and ``cov``: the variances, of the shape of `mean`, or `cov`.

    Raises
    ------
    TypeError
        If an argument is not a tensor of floating-point numbers, or `std` and `cov` are
        both or neither given.
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> import torch
    >>> gaussian(torch.tensor([1.0, 2.0]), 0.5)
    Moments(mean=tensor([1., 2.]), cov=tensor([0.2500, 0.2500]))
    """
    mean = _floating("mean", mean)
    if (std is None) == (cov is None):
        raise TypeError("give `std` of independent inputs, or `cov`: one of the two")
    if cov is not None:
        if isinstance(cov, Tensor):
            check_shape("cov", _floating("cov", cov), (*mean.shape, *mean.shape[-1:]))
        return Moments(mean, cov)
    std = as_tensor(std, mean).to(mean)
    if torch.broadcast_shapes(std.shape, mean.shape) != mean.shape:
        raise ValueError(
            f"`std` must broadcast to the shape of `mean`; "
            f"got {tuple(std.shape)} and {tuple(mean.shape)}"
        )
    return Moments(mean, (std * std).expand_as(mean))


def _lowest(value: Tensor) -> float:
    """Return the smallest element, where elements can be looked at; else 0."""
    if torch.compiler.is_compiling() or not value.numel():
        return 0.0
    try:
        return value.detach().min().item()
    except RuntimeError:  # in a transform, or without memory
        return 0.0


def _floating(name: str, value: Any) -> Tensor:
    if not isinstance(value, Tensor):
        raise TypeError(
            f"`{name}` must be a tensor; got {type(value).__name__}; "
            f"use torch.as_tensor({name})"
        )
    if not value.is_floating_point():
        raise TypeError(
            f"`{name}` must be floating point; got {value.dtype}; use {name}.float()"
        )
    return value


def check_shape(name: str, value: Tensor, shape: tuple[int, ...]) -> None:
    """Raise ``ValueError`` unless `value` has this shape."""
    if value.shape != shape:
        raise ValueError(
            f"`{name}` must have shape {tuple(shape)}; got {tuple(value.shape)}"
        )
