"""Recurrent moment networks: the fixed point of the moment map."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ConvergenceError
from ..moments import Moments
from . import covariance as covariances
from . import functional as F
from ._core import full_precision
from .layers import MomentLinear, describe, with_table, working_point

__all__ = ["MomentRNN"]

_KINDS = ("diagonal", "full")


class MomentRNN(nn.Module):
    """Recurrent population in its stationary state, or on the way to it.

    Parameters
    ----------
    input_size, hidden_size : int
        Numbers of inputs and of units.
    neuron : LIF, EIF, QIF, IntegrateAndFire, Table or Solver, optional
        Neuron parameters; see `MomentActivation`.
    covariance : {"diagonal", "full"}
        Representation of the state.
    steps : int, optional
        Iterate the map so often from silence, and differentiate through all iterations.
        By default iterate to the fixed point and differentiate that implicitly: memory
        does not grow with the number of iterations.
    relaxation : float
        Weight of the new state in an iteration, in (0, 1].
    tol : float, optional
        Largest change, relative to the largest entry of the state, at which the fixed
        point counts as found. By default 1e-5 in float32 and 1e-10 in float64.
    max_iter : int
        Largest number of iterations, of the state and of its gradient.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    ValueError
        If an option is out of range.
    ConvergenceError
        On the call, if no fixed point is found.

    Notes
    -----
    The state z = (mean, covariance) solves z = F(z, x), the moment map of the currents
    W_in x + W z. What the map does not know it neglects: correlations of the recurrent
    current with the input and with the units' own variability. With the cotangent g of z,
    that of the parameters is u dF/dtheta with u = g + u dF/dz [1]_, found by the same
    relaxation. Only first derivatives, by reverse mode, go through the implicit form; with
    `steps` there are all.

    References
    ----------
    .. [1] S. Bai, J. Z. Kolter, V. Koltun, NeurIPS 32 (2019), arXiv:1909.01377

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import MomentRNN, encoders
    >>> _ = torch.manual_seed(0)
    >>> state = MomentRNN(8, 20)(encoders.poisson(torch.full((5, 8), 0.02)))
    >>> state.mean.shape
    torch.Size([5, 20])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        *,
        neuron: Any = None,
        covariance: str = "diagonal",
        steps: int | None = None,
        relaxation: float = 0.5,
        tol: float | None = None,
        max_iter: int = 500,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_options(covariance, steps, relaxation, tol, max_iter)
        self.neuron = with_table(neuron)
        self.covariance, self.steps = covariance, steps
        self.relaxation, self.tol, self.max_iter = relaxation, tol, max_iter
        factory = {"covariance": covariance, "device": device, "dtype": dtype}
        self.input = MomentLinear(input_size, hidden_size, **factory)
        self.recurrent = MomentLinear(hidden_size, hidden_size, bias=False, **factory)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights that bring Poisson input of 30 Hz to the neurons' working point."""
        self.input.reset_parameters()
        self.recurrent.reset_parameters()
        mean, std = working_point(self.neuron, self.input.weight)
        with torch.no_grad():
            size = std.unsqueeze(-1)
            self.input.weight.mul_(size / 0.03**0.5)
            self.recurrent.weight.mul_(size)
            self.input.bias.copy_(mean.expand_as(self.input.bias))  # type: ignore[union-attr]

    def forward(self, moments: Moments) -> Moments:
        """Map input (..., input_size) to the state (..., hidden_size)."""
        drive = self.input(moments)
        if self.covariance == "full":
            drive = Moments(drive.mean, covariances.dense(drive))
        reduced = drive.mean.device.type != "meta" and torch.is_autocast_enabled(
            drive.mean.device.type
        )
        given = torch.float32 if reduced else drive.mean.dtype
        # Half precision cannot tell when an iteration has arrived.
        work = torch.promote_types(given, torch.float32)
        drive = Moments(*(value.to(work) for value in drive))
        with full_precision(drive.mean):
            return Moments(*(value.to(given) for value in self._state(drive)))

    def _state(self, drive: Moments) -> tuple[Tensor, ...]:
        """Return the state that a drive leads to."""
        state = torch.zeros_like(drive.mean), torch.zeros_like(drive.cov)
        if self.steps is None and drive.mean.numel():
            return _fixed_point(self, drive, state)
        for _ in range(self.steps or 0):
            state = self._relaxed(state, self._map(state, drive))
        return state

    def _map(self, state: tuple[Tensor, ...], drive: Moments) -> tuple[Tensor, ...]:
        weight = self.recurrent.weight.to(drive.mean.dtype)
        mean, cov = F.linear(Moments(*state), weight, covariance=self.covariance)
        total = Moments(drive.mean + mean, drive.cov + cov)
        return tuple(F.moment_map(total, self.neuron))  # type: ignore[return-value]

    def _relaxed(self, old, new):
        return tuple(
            torch.lerp(o, n, self.relaxation) for o, n in zip(old, new, strict=True)
        )

    def _iterate(self, step: Callable, start: tuple[Tensor, ...], what: str):
        """Relax z = step(z)."""
        tol = self.tol
        if tol is None:
            tol = 1e-10 if start[0].dtype == torch.float64 else 1e-5
        state, change = start, torch.tensor(0.0)
        for _ in range(self.max_iter):
            new = step(state)
            change = torch.stack([
                (n - s).abs().max() / n.abs().max().clamp(min=1e-30)
                for n, s in zip(new, state, strict=True)
            ]).max()  # fmt: skip
            state = self._relaxed(state, new)
            if not change > tol:  # reached, or lost: NaN goes on to the result
                return state
        raise ConvergenceError(
            f"MomentRNN: no fixed point of the {what} after max_iter={self.max_iter} "
            f"iterations; the last changed it by a relative {change:.1e} (tol={tol:.0e}). "
            "Use a larger `max_iter`; if the map does not contract, a smaller "
            "`relaxation` or smaller weights"
        )

    def extra_repr(self) -> str:
        """Describe the layer."""
        mode = "implicit" if self.steps is None else f"steps={self.steps}"
        return f"{describe(self.neuron)}, {mode}, relaxation={self.relaxation}"


def _fixed_point(layer: MomentRNN, drive: Moments, rest) -> tuple[Tensor, ...]:
    with torch.no_grad():
        found = layer._iterate(lambda z: layer._map(z, drive), rest, "state")
        if not torch.isfinite(found[0]).all():
            return found
    if not torch.is_grad_enabled():
        return found
    # One more application carries the gradient by the parameters; by the state, a second
    # graph serves the products with dF/dz.
    state = tuple(z.detach().requires_grad_() for z in found)
    again = layer._map(state, Moments(drive.mean.detach(), drive.cov.detach()))
    return _Adjoint.apply(layer, state, again, *layer._map(found, drive))


class _Adjoint(torch.autograd.Function):
    """Identity whose cotangents solve u = g + u dF/dz."""

    @staticmethod
    def forward(ctx, layer, state, again, mean, cov):
        ctx.layer, ctx.state, ctx.again = layer, state, again
        return mean.clone(), cov.clone()

    @staticmethod
    def backward(ctx, *cotangents):  # pyright: ignore[reportIncompatibleMethodOverride]
        if torch.is_grad_enabled():
            raise RuntimeError(
                "the implicit gradient of MomentRNN has no derivative: do not ask for "
                "create_graph=True, or unroll the iteration with `steps`"
            )

        def step(u):
            pulled = torch.autograd.grad(ctx.again, ctx.state, u, retain_graph=True)
            return tuple(g + p for g, p in zip(cotangents, pulled, strict=True))

        return None, None, None, *ctx.layer._iterate(step, cotangents, "gradient")


def _check_options(covariance, steps, relaxation, tol, max_iter) -> None:
    if covariance not in _KINDS:
        raise ValueError(f"`covariance` must be one of {_KINDS}; got {covariance!r}")
    if steps is not None and steps < 1:
        raise ValueError(f"`steps` must be at least 1, or None; got {steps}")
    if not 0.0 < relaxation <= 1.0:
        raise ValueError(f"`relaxation` must be in (0, 1]; got {relaxation}")
    if tol is not None and not tol > 0.0:
        raise ValueError(f"`tol` must be positive; got {tol}")
    if max_iter < 1:
        raise ValueError(f"`max_iter` must be at least 1; got {max_iter}")
