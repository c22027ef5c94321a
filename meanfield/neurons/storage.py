"""Parameters and networks in files: a header of names and numbers, and arrays.

A file is NumPy's ``.npz``. Its entry ``header`` is JSON: the class and fields of each
object, where arrays are named as other entries of the file. Nothing is pickled: a file
from elsewhere can be wrong, but it cannot run code.
"""

import json
import os
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["load_network", "read", "save_network", "write"]

VERSION = 1
_PLAIN = (bool, int, float, str)
_SPARSE = ("csc", "csr")


def save_network(network: Any, path: str | Path) -> None:
    """Write a network to a file.

    Parameters
    ----------
    network : Network
        Or any other of the classes of `meanfield.neurons`.
    path : str or Path
        Where to; what is there is replaced, once all is written.

    Raises
    ------
    TypeError
        If there is something in it that no file can hold: a distribution that is not one
        of `scipy.stats`, a tensor, a class of one's own.

    See Also
    --------
    load_network

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from meanfield.neurons import LIF, Network, Population
    >>> from meanfield.neurons import load_network, save_network
    >>> network = Network(populations={"E": Population(n=10, neuron=LIF(t_ref=2.0))})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_network(network, Path(folder) / "network.npz")
    ...     again = load_network(Path(folder) / "network.npz")
    >>> again.populations["E"].neuron
    LIF(tau_m=20.0, t_ref=2.0, V_th=20.0, V_reset=0.0, E_L=0.0)
    """
    write(path, network, "network", _classes())


def load_network(path: str | Path) -> Any:
    """Read a network from a file.

    Parameters
    ----------
    path : str or Path
        A file that `save_network` wrote.

    Returns
    -------
    Network
        Or what else was saved. All values are checked anew.

    Raises
    ------
    FileNotFoundError
        If there is none.
    ValueError
        If it is some other file, damaged, or of a later version.

    Examples
    --------
    See `save_network`.
    """
    return read(path, "network", _classes())


def _classes() -> dict[str, type]:
    from meanfield import neurons

    found = {name: getattr(neurons, name) for name in neurons.__all__}
    kinds = {name: kind for name, kind in found.items() if isinstance(kind, type)}
    return {name: kind for name, kind in kinds.items() if is_dataclass(kind)}


def write(path: str | Path, content: Any, kind: str, classes: dict[str, type]) -> None:
    """Write an object of one of `classes`; the file is the old or the new one."""
    arrays: dict[str, np.ndarray] = {}
    encoded = _encode(content, kind, arrays, classes)
    header = {"format": "meanfield", "version": VERSION, "kind": kind}
    text = json.dumps({**header, "content": encoded})
    arrays["header"] = np.frombuffer(text.encode(), dtype=np.uint8)
    path = Path(path)
    new = path.with_name(path.name + ".new")
    with new.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    os.replace(new, path)


def read(path: str | Path, kind: str, classes: dict[str, type]) -> Any:
    """Read an object that `write` wrote."""
    wrong = f"`path` must be a {kind} that was saved; {path}"
    try:
        with Path(path).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays.pop("header").tobytes().decode())
        found = header["format"], header["kind"], header["version"]
    except FileNotFoundError:
        raise
    except (
        OSError, ValueError, KeyError, TypeError, AttributeError, EOFError,
        zipfile.BadZipFile, zlib.error, NotImplementedError,
    ) as error:  # fmt: skip
        raise ValueError(f"{wrong} is something else, or damaged ({error})") from error
    if found[:2] != ("meanfield", kind):
        raise ValueError(f"{wrong} holds a {found[1]!r} of {found[0]!r}")
    if found[2] != VERSION:
        raise ValueError(
            f"{wrong} is of version {found[2]}, of which this package, which writes "
            f"version {VERSION}, knows nothing; install a newer one"
        )
    try:
        return _decode(header["content"], arrays, classes)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{wrong} is damaged, or newer ({error})") from error


def _encode(value: Any, name: str, arrays: dict, classes: dict[str, type]) -> Any:
    """Turn a value into what JSON can hold; arrays are put aside."""

    def inner(entry: Any, where: str) -> Any:
        return _encode(entry, f"{name}.{where}", arrays, classes)

    if value is None or type(value) in _PLAIN:
        return value
    if classes.get(type(value).__name__) is type(value):
        names = [field.name for field in fields(value) if field.init]
        content = {field: inner(getattr(value, field), field) for field in names}
        return {"class": type(value).__name__, "fields": content}
    if isinstance(value, Mapping):
        pairs = [[inner(k, "key"), inner(v, str(k))] for k, v in value.items()]
        return {"mapping": pairs}
    if type(value) in (tuple, list):
        entries = [inner(entry, str(i)) for i, entry in enumerate(value)]
        return {type(value).__name__: entries}
    return _encode_numbers(value, name, arrays, inner)


def _encode_numbers(value: Any, name: str, arrays: dict, inner: Callable) -> dict | Any:
    """Encode arrays, matrices and distributions."""
    if isinstance(value, np.generic):
        return inner(value.item(), "item")
    if _is_array(value):
        key = f"{len(arrays)}:{name}"
        arrays[key] = value
        return {"array": key}
    if getattr(value, "format", None) in _SPARSE:
        parts = (value.data, value.indices, value.indptr, value.shape)
        return {"sparse": value.format, "parts": inner(parts, "matrix")}
    if _is_distribution(value):
        content = {"args": inner(value.args, "args"), "kwds": inner(value.kwds, "kwds")}
        return {"distribution": value.dist.name, **content}
    raise TypeError(
        f"`{name}` must be numbers, arrays, parameters or a distribution of scipy.stats "
        f"to be saved; got {type(value).__name__}"
    )


def _is_array(value: Any) -> bool:
    """Whether it is an array that is written without pickling."""
    return isinstance(value, np.ndarray) and value.dtype.kind in "biufcUS"


def _is_distribution(value: Any) -> bool:
    """Whether scipy.stats has a distribution of this name and class."""
    from scipy import stats

    dist = getattr(value, "dist", None)
    known = getattr(stats, str(getattr(dist, "name", "")), None)
    return hasattr(value, "kwds") and known is not None and type(known) is type(dist)


def _distribution(name: str) -> Any:
    from scipy import stats

    found = getattr(stats, name, None)
    if not isinstance(found, stats.rv_continuous | stats.rv_discrete):
        raise TypeError(f"scipy.stats has no distribution {name!r}")
    return found


def _decode(value: Any, arrays: dict, classes: dict[str, type]) -> Any:
    """Turn what `_encode` made into the value it was made from."""

    def inner(entry: Any) -> Any:
        return _decode(entry, arrays, classes)

    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "class" in value:
        if value["class"] not in classes:
            raise TypeError(f"there is no class {value['class']!r}")
        content = {name: inner(v) for name, v in value["fields"].items()}
        return classes[value["class"]](**content)
    if "mapping" in value:
        return {inner(k): inner(v) for k, v in value["mapping"]}
    if "tuple" in value:
        return tuple(inner(entry) for entry in value["tuple"])
    if "list" in value:
        return [inner(entry) for entry in value["list"]]
    if value.get("sparse") in _SPARSE:
        from scipy import sparse

        *parts, shape = inner(value["parts"])
        kind = sparse.csc_array if value["sparse"] == "csc" else sparse.csr_array
        return kind(tuple(parts), shape=shape)
    args, kwds = inner(value["args"]), inner(value["kwds"])
    return _distribution(value["distribution"])(*args, **kwds)
