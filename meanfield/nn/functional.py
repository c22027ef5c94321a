"""Stateless functions on tensors: the moment activation, and moments through layers."""

import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..moments import Moments
from ..neurons import LIF
from . import covariance as covariances
from ._autograd import evaluate
from ._core import as_tensor
from .table import source_of

__all__ = ["MomentActivation", "linear", "moment_activation", "moment_map"]

_DEFAULT = LIF()


class MomentActivation(NamedTuple):
    """Stationary statistics of the output spike train; see `moment_activation`."""

    rate: Tensor
    std: Tensor
    chi: Tensor


def moment_activation(
    mean: Tensor, sigma: Tensor | float, neuron: Any = _DEFAULT
) -> MomentActivation:
    """Map mean and noise of the input to mean, variability and response of the output.

    Parameters
    ----------
    mean : torch.Tensor
        Mean drive [mV/ms].
    sigma : torch.Tensor or float
        Noise intensity [mV/sqrt(ms)], the square root of the variance per ms; broadcasts
        with `mean`.
    neuron : LIF, EIF, QIF, IntegrateAndFire, Table or Solver
        Parameters: numbers, arrays or tensors that broadcast with `mean`; tensors receive
        gradients. Other neurons than the `LIF` have a `Table`, made on first use, and their
        parameters other than `t_ref` and `tau_m` are numbers; a `Solver` has exact first
        derivatives by all.

    Returns
    -------
    MomentActivation
        ``rate`` [kHz], ``std`` [sqrt(kHz)] and ``chi``, each of the broadcast shape and of
        the promoted dtype. Under autocast, reduced precision gives float32.

    Raises
    ------
    TypeError
        If `mean` is not a real tensor, or `neuron` is of another kind.
    ValueError
        If `neuron` has no table.

    Notes
    -----
    The function of `meanfield.moment_activation`, whose docstring has the formulas. All
    derivatives exist, of any order, by reverse mode and forward over reverse, under
    `torch.func` too (forward over forward is not: PyTorch drops it for functions of this
    kind); first derivatives also under ``torch.compile(fullgraph=True)``, where second ones
    raise an error. At sigma = 0 they
    are the limits from above, and 0 at and below rheobase. Nothing depends on the data:
    a negative `sigma` gives NaN, finite valid input never does.

    For the `LIF`, the CPU runs the compiled kernels of `meanfield.lif` in float64, whatever
    the dtype, so that float32 differs by the rounding of input and output: by a relative
    1e-5 at most where the rate exceeds 1e-6 kHz, growing as b^2 with the threshold b in
    units of the noise. Other devices run torch operations, in float64 too where they have
    it.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import functional as F
    >>> mean = torch.tensor([0.5, 1.0, 1.5], dtype=torch.float64, requires_grad=True)
    >>> rate, std, chi = F.moment_activation(mean, 1.0)
    >>> (1e3 * rate).round(decimals=2).tolist()  # Hz
    [0.37, 18.24, 38.17]
    >>> rate.sum().backward()
    >>> mean.grad.round(decimals=4).tolist()
    [0.0063, 0.0462, 0.0344]
    """
    _check(mean)
    sigma = as_tensor(sigma, mean)
    return MomentActivation(*theory(neuron)("activation", mean, sigma))


def moment_map(moments: Moments, neuron: Any = _DEFAULT) -> Moments:
    """Map mean and covariance of input currents to those of the output spike trains.

    Parameters
    ----------
    moments : Moments
        ``mean`` [mV/ms], shape (..., n), and ``cov`` [mV^2/ms]: variances, shape (..., n),
        covariances, shape (..., n, n), or `LowRank`.
    neuron : LIF, EIF, QIF, IntegrateAndFire, Table or Solver
        As for `moment_activation`.

    Returns
    -------
    Moments
        Rates and covariances of the spike counts per unit time [kHz], in the
        representation of the input.

    Raises
    ------
    TypeError, ValueError
        If `moments` is not of tensors that fit, or as for `moment_activation`.

    Notes
    -----
    C_out = D C D + diag(std^2 (1 - chi^2)) with D = diag(d rate/d mu) [1]_ [2]_. As chi
    <= 1, the sum is positive semidefinite where C is, also in floating point. It depends on
    the variances, not on their square roots, and so has finite derivatives where they
    vanish. A layer of `LIF` without noise and dead time is a deterministic rate layer, with
    rate 1/(tau_m ln((mu tau_m + E_L - V_reset)/(mu tau_m + E_L - V_th))).

    References
    ----------
    .. [1] J. Feng, Y. Deng, E. Rossoni, Phys. Rev. E 73, 041906 (2006),
       doi:10.1103/PhysRevE.73.041906
    .. [2] W. Lu, E. Rossoni, J. Feng, NeuroImage 52, 913 (2010),
       doi:10.1016/j.neuroimage.2009.12.001

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import Moments, functional as F
    >>> cov = torch.tensor([[1.0, 0.5], [0.5, 1.0]])
    >>> out = F.moment_map(Moments(torch.ones(2), cov))
    >>> round((out.cov[0, 1] / out.cov[0, 0]).item(), 3)  # chi^2 rho
    0.364
    """
    return map_with(moments, theory(neuron))


Theory = Callable[[str, Tensor, Tensor], tuple[Tensor, ...]]


def map_with(moments: Moments, theory: Theory) -> Moments:
    """Do what `moment_map` does, with what `theory` returns."""
    mean, cov = covariances.checked(moments)
    _check(mean)
    variance = covariances.variance(moments)
    rate, output, gain = theory("map", mean, variance)
    if covariances.is_diagonal(mean, cov):
        return Moments(rate, output)
    # 1 - chi^2 cannot be negative but for rounding
    own = (output - gain * gain * variance).clamp(min=0.0)
    common = Moments(rate, covariances.scale(moments, gain))
    return Moments(rate, covariances.add(common, own))


def linear(
    moments: Moments,
    weight: Tensor,
    bias: Tensor | None = None,
    noise: Tensor | None = None,
    *,
    covariance: str = "full",
    sketch: Tensor | None = None,
) -> Moments:
    """Propagate moments through synaptic weights.

    Parameters
    ----------
    moments : Moments
        Of spike trains or currents: shapes (..., n_in) and one of the representations of
        the covariance.
    weight : torch.Tensor, shape (n_out, n_in)
        Weights [mV per spike].
    bias : torch.Tensor, shape (n_out,), optional
        Added to the mean [mV/ms].
    noise : torch.Tensor, shape (n_out,), optional
        Intensity of independent noise added [mV/sqrt(ms)].
    covariance : {"diagonal", "full", "low_rank"}
        Representation of the result. "diagonal" has the exact variances and drops the
        rest. "full" is exact; where the input is diagonal it stays factored (`LowRank`
        with one source for each input), which no matrix product has to pay for. "low_rank"
        has the exact variances and a part of rank k that approximates the rest.
    sketch : torch.Tensor, shape (n_out, k)
        For "low_rank": the test matrix, see `covariance.truncate`.

    Returns
    -------
    Moments
        mean W^T + b and W C W^T + diag(noise^2), per unit time.

    Raises
    ------
    TypeError, ValueError
        If shapes do not fit, or `covariance` is unknown.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import Moments, functional as F
    >>> weight = torch.tensor([[1.0, 1.0], [1.0, -1.0]])
    >>> out = F.linear(Moments(torch.ones(2), torch.eye(2)), weight)
    >>> out.mean.tolist(), out.cov.tolist()
    ([2.0, 0.0], [[2.0, 0.0], [0.0, 2.0]])
    """
    mean, _ = covariances.checked(moments)
    if weight.ndim != 2 or weight.shape[-1] != mean.shape[-1]:
        raise ValueError(
            f"`weight` must have shape (n_out, n_in) with n_in = {mean.shape[-1]} of "
            f"`mean`; got {tuple(weight.shape)}"
        )
    out = Moments(
        torch.nn.functional.linear(mean, weight, bias),
        covariances.through(moments, weight, covariance, sketch),
    )
    if noise is None:
        return out
    private = (noise * noise).expand(out.mean.shape)
    return Moments(out.mean, covariances.add(out, private))


def theory(neuron: Any, **changed: Tensor) -> Theory:
    """Results of one form for mean and noise, some parameters of the neuron changed."""
    if not isinstance(neuron, LIF):
        return functools.partial(source_of(neuron).evaluate, **changed)
    names = ("tau_m", "t_ref", "V_th", "V_reset", "E_L")
    parameters = tuple(changed.get(name, getattr(neuron, name)) for name in names)
    return functools.partial(evaluate, parameters=parameters)


def _check(mean: Any) -> None:
    if not isinstance(mean, Tensor) or mean.is_complex():
        kind = getattr(mean, "dtype", type(mean).__name__)
        raise TypeError(f"`mean` must be a real torch.Tensor; got {kind}")
