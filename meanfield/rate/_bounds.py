"""A priori bounds of the rates of fixed points."""

import numpy as np

from ._model import RateModel
from ._transfer import PowerLaw, ThresholdLinear

_LARGE = 1e6  # times the scale of the input: searched where there is no bound


def rate_bounds(model: RateModel) -> tuple[np.ndarray, np.ndarray, bool]:
    """Least and largest rates that a fixed point can have, and whether this is proved.

    Saturating functions bound themselves. Elsewhere a fixed point of large rates r needs
    inputs W r + X of order f^-1(r). Exponents below 1 make their own rates small against
    the largest; for the others that input is small against r, so that r/max(r) is close to
    a solution of the homogeneous complementarity problem of W. If that has none but 0,
    rates are bounded.
    """
    f = model.transfers
    low = np.array([np.asarray(part.bounds[0], float) for part in f])
    high = np.array([np.asarray(part.bounds[1], float) for part in f])
    large = _LARGE * (1.0 + np.abs(model.X).max())
    low_known = np.isfinite(low)
    low[~low_known] = -large
    free = np.flatnonzero(~np.isfinite(high))
    if not free.size:
        return low, high, bool(low_known.all())
    bound = _bound(model, free, low, high) if low_known.all() else None
    high[free] = large if bound is None else bound
    return low, high, bound is not None


def _bound(model: RateModel, free, low, high) -> float | None:
    parts = [model.transfers[k] for k in free]
    if not all(isinstance(part, (PowerLaw, ThresholdLinear)) for part in parts):
        return None
    bounded = np.isfinite(high)
    reach = np.maximum(np.abs(low), np.abs(high))[bounded]
    rest = np.abs(model.X) + np.abs(model.W[:, bounded]) @ reach
    constant = rest[free] + [abs(float(part.silent_below)) for part in parts]
    W = model.W[np.ix_(free, free)].copy()
    powers = np.array([getattr(part, "exponent", 1.0) for part in parts], float)
    gains = np.array([part.gain for part in parts], float)  # type: ignore[attr-defined]
    W[powers == 1, powers == 1] -= 1.0 / gains[powers == 1]
    slow = powers < 1  # their rates are small against large inputs
    rates = 2.0 ** np.arange(-40, 200)[:, None]
    with np.errstate(over="ignore"):
        inputs = np.abs(W[slow]).sum(axis=1) * rates + constant[slow]
        small = gains[slow] * inputs ** powers[slow]
        needed = np.where(powers > 1, (rates / gains) ** (1.0 / powers), 0.0)[:, ~slow]
        needed += constant[~slow] + small @ np.abs(W[np.ix_(~slow, slow)]).T
        gap = _gap(W[np.ix_(~slow, ~slow)])
        enough = (small < rates).all(axis=1) & (needed < gap * rates).all(axis=1)
    holds = np.logical_and.accumulate(enough[::-1])[::-1]
    return float(rates[np.argmax(holds), 0]) if holds.any() else None


def _gap(W: np.ndarray) -> float:
    """How far any s >= 0 of maximum 1 is from solving s >= 0, W s <= 0, s W s = 0."""
    if not len(W):
        return 1.0
    if len(W) == 1:
        return abs(float(W[0, 0]))
    if len(W) > 2:
        return 0.0
    gaps = [max(abs(W[k, k]), W[1 - k, k], 0.0) for k in (0, 1)]
    for k in (0, 1):  # s_k = 1, the other 0 < t <= 1
        a, b = W[:, k], W[:, 1 - k]
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.array([
                0.0, 1.0, *(-a / b), (a[1] - a[0]) / (b[0] - b[1]),
                -(a[0] + a[1]) / (b[0] + b[1]),
            ])  # fmt: skip
        t = t[(t >= 0) & (t <= 1)]
        gaps.append(float(np.abs(a[:, None] + b[:, None] * t).max(axis=0).min()))
    return float(min(gaps))
