"""z-scores over the plane of inputs, and their histogram."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.transforms import ScaledTranslation

from .compare import Comparison
from .style import (
    MARKERS,
    MOST_LABELS,
    MU,
    SIGMA,
    Picture,
    legend,
    markers,
    new,
    title_of,
    variant,
)
from .verdict import Pooled, Verdict

__all__ = ["histogram", "z_map"]


def z_map(
    pooled: Pooled, neuron: str, members: list[Comparison], verdict: Verdict
) -> Picture:
    """Draw z as colour at the points of one quantity and neuron."""
    figure, axes = new()
    variants = list(markers(members))
    sigma = np.array([c.case.sigma for c in members])
    norm = Normalize(-verdict.critical_z, verdict.critical_z)
    for i, kind in enumerate(variants):
        mine = [c for c in members if variant(c) == kind]
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
            marker=MARKERS[i % len(MARKERS)],
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
    axes.set_xlabel(MU)
    axes.set_ylabel(SIGMA)
    axes.set_title(f"z: {title_of(pooled)}, “{neuron}”", fontsize=11)
    figure.colorbar(
        ScalarMappable(norm, "RdBu_r"), ax=axes, label="z = (simulation − theory)/s.e."
    )
    if len(variants) > 1:
        legend(axes, {}, markers(members), "")
    return Picture(
        name=f"z-{pooled.name.replace(', ', '-')}-{neuron}",
        title=f"z: {title_of(pooled)}, neuron “{neuron}”",
        description=(
            "Difference in standard errors at every point of the grid; the scale ends "
            f"where a single test would reject the theory (|z| = {verdict.critical_z:.2f})."
        ),
        figure=figure,
    )


def _plain_ticks(axes: Axes, values: np.ndarray) -> None:
    """Label a logarithmic axis with the values on it, or with those far enough apart."""
    kept = [values[0]]
    for value in values[1:]:
        if np.log(value / kept[-1]) > np.log(values[-1] / values[0]) / MOST_LABELS:
            kept.append(value)
    axes.set_yticks(kept, [f"{value:g}" for value in kept])
    axes.minorticks_off()


def _padded(values: np.ndarray) -> tuple[float, float]:
    pad = 0.12 * float(np.ptp(values)) or 0.5
    return float(values.min()) - pad, float(values.max()) + pad


def histogram(verdict: Verdict) -> Picture:
    """Draw the histogram of z of all tested comparisons beside a standard normal."""
    figure, axes = new()
    z = np.array([c.z for c in verdict.tested if c.stderr > 0 and not c.case.clocked])
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
            "would give 0 and about 1. The last bins include what lies beyond. Clocked "
            "schemes are left out."
            if z.size
            else ""
        ),
        figure=figure,
    )
