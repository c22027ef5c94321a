"""The command line; ``python -m validation --help``."""

import argparse
import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from .gridfile import Grid, GridError, load_grid, shipped_grids

if TYPE_CHECKING:
    from .campaign import Findings
    from .workers import Workers

__all__ = ["main"]

AGREE, DISAGREE, IMPOSSIBLE, INTERRUPTED = 0, 1, 2, 130

_DESCRIPTION = "Holds the mean-field theory against simulation, with error bars."
_EPILOG = """\
GRID is the name of a grid that comes with the package ({grids}) or the path of a
TOML file. Results are kept in the STORE, one SQLite file; a sweep that was stopped, in
whatever way, is resumed by the same command.

exit status: 0 theory and simulation agree (or the command did its work), 1 they
disagree, 2 it could not be done (the message says why), 130 interrupted.

examples:
  python -m validation demo --out demo-output
  python -m validation run full --store full.sqlite --jobs 8
  python -m validation report full --store full.sqlite --out report
  python -m validation run full --store full.sqlite --scheduler tcp://host:8786
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    Parameters
    ----------
    arguments : sequence of str, optional
        By default those of the process.

    Returns
    -------
    int
        0 agree or done, 1 disagree, 2 could not be done, 130 interrupted.
    """
    options = _parser().parse_args(arguments)
    from .store import StoreError

    try:
        return options.command(options)
    except BrokenPipeError:  # the reader of our output went away, e.g. `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return IMPOSSIBLE
    except (GridError, StoreError, ConnectionError, ImportError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return IMPOSSIBLE
    except KeyboardInterrupt:
        print("interrupted; finished results are safe", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m validation",
        description=_DESCRIPTION,
        epilog=_EPILOG.format(grids=", ".join(shipped_grids())),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name, function, text, *, grid=True, store=True):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=function)
        if grid:
            sub.add_argument("grid", metavar="GRID", help="name or TOML file")
        if store:
            sub.add_argument(
                "--store", required=True, metavar="FILE", help="SQLite file of results"
            )
        return sub

    sub = command("run", _run, "simulate the cases of a grid that have no result yet")
    _add_workers(sub)
    sub.add_argument("--scheduler", metavar="URL", help="run on a dask cluster instead")
    command("status", _status, "say how far a sweep is")
    sub = command("report", _report, "judge; write report.html and figures")
    sub.add_argument("--out", required=True, metavar="DIR", help="folder to write to")
    _add_alpha(sub)
    sub = command("export", _export, "write all numbers as netCDF or CSV")
    sub.add_argument("--out", required=True, metavar="FILE", help="*.nc or *.csv")
    sub = command(
        "demo", _demo, "run a small sweep and report it", grid=False, store=False
    )
    sub.add_argument("--out", required=True, metavar="DIR", help="folder to write to")
    _add_workers(sub)
    sub = command(
        "case", _case, "simulate one case again and show it", grid=False, store=False
    )
    sub.add_argument("hash", metavar="HASH", help="beginning of the case's hash")
    sub.add_argument("--grid", required=True, metavar="GRID", help="name or TOML file")
    return parser


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs", type=_positive, metavar="N", help="workers (default: all cores)"
    )
    parser.add_argument(
        "--executor",
        choices=("processes", "threads"),
        default="processes",
        help="kind of workers (default: %(default)s)",
    )
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def _add_alpha(parser: argparse.ArgumentParser) -> None:
    from .verdict import ALPHA

    parser.add_argument(
        "--alpha",
        type=_probability,
        default=ALPHA,
        metavar="P",
        help="family-wise false-alarm rate (default: %(default)s)",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1; got {text}")
    return number


def _probability(text: str) -> float:
    number = float(text)
    if not 0 < number < 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1; got {text}")
    return number


@contextmanager
def _workers(options: argparse.Namespace) -> Iterator["Workers"]:
    from .workers import Processes, Threads, connect

    if getattr(options, "scheduler", None):
        with connect(options.scheduler) as workers:
            yield workers
    else:
        kind = Threads if options.executor == "threads" else Processes
        yield kind(options.jobs)


def _run(options: argparse.Namespace) -> int:
    return _sweep(load_grid(options.grid), options.store, options)


def _sweep(grid: Grid, store: str | Path, options: argparse.Namespace) -> int:
    from .campaign import run_grid

    def notify(text: str) -> None:
        print(f"note: {text}", file=sys.stderr)

    with _workers(options) as workers:
        outcome = run_grid(
            grid, store, workers, progress=not options.quiet, notify=notify
        )
    total = len(grid.cases)
    ready = total - outcome.unfinished - outcome.failed
    print(f"{ready} of {total} cases are finished; their results are in {store}")
    if outcome.interrupted:
        print("interrupted; the same command resumes", file=sys.stderr)
        return INTERRUPTED
    if outcome.failed:
        print(
            f"error: {outcome.failed} cases failed; `status` shows why; the same "
            "command tries them again",
            file=sys.stderr,
        )
        return IMPOSSIBLE
    return AGREE


def _require(*names: str) -> None:
    """Fail before the work, not after it, where an extra is missing."""
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError:
            raise ImportError(
                f"this needs {name}: pip install 'meanfield-theory[validation]'"
            ) from None


def _findings(options: argparse.Namespace, **extra) -> "Findings":
    from .campaign import findings

    return findings(load_grid(options.grid), options.store, **extra)


def _status(options: argparse.Namespace) -> int:
    found = _findings(options)
    total, ready = len(found.grid.cases), len(found.entries)
    failed = len(found.failures)
    print(f"grid {found.grid.source}: {total} cases")
    print(f"finished: {ready}, failed: {failed}, to do: {total - ready - failed}")
    for case, message in found.failures.items():
        print(f"\nfailed: {case.hash[:12]} {case.label}\n{message}")
    _print_notes(found)
    return AGREE if ready == total else IMPOSSIBLE


def _print_notes(found: "Findings") -> None:
    from .report import notes

    for note in notes(found):
        print(f"note: {note}")


def _report(options: argparse.Namespace) -> int:
    _require("matplotlib", "jinja2")
    return _show(_findings(options, alpha=options.alpha), options.out)


def _show(found: "Findings", folder: str | Path) -> int:
    """Print the verdict, write the report and print where it is."""
    from .report import write_report
    from .tables import SUMMARY_HEAD, of_what, summary_rows, text_table, worst

    verdict = found.verdict
    paths = write_report(found, folder)
    print(f"\n{text_table(SUMMARY_HEAD, summary_rows(verdict))}\n")
    for c in worst(verdict, 3):
        name = found.grid.neuron_name(c.case)
        print(
            f"least likely: {of_what(c, c.quantity)} at {c.case.label} ({name}): "
            f"z = {c.z:+.2f}, "
            f"case {c.case.hash[:12]}"
        )
    untested = len(verdict.comparisons) - len(verdict.tested)
    if untested:
        print(f"not tested: {untested} comparisons; the report says why")
    print(
        f"\n{verdict.sentence} False alarms: {verdict.alpha:g} for all tests together "
        f"(|z| > {verdict.critical_z:.2f} beyond the theory-error budget)."
    )
    _print_notes(found)
    print("\nfigures:")
    for path in paths[:-1]:
        print(f"  {path}")
    print(f"report:\n  {paths[-1]}")
    return verdict.status


def _export(options: argparse.Namespace) -> int:
    from .export import save

    _require("xarray")
    found = _findings(options)
    save(found, options.out)
    print(f"{len(found.entries)} cases written to {options.out}")
    return AGREE


def _demo(options: argparse.Namespace) -> int:
    from .campaign import findings

    _require("matplotlib", "jinja2")
    folder = Path(options.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"`--out` cannot be made a folder: {error}") from None
    grid, store = load_grid("demo"), folder / "demo.sqlite"
    status = _sweep(grid, store, options)
    return status or _show(findings(grid, store), folder)


def _case(options: argparse.Namespace) -> int:
    from .compare import compare
    from .evaluate import evaluate
    from .tables import COMPARISON_HEAD, comparison_rows, text_table

    case = load_grid(options.grid).find(options.hash)
    print(f"case {case.hash}\n{case.to_json()}")
    result = evaluate(case)
    print(
        f"ended by {result.stop} after {result.rounds} rounds, {result.replicas} "
        f"replicas, {result.spikes} spikes\n"
    )
    head, rows = COMPARISON_HEAD[:-1], comparison_rows(compare(case, result))
    print(text_table(head, [row[:-1] for row in rows]))
    return AGREE
