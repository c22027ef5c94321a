"""The report: one self-contained page, and its figures as files."""

import base64
import io
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from .campaign import Findings
from .compare import LEVEL
from .figures import pictures
from .population_theories import REASONS
from .provenance import simulator_fingerprint
from .style import Picture
from .tables import (
    COMPARISON_HEAD,
    LABELS,
    REGIME_HEAD,
    SUMMARY_HEAD,
    budget_rows,
    comparison_rows,
    of_what,
    pooled_name,
    regime_rows,
    summary_rows,
    worst,
)
from .theories import THEORIES

__all__ = ["notes", "write_report"]

_WORST = 10
_WORDS = ("Agree", "Disagree", "No verdict")
_PIXELS_PER_INCH = 96

_EXPLANATIONS = {
    "simulator's bias": "what the simulator's documentation leaves it at this step.",
    "finite window": (
        "the spike count variance is corrected for the length of the window (Cox 1962), "
        "except in layers; this is what remains, and decays with the window."
    ),
    "linear chi": (
        "the output correlation is predicted to first order in the input correlation "
        "rho. Of pairs the odd part is compared, free of the second order; what is left "
        "out is at most (1 - chi squared) times the cube of rho, in layers the square."
    ),
    "time step": (
        "neurons on a grid start again at its points; what is unknown of the delay; in "
        "recurrent networks half a step for each spike."
    ),
    **{theory.name: theory.limits for theory in THEORIES},
    **REASONS,
    "pairs in steps": (
        "noise within a step is independent in the two neurons of a pair, so the "
        "simulated correlation is slightly too small."
    ),
    "finite jumps": (
        "inputs are spikes, not white noise: what the theory changes by if thresholds "
        "move by half a jump."
    ),
    "coloured input": (
        "spikes of a layer are no white noise for the next: what the theory changes by "
        "if it takes their power at high frequencies instead of that at 0."
    ),
    "grid scheme": "what remains at this step after the threshold is raised.",
    "euler scheme": "what remains at this step after the threshold is raised.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Image:
    title: str
    description: str
    data: str
    width: int
    height: int


def write_report(findings: Findings, folder: str | Path) -> list[Path]:
    """Write ``report.html`` and the figures as PNG.

    Parameters
    ----------
    findings : Findings
    folder : str or Path
        Made if there is none; files of the same names are replaced.

    Returns
    -------
    list of Path
        The figures, then the page.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    paths, images = [], []
    for picture in pictures(findings.grid, findings.verdict):
        path = folder / f"{picture.name}.png"
        picture.figure.savefig(path, format="png")
        paths.append(path)
        images.append(_image(picture))
    page = folder / "report.html"
    page.write_text(_render(findings, images), encoding="utf-8")
    return [*paths, page]


def _image(picture: Picture) -> _Image:
    """Return the figure as SVG in a data URL: sharp at every size, no other file."""
    buffer = io.BytesIO()
    picture.figure.savefig(buffer, format="svg", metadata={"Date": None})
    text = base64.b64encode(buffer.getvalue()).decode()
    width, height = picture.figure.get_size_inches() * _PIXELS_PER_INCH
    return _Image(
        title=picture.title,
        description=picture.description,
        data=f"data:image/svg+xml;base64,{text}",
        width=round(width),
        height=round(height),
    )


def _render(findings: Findings, images: list[_Image]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("validation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    verdict, grid = findings.verdict, findings.grid
    extreme = worst(verdict, _WORST)
    rejected = set(map(id, verdict.rejected))
    budget = budget_rows(findings)
    reasons = dict.fromkeys(row[1] for row in budget)

    def described(comparisons, first):
        rows = comparison_rows(comparisons, verdict.rejected)
        return [
            (first(c.case), grid.neuron_name(c.case), *row)
            for c, row in zip(comparisons, rows, strict=True)
        ]

    def command(case):
        return f"python -m validation case {case.hash[:12]} --grid {grid.source}"

    return environment.get_template("report.html.j2").render(
        findings=findings,
        verdict=verdict,
        word=_WORDS[verdict.status],
        level=LEVEL,
        pooled_name=pooled_name,
        summary_head=SUMMARY_HEAD,
        summary=summary_rows(verdict),
        pictures=images,
        comparison_head=list(COMPARISON_HEAD),
        worst=described(extreme, command),
        wrong=[i for i, c in enumerate(extreme) if id(c) in rejected],
        budget=budget,
        explanations=[(reason, _EXPLANATIONS[reason]) for reason in reasons],
        untested=[
            (
                c.case.label,
                grid.neuron_name(c.case),
                of_what(c, LABELS[c.quantity]),
                c.untested,
            )
            for c in verdict.comparisons
            if c.untested and c.whole
        ],
        provenance=_provenance(findings),
        notes=notes(findings),
        regime_head=REGIME_HEAD,
        regimes=regime_rows(verdict),
        everything=described(
            [c for c in verdict.comparisons if c.whole],
            lambda case: f"{case.hash[:12]} {case.label}",
        ),
    )


def _provenance(findings: Findings) -> list[tuple[str, str]]:
    from meanfield import __version__

    entries, grid = findings.entries.values(), findings.grid
    made_by = Counter(entry.versions for entry in entries)
    programs = [
        ", ".join(f"{name} {version}" for name, version in json.loads(text).items())
        + f" ({n} cases)"
        for text, n in made_by.most_common()
    ]
    stops = Counter(entry.result.stop for entry in entries)
    simulated = sum(
        entry.result.replicas * case.simulated * case.duration
        for case, entry in findings.entries.items()
    )
    return [
        ("Grid", f"{grid.source}, {len(grid.cases)} cases"),
        ("Identity of the grid", grid.identity),
        ("Seeds", "from the hash of each case; see the hashes below"),
        ("Theory", f"meanfield-theory {__version__}"),
        ("Simulated by", "; ".join(programs) or "nothing yet"),
        (
            "Effort",
            f"{simulated / 1e3:.4g} s of single neurons, "
            f"{sum(entry.result.spikes for entry in entries):.4g} spikes",
        ),
        (
            "Ended by",
            f"precision reached: {stops['precision']} cases; "
            f"budget spent: {stops['budget']} cases",
        ),
    ]


def notes(findings: Findings) -> list[str]:
    """Return what a reader should know besides the verdict."""
    found = []
    simulators = {
        json.loads(entry.versions)["simulator"] for entry in findings.entries.values()
    }
    if simulators - {simulator_fingerprint()}:
        found.append(
            "some results come from another version of the simulator than the one "
            "installed; `case` may not reproduce them; to have them anew, give "
            "`run` a new --store."
        )
    if findings.others:
        found.append(
            f"the store also holds {findings.others} results of other grids, or of "
            "earlier versions of this one; they are not part of this report."
        )
    return found
