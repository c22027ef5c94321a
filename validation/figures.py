"""The figures of a report: theory as lines, simulation as points with error bars."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation

from .cases import Case
from .compare import Comparison, Verdict
from .gridfile import Grid
from .predict import QUANTITIES, Prediction, predict
from .tables import SHOWN

__all__ = ["Picture", "pictures"]

_SIZE = (5.4, 3.9)  # inches; legible at the width of a phone
_NAMES = {
    "rate": "Firing rate",
    "std": "Standard deviation",
    "fano": "Fano factor",
    "correlation": "Output correlation",
}
_AXES = {
    "rate": "rate (Hz)",
    "std": "std (sqrt(Hz))",
    "fano": "Fano factor",
    "correlation": "output correlation",
}
_MARKERS = "osD^v<>P"
_FINE = 160  # points of a theory curve
_MOST_LABELS = 8
_MU, _SIGMA = "mu (mV/ms)", "sigma (mV/sqrt(ms))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A figure with its file name (without ending), title and description."""

    name: str
    title: str
    description: str
    figure: Figure


def pictures(
    grid: Grid,
    verdict: Verdict,
    *,
    predict: Callable[[Case], Prediction] = predict,
) -> Iterator[Picture]:
    """Draw all figures of a sweep, one at a time.

    Parameters
    ----------
    grid : Grid
    verdict : Verdict
    predict : callable, optional
        The theory.

    Yields
    ------
    Picture
        Curves for each quantity and neuron, differences for each quantity, z maps for
        each neuron, and the histogram of z.
    """
    for quantity in QUANTITIES:
        for name, neuron in grid.neurons:
            members = [
                c
                for c in verdict.comparisons
                if c.quantity == quantity and c.case.neuron == neuron and c.value > 0
            ]
            if members:
                yield _curves(quantity, name, members, predict)
    for quantity in QUANTITIES:
        members = [c for c in verdict.tested if c.quantity == quantity]
        if members:
            yield _differences(quantity, members, verdict)
    for quantity in QUANTITIES:
        for name, neuron in grid.neurons:
            members = [
                c
                for c in verdict.tested
                if c.quantity == quantity and c.case.neuron == neuron
            ]
            if len(members) > 1:
                yield _z_map(quantity, name, members, verdict)
    if verdict.tested:
        yield _histogram(verdict)


def _new() -> tuple[Figure, Axes]:
    figure = Figure(figsize=_SIZE, dpi=150, layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _colours(values: Sequence[float]) -> dict[float, tuple]:
    """Colours from dark to light in the order of the values, none too pale."""
    ordered = sorted(set(values))
    places = np.linspace(0.0, 0.82, len(ordered)) if len(ordered) > 1 else [0.3]
    return dict(zip(ordered, colormaps["viridis"](places), strict=True))


def _variant(case: Case) -> tuple[str, float, float]:
    return case.scheme, case.dt, case.duration


def _markers(members: Sequence[Comparison]) -> dict[tuple, str]:
    variants = sorted({_variant(c.case) for c in members})
    return {v: _MARKERS[i % len(_MARKERS)] for i, v in enumerate(variants)}


def _variant_label(variant: tuple[str, float, float], all_: Sequence[tuple]) -> str:
    scheme, dt, duration = variant
    label = f"{scheme}, dt = {dt:g} ms"
    if len({v[:2] for v in all_}) < len(all_):
        label += f", {duration / 1000:g} s"
    return label


def _legend(axes: Axes, colours: dict, markers: dict, name: str) -> None:
    from matplotlib.lines import Line2D

    shown = list(colours)
    if len(shown) > _MOST_LABELS:
        picks = np.linspace(0, len(shown) - 1, _MOST_LABELS).round().astype(int)
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
                label=_variant_label(v, list(markers)),
            )
            for v, m in markers.items()
        ]
    axes.figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=min(5, len(handles)) if len(markers) == 1 else 2,
        fontsize=8.5,
        frameon=False,
    )


def _curves(
    quantity: str,
    neuron: str,
    members: list[Comparison],
    predict: Callable[[Case], Prediction],
) -> Picture:
    figure, axes = _new()
    shown = SHOWN[quantity]
    colours = _colours([c.case.sigma for c in members])
    markers = _markers(members)
    low = min(c.case.mu for c in members)
    high = max(c.case.mu for c in members)
    pad = 0.03 * (high - low) or 0.1
    fine = np.linspace(low - pad, high + pad, _FINE)
    drawn = set()
    for c in members:
        clocked = c.case.scheme if c.case.scheme != "bridge" else ""
        key = (c.case.sigma, c.case.correlation, clocked and _variant(c.case))
        if key not in drawn:
            drawn.add(key)
            line = [
                getattr(predict(replace(c.case, mu=float(m))), quantity) for m in fine
            ]
            style = "--" if clocked else "-"
            colour = colours[c.case.sigma]
            axes.plot(fine, np.array(line) * shown, style, color=colour, lw=1.4)
        axes.errorbar(
            c.case.mu,
            c.value * shown,
            c.stderr * shown,
            fmt=markers[_variant(c.case)],
            color=colours[c.case.sigma],
            mec="white",
            mew=0.6,
            ms=5.5,
            capsize=2,
        )
    axes.set_xlabel(_MU)
    axes.set_ylabel(_AXES[quantity])
    axes.set_title(f"{_NAMES[quantity]}, neuron “{neuron}”", fontsize=11)
    _legend(axes, colours, markers, "sigma")
    return Picture(
        name=f"{quantity}-{neuron}",
        title=f"{_NAMES[quantity]}, neuron “{neuron}”",
        description=(
            f"{_NAMES[quantity]} against mean drive: theory as lines, {len(members)} "
            "simulated points with one standard error (often smaller than the point)."
        ),
        figure=figure,
    )


def _differences(quantity: str, members: list[Comparison], verdict: Verdict) -> Picture:
    figure, axes = _new()
    colours = _colours([c.case.sigma for c in members])
    members = sorted(members, key=lambda c: (c.case.mu, c.case.sigma))
    critical = verdict.critical_z
    index = np.arange(len(members))
    budget = np.array([c.allowance / c.scale if c.scale else 0.0 for c in members])
    axes.bar(
        index,
        200 * budget,
        1.0,
        -100 * budget,
        color="0.85",
        label="theory-error budget",
    )
    for i, c in zip(index, members, strict=True):
        margin = critical * c.stderr / c.scale if c.scale else 0.0
        axes.errorbar(
            i,
            100 * c.relative,
            100 * margin,
            fmt="o",
            color=colours[c.case.sigma],
            ms=3.5,
            lw=1,
        )
    axes.axhline(0, color="0.2", lw=0.8)
    axes.set_xlabel("cases, ordered by mu, then sigma")
    axes.set_xticks([])
    unit = "of the input correlation" if quantity == "correlation" else "of the theory"
    axes.set_ylabel(f"simulation − theory (% {unit})", fontsize=9)
    axes.set_title(f"{_NAMES[quantity]}: differences", fontsize=11)
    _legend(axes, colours, {None: ""}, "sigma")
    return Picture(
        name=f"difference-{quantity}",
        title=f"{_NAMES[quantity]}: differences",
        description=(
            f"Relative difference of all {len(members)} cases. Bars: {critical:.2f} "
            "standard errors, what the family of tests allows. Grey: the theory-error "
            "budget."
        ),
        figure=figure,
    )


def _plain_ticks(axes: Axes, values: np.ndarray) -> None:
    """Label a logarithmic axis with the values on it, or with those far enough apart."""
    kept = [values[0]]
    for value in values[1:]:
        if np.log(value / kept[-1]) > np.log(values[-1] / values[0]) / _MOST_LABELS:
            kept.append(value)
    axes.set_yticks(kept, [f"{value:g}" for value in kept])
    axes.minorticks_off()


def _padded(values: np.ndarray) -> tuple[float, float]:
    pad = 0.12 * float(np.ptp(values)) or 0.5
    return float(values.min()) - pad, float(values.max()) + pad


def _z_map(
    quantity: str, neuron: str, members: list[Comparison], verdict: Verdict
) -> Picture:
    figure, axes = _new()
    variants = list(_markers(members))
    sigma = np.array([c.case.sigma for c in members])
    norm = Normalize(-verdict.critical_z, verdict.critical_z)
    for i, variant in enumerate(variants):
        mine = [c for c in members if _variant(c.case) == variant]
        # Cases at the same point but for dt stand side by side.
        shift = 11.0 * (i - (len(variants) - 1) / 2) / 72
        offset = ScaledTranslation(shift, 0, figure.dpi_scale_trans)
        axes.scatter(
            [c.case.mu for c in mine],
            [c.case.sigma for c in mine],
            c=[c.z for c in mine],
            s=90,
            cmap="RdBu_r",
            norm=norm,
            edgecolors="0.35",
            linewidths=0.6,
            marker=_MARKERS[i % len(_MARKERS)],
            transform=axes.transData + offset,
        )
    # A shifted transform takes no part in the scaling of the axes.
    mu = np.array([c.case.mu for c in members])
    axes.set_xlim(*_padded(mu))
    if sigma.min() > 0 and sigma.max() > 8 * sigma.min():
        axes.set_yscale("log")
        _plain_ticks(axes, np.unique(sigma))
        axes.set_ylim(*np.exp(_padded(np.log(sigma))))
    else:
        axes.set_ylim(*_padded(sigma))
    axes.set_xlabel(_MU)
    axes.set_ylabel(_SIGMA)
    axes.set_title(f"z: {_NAMES[quantity]}, “{neuron}”", fontsize=11)
    figure.colorbar(
        ScalarMappable(norm, "RdBu_r"), ax=axes, label="z = (simulation − theory)/s.e."
    )
    if len(variants) > 1:
        _legend(axes, {}, _markers(members), "")
    return Picture(
        name=f"z-{quantity}-{neuron}",
        title=f"z: {_NAMES[quantity]}, neuron “{neuron}”",
        description=(
            "Difference in standard errors at every point of the grid; the scale ends "
            f"where a single test would reject the theory (|z| = {verdict.critical_z:.2f})."
        ),
        figure=figure,
    )


def _histogram(verdict: Verdict) -> Picture:
    figure, axes = _new()
    z = np.array([c.z for c in verdict.tested if c.stderr > 0])
    reach = max(4.0, float(np.ceil(np.abs(np.clip(z, -8, 8)).max()))) if z.size else 4.0
    width = 0.5 if z.size < 400 else 0.25
    edges = np.arange(-reach, reach + width / 2, width)
    axes.hist(
        np.clip(z, -reach + 1e-9, reach - 1e-9),
        edges.tolist(),
        color="#6f9bd1",
        edgecolor="white",
        label=f"{z.size} comparisons",
    )
    x = np.linspace(-reach, reach, 300)
    expected = z.size * width * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)
    axes.plot(x, expected, color="#222222", lw=1.6, label="standard normal")
    axes.set_xlabel("z = (simulation − theory)/s.e.")
    axes.set_ylabel("comparisons")
    axes.set_title("All differences in standard errors", fontsize=11)
    axes.legend(fontsize=8.5, frameon=False)
    return Picture(
        name="z-histogram",
        title="All differences in standard errors",
        description=(
            f"Mean {z.mean():+.2f}, standard deviation {z.std():.2f}; an exact theory "
            "would give 0 and about 1. The last bins include what lies beyond."
            if z.size
            else ""
        ),
        figure=figure,
    )
