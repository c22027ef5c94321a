"""Theory against simulation, with error bars: sweeps, ledger, verdict, report.

``python -m validation --help`` shows the commands. Nothing in the project imports this
package; it imports `meanfield` and `spiking_reference`.
"""

from .cases import Case
from .gridfile import Grid, GridError, load_grid

__all__ = ["Case", "Grid", "GridError", "load_grid"]
