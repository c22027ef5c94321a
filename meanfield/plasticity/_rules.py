"""The plastic entries of a matrix of connection strengths, as arrays."""

import warnings
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import ValidityWarning, as_float, require
from ..neurons import InhibitoryPlasticity

Rules = Mapping[tuple[int, int], InhibitoryPlasticity]


class Plastic(NamedTuple):
    """One element for each plastic entry of W; populations by their number."""

    to: np.ndarray
    source: np.ndarray
    eta: np.ndarray
    target: np.ndarray
    tau: np.ndarray
    multiplicative: np.ndarray
    unit: np.ndarray  # of the additive rule: W of a weight of one

    @property
    def entries(self) -> tuple[np.ndarray, np.ndarray]:
        """Index of the entries in W."""
        return self.to, self.source

    def size_rate(self, W: np.ndarray) -> np.ndarray:
        """Growth of abs(W) per unit of the product of rates."""
        return self.eta * np.where(self.multiplicative, -W[self.entries], self.unit)

    def product(self, rate: np.ndarray, post: np.ndarray, pre: np.ndarray):
        """Mean of r_pre (x_post - 2 r0) + r_post x_pre, over stimuli if there are any."""
        r_post, r_pre = rate[..., self.to], rate[..., self.source]
        value = r_pre * (post - 2.0 * self.target) + r_post * pre
        return value.mean(axis=0) if value.ndim > 1 else value

    def check_step(self, rate: np.ndarray) -> None:
        """Warn where a single spike changes a weight by as much as itself."""
        step = self.eta * (rate[..., self.to] + 1.0 / self.tau)
        largest = np.where(self.multiplicative, step, 0.0).max()
        if largest > 1.0:
            warnings.warn(
                f"eta (1/tau + rate) = {largest:.3g} exceeds 1: a single spike changes a "
                "weight by more than itself, which a mean over spikes does not describe; "
                "use a smaller `eta`",
                ValidityWarning,
                stacklevel=3,
            )


def network(
    W: npt.ArrayLike,
    X: npt.ArrayLike,
    gain: npt.ArrayLike,
    size: float,
    threshold: npt.ArrayLike,
    *,
    stimuli: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return W, X above threshold and the leak 1/(gain sqrt(size)) as float64 arrays."""
    W, X, gain, threshold, size_ = (
        np.array(as_float(name, value), dtype=np.float64)
        for name, value in (("W", W), ("X", X), ("gain", gain), ("threshold", threshold),
                            ("size", size))
    )  # fmt: skip
    n = W.shape[0] if W.ndim else 0
    if W.ndim != 2 or W.shape != (n, n) or n == 0:
        raise ValueError(f"`W` must have shape (n, n); got {W.shape}")
    if X.shape[-1:] != (n,) or X.ndim > 1 + stimuli or X.size == 0:
        wanted = f"({n},) or (stimuli, {n})" if stimuli else f"({n},)"
        raise ValueError(f"`X` must have shape {wanted}; got {X.shape}")
    for name, value in (("gain", gain), ("threshold", threshold)):
        if value.shape not in ((), (n,)):
            raise ValueError(
                f"`{name}` must be a number or have shape ({n},); got {value.shape}"
            )
    for name, value in (("W", W), ("X", X), ("gain", gain), ("threshold", threshold)):
        require(np.isfinite(value), name, "must be finite", value)
    require(gain > 0.0, "gain", "must be positive", gain)
    require(size_ > 0.0, "size", "must be positive (math.inf for the limit)", size_)
    small = 1.0 / np.sqrt(size_)
    return W, X - small * threshold, np.broadcast_to(small / gain, (n,))


def plastic(rules: Rules, W: np.ndarray, unit: npt.ArrayLike | None) -> Plastic:
    """Return the plastic entries of W, checked."""
    if not isinstance(rules, Mapping) or not rules:
        raise TypeError(
            "`rules` must map entries (row, column) of W to InhibitoryPlasticity; got "
            f"{rules!r:.60}"
        )
    n = W.shape[0]
    for key, rule in rules.items():
        if not isinstance(rule, InhibitoryPlasticity):
            raise TypeError(
                f"`rules` must hold InhibitoryPlasticity; got {type(rule).__name__} for "
                f"{key!r}"
            )
        if np.shape(key) != (2,) or not all(i in range(n) for i in key):
            raise ValueError(
                f"`rules` must have entries (row, column) of W as keys, from 0 to {n - 1}; "
                f"got {key!r}"
            )
        w = W[key]
        require(w < 0.0 or (w == 0.0 and not rule.multiplicative), f"W[{key}]",
                "must be negative, as the weight of a plastic inhibition", w)  # fmt: skip
        require(rule.target > 0.0, f"target of {key}", "must be positive (kHz)",
                rule.target, "a silent population learns nothing")  # fmt: skip
    to, source = np.array(list(rules)).T
    multiplicative = np.array([r.multiplicative for r in rules.values()])
    columns = (
        [getattr(r, name) for r in rules.values()] for name in ("eta", "target", "tau")
    )
    eta, target, tau = (np.array(column, dtype=np.float64) for column in columns)
    found = Plastic(to, source, eta, target, tau, multiplicative,
                    _units(unit, W, (to, source), multiplicative))  # fmt: skip
    for row in np.unique(to):
        wanted = np.unique(target[to == row])
        require(wanted.size == 1, "rules", f"must have one target for population {row}",
                str(wanted))  # fmt: skip
    return found


def _units(unit, W, entries, multiplicative) -> np.ndarray:
    if unit is None:
        if not multiplicative.all():
            raise ValueError(
                "`unit` must be given for additive rules: the strength W of connections "
                "that have a weight of one, such as the mean number of sources"
            )
        return np.ones(multiplicative.shape)
    unit = as_float("unit", unit)
    if unit.shape not in ((), W.shape):
        raise ValueError(
            f"`unit` must be a number or have shape {W.shape}; got {unit.shape}"
        )
    require((unit > 0.0) & np.isfinite(unit), "unit", "must be positive", unit)
    return np.broadcast_to(unit, W.shape)[entries].astype(np.float64)
