"""Theory of single neurons from the shell: ``python -m meanfield --help``."""

import argparse
import sys
from collections.abc import Sequence

from . import __version__
from ._cli import moments, response

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m meanfield", description=__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    moments.add(commands)
    response.add(commands)
    return parser


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
        options.run(options)
    except (ValueError, TypeError, OSError, ImportError) as error:
        print(f"python -m meanfield: {error}", file=sys.stderr)
        return 2
    for path in filter(None, (options.csv, options.plot)):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
