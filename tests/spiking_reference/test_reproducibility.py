"""The same numbers whatever the threads, blocks, slices of time and company."""

import dataclasses

import numpy as np
import pytest

from meanfield import LIF
from spiking_reference import Record, WhiteNoise, engine, jobs, simulate

KINDS = [
    ("bridge", None),
    ("grid", None),
    ("euler", None),
    ("bridge", 0.3),
    ("grid", 0.3),
]


def run(scheme, correlation, **kw):
    mu = np.linspace(0.2, 2.0, 300).reshape(100, 3)
    sigma = np.where(np.arange(3) == 1, 1e-4, 1.0)  # some need float64 lanes
    drive = WhiteNoise(mu=mu, sigma=sigma, correlation=correlation)
    kw = {"duration": 300.0, "dt": 0.5, "warmup": 20.0, "rng": 3, "scheme": scheme} | kw
    return simulate(LIF(), drive, **kw)


def same(a, b):
    names = ("spike_counts", "moments", "sums", "pair_sums", "pair_products")
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in names)


@pytest.mark.parametrize(("scheme", "correlation"), KINDS)
def test_threads_blocks_slices_and_records_do_not_matter(
    scheme, correlation, monkeypatch
):
    first = run(scheme, correlation, threads=1)
    assert same(first, run(scheme, correlation, threads=3))
    monkeypatch.setattr(jobs, "_BUDGET", 500)
    assert same(first, run(scheme, correlation))
    monkeypatch.setattr(engine, "_MIN_BLOCKS", dict.fromkeys(engine._MIN_BLOCKS, 1))
    monkeypatch.setattr(jobs, "_LANES", 7)
    record = Record(spikes=True, voltage=[0, 5, 299])
    assert same(first, run(scheme, correlation, record=record))
    assert not same(first, run(scheme, correlation, rng=4))


@pytest.mark.parametrize("scheme", ["bridge", "grid"])
def test_neurons_do_not_depend_on_their_company(scheme):
    kw = {"duration": 500.0, "dt": 0.5, "rng": 3, "scheme": scheme}
    one = simulate(LIF(), WhiteNoise(mu=1.0, sigma=1.0), **kw)
    many = simulate(LIF(), WhiteNoise(mu=[1.0, 2.0, 0.5], sigma=[1.0, 0.0, 1e-3]), **kw)
    assert np.array_equal(one.moments[0], many.moments[0])


def test_rng_follows_spec_7():
    def counts(rng):
        return run("bridge", None, rng=rng).n_spikes

    seeded = counts(5)
    assert np.array_equal(seeded, counts(np.random.SeedSequence(5)))
    assert np.array_equal(seeded, counts(np.random.default_rng(5)))
    generator = np.random.default_rng(5)
    assert np.array_equal(seeded, counts(generator))
    assert not np.array_equal(seeded, counts(generator))
    assert not np.array_equal(counts(None), counts(None))


def test_a_window_asked_for_later_is_counted_in_the_same_run():
    one = run("bridge", None, count_windows=[7.0, 30.0])
    other = run("bridge", None, count_windows=[50.0])
    for a, b in zip(one.fano_factor(50.0), other.fano_factor(50.0), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.plan.windows == (7.0, 30.0)
    assert dataclasses.replace(one.plan, windows=()).key == one.plan.key
