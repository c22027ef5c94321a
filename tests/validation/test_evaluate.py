"""One case against the simulator itself."""

import dataclasses

import numpy as np
import pytest

from spiking_reference import Record, WhiteNoise, simulate
from validation import Case
from validation.evaluate import evaluate
from validation.pooling import interval_sums
from validation.predict import predict

QUICK = Case(mu=0.8, sigma=1.0, duration=2000, window=200, replicas=32, max_rounds=2)


def test_power_sums_are_those_of_the_recorded_spikes():
    drive = WhiteNoise(mu=np.full(5, 0.9), sigma=1.0)
    run = simulate(
        QUICK.neuron,
        drive,
        duration=4000.0,
        dt=0.5,
        rng=1,
        record=Record(spikes=True),
    )
    sums = np.array(interval_sums(run.moments, 50.0))
    for i in range(5):
        # The last interval, which the end cuts, is in the sums and not in the record.
        x = np.diff(run.spikes.of(i))
        (last,) = sums[1, i : i + 1] - (x - 50).sum()
        for p in range(4):
            exact = ((x - 50.0) ** p).sum() + last**p
            assert np.isclose(sums[p, i], exact, rtol=1e-9)


def test_stops_by_precision_or_by_budget():
    rough = dataclasses.replace(QUICK, precision=0.2)
    found = evaluate(rough)
    assert (found.stop, found.rounds, found.replicas) == ("precision", 1, 32)
    fine = evaluate(dataclasses.replace(QUICK, precision=1e-4))
    assert (fine.stop, fine.rounds, fine.replicas) == ("budget", 2, 64)
    assert fine["rate"].stderr < found["rate"].stderr
    assert {m.df for m in fine.measurements} == {63}
    assert "correlation" not in {m.name for m in fine.measurements}


def test_the_same_case_gives_the_same_numbers():
    assert evaluate(QUICK) == evaluate(Case.from_json(QUICK.to_json()))
    other = evaluate(dataclasses.replace(QUICK, warmup=501.0))
    assert other["rate"].value != evaluate(QUICK)["rate"].value


@pytest.mark.parametrize("mu", [0.5, 1.5])
def test_without_noise(mu):
    found = evaluate(dataclasses.replace(QUICK, mu=mu, sigma=0.0))
    assert (found.stop, found.rounds) == ("precision", 1)
    assert np.isclose(found["rate"].value, predict(Case(mu=mu, sigma=0.0)).rate)
    assert found["rate"].stderr == 0


def test_few_spikes_in_a_replica_bias_nothing():
    # 3.5 spikes to a replica; averaged over replicas the CV would be 20 % too low.
    case = Case(
        mu=0.5, sigma=1.5, duration=1000, window=250, replicas=4000, max_rounds=1
    )
    found, exact = evaluate(case), predict(case)
    for name in ("rate", "std"):
        measured = found[name]
        assert measured.stderr < 0.02 * measured.value
        assert abs(measured.value - getattr(exact, name)) < 4 * measured.stderr


def test_pairs():
    case = Case(
        mu=1.0,
        sigma=1.0,
        correlation=0.3,
        dt=1.0,
        window=100,
        replicas=64,
        max_rounds=8,
        correlation_precision=0.03,
    )
    found = evaluate(case)
    measured = found["correlation"]
    assert found.stop == "precision"
    assert measured.stderr <= 0.03
    # Bounded third order: 0.0073.
    assert abs(measured.value - predict(case).correlation) < 4 * measured.stderr + 0.008
    even = found["correlation_even"]
    assert abs(even.value) < 4 * even.stderr + 0.03
    swapped = evaluate(dataclasses.replace(case, correlation=-0.3))
    assert swapped["correlation"].value < 0
