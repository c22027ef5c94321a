"""Apply a kernel over broadcast arrays: chunks, dtypes, threads, scalars, ``out=``."""

import math
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
    parameters: Sequence[Any] = (),
    out: Sequence[np.ndarray] | None = None,
    threads: int | None = None,
    chunk: int = CHUNK,
) -> list[Any]:
    """Call ``kernel(*inputs, *outputs, *parameters)`` on contiguous float64 chunks.

    Parameters
    ----------
    kernel : callable
        Takes 1-D float64 arrays; must not hold the GIL.
    inputs : dict of str to array_like
        Named inputs; they broadcast, and decide the dtype of the outputs.
    n_out : int
        Number of outputs.
    parameters : sequence of float or numpy.ndarray
        Passed as floats if all are, else as arrays that broadcast with the inputs.
    out : sequence of numpy.ndarray, optional
        Arrays of the broadcast shape to write into; made where absent.
    threads : int, optional
        At most so many threads; by default all cores available to the process.
    chunk : int
        Elements in a call of the kernel at most.

    Returns
    -------
    list
        The outputs: float32 if the inputs are, else float64; scalars for
        zero-dimensional inputs unless `out` was given.

    Raises
    ------
    TypeError
        For inputs that are not real numbers.
    ValueError
        If the shapes do not broadcast, or `out` does not fit.
    """
    arrays = [as_float(name, value) for name, value in inputs.items()]
    varied = [] if all(isinstance(p, float) for p in parameters) else list(parameters)
    constants = [] if varied else list(parameters)
    shape = _broadcast_shape(inputs, arrays, varied)
    if out is None:
        dtype = _result_dtype(inputs.values(), arrays)
        outputs = [np.empty(shape, dtype) for _ in range(n_out)]
    else:
        outputs = [_checked_out(array, shape) for array in out]
    if shape == ():
        _one_point(kernel, arrays, outputs, [*varied, *constants])
    elif not varied and _is_plain(shape, [*arrays, *outputs], chunk):
        kernel(*map(_flat, arrays), *(o.reshape(-1) for o in outputs), *constants)
    else:
        limit = _checked_threads(threads)
        _chunks(kernel, arrays, outputs, varied, constants, limit, chunk)
    return [o[()] for o in outputs] if out is None else outputs


def _result_dtype(values, arrays) -> np.dtype:
    """Python numbers take the precision of the arrays, as in NumPy."""
    pairs = zip(values, arrays, strict=True)
    strong = [a.dtype for v, a in pairs if not isinstance(v, (int, float))]
    return np.result_type(*strong) if strong else np.dtype(np.float64)


def _broadcast_shape(inputs: dict, arrays: list, varied: list) -> tuple[int, ...]:
    shapes = [np.shape(a) for a in (*arrays, *varied)]
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        names = [*inputs, *("neuron parameter" for _ in varied)]
        text = ", ".join(f"{n} {s}" for n, s in zip(names, shapes, strict=True))
        raise ValueError(f"the shapes do not broadcast: {text}") from None


def _checked_out(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    if not isinstance(array, np.ndarray) or array.dtype not in (np.float32, np.float64):
        kind = getattr(array, "dtype", type(array).__name__)
        raise TypeError(f"`out` must be a float32 or float64 array; got {kind}")
    if array.shape != shape:
        raise ValueError(f"`out` must have shape {shape}; got {array.shape}")
    return array


def _checked_threads(threads: int | None) -> int:
    if threads is None:
        try:
            return len(os.sched_getaffinity(0))
        except AttributeError:  # not on every platform
            return os.cpu_count() or 1
    if threads < 1:
        raise ValueError(f"`threads` must be at least 1; got {threads}")
    return threads


def _is_plain(shape: tuple[int, ...], arrays: list, chunk: int) -> bool:
    """Whether a kernel can take the arrays as they are, in one chunk."""
    return 0 < math.prod(shape) <= chunk and all(
        a.shape == shape and a.dtype == np.float64 and a.flags.c_contiguous
        for a in arrays
    )


def _flat(array: np.ndarray) -> np.ndarray:
    flat = array.reshape(-1)
    flat.flags.writeable = False  # one compiled signature for all callers
    return flat


def _one_point(kernel, arrays, outputs, parameters) -> None:
    ins = [_flat(np.array(a, dtype=np.float64)) for a in arrays]
    outs = [np.empty(1) for _ in outputs]
    kernel(*ins, *outs, *(float(p) for p in parameters))
    with np.errstate(over="ignore"):  # as in chunks, where casts are silent
        for output, value in zip(outputs, outs, strict=True):
            output[...] = value[0]


def _chunks(kernel, arrays, outputs, varied, constants, threads, chunk) -> None:
    read = ["readonly", "contig"]
    write = ["writeonly", "contig", "no_broadcast"]
    operands = [*arrays, *outputs, *varied]
    iterator = np.nditer(
        operands,
        flags=["external_loop", "buffered", "zerosize_ok", "ranged", "delay_bufalloc"],
        op_flags=[  # type: ignore[arg-type]
            *([read] * len(arrays)), *([write] * len(outputs)), *([read] * len(varied))
        ],
        op_dtypes=[np.float64] * len(operands),
        casting="same_kind",
        buffersize=chunk,
    )  # fmt: skip

    def run(piece, start, stop):
        with piece:
            piece.iterrange = (start, stop)
            piece.reset()
            for chunk in piece:
                kernel(*chunk, *constants)

    n = iterator.itersize
    workers = max(1, min(threads, n // chunk))
    if workers == 1:
        if n:
            run(iterator, 0, n)
        return
    # More pieces than threads: a slow core holds up the others by one piece only.
    count = min(8 * workers, n // chunk)
    edges = [n * k // count for k in range(count + 1)]
    pieces = [iterator.copy() for _ in range(count)]
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(run, pieces, edges[:-1], edges[1:]))
