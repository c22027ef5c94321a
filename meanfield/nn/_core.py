"""g, h, G, H and all their derivatives as torch operations, scaled against overflow.

The same tables as the NumPy functions. A function f of `x` comes as e^{-k M^2} f(x) with
k = 1 for g and its relatives, k = 2 for h and its; `scale` is M >= max(x, 0), a constant
to which no derivative is taken: the ratios in which these numbers end do not depend on it.
"""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor

from ..special import _tables as table
from ..special._formulas import ROOT_PI, dawson_far, piece0, piece1, piece2

_E1, _E2, _E3 = table.EDGES[1:]


def as_tensor(value: Any, like: Tensor) -> Tensor:
    """Tensors as they are; numbers and arrays, copied, with dtype and device of `like`."""
    if isinstance(value, Tensor):
        return value
    dtype = like.dtype if like.is_floating_point() else None
    return torch.tensor(value, dtype=dtype, device=like.device)


def result_type(mu: Tensor, noise: Tensor) -> torch.dtype:
    """Return the promoted dtype; under autocast not less than float32."""
    dtype = torch.promote_types(mu.dtype, noise.dtype)
    if not dtype.is_floating_point:
        dtype = torch.get_default_dtype()
    kind = mu.device.type
    reduced = dtype in (torch.float16, torch.bfloat16) and kind != "meta"
    return torch.float32 if reduced and torch.is_autocast_enabled(kind) else dtype


def full_precision(like: Tensor) -> AbstractContextManager:
    """Leave autocast for a while; the meta device has none."""
    if like.device.type == "meta":
        return nullcontext()
    return torch.autocast(like.device.type, enabled=False)


def constant(function: Callable) -> Callable:
    """Have a call compiled as its result.

    This is `torch.compiler.assume_constant_result`, which would import the compiler.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


class _Derivative(torch.autograd.Function):
    """The n-th derivative of G or H; its derivative is the next one."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x, scale, family, n):
        return family(x, scale, n)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, scale, ctx.family, ctx.n = inputs
        ctx.save_for_backward(x, scale)
        ctx.save_for_forward(x, scale)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor):
        x, scale = ctx.saved_tensors
        slope = _Derivative.apply(x, scale, ctx.family, ctx.n + 1)
        return grads[0] * slope, None, None, None

    @staticmethod
    def jvp(ctx: Any, *tangents: Any):
        x, scale = ctx.saved_tensors
        return tangents[0] * _Derivative.apply(x, scale, ctx.family, ctx.n + 1)


def g_family(x: Tensor, scale: Tensor, n: int) -> Tensor:
    """n-th derivative of G: n = 0 is G, 1 is g, 2 is g', ..."""
    return _Derivative.apply(x, scale, _g_values, n)


def h_family(x: Tensor, scale: Tensor, n: int) -> Tensor:
    """n-th derivative of H: n = 0 is H, 1 is h, 2 is h', ..."""
    return _Derivative.apply(x, scale, _h_values, n)


def _shrink(x: Tensor, scale: Tensor, k: float) -> Tensor:
    """e^{k (max(x, 0)^2 - M^2)}, the factor between own scale and the common one."""
    own = x.clamp(min=0.0)
    return torch.exp(-k * (scale - own) * (scale + own))


def _g_values(x: Tensor, scale: Tensor, n: int) -> Tensor:
    shrink = _shrink(x, scale, 1.0)
    if n == 0:
        return shrink * _scaled_G(x)
    g = _scaled_g(x)
    return shrink * _g_derivatives(x, g, n)[n - 1]


def _h_values(x: Tensor, scale: Tensor, n: int) -> Tensor:
    shrink = _shrink(x, scale, 2.0)
    if n == 0:
        return shrink * _scaled_H(x)
    return shrink * _h_derivatives(x, n)[n - 1]


def _g_derivatives(x: Tensor, g: Tensor, n: int) -> list[Tensor]:
    """g, g', ... (n of them): g^(k+1) = 2 x g^(k) + 2 k g^(k-1) for k > 0."""
    found = [g]
    if n > 1:
        found.append(_slope(x, g, table.dg_neg, 2, torch.exp(-(_positive(x) ** 2))))
    if n > 2:
        found.append(_slope(x, found[1], table.ddg_neg, 3, 2.0 * g))
    for k in range(2, n - 1):
        found.append(2.0 * x * found[k] + 2.0 * k * found[k - 1])
    return found


def _h_derivatives(x: Tensor, n: int) -> list[Tensor]:
    """h, h', ... (n of them): h^(k+1) = 2 x h^(k) + 2 k h^(k-1) + (g^2)^(k)."""
    found = [_scaled_h(x)]
    if n == 1:
        return found
    g = _g_derivatives(x, _scaled_g(x), n)
    found.append(_slope(x, found[0], table.dh_neg, 4, g[0] * g[0]))
    for k in range(1, n - 1):
        square = sum(math.comb(k, i) * g[i] * g[k - i] for i in range(k + 1))
        found.append(2.0 * x * found[k] + 2.0 * k * found[k - 1] + square)
    return found


def _slope(x: Tensor, f: Tensor, left: Callable, power: int, rest: Tensor) -> Tensor:
    """2 x f + rest, from its table at x <= 0, where the sum would cancel."""
    r, _, u = _half_line(x.clamp(max=0.0))
    return torch.where(x <= 0.0, left(u) * r**power, 2.0 * x * f + rest)


def _positive(x: Tensor) -> Tensor:
    """Keep what is right of 0 within the reach of squares."""
    return x.clamp(0.0, 1e18)


def _half_line(x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """r, t and u of the tables for x <= 0; see `special._formulas.half_line`."""
    t = 1.0 / (table.SCALE - x)
    far = x < -table.SCALE
    u = torch.where(far, 1.0 - 2.0 * table.SCALE * t, -1.0 - 2.0 * x * t)
    return 1.0 / (table.SHIFT - x), t, u


def _pieces(x: Tensor, left: Tensor, p0: Callable, p1: Callable, p2: Callable, far):
    """Choose by the piece of the line that `x` falls on."""
    value = torch.where(x < _E1, p0(piece0(x.clamp(0.0, _E1))), left)
    value = torch.where(x <= 0.0, left, value)
    value = torch.where(x >= _E1, p1(piece1(x.clamp(_E1, _E2))), value)
    value = torch.where(x >= _E2, p2(piece2(x.clamp(_E2, _E3))), value)
    return torch.where(x >= _E3, far, value)


def _scaled_g(x: Tensor) -> Tensor:
    r, _, u = _half_line(x.clamp(max=0.0))
    left = table.g_neg(u) * r
    return _pieces(x, left, table.g_pos0, table.g_pos1, table.g_pos2, ROOT_PI)


def _scaled_G(x: Tensor) -> Tensor:
    clipped = x.clamp(max=0.0)
    _, t, u = _half_line(clipped)
    fraction = torch.where(x < -table.SCALE, 1.0 - table.SCALE * t, -clipped * t)
    left = fraction * table.G_neg(u) - 0.5 * torch.log1p(-clipped / table.SCALE)
    first = x.clamp(0.0, _E1)
    far = ROOT_PI * dawson_far(x.clamp(min=_E3))
    return _pieces(
        x, left, lambda u: first * table.G_pos0(u), table.G_pos1, table.G_pos2, far
    )


def _scaled_h(x: Tensor) -> Tensor:
    r, _, u = _half_line(x.clamp(max=0.0))
    left = table.h_neg(u) * r * r * r
    far = math.pi * dawson_far(x.clamp(min=_E3))
    return _pieces(x, left, table.h_pos0, table.h_pos1, table.h_pos2, far)


def _scaled_H(x: Tensor) -> Tensor:
    r, _, u = _half_line(x.clamp(max=0.0))
    left = table.H_neg(u) * r * r
    dawson = dawson_far(x.clamp(min=_E3))
    far = 0.5 * math.pi * dawson * dawson
    return _pieces(x, left, table.H_pos0, table.H_pos1, table.H_pos2, far)
