"""Theory as lines, simulation as points; and the differences of the two."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from .cases import Case
from .compare import Comparison
from .predict import Prediction
from .style import AXES, MU, NAMES, Picture, colours, legend, markers, new, variant
from .tables import SHOWN
from .verdict import Verdict

__all__ = ["curves", "differences"]

_FINE = 160  # points of a theory curve


def curves(
    quantity: str,
    neuron: str,
    members: list[Comparison],
    predict: Callable[[Case], Prediction],
) -> Picture:
    """Draw one quantity of one neuron against mu, a theory curve for each sigma."""
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
        clocked = c.case.scheme if c.case.scheme != "bridge" else ""
        key = (c.case.sigma, c.case.correlation, clocked and variant(c.case))
        if key not in drawn:
            drawn.add(key)
            line = [
                getattr(predict(replace(c.case, mu=float(m))), quantity) for m in fine
            ]
            style = "--" if clocked else "-"
            colour = colour_of[c.case.sigma]
            axes.plot(fine, np.array(line) * shown, style, color=colour, lw=1.4)
        axes.errorbar(
            c.case.mu,
            c.value * shown,
            c.stderr * shown,
            fmt=marker_of[variant(c.case)],
            color=colour_of[c.case.sigma],
            mec="white",
            mew=0.6,
            ms=5.5,
            capsize=2,
        )
    axes.set_xlabel(MU)
    axes.set_ylabel(AXES[quantity])
    axes.set_title(f"{NAMES[quantity]}, neuron “{neuron}”", fontsize=11)
    legend(axes, colour_of, marker_of, "sigma")
    return Picture(
        name=f"{quantity}-{neuron}",
        title=f"{NAMES[quantity]}, neuron “{neuron}”",
        description=(
            f"{NAMES[quantity]} against mean drive: theory as lines, {len(members)} "
            "simulated points with one standard error (often smaller than the point)."
        ),
        figure=figure,
    )


def differences(quantity: str, members: list[Comparison], verdict: Verdict) -> Picture:
    """Draw the relative differences of one quantity, case by case."""
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
    axes.set_title(f"{NAMES[quantity]}: differences", fontsize=11)
    legend(axes, colour_of, {None: ""}, "sigma")
    return Picture(
        name=f"difference-{quantity}",
        title=f"{NAMES[quantity]}: differences",
        description=(
            f"Relative difference of all {len(members)} cases. Bars: {critical:.2f} "
            "standard errors, what the family of tests allows. Grey: the theory-error "
            "budget."
        ),
        figure=figure,
    )
