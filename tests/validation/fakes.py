"""Stand-ins that worker processes can import: cheap results, failures, crashes."""

import os
import time

from validation.evaluate import Result
from validation.pooling import Measurement

CRASH, FAIL, SLOW = -66.0, -55.0, -44.0  # values of mu with a meaning


def result_of(case):
    rng = case.seed(0).generate_state(1)[0] / 2**32
    measurements = (
        Measurement("rate", case.mu + rng, 0.1 / 3, 127),
        Measurement("cv", float("nan"), float("inf"), 127),
    )
    return Result(
        stop="precision", rounds=1, replicas=128, spikes=1000, measurements=measurements
    )


def evaluate(case):
    if case.mu == CRASH:
        os._exit(9)
    if case.mu == FAIL:
        raise ZeroDivisionError("no luck")
    if case.mu == SLOW:
        time.sleep(30)
    return result_of(case)


class Book:
    """A recorder in memory."""

    def __init__(self, stop_after=None):
        self.results, self.messages, self.stop_after = {}, {}, stop_after

    def done(self, case, result, seconds):
        again = case.hash in self.results
        assert self.stop_after or not again
        self.results[case.hash] = result
        if len(self.results) == self.stop_after and not again:
            raise KeyboardInterrupt

    def failed(self, case, message):
        assert case.hash not in self.messages
        self.messages[case.hash] = message
