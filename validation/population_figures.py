"""Recurrent networks: errors along what should be small, growth, spectra, trajectories."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from .compare import Comparison
from .population_forecasts import predicted
from .population_theories import POPULATION_THEORIES, PopulationTheory
from .populations import PopulationCase
from .style import AXES, MARKERS, NAMES, Picture, logarithmic, new
from .tables import SHOWN

__all__ = ["population_figures"]

_STATIONARY = ("rate", "cv", "sd", "input", "pairs")
_FINE = 80
_LINES = ("-", "--", ":", "-.")


def population_figures(comparisons: list[Comparison]) -> Iterator[Picture]:
    """Draw what was compared of recurrent networks.

    Parameters
    ----------
    comparisons : list of Comparison
        Of a `PopulationCase` each.

    Yields
    ------
    Picture
        For each theory the relative differences along what should be small; networks of
        several sizes as they grow; spectra, responses and trajectories of each case.
    """
    for theory in POPULATION_THEORIES:
        mine = [c for c in comparisons if c.approximation == theory.name]
        still = [c for c in mine if c.quantity in _STATIONARY and not _timed(c)]
        if still:
            yield _errors(theory, still)
    sized = [c for c in comparisons if c.approximation == "balanced limit"]
    for name in dict.fromkeys(_case(c).name for c in sized):
        mine = [c for c in comparisons if _case(c).name == name and not _timed(c)]
        if len({_case(c).size for c in mine}) > 1:
            yield _growth(name, mine)
    for case in dict.fromkeys(_case(c) for c in comparisons):
        mine = [c for c in comparisons if c.case == case]
        for theory in POPULATION_THEORIES:
            own = [c for c in mine if c.approximation == theory.name]
            yield from _of_case(case, theory, own)


def _of_case(
    case: PopulationCase, theory: PopulationTheory, members: list[Comparison]
) -> Iterator[Picture]:
    for quantity in ("spectrum", "gain"):
        found = [c for c in members if c.quantity == quantity]
        if found:
            yield _over(case, theory, found, "frequency (Hz)")
    timed = [c for c in members if _timed(c)]
    if timed:
        yield _over(case, theory, timed, "time (s)")


def _case(comparison: Comparison) -> PopulationCase:
    assert isinstance(comparison.case, PopulationCase)
    return comparison.case


def _timed(comparison: Comparison) -> bool:
    return comparison.unit.endswith(" ms")


def _population(comparison: Comparison) -> str:
    return comparison.unit.split(" ")[0]


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower())


def _errors(theory: PopulationTheory, members: list[Comparison]) -> Picture:
    """Draw relative differences; hollow where there is no test."""
    figure, axes = new()
    kinds = list(dict.fromkeys(c.quantity for c in members))
    for i, kind in enumerate(kinds):
        for tested in (True, False):
            mine = [
                c for c in members if c.quantity == kind and (not c.untested) == tested
            ]
            if not mine:
                continue
            x = np.array([theory.small(_case(c)) for c in mine]) * (1 + 0.03 * i)
            axes.errorbar(
                x,
                [100 * c.relative for c in mine],
                [100 * c.stderr / c.scale if c.scale else 0.0 for c in mine],
                fmt=MARKERS[i], ms=4.5, color=f"C{i}", elinewidth=0.9,
                mfc=f"C{i}" if tested else "white", mec=f"C{i}", mew=0.8,
                label=NAMES[kind] + ("" if tested else ", no budget"),
            )  # fmt: skip
            for at, c in zip(x, mine, strict=True):
                if tested:
                    low, high = (100 * v / c.scale for v in (-c.below, c.above))
                    axes.plot([at, at], [low, high], color=f"C{i}", lw=6, alpha=0.15)
    axes.axhline(0, color="0.2", lw=0.9)
    axes.set_xscale("log")
    axes.set_yscale("symlog", linthresh=10)
    axes.set_xlabel(theory.parameter)
    axes.set_ylabel("simulation − theory (% of theory)")
    axes.set_title(theory.name, fontsize=11)
    axes.legend(fontsize=7, framealpha=0.6, edgecolor="none", loc="best")
    untested = sum(bool(c.untested) for c in members)
    return Picture(
        name=f"errors-{_slug(theory.name)}",
        title=f"{theory.name}: relative differences",
        description=(
            f"Relative differences of {len(members)} numbers with one standard error; pale "
            f"bars are the theory-error budget. {untested}, hollow, are not tested: the "
            "budget is more than half of the value, or there is none. Linear within 10 %."
        ),
        figure=figure,
    )


def _growth(name: str, members: list[Comparison]) -> Picture:
    """Draw rates against size, and the distance to the limit with its slope."""
    figure, axes = new()
    axes.remove()
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    rates = [c for c in members if c.quantity == "rate"]
    populations = list(dict.fromkeys(_population(c) for c in rates))
    slopes = []
    for i, population in enumerate(populations):
        mine = [c for c in rates if _population(c) == population]
        limit = [c for c in mine if c.approximation == "balanced limit"]
        _sized(upper, [limit], population, f"C{i}", MARKERS[i])
        for style, theory in zip(_LINES, dict.fromkeys(c.approximation for c in mine),
                                 strict=False):  # fmt: skip
            line = sorted((_case(c).size, c.theory) for c in mine
                          if c.approximation == theory)  # fmt: skip
            upper.plot(*np.array([(n, 1e3 * r) for n, r in line]).T, style,
                       color=f"C{i}", lw=1.2, label=theory if i == 0 else None)  # fmt: skip
        slopes += _distance(lower, population, limit, f"C{i}", MARKERS[i])
    logarithmic(lower)
    lower.set_yscale("log")
    lower.set_xlabel("number of neurons N")
    lower.set_ylabel("distance to limit (%)", fontsize=9)
    upper.set_ylabel(AXES["rate"])
    upper.set_title(f"“{name}” as it grows", fontsize=11)
    for panel in (upper, lower):
        panel.spines[["top", "right"]].set_visible(False)
    upper.legend(fontsize=7, frameon=False, ncols=2, loc="lower right")
    lower.legend(fontsize=7.5, frameon=False)
    return Picture(
        name=f"growth-{_slug(name)}",
        title=f"“{name}” as it grows",
        description=(
            "Simulated rates with one standard error, the balanced limit and finite-size "
            "theories as lines; below the distance to the limit, with lines of slope -1/2 "
            f"through the last point. Fitted slopes: {', '.join(slopes) or 'none'}."
        ),
        figure=figure,
    )


def _sized(axes: Axes, groups: list, label: str, colour: str, marker: str) -> None:
    for mine in groups:
        axes.errorbar(
            [_case(c).size for c in mine], [1e3 * c.value for c in mine],
            [1e3 * c.stderr for c in mine], fmt=marker, color=colour, ms=4.5,
            mec="white", mew=0.5, capsize=2, label=label,
        )  # fmt: skip


def _distance(
    axes: Axes, name: str, mine: list[Comparison], colour: str, marker: str
) -> list[str]:
    """Draw the distance to the limit; return the slope from where neurons fire."""
    found = [c for c in mine if c.theory > 0 and c.value > 0 and c.relative]
    if len(found) < 2:
        return []
    N = np.array([_case(c).size for c in found], dtype=float)
    y = np.array([abs(c.relative) for c in found])
    error = np.array([c.stderr / c.scale for c in found])
    axes.errorbar(N, 100 * y, 100 * error, fmt=marker, color=colour, ms=4.5,
                  mec="white", mew=0.5, capsize=2)  # fmt: skip
    order = np.argsort(N)
    N, y, error = N[order], y[order], error[order]
    axes.plot(N, 100 * y[-1] * np.sqrt(N[-1] / N), color=colour, lw=0.9)
    weight = y / np.maximum(error, 1e-4)
    fit, cov = np.polyfit(np.log(N), np.log(y), 1, w=weight, cov="unscaled")
    text = f"{name} {fit[0]:.2f} ± {np.sqrt(cov[0, 0]):.2f}"
    axes.plot([], [], color=colour, label=f"slope of {text}")
    return [text]


def _over(
    case: PopulationCase, theory: PopulationTheory, members: list[Comparison], axis: str
) -> Picture:
    """Draw spectra, gains or rates in time of one case: theory as lines, points."""
    figure, axes = new()
    quantity = members[0].quantity
    timed = axis.startswith("time")
    lines = _lines(case, theory, members, timed)
    for i, population in enumerate(dict.fromkeys(_population(c) for c in members)):
        mine = [c for c in members if _population(c) == population]
        shown = SHOWN[quantity]
        for face, part in ((f"C{i}", [c for c in mine if not c.untested]),
                           ("white", [c for c in mine if c.untested])):  # fmt: skip
            axes.errorbar(
                [_place(c) for c in part], [shown * c.value for c in part],
                [shown * c.stderr for c in part], fmt=MARKERS[i], color=f"C{i}", ms=4.5,
                mfc=face, mec=f"C{i}" if face == "white" else "white",
                mew=0.8 if face == "white" else 0.5, capsize=2,
            )  # fmt: skip
        for c in mine:
            if not c.untested:
                low, high = c.theory - c.below, c.theory + c.above
                axes.plot([_place(c)] * 2, [shown * low, shown * high], color=f"C{i}",
                          lw=6, alpha=0.15, zorder=0)  # fmt: skip
        x, y = lines[population]
        axes.plot(x, shown * y, MARKERS[i], ls="-", color=f"C{i}", lw=1.2, ms=4.5,
                  markevery=[], zorder=0, label=population)  # fmt: skip
    if not timed:
        logarithmic(axes)
        axes.set_yscale("log")
    axes.set_xlabel(axis)
    axes.set_ylabel(AXES[quantity])
    axes.set_title(f"{case.label}: {theory.name}", fontsize=10)
    axes.legend(fontsize=8.5, frameon=False)
    kind = "Rates in time" if timed else NAMES[quantity]
    return Picture(
        name=f"{_slug(kind)}-{_slug(theory.name)}-{case.hash[:8]}",
        title=f"{kind}, {case.label}",
        description=(
            f"{kind} of {case.label}: {theory.name} as lines, {len(members)} simulated "
            "values with one standard error; pale bars are the theory-error budget; hollow "
            "ones are not tested."
        ),
        figure=figure,
    )


def _place(comparison: Comparison) -> float:
    """Frequency [Hz], or time [s]."""
    value, unit = comparison.unit.split(" ")[1:]
    return float(value) / (1e3 if unit == "ms" else 1.0)


def _lines(
    case: PopulationCase, theory: PopulationTheory, members: list, timed: bool
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return finely spaced predictions of each population."""
    places = sorted({_place(c) for c in members})
    if timed:
        half = case.window / 2
        fine = np.linspace(half, case.duration - half, _FINE)
        other = dataclasses.replace(case, times=tuple(fine.tolist()))
    else:
        fine = np.geomspace(places[0], places[-1], _FINE)
        at = (np.unique(np.round(fine / 1e3 * case.segment)) / case.segment).tolist()
        whole = np.unique(np.round(fine / 1e3 * case.duration)) / case.duration
        pairs = [(f, 1.0) for f in whole.tolist()]
        other = dataclasses.replace(
            case, spectrum=tuple(at) if case.spectrum else (),
            response=tuple(pairs) if case.response else (),
        )  # fmt: skip
    found = predicted(other, theory.functions(case))
    lines = {}
    quantity = members[0].quantity
    for population in dict.fromkeys(_population(c) for c in members):
        mine = [
            (float(place.split(" ")[1]), abs(value))
            for (q, place), value in found.items()
            if q == quantity and place.startswith(f"{population} ")
        ]
        x, y = np.array(mine).T
        lines[population] = x / (1e3 if timed else 1.0), y
    return lines
