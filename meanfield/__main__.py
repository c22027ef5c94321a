"""The moment activation from the shell: ``python -m meanfield moments --help``."""

import argparse
import csv
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from . import __version__
from .lif import fano_factor, moment_activation
from .neurons import LIF

_PARAMETERS = {
    "tau_m": "membrane time constant [ms]",
    "t_ref": "refractory period [ms]",
    "V_th": "threshold [mV]",
    "V_reset": "reset [mV]",
    "E_L": "leak reversal potential [mV]",
}
_EPILOG = """\
A range is a number, a list (0.5,1,2) or start:stop:count, with :log behind it for
logarithmic spacing. Write --mu=-1:3:81 (with =) where a range starts with a minus sign.

example:
  python -m meanfield moments --mu=-1:3:81 --sigma 0.1:10:80 --csv maps.csv \\
      --plot maps.png
"""


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m meanfield", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    moments = commands.add_parser(
        "moments",
        help="rate, std, chi and Fano factor over a grid of inputs",
        description="Moment activation of the LIF over a grid of inputs: a CSV table "
        "(to standard output unless --csv or --plot is given) and maps.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = moments.add_argument
    add("--mu", type=numbers, required=True, help="mean drive [mV/ms]")
    add("--sigma", type=numbers, required=True, help="noise [mV/sqrt(ms)]")
    add("--csv", type=Path, help="write the table here")
    add("--plot", type=Path, help="draw the maps here (PNG, PDF or SVG)")
    add("--rho", type=float, default=0.5, help="input correlation of the last map")
    add(
        "--discretization", type=float, default=0.0, metavar="DT",
        help="time step [ms] of the clocked simulator to imitate",
    )  # fmt: skip
    defaults = LIF()
    for name, text in _PARAMETERS.items():
        default = getattr(defaults, name)
        add(f"--{name}", type=float, default=default, help=f"{text}, {default:g}")
    return parser


def _write(rows: Sequence[np.ndarray], path: Path | None) -> None:
    header = ["mu", "sigma", "rate_kHz", "std_sqrt_kHz", "chi", "fano_factor"]
    lines = zip(*(column.ravel().tolist() for column in rows), strict=True)
    if path is None:
        csv.writer(sys.stdout).writerows([header, *lines])
        return
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *lines])


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        0, or 2 with a message on standard error for input that cannot be used.

    Examples
    --------
    >>> main(["moments", "--mu", "1", "--sigma", "0"])
    mu,sigma,rate_kHz,std_sqrt_kHz,chi,fano_factor
    1.0,0.0,0.0,0.0,0.0,1.0
    0
    """
    options = _parser().parse_args(argv)
    try:
        neuron = LIF(**{name: getattr(options, name) for name in _PARAMETERS})
        mu, sigma = np.meshgrid(options.mu, options.sigma)
        dt = options.discretization
        result = moment_activation(mu, sigma, neuron, discretization=dt)
        fano = fano_factor(mu, sigma, neuron, discretization=dt)
        if options.csv or not options.plot:
            _write([mu, sigma, *result, fano], options.csv)
        if options.plot:
            from .plot import Figure, plot_maps

            fig = Figure(figsize=(12.6, 6.4), layout="constrained")
            plot_maps(options.mu, options.sigma, neuron, rho=options.rho, fig=fig)
            fig.savefig(options.plot)
    except (ValueError, OSError, ImportError) as error:
        print(f"python -m meanfield: {error}", file=sys.stderr)
        return 2
    for path in filter(None, (options.csv, options.plot)):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
