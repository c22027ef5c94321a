"""Izhikevich's neuron: patterns of firing as properties, order in dt.

Parameters of the patterns are those of E. M. Izhikevich, IEEE Trans. Neural Networks 14,
1569 (2003), doi:10.1109/TNN.2003.820440, and 15, 1063 (2004),
doi:10.1109/TNN.2004.832719.
"""

import numpy as np
import pytest

from meanfield.neurons import Izhikevich
from tests.single_cells import WAVE, order_in_dt, run

DT = 0.02


def intervals(neuron, current=10.0, duration=1000.0, dt=DT, **options):
    cells = run(neuron, duration, dt, current=current, **options)
    return np.diff(cells.spikes.times)


def test_regular_spiking_adapts_and_settles():
    found = intervals(Izhikevich())
    assert found[0] < 0.7 * found[-1]
    np.testing.assert_allclose(found[3:], found[-1], rtol=0.01)


def test_fast_spiking_is_fast_and_hardly_adapts():
    fast, regular = intervals(Izhikevich(a=0.1, d=2.0)), intervals(Izhikevich())
    assert fast[-1] < 0.5 * regular[-1]
    np.testing.assert_allclose(fast[3:], fast[-1], rtol=0.02)


def test_intrinsic_bursting_begins_with_a_burst():
    found = intervals(Izhikevich(c=-55.0, d=4.0))
    assert (found[:2] < 8.0).all()
    assert (found[6:] > 20.0).all()
    np.testing.assert_allclose(found[8:], found[-1], rtol=0.02)


def test_chattering_repeats_bursts():
    found = intervals(Izhikevich(c=-50.0, d=2.0))
    pauses = found > 20.0
    assert pauses.sum() >= 5
    assert (found[~pauses] < 10.0).all()
    bursts = np.diff(np.flatnonzero(pauses))
    assert (bursts >= 3).all()
    assert np.ptp(bursts[1:]) <= 1


def test_rebound_spike_after_inhibition():
    def pulse(t):
        return np.where((t > 50.0) & (t < 55.0), -15.0, 0.0)

    rebounding = Izhikevich(a=0.03, b=0.25, c=-60.0, d=4.0)
    found = run(rebounding, 200.0, DT, drive=pulse).spikes.times
    assert found.size == 1
    assert 55.0 < found[0] < 90.0
    assert run(Izhikevich(), 200.0, DT, drive=pulse).counts[0] == 0


def test_phasic_spike_at_the_onset_only():
    def onset(t):
        return np.where(t > 50.0, 0.5, 0.0)

    phasic = Izhikevich(a=0.02, b=0.25, c=-65.0, d=6.0)
    found = run(phasic, 500.0, DT, drive=onset).spikes.times
    assert found.size == 1
    assert 50.0 < found[0] < 100.0


def test_rest_is_a_fixed_point():
    cells = run(Izhikevich(), 100.0, 0.5)
    np.testing.assert_allclose(cells.traces["V"], -70.0, atol=1e-9)
    np.testing.assert_allclose(cells.traces["u"], -14.0, atol=1e-9)


@pytest.mark.parametrize("variable", ["V", "u"])
def test_second_order_below_threshold(variable):
    wave = lambda t: 1.0 + np.sin(WAVE * t)  # noqa: E731
    found = order_in_dt(Izhikevich(), variable, drive=wave, duration=21.0, dt=0.5)
    assert 1.8 < found < 2.2
    assert run(Izhikevich(), 21.0, 0.5, drive=wave).counts[0] == 0


def test_intervals_converge_in_first_order():
    # Spikes are on the grid.
    fine = intervals(Izhikevich(), duration=300.0, dt=0.00125)
    for dt in (0.02, 0.01):
        found = intervals(Izhikevich(), duration=300.0, dt=dt)
        assert np.abs(found - fine).max() < 10.0 * dt
