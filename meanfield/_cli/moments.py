"""``python -m meanfield moments``."""

import argparse
from typing import Any

import numpy as np

from .. import transfer
from ..neurons import LIF
from .options import RANGES, add_inputs, add_neuron, neuron_of, pieces, write

# Points at a time between two moves of the progress bar.
_POINTS = {True: 1_000_000, False: 2048}
_EPILOG = f"""\
{RANGES}
examples:
  python -m meanfield moments --mu=-1:3:81 --sigma 0.1:10:80 --csv maps.csv \\
      --plot maps.png
  python -m meanfield moments --mu 0:2:41 --sigma 1,2,4 --neuron eif --Delta_T 2
"""


def add(commands: Any) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "moments",
        help="rate, std, chi and Fano factor over a grid of inputs",
        description="Moment activation of a neuron over a grid of inputs: a CSV table "
        "(to standard output unless --csv or --plot is given) and maps.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    add_inputs(command)
    more = command.add_argument
    more("--rho", type=float, default=0.5, help="input correlation of the last map")
    more(
        "--discretization", type=float, default=0.0, metavar="DT",
        help="time step [ms] of the clocked simulator to imitate, of the lif",
    )  # fmt: skip
    add_neuron(command, ["lif", "pif", "eif", "qif"])


def run(options: argparse.Namespace) -> None:
    """Write the table, draw the maps."""
    neuron, dt = neuron_of(options), options.discretization
    if options.csv or not options.plot:
        mu, sigma = (a.ravel() for a in np.meshgrid(options.mu, options.sigma))
        names = ("rate_kHz", "std_sqrt_kHz", "chi", "fano_factor")
        found = {name: np.empty(mu.size) for name in names}
        for piece in pieces(mu.size, _POINTS[isinstance(neuron, LIF)]):
            given = mu[piece], sigma[piece], neuron
            result = transfer.moment_activation(*given, discretization=dt)
            fano = transfer.fano_factor(*given, discretization=dt)
            for column, values in zip(found.values(), (*result, fano), strict=True):
                column[piece] = values
        write({"mu": mu, "sigma": sigma, **found}, options.csv)
    if options.plot:
        from ..plot import Figure, plot_maps

        fig = Figure(figsize=(12.6, 6.4), layout="constrained")
        plot_maps(options.mu, options.sigma, neuron, rho=options.rho, fig=fig)
        fig.savefig(options.plot)
