"""Ranges, neurons and tables of the command line."""

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ..neurons import EIF, LIF, QIF, AdaptiveLIF, AdEx

RANGES = """\
A range is a number, a list (0.5,1,2) or start:stop:count, with :log behind it for
logarithmic spacing. Write --mu=-1:3:81 (with =) where a range starts with a minus sign.
"""

# Names on the command line: the class, and what the name says already.
NEURONS: dict[str, tuple[Any, dict[str, float]]] = {
    "lif": (LIF, {}),
    "pif": (LIF, {"tau_m": np.inf, "E_L": 0.0}),
    "eif": (EIF, {}),
    "qif": (QIF, {}),
    "adaptive_lif": (AdaptiveLIF, {}),
    "adex": (AdEx, {}),
}
_MEANINGS = {
    "tau_m": "membrane time constant [ms]",
    "t_ref": "refractory period [ms]",
    "V_th": "threshold, where a spike counts as fired [mV]",
    "V_reset": "reset [mV]",
    "E_L": "leak reversal potential [mV]",
    "V_T": "soft threshold, above which V runs to a spike [mV]",
    "Delta_T": "sharpness of the spike's onset [mV]",
    "C_m": "capacitance [pF]; mu is the current over it",
    "g_L": "leak conductance [nS]",
    "a": "subthreshold adaptation [nS]",
    "b": "adaptation at a spike [pA]",
    "tau_w": "time constant of the adaptation [ms]",
    "tau_theta": "time constant of the adapting threshold [ms]",
    "Delta_theta": "rise of the threshold at a spike [mV]",
}


def numbers(text: str) -> np.ndarray:
    """Parse a range of the command line.

    Parameters
    ----------
    text : str
        ``"1"``, ``"0.5,1,2"``, ``"start:stop:count"`` or ``"start:stop:count:log"``.

    Returns
    -------
    numpy.ndarray, 1-D

    Raises
    ------
    argparse.ArgumentTypeError
        If `text` is none of these.

    Examples
    --------
    >>> numbers("0:1:3")
    array([0. , 0.5, 1. ])
    >>> numbers("0.1:10:3:log").round(6)
    array([ 0.1,  1. , 10. ])
    """
    usage = f"{text!r} is not a number, a,b,c or start:stop:count[:log]"
    try:
        if ":" not in text:
            return np.array([float(part) for part in text.split(",")])
        start, stop, count, *spacing = text.split(":")
        if spacing not in ([], ["log"]) or int(count) < 1:
            raise argparse.ArgumentTypeError(usage)
        if spacing and min(float(start), float(stop)) <= 0:
            raise argparse.ArgumentTypeError(
                f"{text!r}: log spacing needs positive ends"
            )
        space = np.geomspace if spacing else np.linspace
        return space(float(start), float(stop), int(count))
    except ValueError:
        raise argparse.ArgumentTypeError(usage) from None


def add_inputs(command: argparse.ArgumentParser) -> None:
    """Add the ranges of mu and sigma, and where the results go."""
    add = command.add_argument
    add("--mu", type=numbers, required=True, help="mean drive [mV/ms]")
    add("--sigma", type=numbers, required=True, help="noise [mV/sqrt(ms)]")
    add("--csv", type=Path, help="write the table here")
    add("--plot", type=Path, help="draw here (PNG, PDF or SVG)")


def add_neuron(command: argparse.ArgumentParser, kinds: Sequence[str]) -> None:
    """Add --neuron and an option for each parameter of these kinds."""
    command.add_argument(
        "--neuron", choices=kinds, default="lif", help="the neuron; lif by default"
    )
    group = command.add_argument_group("parameters of the neuron, with their defaults")
    for name, meaning in _MEANINGS.items():
        owners = [kind for kind in kinds if name in _parameters(kind)]
        if owners:
            values = ", ".join(f"{k} {_parameters(k)[name]:g}" for k in owners)
            text = f"{meaning}: {values}"
            group.add_argument(f"--{name}", type=float, metavar="X", help=text)


def neuron_of(options: argparse.Namespace) -> Any:
    """Return the neuron that the options describe."""
    kind, (neuron, fixed) = options.neuron, NEURONS[options.neuron]
    known = _parameters(kind)
    given = {
        name: value
        for name in _MEANINGS
        if (value := getattr(options, name, None)) is not None
    }
    for name in given:
        if name not in known:
            names = ", ".join(f"--{n}" for n in known)
            raise ValueError(f"--{name} is no parameter of {kind}, which has {names}")
    return neuron(**fixed, **given)


def _parameters(kind: str) -> dict[str, Any]:
    """Names and defaults of the parameters that can be given."""
    neuron, fixed = NEURONS[kind]
    given = ((f.name, f.default) for f in fields(neuron))
    return {name: value for name, value in given if name not in fixed}


def write(columns: dict[str, np.ndarray], path: Path | None) -> None:
    """Write a table of CSV, to standard output without a path."""
    lines = zip(*(column.ravel().tolist() for column in columns.values()), strict=True)
    if path is None:
        csv.writer(sys.stdout).writerows([list(columns), *lines])
        return
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([list(columns), *lines])


def pieces(n: int, size: int) -> Iterator[slice]:
    """Cut `n` elements into slices, with a progress bar in a terminal after two seconds."""
    from tqdm.auto import tqdm

    with tqdm(total=n, unit="point", disable=None, delay=2.0) as bar:
        for start in range(0, n, size):
            piece = slice(start, min(start + size, n))
            yield piece
            bar.update(piece.stop - start)
