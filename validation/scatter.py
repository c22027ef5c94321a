"""Layers: predicted against measured, and the regime in which they agree."""

import numpy as np
from matplotlib.colors import LogNorm

from .chain import regime
from .compare import Comparison
from .networks import LayeredCase
from .style import AXES, MARKERS, NAMES, Picture, new
from .tables import SHOWN

__all__ = ["regimes", "scatter"]

_WHITE = 1e-3
_JUMP = "jump size/(V_th − V_reset)"


def _jump(comparison: Comparison) -> float:
    """Size of the jumps; that of white noise is `_WHITE`, for logarithmic scales."""
    assert isinstance(comparison.case, LayeredCase)
    return max(regime(comparison.case)[comparison.layer - 1].jump, _WHITE)


def scatter(quantity: str, group: str, members: list[Comparison]) -> Picture:
    """Draw measured against predicted values of all units, with the line of identity."""
    figure, axes = new()
    shown = SHOWN[quantity]
    title = f"{NAMES[quantity]}, {group}"
    units = [c for c in members if not c.whole]
    x, y, error = (
        shown * np.array([getattr(c, name) for c in units])
        for name in ("theory", "value", "stderr")
    )
    jumps = np.array([_jump(c) for c in units])
    axes.errorbar(x, y, error, fmt="none", ecolor="0.75", elinewidth=0.7, zorder=1)
    norm = LogNorm(min(jumps.min(), 0.01), max(jumps.max(), 0.1))
    points = axes.scatter(x, y, c=jumps, s=11, cmap="viridis", norm=norm, zorder=2)
    low, high = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
    if low > 0 and high > 20 * low:
        axes.set_xscale("log")
        axes.set_yscale("log")
    axes.plot([low, high], [low, high], color="0.2", lw=0.9, zorder=3)
    axes.set_xlabel(f"predicted {AXES[quantity]}")
    axes.set_ylabel(f"measured {AXES[quantity]}")
    axes.set_title(title, fontsize=11)
    figure.colorbar(points, ax=axes, label=_JUMP)
    kind = "pairs" if quantity == "covariance" else "units"
    return Picture(
        name=f"scatter-{quantity}-{group.replace(' ', '-')}",
        title=f"{title}: predicted and measured",
        description=(
            f"{title}: each of {len(units)} {kind} of all networks, measured "
            "against predicted, with one standard error; the line is identity, the "
            "colour the size of the jumps."
        ),
        figure=figure,
    )


def regimes(quantity: str, comparisons: list[Comparison]) -> Picture:
    """Draw relative differences of the means over layers against the size of jumps."""
    figure, axes = new()
    groups = sorted({c.group for c in comparisons})
    for marker, group in zip(MARKERS, groups, strict=False):
        mine = [c for c in comparisons if c.group == group]
        axes.errorbar(
            [_jump(c) for c in mine],
            [100 * c.relative for c in mine],
            [100 * c.stderr / c.scale for c in mine],
            fmt=marker,
            ms=5,
            mec="white",
            mew=0.5,
            capsize=2,
            elinewidth=0.9,
            label=group,
        )
    axes.axhline(0, color="0.2", lw=0.9)
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=10)
    axes.set_xlabel(f"{_JUMP} (white noise: {_WHITE:g})")
    axes.set_ylabel("simulation − theory (% of theory)")
    axes.set_title(f"{NAMES[quantity]}: where the theory holds", fontsize=11)
    axes.legend(fontsize=8.5, frameon=False)
    return Picture(
        name=f"regimes-{quantity}",
        title=f"{NAMES[quantity]}: where the theory holds",
        description=(
            "Relative difference of the mean over each layer, with one standard error, "
            f"against the size of the jumps; {len(comparisons)} layers. Linear within "
            "10 %, logarithmic beyond."
        ),
        figure=figure,
    )
