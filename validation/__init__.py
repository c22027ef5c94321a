"""Theory against simulation, with error bars: sweeps, ledger, verdict, report.

``python -m validation --help`` shows the commands. Nothing in the project imports this
package; it imports `meanfield` and `spiking_reference`.
"""

from .campaign import Findings, findings, run_grid
from .cases import Case
from .gridfile import Grid, GridError, load_grid
from .networks import LayeredCase
from .populations import PopulationCase
from .singles import NeuronCase
from .store import StoreError
from .workers import Borrowed, Dask, Processes, Threads

__all__ = [
    "Borrowed",
    "Case",
    "Dask",
    "Findings",
    "Grid",
    "GridError",
    "LayeredCase",
    "NeuronCase",
    "PopulationCase",
    "Processes",
    "StoreError",
    "Threads",
    "findings",
    "load_grid",
    "run_grid",
]
