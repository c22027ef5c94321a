"""What the figures of a report have in common: size, colours, markers, legend."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, NullFormatter

from .compare import Comparison
from .verdict import Pooled

__all__ = [
    "Picture",
    "colours",
    "legend",
    "logarithmic",
    "markers",
    "new",
    "title_of",
    "variant",
]

_SIZE = (5.4, 3.9)  # inches; legible at the width of a phone
NAMES = {
    "rate": "Firing rate",
    "std": "Standard deviation",
    "fano": "Fano factor",
    "correlation": "Output correlation",
    "variance": "Count variance",
    "covariance": "Count covariance",
    "cv": "CV of intervals",
    "spectrum": "Power spectrum",
    "gain": "Gain",
    "phase": "Phase",
    "sd": "SD of rates over neurons",
    "input": "Mean input",
    "pairs": "Correlation of pairs",
}
AXES = {
    "rate": "rate (Hz)",
    "std": "std (sqrt(Hz))",
    "fano": "Fano factor",
    "correlation": "output correlation",
    "variance": "variance / window (Hz)",
    "covariance": "covariance / window (Hz)",
    "cv": "CV",
    "spectrum": "power (Hz)",
    "gain": "gain (Hz/(mV/ms))",
    "phase": "phase (deg)",
    "sd": "SD of rates (Hz)",
    "input": "mean input (mV/ms)",
    "pairs": "correlation of pairs",
}
_LONG_LABEL = 14
MARKERS = "osD^v<>P"
MOST_LABELS = 8
MU, SIGMA = "mu (mV/ms)", "sigma (mV/sqrt(ms))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure with its file name (without ending), title and description."""

    name: str
    title: str
    description: str
    figure: Figure


def new() -> tuple[Figure, Axes]:
    """Return an empty figure; no global state of matplotlib is involved."""
    figure = Figure(figsize=_SIZE, dpi=150, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def logarithmic(axes: Axes) -> None:
    """Make the axis logarithmic, with plain numbers."""
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())


def colours(values: Sequence[float]) -> dict[float, tuple]:
    """Return colours from dark to light in the order of the values, none too pale."""
    ordered = sorted(set(values))
    places = np.linspace(0.0, 0.82, len(ordered)) if len(ordered) > 1 else [0.3]
    return dict(zip(ordered, colormaps["viridis"](places), strict=True))


def title_of(pooled: Pooled) -> str:
    """Return the quantity's name, with its group if there is one."""
    name = NAMES[pooled.quantity]
    group = "clocked schemes" if pooled.group == "clocked" else pooled.group
    return f"{name}, {group}" if group else name


def variant(comparison: Comparison) -> tuple[str, float, float]:
    """Return what may distinguish cases at the same point, as far as it matters."""
    case = comparison.case
    rho = case.correlation if comparison.quantity == "correlation" else 0.0
    return case.scheme, case.dt, rho


def markers(members: Sequence[Comparison]) -> dict[tuple, str]:
    """Return a marker for each variant."""
    variants = sorted({variant(c) for c in members})
    return {v: MARKERS[i % len(MARKERS)] for i, v in enumerate(variants)}


def _label(kind: tuple, all_: Sequence[tuple]) -> str:
    """Say in which of their properties the variants differ."""
    scheme, dt, rho = kind
    texts = (scheme, f"dt = {dt:g} ms", f"rho = {rho:g}")
    varied = (len(set(values)) > 1 for values in zip(*all_, strict=True))
    return ", ".join(t for t, v in zip(texts, varied, strict=True) if v)


def legend(axes: Axes, colours: dict, markers: dict, name: str) -> None:
    """Add a legend of colours, and of markers if there are several."""
    shown = list(colours)
    if len(shown) > MOST_LABELS:
        picks = np.linspace(0, len(shown) - 1, MOST_LABELS).round().astype(int)
        shown = [shown[i] for i in picks]
    handles = [
        Line2D([], [], color=colours[v], lw=2, label=f"{name} = {v:g}") for v in shown
    ]
    if len(markers) > 1:
        handles += [
            Line2D(
                [],
                [],
                color="0.3",
                ls="",
                marker=m,
                label=_label(v, list(markers)),
            )
            for v, m in markers.items()
        ]
    longest = max(len(str(handle.get_label())) for handle in handles)
    axes.figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(4 if longest < _LONG_LABEL else 2, len(handles)),
        fontsize=8.5,
        frameon=False,
    )
