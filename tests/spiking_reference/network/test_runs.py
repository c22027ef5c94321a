"""Threads, checkpoints, divergence: nothing of it changes a result, or hides anything."""

import numpy as np
import pytest

from meanfield.neurons import (
    LIF,
    Alpha,
    Bernoulli,
    Exponential,
    FixedInDegree,
    HodgkinHuxley,
    InhibitoryPlasticity,
    Network,
    Poisson,
    PoissonSource,
    Population,
    Projection,
)
from spiking_reference import Record, RecordWeights, simulate_network

RECORD = {"E": Record(spikes=True, voltage=[0, 500], every=7)}


class _Uniform:
    """Delays from 0.3 to 2 ms."""

    def rvs(self, size, random_state):
        return random_state.uniform(0.3, 2.0, size)


def everything():
    """Jumps and currents, given delays, shared input, noise, and plastic inhibition."""
    receptors = {"exc": Exponential(tau=3.0), "inh": Alpha(tau=2.0)}
    cell = LIF(t_ref=2.0, V_reset=5.0)

    def wire(source, target, weight, receptor, delay=0.5, **options):
        return Projection(
            source=source, target=target, rule=Bernoulli(0.05), weight=weight,
            delay=delay, receptor=receptor, **options,
        )  # fmt: skip

    rule = InhibitoryPlasticity(eta=0.3, target=0.02, tau=20.0)
    return Network(
        populations={
            "E": Population(n=600, neuron=cell, receptors=receptors, sigma=0.5),
            "I": Population(n=300, neuron=cell, receptors=receptors),
            "in": PoissonSource(n=50, rate=0.4),
        },
        projections=[
            wire("E", "I", 0.1, "exc", _Uniform()),
            wire("in", "E", 1.0, "exc"),
            wire("I", "E", -0.2, "inh", plasticity=rule),
            wire("I", "I", -0.2, "inh", _Uniform()),
        ],
        inputs=[Poisson(target="I", rate=0.5, weight=1.0, receptor="exc")],
    )


def run(**options):
    weights = RecordWeights(every=10.0, synapses=5)
    return simulate_network(
        everything(), duration=150.0, warmup=20.0, record=RECORD, record_weights=weights,
        **({"rng": 3} | options),
    )  # fmt: skip


def assert_same(one, two):
    for name in one:
        np.testing.assert_array_equal(one[name].counts, two[name].counts)
        np.testing.assert_array_equal(one[name].activity, two[name].activity)
        np.testing.assert_array_equal(one[name].intervals, two[name].intervals)
        for variable, trace in one[name].traces.items():
            np.testing.assert_array_equal(trace, two[name].traces[variable])
    np.testing.assert_array_equal(one["E"].spikes.times, two["E"].spikes.times)
    np.testing.assert_array_equal(one["E"].spikes.neurons, two["E"].spikes.neurons)
    for j, weights in one.weights.items():
        np.testing.assert_array_equal(weights.mean, two.weights[j].mean)
        np.testing.assert_array_equal(weights.traces, two.weights[j].traces)
        np.testing.assert_array_equal(
            weights.matrix.toarray(), two.weights[j].matrix.toarray()
        )


@pytest.fixture(scope="module")
def whole():
    return run(threads=1)


@pytest.mark.parametrize("threads", [2, 3, 99])
def test_threads_do_not_change_anything(whole, threads):
    assert whole["E"].counts.sum() > 300
    assert whole["I"].counts.sum() > 300
    assert_same(whole, run(threads=threads))


def test_a_run_goes_on_from_its_checkpoint(whole, tmp_path, monkeypatch):
    from spiking_reference.network import run as module

    path, saved = tmp_path / "run.npz", []

    def interrupted(place, arrays):
        save(place, arrays)
        saved.append(int(arrays["step"]))
        if len(saved) in (2, 3):
            raise KeyboardInterrupt

    save = module.save
    monkeypatch.setattr(module, "save", interrupted)
    options = {"checkpoint": path, "checkpoint_every": 33.0}
    with pytest.raises(KeyboardInterrupt):
        run(threads=1, **options)
    with pytest.raises(KeyboardInterrupt):
        run(threads=2, **options)
    assert saved == [330, 660, 990]
    assert_same(whole, run(threads=1, **options))
    assert saved == [330, 660, 990, 1320, 1650]
    assert not path.exists()


def test_a_checkpoint_of_something_else_is_refused(tmp_path, monkeypatch):
    from spiking_reference.network import run as module

    path, save = tmp_path / "run.npz", module.save

    def interrupted(place, arrays):
        save(place, arrays)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "save", interrupted)
    options = {"checkpoint": path, "checkpoint_every": 50.0}
    with pytest.raises(KeyboardInterrupt):
        run(rng=None, **options)
    monkeypatch.setattr(module, "save", save)
    with pytest.raises(
        ValueError, match="must be of the same network, options and seed"
    ):
        run(rng=4, **options)
    run(rng=None, **options)  # takes its seed from the file
    path.write_bytes(b"something")
    with pytest.raises(ValueError, match="remove it to start anew"):
        run(**options)
    np.savez(path, a=np.zeros(3))
    with pytest.raises(ValueError, match="is something else"):
        run(**options)


def test_a_state_that_diverges_is_named():
    cells = Population(
        n=300, neuron=HodgkinHuxley(), receptors={"exc": Exponential(tau=2.0)}
    )
    huge = np.zeros((2000, 300))
    huge[1000:, 270] = 1.7e308
    network = Network(populations={"A": Population(n=3, neuron=LIF()), "cells": cells})
    with pytest.raises(FloatingPointError, match="of neuron 270 of population 'cells'"):
        simulate_network(network, duration=100.0, dt=0.05, currents={"cells": huge})
    wires = Projection(
        source="in", target="cells", rule=FixedInDegree(1), weight=3e38, delay=1.0,
        receptor="exc",
    )  # fmt: skip
    sources = PoissonSource(n=300, rate=1.0)
    network = Network(populations={"cells": cells, "in": sources}, projections=[wires])
    with pytest.raises(FloatingPointError, match="must stay finite"):
        simulate_network(network, duration=100.0, dt=0.05, rng=1)


def test_sources_may_fire_often_in_a_step():
    """Up to 16 spikes in a step on average; false alarms 6e-5, fixed seed."""
    sources = PoissonSource(n=700, rate=150.0)
    network = Network(populations={"in": sources})
    counts = simulate_network(network, duration=300.0, rng=1)["in"].counts
    assert abs(counts.mean() - 45_000.0) < 4.0 * np.sqrt(45_000.0 / 700)


def test_currents_and_conductances_of_receptors_are_recorded():
    cells = Population(n=2, neuron=LIF(), receptors={"a": Exponential(tau=3.0)})
    network = Network(
        populations={"A": cells},
        inputs=[Poisson(target="A", rate=0.05, weight=1.5, receptor="a")],
    )
    record = {"A": Record(voltage=True)}
    run = simulate_network(network, duration=100.0, rng=1, record=record)["A"]
    g = run.traces["a"]
    jumps = g[:, 1:] - g[:, :-1] * np.exp(-0.1 / 3.0)
    # What arrives at the beginning of a step has decayed for a step at its end.
    found = jumps / (1.5 * np.exp(-0.1 / 3.0))
    assert found.max() > 0.9
    np.testing.assert_allclose(found, np.rint(found), atol=1e-6)


def test_names_of_receptors_are_not_those_of_variables():
    cells = Population(n=2, neuron=LIF(), receptors={"V": Exponential(tau=3.0)})
    with pytest.raises(ValueError, match="must not have the names of variables"):
        simulate_network(Network(populations={"A": cells}), duration=1.0)


def test_a_bin_is_no_shorter_than_a_step():
    cells = Population(n=2, neuron=LIF())
    run = simulate_network(Network(populations={"A": cells}), duration=20.0, dt=2.5)
    assert run["A"].bin == 2.5


def test_a_bin_is_no_longer_than_the_run():
    network = Network(populations={"A": Population(n=2, neuron=LIF())})
    assert simulate_network(network, duration=0.5)["A"].bin == 0.5
    with pytest.raises(ValueError, match=r"`bin` must be from dt=0\.1 to the duration"):
        simulate_network(network, duration=10.0, bin=20.0)
