"""Tables as rows of text: for the terminal and for the page."""

import math
from collections.abc import Iterable, Sequence

from .campaign import Findings
from .chain import Regime, regime
from .compare import LEVEL, Comparison
from .predict import QUANTITIES
from .verdict import Pooled, Verdict

__all__ = [
    "LABELS",
    "budget_rows",
    "comparison_rows",
    "of_what",
    "pooled_name",
    "regime_rows",
    "summary_rows",
    "text_table",
    "worst",
]

LABELS = {
    "rate": "rate [Hz]",
    "std": "std [sqrt(Hz)]",
    "fano": "Fano factor",
    "correlation": "output correlation",
    "variance": "variance [Hz]",
    "covariance": "covariance [Hz]",
    "cv": "CV",
    "spectrum": "power [Hz]",
    "gain": "gain [Hz/(mV/ms)]",
    "phase": "phase [deg]",
    "sd": "SD of rates [Hz]",
    "input": "mean input [mV/ms]",
    "pairs": "pair correlation",
}
# Factors from kHz to what is shown.
SHOWN = {
    "rate": 1e3,
    "std": math.sqrt(1e3),
    "fano": 1.0,
    "correlation": 1.0,
    "variance": 1e3,
    "covariance": 1e3,
    "cv": 1.0,
    "spectrum": 1e3,
    "gain": 1e3,
    "phase": math.degrees(1.0),
    "sd": 1e3,
    "input": 1.0,
    "pairs": 1.0,
}

SUMMARY_HEAD = (
    "quantity",
    "tests",
    "largest |z|",
    "beyond budget",
    "mean difference",
    f"every case ({LEVEL:.0%})",
    f"mean ({LEVEL:.0%})",
)
REGIME_HEAD = (
    "network",
    "layer",
    "jump",
    "spikes",
    "Fano",
    "mu",
    "sigma",
    "rate",
    "variance",
    "covariance",
)
COMPARISON_HEAD = (
    "quantity",
    "theory",
    "simulation",
    "s.e.",
    "difference",
    "budget",
    "z",
    "verdict",
)


def text_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return an aligned table; all columns but the first to the right.

    Examples
    --------
    >>> print(text_table(("name", "n"), [("a", "10"), ("long", "2")]))
    name  n
    ---- --
    a    10
    long  2
    """
    table = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    widths[1:] = [w + 1 for w in widths[1:]]
    lines = []
    for row in table:
        cells = [row[0].ljust(widths[0])]
        cells += [c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True)]
        lines.append("".join(cells).rstrip())
    rule = "".join(["-" * widths[0], *(" " + "-" * (w - 1) for w in widths[1:])])
    return "\n".join([lines[0], rule, *lines[1:]])


def pooled_name(pooled: Pooled) -> str:
    """Return the quantity as shown, with its group if there is one."""
    name = LABELS[pooled.quantity].split(" [")[0]
    return f"{name}, {pooled.group}" if pooled.group else name


def of_what(comparison: Comparison, quantity: str) -> str:
    """Return the name of a quantity with its place in the network, theory, frequency."""
    words = (quantity, comparison.place, comparison.approximation)
    return ", ".join(word for word in words if word)


def summary_rows(verdict: Verdict) -> list[tuple[str, ...]]:
    """Return a row for each quantity; see `SUMMARY_HEAD`."""
    rows = []
    for pooled in verdict.pooled:
        tested = pooled.members(verdict.tested)
        rows.append(
            (
                pooled_name(pooled),
                str(len(tested)),
                f"{max(abs(c.z) for c in tested):.2f}",
                f"{max(abs(c.excess) for c in tested):.2f}",
                f"{pooled.mean:+.2%} ± {pooled.stderr:.2%}",
                f"within {pooled.worst:.2%}",
                f"within {pooled.bound:.2%}",
            )
        )
    return rows


def comparison_rows(
    comparisons: Iterable[Comparison], rejected: Iterable[Comparison | Pooled] = ()
) -> list[tuple[str, ...]]:
    """Return a row for each comparison; see `COMPARISON_HEAD`."""
    wrong = set(map(id, rejected))
    rows = []
    for c in comparisons:
        shown = SHOWN[c.quantity]
        verdict = "disagrees" if id(c) in wrong else "agrees"
        rows.append(
            (
                of_what(c, LABELS[c.quantity]),
                f"{c.theory * shown:.5g}",
                f"{c.value * shown:.5g}",
                f"{c.stderr * shown:.2g}",
                f"{c.relative:+.2%}",
                _budget(c.below, c.above, c.scale),
                f"{c.z:+.2f}",
                "not tested" if c.untested else verdict,
            )
        )
    return rows


def _budget(below: float, above: float, scale: float) -> str:
    low, high = (x / scale if scale else 0.0 for x in (below, above))
    return f"±{low:.2%}" if low == high else f"-{low:.2%} +{high:.2%}"


def worst(verdict: Verdict, number: int) -> list[Comparison]:
    """Return the comparisons with the smallest p, then the largest |z|."""
    return sorted(verdict.tested, key=lambda c: (c.p, -abs(c.z)))[:number]


def regime_rows(verdict: Verdict) -> list[tuple[str, ...]]:
    """Return a row for each layer of each case; see `REGIME_HEAD`.

    Differences are those of the means over the layer, relative to the theory, with one
    standard error, unless that is larger than the theory; a star marks where the
    theory-error budget is more than half of the value, so that there is no test.
    """
    rows: dict[tuple, dict[str, str]] = {}
    for c in verdict.comparisons:
        if c.layer and c.whole:
            error = c.stderr / c.scale if c.scale else c.stderr
            star = "*" if c.untested else ""
            cell = f"{c.relative:+.1%} ± {error:.1%}{star}"
            if not error < 1:
                cell = "unresolved*"
            rows.setdefault((c.case, c.layer), {})[c.quantity] = cell
    return [
        (
            case.summary,
            f"{layer} of {case.depth}",
            *_regime_cells(regime(case)[layer - 1]),
            *cells.values(),
        )
        for (case, layer), cells in rows.items()
    ]


def _regime_cells(where: Regime) -> tuple[str, ...]:
    spikes = "white" if math.isinf(where.spikes) else f"{where.spikes:.3g}"
    jump, fano = f"{where.jump:.3f}", f"{where.fano:.2f}"
    return jump, spikes, fano, f"{where.mu:.2f}", f"{where.sigma:.2f}"


def _where(comparison: Comparison) -> str:
    label = comparison.case.label
    place = comparison.group if comparison.layer else comparison.place
    return f"{label}, {place}" if place else label


def budget_rows(findings: Findings) -> list[tuple[str, ...]]:
    """Return quantity, reason, median and largest size (relative), and where."""
    rows = []
    comparisons = findings.verdict.comparisons
    for name in QUANTITIES:
        members = [
            c for c in comparisons if c.quantity == name and c.scale > 0 and c.whole
        ]
        reasons = dict.fromkeys(a.reason for c in members for a in c.allowances)
        for reason in reasons:
            sizes = sorted(
                (
                    (max(a.below, a.above) / c.scale, _where(c))
                    for c in members
                    for a in c.allowances
                    if a.reason == reason
                ),
            )
            median, largest = sizes[len(sizes) // 2], sizes[-1]
            rows.append(
                (
                    LABELS[name].split(" [")[0],
                    reason,
                    f"{median[0]:.2%}",
                    f"{largest[0]:.2%}",
                    largest[1],
                )
            )
    return rows
