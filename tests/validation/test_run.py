import multiprocessing
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from validation import Case
from validation.run import sweep
from validation.workers import Borrowed, Processes, Threads

from .fakes import CRASH, FAIL, SLOW, Book, evaluate, result_of


def cases_of(*mu):
    return [Case(mu=m, sigma=1.0) for m in mu]


@pytest.mark.parametrize("workers", [Threads(3), Processes(2)])
def test_every_case_once_and_the_same_numbers(workers):
    cases, book = cases_of(*range(20)), Book()
    outcome = sweep(cases, workers, book, evaluate=evaluate)
    assert (outcome.done, outcome.failed, outcome.unfinished) == (20, 0, 0)
    assert {c.hash: repr(result_of(c)) for c in cases} == {
        h: repr(r) for h, r in book.results.items()
    }


def test_no_more_is_submitted_than_the_window():
    class Spy(Threads):
        def open(self):
            pool, self.most, self.now = super().open(), 0, 0
            submit = pool.submit

            def counted(*args):
                self.now += 1
                self.most = max(self.most, self.now)
                future = submit(*args)
                future.add_done_callback(lambda _: setattr(self, "now", self.now - 1))
                return future

            pool.submit = counted
            return pool

    spy = Spy(2)
    sweep(cases_of(*range(50)), spy, Book(), evaluate=evaluate)
    assert spy.most <= 4


def test_a_failing_case_is_recorded_and_the_others_go_on():
    cases, book = cases_of(1, FAIL, 2, 3), Book()
    outcome = sweep(cases, Processes(2), book, evaluate=evaluate)
    assert (outcome.done, outcome.failed, outcome.unfinished) == (3, 1, 0)
    (message,) = book.messages.values()
    assert "no luck" in message
    assert "fakes.py" in message  # the worker's traceback, not only ours


def test_a_case_that_kills_its_worker_fails_and_the_others_do_not():
    cases, book = cases_of(1, 2, CRASH, 3, 4, CRASH + 1, 5), Book()
    outcome = sweep(cases, Processes(2), book, evaluate=evaluate)
    assert (outcome.done, outcome.failed, outcome.unfinished) == (6, 1, 0)
    ((hash_, message),) = book.messages.items()
    assert hash_ == cases[2].hash
    assert "twice" in message


def test_an_interrupt_keeps_what_is_finished():
    cases, book = cases_of(1, 2, 3, SLOW, 4, 5), Book(stop_after=2)
    outcome = sweep(cases, Processes(1), book, evaluate=evaluate)
    assert outcome.interrupted
    # Killed while SLOW was running or waiting, and not waited for.
    assert cases[3].hash not in book.results
    assert len(book.results) >= 2


def test_an_error_of_the_recorder_ends_the_sweep():
    class Full(Book):
        def done(self, case, result, seconds):
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        sweep(cases_of(1, 2, 3), Threads(1), Full(), evaluate=evaluate)


def test_any_executor_of_the_caller():
    with ThreadPoolExecutor(2) as pool:
        outcome = sweep(
            cases_of(1, 2, FAIL), Borrowed(pool, 2), Book(), evaluate=evaluate
        )
        assert (outcome.done, outcome.failed) == (2, 1)
        assert pool.submit(int).result() == 0  # left open
    context = multiprocessing.get_context("spawn")
    with (
        ProcessPoolExecutor(1, mp_context=context) as pool,
        pytest.raises(BrokenExecutor),
    ):
        sweep(cases_of(1, CRASH, 2), Borrowed(pool, 1), Book(), evaluate=evaluate)
