"""Layers for images, with independent units: moments are (mean, variance) of one shape."""

from typing import Any

import torch
from torch import Tensor, nn

from ..moments import Moments
from . import covariance as covariances

__all__ = ["MomentAvgPool2d", "MomentConv2d", "MomentFlatten"]


class MomentConv2d(nn.Module):
    """Convolution of means, and of variances with the squared kernel.

    Parameters
    ----------
    in_channels, out_channels : int
        Numbers of channels.
    kernel_size, stride, padding, dilation : int or tuple of int
        As in `torch.nn.Conv2d`.
    groups : int
        As in `torch.nn.Conv2d`.
    bias : bool
        Learn a background drive [mV/ms] for each channel.
    device, dtype : optional
        Of the parameters.

    Notes
    -----
    A kernel for each pair of channels. Covariances between pixels, which overlapping fields
    create, are dropped: the representation is diagonal.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import MomentConv2d, encoders
    >>> out = MomentConv2d(1, 4, 3, padding=1)(encoders.poisson(torch.rand(2, 1, 8, 8)))
    >>> out.mean.shape, out.cov.shape
    (torch.Size([2, 4, 8, 8]), torch.Size([2, 4, 8, 8]))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        *,
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        # The module checks its options and owns the parameters.
        self.mean = nn.Conv2d(
            in_channels, out_channels, kernel_size, stride=stride, padding=padding,
            dilation=dilation, groups=groups, bias=bias, device=device, dtype=dtype,
        )  # fmt: skip
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new kernels with standard deviation 1/sqrt(fan-in); no bias."""
        nn.init.normal_(self.mean.weight, std=self.mean.weight[0].numel() ** -0.5)
        if self.mean.bias is not None:
            nn.init.zeros_(self.mean.bias)

    def forward(self, moments: Moments) -> Moments:
        """Convolve moments of shapes (batch, in_channels, height, width)."""
        mean, variance = checked_images(moments)
        kernel = self.mean
        spread = nn.functional.conv2d(
            variance, kernel.weight.square(), None, kernel.stride, kernel.padding,
            kernel.dilation, kernel.groups,
        )  # fmt: skip
        return Moments(kernel(mean), spread)


class MomentAvgPool2d(nn.Module):
    """Average over patches of independent units.

    Parameters
    ----------
    kernel_size : int or tuple of int
        Size of a patch.
    stride : int or tuple of int, optional
        Step between patches; by default `kernel_size`.

    Notes
    -----
    The mean of k independent units has the variance sum(C_ii)/k^2.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import MomentAvgPool2d, Moments
    >>> out = MomentAvgPool2d(2)(Moments(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 4, 4)))
    >>> out.mean.unique().item(), out.cov.unique().item()
    (1.0, 0.25)
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size, self.stride = kernel_size, stride

    def forward(self, moments: Moments) -> Moments:
        """Pool moments of shapes (batch, channels, height, width)."""
        mean, variance = checked_images(moments)
        size = self.kernel_size
        count = size**2 if isinstance(size, int) else size[0] * size[1]
        pooled = nn.functional.avg_pool2d(
            torch.cat([mean, variance]), size, self.stride
        )
        first, second = pooled.chunk(2)
        return Moments(first, second / count)

    def extra_repr(self) -> str:
        """Describe the layer."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}"


class MomentFlatten(nn.Module):
    """Flatten images to vectors of independent units, for `MomentLinear`.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import MomentFlatten, Moments
    >>> MomentFlatten()(Moments(torch.ones(2, 3, 4, 4), torch.ones(2, 3, 4, 4))).mean.shape
    torch.Size([2, 48])
    """

    def forward(self, moments: Moments) -> Moments:
        """Flatten moments of shapes (batch, channels, height, width)."""
        mean, variance = checked_images(moments)
        return Moments(mean.flatten(1), variance.flatten(1))


def checked_images(moments: Moments) -> tuple[Tensor, Tensor]:
    """Means and variances, if they are those of images."""
    mean, variance = covariances.checked(moments)
    if mean.ndim != 4 or not covariances.is_diagonal(mean, variance):
        raise ValueError(
            "expected mean and variances of shape (batch, channels, height, width); got "
            f"a mean of shape {tuple(mean.shape)}"
        )
    return mean, variance  # type: ignore[return-value]
