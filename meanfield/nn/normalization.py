"""Batch normalization of moments."""

from typing import Any

import torch
from torch import Tensor, nn

from ..moments import Moments
from . import covariance as covariances
from ._core import as_tensor
from .convolution import checked_images

__all__ = ["MomentBatchNorm"]


class MomentBatchNorm(nn.Module):
    """Normalize by the mean over the batch and the total variance.

    Parameters
    ----------
    num_features : int
        Number of units: the last dimension of the mean; or of channels of `images`.
    images : bool
        Normalize the channels of images (batch, channels, height, width) over batch and
        pixels, instead of units (..., num_features) over all leading dimensions.
    eps : float
        Added to the total variance.
    momentum : float
        Weight of the present batch in the running statistics.
    affine : bool
        Learn `weight` and `bias`.
    mean, std : float or array_like, shape (num_features,)
        Where `bias` and `weight` start, or stay if not `affine`.
    device, dtype : optional
        Of parameters and buffers.

    Raises
    ------
    ValueError
        If `eps` or `momentum` is out of range; on the call, if the shape does not fit, or
        in training if the batch is empty or there is none.

    Notes
    -----
    By the law of total variance, a current drawn from a random sample of the batch has
    the mean <m> and the variance V = var(m) + <C_ii>. Then m -> weight (m - <m>)/sqrt(V +
    eps) + bias, and C_ij -> s_i C_ij s_j with s = weight/sqrt(V + eps). Eval mode takes
    the running means of both statistics; there the layer is affine, and `fold` makes it
    part of the weights.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import MomentBatchNorm, Moments
    >>> out = MomentBatchNorm(3)(Moments(torch.randn(50, 3), torch.rand(50, 3)))
    >>> total = out.mean.var(0, correction=0) + out.cov.mean(0)
    >>> total.sub(1).abs().lt(1e-4).all()
    tensor(True)
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(
        self,
        num_features: int,
        *,
        images: bool = False,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        mean: Any = 0.0,
        std: Any = 1.0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if not eps >= 0.0:
            raise ValueError(f"`eps` must not be negative; got {eps}")
        if not 0.0 <= momentum <= 1.0:
            raise ValueError(f"`momentum` must be in [0, 1]; got {momentum}")
        factory = {"device": device, "dtype": dtype}
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.images, self.affine = images, affine
        self._start = mean, std
        for name in ("weight", "bias"):
            vector = torch.empty(num_features, **factory)
            if affine:
                self.register_parameter(name, nn.Parameter(vector))
            else:
                self.register_buffer(name, vector)
        self.register_buffer("running_mean", torch.empty(num_features, **factory))
        self.register_buffer("running_var", torch.empty(num_features, **factory))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Forget all batches; weight and bias as at the start."""
        mean, std = self._start
        with torch.no_grad():
            self.bias.copy_(as_tensor(mean, self.bias))
            self.weight.copy_(as_tensor(std, self.weight))
        self.running_mean.zero_()
        self.running_var.fill_(1.0)

    def forward(self, moments: Moments) -> Moments:
        """Normalize moments of shapes (..., num_features), or of images."""
        check = checked_images if self.images else covariances.checked
        mean, _ = check(moments)
        if mean.shape[1 if self.images else -1] != self.num_features:
            wanted = "(batch, {}, height, width)" if self.images else "(..., {})"
            raise ValueError(
                f"`mean` must have shape {wanted.format(self.num_features)}; got "
                f"{tuple(mean.shape)}"
            )
        if self.training:
            center, total = self._statistics(moments)
        else:
            center, total = self.running_mean, self.running_var
        shape = (-1, 1, 1) if self.images else (-1,)
        gain = (self.weight / torch.sqrt(total + self.eps)).view(shape)
        shifted = gain * (mean - center.view(shape)) + self.bias.view(shape)
        return Moments(shifted, covariances.scale(moments, gain))

    def _statistics(self, moments: Moments) -> tuple[Tensor, Tensor]:
        """Mean and total variance of the batch; remembered."""
        mean = moments.mean
        if mean.ndim < 2 or mean.numel() == 0:
            raise ValueError(
                "`mean` must have a batch dimension and samples to train a "
                f"MomentBatchNorm; got shape {tuple(mean.shape)}: skip this batch, or "
                "use eval()"
            )
        others = [0, 2, 3] if self.images else list(range(mean.ndim - 1))
        spread, center = torch.var_mean(mean, others, correction=0)
        total = spread + covariances.variance(moments).mean(others)
        with torch.no_grad():
            self.running_mean.lerp_(center.to(self.running_mean.dtype), self.momentum)
            self.running_var.lerp_(total.to(self.running_var.dtype), self.momentum)
        return center, total

    def affine_map(self) -> tuple[Tensor, Tensor]:
        """Return (scale, shift), shape (num_features,), of the layer in eval mode."""
        scale = self.weight / torch.sqrt(self.running_var + self.eps)
        return scale, self.bias - scale * self.running_mean

    def extra_repr(self) -> str:
        """Describe the layer."""
        return (
            f"{self.num_features}, images={self.images}, eps={self.eps}, "
            f"momentum={self.momentum}, affine={self.affine}"
        )
