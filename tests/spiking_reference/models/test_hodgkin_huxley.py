"""Hodgkin and Huxley's neuron: rest, pulses, rates, removable singularities, order in dt."""

import numpy as np
import pytest

from meanfield.neurons import HodgkinHuxley
from tests.single_cells import WAVE, order_in_dt, run

# What is expected was computed with adaptive integrators of high order.


def test_rest():
    cells = run(HodgkinHuxley(), 50.0, 0.05)
    known = {"V": -64.9963789, "n": 0.317732407, "m": 0.0529550979, "h": 0.595994108}
    for name, value in known.items():
        np.testing.assert_allclose(cells.traces[name], value, rtol=2e-8)


def test_pulses():
    def pulses(t):
        centres = ((6.0, 50.0), (12.0, 100.0), (3.0, 150.0))
        return sum(x * np.exp(-0.5 * (t - c) ** 2) for x, c in centres)

    dt = 0.01
    cells = run(HodgkinHuxley(), 200.0, dt, drive=pulses)
    V = cells.traces["V"][0]
    late = cells.spikes.times - [51.5271, 100.47662]
    assert (late > -1e-3).all()
    assert (late < dt + 1e-3).all()
    assert abs(V.max() - 40.079) < 0.02
    assert abs(V.min() + 76.176) < 0.01
    above = np.flatnonzero(np.diff((V > -20.0).astype(int)))
    widths = np.diff(above)[::2] * dt
    np.testing.assert_allclose(widths, [1.63, 1.66], atol=0.015)


def test_rates():
    current = np.array([5.0, 6.0, 6.5, 7.0, 10.0, 15.0])
    cells = run(
        HodgkinHuxley(), 2500.0, 0.02, n=6, current=current, initial={"V": -65.0}
    )
    times, who = cells.spikes.times, cells.spikes.neurons
    found = []
    for i in range(6):
        mine = times[(who == i) & (times > 500.0)]
        found.append(1e3 / np.diff(mine).mean() if mine.size > 1 else 0.0)
    known = [0.0, 0.0, 55.185, 58.392, 68.351, 78.668]
    np.testing.assert_allclose(found, known, rtol=1e-3)


@pytest.mark.parametrize("V", [-55.0, -40.0])
def test_rates_of_gates_at_their_removable_singularities(V):
    found = run(
        HodgkinHuxley(), 1.0, 0.01, n=3, initial={"V": V + np.array([-1e-9, 0.0, 1e-9])}
    )
    for trace in found.traces.values():
        assert np.isfinite(trace).all()
        np.testing.assert_allclose(trace, trace[:1].repeat(3, 0), rtol=1e-6)


@pytest.mark.parametrize("variable", ["V", "m", "h", "n"])
def test_second_order_through_spikes(variable):
    wave = lambda t: 8.0 + 4.0 * np.sin(WAVE * t)  # noqa: E731
    found = order_in_dt(HodgkinHuxley(), variable, drive=wave, duration=30.0, dt=0.02)
    assert 1.8 < found < 2.2
    assert run(HodgkinHuxley(), 30.0, 0.02, drive=wave).counts[0] >= 1


def test_stays_finite_under_any_input():
    current = np.array([-1e4, -100.0, 100.0, 1e4])
    found = run(HodgkinHuxley(), 50.0, 0.1, n=4, current=current)
    assert np.isfinite(found.traces["V"]).all()
    for name in "mhn":
        gate = found.traces[name]
        assert ((gate >= 0.0) & (gate <= 1.0)).all()
