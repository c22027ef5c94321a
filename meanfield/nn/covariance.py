"""Three representations of a covariance, and what layers do with each.

Beside a mean of shape (..., n) a covariance is a tensor of the same shape (the variances,
`diagonal`), a tensor (..., n, n) (`full`), or a `LowRank`. Functions here take and return
any of them.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ..moments import Moments
from ._core import full_precision

__all__ = ["LowRank", "dense", "variance"]

KINDS = ("diagonal", "full", "low_rank")


class LowRank(NamedTuple):
    """Independent variances plus common sources: D + U S U^T, no n x n matrix.

    Attributes
    ----------
    private : torch.Tensor, shape (..., n)
        Variances D of independent parts.
    gain : torch.Tensor, shape (..., n)
        Amplification of the common part.
    factor : torch.Tensor, shape (..., n, k) or (n, k)
        Mixture of the sources.
    sources : torch.Tensor, shape (..., k)
        Variances S of the sources.

    Notes
    -----
    C = diag(private) + A diag(sources) A^T with A = diag(gain) factor. One factor can
    serve a whole batch, e.g. the weights behind independent inputs.

    Examples
    --------
    >>> import torch
    >>> one = torch.ones(3)
    >>> LowRank(one, one, torch.ones(3, 1), torch.ones(1)).dense()
    tensor([[2., 1., 1.],
            [1., 2., 1.],
            [1., 1., 2.]])
    """

    private: Tensor
    gain: Tensor
    factor: Tensor
    sources: Tensor

    def dense(self) -> Tensor:
        """Return the covariance matrix, shape (..., n, n)."""
        mixed = self.gain.unsqueeze(-1) * self.factor
        return torch.diag_embed(self.private) + _congruence(mixed, self.sources)

    def variance(self) -> Tensor:
        """Return the diagonal, shape (..., n)."""
        return self.private + self.gain.square() * _rows(self.factor, self.sources)

    def times(self, x: Tensor) -> Tensor:
        """Product with x of shape (..., n, m), in O(n k m)."""
        inner = self.factor.mT @ (self.gain.unsqueeze(-1) * x)
        common = self.factor @ (self.sources.unsqueeze(-1) * inner)
        return self.private.unsqueeze(-1) * x + self.gain.unsqueeze(-1) * common


Covariance = Tensor | LowRank


def checked(moments: Moments) -> tuple[Tensor, Covariance]:
    """Mean and covariance, if their shapes fit."""
    try:
        mean, cov = moments
    except (TypeError, ValueError):
        kind = type(moments).__name__
        raise TypeError(f"expected Moments(mean, cov); got {kind}") from None
    if isinstance(cov, LowRank):
        fits = cov.private.shape[-1:] == mean.shape[-1:]
    else:
        fits = cov.shape in (mean.shape, (*mean.shape, *mean.shape[-1:]))
    if not fits:
        kind, own = ("LowRank of ", cov[0]) if isinstance(cov, LowRank) else ("", cov)
        raise ValueError(
            "`cov` must have the shape of `mean` (variances) or one more dimension "
            f"(..., n, n), or be LowRank; got {kind}{tuple(own.shape)} beside "
            f"{tuple(mean.shape)}"
        )
    return mean, cov


def is_diagonal(mean: Tensor, cov: Covariance) -> bool:
    """Whether `cov` holds variances only."""
    return isinstance(cov, Tensor) and cov.ndim == mean.ndim


def variance(moments: Moments) -> Tensor:
    """Variances of a population, from any representation.

    Parameters
    ----------
    moments : Moments
        Mean, shape (..., n), and covariance.

    Returns
    -------
    torch.Tensor, shape (..., n)
        Variances per unit time.

    Examples
    --------
    >>> import torch
    >>> variance(Moments(torch.zeros(2), torch.eye(2)))
    tensor([1., 1.])
    """
    mean, cov = checked(moments)
    if isinstance(cov, LowRank):
        return cov.variance()
    return cov if cov.ndim == mean.ndim else cov.diagonal(dim1=-2, dim2=-1)


def dense(moments: Moments) -> Tensor:
    """Covariance matrix of a population, from any representation.

    Parameters
    ----------
    moments : Moments
        Mean, shape (..., n), and covariance.

    Returns
    -------
    torch.Tensor, shape (..., n, n)
        Covariances per unit time.

    Examples
    --------
    >>> import torch
    >>> dense(Moments(torch.zeros(2), torch.ones(2)))
    tensor([[1., 0.],
            [0., 1.]])
    """
    mean, cov = checked(moments)
    if isinstance(cov, LowRank):
        return cov.dense()
    return torch.diag_embed(cov) if cov.ndim == mean.ndim else cov


def scale(moments: Moments, gain: Tensor) -> Covariance:
    """Covariance after multiplying unit i by gain_i."""
    mean, cov = moments
    if isinstance(cov, LowRank):
        return cov._replace(private=gain.square() * cov.private, gain=gain * cov.gain)
    if cov.ndim == mean.ndim:
        return gain.square() * cov
    return gain.unsqueeze(-1) * cov * gain.unsqueeze(-2)


def add(moments: Moments, private: Tensor) -> Covariance:
    """Covariance with independent variances added."""
    mean, cov = moments
    if isinstance(cov, LowRank):
        return cov._replace(private=cov.private + private)
    if cov.ndim == mean.ndim:
        return cov + private
    return cov + torch.diag_embed(private)


def through(
    moments: Moments, weight: Tensor, kind: str, sketch: Tensor | None = None
) -> Covariance:
    """W C W^T in the representation `kind`; see `functional.linear`."""
    if kind == "diagonal":
        return _variance_through(moments, weight)
    mean, cov = moments
    if kind == "full":
        return _full_through(mean, cov, weight)
    if kind != "low_rank":
        raise ValueError(f"`covariance` must be one of {KINDS}; got {kind!r}")
    if sketch is None:
        raise ValueError('`sketch` is needed for covariance="low_rank"')
    return truncate(moments, weight, sketch)


def truncate(moments: Moments, weight: Tensor, sketch: Tensor) -> LowRank:
    """Approximate W C W^T by its exact diagonal and a part of rank k.

    Parameters
    ----------
    moments : Moments
        Mean, shape (..., n_in), and covariance C.
    weight : torch.Tensor, shape (n_out, n_in)
        Weights W.
    sketch : torch.Tensor, shape (n_out, k)
        Test matrix; orthonormal columns, random or fitted to the large eigenvectors.

    Returns
    -------
    LowRank
        With k sources, in O(n k) memory per sample.

    Raises
    ------
    torch.linalg.LinAlgError
        If rounding makes the projected covariance indefinite.

    Notes
    -----
    Nystrom's approximation Y (sketch^T Y)^{-1} Y^T, Y = W C W^T sketch, leaves a positive
    semidefinite remainder [1]_, of which the diagonal is kept. Off-diagonal errors are
    those of the remainder: zero where W C W^T has rank <= k, else of the order of the sum
    of its smaller eigenvalues.

    References
    ----------
    .. [1] A. Gittens, M. W. Mahoney, J. Mach. Learn. Res. 17, 1 (2016)

    Examples
    --------
    >>> import torch
    >>> weight = torch.ones(3, 2)
    >>> moments = Moments(torch.zeros(2), torch.ones(2))
    >>> sketch = torch.ones(3, 1) / 3**0.5
    >>> truncate(moments, weight, sketch).dense().round(decimals=3)
    tensor([[2., 2., 2.],
            [2., 2., 2.],
            [2., 2., 2.]])
    """
    given = variance(moments).dtype
    work = torch.promote_types(given, torch.float32)
    with full_precision(weight):
        moments = _cast(moments, work)
        found = _nystrom(moments, weight.to(work), sketch.to(work))
        return LowRank(*(field.to(given) for field in found))


def _cast(moments: Moments, dtype: torch.dtype) -> Moments:
    mean, cov = moments
    if isinstance(cov, LowRank):
        return Moments(mean.to(dtype), LowRank(*(field.to(dtype) for field in cov)))
    return Moments(mean.to(dtype), cov.to(dtype))


def _nystrom(moments: Moments, weight: Tensor, sketch: Tensor) -> LowRank:
    mean, cov = moments
    back = weight.mT @ sketch
    if isinstance(cov, LowRank):
        product = cov.times(back)
    elif cov.ndim == mean.ndim:
        product = cov.unsqueeze(-1) * back
    else:
        product = cov @ back
    Y = weight @ product
    total = _variance_through(moments, weight)
    # The core is singular where there are fewer than k sources: a unit matrix of the size
    # of its rounding errors, or of none at all.
    floor = torch.finfo(total.dtype)
    shift = 4.0 * floor.eps * total.sum(-1) + floor.tiny
    eye = torch.eye(sketch.shape[-1], dtype=total.dtype, device=total.device)
    core = sketch.mT @ Y
    core = 0.5 * (core + core.mT) + shift[..., None, None] * eye
    root = torch.linalg.cholesky(core)
    factor = torch.linalg.solve_triangular(root, Y.mT, upper=False).mT
    private = (total - factor.square().sum(-1)).clamp(min=0.0)
    one = torch.ones_like(total)
    return LowRank(private, one, factor, one[..., : factor.shape[-1]])


def _variance_through(moments: Moments, weight: Tensor) -> Tensor:
    mean, cov = moments
    if isinstance(cov, LowRank):
        own = cov.private @ weight.square().mT
        mixed = _weighted(weight, cov.gain) @ cov.factor
        return own + _rows(mixed, cov.sources)
    if cov.ndim == mean.ndim:
        return cov @ weight.square().mT
    return ((weight @ cov) * weight).sum(-1)


def _full_through(mean: Tensor, cov: Covariance, weight: Tensor) -> Covariance:
    if isinstance(cov, LowRank):
        mixed = _weighted(weight, cov.gain) @ cov.factor
        own = _congruence(weight, cov.private)
        return own + _congruence(mixed, cov.sources)
    if cov.ndim == mean.ndim:
        shape = (*mean.shape[:-1], weight.shape[0])
        zero, one = mean.new_zeros(shape), mean.new_ones(shape)
        return LowRank(zero, one, weight, cov)
    return weight @ cov @ weight.mT


def _weighted(weight: Tensor, gain: Tensor) -> Tensor:
    """W diag(gain)."""
    return weight * gain.unsqueeze(-2)


def _congruence(matrix: Tensor, variances: Tensor) -> Tensor:
    """Return A diag(variances) A^T."""
    return _weighted(matrix, variances) @ matrix.mT


def _rows(matrix: Tensor, variances: Tensor) -> Tensor:
    """Diagonal of A diag(variances) A^T."""
    if matrix.ndim == 2:
        return variances @ matrix.square().mT
    return (matrix.square() @ variances.unsqueeze(-1)).squeeze(-1)
