"""Where cases are evaluated: processes, threads, or a dask cluster."""

import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["Borrowed", "Dask", "Processes", "Threads", "Workers", "available_cores"]


class Workers(Protocol):
    """Something that opens an executor, again if the last one broke."""

    jobs: int

    @property
    def lost(self) -> tuple[type[BaseException], ...]:
        """What a future raises whose worker died."""
        ...

    def open(self) -> Executor:
        """Return a fresh executor with `jobs` workers."""
        ...

    def close(self, executor: Executor, *, kill: bool = False) -> None:
        """End an executor; `kill` does not wait for what is running."""
        ...


def available_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _die_with_parent() -> None:
    """Prepare a worker process: no orphan after a kill, and Ctrl-C is the parent's."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            multiprocessing.connection.wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class Processes:
    """Processes on this machine.

    Parameters
    ----------
    jobs : int, optional
        Number of processes; by default as many as there are cores.

    Notes
    -----
    Processes are spawned, not forked: a fork of a process with running threads may
    hang. Scripts need the usual ``if __name__ == "__main__":``.
    """

    lost = (BrokenExecutor,)

    def __init__(self, jobs: int | None = None):
        self.jobs = jobs or available_cores()
        self._before: set[int | None] = set()

    def open(self) -> Executor:
        """Return a fresh pool."""
        self._before = {p.pid for p in multiprocessing.active_children()}
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(
            self.jobs, mp_context=context, initializer=_die_with_parent
        )

    def close(self, executor: Executor, *, kill: bool = False) -> None:
        """End the pool; with `kill`, its processes too."""
        if kill:
            for process in multiprocessing.active_children():
                if process.pid not in self._before:
                    process.terminate()
        executor.shutdown(wait=True, cancel_futures=True)


class Threads:
    """Threads of this process: the simulator's kernels release the GIL.

    Parameters
    ----------
    jobs : int, optional
        Number of threads; by default as many as there are cores.
    """

    lost = (BrokenExecutor,)

    def __init__(self, jobs: int | None = None):
        self.jobs = jobs or available_cores()

    def open(self) -> Executor:
        """Return a fresh pool."""
        return ThreadPoolExecutor(self.jobs)

    def close(self, executor: Executor, *, kill: bool = False) -> None:
        """End the pool; running cases end first, threads cannot be stopped."""
        executor.shutdown(wait=True, cancel_futures=True)


class Borrowed:
    """Any `concurrent.futures.Executor` of yours; it is left open.

    Parameters
    ----------
    executor : Executor
    jobs : int
        How many cases it works on at a time.

    Notes
    -----
    A broken executor cannot be replaced here: its error ends the sweep.
    """

    lost: tuple[type[BaseException], ...] = ()

    def __init__(self, executor: Executor, jobs: int):
        self._executor, self.jobs = executor, jobs

    def open(self) -> Executor:
        """Return the executor."""
        return self._executor

    def close(self, executor: Executor, *, kill: bool = False) -> None:
        """Leave the executor to its owner."""


class Dask:
    """A dask cluster, through ``Client.get_executor()``.

    Parameters
    ----------
    client : distributed.Client
        Connected; its workers must be able to import this package.
    """

    def __init__(self, client: "Client"):
        from distributed import KilledWorker

        self.lost = (KilledWorker, CancelledError)
        self._client = client
        cores: Any = client.ncores()
        self.jobs = max(1, sum(cores.values()))

    def open(self) -> Executor:
        """Return an executor on the cluster."""
        # pure=False: a case tried again must not meet the key of its cancelled task.
        return self._client.get_executor(pure=False)

    def close(self, executor: Executor, *, kill: bool = False) -> None:
        """Forget the executor; the cluster belongs to somebody else."""
        executor.shutdown(wait=False)


@contextmanager
def connect(scheduler: str) -> Iterator[Dask]:
    """Connect to the dask scheduler at an address such as ``tcp://host:8786``.

    Raises
    ------
    ImportError
        Without dask, with the command that installs it.
    ConnectionError
        If there is no scheduler, or no worker.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ImportError(
            "`--scheduler` needs dask: pip install 'meanfield-theory[distributed]'"
        ) from None
    try:
        client = Client(scheduler, timeout="10s", set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise ConnectionError(
            f"`--scheduler` must be the address of a running dask scheduler, e.g. "
            f"tcp://127.0.0.1:8786; got {scheduler!r} ({error}); start one with "
            "`dask scheduler`"
        ) from None
    with client:
        if not client.ncores():
            raise ConnectionError(
                f"the dask scheduler at {scheduler} has no workers; start one with "
                f"`dask worker {scheduler}`"
            )
        yield Dask(client)
