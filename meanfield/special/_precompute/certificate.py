"""Measure the error of the compiled functions against mpmath; write the certificate."""

from pathlib import Path
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf

from ... import special
from .. import mp
from .tables import EDGES

_INTERVALS = {
    "(-1e300, -4]": (-1e300, -4.0),
    "(-4, 0]": (-4.0, 0.0),
    "(0, 2)": (0.0, 2.0),
    "[2, 4)": (2.0, 4.0),
    "[4, 6.5)": (4.0, 6.5),
    "[6.5, 1e300)": (6.5, 1e300),
}
_TINY, _HUGE = mpf(2) ** -1021, mpf(2) ** 1024


def sample(n: int, seed: int) -> np.ndarray:
    """Points where the functions change, every magnitude, and both sides of seams."""
    rng = np.random.default_rng(seed)
    near = rng.uniform(-12.0, 9.0, n - n // 4)
    far = 10.0 ** rng.uniform(-300, 300, n // 4) * rng.choice([-1.0, 1.0], n // 4)
    seams = np.array([-4.0, 0.0, *EDGES[1:]])
    steps = np.array([-1e-3, -1e-9, -1e-15, 0.0, 1e-15, 1e-9, 1e-3])
    overflow = np.array([18.7, 18.8, 18.85, 26.6, 26.62, 26.7])
    points = [near, far, (seams[:, None] + steps).ravel(), overflow]
    return np.concatenate(points)


def measure(x: np.ndarray) -> dict[str, dict[str, float]]:
    """Largest relative error per function and interval.

    G is measured against max(abs(G), abs(x)). Values beyond the range of normal doubles
    must be infinite; smaller ones are not compared.
    """
    worst: dict[str, dict[str, float]] = {}
    computed = {name: getattr(special, name)(x) for name in special.__all__[:-1]}
    with mpmath.workdps(32):
        for i, xi in enumerate(x):
            exact = _exact(mpf(float(xi)))
            interval = next(k for k, (a, b) in _INTERVALS.items() if a < xi <= b)
            for name, value in exact.items():
                size = abs(value)
                if name == "G" or (name == "G_scaled" and xi <= 0):
                    size = max(size, abs(mpf(float(xi))))
                got = computed[name][i]
                if size > _HUGE:
                    error = 0.0 if np.isinf(got) else np.inf
                elif size < _TINY:
                    continue
                else:
                    error = float(abs(mpf(float(got)) - value) / size)
                row = worst.setdefault(name, {})
                row[interval] = max(row.get(interval, 0.0), error)
    return worst


def _exact(x: Any) -> dict[str, Any]:
    if x > 1e5:  # the leading terms are exact to 1e-10^2; unscaled values overflow
        dawson = 1 / (2 * x) + 1 / (4 * x**3) + 3 / (8 * x**5) + 15 / (16 * x**7)
        root = mpmath.sqrt(mpmath.pi)
        return {
            "g_scaled": root,
            "G_scaled": root * dawson,
            "h_scaled": mpmath.pi * dawson,
            "H_scaled": mpmath.pi * dawson**2 / 2,
            **dict.fromkeys("gGhH", mpf("1e400")),
        }
    values = dict(zip("gGhH", mp.values(x), strict=True))
    shrink = mpmath.exp(-(max(x, mpf(0)) ** 2))
    powers = {"g": 1, "G": 1, "h": 2, "H": 2}
    scaled = {f"{k}_scaled": v * shrink ** powers[k] for k, v in values.items()}
    return values | scaled


def main(path: Path, n: int = 100_000) -> None:
    """Write the certificate as a Markdown table."""
    errors = measure(sample(n, seed=1))
    lines = [
        "# Accuracy of the special functions",
        "",
        f"Largest relative error in units of 1e-16 on {n} points, against mpmath at 32 "
        "digits; for G (and scaled G at x <= 0) relative to max(abs(G), abs(x)). "
        "Written by `make tables`.",
        "",
        "| function | " + " | ".join(f"`{k}`" for k in _INTERVALS) + " |",
        "|---|" + "---|" * len(_INTERVALS),
    ]
    for name, row in errors.items():
        cells = " | ".join(f"{1e16 * row.get(k, 0.0):.1f}" for k in _INTERVALS)
        lines.append(f"| `{name}` | {cells} |")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
