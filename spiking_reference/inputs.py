"""What drives the neurons: white-noise currents, and Poisson spike trains."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from meanfield.neurons import as_float, require

from .noise import (
    Blocks,
    check_correlation,
    check_semidefinite,
    correlation_matrices,
    mixture,
    seeds,
)

__all__ = ["GaussianInput", "PoissonInput", "WhiteNoise"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WhiteNoise:
    """Gaussian white-noise current, given as an intensity.

    Parameters
    ----------
    mu : float or array_like
        Mean [mV/ms]; as a current to a network, in the unit of its neurons' current.
    sigma : float or array_like
        Intensity [mV/sqrt(ms); unit of the current times sqrt(ms)], not negative; 0 is a
        constant current. No property of the drive depends on the time step.
    correlation : None, float or array_like, optional
        Correlation of the white noise of neurons along the last axis: None for
        independent neurons, one coefficient for all pairs, or matrices (..., n, n).

    Raises
    ------
    ValueError
        If a value is not finite, `sigma` is negative, the shapes do not broadcast, or
        `correlation` is no correlation matrix.

    Notes
    -----
    dV_i = (-(V_i - E_L)/tau_m + mu_i) dt + sigma_i dW_i with
    <dW_i dW_j> = correlation_ij dt. Without a threshold the stationary SD of V is
    sigma sqrt(tau_m/2).

    Examples
    --------
    >>> drive = WhiteNoise(mu=[0.5, 1.0], sigma=1.0, correlation=0.3)
    >>> drive.shape
    (2,)
    >>> WhiteNoise(mu=1.0, sigma=-1.0)
    Traceback (most recent call last):
        ...
    ValueError: `sigma` must be finite and not negative (mV/sqrt(ms)); got -1.0
    """

    mu: npt.ArrayLike
    sigma: npt.ArrayLike
    correlation: npt.ArrayLike | None = None

    def __post_init__(self) -> None:
        for name in ("mu", "sigma", "correlation"):
            if getattr(self, name) is not None:
                array = as_float(name, getattr(self, name)).astype(np.float64)
                array.flags.writeable = False
                object.__setattr__(self, name, array if array.ndim else array.item())
        mu, sigma = np.asarray(self.mu), np.asarray(self.sigma)
        require(np.isfinite(mu), "mu", "must be finite (mV/ms)", mu)
        finite = "must be finite and not negative (mV/sqrt(ms))"
        require((sigma >= 0) & np.isfinite(sigma), "sigma", finite, sigma)
        _ = self.shape
        if self.correlation is not None:
            check_correlation(np.asarray(self.correlation))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that mu and sigma broadcast to; ``()`` for plain numbers."""
        try:
            return np.broadcast_shapes(np.shape(self.mu), np.shape(self.sigma))
        except ValueError:
            raise ValueError(
                f"`mu` and `sigma` must broadcast; got shapes {np.shape(self.mu)} and "
                f"{np.shape(self.sigma)}; add axes, e.g. mu[:, None] and sigma[None]"
            ) from None

    def correlation_matrices(self, shape: tuple[int, ...]) -> np.ndarray:
        """Return the correlation as matrices (..., n, n) for neurons of `shape`.

        Parameters
        ----------
        shape : tuple of int
            Shape of the neurons; its last axis is the correlated one.

        Returns
        -------
        numpy.ndarray
            Broadcast to (*shape, n); read-only.

        Raises
        ------
        ValueError
            If there is no such axis, or the matrices do not fit it, or one coefficient
            is too negative for so many neurons.

        Examples
        --------
        >>> WhiteNoise(mu=1, sigma=1, correlation=0.5).correlation_matrices((2,))
        array([[1. , 0.5],
               [0.5, 1. ]])
        """
        if not shape:
            raise ValueError(
                "`correlation` needs neurons along the last axis; got scalar mu and "
                "sigma; pass at least one of them as an array"
            )
        return correlation_matrices(self.correlation, shape)

    def source(self, n: int, dt: float, seed: Any = None) -> Callable:
        """Return the current of one run of a network, held over each step.

        Parameters
        ----------
        n : int
            Number of neurons.
        dt : float
            Step [ms].
        seed : None, int or SeedSequence, optional
            Where its random numbers come from.

        Returns
        -------
        callable
            A function of the middles (steps,) of consecutive steps that returns
            mu + sigma z/sqrt(dt), z standard normal, of shape (steps,) or (steps, n).

        Raises
        ------
        ValueError
            If `mu`, `sigma` or `correlation` are for other numbers of neurons.

        Notes
        -----
        `Population.sigma` is better for noise that neurons do not share: its paths are
        followed between grid points. Here they are straight within a step.

        Examples
        --------
        >>> WhiteNoise(mu=1.0, sigma=0.5).source(3, 0.1, seed=1)(np.array([0.05])).shape
        (1, 3)
        """
        if self.shape not in ((), (n,)):
            raise ValueError(
                f"`mu` and `sigma` must be numbers or of shape (n,) = ({n},); got shape "
                f"{self.shape}"
            )
        columns, mix = mixture(self.correlation, n)
        root = seeds(seed)
        mu, sigma = np.asarray(self.mu), np.asarray(self.sigma) / np.sqrt(dt)

        def blocks(size: int) -> Iterator[np.ndarray]:
            g = np.random.default_rng(root)
            while True:
                yield mu + sigma * mix(g.standard_normal((size, columns)))

        return Blocks(blocks, max(n, columns), dt)


def _frozen(name: str, value: npt.ArrayLike) -> np.ndarray:
    """Return a read-only float64 copy."""
    array = as_float(name, value).astype(np.float64)
    array.flags.writeable = False
    return array


def _check_batch(name: str, array: np.ndarray) -> None:
    if array.ndim != 2 or array.size == 0:
        raise ValueError(
            f"`{name}` must have shape (batch, n_in), neither of them 0; got shape "
            f"{array.shape}; for one input pass {name}[None]"
        )


@dataclass(frozen=True, slots=True, eq=False)
class PoissonInput:
    """Independent Poisson spike trains into the first of some layers.

    Parameters
    ----------
    rates : array_like
        Rates (batch, n_in) [kHz], constant in time, not negative.

    Raises
    ------
    ValueError
        If a rate is negative or not finite, or the shape is not (batch, n_in).

    Examples
    --------
    >>> PoissonInput([[0.01, 0.02, 0.05]]).shape
    (1, 3)
    """

    rates: npt.ArrayLike

    def __post_init__(self) -> None:
        rates = _frozen("rates", self.rates)
        object.__setattr__(self, "rates", rates)
        _check_batch("rates", rates)
        finite = "must be finite and not negative (kHz)"
        require((rates >= 0) & np.isfinite(rates), "rates", finite, rates)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inputs, and of sources."""
        batch, n_in = np.shape(self.rates)
        return batch, n_in


@dataclass(frozen=True, slots=True, eq=False)
class GaussianInput:
    """Gaussian white-noise currents into the first of some layers.

    Parameters
    ----------
    mean : array_like
        Means (batch, n_in) per unit time.
    cov : array_like
        Covariances per unit time: variances (batch, n_in) of independent currents, or
        matrices (batch, n_in, n_in).

    Raises
    ------
    ValueError
        If a value is not finite, a variance negative, a matrix not symmetric or not
        positive semidefinite, or the shapes are others.

    Notes
    -----
    The first layer's weights W multiply the currents: its neurons get W mean dt as drift
    and noise of covariance W cov W^T dt. Spike trains of rates r, in this approximation,
    have mean = cov = r [kHz].

    Examples
    --------
    >>> GaussianInput(mean=[[1.0, 1.0]], cov=[[[1.0, 0.5], [0.5, 1.0]]]).shape
    (1, 2)
    """

    mean: npt.ArrayLike
    cov: npt.ArrayLike

    def __post_init__(self) -> None:
        mean, cov = _frozen("mean", self.mean), _frozen("cov", self.cov)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "cov", cov)
        _check_batch("mean", mean)
        if cov.shape not in (mean.shape, (*mean.shape, mean.shape[1])):
            raise ValueError(
                "`cov` must have the shape of `mean`, (batch, n_in), or (batch, n_in, "
                f"n_in); got shape {cov.shape} with a mean of shape {mean.shape}"
            )
        require(np.isfinite(mean), "mean", "must be finite", mean)
        require(np.isfinite(cov), "cov", "must be finite", cov)
        if cov.ndim == 2:
            require(cov >= 0, "cov", "must not be negative (variances)", cov)
        else:
            check_semidefinite("cov", cov)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of inputs, and of currents to each."""
        batch, n_in = np.shape(self.mean)
        return batch, n_in

    def through(self, weights: np.ndarray, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean (n_out,) and covariance (n_out, n_out) of input `i` behind weights."""
        mean, cov = np.asarray(self.mean)[i], np.asarray(self.cov)[i]
        spread = weights * cov if cov.ndim == 1 else weights @ cov
        return weights @ mean, spread @ weights.T
