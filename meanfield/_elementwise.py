"""Apply a kernel over broadcast arrays: chunks, dtypes, threads, scalars, ``out=``."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import as_float

# Elements per call of a kernel: the scratch is this many numbers per operand.
CHUNK = 32768


def elementwise(
    kernel: Callable[..., None],
    inputs: dict[str, npt.ArrayLike],
    n_out: int,
    *,
    out: Sequence[np.ndarray] | None = None,
    scalars: tuple[float, ...] = (),
    threads: int | None = None,
) -> list[Any]:
    """Call ``kernel(*inputs, *outputs, *scalars)`` on contiguous float64 chunks.

    Parameters
    ----------
    kernel : callable
        Takes 1-D float64 arrays, then the scalars; must not hold the GIL.
    inputs : dict of str to array_like
        Named inputs; they broadcast.
    n_out : int
        Number of outputs.
    out : sequence of numpy.ndarray, optional
        Arrays of the broadcast shape to write into; made where absent.
    scalars : tuple of float
        Passed on to every call.
    threads : int, optional
        At most so many threads; by default all cores available to the process.

    Returns
    -------
    list
        The outputs: float32 if every input is, else float64; scalars for
        zero-dimensional inputs unless `out` was given.

    Raises
    ------
    TypeError
        For inputs that are not real numbers.
    ValueError
        If the shapes do not broadcast, or `out` does not fit.
    """
    arrays = [as_float(name, value) for name, value in inputs.items()]
    shape = _broadcast_shape(inputs, arrays)
    if out is None:
        dtype = np.result_type(*arrays)
        outputs = [np.empty(shape, dtype) for _ in range(n_out)]
    else:
        outputs = [_checked_out(array, shape) for array in out]
    if shape == ():
        _one_point(kernel, arrays, outputs, scalars)
    else:
        _chunks(kernel, arrays, outputs, scalars, threads)
    return [o[()] for o in outputs] if out is None else outputs


def _broadcast_shape(inputs: dict, arrays: list[np.ndarray]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(*(a.shape for a in arrays))
    except ValueError:
        shapes = ", ".join(
            f"{n} {a.shape}" for n, a in zip(inputs, arrays, strict=True)
        )
        raise ValueError(f"the shapes do not broadcast: {shapes}") from None


def _checked_out(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if not isinstance(array, np.ndarray) or array.dtype.kind != "f":
        raise TypeError(f"`out` must be a float array; got {type(array).__name__}")
    if array.shape != shape:
        raise ValueError(f"`out` must have shape {shape}; got {array.shape}")
    return array


def _one_point(kernel, arrays, outputs, scalars) -> None:
    ins = [np.array([a], dtype=np.float64) for a in arrays]
    outs = [np.empty(1) for _ in outputs]
    for array in ins:
        array.flags.writeable = False  # one compiled signature for all callers
    kernel(*ins, *outs, *scalars)
    for output, value in zip(outputs, outs, strict=True):
        output[...] = value[0]


def _chunks(kernel, arrays, outputs, scalars, threads) -> None:
    read, write = ["readonly", "contig"], ["writeonly", "contig", "no_broadcast"]
    iterator = np.nditer(
        [*arrays, *outputs],
        flags=["external_loop", "buffered", "zerosize_ok", "ranged", "delay_bufalloc"],
        op_flags=[read] * len(arrays) + [write] * len(outputs),  # type: ignore[arg-type]
        op_dtypes=[np.float64] * (len(arrays) + len(outputs)),
        casting="same_kind",
        buffersize=CHUNK,
    )

    def run(piece, start, stop):
        with piece:
            piece.iterrange = (start, stop)
            piece.reset()
            for chunk in piece:
                kernel(*chunk, *scalars)

    n = iterator.itersize
    available = len(os.sched_getaffinity(0)) if threads is None else threads
    workers = max(1, min(available, n // CHUNK))
    edges = [n * k // workers for k in range(workers + 1)]
    pieces = [iterator, *(iterator.copy() for _ in range(workers - 1))]
    if workers == 1:
        if n:
            run(iterator, 0, n)
        return
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, pieces, edges[:-1], edges[1:]))
