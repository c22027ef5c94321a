"""From moment networks to the spiking networks they stand for."""

import copy
import dataclasses
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..moments import Moments
from .convolution import MomentAvgPool2d, MomentConv2d, MomentFlatten
from .layers import MomentActivation, MomentDropout, MomentLayer, MomentLinear
from .normalization import MomentBatchNorm

__all__ = ["SpikingLayer", "convert", "fold"]


class SpikingLayer(NamedTuple):
    """A layer of integrate-and-fire neurons with delta synapses.

    Parameters
    ----------
    weights : numpy.ndarray
        Weights (n_out, n_in) [mV per spike].
    neuron : LIF, EIF, QIF or IntegrateAndFire
        Parameters, of numbers or arrays (n_out,).
    mu : numpy.ndarray
        Constant background (n_out,) [mV/ms].
    sigma : numpy.ndarray
        Intensity (n_out,) [mV/sqrt(ms)] of independent background noise.
    """

    weights: np.ndarray
    neuron: Any
    mu: np.ndarray
    sigma: np.ndarray


def convert(
    net: nn.Module, *, input_shape: tuple[int, ...] | None = None
) -> list[SpikingLayer]:
    """Map a moment network to layers of spiking neurons.

    Parameters
    ----------
    net : torch.nn.Module
        A moment layer, or a `torch.nn.Sequential` of modules of `meanfield.nn`, nested
        at will, that ends with an activation.
    input_shape : tuple of int, optional
        Shape of one input, as (channels, height, width). Only needed where the first
        module does not know it.

    Returns
    -------
    list of SpikingLayer
        One for each activation; `spiking_reference.simulate_layers` runs those of `LIF`.

    Raises
    ------
    TypeError
        If a module has no spiking counterpart, as a subclass with a `forward` of its own.
    ValueError
        If `input_shape` is missing, shapes do not fit, modules remain after the last
        activation, or background noise would be shared by neurons.

    Notes
    -----
    Nothing is fitted. Between two activations every module is affine in the spike trains
    below, and so is their composition: weights w_ij [mV per spike], a background drive
    mu_i [mV/ms] and noise sigma_i. Batch normalization takes its running statistics and
    dropout does nothing, as in eval mode; kernels of convolutions and means of pooling
    become dense matrices.

    The moments are those of spike counts over long windows, driven by white noise of the
    same mean and covariance. See the theory page on spiking networks for when this holds.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import MomentLayer, convert
    >>> hidden, out = convert(torch.nn.Sequential(MomentLayer(8, 6), MomentLayer(6, 2)))
    >>> hidden.weights.shape, out.weights.shape
    ((6, 8), (2, 6))
    """
    modules = list(_flatten(copy.deepcopy(net).to("cpu", torch.float64).eval()))
    shape = input_shape or _input_shape(modules)
    layers, block = [], []
    for module in modules:
        if not isinstance(module, MomentActivation):
            block.append(module)
            continue
        shape, weights, mu, sigma = _compose(block, shape)
        layers.append(SpikingLayer(weights, _neuron(module.neuron, shape), mu, sigma))
        block = []
    block = [module for module in block if not isinstance(module, MomentDropout)]
    if block or not layers:
        last = type(block[-1]).__name__ if block else "nothing"
        raise ValueError(
            f"`net` must end with a MomentActivation or MomentLayer; got {last} at its "
            "end: apply a linear readout to the spike counts"
        )
    return layers


def fold(linear: MomentLinear, norm: MomentBatchNorm) -> MomentLinear:
    """Make a normalization in eval mode part of the weights before it.

    Parameters
    ----------
    linear : MomentLinear
        With out_features as `norm` has features.
    norm : MomentBatchNorm
        Its running statistics are taken.

    Returns
    -------
    MomentLinear
        A new layer with weights s_i w_ij, bias s_i b_i + t_i and noise abs(s_i) sigma_i,
        where `norm.affine_map()` is (s, t).

    Raises
    ------
    ValueError
        If the numbers of features differ.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import MomentLayer, encoders, fold
    >>> layer = MomentLayer(4, 3).eval()
    >>> moments = encoders.poisson(torch.rand(5, 4))
    >>> folded = fold(layer.linear, layer.norm)(moments)
    >>> torch.allclose(folded.mean, layer.norm(layer.linear(moments)).mean, atol=1e-6)
    True
    """
    if norm.num_features != linear.out_features:
        raise ValueError(
            f"`norm` must have out_features = {linear.out_features} features; got "
            f"{norm.num_features}"
        )
    folded = MomentLinear(
        linear.in_features, linear.out_features, noise=linear.noise is not None,
        covariance=linear.covariance, rank=linear.rank,
        device="meta", dtype=linear.weight.dtype,  # draws no weights
    ).to_empty(device=linear.weight.device)  # fmt: skip
    with torch.no_grad():
        scale, shift = norm.affine_map()
        folded.weight.copy_(scale.unsqueeze(-1) * linear.weight)
        for target, value in (
            (
                folded.bias,
                shift if linear.bias is None else scale * linear.bias + shift,
            ),
            (
                folded.noise,
                None if linear.noise is None else scale.abs() * linear.noise,
            ),
            (folded.sketch, linear.sketch),
        ):
            if target is not None and value is not None:
                target.copy_(value)
    return folded.train(linear.training)


def _flatten(net: nn.Module) -> Iterator[nn.Module]:
    kind = _kind(net)
    if isinstance(net, nn.Sequential):
        for module in net:
            yield from _flatten(module)
    elif isinstance(net, MomentLayer):
        for module in (net.linear, net.norm, net.activation):
            if module is not None:
                yield from _flatten(module)
    elif kind is not nn.Identity:
        yield net


def _kind(module: nn.Module) -> type[nn.Module]:
    """Return the class whose `forward` the module has."""
    for kind in (nn.Sequential, nn.Identity, MomentLayer, MomentActivation, *_MEANS):
        own = getattr(module.forward, "__func__", None)
        if isinstance(module, kind) and own is kind.forward:
            return kind
    raise TypeError(
        "`net` must be of feedforward modules of meanfield.nn and torch.nn.Sequential, "
        f"or subclasses with the same `forward`; {type(module).__name__} has no spiking "
        "counterpart"
    )


def _input_shape(modules: list[nn.Module]) -> tuple[int, ...]:
    for module in modules:
        if isinstance(module, MomentLinear):
            return (module.in_features,)
        if not isinstance(module, (MomentDropout, MomentBatchNorm)):
            break
    raise ValueError(
        "`input_shape` must be given where `net` does not begin with a linear layer; "
        "got None: pass the shape of one input, as (channels, height, width)"
    )


def _linear(module: MomentLinear, x: Tensor) -> Tensor:
    return nn.functional.linear(x, module.weight, module.bias)


def _norm(module: MomentBatchNorm, x: Tensor) -> Tensor:
    return module(Moments(x, torch.zeros_like(x))).mean


# What each module does to means, shape (batch, ...), in eval mode.
_MEANS = {
    MomentLinear: _linear,
    MomentBatchNorm: _norm,
    MomentConv2d: lambda module, x: module.mean(x),
    MomentAvgPool2d: lambda module, x: nn.functional.avg_pool2d(
        x, module.kernel_size, module.stride
    ),
    MomentFlatten: lambda module, x: x.flatten(1),
    MomentDropout: lambda module, x: x,
}


@torch.no_grad()
def _compose(
    block: list[nn.Module], shape: tuple[int, ...]
) -> tuple[tuple[int, ...], np.ndarray, np.ndarray, np.ndarray]:
    """Shape of the result, weights, drive and noise of affine modules in a row."""
    n = math.prod(shape)
    basis = torch.eye(n, dtype=torch.float64)
    images = torch.cat([torch.zeros_like(basis[:1]), basis]).view(n + 1, *shape)
    noise: Tensor | None = None
    for module in block:
        if noise is not None:
            noise = _noise_through(module, noise)
        try:
            images = _MEANS[_kind(module)](module, images)
        except (RuntimeError, ValueError) as error:
            raise ValueError(
                f"`input_shape` and the modules of `net` must fit; got {module} after "
                f"units of shape {tuple(images.shape[1:])}: {error}"
            ) from error
        if isinstance(module, MomentLinear) and module.noise is not None:
            noise = module.noise.abs()
    shape, flat = tuple(images.shape[1:]), images.flatten(1)
    mu = flat[0]
    sigma = torch.zeros_like(mu) if noise is None else noise
    return shape, (flat[1:] - mu).mT.contiguous().numpy(), mu.numpy(), sigma.numpy()


def _noise_through(module: nn.Module, noise: Tensor) -> Tensor:
    if isinstance(module, MomentBatchNorm):
        return module.affine_map()[0].abs() * noise
    if isinstance(module, (MomentDropout, MomentFlatten)):
        return noise
    raise ValueError(
        "background noise must not be shared by neurons; got a MomentLinear with noise "
        f"before a {type(module).__name__}: leave it out (noise=False)"
    )


def _neuron(neuron: Any, shape: tuple[int, ...]) -> Any:
    """Parameters as numbers, or arrays of one number for each of the flattened units."""
    values = {}
    for field in dataclasses.fields(neuron):
        value = getattr(neuron, field.name)
        if isinstance(value, Tensor):
            value = value.detach().numpy()
        if np.ndim(value):
            try:
                value = np.broadcast_to(value, shape).ravel()
            except ValueError:
                raise ValueError(
                    f"`{field.name}` of the neurons must broadcast to the shape {shape} "
                    f"of one population; got shape {np.shape(value)}"
                ) from None
        values[field.name] = value
    return type(neuron)(**values)
