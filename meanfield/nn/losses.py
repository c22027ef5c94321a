"""Losses on the moments of a readout: classification and regression."""

import math
from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn

from ..moments import Moments
from . import covariance as covariances
from ._core import full_precision
from ._orthant import log_largest, log_largest_independent
from .encoders import check_shape

# Standard deviation [spikes] of a uniform number in (-1/2, 1/2): added to integer counts,
# it breaks ties at random and changes no other order.
TIE = 1 / math.sqrt(12)
_POSITIVE = ("readout", "jitter", "points", "samples")


def _without_autocast(loss: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Compute in float32 at least, as the losses of torch under autocast."""

    @wraps(loss)
    def wrapped(moments: Moments, *args: Any, **options: Any) -> Tensor:
        mean, _ = covariances.checked(moments)
        with full_precision(mean):
            return loss(moments, *args, **options)

    return wrapped


@_without_autocast
def log_class_probabilities(
    moments: Moments, readout: float, *, jitter: float = TIE, points: int = 512
) -> Tensor:
    """Log probabilities of each class to have the largest spike count.

    Parameters
    ----------
    moments : Moments
        Of the readout: ``mean`` [kHz], shape (..., n); ``cov`` [kHz]: variances, shape
        (..., n), covariances, shape (..., n, n), or `LowRank`.
    readout : float
        Window T [ms] in which spikes are counted.
    jitter : float, optional
        Standard deviation e [spikes] of independent noise on the counts; the default is
        that of a number in (-1/2, 1/2) which breaks ties of integers. It makes all
        probabilities positive, whatever the covariance.
    points : int, optional
        Size of the lattice for correlated counts.

    Returns
    -------
    torch.Tensor, shape (..., n)
        log P(count_c > count_j for all j != c).

    Raises
    ------
    ValueError
        If shapes do not fit, or `readout`, `jitter` or `points` is not positive.

    Notes
    -----
    Counts are Gaussian, with mean T m and covariance T C + e^2 I. For variances alone the
    error is 1e-8 (float32: 1e-5). For correlated counts, with 512 points and log P down to
    -40, its root mean square is 2e-4 for n = 4, 1e-3 for n = 10 and 1e-2 for n = 20, and
    the largest of 50 errors four times that. Probabilities are not normalised: their sum
    is 1 up to these errors.

    Examples
    --------
    >>> import torch
    >>> moments = Moments(torch.tensor([0.05, 0.04]), torch.tensor([0.05, 0.04]))
    >>> log_class_probabilities(moments, readout=100.0).exp()
    tensor([0.6294, 0.3706])
    """
    _check(readout=readout, jitter=jitter, points=points)
    mean, cov = _parts(moments, readout)
    classes = torch.arange(mean.shape[-1], device=mean.device)
    classes = classes.expand(*mean.shape[:-1], -1)
    cov = cov.unsqueeze(-2 if cov.ndim == mean.ndim else -3)
    return _log_largest(mean.unsqueeze(-2), cov, classes, jitter, points)


def class_probabilities(
    moments: Moments, readout: float, *, jitter: float = TIE, points: int = 512
) -> Tensor:
    """Probabilities of each class to have the largest spike count.

    Averaged over the samples of each true class, they are the rows of the predicted
    confusion matrix. Parameters, errors and accuracy as in `log_class_probabilities`.

    Returns
    -------
    torch.Tensor, shape (..., n)
        Sums to 1 up to the error of the quadrature.

    Examples
    --------
    >>> import torch
    >>> cov = torch.tensor([[0.04, 0.03, 0.0], [0.03, 0.04, 0.0], [0.0, 0.0, 0.04]])
    >>> moments = Moments(torch.tensor([0.05, 0.05, 0.05]), cov)
    >>> [round(p, 2) for p in class_probabilities(moments, readout=100.0).tolist()]
    [0.29, 0.29, 0.42]
    """
    return log_class_probabilities(moments, readout, jitter=jitter, points=points).exp()


@_without_autocast
def moment_cross_entropy(
    moments: Moments,
    target: Tensor,
    readout: float,
    *,
    jitter: float = TIE,
    points: int = 512,
    samples: int | None = None,
    generator: torch.Generator | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus log probability that the target class has the largest spike count.

    Parameters
    ----------
    moments : Moments
        Of the readout, as in `log_class_probabilities`.
    target : torch.Tensor of int64, shape (...)
        Class indices in 0 ... n - 1.
    readout : float
        Window T [ms] in which spikes are counted.
    jitter : float, optional
        Standard deviation e [spikes] of independent noise on the counts, as in
        `log_class_probabilities`.
    points : int, optional
        Size of the lattice for correlated counts.
    samples : int, optional
        If given, estimate by so many reparametrised samples instead (below).
    generator : torch.Generator, optional
        Of the samples.
    reduction : {"mean", "sum", "none"}, optional
        Over the targets.

    Returns
    -------
    torch.Tensor
        Loss [nats]; a scalar, or of the shape of `target` for "none".

    Raises
    ------
    ValueError
        If shapes do not fit, `readout`, `jitter`, `points` or `samples` is not positive, or
        `reduction` is unknown.
    TypeError
        If `target` is not int64.

    Notes
    -----
    loss = -log P(x_c > x_j for all j != c), x ~ N(T m, T C + e^2 I). Deterministic; error
    1e-8 for variances alone (float32: 1e-5), 1e-3 for ten correlated classes.

    With `samples` = K, half of the variance e^2 belongs to Gumbel instead of Gaussian
    noise, which is integrated out: loss = -log (1/K) sum_k softmax(x_k/t)_c with
    x_k ~ N(T m, T C + e^2/2 I), t = sqrt(3) e/pi. The estimate of the loss is biased
    upwards by var(softmax_c)/(2 K P^2), which grows without bound for small P.

    Examples
    --------
    >>> import torch
    >>> moments = Moments(torch.tensor([[0.05, 0.04]]), torch.tensor([[0.05, 0.04]]))
    >>> moment_cross_entropy(moments, torch.tensor([0]), readout=100.0)
    tensor(0.4630)
    """
    _check(reduction, readout=readout, jitter=jitter, points=points, samples=samples)
    mean, cov = _parts(moments, readout)
    _check_target(target, mean)
    if samples is None:
        log_p = _log_largest(mean, cov, target, jitter, points)
    else:
        counts = _sample(mean, cov, jitter**2 / 2, samples, generator)
        log_softmax = (counts * (math.pi / (math.sqrt(3) * jitter))).log_softmax(-1)
        chosen = target.expand(samples, *target.shape).unsqueeze(-1)
        log_p = log_softmax.gather(-1, chosen).squeeze(-1)
        log_p = torch.logsumexp(log_p, 0) - math.log(samples)
    return _reduce(-log_p, reduction)


@_without_autocast
def gaussian_nll(
    moments: Moments,
    target: Tensor,
    readout: float = 1.0,
    *,
    jitter: float = TIE,
    reduction: str = "mean",
) -> Tensor:
    """Minus log likelihood of spike counts under Gaussian moments.

    Parameters
    ----------
    moments : Moments
        Of the readout, as in `log_class_probabilities`.
    target : torch.Tensor, shape (..., n)
        Counts in the window [spikes].
    readout : float, optional
        Window T [ms].
    jitter : float, optional
        Standard deviation e of independent noise on the counts, in the unit of `target`.
    reduction : {"mean", "sum", "none"}, optional
        Over the leading dimensions.

    Returns
    -------
    torch.Tensor
        Loss [nats]; a scalar, or of shape (...) for "none".

    Raises
    ------
    ValueError
        If shapes do not fit, `readout` or `jitter` is not positive, or `reduction` is
        unknown.

    Notes
    -----
    loss = (d^T S^-1 d + log det S + n log 2 pi)/2, d = target - T m, S = T C + e^2 I.
    Where S is not diagonal, its variances are raised by 4 n machine epsilons, so that
    rounding does not make it indefinite; it is NaN if it is.

    Examples
    --------
    >>> import torch
    >>> moments = Moments(torch.tensor([0.05, 0.04]), torch.tensor([0.05, 0.04]))
    >>> gaussian_nll(moments, torch.tensor([6.0, 4.0]), readout=100.0)
    tensor(3.4527)
    """
    _check(reduction, readout=readout, jitter=jitter)
    mean, cov = _parts(moments, readout)
    check_shape("target", target, mean.shape)
    distance = target - mean
    if cov.ndim == mean.ndim:
        cov = cov + jitter**2
        nll = (distance * distance / cov + cov.log()).sum(-1)
    else:
        root = _cholesky(cov, jitter**2)
        white = torch.linalg.solve_triangular(root, distance.unsqueeze(-1), upper=False)
        log_det = root.diagonal(dim1=-2, dim2=-1).log().sum(-1)
        nll = white.square().sum((-2, -1)) + 2 * log_det
    constant = mean.shape[-1] * math.log(2 * math.pi)
    return _reduce(0.5 * (nll + constant), reduction)


@_without_autocast
def moment_mse(
    moments: Moments,
    target: Moments | Tensor,
    *,
    mean_weight: float = 1.0,
    cov_weight: float = 0.0,
    reduction: str = "mean",
) -> Tensor:
    """Squared distance of moments.

    Parameters
    ----------
    moments : Moments
        Of the readout, as in `log_class_probabilities`.
    target : Moments or torch.Tensor
        Wanted moments, in any representation, or means alone, shape (..., n).
    mean_weight, cov_weight : float, optional
        Weights w_m and w_c.
    reduction : {"mean", "sum", "none"}, optional
        Over the leading dimensions.

    Returns
    -------
    torch.Tensor
        A scalar, or of shape (...) for "none".

    Raises
    ------
    ValueError
        If shapes do not fit, `reduction` is unknown, or `cov_weight` is not 0 for a target
        without covariance.

    Notes
    -----
    loss = w_m |m - m*|^2 + w_c ||C - C*||_F^2, sums over the readout (not means, as in
    ``torch.nn.MSELoss``).

    Examples
    --------
    >>> import torch
    >>> moments = Moments(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0]))
    >>> moment_mse(moments, Moments(torch.zeros(2), torch.eye(2)), cov_weight=1.0)
    tensor(5.)
    """
    _check(reduction)
    mean, cov = _parts(moments)
    wanted, wanted_cov = _parts(target) if isinstance(target, tuple) else (target, None)
    check_shape("target", wanted, mean.shape)
    loss = mean_weight * (mean - wanted).square().sum(-1)
    if cov_weight:
        if wanted_cov is None:
            raise ValueError(
                f"`cov_weight` must be 0 for a target without covariance; "
                f"got {cov_weight}; pass target=Moments(mean, cov)"
            )
        if cov.ndim != wanted_cov.ndim:
            cov = covariances.dense(Moments(mean, cov))
            wanted_cov = covariances.dense(Moments(mean, wanted_cov))
        square = (cov - wanted_cov).square()
        loss = loss + cov_weight * square.flatten(mean.ndim - 1).sum(-1)
    return _reduce(loss, reduction)


class _Loss(nn.Module):
    """A loss function and its options."""

    function: Callable[..., Tensor]

    def __init__(self, **options: Any):
        super().__init__()
        numbers = {name: options.get(name) for name in _POSITIVE}
        _check(options["reduction"], **numbers)
        self.options = options

    def forward(self, moments: Moments, target: Any) -> Tensor:
        """Return the loss of `moments` for `target`."""
        return type(self).function(moments, target, **self.options)

    def extra_repr(self) -> str:
        """Show the options."""
        return ", ".join(f"{name}={value!r}" for name, value in self.options.items())


class MomentCrossEntropy(_Loss):
    """Minus log probability that the target class has the largest spike count.

    Parameters
    ----------
    readout : float
        Window T [ms] in which spikes are counted.
    jitter, points, samples, generator, reduction
        As in `moment_cross_entropy`, which has formula and accuracy.

    Examples
    --------
    >>> loss = MomentCrossEntropy(readout=100.0)
    >>> moments = Moments(torch.tensor([[0.05, 0.04]]), torch.tensor([[0.05, 0.04]]))
    >>> loss(moments, torch.tensor([0]))
    tensor(0.4630)
    """

    function = staticmethod(moment_cross_entropy)

    def __init__(
        self,
        readout: float,
        *,
        jitter: float = TIE,
        points: int = 512,
        samples: int | None = None,
        generator: torch.Generator | None = None,
        reduction: str = "mean",
    ):
        drawn = {"samples": samples, "generator": generator}
        super().__init__(
            readout=readout, jitter=jitter, points=points, **drawn, reduction=reduction
        )


class GaussianNLL(_Loss):
    """Minus log likelihood of spike counts under Gaussian moments.

    Parameters
    ----------
    readout, jitter, reduction
        As in `gaussian_nll`, which has the formula.

    Examples
    --------
    >>> moments = Moments(torch.tensor([0.05, 0.04]), torch.tensor([0.05, 0.04]))
    >>> GaussianNLL(readout=100.0)(moments, torch.tensor([6.0, 4.0]))
    tensor(3.4527)
    """

    function = staticmethod(gaussian_nll)

    def __init__(
        self, readout: float = 1.0, *, jitter: float = TIE, reduction: str = "mean"
    ):
        super().__init__(readout=readout, jitter=jitter, reduction=reduction)


class MomentMSE(_Loss):
    """Squared distance of moments.

    Parameters
    ----------
    mean_weight, cov_weight, reduction
        As in `moment_mse`, which has the formula.

    Examples
    --------
    >>> moments = Moments(torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1.0]))
    >>> MomentMSE()(moments, torch.zeros(2))
    tensor(5.)
    """

    function = staticmethod(moment_mse)

    def __init__(
        self,
        *,
        mean_weight: float = 1.0,
        cov_weight: float = 0.0,
        reduction: str = "mean",
    ):
        weights = {"mean_weight": mean_weight, "cov_weight": cov_weight}
        super().__init__(**weights, reduction=reduction)


def _log_largest(
    mean: Tensor, cov: Tensor, index: Tensor, jitter: float, points: int
) -> Tensor:
    mean = mean.expand(*index.shape, -1)
    if mean.shape[-1] == 1:
        return 0 * mean[..., 0]  # certain, and still differentiable
    if cov.ndim == mean.ndim:
        return log_largest_independent(mean, cov.expand_as(mean) + jitter**2, index)
    return log_largest(mean, cov, index, points, jitter**2)


def _parts(moments: Any, readout: float = 1.0) -> tuple[Tensor, Tensor]:
    """Moments of the counts: mean, and variances (of its shape) or dense covariance."""
    mean, cov = covariances.checked(moments)
    if not isinstance(cov, Tensor):
        cov = covariances.LowRank(*map(_single, cov)).dense().expand(*mean.shape, -1)
    dtype = torch.promote_types(_single(mean).dtype, cov.dtype)
    return readout * mean.to(dtype), readout * cov.to(dtype)


def _single(x: Tensor) -> Tensor:
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _cholesky(cov: Tensor, noise: float) -> Tensor:
    """Cholesky factor of cov + noise I, with variances raised by what rounding can cost.

    NaN where the matrix is indefinite all the same.
    """
    variances = cov.diagonal(dim1=-2, dim2=-1)
    rounding = 4 * cov.shape[-1] * torch.finfo(cov.dtype).eps
    raised = torch.diag_embed(rounding * variances + noise)
    root, info = torch.linalg.cholesky_ex(cov + raised)
    return torch.where(info[..., None, None] == 0, root, math.nan)


def _sample(
    mean: Tensor,
    cov: Tensor,
    noise: float,
    samples: int,
    generator: torch.Generator | None,
) -> Tensor:
    """Reparametrised samples of N(mean, cov + noise I), shape (samples, ..., n)."""
    shape = samples, *mean.shape
    white = torch.randn(
        shape, generator=generator, dtype=mean.dtype, device=mean.device
    )
    if cov.ndim == mean.ndim:
        return mean + (cov + noise).sqrt() * white
    return mean + (_cholesky(cov, noise) @ white.unsqueeze(-1)).squeeze(-1)


def _reduce(loss: Tensor, reduction: str) -> Tensor:
    if reduction == "none":
        return loss
    return loss.mean() if reduction == "mean" else loss.sum()


def _check(reduction: str = "mean", **positive: float | None) -> None:
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(
            f"`reduction` must be 'mean', 'sum' or 'none'; got {reduction!r}"
        )
    for name, value in positive.items():
        if value is not None and not value > 0:
            raise ValueError(f"`{name}` must be positive; got {value}")


def _check_target(target: Tensor, mean: Tensor) -> None:
    if target.dtype != torch.int64:
        raise TypeError(
            f"`target` must hold class indices (int64); got {target.dtype}; "
            f"use target.long(), or target.argmax(-1) for one-hot targets"
        )
    check_shape("target", target, mean.shape[:-1])
