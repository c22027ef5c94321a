"""The stationary state of a recurrent network of given weights: means and covariances."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..errors import ConvergenceError, as_float, require
from ..lif import moment_map
from ..neurons import LIF
from ._covariances import covariances, input_variances, linear_response, of_output
from ._populations import Populations, State

_KINDS = ("map", "linear_response")
_DEPTH = 5  # of Anderson's acceleration


@dataclass(frozen=True)
class MomentFixedPoint:
    """Means and covariances of a recurrent network; see `moment_fixed_point`.

    Attributes
    ----------
    mean : numpy.ndarray, shape (n,)
        Rates [kHz].
    cov : numpy.ndarray, shape (n, n)
        Spike count covariance per unit time in long windows [kHz]; only variances where
        there is none (see `message`).
    mu, sigma : numpy.ndarray, shape (n,)
        Mean [mV/ms] and noise [mV/sqrt(ms)] of the input.
    converged : bool
        Whether this is a fixed point.
    stable : bool
        Whether rates and variances return to it.
    n_iter : int
        Updates of the covariance.
    residual : float
        By how much one more application of the map changes mean and covariance,
        relative to their largest entries.
    spectral_radius : float
        Of the response matrix d rate_i/d rate_j, at constant variances.
    message : str
        What was found, in words.
    """

    mean: np.ndarray
    cov: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray
    converged: bool
    stable: bool
    n_iter: int
    residual: float
    spectral_radius: float
    message: str


def moment_fixed_point(
    weights: npt.ArrayLike,
    mean: npt.ArrayLike,
    cov: npt.ArrayLike,
    neuron: LIF | None = None,
    *,
    covariance: str = "map",
    tol: float = 1e-10,
    max_iter: int = 100,
    throw: bool = False,
) -> MomentFixedPoint:
    """Find means and covariances of a recurrent network of LIF neurons of given weights.

    Parameters
    ----------
    weights : array_like, shape (n, n)
        Jumps of the voltage [mV] of neurons (rows) by spikes of neurons (columns).
    mean : array_like, shape (n,)
        Mean of the external drive [mV/ms].
    cov : array_like, shape (n, n) or (n,)
        Covariance, or variances, of the external noise per unit time [mV^2/ms].
    neuron : LIF, optional
        Neuron parameters; arrays of shape (n,) if neurons differ.
    covariance : {"map", "linear_response"}, optional
        How covariances arise, see Notes.
    tol : float, optional
        Largest residual that counts as converged.
    max_iter : int, optional
        Largest number of updates of the covariance.
    throw : bool, optional
        Whether to raise `ConvergenceError` where there is no result.

    Returns
    -------
    MomentFixedPoint
        ``mean``, ``cov``, ``mu``, ``sigma``, ``converged``, ``stable``, ``n_iter``,
        ``residual``, ``spectral_radius``, ``message``.

    Raises
    ------
    ValueError
        If shapes do not fit, an argument is not finite, or `cov` is no covariance.
    TypeError
        If an argument is not real, or `neuron` is not an `LIF`.
    ConvergenceError
        If `throw` and no fixed point was found.

    Notes
    -----
    With W the weights, mu = W r + mean and S = W C W^T + cov are the input of each
    neuron. ``"map"`` is the fixed point of the moment map [1]_ [2]_,

    r = rate(mu, S_ii), C = D S D + diag(q), q_i = std_i^2 (1 - chi_i^2),

    D the slopes d rate/d mu: given rates and variances a Stein equation,
    S = M S M^T + W q W^T + cov with M = W D, which has a solution if and only if the
    spectral radius of M is below 1. Each passage through the network counts as a new
    one, as in layers of a deep network with these weights: the correlation of a neuron
    with what its own spikes return is not known to the map. ``"linear_response"`` has it,

    C = (1 - DW)^-1 (D cov D + diag(q)) (1 - DW)^-T,

    for a network in time [3]_, which needs eigenvalues of DW with real part below 1:
    strong inhibition is allowed. Rates differ little between the two, covariances much
    (docs/theory has both beside spikes). Neither knows delays, which do not matter in
    long windows.

    Rates and variances are solved by Newton's method, the covariances directly, and the
    effect of one on the other by Anderson's acceleration: O(n^3) an iteration, some ten
    of them.

    References
    ----------
    .. [1] J. Feng, Y. Deng, E. Rossoni, Phys. Rev. E 73, 041906 (2006),
       doi:10.1103/PhysRevE.73.041906
    .. [2] W. Lu, E. Rossoni, J. Feng, NeuroImage 52, 913 (2010),
       doi:10.1016/j.neuroimage.2009.12.001
    .. [3] B. Lindner, B. Doiron, A. Longtin, Phys. Rev. E 72, 061919 (2005),
       doi:10.1103/PhysRevE.72.061919

    Examples
    --------
    >>> import numpy as np
    >>> from meanfield.equilibrium import moment_fixed_point
    >>> W = 0.2 * np.array([[0.0, 1.0, -2.0], [1.0, 0.0, -2.0], [1.0, 1.0, 0.0]])
    >>> found = moment_fixed_point(W, np.full(3, 1.0), np.full(3, 1.0))
    >>> print(1e3 * found.mean.round(5), found.converged)  # [Hz]
    [18.06 18.06 18.57] True
    """
    W, mean, cov = _checked(weights, mean, cov)
    if covariance not in _KINDS:
        raise ValueError(f"`covariance` must be one of {_KINDS}; got {covariance!r}")
    require(0.0 < tol < 1.0, "tol", "must be between 0 and 1", tol)
    if max_iter < 1:
        raise ValueError(f"`max_iter` must be at least 1; got {max_iter}")
    moment_map(mean, cov, neuron)  # its checks
    cov = 0.5 * (cov + cov.T)
    model = Populations(W, mean, np.diagonal(cov), neuron or LIF(), W * W)
    found = _solve(model, cov, covariance, tol, max_iter)
    if throw and not found.converged:
        raise ConvergenceError(f"moment_fixed_point: {found.message}", found)
    return found


def _checked(W, mean, cov) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    W, mean, cov = (
        np.array(as_float(name, value), dtype=np.float64)
        for name, value in (("weights", W), ("mean", mean), ("cov", cov))
    )
    n = mean.shape[0] if mean.ndim == 1 else 0
    if n == 0:
        raise ValueError(f"`mean` must have shape (n,); got {mean.shape}")
    if W.shape != (n, n):
        raise ValueError(f"`weights` must have shape ({n}, {n}); got {W.shape}")
    if cov.shape not in ((n,), (n, n)):
        raise ValueError(f"`cov` must have shape ({n}, {n}) or ({n},); got {cov.shape}")
    for name, value in (("weights", W), ("mean", mean), ("cov", cov)):
        require(np.isfinite(value), name, "must be finite", value)
    if cov.ndim == 1:
        require(cov >= 0.0, "cov", "must have no negative variance", cov)
        cov = np.diag(cov)
    return W, mean, cov


def _solve(model: Populations, cov, kind, tol, max_iter) -> MomentFixedPoint:
    """Iterate factors by which correlations change the variances of the inputs."""
    factors, changes = [np.ones(model.n)], []
    state = model.at(model.mean, model.variance)
    last, found = 1.0, None
    for n_iter in range(1, max_iter + 1):
        factor = factors[-1]
        state, reached = model.solve(state, factor, 0.01 * tol)
        if not reached:
            why = "no fixed point of rates and variances was found: weaken the weights"
            return _failed(model, state, factor, n_iter, why)
        found = covariances(model, state, cov, kind, 1e-3 * last, found)
        if found is None:
            return _failed(model, state, factor, n_iter, "")
        change = model.factor(state, input_variances(model, found, kind)) - factor
        recurrent = model.square @ state.variance
        last = float(np.abs(change * recurrent).max() / (state.v.max() or 1.0))
        if last <= 0.1 * tol:
            return _finished(model, state, factor, found, cov, kind, tol, n_iter)
        changes = [*changes[-_DEPTH:], change]
        factors = factors[-_DEPTH - 1 :]
        factors.append(_accelerated(factors, changes))
    why = f"variances still change by {last:.1e} after max_iter={max_iter} iterations"
    return _failed(model, state, factors[-1], max_iter, why + ": raise it")


def _finished(model, state: State, factor, found, cov, kind, tol, n_iter):
    """Apply the map once more, and say what that shows."""
    mu = model.W @ state.rate + model.mean
    before = of_output(model, state, found, kind)
    again = model.W @ before @ model.W.T + cov
    again = 0.5 * (again + again.T)
    if kind == "map":
        rate, after = moment_map(mu, again, model.neuron)
    else:
        new = model.at(mu, np.maximum(np.diagonal(again), 0.0))
        rate, after = new.rate, linear_response(model, new, cov)
        assert after is not None
    residual = max(
        float(np.abs(new - old).max() / (np.abs(new).max() or 1.0))
        for new, old in ((rate, state.rate), (after, before))
    )
    radius, fastest = model.spectrum(state, factor)
    converged = residual <= tol
    stable = bool(fastest < 1.0)
    message = "converged" if converged else f"the residual stays at {residual:.1e}"
    if not stable:
        message += (
            f"; unstable: an eigenvalue of the linearized rates is {fastest:.3g} > 1"
        )
        converged = converged and kind == "map"
    return MomentFixedPoint(
        state.rate, before, state.mu, np.sqrt(state.v), converged, stable, n_iter,
        residual, radius, message,
    )  # fmt: skip


def _failed(model, state: State, factor, n_iter, why) -> MomentFixedPoint:
    """Rates with their variances, and why there is no more."""
    radius, fastest = model.spectrum(state, factor)
    if not why:
        why = (
            f"the response matrix has a spectral radius of {radius:.3g} >= 1, and "
            "covariances grow from one application of the map to the next. Weaken the "
            'weights, or take covariance="linear_response"'
        )
    mu = model.W @ state.rate + model.mean
    residual = float(np.abs(mu - state.mu).max() / (np.abs(mu).max() or 1.0))
    return MomentFixedPoint(
        state.rate, np.diag(state.variance), state.mu, np.sqrt(state.v), False,
        bool(fastest < 1.0), n_iter, max(residual, 1.0), radius, why,
    )  # fmt: skip


def _accelerated(points: list[np.ndarray], changes: list[np.ndarray]) -> np.ndarray:
    """Anderson's step, or the plain one where that would leave positive numbers."""
    plain = points[-1] + changes[-1]
    if len(points) == 1:
        return plain
    steps, bends = (
        np.diff(np.array(points), axis=0).T,
        np.diff(np.array(changes), axis=0).T,
    )
    use, *_ = np.linalg.lstsq(bends, changes[-1], rcond=None)
    found = plain - (steps + bends) @ use
    return found if (found > 0.0).all() else plain
