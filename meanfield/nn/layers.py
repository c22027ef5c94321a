"""Layers of moment networks: modules own parameters, `functional` has the mathematics."""

import dataclasses
import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..moments import Moments
from ..neurons import LIF, Parameters
from . import covariance as covariances
from . import functional as F
from ._core import as_tensor
from .normalization import MomentBatchNorm
from .solver import Solver
from .table import Source, Table, source_of

__all__ = ["MomentActivation", "MomentDropout", "MomentLayer", "MomentLinear"]

# Total input fluctuation at which chi is largest for the default neuron, in units of
# (V_th - V_reset)/sqrt(tau_m), which blurs the rheobase by as much: sigma = 2.609, there.
LIVELY = 2.609 / math.sqrt(20.0)
# Variance per ms of Poisson spikes at 30 Hz, the input a layer without norm is made for.
_TYPICAL = 0.03
# Parameters that are trained through their logarithm, measured from something else.
_TRAINABLE = ("tau_m", "t_ref", "V_th")
_OF_TABLES = ("tau_m", "t_ref")


class MomentLinear(nn.Module):
    """Synaptic weights for moments.

    Parameters
    ----------
    in_features, out_features : int
        Numbers of units.
    bias : bool
        Learn a background drive [mV/ms].
    noise : bool
        Learn an independent background noise intensity [mV/sqrt(ms)].
    covariance : {"diagonal", "full", "low_rank"}
        Representation of the result; see `functional.linear`.
    rank : int, optional
        Number of sources for "low_rank".
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    ValueError
        If a number of units is below 1, `covariance` is unknown, or `rank` is missing or
        out of range.

    Notes
    -----
    `weight` has a standard deviation of 1/sqrt(in_features) per entry: the total variance
    of the sum is the mean variance of the inputs. For "low_rank", a buffer `sketch` holds
    the test matrix of `covariance.truncate`.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import Moments, MomentLinear
    >>> out = MomentLinear(3, 2)(Moments(torch.ones(5, 3), torch.ones(5, 3)))
    >>> out.mean.shape, out.cov.shape
    (torch.Size([5, 2]), torch.Size([5, 2]))
    """

    bias: Tensor | None
    noise: Tensor | None
    sketch: Tensor | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        bias: bool = True,
        noise: bool = False,
        covariance: str = "diagonal",
        rank: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        factory = {"device": device, "dtype": dtype}
        _check_sizes(in_features=in_features, out_features=out_features)
        _check_covariance(covariance, rank, out_features)
        self.in_features, self.out_features = in_features, out_features
        self.covariance, self.rank = covariance, rank
        self.weight = nn.Parameter(torch.empty(out_features, in_features, **factory))
        for name, wanted in (("bias", bias), ("noise", noise)):
            vector = (
                nn.Parameter(torch.empty(out_features, **factory)) if wanted else None
            )
            self.register_parameter(name, vector)
        sketch = torch.empty(out_features, rank, **factory) if rank else None
        self.register_buffer("sketch", sketch)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights; no bias and no noise."""
        nn.init.normal_(self.weight, std=self.in_features**-0.5)
        for vector in (self.bias, self.noise):
            if vector is not None:
                nn.init.zeros_(vector)
        if self.sketch is not None:
            # Reduced precision has no QR factorization.
            precise = self.sketch.to(
                torch.promote_types(self.sketch.dtype, torch.float32)
            )
            with torch.no_grad():
                self.sketch.copy_(nn.init.orthogonal_(precise))

    def forward(self, moments: Moments) -> Moments:
        """Propagate moments, shapes (..., in_features), to (..., out_features)."""
        return F.linear(
            moments, self.weight, self.bias, self.noise,
            covariance=self.covariance, sketch=self.sketch,
        )  # fmt: skip

    def extra_repr(self) -> str:
        """Describe the layer."""
        rank = f", rank={self.rank}" if self.rank else ""
        return (
            f"in_features={self.in_features}, out_features={self.out_features}, "
            f"bias={self.bias is not None}, noise={self.noise is not None}, "
            f"covariance={self.covariance!r}{rank}"
        )


class MomentActivation(nn.Module):
    """A population of integrate-and-fire neurons.

    Parameters
    ----------
    neuron : LIF, EIF, QIF, IntegrateAndFire, Table or Solver, optional
        Parameters, numbers or arrays. By default `LIF()`; others than the `LIF` have a
        `Table`, made here, and arrays of `tau_m` and `t_ref` only; a `Solver` has no
        table.
    trainable : iterable of {"tau_m", "t_ref", "V_th"}
        Parameters to learn, from the values in `neuron`: through the logarithms of tau_m,
        t_ref and V_th - V_reset, so that they stay valid. Of neurons with a table not
        V_th.
    device, dtype : optional
        Of the trained parameters.

    Raises
    ------
    ValueError
        If a name is unknown, a parameter to be trained starts at 0 or infinity, or `neuron`
        has no table.
    TypeError
        If `neuron` is of another kind, or holds tensors.

    Notes
    -----
    See `functional.moment_map`.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import MomentActivation, Moments
    >>> layer = MomentActivation(trainable=["tau_m"])
    >>> layer(Moments(torch.ones(3), torch.ones(3))).mean.mul(1e3).round(decimals=2)
    tensor([18.2400, 18.2400, 18.2400], grad_fn=<RoundBackward1>)
    """

    def __init__(
        self,
        neuron: Any = None,
        *,
        trainable: Iterable[str] = (),
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self._source = with_table(neuron)
        self.trainable = tuple(trainable)
        allowed = _trainable(self._source)
        for name in self.trainable:
            if name not in allowed or not hasattr(self._neuron, name):
                kind = type(self._neuron).__name__
                raise ValueError(
                    f"`trainable` must be among {allowed} for {kind}; got {name!r}"
                )
            start = self._start(name)
            if not np.all((start > 0) & np.isfinite(start)):
                raise ValueError(
                    f"`{name}` is trained through its logarithm; got {name}={start}: "
                    "start from a positive value"
                )
            empty = torch.empty(start.shape, device=device, dtype=dtype)
            self.register_parameter(f"log_{name}", nn.Parameter(empty))
        self.reset_parameters()

    @property
    def _neuron(self) -> Any:
        """Parameters with what is trained here at its start."""
        return parameters_of(self._source)

    def _start(self, name: str) -> np.ndarray:
        """Where the positive number starts whose logarithm is trained."""
        base = self._neuron.V_reset if name == "V_th" else 0.0
        return np.asarray(getattr(self._neuron, name) - base)

    def reset_parameters(self) -> None:
        """Put trained parameters back to the values that were given."""
        with torch.no_grad():
            for name in self.trainable:
                log = getattr(self, f"log_{name}")
                log.copy_(as_tensor(np.log(self._start(name)), log))

    @property
    def neuron(self) -> Any:
        """Present parameters; tensors where they are trained."""
        changed = self._trained()
        return dataclasses.replace(self._neuron, **changed) if changed else self._neuron

    @property
    def source(self) -> Any:
        """The present `LIF`; a `Table` or `Solver` as given, without what is trained."""
        return self._source if isinstance(self._source, Source) else self.neuron

    def _trained(self) -> dict[str, Tensor]:
        changed = {name: getattr(self, f"log_{name}").exp() for name in self.trainable}
        if "V_th" in changed:
            changed["V_th"] = changed["V_th"] + self._neuron.V_reset
        return changed

    def forward(self, moments: Moments) -> Moments:
        """Map currents to spike trains; shapes (..., n)."""
        # Not by way of `neuron`: it checks its parameters, which does not compile.
        return F.map_with(moments, F.theory(self._source, **self._trained()))

    def extra_repr(self) -> str:
        """Describe the neurons."""
        with torch.no_grad():
            return describe(self.neuron, self.trainable)


class MomentDropout(nn.Module):
    """Silence units at random while training.

    Parameters
    ----------
    p : float
        Probability of a unit to be silenced, in [0, 1).

    Raises
    ------
    ValueError
        If `p` is out of range.

    Notes
    -----
    One mask m/(1 - p), m in {0, 1}, multiplies means and both indices of covariances. Draws
    follow `torch.manual_seed`. In eval mode the identity.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import MomentDropout, Moments
    >>> moments = Moments(torch.ones(4), torch.eye(4))
    >>> MomentDropout(0.5).eval()(moments) is moments
    True
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0.0 <= p < 1.0:
            raise ValueError(f"`p` must be in [0, 1); got {p}")
        self.p = p

    def forward(self, moments: Moments) -> Moments:
        """Drop units of moments, shapes (..., n)."""
        if not self.training or self.p == 0.0:
            return moments
        mask = nn.functional.dropout(torch.ones_like(moments.mean), self.p)
        return Moments(mask * moments.mean, covariances.scale(moments, mask))

    def extra_repr(self) -> str:
        """Describe the layer."""
        return f"p={self.p}"


class MomentLayer(nn.Module):
    """Weights, normalization and neurons: the layer of a moment network.

    Parameters
    ----------
    in_features, out_features : int
        Numbers of units.
    neuron : LIF, EIF, QIF, IntegrateAndFire, Table or Solver, optional
        Neuron parameters; see `MomentActivation`.
    covariance : {"diagonal", "full", "low_rank"}
        Representation of the covariances; see `functional.linear`.
    rank : int, optional
        Number of sources for "low_rank".
    norm : bool
        Normalize the currents over the batch (`MomentBatchNorm`): over all dimensions but
        the last. Without, the bias is learned, and weights start at a scale that suits
        rates of 30 Hz.
    noise : bool
        Learn an independent background noise.
    trainable : iterable of str
        Neuron parameters to learn; see `MomentActivation`.
    device, dtype : optional
        Of the parameters.

    Raises
    ------
    ValueError
        If an option is unknown or out of range, or `neuron` has no table.
    TypeError
        If `neuron` is of another kind, or holds tensors.

    Notes
    -----
    Currents start at the rheobase on average, with the total variance that makes chi
    largest for the default `LIF`, measured by the noise that blurs the rheobase by as much:
    rates and correlations survive many layers.

    `covariance` is the representation of what the layer returns. Variances are exact for
    whatever it is given; a "diagonal" layer drops the covariances that its units have in
    common, so that a network of such layers differs from the full one, in the rates too.

    Examples
    --------
    >>> import torch
    >>> from meanfield.nn import MomentLayer, encoders
    >>> net = torch.nn.Sequential(
    ...     MomentLayer(8, 6, covariance="full"), MomentLayer(6, 2, covariance="full")
    ... )
    >>> out = net(encoders.poisson(torch.rand(5, 8) * 0.1))
    >>> out.mean.shape, out.cov.shape
    (torch.Size([5, 2]), torch.Size([5, 2, 2]))
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        neuron: Any = None,
        covariance: str = "diagonal",
        rank: int | None = None,
        norm: bool = True,
        noise: bool = False,
        trainable: Iterable[str] = (),
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        factory = {"device": device, "dtype": dtype}
        neuron = with_table(neuron)
        self.linear = MomentLinear(
            in_features, out_features, bias=not norm, noise=noise,
            covariance=covariance, rank=rank, **factory,
        )  # fmt: skip
        self.norm = None
        if norm:
            # numbers: the weights may be on the meta device
            exact = torch.empty((), device="cpu", dtype=torch.float64)
            mean, std = (value.numpy() for value in working_point(neuron, exact))
            self.norm = MomentBatchNorm(out_features, mean=mean, std=std, **factory)
        self.activation = MomentActivation(neuron, trainable=trainable, **factory)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights, and put the currents at the neurons' working point.

        Trained parameters of the neurons are back at their start.
        """
        self.activation.reset_parameters()
        self.linear.reset_parameters()
        if self.norm is not None:
            self.norm.reset_parameters()
            return
        source = self.activation.source
        mean, std = working_point(source, self.linear.weight)
        with torch.no_grad():
            self.linear.weight.mul_((std / math.sqrt(_TYPICAL)).unsqueeze(-1))
            if self.linear.bias is not None:
                self.linear.bias.copy_(mean.expand_as(self.linear.bias))

    def forward(self, moments: Moments) -> Moments:
        """Map spike trains (..., in_features) to spike trains (..., out_features)."""
        currents = self.linear(moments)
        if self.norm is not None:
            currents = self.norm(currents)
        return self.activation(currents)


def with_table(neuron: Any) -> Any:
    """Return what a module takes its theory from: an `LIF` (the default) or a `Source`."""
    neuron = LIF() if neuron is None else neuron
    given = parameters_of(neuron)
    for name, value in _numbers(given):
        if isinstance(value, Tensor):
            raise TypeError(
                f"`neuron` of a module must hold numbers or arrays; got a tensor as "
                f"{name}: pass its value, value.detach().cpu().numpy(), and "
                "trainable=[...] to a MomentLayer or MomentActivation that is to learn it"
            )
    return neuron if isinstance(neuron, LIF) else source_of(neuron)


def _trainable(source: Any) -> tuple[str, ...]:
    """Names of the parameters that a module can learn."""
    if isinstance(source, Solver):
        return tuple(name for name in _TRAINABLE if name not in source.tensors)
    return _OF_TABLES if isinstance(source, Table) else _TRAINABLE


def parameters_of(source: Any) -> Any:
    """Return a neuron, or the neuron of a table or solver."""
    return source.neuron if isinstance(source, Source) else source


def _numbers(neuron: Any) -> list[tuple[str, Any]]:
    """Names and values of the parameters that are no functions."""
    if not isinstance(neuron, Parameters):
        return []
    pairs = ((f.name, getattr(neuron, f.name)) for f in dataclasses.fields(neuron))  # type: ignore[arg-type]
    return [(name, value) for name, value in pairs if not callable(value)]


def describe(source: Any, trained: Iterable[str] = ()) -> str:
    """Return the present numbers in a line; of arrays the shapes."""
    neuron, parts = parameters_of(source), []
    for name, value in _numbers(neuron):
        shape = tuple(np.shape(value))
        known = not shape and getattr(value, "device", None) != torch.device("meta")
        text = f"{float(value):.6g}" if known else f"<shape {shape}>"
        mark = " (trained)" if name in trained else ""
        parts.append(f"{name}={text}{mark}")
    return f"{type(neuron).__name__}({', '.join(parts)})"


def working_point(source: Any, like: Tensor) -> tuple[Tensor, Tensor]:
    """Rheobase [mV/ms], and a standard deviation [mV/sqrt(ms)] of lively currents."""
    if isinstance(source, Source):
        mean, noise = (as_tensor(v, like).to(like) for v in source.working_point())
        return mean, LIVELY * noise
    tau, V_th, V_reset, E_L = (
        as_tensor(value, like).detach().to(like)
        for value in (source.tau_m, source.V_th, source.V_reset, source.E_L)
    )
    return (V_th - E_L) / tau, LIVELY * (V_th - V_reset) / torch.sqrt(tau)


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"`{name}` must be at least 1; got {size}")


def _check_covariance(covariance: str, rank: int | None, out_features: int) -> None:
    if covariance not in covariances.KINDS:
        raise ValueError(
            f"`covariance` must be one of {covariances.KINDS}; got {covariance!r}"
        )
    if (rank is not None) != (covariance == "low_rank"):
        raise ValueError(
            '`rank` must be given for covariance="low_rank", and only for it; got '
            f"rank={rank}, covariance={covariance!r}"
        )
    if rank is not None and not 1 <= rank <= out_features:
        raise ValueError(
            f"`rank` must be in 1 ... out_features = {out_features}; got {rank}"
        )
