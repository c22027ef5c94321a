"""A grid, a ledger and workers together: what `run` and `report` do."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .cases import Case
from .evaluate import Result, evaluate
from .gridfile import Grid
from .provenance import versions
from .run import Outcome, sweep
from .store import Entry, Store
from .verdict import ALPHA, Verdict, judge
from .workers import Workers

__all__ = ["Findings", "findings", "run_grid"]


class _Clerk:
    """Records in the ledger, and moves the bar."""

    def __init__(self, store: Store, bar: Any):
        self._store, self._bar = store, bar

    def done(self, case: Case, result: Result, seconds: float) -> None:
        self._store.record(case, result, seconds=seconds, versions=versions())
        self._bar.update()

    def failed(self, case: Case, message: str) -> None:
        self._store.record_failure(case, message)
        self._bar.write(f"failed: {case.label}: {message.splitlines()[-1]}")
        self._bar.update()


def run_grid(
    grid: Grid,
    path: str | Path,
    workers: Workers,
    *,
    progress: bool = True,
    notify: Callable[[str], Any] | None = None,
    evaluate: Callable[[Case], Result] = evaluate,
) -> Outcome:
    """Evaluate the cases of `grid` that the ledger does not have yet.

    Parameters
    ----------
    grid : Grid
    path : str or Path
        The ledger; made if there is none.
    workers : Workers
        `Processes`, `Threads` or `Dask`.
    progress : bool
        Show a bar.
    notify : callable, optional
        Called with what the user should know, e.g. that the grid has changed.
    evaluate : callable, optional
        Must be importable by the workers.

    Returns
    -------
    Outcome

    Raises
    ------
    StoreError
        If the ledger cannot be used; results recorded before are safe.
    """
    from tqdm.auto import tqdm

    notify = notify or (lambda _: None)
    with Store(path, write=True) as store:
        new, gone = store.register(grid)
        if new or gone:
            notify(
                f"grid {grid.name!r} has changed since it last ran into {path}: {new} "
                f"cases are new, {gone} are gone (their results are kept)"
            )
        finished = store.finished(grid.cases)
        todo = [case for case in grid.cases if case.hash not in finished]
        with tqdm(
            total=len(grid.cases),
            initial=len(finished),
            desc=grid.name,
            unit="case",
            disable=not progress,
        ) as bar:
            return sweep(todo, workers, _Clerk(store, bar), evaluate=evaluate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the ledger has on a grid.

    Parameters
    ----------
    grid : Grid
    verdict : Verdict
    entries : dict of Case to Entry
        Finished cases.
    failures : dict of Case to str
        Messages of failed cases.
    others : int
        Results in the file that belong to other grids, or to earlier versions of this.
    """

    grid: Grid
    verdict: Verdict
    entries: dict[Case, Entry]
    failures: dict[Case, str]
    others: int


def findings(grid: Grid, path: str | Path, *, alpha: float = ALPHA) -> Findings:
    """Read the ledger and judge.

    Parameters
    ----------
    grid : Grid
    path : str or Path
        The ledger.
    alpha : float
        Family-wise false-alarm rate.

    Returns
    -------
    Findings

    Raises
    ------
    StoreError
        If the ledger cannot be read.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from validation import Threads, findings, load_grid, run_grid
    >>> grid = load_grid("smoke")
    >>> store = pathlib.Path(tempfile.mkdtemp()) / "smoke.sqlite"
    >>> run_grid(grid, store, Threads(), progress=False).done == len(grid.cases)
    True
    >>> findings(grid, store).verdict.sentence
    'Theory and simulation agree in all 26 tests.'
    """
    with Store(path) as store:
        found, failed = store.finished(grid.cases), store.failures(grid.cases)
        others = store.number_of_others(grid.cases)
    entries = {c: found[c.hash] for c in grid.cases if c.hash in found}
    return Findings(
        grid=grid,
        verdict=judge(
            {case: entry.result for case, entry in entries.items()},
            grid.cases,
            failed=len(failed),
            alpha=alpha,
        ),
        entries=entries,
        failures={c: failed[c.hash] for c in grid.cases if c.hash in failed},
        others=others,
    )
