"""What drives the neurons: Gaussian white-noise current."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from meanfield.neurons import as_float, require

__all__ = ["WhiteNoise"]

# Eigenvalues of a correlation matrix above -n * _ROUNDING count as zero.
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WhiteNoise:
    """Gaussian white-noise current, given as an intensity.

    Parameters
    ----------
    mu : float or array_like
        Mean [mV/ms].
    sigma : float or array_like
        Intensity [mV/sqrt(ms)], not negative; 0 is a constant current. No property of
        the drive depends on the time step.
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
            _check_correlation(np.asarray(self.correlation))

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
        n = shape[-1]
        given = np.asarray(self.correlation)
        if given.ndim == 0:
            lowest = -1.0 / (n - 1) if n > 1 else -1.0
            require(
                given >= lowest - _ROUNDING,
                "correlation",
                f"must be at least {lowest:.6g} for {n} neurons to be semidefinite",
                given,
            )
            given = np.where(np.eye(n, dtype=bool), 1.0, given)
        try:
            return np.broadcast_to(given, (*shape, n))
        except ValueError:
            raise ValueError(
                f"`correlation` must be a number or have shape (..., {n}, {n}) for "
                f"neurons of shape {shape}; got shape {given.shape}"
            ) from None


def _check_correlation(given: np.ndarray) -> None:
    inside = (given >= -1) & (given <= 1)
    require(inside, "correlation", "must be between -1 and 1", given)
    if given.ndim == 0:
        return
    if given.ndim == 1 or given.shape[-1] != given.shape[-2]:
        raise ValueError(
            "`correlation` must be a number or square matrices (..., n, n); got shape "
            f"{given.shape}"
        )
    off = given - np.swapaxes(given, -1, -2)
    require(np.abs(off) <= _ROUNDING, "correlation", "must be symmetric", given)
    diagonal = np.diagonal(given, axis1=-2, axis2=-1)
    require(
        np.abs(diagonal - 1.0) <= _ROUNDING,
        "correlation",
        "must have ones on the diagonal",
        diagonal,
        "give variances through `sigma`",
    )
    lowest = np.linalg.eigvalsh(given)[..., 0]
    require(
        lowest >= -_ROUNDING * given.shape[-1],
        "correlation",
        "must be positive semidefinite (its lowest eigenvalue not negative)",
        lowest,
    )
