"""Write the tables, then the certificate of their accuracy."""

import subprocess
import sys
from pathlib import Path

from . import certificate, tables

if len(sys.argv) == 1:
    tables.main()
    # A fresh interpreter, so that the functions are those of the new tables.
    subprocess.run([sys.executable, "-m", __spec__.parent, "certificate"], check=True)
else:
    root = Path(__file__).parents[3]
    certificate.main(root / "docs" / "benchmarks" / "special.md")
