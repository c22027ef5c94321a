"""Self-consistent rates: one, or all of them."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import qmc

from ..errors import ConvergenceError, as_float, require
from ..network import MeanField, mean_field
from ..neurons import LIF, ConductanceLIF, Network
from . import _newton, _scan

__all__ = ["WorkingPoint", "WorkingPoints", "working_point", "working_points"]

_TOLERANCE = 1e-10
_ACCEPTED = 1e-6  # where the rates of a neuron are computed no better
_KNEE = 1e-6  # kHz: the scan is linear below, logarithmic above
_SAME = 1e-6  # relative difference of rates that are one solution
_STARTS, _MORE = 32, 4
_SEARCHED = 2000  # cells of the plane, where a solution is missing
_PUSHES = (3.0, 1.0, 0.3, 0.1)  # of the mean input, over that to threshold


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkingPoint:
    """A self-consistent state of a network.

    Attributes
    ----------
    rate : numpy.ndarray
        (n,) [kHz].
    mu, sigma : numpy.ndarray
        Input (n,) [mV/ms, mV/sqrt(ms)].
    cv : numpy.ndarray
        CV of the intervals (n,); NaN where `MeanField.cv` has none.
    residual : float
        Largest relative difference between the rates and those they produce.
    jacobian : numpy.ndarray
        (n, n), of `MeanField.firing_rates`, row the population that responds.
    eigenvalues : numpy.ndarray
        Of `jacobian`, by falling real part.
    index : int
        Sign of det(1 - jacobian).
    stability : {"stable", "unstable", "boundary"}
        Of dr/dt = -r + F(r), by the eigenvalue of largest real part: below, above, at 1.
        With delays and the neurons' dynamics see `stability`.
    """

    rate: np.ndarray
    mu: np.ndarray
    sigma: np.ndarray
    cv: np.ndarray
    residual: float
    jacobian: np.ndarray
    eigenvalues: np.ndarray
    index: int
    stability: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingPoints:
    """Self-consistent states of a network, iterable; see `working_points`.

    Attributes
    ----------
    points : tuple of WorkingPoint
        By rising sum of the rates.
    exhaustive : bool
        Whether there are no others.
    message : str
        What was done, and what is known.
    """

    points: tuple[WorkingPoint, ...]
    exhaustive: bool
    message: str

    def __len__(self) -> int:
        return len(self.points)

    def __iter__(self) -> Iterator[WorkingPoint]:
        return iter(self.points)

    def __getitem__(self, k: int) -> WorkingPoint:
        return self.points[k]

    @property
    def stable(self) -> tuple[WorkingPoint, ...]:
        """Those that `WorkingPoint.stability` calls stable."""
        return tuple(point for point in self.points if point.stability == "stable")


def working_point(
    net: MeanField | Network, *, start: npt.ArrayLike | None = None
) -> WorkingPoint:
    """Find one self-consistent state.

    Parameters
    ----------
    net : MeanField or Network
        A network, taken with ``mean_field(net)``.
    start : array_like, shape (n,), optional
        Rates to start from [kHz]; by default those of neurons without recurrent input,
        moved some way towards those they produce.

    Returns
    -------
    WorkingPoint

    Raises
    ------
    ConvergenceError
        If none is found; its ``result`` is the best point.
    ValueError, TypeError
        If `start` does not fit the network.

    Notes
    -----
    r = F(r), F `MeanField.firing_rates`, by Newton's method in ln r with line search, and
    relaxation where it stalls, to a relative residual of 1e-10 (1e-6 at worst for neurons
    whose rate is not known in closed form). Where there are several solutions, it
    returns one of them: see `working_points`.

    Examples
    --------
    >>> from meanfield.equilibrium import working_point
    >>> from meanfield.network import brunel
    >>> (1e3 * working_point(brunel(g=5.0, eta=2.0)).rate).round(4)  # Hz
    array([37.9497, 37.9497])
    """
    net = as_mean_field(net)
    if start is None:
        first = net.firing_rates(np.zeros(net.n))
        if not _slow(net):
            first = _newton.relaxed(net, first)
    else:
        first = as_float("start", start).astype(np.float64)
        if first.shape != (net.n,):
            raise ValueError(f"`start` must have shape ({net.n},); got {first.shape}")
        require(
            (first >= 0) & np.isfinite(first), "start", "must be rates (kHz)", first
        )
    root = _newton.solve(net, first, _TOLERANCE)
    if not _is_solution(root, net) and not _slow(net):
        root = _searched(net, root)
    if not _is_solution(root, net):
        raise ConvergenceError(_failure(net, root), root)
    return _described(net, root)


def working_points(net: MeanField | Network) -> WorkingPoints:
    """Find all self-consistent states.

    Parameters
    ----------
    net : MeanField or Network
        A network, taken with ``mean_field(net)``.

    Returns
    -------
    WorkingPoints
        Without points if there is none: no error.

    Raises
    ------
    ValueError, TypeError
        As `mean_field`.

    Notes
    -----
    One or two populations: the plane of rates, linear up to 1e-3 Hz and logarithmic from
    there to 1/t_ref (10 kHz without dead time), is divided into cells, those in which both
    r_a - F_a(r) may vanish into smaller ones, five times over, and Newton's method starts
    from each that is left. A solution is missed only where r - F(r) turns back within a
    cell of the first grid (15 % of a rate) by more than half its change over the cell.
    More populations: Newton's method from many places, and from the states that the
    network is led to by falling and by rising input; `exhaustive` is False. With
    ``synapses="exact"``, and conductances onto `AdEx` and `EIF`, whose rates take long:
    from two places.

    With dead times everywhere the indices of all solutions add up to 1 (degree of
    r - F(r)); a list that does not do so lacks one, and the message says so.

    Examples
    --------
    >>> from meanfield.equilibrium import working_points
    >>> from meanfield.network import brunel
    >>> found = working_points(brunel(g=4.5, eta=0.9))
    >>> found.message
    '1 self-consistent state: scan of all rates up to 500 Hz, 500 Hz'
    >>> (1e3 * found.points[0].rate).round(4)
    array([6.5167, 6.5167])
    """
    net = as_mean_field(net)
    if _slow(net):
        starts = [net.firing_rates(np.zeros(net.n)), 0.1 * _newton.highest(net)]
        roots = _roots(net, np.array(starts))
        how = "Newton's method from low and from high rates"
        return _result(net, _described_all(net, roots), False, how)
    if net.n > 2:
        return _sampled(net)
    top = _coordinate(_newton.highest(net))

    def mismatch(u: np.ndarray) -> np.ndarray:
        return u - _coordinate(net.firing_rates(_KNEE * np.sinh(u)))

    near, first, complete = _scan.candidates(mismatch, top)
    starts = np.minimum(_KNEE * np.sinh(near), _newton.highest(net))
    points = _described_all(net, _roots(net, starts[:first]))
    if _bounded(net) and _degree(points) != 1:
        points = _described_all(net, _roots(net, starts[:_SEARCHED]))
    how = f"scan of all rates up to {_range(net)}"
    if not complete:
        how += "; the rates are nearly self-consistent along a curve"
    return _result(net, points, complete, how)


def as_mean_field(net: Any) -> MeanField:
    """Return the mean field of a network, or the given one."""
    if isinstance(net, MeanField):
        return net
    if isinstance(net, Network):
        return mean_field(net)
    raise TypeError(f"`net` must be a MeanField or a Network; got {type(net).__name__}")


def with_currents(net: Any) -> MeanField:
    """Return the mean field of a network that has no conductances."""
    net = as_mean_field(net)
    if net.conductances:
        raise ValueError(
            "`net` must have current synapses; populations "
            f"{[net.names[a] for a in net.conductances]} have conductances"
        )
    return net


def _sampled(net: MeanField) -> WorkingPoints:
    """Search more than two populations from many places."""
    top = _coordinate(_newton.highest(net))
    draws = qmc.Sobol(net.n, seed=0)
    found = _roots(net, np.array([*_led(net), _newton.highest(net)]))
    tried, points = 0, ()
    for _ in range(_MORE):
        tried += _STARTS
        starts = _KNEE * np.sinh(top * draws.random(_STARTS))
        found = _merged(found, _roots(net, starts))
        points = _described_all(net, found)
        if _degree(points) == 1 or not _bounded(net):
            break
    how = f"Newton's method from {tried} random and other places"
    return _result(net, points, False, how)


def _led(net: MeanField) -> list[np.ndarray]:
    """Return states at the end of input that falls, and that rises, to its value."""
    found = []
    span = rest_to_threshold(net)
    for sign in (-1.0, 1.0):
        rate = np.zeros(net.n) if sign < 0 else 0.5 * _newton.highest(net)
        for push in (*_PUSHES, 0.0):
            pushed = dataclasses.replace(net, mu_ext=net.mu_ext + sign * push * span)
            rate = _newton.relaxed(pushed, rate, 40)
        found.append(rate)
    return found


def rest_to_threshold(net: MeanField) -> np.ndarray:
    """Return the mean input that takes neurons to threshold [mV/ms]; 1 if unknown."""
    found = np.ones(net.n)
    for group in net.groups:
        cell = group.neuron
        if all(hasattr(cell, name) for name in ("V_th", "E_L", "tau_m")):
            found[group.index] = np.mean((cell.V_th - cell.E_L) / cell.tau_m)
    return found


def _roots(net: MeanField, starts: np.ndarray) -> list[_newton.Root]:
    found: list[_newton.Root] = []
    for start in starts:
        root = _newton.solve(net, start, _TOLERANCE)
        if _is_solution(root, net):
            found = _merged(found, [root])
    return found


def _merged(known: list, more: list) -> list:
    """Return the different ones."""
    found = list(known)
    for root in more:
        u = _newton.log(root.rate)
        if all(np.abs(u - _newton.log(k.rate)).max() > _SAME for k in found):
            found.append(root)
    return sorted(found, key=lambda root: float(root.rate.sum()))


def _searched(net: MeanField, best: _newton.Root) -> _newton.Root:
    """Try other starts, the better one first."""
    for start in (*_led(net), _newton.highest(net) * 1e-3, best.rate):
        root = _newton.solve(net, start, _TOLERANCE)
        if _is_solution(root, net):
            return root
        best = min(best, root, key=lambda r: r.residual)
    return best


def _slow(net: MeanField) -> bool:
    return net.synapses == "exact" or _has_no_cv(net)


def _has_no_cv(net: MeanField) -> bool:
    """Whether there are conductances onto neurons without a closed form."""
    return any(not isinstance(c[0], ConductanceLIF) for c in net.conductances.values())


def _is_solution(root: _newton.Root, net: MeanField) -> bool:
    exact = all(isinstance(g.neuron, LIF) for g in net.groups) and not _slow(net)
    return root.residual <= (_TOLERANCE if exact else _ACCEPTED) and bool(
        np.all(root.rate <= 1.001 * _newton.highest(net))
    )


def _described_all(net: MeanField, roots: list) -> tuple[WorkingPoint, ...]:
    return tuple(_described(net, root) for root in roots)


def _described(net: MeanField, root: _newton.Root) -> WorkingPoint:
    drive = net.drive(root.rate)
    jacobian = net.jacobian(root.rate)
    eigenvalues = np.linalg.eigvals(jacobian)
    eigenvalues = eigenvalues[np.argsort(-eigenvalues.real)]
    leading = eigenvalues[0].real - 1.0
    edge = abs(leading) < 1e-8
    sign = np.linalg.slogdet(np.eye(net.n) - jacobian)[0]
    kind = "boundary" if edge else "unstable" if leading > 0 else "stable"
    cv = np.full(net.n, np.nan) if _has_no_cv(net) else net.cv(root.rate)
    return WorkingPoint(
        rate=root.rate, mu=drive.mu, sigma=drive.sigma, cv=cv, residual=root.residual,
        jacobian=jacobian, eigenvalues=eigenvalues, index=int(sign), stability=kind,
    )  # fmt: skip


def _result(net: MeanField, points: tuple, complete: bool, how: str) -> WorkingPoints:
    message = (
        f"{len(points) or 'no'} self-consistent state{'s' * (len(points) != 1)}: {how}"
    )
    degree = _degree(points)
    if _bounded(net) and degree != 1:
        complete = False
        message += f"; their indices add up to {degree}, not 1: at least one is missing"
    elif not points:
        message += "; activity grows beyond"
    return WorkingPoints(points=points, exhaustive=complete, message=message)


def _degree(points: tuple) -> int:
    return sum(point.index for point in points)


def _bounded(net: MeanField) -> bool:
    return bool(np.all(_newton.dead_times(net) > 0))


def _range(net: MeanField) -> str:
    return ", ".join(f"{1e3 * r:.4g} Hz" for r in _newton.highest(net))


def _coordinate(rate: np.ndarray) -> np.ndarray:
    return np.arcsinh(rate / _KNEE)


def _failure(net: MeanField, root: _newton.Root) -> str:
    rates = dict(zip(net.names, (1e3 * root.rate).round(3).tolist(), strict=True))
    return (
        f"no self-consistent rates were found; the best have a relative residual of "
        f"{root.residual:.1e} at {rates} Hz. Without dead time, excitation that outgrows "
        "inhibition has none: set t_ref, or make inhibition stronger; else pass `start`"
    )
