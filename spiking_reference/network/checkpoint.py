"""The state of a run in a file, from which it can go on."""

import hashlib
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["digest", "load", "save"]


def digest(*parts: Any) -> np.ndarray:
    """Hash arrays, tuples of them, and what has a short repr."""
    found = hashlib.blake2b(digest_size=16)

    def add(part: Any) -> None:
        if isinstance(part, tuple):
            for entry in part:
                add(entry)
        elif isinstance(part, np.ndarray):
            found.update(repr((part.dtype.str, part.shape)).encode())
            found.update(np.ascontiguousarray(part).data)
        else:
            found.update(repr(part).encode())

    add(parts)
    return np.frombuffer(found.digest(), dtype=np.uint8)


def save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write arrays; the file is the old one or the new one, never a part."""
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        np.savez(file, allow_pickle=False, **arrays)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def load(path: Path) -> dict[str, np.ndarray] | None:
    """Read arrays; None where there is no file."""
    if not path.exists():
        if not path.absolute().parent.is_dir():
            raise ValueError(
                f"`checkpoint` must be in a folder that exists; got {path}"
            )
        return None
    try:
        with np.load(path, allow_pickle=False) as file:
            found = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(
            f"`checkpoint` must be a file written by a run, or none; {path} cannot be "
            f"read ({error}); remove it to start anew"
        ) from error
    if not {"key", "digest", "step"} <= found.keys():
        raise ValueError(
            f"`checkpoint` must be a file written by a run; {path} is something else"
        )
    return found
