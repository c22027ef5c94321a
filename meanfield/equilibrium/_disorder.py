"""Quenched disorder: distributions of rates over the neurons of a population."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

from ..errors import ConvergenceError, ValidityWarning, as_float, require
from ..network import MeanField
from ..network._mean_field import Group
from ..neurons import Network
from ._working_points import with_currents

__all__ = ["RateDistributions", "rate_distributions"]

_WIDTH, _NODES = 7.0, 64  # standard deviations of the mean input that are covered
_NOISE_NODES = 3  # of the variance of the input, given its mean
_SILENT = 1e-300  # kHz
_TOLERANCE = 1e-10
_STEPS, _STEP = 300, 0.15  # of relaxation towards the first guess


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RateDistributions:
    """Rates over the neurons of each population; see `rate_distributions`.

    Attributes
    ----------
    names : tuple of str
        Of the n populations.
    rate, std : numpy.ndarray
        Mean and standard deviation (n,) of the rates over neurons [kHz].
    mu, mu_std : numpy.ndarray
        Mean and standard deviation (n,) over neurons of the mean input [mV/ms].
    sigma : numpy.ndarray
        Root of the mean, over neurons, of the squared noise intensity (n,)
        [mV/sqrt(ms)].
    converged : bool
    residual : float
        Largest relative change of rate and mean square rate by another iteration.
    message : str
        What happened.
    """

    names: tuple[str, ...]
    rate: np.ndarray
    std: np.ndarray
    mu: np.ndarray
    mu_std: np.ndarray
    sigma: np.ndarray
    converged: bool
    residual: float
    message: str
    _curves: tuple[tuple[np.ndarray, np.ndarray], ...]

    def cdf(self, rate: npt.ArrayLike) -> np.ndarray:
        """Return the fraction of neurons that fire at most so fast.

        Parameters
        ----------
        rate : array_like, shape (k,)
            Rates [kHz].

        Returns
        -------
        numpy.ndarray
            (n, k).
        """
        at = np.atleast_1d(as_float("rate", rate))
        return np.array([_cdf(at, *curve) for curve in self._curves])

    def quantile(self, p: npt.ArrayLike) -> np.ndarray:
        """Return rates below which a fraction of the neurons fires.

        Parameters
        ----------
        p : array_like, shape (k,)
            Fractions, between 0 and 1.

        Returns
        -------
        numpy.ndarray
            (n, k) [kHz].

        Raises
        ------
        ValueError
            If a fraction is not between 0 and 1.
        """
        p = np.atleast_1d(as_float("p", p))
        require((p > 0) & (p < 1), "p", "must be between 0 and 1", p)
        low = np.zeros((len(self.names), p.size))
        high = np.array([[curve[0].max()] for curve in self._curves]) + low
        for _ in range(200):  # to the smallest rates
            middle = np.where(
                low > _SILENT, np.sqrt(np.maximum(low, _SILENT) * high), 0.5 * high
            )
            pairs = zip(middle, self._curves, strict=True)
            below = np.array([_cdf(at, *curve) for at, curve in pairs]) < p
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return high


_z, _w = np.polynomial.legendre.leggauss(_NODES)
_Z = _WIDTH * _z
_W = _WIDTH * _w * np.exp(-0.5 * _Z**2)
_W = _W / _W.sum()
_Y, _V = np.polynomial.hermite_e.hermegauss(_NOISE_NODES)
_V = _V / _V.sum()


def _cdf(rate: np.ndarray, values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Average, over columns of rates that grow with z, the probability of less."""
    found = np.zeros(rate.shape)
    for column, weight in zip(values.T, weights, strict=True):
        z = np.interp(rate, column, _Z, left=-np.inf, right=np.inf)
        found += weight * special.ndtr(z)
    return found


def rate_distributions(
    net: MeanField | Network,
    *,
    start: npt.ArrayLike | None = None,
    throw: bool = False,
) -> RateDistributions:
    """Solve for the distributions of rates that in-degrees and parameters give rise to.

    Parameters
    ----------
    net : MeanField or Network
        Populations with current synapses.
    start : array_like, shape (n,), optional
        Mean rates to start from [kHz]; by default 1 Hz. Where there are several
        solutions, it decides which is found.
    throw : bool, optional
        Raise `ConvergenceError` instead of returning a result that did not converge.

    Returns
    -------
    RateDistributions

    Raises
    ------
    TypeError, ValueError
        If the network has no such theory, or `start` does not fit.
    ConvergenceError
        If `throw` and no solution was found.

    Warns
    -----
    ValidityWarning
        If the input's variance would be negative for neurons within three standard
        deviations: too few synapses for a Gaussian.

    Notes
    -----
    The mean input of a neuron is Gaussian over the neurons of its population, for random
    connections with many synapses, of variance [1]_ [2]_

    Delta_a = sum_b K<J^2> (q_b - r_b^2) + Var(sum of weights)_ab r_b^2,

    where r and q are mean and mean square of the rates over presynaptic neurons. The noise
    sigma^2 varies with it (a neuron with more synapses has more of both), jointly Gaussian.
    Averages of the rate and of its square over both give r and q. Parameters, currents and
    noise that are given per neuron are averaged over as they are. A fixed in-degree
    has variance from q alone.

    References
    ----------
    .. [1] C. van Vreeswijk, H. Sompolinsky, Neural Comput. 10, 1321 (1998),
       doi:10.1162/089976698300017214
    .. [2] A. Roxin, N. Brunel, D. Hansel, G. Mongillo, C. van Vreeswijk, J. Neurosci. 31,
       16217 (2011), doi:10.1523/JNEUROSCI.1677-11.2011

    Examples
    --------
    >>> from meanfield.equilibrium import rate_distributions
    >>> from meanfield.network import microcircuit
    >>> found = rate_distributions(microcircuit())
    >>> found.converged
    True
    >>> bool(found.quantile(0.5)[0, 0] < found.rate[0])  # skewed
    True
    """
    net = with_currents(net)
    first = np.full(net.n, 1e-3) if start is None else as_float("start", start)
    if first.shape != (net.n,):
        raise ValueError(f"`start` must have shape ({net.n},); got {first.shape}")
    require(first >= 0, "start", "must not be negative (kHz)", first)
    problem = _Problem(net)
    x = problem.relaxed(np.maximum(first, _SILENT))
    solved = optimize.root(problem.change, x, tol=1e-12)
    x = solved.x if np.abs(solved.fun).max() < np.abs(problem.change(x)).max() else x
    return problem.result(x, throw)


class _Problem:
    """Fixed point in the logarithms of mean and mean square rate."""

    def __init__(self, net: MeanField):
        self.net = net
        weight, self.square = net.sums["weight"], net.sums["weight_square"]
        self.variance = net.sums["weight_variance"]
        # d sigma^2 for d mu, of more or fewer synapses
        self.J = np.divide(
            self.square, weight, out=np.zeros_like(weight), where=weight != 0
        )

    def spread(self, r: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return variance of mu, its covariance with sigma^2, variance of sigma^2."""
        given = self.net.source_rates
        mean, square = np.append(r, given), np.append(q, given**2)
        parts = self.square * np.maximum(square - mean**2, 0.0)
        parts += self.variance * mean**2
        return tuple((parts * self.J**power).sum(axis=1) for power in (0, 1, 2))

    def rates(self, x: np.ndarray) -> list[tuple[Group, np.ndarray]]:
        """Return rates (z, noise, populations or neurons) of each group."""
        r, q = np.exp(x.reshape(2, -1))
        drive = self.net.drive(r)
        var, cov, noise = self.spread(r, q)
        sd = np.sqrt(var)
        slope = np.divide(cov, sd, out=np.zeros_like(sd), where=sd > 0)
        rest = np.sqrt(np.maximum(noise - slope**2, 0.0))
        found = []
        for group in self.net.groups:
            mu, sigma, tau = self.net.inputs_of(group, drive)
            a = group.index
            z, y = _Z[:, None, None], _Y[:, None]
            square = sigma**2 + slope[a] * z + rest[a] * y
            inputs = mu + sd[a] * z, np.sqrt(np.maximum(square, 0.0))
            rate = self.net.statistic_of(
                group, "firing_rate", *np.broadcast_arrays(*inputs, tau)
            )
            found.append((group, rate))
        return found

    def moments(self, x: np.ndarray) -> np.ndarray:
        """Return mean and mean square rate (2, n)."""
        found = np.empty((2, self.net.n))
        for group, rate in self.rates(x):
            for k in range(2):
                mean = np.einsum("zyk,z,y->k", rate ** (k + 1), _W, _V)
                found[k, group.index] = mean.mean() if group.spread else mean
        return found

    def change(self, x: np.ndarray) -> np.ndarray:
        """Return by how much another iteration changes the logarithms."""
        x = np.maximum(x, np.log(_SILENT) * np.repeat([1, 2], self.net.n))
        floor = np.array([[_SILENT], [_SILENT**2 or 5e-324]])
        return np.log(np.maximum(self.moments(x), floor)).reshape(-1) - x

    def relaxed(self, first: np.ndarray) -> np.ndarray:
        """Follow slow dynamics of the moments from given rates."""
        found = np.stack([first, first**2])
        for _ in range(_STEPS):
            now = self.moments(np.log(np.maximum(found, 1e-320)).reshape(-1))
            if np.all(np.abs(now - found) <= 0.01 * found):
                break
            found = found + _STEP * (now - found)
        return np.log(np.maximum(found, 1e-320)).reshape(-1)

    def result(self, x: np.ndarray, throw: bool) -> RateDistributions:
        """Put together what is known at a solution."""
        residual = float(np.abs(self.change(x)).max())
        converged = residual < _TOLERANCE
        r, q = np.exp(x.reshape(2, -1))
        drive = self.net.drive(r)
        var, _, noise = self.spread(r, q)
        curves: list[Any] = [None] * self.net.n
        for group, rate in self.rates(x):
            for k, a in enumerate([*group.index] if not group.spread else [0]):
                at = group.index[0] if group.spread else a
                values = rate if group.spread else rate[..., k : k + 1]
                weights = np.repeat(_V, values.shape[-1]) / values.shape[-1]
                curves[at] = (values.reshape(_NODES, -1), weights)
        found = RateDistributions(
            names=self.net.names,
            rate=r,
            std=np.sqrt(np.maximum(q - r**2, 0.0)),
            mu=drive.mu,
            mu_std=np.sqrt(var),
            sigma=drive.sigma,
            converged=converged,
            residual=residual,
            message=(
                "converged" if converged else
                f"no solution was found near these rates (residual {residual:.1e}): the "
                "iteration may oscillate or run away; try another `start`"
            ),
            _curves=tuple(curves),
        )  # fmt: skip
        if throw and not converged:
            raise ConvergenceError(found.message, found)
        if np.any(drive.sigma**2 < 3 * np.sqrt(noise)):
            warnings.warn(
                "the noise of some neurons would have a negative variance: too few "
                "synapses for Gaussian inputs",
                ValidityWarning,
                stacklevel=4,
            )
        return found
