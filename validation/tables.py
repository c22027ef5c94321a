"""Tables as rows of text: for the terminal and for the page."""

import math
from collections.abc import Iterable, Sequence

from .campaign import Findings
from .compare import LEVEL, Comparison
from .predict import QUANTITIES
from .verdict import Pooled, Verdict

__all__ = [
    "LABELS",
    "budget_rows",
    "comparison_rows",
    "pooled_name",
    "summary_rows",
    "text_table",
    "worst",
]

LABELS = {
    "rate": "rate [Hz]",
    "std": "std [sqrt(Hz)]",
    "fano": "Fano factor",
    "correlation": "output correlation",
}
# Factors from kHz to what is shown.
SHOWN = {"rate": 1e3, "std": math.sqrt(1e3), "fano": 1.0, "correlation": 1.0}

SUMMARY_HEAD = (
    "quantity",
    "tests",
    "largest |z|",
    "beyond budget",
    "mean difference",
    f"every case ({LEVEL:.0%})",
    f"mean ({LEVEL:.0%})",
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
    """Return the quantity as shown, and whether it is of clocked schemes."""
    name = LABELS[pooled.quantity].split(" [")[0]
    return f"{name}, clocked" if pooled.clocked else name


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
                LABELS[c.quantity],
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


def budget_rows(findings: Findings) -> list[tuple[str, ...]]:
    """Return quantity, reason, median and largest size (relative), and where."""
    rows = []
    comparisons = findings.verdict.comparisons
    for name in QUANTITIES:
        members = [c for c in comparisons if c.quantity == name and c.scale > 0]
        reasons = dict.fromkeys(a.reason for c in members for a in c.allowances)
        for reason in reasons:
            sizes = sorted(
                (
                    (max(a.below, a.above) / c.scale, c.case.label)
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
