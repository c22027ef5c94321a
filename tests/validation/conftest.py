import pytest

from validation.campaign import findings, run_grid
from validation.gridfile import load_grid
from validation.workers import Threads


@pytest.fixture(scope="session")
def smoke_store(tmp_path_factory):
    """The ledger of the smoke grid, simulated once. Read it; do not write to it."""
    path = tmp_path_factory.mktemp("smoke") / "smoke.sqlite"
    outcome = run_grid(load_grid("smoke"), path, Threads(), progress=False)
    assert (outcome.failed, outcome.unfinished) == (0, 0)
    return path


@pytest.fixture(scope="session")
def smoke(smoke_store):
    return findings(load_grid("smoke"), smoke_store)
