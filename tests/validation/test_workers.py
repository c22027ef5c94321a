"""The kinds of workers: a kill of the sweep, and a dask cluster."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from validation import Case
from validation.campaign import run_grid
from validation.cli import main
from validation.gridfile import load_grid
from validation.run import sweep
from validation.store import Store
from validation.workers import Dask, Threads

from .fakes import CRASH, FAIL, Book, evaluate, result_of

GRID = """
[defaults]
duration = 8000
warmup = 100
window = 200
precision = 0.004
max_rounds = 12
[[sweeps]]
mu = [0.8, 0.9, 1.0, 1.1, 1.2, 1.3]
sigma = [1.0, 2.0]
"""


@pytest.fixture
def grid(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(GRID)
    return path


def rows(store):
    """Everything that is recorded, times included."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=0.05) as db:
        results = db.execute("SELECT * FROM result ORDER BY hash").fetchall()
        numbers = db.execute(
            "SELECT hash, name, value, stderr, df FROM measurement ORDER BY hash, name"
        ).fetchall()
    db.close()
    return results, numbers


def ready(store):
    try:
        return len(rows(store)[0])
    except sqlite3.Error:
        return 0


def alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def command(grid, store):
    words = ["run", str(grid), "--store", str(store), "--jobs", "1"]
    return [sys.executable, "-m", "validation", *words]


@pytest.mark.skipif(os.name != "posix", reason="needs process groups")
def test_a_killed_sweep_resumes_with_the_same_numbers(grid, tmp_path):
    store, undisturbed = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    process = subprocess.Popen(
        command(grid, store), stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 120
        while ready(store) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        before = rows(store)
        assert 3 <= len(before[0]) < 12
        # Its workers die with it.
        while time.monotonic() < deadline and alive(process.pid):
            time.sleep(0.05)
        assert not alive(process.pid)
    finally:
        process.kill()

    again = subprocess.run(
        command(grid, store), capture_output=True, text=True, check=True
    )
    assert "12 of 12 cases are finished" in again.stdout
    after = rows(store)
    assert set(before[0]) < set(after[0])  # nothing lost, nothing done twice
    assert set(before[1]) < set(after[1])

    run_grid(load_grid(grid), undisturbed, Threads(2), progress=False)
    assert rows(undisturbed)[1] == after[1]


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_ctrl_c_keeps_what_is_finished_and_says_how_to_go_on(grid, tmp_path):
    store = tmp_path / "a.sqlite"
    # So many cases that the last does not end before the signal.
    many = [0.8 + 0.001 * i for i in range(300)]
    text = GRID.replace("duration = 8000", "duration = 300000")
    grid.write_text(text.replace("[0.8, 0.9, 1.0, 1.1, 1.2, 1.3]", str(many)))
    process = subprocess.Popen(
        command(grid, store),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A test run in the background may itself ignore the signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 120
    while ready(store) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    out, error = process.communicate(timeout=120)
    assert process.returncode == 130, out + error
    assert "the same command resumes" in error
    assert "Traceback" not in error
    assert f"{ready(store)} of 600 cases are finished" in out
    assert 2 <= ready(store) < 600


@pytest.fixture
def cluster():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        dashboard_address=None,
        silence_logs="CRITICAL",
    ) as cluster:
        yield cluster


def test_dask(cluster, grid, tmp_path, capsys):
    store, local = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    words = ["run", str(grid), "--store", str(store), "--quiet"]
    assert main([*words, "--scheduler", cluster.scheduler_address]) == 0
    assert "12 of 12" in capsys.readouterr().out
    run_grid(load_grid(grid), local, Threads(2), progress=False)
    assert rows(store)[1] == rows(local)[1]

    from distributed import Client

    cases = [Case(mu=m, sigma=1.0) for m in (1, FAIL, CRASH, 2, 3)]
    book = Book()
    with Client(cluster, set_as_default=False) as client:
        client.run_on_scheduler(
            lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0)
        )
        outcome = sweep(cases, Dask(client), book, evaluate=evaluate)
    assert (outcome.done, outcome.failed, outcome.unfinished) == (3, 2, 0)
    assert {h: repr(r) for h, r in book.results.items()} == {
        c.hash: repr(result_of(c)) for c in cases if c.mu > 0
    }
    assert "no luck" in book.messages[cases[1].hash]
    assert "twice" in book.messages[cases[2].hash]


def test_no_scheduler_and_no_worker(grid, tmp_path, capsys):
    distributed = pytest.importorskip("distributed")
    words = ["run", str(grid), "--store", str(tmp_path / "s.sqlite"), "--scheduler"]
    assert main([*words, "nonsense://here"]) == 2
    assert "`--scheduler` must be the address" in capsys.readouterr().err
    with distributed.LocalCluster(
        n_workers=0, dashboard_address=None, silence_logs="CRITICAL"
    ) as cluster:
        assert main([*words, cluster.scheduler_address]) == 2
    assert "has no workers" in capsys.readouterr().err


def test_failed_cases_are_tried_again(grid, tmp_path):
    store, grid = tmp_path / "s.sqlite", load_grid(grid)

    def fail(case):
        if case.mu == 1.0:
            raise ValueError("out of luck")
        return evaluate(case)

    first = run_grid(grid, store, Threads(2), progress=False, evaluate=fail)
    assert (first.done, first.failed) == (10, 2)
    with Store(store) as ledger:
        assert all("out of luck" in m for m in ledger.failures(grid.cases).values())
    again = run_grid(grid, store, Threads(2), progress=False, evaluate=evaluate)
    assert (again.done, again.failed) == (2, 0)
    with Store(store) as ledger:
        assert ledger.failures(grid.cases) == {}
