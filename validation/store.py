"""The ledger: one SQLite file that keeps every finished result.

One process writes, one transaction per finished case, so that whatever ends a sweep -
a kill, a full disk, a power cut - costs at most the cases being simulated at the time.
Results are kept by the hash of their case; a file may hold those of several grids.
"""

import math
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from .cases import Case
from .evaluate import Result
from .gridfile import Grid
from .pooling import Measurement
from .sqlite_file import StoreError, explained, lock, open_database

__all__ = ["Entry", "Store", "StoreError"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A finished case in the ledger.

    Parameters
    ----------
    result : Result
    seconds : float
        Time that the simulation took [s].
    versions : str
        Versions of the programs that simulated it.
    """

    result: Result
    seconds: float
    versions: str


class Store:
    """An open ledger; a context manager.

    Parameters
    ----------
    path : str or Path
        The file.
    write : bool
        To write: creates the file if there is none, and keeps all other writers out
        through an empty companion file ``PATH.lock``.

    Raises
    ------
    StoreError
        If there is no such file, it is foreign, damaged or of another version, cannot
        be opened, or another process writes to it.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "ledger.sqlite"
    >>> with Store(path, write=True) as store:
    ...     store.finished([])
    {}
    >>> path.write_text("something else") and Store(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    validation.sqlite_file.StoreError: ... is not a ledger: it is no SQLite file; ...
    """

    def __init__(self, path: str | Path, *, write: bool = False):
        self.path = Path(path)
        self._lock: sqlite3.Connection | None = None
        if not write and not self.path.is_file():
            raise StoreError(
                f"there is no store {self.path}; `run` makes one: give it this --store"
            )
        if write:
            self._lock = lock(self.path)
        try:
            self._db = open_database(self.path, create=write)
        except BaseException:
            self._unlock()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let other writers in."""
        self._db.close()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with explained(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._db.execute("ROLLBACK")
                raise

    def record(
        self, case: Case, result: Result, *, seconds: float, versions: str
    ) -> None:
        """Keep a result, in one transaction; it replaces a recorded failure.

        Raises
        ------
        StoreError
            If it cannot be kept, e.g. on a full disk; earlier results are safe.
        """
        row = (case.hash, case.to_json(), result.stop, result.rounds, result.replicas)
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO result (hash, definition, stop, rounds, "
                "replicas, spikes, seconds, versions) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, result.spikes, seconds, versions),
            )
            db.executemany(
                "INSERT OR REPLACE INTO measurement VALUES (?, ?, ?, ?, ?, ?)",
                ((case.hash, i, *m) for i, m in enumerate(result.measurements)),
            )
            db.execute("DELETE FROM failure WHERE hash = ?", (case.hash,))

    def record_failure(self, case: Case, message: str) -> None:
        """Keep the message of a case that failed; the next run tries it again."""
        with self._transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO failure (hash, definition, message) "
                "VALUES (?, ?, ?)",
                (case.hash, case.to_json(), message),
            )

    def register(self, grid: Grid) -> tuple[int, int]:
        """Note the cases of a grid; return how many are new and how many gone.

        Both are 0 for a grid that was not noted before or has not changed. Results of
        cases that are gone are kept.
        """
        now = {case.hash for case in grid.cases}
        with self._transaction() as db:
            rows = db.execute("SELECT hash FROM grid_case WHERE name = ?", (grid.name,))
            before = {hash_ for (hash_,) in rows}
            db.execute("DELETE FROM grid_case WHERE name = ?", (grid.name,))
            db.execute(
                "INSERT OR REPLACE INTO grid VALUES (?, ?)", (grid.name, grid.identity)
            )
            db.executemany(
                "INSERT INTO grid_case VALUES (?, ?)", ((grid.name, h) for h in now)
            )
        return (len(now - before), len(before - now)) if before else (0, 0)

    def finished(self, cases: Iterable[Case]) -> dict[str, Entry]:
        """Return the entries of those of `cases` that are finished, by hash."""
        found = {}
        with explained(self.path):
            for case in cases:
                row = self._db.execute(
                    "SELECT stop, rounds, replicas, spikes, seconds, versions "
                    "FROM result WHERE hash = ?",
                    (case.hash,),
                ).fetchone()
                if row is not None:
                    found[case.hash] = self._entry(case.hash, row)
        return found

    def _entry(self, hash_: str, row: tuple) -> Entry:
        measurements = tuple(
            Measurement(name, _or_nan(value), _or_nan(stderr), df)
            for name, value, stderr, df in self._db.execute(
                "SELECT name, value, stderr, df FROM measurement WHERE hash = ? "
                "ORDER BY position",
                (hash_,),
            )
        )
        stop, rounds, replicas, spikes, seconds, versions = row
        result = Result(
            stop=stop,
            rounds=rounds,
            replicas=replicas,
            spikes=spikes,
            measurements=measurements,
        )
        return Entry(result=result, seconds=seconds, versions=versions)

    def failures(self, cases: Iterable[Case]) -> dict[str, str]:
        """Return the messages of those of `cases` that failed, by hash."""
        with explained(self.path):
            rows = dict(self._db.execute("SELECT hash, message FROM failure"))
        return {case.hash: rows[case.hash] for case in cases if case.hash in rows}

    def number_of_others(self, cases: Iterable[Case]) -> int:
        """Return the number of finished results that belong to none of `cases`."""
        with explained(self.path):
            hashes = {h for (h,) in self._db.execute("SELECT hash FROM result")}
        return len(hashes - {case.hash for case in cases})


def _or_nan(x: float | None) -> float:
    """Undo what SQLite does to NaN."""
    return math.nan if x is None else x
