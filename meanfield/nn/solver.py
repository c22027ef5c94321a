"""Any integrate-and-fire neuron as torch operations: its solution, and its adjoint."""

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from ..integrate_and_fire import Stationary, derivatives, stationary
from ._core import result_type
from .table import Source, check_kind

__all__ = ["Solver"]

# Below, derivatives by the noise are those of this noise [mV/sqrt(ms)], scaled: rate,
# chi and gain are even in sigma, std is odd.
_LEAST = 1e-8


class Solver(Source):
    """Stationary statistics of a neuron solved at each call, to take its place in layers.

    Parameters
    ----------
    neuron : LIF, EIF, QIF or IntegrateAndFire
        Neuron parameters: numbers or arrays that broadcast with the mean.
    **tensors : torch.Tensor
        Parameters of the neuron that replace those of `neuron` and receive gradients;
        they broadcast with the mean.

    Attributes
    ----------
    neuron
        The present parameters, as numbers and arrays.
    tensors : dict of torch.Tensor
        Those that were given. An optimizer needs them: they are not parameters of layers.

    Raises
    ------
    TypeError
        If `neuron` is of another kind, or holds tensors, or a keyword is no tensor.
    ValueError
        If a keyword is no parameter of the neuron; later, if values are out of range.

    Notes
    -----
    Values are those of `meanfield.integrate_and_fire.stationary`, first derivatives those
    of `meanfield.integrate_and_fire.derivatives` (relative error 1e-6): on the CPU in
    float64, wherever the tensors are. Each element costs a solution and, where gradients
    are wanted, its adjoint: a `Table` is far faster, but has derivatives by `tau_m` and
    `t_ref` only, among the parameters. Neurons without a table, such as the perfect
    integrator, work too, except in layers that start from a rheobase (`MomentLayer`,
    `MomentRNN`).

    Second derivatives, `torch.func` and ``torch.compile(fullgraph=True)`` raise an error.
    At sigma = 0, derivatives by sigma and by the variance are those of a noise of 1e-8
    mV/sqrt(ms), which stands for the limit from above; other derivatives there are
    exact, and all are 0 below the rheobase.

    Examples
    --------
    >>> import torch
    >>> from meanfield.neurons import EIF
    >>> from meanfield.nn import Solver, functional as F
    >>> V_T = torch.tensor(-55.0, dtype=torch.float64, requires_grad=True)
    >>> rate = F.moment_activation(torch.tensor(1.0), 2.0, Solver(EIF(), V_T=V_T)).rate
    >>> rate.backward()
    >>> round(1e3 * rate.item(), 2), round(1e3 * V_T.grad.item(), 3)  # Hz, Hz/mV
    (15.41, -2.348)
    """

    def __init__(self, neuron: Any, **tensors: Tensor) -> None:
        check_kind(neuron)
        names = [f.name for f in dataclasses.fields(neuron) if f.name != "f"]
        for name in names:
            if isinstance(getattr(neuron, name), Tensor):
                raise TypeError(
                    f"`neuron` must hold numbers or arrays; got a tensor as {name}: pass "
                    f"it by name, Solver(neuron, {name}=tensor)"
                )
        for name, value in tensors.items():
            if name not in names:
                raise ValueError(
                    f"`{name}` must be a parameter of {type(neuron).__name__}, among "
                    f"{', '.join(names)}"
                )
            if not isinstance(value, Tensor):
                raise TypeError(
                    f"`{name}` must be a torch.Tensor; got {type(value).__name__}: put "
                    "numbers into `neuron`"
                )
        self._given, self.tensors = neuron, tensors

    @property
    def neuron(self) -> Any:
        """With the present values of tensors."""
        values = {k: v.detach().cpu().numpy() for k, v in self.tensors.items()}
        return dataclasses.replace(self._given, **values)

    def __repr__(self) -> str:
        return f"Solver({self.neuron})"

    def evaluate(
        self, form: str, mu: Tensor, noise: Tensor, **changed: Tensor
    ) -> tuple[Tensor, ...]:
        """(rate, std, chi) or (rate, std^2, gain); `noise` is sigma, or its square."""
        changed = self.tensors | changed
        inputs = [t.cpu().double() for t in (mu, noise, *changed.values())]
        given = (getattr(self._given, f.name) for f in dataclasses.fields(self._given))
        shape = torch.broadcast_shapes(
            *(t.shape for t in inputs), *(np.shape(value) for value in given)
        )
        wanted = torch.is_grad_enabled() and any(t.requires_grad for t in inputs)
        results = _Solution.apply(
            form,
            self._given,
            tuple(changed),
            wanted,
            *(t.expand(shape) for t in inputs),
        )
        return tuple(r.to(mu.device, result_type(mu, noise)) for r in results)


class _Solution(torch.autograd.Function):
    """Results, and their derivatives beside them where they are `wanted`."""

    @staticmethod
    def forward(ctx, form, neuron, names, wanted, *tensors):
        mu, noise, *values = (t.detach().numpy() for t in tensors)
        neuron = dataclasses.replace(neuron, **dict(zip(names, values, strict=True)))
        noise = np.where(noise < 0.0, np.nan, noise)  # a negative noise is none
        sigma = noise if form == "activation" else np.sqrt(noise)
        found = stationary(mu, sigma, neuron)
        if wanted:
            slopes = _slopes(form, mu, sigma, found, neuron, names)
            ctx.save_for_backward(torch.from_numpy(slopes), *tensors)
        last = (
            (found.std, found.chi)
            if form == "activation"
            else (found.std**2, found.gain)
        )
        return tuple(torch.from_numpy(np.asarray(r)) for r in (found.rate, *last))

    @staticmethod
    def backward(ctx: Any, *cotangents: Any):
        slopes, *inputs = ctx.saved_tensors
        gradients = _gradients(slopes, torch.stack(cotangents), *inputs)
        return None, None, None, None, *gradients


@once_differentiable
def _gradients(slopes: Tensor, cotangents: Tensor, *_: Tensor) -> tuple[Tensor, ...]:
    """Contract; the inputs are here for the error that a second derivative raises."""
    return (cotangents.unsqueeze(-1) * slopes).sum(0).unbind(-1)


def _slopes(form: str, mu, sigma, found: Stationary, neuron, names) -> np.ndarray:
    """Differentiate three results by mu, noise and the parameters named, the last axis."""
    noise = np.maximum(sigma, _LEAST)
    exact = derivatives(mu, noise, neuron)
    columns = [exact.names.index(name) for name in ("mu", "sigma", *names)]
    rate, std, chi, gain = (part[..., columns] for part in exact[1:])
    closer = sigma / noise
    others = [c for c in range(len(columns)) if c != 1]
    std[..., others] *= closer[..., None]
    if form == "activation":
        for even in (rate, chi):
            even[..., 1] *= closer
        return np.stack([rate, std, chi])
    for even in (rate, gain):
        even[..., 1] /= 2.0 * noise
    # std/sigma, also at sigma = 0
    silent = np.asarray(found.chi) == 0.0
    scaled = np.where(silent, 0.0, found.gain / np.where(silent, 1.0, found.chi))
    std[..., others] *= 2.0 * np.asarray(found.std)[..., None]
    std[..., 1] *= scaled
    return np.stack([rate, std, gain])
