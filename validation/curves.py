"""Theory as lines, simulation as points; and the differences of the two."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .cases import Case
from .compare import Comparison
from .predict import Prediction
from .style import (
    AXES,
    MU,
    Picture,
    colours,
    legend,
    markers,
    new,
    title_of,
    variant,
)
from .tables import SHOWN
from .verdict import Pooled, Verdict

__all__ = ["curves", "differences"]

_FINE = 160  # points of a theory curve


def curves(
    pooled: Pooled,
    neuron: str,
    members: list[Comparison],
    predict: Callable[[Case], Prediction],
) -> Picture:
    """Draw one quantity of one neuron against mu, a theory curve for each sigma."""
    quantity = pooled.quantity
    figure, axes = new()
    shown = SHOWN[quantity]
    colour_of = colours([c.case.sigma for c in members])
    marker_of = markers(members)
    low = min(c.case.mu for c in members)
    high = max(c.case.mu for c in members)
    pad = 0.03 * (high - low) or 0.1
    fine = np.linspace(low - pad, high + pad, _FINE)
    drawn = set()
    for c in members:
        # Only clocked schemes are predicted one by one.
        scheme = variant(c)[:2] if pooled.group else ()
        key = (c.case.sigma, variant(c)[2], scheme)
        if key not in drawn:
            drawn.add(key)
            line = [
                getattr(predict(replace(c.case, mu=float(m))), quantity) for m in fine
            ]
            colour = colour_of[c.case.sigma]
            axes.plot(fine, np.array(line) * shown, color=colour, lw=1.4)
        axes.errorbar(
            c.case.mu,
            c.value * shown,
            c.stderr * shown,
            fmt=marker_of[variant(c)],
            color=colour_of[c.case.sigma],
            mec="white",
            mew=0.6,
            ms=5.5,
            capsize=2,
        )
    axes.set_xlabel(MU)
    axes.set_ylabel(AXES[quantity])
    title = f"{title_of(pooled)}, neuron “{neuron}”"
    axes.set_title(title, fontsize=11)
    legend(axes, colour_of, marker_of, "sigma")
    return Picture(
        name=f"{pooled.name.replace(', ', '-')}-{neuron}",
        title=title,
        description=(
            f"{title_of(pooled)} against mean drive: theory as lines, {len(members)} "
            "simulated points with one standard error (often smaller than the point)."
        ),
        figure=figure,
    )


def differences(pooled: Pooled, verdict: Verdict) -> Picture:
    """Draw the relative differences of one quantity, case by case."""
    quantity, members = pooled.quantity, pooled.members(verdict.tested)
    figure, axes = new()
    colour_of = colours([c.case.sigma for c in members])
    members = sorted(members, key=lambda c: (c.case.mu, c.case.sigma))
    critical = verdict.critical_z
    index = np.arange(len(members))
    low, high = (
        100
        * np.array([getattr(c, side) / c.scale if c.scale else 0.0 for c in members])
        for side in ("below", "above")
    )
    axes.bar(index, low + high, 1.0, -low, color="0.85")
    for i, c in zip(index, members, strict=True):
        margin = critical * c.stderr / c.scale if c.scale else 0.0
        axes.errorbar(
            i,
            100 * c.relative,
            100 * margin,
            fmt="o",
            color=colour_of[c.case.sigma],
            ms=3.5,
            lw=1,
        )
    axes.axhline(0, color="0.2", lw=0.8)
    axes.set_xlabel("cases, ordered by mu, then sigma")
    axes.set_xticks([])
    unit = "of the input correlation" if quantity == "correlation" else "of the theory"
    axes.set_ylabel(f"simulation − theory (% {unit})", fontsize=9)
    title = f"{title_of(pooled)}: differences"
    axes.set_title(title, fontsize=11)
    legend(axes, colour_of, {None: ""}, "sigma")
    return Picture(
        name=f"difference-{pooled.name.replace(', ', '-')}",
        title=title,
        description=(
            f"Relative difference of all {len(members)} cases. Bars: {critical:.2f} "
            "standard errors, what the family of tests allows. Grey: the theory-error "
            "budget."
        ),
        figure=figure,
    )
