"""Where the elements go: small at the corner of the threshold, long elsewhere."""

import math

import numpy as np

# How they were chosen: docs/theory/coloured_noise.md has the errors that they leave.
_Z_STEPS = np.array([0.2, 0.8, 2.2, 4.6, 7.0, 9.5])  # from the corner
_Z_LONGEST = 2.5
_Z_REACH = 6.0  # standard deviations of z
_Y_REACH = 5.5  # standard deviations of y
_Y_FIRST = 0.02  # of the mean free path at threshold
_Y_GROWTH = 2.5
_Y_LONGEST = 1.2  # of the length on which the density falls
_DEPTH = (
    18.0  # what reaches the threshold with a probability of exp(-18) is far from it
)
BELOW = 8.0  # of how much more below that paths are followed


def spread(k: float) -> float:
    """Return the standard deviation of y without a threshold."""
    return math.sqrt(k / (1 + k))


def lowest(y_th: float, y_reset: float, k: float) -> float:
    """Return where the density is exp(-_Y_REACH^2/2) of that at the reset or at 0."""
    low = -math.hypot(min(y_reset, 0.0), _Y_REACH * spread(k))
    return low - 0.01 * (y_th - y_reset)  # below the reset by more than rounding


def far_below(y_th: float, k: float, decay: float = _DEPTH) -> float:
    """Return from where on a path has forgotten a high threshold.

    A free path is there exp(decay) times more often, or it is 0.
    """
    return math.sqrt(max(y_th**2 - 2 * decay * spread(k) ** 2, 0.0))


def z_breaks(y_th: float, k: float) -> np.ndarray:
    """Return the ends of the elements in z; y_th is one, where v = z - y changes sign."""
    low, high = -_Z_REACH, max(_Z_REACH, y_th + _Z_REACH / math.sqrt(1 + k))
    if y_th <= low:
        return np.linspace(low, high, 7)
    up = y_th + _Z_STEPS[y_th + 1.35 * _Z_STEPS < high]
    count = math.ceil(max(y_th - low, 0.0) / _Z_LONGEST)
    steps = np.append(_Z_STEPS, _Z_STEPS[-1] + _Z_LONGEST * np.arange(1, count))
    down = y_th - steps[y_th - steps > low + 0.35 * np.minimum(steps, _Z_LONGEST)]
    return np.concatenate([[low], down[::-1], [y_th], up, [high]])


def y_breaks(y_th: float, low: float, k: float, fastest: float = 0.0) -> np.ndarray:
    """Return the ends of the elements in y, from `low` to y_th.

    Far below threshold the speed is -y, and what rotates with the angular frequency
    `fastest` is resolved, within reason.
    """
    regular = min(0.3, max(0.03, 1.5 / fastest)) if fastest else 0.3
    if y_th > -_Z_REACH:
        step = _Y_FIRST * k / max((1 + k) ** 1.5, y_th**3)
    else:
        step = min(regular, 2 * k) * abs(y_th)  # z forgets within k
    ends = [y_th]
    steep = far_below(y_th, k, _DEPTH + BELOW)
    while ends[-1] > low:
        y = ends[-1]
        if y > steep:
            longest = min(spread(k), 1.7 * spread(k) ** 2 / y)
        else:
            longest = max(spread(k), -regular * y)
        step = min(step, _Y_LONGEST * longest)
        # A short last element would leave the system nearly singular.
        ends.append(low if y - 1.3 * step < low else y - step)
        step *= _Y_GROWTH
    return np.array(ends[::-1])


def with_end(y: np.ndarray, end: float) -> tuple[np.ndarray, int]:
    """Let `end` be the end of an element: move one where they stay regular, or add it."""
    if y.size > 2:
        i = 1 + int(np.argmin(np.abs(y[1:-1] - end)))
        if abs(y[i] - end) < 0.35 * min(y[i + 1] - y[i], y[i] - y[i - 1]):
            return np.concatenate([y[:i], [end], y[i + 1 :]]), i
    i = int(np.searchsorted(y, end))
    return np.insert(y, i, end), i
