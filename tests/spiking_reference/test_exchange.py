"""Spikes and results in xarray and Neo: the same numbers, with units."""

import numpy as np
import pytest

from meanfield.neurons import LIF, Network, Population
from spiking_reference import Record, simulate_network


@pytest.fixture(scope="module")
def run():
    cells = Population(n=5, neuron=LIF(), sigma=2.0, current=[1.5, 1.5, 1.5, -9.0, 1.5])
    return simulate_network(
        Network(populations={"E": cells, "I": cells}), duration=100.0, bin=2.0, rng=1,
        record={"E": Record(spikes=[0, 3, 4], voltage=[1, 2])}, progress=False,
    )  # fmt: skip


def test_text_is_short(run):
    """Not the arrays, of which there may be millions of numbers."""
    rate = 1e3 * run["E"].rate.value
    words = f"5 neurons, {rate:.4g} Hz in 100 ms; recorded: spikes, V"
    assert words in repr(run["E"])
    assert words in repr(run)
    assert "recorded: nothing" in repr(run)
    assert "of 3 neurons from 0 to 100 ms" in repr(run["E"].spikes)
    with pytest.raises(KeyError, match=r"\('E', 'I'\); got 'e'"):
        run["e"]
    assert "e" not in run


def test_xarray(run):
    data = run["E"].to_xarray({"V": "mV"})
    assert np.array_equal(data.counts, run["E"].counts)
    assert data.rates.attrs["units"] == "kHz"
    assert data.rate.sel(bin=3.0) == run["E"].activity[1] / 10.0
    assert data.trace_V.dims == ("traced", "t")
    assert data.trace_V.attrs["units"] == "mV"
    assert np.array_equal(data.t, run["E"].t)
    spikes = run["E"].spikes.to_xarray()
    first = spikes.time[spikes.neuron == 0]
    assert np.array_equal(first, run["E"].spikes.of(0))
    assert spikes.recorded.values.tolist() == [0, 3, 4]


def test_xarray_of_a_network(run):
    tree = run.to_xarray()
    assert set(tree.children) == {"E", "I"}
    assert np.array_equal(tree["I/rates"], run["I"].rates)
    assert np.array_equal(tree["E/spikes/time"], run["E"].spikes.times)
    cells = run["E"]
    with pytest.raises(ValueError, match="no '/' in xarray; got 'a/b'"):
        type(run)(populations={"a/b": cells}).to_xarray()


def test_neo(run):
    pytest.importorskip("neo", reason="Neo is not installed: pip install neo")
    spikes = run["E"].spikes
    trains = spikes.to_neo()
    assert [train.annotations["neuron"] for train in trains] == [0, 3, 4]
    for neuron, train in zip([0, 3, 4], trains, strict=True):
        assert np.array_equal(train.rescale("ms").magnitude, spikes.of(neuron))
        assert (float(train.t_start), float(train.t_stop)) == (0.0, 100.0)
    assert len(trains[1]) == 0 < len(trains[0])
