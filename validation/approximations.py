"""Single neurons: the error of each theory along its small parameter, and in frequency."""

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes

from .compare import Comparison
from .forecasts import on_grid, resolved
from .singles import NeuronCase
from .style import AXES, MARKERS, NAMES, Picture, colours, logarithmic, new
from .tables import SHOWN
from .theories import theory_of

__all__ = ["approximations"]

_FINE = {"spectrum": 200, "gain": 60, "phase": 60}  # frequencies of a theory's line
_DECADE = 10.0  # a parameter that spans more than this gets a logarithmic axis
_MOST = 8  # entries of a legend


def approximations(
    comparisons: list[Comparison], names: dict[NeuronCase, str]
) -> Iterator[Picture]:
    """Draw what was compared of single neurons.

    Parameters
    ----------
    comparisons : list of Comparison
        Those with an `approximation`.
    names : dict of NeuronCase to str
        Names of the neurons of the cases.

    Yields
    ------
    Picture
        For each theory the relative differences of rate and CV, and spectrum and response
        of each neuron.
    """
    for theory in dict.fromkeys(c.approximation for c in comparisons):
        mine = [c for c in comparisons if c.approximation == theory]
        stationary = [c for c in mine if c.quantity in ("rate", "cv") and c.scale > 0]
        if stationary:
            yield _errors(theory, stationary)
        for neuron in dict.fromkeys(names[_case(c)] for c in mine):
            own = [c for c in mine if names[_case(c)] == neuron]
            for kind in (["spectrum"], ["gain", "phase"]):
                found = [c for c in own if c.quantity in kind]
                if found:
                    yield _over_frequency(theory, neuron, kind, found)


def _case(comparison: Comparison) -> NeuronCase:
    assert isinstance(comparison.case, NeuronCase)
    return comparison.case


def _errors(name: str, members: list[Comparison]) -> Picture:
    """Draw relative differences of rate and CV against the small parameter."""
    theory = theory_of(name)
    figure, axes = new()
    small = {c: theory.small(c, theory.functions(c)) for c in map(_case, members)}
    for marker, quantity, colour in zip(
        "os", ("rate", "cv"), ("C0", "C1"), strict=True
    ):
        mine = [c for c in members if c.quantity == quantity]
        if not mine:
            continue
        x = [small[_case(c)] for c in mine]
        axes.errorbar(
            x,
            [100 * c.relative for c in mine],
            [100 * c.stderr / c.scale for c in mine],
            fmt=marker,
            ms=4.5,
            color=colour,
            mec="white",
            mew=0.5,
            capsize=2,
            elinewidth=0.9,
            label=NAMES[quantity],
        )
        for at, c in [(x, c) for x, c in zip(x, mine, strict=True) if not c.untested]:
            low, high = -100 * c.below / c.scale, 100 * c.above / c.scale
            axes.plot([at, at], [low, high], color=colour, lw=6, alpha=0.18, zorder=0)
    axes.axhline(0, color="0.2", lw=0.9)
    low, high = min(small.values()), max(small.values())
    if low > 0 and high > _DECADE * low:
        logarithmic(axes)
    axes.set_xlabel(theory.parameter)
    axes.set_ylabel("simulation − theory (% of theory)")
    axes.set_title(f"{name}: rate and CV", fontsize=11)
    axes.legend(fontsize=8.5, frameon=False)
    untested = sum(bool(c.untested) for c in members)
    return Picture(
        name=f"errors-{_slug(name)}",
        title=f"{name}: rate and CV",
        description=(
            f"Relative differences of {len(members)} rates and CVs with one standard "
            "error, against what should be small or tells them apart; pale bars are the "
            f"theory-error budget ({untested} without one are not tested)."
        ),
        figure=figure,
    )


def _over_frequency(
    name: str, neuron: str, kind: list[str], members: list[Comparison]
) -> Picture:
    """Draw spectra, or gain and phase, of one neuron: lines of theory and points."""
    figure, axes = new()
    panels = {kind[0]: axes}
    if len(kind) > 1:
        axes.remove()
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        panels = dict(zip(kind, (upper, lower), strict=True))
    cases = list(dict.fromkeys(_case(c) for c in members))
    colour_of = colours(list(range(len(cases))))
    for i, case in enumerate(cases):
        marker, colour = MARKERS[i % len(MARKERS)], colour_of[i]
        for quantity, panel in panels.items():
            mine = [c for c in members if c.case == case and c.quantity == quantity]
            label = _label(case) if quantity == kind[0] and i < _MOST else None
            _points(panel, mine, quantity, marker, colour, label)
            _line(panel, case, name, quantity, mine, colour)
    for quantity, panel in panels.items():
        panel.spines[["top", "right"]].set_visible(False)
        logarithmic(panel)
        panel.set_ylabel(AXES[quantity])
    if "gain" in panels:
        panels["gain"].set_yscale("log")
    panels[kind[-1]].set_xlabel("frequency (Hz)")
    panels[kind[0]].legend(fontsize=7.5, frameon=False)
    title = f"{NAMES[kind[0]] if len(kind) == 1 else 'Linear response'}, “{neuron}”"
    panels[kind[0]].set_title(f"{title}: {name}", fontsize=11)
    return Picture(
        name=f"{kind[0]}-{_slug(name)}-{neuron}",
        title=f"{title}: {name}",
        description=(
            f"{title}: theory as lines, {len(members)} simulated values with one standard "
            "error."
        ),
        figure=figure,
    )


def _label(case: NeuronCase) -> str:
    return case.label.removeprefix(case.model).removesuffix("sinusoidal drive").strip()


def _points(
    axes: Axes, mine: list[Comparison], quantity: str, marker: str, colour, label
) -> None:
    shown = SHOWN[quantity]
    axes.errorbar(
        [1e3 * _frequency(c) for c in mine],
        [shown * c.value for c in mine],
        [shown * c.stderr for c in mine],
        fmt=marker,
        color=colour,
        ms=4.5,
        mec="white",
        mew=0.5,
        capsize=2,
        label=label,
    )


def _line(
    axes: Axes, case: NeuronCase, name: str, quantity: str, mine: list, colour
) -> None:
    found = [_frequency(c) for c in mine]
    fine = np.geomspace(min(found) / 1.2, max(found) * 1.2, _FINE[quantity])
    functions = theory_of(name).functions(on_grid(case))
    if quantity == "spectrum":
        values = resolved(functions["spectrum"], fine, case)
    else:
        values = np.asarray(functions["response"](fine))
        values = np.unwrap(np.angle(values)) if quantity == "phase" else np.abs(values)
    axes.plot(1e3 * fine, SHOWN[quantity] * values, color=colour, lw=1.2, zorder=0)


def _frequency(comparison: Comparison) -> float:
    return float(comparison.unit.removesuffix(" Hz")) / 1e3


def _slug(name: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in name.lower())
