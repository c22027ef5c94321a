"""The ledger as a file: recognising, making, locking it; errors as sentences."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["StoreError", "explained", "lock", "open_database"]

_APPLICATION_ID = 0x4D465631  # "MFV1"
_SCHEMA_VERSION = 1
_PATIENCE = 30.0  # s to wait for another process that reads
_DISK_FULL = "full"

_SCHEMA = """
CREATE TABLE result (
    hash TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    stop TEXT NOT NULL,
    rounds INTEGER NOT NULL,
    replicas INTEGER NOT NULL,
    spikes INTEGER NOT NULL,
    seconds REAL NOT NULL,
    versions TEXT NOT NULL,
    finished TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;
CREATE TABLE measurement (
    hash TEXT NOT NULL REFERENCES result(hash),
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    value REAL,
    stderr REAL,
    df INTEGER NOT NULL,
    PRIMARY KEY (hash, position)
) WITHOUT ROWID;
CREATE TABLE failure (
    hash TEXT PRIMARY KEY,
    definition TEXT NOT NULL,
    message TEXT NOT NULL,
    finished TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
) WITHOUT ROWID;
CREATE TABLE grid (name TEXT PRIMARY KEY, identity TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE grid_case (
    name TEXT NOT NULL REFERENCES grid(name),
    hash TEXT NOT NULL,
    PRIMARY KEY (name, hash)
) WITHOUT ROWID;
"""


class StoreError(RuntimeError):
    """The ledger cannot be used; the message says why and what to do."""


def open_database(path: Path, *, create: bool) -> sqlite3.Connection:
    """Open a ledger, or make one; leave any other file as it is.

    Raises
    ------
    StoreError
        If it is no SQLite file, another program's, of another version, or damaged.
    """
    with explained(path):
        db = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
    try:
        with explained(path):
            _recognise(db, path, create)
    except BaseException:
        db.close()
        raise
    return db


def _recognise(db: sqlite3.Connection, path: Path, create: bool) -> None:
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application == 0 and tables == 0 and create:
        db.executescript(
            f"BEGIN; {_SCHEMA} PRAGMA application_id = {_APPLICATION_ID}; "
            f"PRAGMA user_version = {_SCHEMA_VERSION}; COMMIT;"
        )
        return
    if application != _APPLICATION_ID:
        raise StoreError(
            f"{path} is an SQLite file of another program; it was left as it is; give "
            "--store another name"
        )
    if version != _SCHEMA_VERSION:
        raise StoreError(
            f"{path} has format {version}, this program writes format "
            f"{_SCHEMA_VERSION}; it was left as it is; give --store another name, or "
            "read it with the version that wrote it"
        )
    (state,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if state != "ok":
        raise StoreError(_damaged(path, state))


def lock(path: Path) -> sqlite3.Connection:
    """Hold an exclusive transaction on a companion file: it ends with the process."""
    companion = path.with_name(path.name + ".lock")
    try:
        held = sqlite3.connect(companion, timeout=0.0, isolation_level=None)
    except sqlite3.Error as error:
        raise StoreError(
            f"{path} cannot be opened for writing ({error}); does its folder exist, "
            "and may you write there?"
        ) from None
    try:
        held.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        held.close()
        if "locked" in str(error):
            raise StoreError(
                f"another process is writing to {path}; wait for it to end, or give "
                "--store another name"
            ) from None
        raise StoreError(f"{path} cannot be locked ({error})") from None
    return held


def _damaged(path: Path, detail: str) -> str:
    return (
        f"{path} is damaged ({detail}); it was left as it is; give --store another "
        f"name, or save what can be saved with `sqlite3 {path} .recover | sqlite3 "
        "recovered.sqlite`"
    )


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an SQLite error into a sentence and a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        text = str(error)
        if "not a database" in text:
            message = (
                f"{path} is not a ledger: it is no SQLite file; it was left as it is; "
                "give --store another name"
            )
        elif _DISK_FULL in text:
            message = (
                f"the disk is full: {path} cannot grow; results recorded before are "
                "safe; free some space and run the same command again"
            )
        elif "malformed" in text:
            message = _damaged(path, text)
        elif "locked" in text:
            message = f"{path} is locked by another process; try again"
        else:
            message = f"{path} cannot be used ({text}); earlier results are safe"
        raise StoreError(message) from error
