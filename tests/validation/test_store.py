import dataclasses
import math
import sqlite3

import pytest

from validation import Case, load_grid
from validation.store import Store, StoreError

from .fakes import result_of

CASES = [Case(mu=m, sigma=1.0) for m in range(80)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ledger.sqlite"


def fill(path, cases):
    with Store(path, write=True) as store:
        for case in cases:
            store.record(case, result_of(case), seconds=0.5, versions="v 1")


def contents(path):
    with Store(path) as store:
        return {h: repr(e.result) for h, e in store.finished(CASES).items()}


def refused(path, **options):
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreError) as error, Store(path, **options):
        pass
    assert (path.read_bytes() if path.is_file() else None) == before
    assert str(path) in str(error.value)
    return str(error.value)


def test_results_come_back_bit_by_bit(path):
    fill(path, CASES[:5])
    with Store(path) as store:
        entries = store.finished(CASES)
    assert list(entries) == [c.hash for c in CASES[:5]]
    for case in CASES[:5]:
        entry = entries[case.hash]
        assert repr(entry.result) == repr(result_of(case)).replace(
            f"np.float64({entry.result['rate'].value})",
            str(entry.result["rate"].value),
        )
        assert math.isnan(entry.result["cv"].value)
        assert math.isinf(entry.result["cv"].stderr)
        assert (entry.seconds, entry.versions) == (0.5, "v 1")


def test_recording_again_changes_nothing(path):
    fill(path, CASES[:2])
    before = contents(path)
    fill(path, CASES[:2])
    assert contents(path) == before


def test_a_result_replaces_a_failure(path):
    with Store(path, write=True) as store:
        store.record_failure(CASES[0], "first")
        store.record_failure(CASES[0], "second")
        assert store.failures(CASES) == {CASES[0].hash: "second"}
        store.record(CASES[0], result_of(CASES[0]), seconds=1.0, versions="")
        assert store.failures(CASES) == {}


def test_a_file_holds_several_grids_and_notices_a_change(path):
    grid = load_grid("smoke")
    changed = dataclasses.replace(grid, cases=(*grid.cases[2:], CASES[0]))
    with Store(path, write=True) as store:
        assert store.register(grid) == (0, 0)
        assert store.register(grid) == (0, 0)
        assert store.register(changed) == (1, 2)
        assert store.register(dataclasses.replace(grid, name="other")) == (0, 0)
        for case in grid.cases:
            store.record(case, result_of(case), seconds=1.0, versions="")
        assert store.number_of_others(changed.cases) == 2


def test_no_store(path):
    assert "no store" in refused(path)


def test_no_folder(tmp_path):
    assert "folder" in refused(tmp_path / "none" / "x.sqlite", write=True)


@pytest.mark.parametrize("write", [False, True])
def test_not_sqlite(path, write):
    path.write_text("my only copy of something\n" * 99)
    assert "no SQLite file" in refused(path, write=write)


@pytest.mark.parametrize("write", [False, True])
def test_foreign_sqlite(path, write):
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE precious (x)")
    db.close()
    assert "another program" in refused(path, write=write)


def test_other_schema_version(path):
    fill(path, CASES[:1])
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    assert "format 99" in refused(path, write=True)


def test_damaged(path):
    fill(path, CASES)
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 8192] = b"\xa5" * 8192
    path.write_bytes(data)
    message = refused(path, write=True)
    assert "damaged" in message
    assert ".recover" in message


def test_truncated(path):
    fill(path, CASES)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert "damaged" in refused(path, write=True)


def test_full_disk_loses_nothing_that_was_recorded(path):
    with Store(path, write=True) as store:
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count = {pages + 4}")
        message, recorded = "", 0
        while not message:
            case = CASES[recorded]
            try:
                store.record(case, result_of(case), seconds=1.0, versions="")
                recorded += 1
            except StoreError as error:
                message = str(error)
        assert "disk is full" in message
        assert "free some space" in message
    assert len(contents(path)) == recorded > 0
    fill(path, CASES[recorded:])
    assert len(contents(path)) == len(CASES)


def test_one_writer_many_readers(path):
    with Store(path, write=True) as store:
        store.record(CASES[0], result_of(CASES[0]), seconds=1.0, versions="")
        assert "another process" in refused(path, write=True)
        assert len(contents(path)) == 1
        store.record(CASES[1], result_of(CASES[1]), seconds=1.0, versions="")
    fill(path, CASES[2:3])
    assert len(contents(path)) == 3
