"""The phase plane of two populations: nullclines within limits."""

import numpy as np
import numpy.typing as npt

from ..errors import as_float, require
from ._fixed_points import fixed_points, require_one
from ._model import RateModel
from ._scalar import Nullcline

_PASSES = 12  # of halving what is longer than a step
_COUNT = 400  # of steps across the plane


def nullclines(
    model: RateModel, limits: npt.ArrayLike | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Where the rate of either of two populations does not change.

    Parameters
    ----------
    model : RateModel
        Two populations with constant input.
    limits : array_like, (2, 2), optional
        Least and largest rate of each population; by default those of `plane_limits`.

    Returns
    -------
    tuple of two numpy.ndarray, (points, 2)
        Rates along the nullcline of each population, with NaN between pieces. They may end
        one point beyond the limits.

    Raises
    ------
    ValueError
        If `model` does not have two populations, or the limits do not ascend.

    Notes
    -----
    The nullcline of population a is parametrized by its input u, r_a = f_a(u) and
    r_b = (u - X_a - W_aa r_a)/W_ab, and sampled until neighbours are within 1/400 of the
    plane. Without a weight from b it consists of straight lines.

    Examples
    --------
    >>> from meanfield.rate import RateModel, Sigmoid, nullclines
    >>> model = RateModel(W=[[12.0, -4.0], [13.0, -2.0]], X=[-5.0, -9.0], f=Sigmoid())
    >>> first, second = nullclines(model)
    >>> first = first[np.isfinite(first).all(axis=1)]
    >>> bool(abs(model.flow(first)[:, 0]).max() < 1e-14)
    True
    """
    require_two(model)
    box = plane_limits(model) if limits is None else _checked(limits)
    return _nullcline(model, 0, box), _nullcline(model, 1, box)


def plane_limits(model: RateModel) -> np.ndarray:
    """Least and largest rates, (2, 2), of a plane that shows all fixed points."""
    require_two(model)
    found = fixed_points(model)
    rates = np.array([point.rate for point in found] or [[0.0, 0.0]])
    box = np.empty((2, 2))
    for k, part in enumerate(model.transfers):
        least, most = (float(end) for end in part.bounds)
        low, high = min(0.0, rates[:, k].min()), max(0.0, rates[:, k].max())
        if np.isfinite(most) and high > 0.4 * most:
            high = most
        if np.isfinite(least) and low < 0.4 * least:
            low = least
        room = 0.3 if high != most else 0.05
        high += room * (high - low) or 1.0
        box[k] = low - 0.02 * (high - low), high
    return box


def require_two(model: RateModel) -> None:
    """Raise unless `model` is two populations with constant input."""
    require_one(model)
    require(model.n == 2, "model", "must have two populations for a plane", model.n)


def _checked(limits: npt.ArrayLike) -> np.ndarray:
    box = as_float("limits", limits).astype(float)
    shape = "must be ((low, high), (low, high))"
    require(box.shape == (2, 2), "limits", shape, str(box.shape))
    require(np.isfinite(box), "limits", "must be finite", box)
    require(box[:, 0] < box[:, 1], "limits", "must ascend", box[:, 1])
    return box


def _nullcline(model: RateModel, a: int, box: np.ndarray) -> np.ndarray:
    b = 1 - a
    W, X, f = model.W, model.X, model.transfers
    if W[a, b] == 0.0:
        alone = RateModel(W=W[a : a + 1, a : a + 1], X=X[a], f=f[a])
        lines = []
        for point in fixed_points(alone):
            line = np.full((_COUNT + 2, 2), np.nan)
            line[:-1, a] = point.rate[0]
            line[:-1, b] = np.linspace(box[b, 0], box[b, 1], _COUNT + 1)
            lines.append(line)
        return np.concatenate(lines)[:-1] if lines else np.empty((0, 2))
    line = Nullcline(f[a], X[a], W[a, a], f[b], W[a, b], W[b, a], W[b, b], X[b])
    reach = np.sort([W[a, b] * box[b], W[a, a] * box[a]], axis=1).sum(axis=0) + X[a]
    u = np.linspace(reach[0], reach[1], _COUNT + 1)
    for _ in range(_PASSES):
        points = np.stack(line.rates(u), axis=-1)
        size = np.abs(np.diff(points, axis=0)) / np.ptp(box[[a, b]], axis=1)
        seen = _inside(points, box[[a, b]])
        long = (size.max(axis=1) > 1.0 / _COUNT) & (seen[1:] | seen[:-1])
        if not long.any():
            break
        u = np.sort(np.concatenate([u, 0.5 * (u[:-1] + u[1:])[long]]))
    points = np.stack(line.rates(u), axis=-1)
    seen = _inside(points, box[[a, b]])
    shown = seen | np.append(seen[1:], False) | np.append(False, seen[:-1])
    points[~shown] = np.nan
    points = points[shown | np.append(False, shown[:-1])]  # one NaN after each piece
    points = points if a == 0 else points[:, ::-1]
    return points[:-1] if points.size and np.isnan(points[-1, 0]) else points


def _inside(points: np.ndarray, box: np.ndarray) -> np.ndarray:
    return np.all((points >= box[:, 0]) & (points <= box[:, 1]), axis=1)
