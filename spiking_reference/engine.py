"""Runs a plan: blocks of neurons on threads, in slices of time."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from .plan import Plan
from .results import SimulationResult

__all__ = ["execute"]

_BLOCK = 1024  # neurons to a block at most: bounds the memory of running windows
_MIN_BLOCKS = 64  # enough for threads to share, and for a bar to move
_BUDGET = 10_000_000  # steps in one call of a kernel: a fraction of a second


def available_threads() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _blocks(n: int) -> Iterator[slice]:
    size = min(_BLOCK, max(1, -(-n // _MIN_BLOCKS)))
    return (slice(i, min(i + size, n)) for i in range(0, n, size))


class _Job:
    """One block of independent neurons of the bridge scheme."""

    def __init__(self, plan: Plan, arrays: dict[str, np.ndarray], block: slice):
        from . import counting, loops
        from .models.lif import Neurons

        n = block.stop - block.start
        windows = len(plan.windows)
        batching = [plan.batching(i) for i in range(windows)]
        parameters = {k: v[block] for k, v in arrays["parameters"].items()}
        self._advance = loops.advance
        self._neurons = Neurons(**parameters)
        self._clock = loops.Clock(plan.dt, plan.warmup, plan.duration)
        self._windows = counting.Windows(
            np.array(plan.windows, dtype=np.float64),
            np.array([b for b, _ in batching], dtype=np.int64),
            np.array([m for _, m in batching], dtype=np.int64),
        )
        self._state = loops.new_state(
            np.array(plan.key, dtype=np.uint64), block.start, parameters["reset"]
        )
        self._tally = counting.Tally(
            arrays["spike_counts"][block],
            arrays["moments"][block],
            arrays["sums"][block],
            np.full(n, np.nan),
            np.zeros((n, windows), dtype=np.int64),
            np.zeros((n, windows)),
            np.zeros((n, windows, 2)),
        )

    def __call__(self) -> tuple[bool, int]:
        """Advance by one budget; return whether all is done, and neurons finished."""
        before = int(self._state.open.sum())
        left = self._advance(
            self._neurons, self._clock, self._state, self._tally, self._windows, _BUDGET
        )
        after = int(self._state.open.sum())
        return left > 0 or after == 0, before - after


def _drain(jobs: Iterator[Any], threads: int, report: Callable[[int], Any]) -> None:
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
                    report(count)
                    if not finished:
                        running[pool.submit(job)] = job
        finally:
            for future in running:
                future.cancel()


def execute(
    plan: Plan, *, threads: int | None = None, progress: bool = False
) -> SimulationResult:
    """Run `plan`; the result does not depend on `threads`."""
    n = plan.n_neurons
    arrays: dict[str, Any] = {
        "parameters": plan.parameters(),
        "spike_counts": np.zeros(n, dtype=np.int64),
        "moments": np.zeros((n, 7)),
        "sums": np.zeros((n, len(plan.windows), 5)),
    }
    jobs = (_Job(plan, arrays, block) for block in _blocks(n))
    threads = available_threads() if threads is None else threads
    if progress:
        from tqdm.auto import tqdm

        with tqdm(total=n, unit="neuron") as bar:
            _drain(jobs, threads, bar.update)
    else:
        _drain(jobs, threads, lambda _: None)
    del arrays["parameters"]
    return SimulationResult(plan=plan, **arrays)
