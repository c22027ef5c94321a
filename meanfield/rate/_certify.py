"""A proof that a list of fixed points is complete: boxes of rates, by interval Newton."""

import numpy as np

from ._model import RateModel
from ._multistart import collect, index_sum, newton, saturating

_EPS = 4.0 * np.finfo(float).eps
_ACCURACY = 1e-12  # relative, of transfer functions
_CHUNK = 4096
_MOST_BOXES = 200_000
_MOST_POPULATIONS = 16
_ROUNDING = 1e-9  # of a root: boxes that end so close to it are its own
_SMALL = 1e-9  # of the whole box: a root of higher order


def can_certify(model: RateModel) -> bool:
    """Whether slopes have bounds, and populations are few enough to try."""
    one = np.ones(1)
    return model.n <= _MOST_POPULATIONS and all(
        np.isfinite(part.slope_bounds(-one, one)[1]).all() for part in model.transfers
    )


def certify(
    model: RateModel, low: np.ndarray, high: np.ndarray, found: list[np.ndarray]
) -> tuple[list[np.ndarray], bool]:
    """Return the states, found before or here, and whether surely there are no others.

    A box is narrowed by r = f(W r + X) with f monotone, and by Krawczyk's operator; it is
    done with when it is empty, or has room for one root and holds one.
    """
    known = newton(model, np.array(found).reshape(-1, model.n), keep=True)
    extra: list[np.ndarray] = []
    stack, total = [(low[None].astype(float), high[None].astype(float))], 0
    proved = True
    while stack and proved:
        a, b = stack.pop()
        if len(a) > _CHUNK:
            stack += [(a[_CHUNK:], b[_CHUNK:]), (a[:_CHUNK], b[:_CHUNK])]
            continue
        total += len(a)
        a, b = _narrowed(model, a, b)
        a, b, centre, single, inside, weight = _krawczyk(model, a, b)
        held = single & _holds(a, b, known)
        new = inside & ~held
        extra += list(centre[new])
        rest = ~(held | new)
        a, b, weight = a[rest], b[rest], weight[rest]
        small = (b - a <= _SMALL * (high - low)).all(axis=1)
        proved = total <= _MOST_BOXES and not small.any()
        if len(a):
            stack.append(_halved(a, b, weight))
    more = newton(model, np.array(extra).reshape(-1, model.n), keep=True)
    states, _ = collect(model, np.concatenate([known, more]))
    if saturating(model).all():  # Brouwer's degree, a check on all that is above
        proved &= index_sum(model, states) == 1
    return list(states), proved


def _inputs(model: RateModel, a: np.ndarray, b: np.ndarray):
    """Bounds of W r + X over boxes."""
    up, down = np.maximum(model.W, 0.0).T, np.minimum(model.W, 0.0).T
    least, most = a @ up + b @ down + model.X, b @ up + a @ down + model.X
    off = _EPS * (
        np.abs(model.X) + np.maximum(np.abs(a), np.abs(b)) @ np.abs(model.W).T
    )
    return least - off, most + off


def _narrowed(model: RateModel, a: np.ndarray, b: np.ndarray):
    for _ in range(3):
        least, most = _inputs(model, a, b)
        for k, part in enumerate(model.transfers):
            f = part._value(least[:, k]), part._value(most[:, k])
            a[:, k] = np.maximum(a[:, k], f[0] - _ACCURACY * np.abs(f[0]))
            b[:, k] = np.minimum(b[:, k], f[1] + _ACCURACY * np.abs(f[1]))
        some = (a <= b).all(axis=1)
        a, b = a[some], b[some]
    return a, b


def _krawczyk(model: RateModel, a: np.ndarray, b: np.ndarray):
    """Boxes cut with K = m - Y F(m) + (1 - Y J)(box - m), and what K tells of roots."""
    least, most = _inputs(model, a, b)
    middle, half = 0.5 * (a + b), 0.5 * (b - a)
    total = middle @ model.W.T + model.X
    slope, spread, f = np.empty_like(a), np.empty_like(a), np.empty_like(a)
    for k, part in enumerate(model.transfers):
        s = part.slope_bounds(least[:, k], most[:, k])
        slope[:, k], spread[:, k] = 0.5 * (s[0] + s[1]), 0.5 * (s[1] - s[0])
        f[:, k] = part._value(total[:, k])
    matrix = np.eye(model.n) - slope[..., None] * model.W
    try:
        inverse = np.linalg.inv(matrix)
    except np.linalg.LinAlgError:
        inverse = np.linalg.pinv(matrix)
    centre = middle + np.einsum("bij,bj->bi", inverse, f - middle)
    error = np.abs(np.eye(model.n) - inverse @ matrix)  # of the inverse itself
    wide = np.abs(inverse) @ (spread[..., None] * np.abs(model.W)) + error
    reach = np.einsum("bij,bj->bi", wide, half)
    size = _ACCURACY * np.abs(f) + 8 * _EPS * np.abs(middle)
    noise = np.einsum("bij,bj->bi", np.abs(inverse), size)
    low, high = centre - reach - noise, centre + reach + noise
    inside = ((low > a) & (high < b)).all(axis=1)
    single = wide.sum(axis=2).max(axis=1) < 1.0
    weight = (spread[..., None] * np.abs(model.W)).sum(axis=1) * half
    a, b = np.maximum(a, low), np.minimum(b, high)
    some = (a <= b).all(axis=1)
    parts = (a, b, centre, single, inside, weight)
    return tuple(part[some] for part in parts)


def _holds(a: np.ndarray, b: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Whether a known root lies in each box, up to rounding."""
    held = np.zeros(len(a), bool)
    for root in known:
        off = _ROUNDING * np.abs(root).max()
        held |= ((a - off <= root) & (root <= b + off)).all(axis=1)
    return held


def _halved(a: np.ndarray, b: np.ndarray, weight: np.ndarray):
    """Cut each box where it contributes most to the spread of the Jacobian."""
    rows, k = np.arange(len(a)), np.argmax(weight, axis=1)
    flat = weight[rows, k] == 0.0
    k[flat] = np.argmax((b - a)[flat], axis=1)
    middle = 0.5 * (a[rows, k] + b[rows, k])
    lower, upper = b.copy(), a.copy()
    lower[rows, k], upper[rows, k] = middle, middle
    return np.concatenate([a, upper]), np.concatenate([lower, b])
