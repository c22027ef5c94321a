"""The ledger of a grid as an `xarray.Dataset`, netCDF or CSV."""

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from meanfield import LIF

from .campaign import Findings
from .cases import Case

if TYPE_CHECKING:
    import xarray

__all__ = ["save", "to_xarray"]

_UNITS = {"rate": "kHz", "std": "sqrt(kHz)", "fano": "1", "correlation": "1"}
_QUANTITIES = tuple(_UNITS)
_COLUMNS = ("theory", "value", "stderr", "below", "above", "z")
_PLACE = ("quantity", "layer", "unit", "approximation")
_TEXTS = ("inputs", "scheme", "amplitudes", "name", "preset")
_OF_NETWORKS = ("parameters", "observe", "times")
_CASE = tuple(f.name for f in dataclasses.fields(Case) if f.name != "neuron")
_RESULT = ("stop", "rounds", "spikes")
_NEURON = tuple(f.name for f in dataclasses.fields(LIF))


def to_xarray(findings: Findings) -> "xarray.Dataset":
    """Return the finished cases as a dataset.

    Parameters
    ----------
    findings : Findings

    Returns
    -------
    xarray.Dataset
        Variables ``theory``, ``value``, ``stderr``, ``z`` and the theory-error budget
        (``below``, ``above``) over (case, quantity), NaN where a case has no such
        quantity; what defines a case, its hash and how it was simulated as coordinates.
        Of a grid with layers, or with several theories, all is over one dimension,
        ``comparison``, with the coordinates quantity, layer, unit (for spectra and
        responses the frequency), approximation and neuron. Units ms, mV and kHz.
    """
    import xarray as xr

    if any(c.layer or c.approximation for c in findings.verdict.comparisons):
        return _long(findings)
    cases = list(findings.entries)
    row = {case: i for i, case in enumerate(cases)}
    data = {n: np.full((len(cases), len(_QUANTITIES)), np.nan) for n in _COLUMNS}
    for c in findings.verdict.comparisons:
        for name, array in data.items():
            array[row[c.case], _QUANTITIES.index(c.quantity)] = getattr(c, name)
    results = [findings.entries[case].result for case in cases]
    coordinates = {
        "quantity": list(_QUANTITIES),
        "unit": ("quantity", [_UNITS[q] for q in _QUANTITIES]),
        "hash": ("case", np.array([case.hash for case in cases], dtype="U64")),
        **{n: ("case", [getattr(case, n) for case in cases]) for n in _CASE},
        **{n: ("case", [getattr(case.neuron, n) for case in cases]) for n in _NEURON},
        **{n: ("case", [getattr(r, n) for r in results]) for n in _RESULT},
    }
    return xr.Dataset(
        {name: (("case", "quantity"), array) for name, array in data.items()},
        coords=coordinates,
        attrs={
            "title": findings.grid.title,
            "grid": findings.grid.name,
            "grid_identity": findings.grid.identity,
            "units": "ms, mV, kHz",
        },
    )


def _long(findings: Findings) -> "xarray.Dataset":
    import xarray as xr

    comparisons = findings.verdict.comparisons
    names = dict.fromkeys(
        f.name for c in findings.entries for f in dataclasses.fields(c)
    )
    for name in ("neuron", "synapses", "spectrum", "response", *_OF_NETWORKS):
        names.pop(name, None)

    def column(values: Iterable) -> tuple[str, np.ndarray]:
        return "comparison", np.array(list(values))

    def field(case: Case, name: str) -> Any:
        default = "" if name in _TEXTS else np.nan
        return getattr(case, name, default)

    return xr.Dataset(
        {n: column(getattr(c, n) for c in comparisons) for n in _COLUMNS},
        coords={
            **{n: column(getattr(c, n) for c in comparisons) for n in _PLACE},
            "untested": column(c.untested for c in comparisons),
            "hash": column(c.case.hash for c in comparisons),
            **{n: column(field(c.case, n) for c in comparisons) for n in names},
            "neuron": column(findings.grid.neuron_name(c.case) for c in comparisons),
            **{
                n: column(getattr(c.case.neuron, n, np.nan) for c in comparisons)
                for n in _NEURON
            },
        },
        attrs={
            "title": findings.grid.title,
            "grid": findings.grid.name,
            "grid_identity": findings.grid.identity,
            "units": "ms, mV, kHz",
        },
    )


def save(findings: Findings, path: str | Path) -> None:
    """Write ``.nc`` (netCDF 3) or ``.csv`` (one row per case and quantity).

    Raises
    ------
    ValueError
        For any other ending.
    """
    path = Path(path)
    dataset = to_xarray(findings)
    if path.suffix == ".nc":
        dataset.to_netcdf(path, engine="scipy")
    elif path.suffix == ".csv":
        dataset.to_dataframe().reset_index().to_csv(path, index=False)
    else:
        raise ValueError(f"`--out` must end in .nc or .csv; got {str(path)!r}")
