"""Runs a plan: blocks of neurons on threads, each in slices of time."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from .plan import Plan
from .results import Recording, SimulationResult, SpikeTrains

__all__ = ["available_threads", "drain", "execute"]

# Neurons to a block at most: bounds the memory of what runs.
_LARGEST_BLOCK = {"bridge": 256, "grid": 4096, "euler": 4096}
# Blocks at least, where there are so many neurons: enough for threads to share evenly;
# the clocked schemes are slow in small blocks.
_MIN_BLOCKS = {"bridge": 64, "grid": 8, "euler": 8}
_LANES = 128  # neurons to a block at least, in the clocked schemes


def available_threads() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _blocks(plan: Plan) -> Iterator[slice]:
    """Cut the neurons into blocks; how has no influence on the result."""
    n, unit = plan.n_neurons, 1
    if plan.drive.correlation is not None:
        unit = plan.shape[-1]
    elif plan.scheme != "bridge":
        unit = _LANES
    size = min(_LARGEST_BLOCK[plan.scheme], -(-n // _MIN_BLOCKS[plan.scheme]))
    size = max(1, size // unit) * unit
    return (slice(i, min(i + size, n)) for i in range(0, n, size))


def drain(jobs: Iterator[Any], threads: int, report: Callable[[Any, int], Any]) -> None:
    """Run jobs until done; at most two to a thread are alive."""
    with ThreadPoolExecutor(threads) as pool:
        running: dict[Future, Any] = {}
        try:
            while True:
                while len(running) < 2 * threads:
                    job = next(jobs, None)
                    if job is None:
                        break
                    running[pool.submit(job)] = job
                if not running:
                    return
                done, _ = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    job = running.pop(future)
                    finished, count = future.result()
                    report(job, count)
                    if not finished:
                        running[pool.submit(job)] = job
        finally:
            for future in running:
                future.cancel()


def _new_arrays(plan: Plan) -> dict[str, Any]:
    n, windows = plan.n_neurons, len(plan.windows)
    rows = np.full(n, -1, dtype=np.int64)
    watched = plan.record.voltage_of(n)
    rows[watched] = np.arange(watched.size)
    t = plan.record.sample_times(plan)
    groups: dict[str, Any] = {"pair_sums": None, "pair_products": None}
    if plan.drive.correlation is not None and n:
        size = plan.shape[-1]
        batches = max((plan.batching(i)[0] for i in range(windows)), default=0)
        shape = (n // size, windows, batches, size)
        groups = {
            "pair_sums": np.zeros(shape),
            "pair_products": np.zeros((*shape, size)),
        }
        windows = 0
    return groups | {
        "spike_counts": np.zeros(n, dtype=np.int64),
        "moments": np.zeros((n, 8)),
        "sums": np.zeros((n, windows, 5)),
        "parameters": plan.parameters(),
        "V_th": np.broadcast_to(plan.neuron.V_th, plan.shape).ravel(),
        "rows": rows,
        "t": t,
        "V": np.full((watched.size, t.size), np.nan),
    }


def _recorded(
    plan: Plan, arrays: dict[str, Any], spikes: list
) -> tuple[SpikeTrains | None, Recording | None]:
    record, n = plan.record, plan.n_neurons
    trains = voltage = None
    if record.spikes is not None:
        times = np.concatenate([np.empty(0), *(t for t, _ in spikes)])
        who = np.concatenate([np.empty(0, dtype=np.int64), *(j for _, j in spikes)])
        order = np.lexsort((times, who))
        if plan.scheme != "bridge":
            times = times + 0.5 * plan.dt  # kernels keep clear of grid points
        start, stop = record.span(plan.duration)
        trains = SpikeTrains(
            times=times[order],
            neurons=who[order],
            t_start=start,
            t_stop=stop,
            n_neurons=n,
            recorded=record.spikes_of(n),
        )
    if record.voltage is not None:
        watched = record.voltage_of(n)
        voltage = Recording(t=arrays["t"], V=arrays["V"], neurons=watched)
    return trains, voltage


def execute(
    plan: Plan, *, threads: int | None = None, progress: bool = False
) -> SimulationResult:
    """Run `plan`; the result does not depend on `threads`."""
    from . import jobs

    kind = jobs.FreeJob if plan.scheme == "bridge" else jobs.ClockedJob
    if plan.drive.correlation is not None:
        kind = jobs.GroupJob
    arrays = _new_arrays(plan)
    spikes: list[tuple[np.ndarray, np.ndarray]] = []
    bar: Any = None
    if progress:
        from tqdm.auto import tqdm

        bar = tqdm(total=plan.n_neurons, unit="neuron")

    def report(job: Any, count: int) -> None:
        spikes.extend(job.spikes)
        job.spikes.clear()
        if bar is not None:
            bar.update(count)

    todo = (kind(plan, arrays, block) for block in _blocks(plan))
    try:
        drain(todo, threads or available_threads(), report)
    finally:
        if bar is not None:
            bar.close()
    trains, voltage = _recorded(plan, arrays, spikes)
    return SimulationResult(
        plan=plan,
        spike_counts=arrays["spike_counts"],
        moments=arrays["moments"],
        sums=arrays["sums"],
        pair_sums=arrays["pair_sums"],
        pair_products=arrays["pair_products"],
        spikes=trains,
        voltage=voltage,
    )
