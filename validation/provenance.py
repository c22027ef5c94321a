"""Which programs made a result; nothing about the machine."""

import hashlib
import json
import platform
from functools import cache
from importlib import metadata
from pathlib import Path

__all__ = ["simulator_fingerprint", "versions"]

_PACKAGES = ("meanfield-theory", "numpy", "numba")


@cache
def simulator_fingerprint() -> str:
    """Return a hash of the simulator's source (12 digits): it changes with the code.

    Examples
    --------
    >>> len(simulator_fingerprint())
    12
    """
    import spiking_reference

    root = Path(spiking_reference.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def versions() -> str:
    """Return the versions of simulator, Python and packages as JSON."""
    found = {"simulator": simulator_fingerprint(), "python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:  # a checkout that is not installed
            found[name] = "unknown"
    return json.dumps(found, sort_keys=True)
