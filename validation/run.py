"""Evaluates cases on any executor; loses no result, whatever happens to a worker."""

import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    wait,
)
from dataclasses import dataclass, field
from typing import Any, Protocol

from .cases import Case
from .evaluate import Result, evaluate
from .workers import Workers

__all__ = ["Outcome", "Recorder", "sweep"]

_QUEUED_PER_JOB = 2  # cases submitted for each worker: enough to keep it busy
_BREAKING = 1.0  # s until a broken pool has told its futures
_WORKER_DIED = (
    "The process that simulated this case ended without an answer, twice, the second "
    "time with nothing else running: out of memory, or a crash in compiled code."
)


class Recorder(Protocol):
    """What `sweep` reports to; called in the calling thread, one case at a time."""

    def done(self, case: Case, result: Result, seconds: float) -> None:
        """Keep a result; after Ctrl-C it may be told of the same one again."""
        ...

    def failed(self, case: Case, message: str) -> None:
        """Keep the message of a case that failed."""
        ...


@dataclass(slots=True)
class Outcome:
    """How a sweep went.

    Parameters
    ----------
    done, failed : int
        Cases that were recorded.
    unfinished : int
        Cases without a record.
    interrupted : bool
        Whether the user ended it.
    """

    done: int = 0
    failed: int = 0
    unfinished: int = 0
    interrupted: bool = False


@dataclass(slots=True)
class _Queue:
    """Cases by what is known about them.

    Those that were running when a worker died are suspects: they are tried again one
    at a time, so that a second death has one culprit.
    """

    fresh: deque[Case]
    suspects: deque[Case] = field(default_factory=deque)
    running: dict[Future, tuple[Case, bool]] = field(default_factory=dict)

    def next(self, limit: int) -> tuple[Case, bool] | None:
        """Return a case to submit and whether it is to run alone; None for none now."""
        if self.suspects:
            return (self.suspects.popleft(), True) if not self.running else None
        alone = any(alone for _, alone in self.running.values())
        if alone or not self.fresh or len(self.running) >= limit:
            return None
        return self.fresh.popleft(), False

    def __len__(self) -> int:
        return len(self.fresh) + len(self.suspects) + len(self.running)


def timed(evaluate: Callable[[Case], Result], case: Case) -> tuple[Result, float]:
    """Return the result of a case and the seconds it took."""
    start = time.perf_counter()
    result = evaluate(case)
    return result, time.perf_counter() - start


def sweep(
    cases: Iterable[Case],
    workers: Workers,
    recorder: Recorder,
    *,
    evaluate: Callable[[Case], Result] = evaluate,
) -> Outcome:
    """Evaluate `cases` and hand every result to `recorder` as soon as it is there.

    Parameters
    ----------
    cases : iterable of Case
    workers : Workers
        `Processes`, `Threads` or `Dask`.
    recorder : Recorder
        If it raises, the sweep ends and the error passes.
    evaluate : callable, optional
        Must be importable by the workers.

    Returns
    -------
    Outcome

    Notes
    -----
    A case that raises is recorded as failed with its traceback, and so is one that
    kills its worker twice; the others go on. After Ctrl-C results that are there are
    recorded before it returns.
    """
    queue, outcome = _Queue(deque(cases)), Outcome()
    executor = workers.open()
    finished = False
    try:
        while len(queue):
            try:
                _submit(queue, executor, workers.jobs, evaluate)
                ready, _ = wait(queue.running, return_when=FIRST_COMPLETED)
            except BrokenExecutor:
                if not workers.lost:
                    raise
                ready, _ = wait(queue.running, timeout=_BREAKING)
            broken = False
            for future in ready:
                broken |= _collect(queue, future, workers.lost, recorder, outcome)
            if broken or not (ready or queue.running):
                _salvage(queue, workers.lost, recorder, outcome)
                workers.close(executor, kill=True)
                executor = workers.open()
        finished = True
    except KeyboardInterrupt:
        outcome.interrupted = True
        for future in [f for f in queue.running if f.done()]:
            _collect(queue, future, workers.lost, recorder, outcome)
    finally:
        outcome.unfinished = len(queue)
        for future in queue.running:
            future.cancel()
        workers.close(executor, kill=not finished)
    return outcome


def _submit(
    queue: _Queue, executor: Executor, jobs: int, evaluate: Callable[[Case], Result]
) -> None:
    """Fill the window of submitted cases; no more are held by the executor."""
    while (item := queue.next(_QUEUED_PER_JOB * jobs)) is not None:
        case, alone = item
        try:
            future = executor.submit(timed, evaluate, case)
        except BaseException:
            (queue.suspects if alone else queue.fresh).appendleft(case)
            raise
        queue.running[future] = (case, alone)


def _collect(
    queue: _Queue,
    future: Future,
    lost: tuple[type[BaseException], ...],
    recorder: Recorder,
    outcome: Outcome,
) -> bool:
    """Record a finished future; return whether its worker died instead."""
    case, alone = queue.running[future]
    try:
        result, seconds = future.result()
    except lost:
        if not alone:
            queue.suspects.append(case)
            del queue.running[future]
            return True
        _fail(recorder, outcome, case, _WORKER_DIED)
        del queue.running[future]
        return True
    except BrokenExecutor:
        raise
    except Exception as error:
        _fail(recorder, outcome, case, _trace(error))
    else:
        recorder.done(case, result, seconds)
        outcome.done += 1
    del queue.running[future]
    return False


def _salvage(
    queue: _Queue,
    lost: tuple[type[BaseException], ...],
    recorder: Recorder,
    outcome: Outcome,
) -> None:
    """Empty a broken executor: keep what is done, suspect what is not."""
    for future in list(queue.running):
        if future.done():
            _collect(queue, future, lost, recorder, outcome)
        else:
            case, _ = queue.running.pop(future)
            queue.suspects.append(case)


def _fail(recorder: Recorder, outcome: Outcome, case: Case, message: str) -> None:
    recorder.failed(case, message)
    outcome.failed += 1


def _trace(error: Any) -> str:
    """Return the traceback, the worker's own included."""
    return "".join(traceback.format_exception(error)).strip()
