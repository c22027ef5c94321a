"""AdEx: patterns of firing as properties, spikes of a fine reference, order in dt."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from meanfield.neurons import AdEx
from tests.single_cells import WAVE, order_in_dt, run

DT, ONSET, R = 0.01, 30.0, 0.5
# tau_m, a, tau_w, b, V_reset, I; spikes, the first [ms after the onset], some intervals,
# from RK4 with steps of 0.5 us.
PATTERNS = {
    "tonic": ((20, 0, 30, 60, -55, 65), 5, 24.5395, [53.674, 59.33, 59.155, 59.159]),
    "adapting": ((20, 0, 100, 5, -55, 65), 12, 24.5395, [15.472, 17.822, 20.316]),
    "initial burst": (
        (5, 0.5, 100, 7, -51, 65), 12, 6.1315, [2.661, 3.596, 5.755, 15.169, 36.694],
    ),
    "bursting": (
        (5, -0.5, 100, 7, -46, 65), 24, 5.957,
        [0.596, 0.657, 0.739, 0.853, 1.029, 1.364, 2.832, 64.75],
    ),
    "transient": (
        (10, 1, 100, 10, -60, 65), 6, 12.5385, [14.209, 26.479, 62.195, 82.189, 83.062],
    ),
    "delayed": ((5, -1, 100, 10, -60, 25), 2, 142.0725, [116.069]),
}  # fmt: skip


def cell(name):
    tau_m, a, tau_w, b, reset, I = PATTERNS[name][0]
    neuron = AdEx(
        C_m=tau_m / R, g_L=1.0 / R, E_L=-70.0, V_T=-50.0, Delta_T=2.0, a=a, tau_w=tau_w,
        b=b, V_reset=reset,
    )  # fmt: skip
    return neuron, lambda t: np.where(t < ONSET, 5.0, float(I))


def intervals(name):
    neuron, drive = cell(name)
    times = run(neuron, ONSET + 300.0, DT, drive=drive).spikes.times - ONSET
    return times[0], np.diff(times)


@pytest.mark.parametrize("name", PATTERNS)
def test_spikes_are_those_of_the_reference(name):
    _, count, first, known = PATTERNS[name]
    found_first, found = intervals(name)
    assert found.size + 1 == count
    assert abs(found_first - first) < 3.0 * DT
    # A spike that is a step late shortens what w does until the next.
    np.testing.assert_allclose(found[: len(known)], known, rtol=0.01, atol=3.0 * DT)


def test_tonic_is_regular():
    found = intervals("tonic")[1]
    np.testing.assert_allclose(found[1:], found[-1], rtol=0.01)


def test_adapting_intervals_grow_and_saturate():
    found = intervals("adapting")[1]
    assert (np.diff(found) > 0.0).all()
    assert found[-1] - found[-2] < 0.01 * found[-1]


def test_initial_burst_turns_regular():
    found = intervals("initial burst")[1]
    assert (found[:4] < 20.0).all()
    assert (np.diff(found[:4]) > 0.0).all()
    np.testing.assert_allclose(found[4:], found[-1], rtol=0.01)


def test_bursting_repeats_bursts():
    found = intervals("bursting")[1]
    pauses = np.flatnonzero(found > 50.0)
    np.testing.assert_array_equal(np.diff(pauses), 4)
    assert pauses[0] == 7
    assert (np.delete(found, pauses) < 4.0).all()


def test_transient_slows_down_strongly():
    found = intervals("transient")[1]
    assert found[-1] > 5.0 * found[0]
    assert (np.diff(found) > 0.0).all()


def test_delayed_accelerates():
    first, found = intervals("delayed")
    assert first > 100.0
    assert found[0] < first


RESONANT = AdEx(a=100.0, tau_w=100.0)  # strong adaptation below threshold


def by_integration(neuron, current, start, stop):
    """Spikes within 500 ms, with an adaptive integrator that stops at each."""

    def slope(t, x):
        V, w = x
        spike = neuron.g_L * neuron.Delta_T * np.exp((V - neuron.V_T) / neuron.Delta_T)
        I = current if start < t < stop else 0.0
        return [
            (neuron.g_L * (neuron.E_L - V) + spike - w + I) / neuron.C_m,
            (neuron.a * (V - neuron.E_L) - w) / neuron.tau_w,
        ]

    def met(t, x):
        return x[0] - neuron.V_th

    met.terminal = True
    x, found = [neuron.E_L, 0.0], []
    for begin, end in ((0.0, start), (start, stop), (stop, 500.0)):
        t = begin
        while t < end:
            part = solve_ivp(
                slope,
                (t + 1e-12, end),
                x,
                events=met,
                rtol=1e-8,
                atol=1e-8,
                max_step=1.0,
            )
            t, x = part.t[-1], part.y[:, -1]
            if part.status == 1:
                found.append(t)
                x = [neuron.V_reset, x[1] + neuron.b]
    return np.array(found)


@pytest.mark.parametrize(
    ("current", "stop", "count"),
    [(1000.0, 500.0, 1), (-1500.0, 250.0, 1), (-2000.0, 250.0, 2)],
)
def test_phasic_spike_at_the_onset_and_rebound_after_inhibition(current, stop, count):
    def pulse(t):
        return np.where((t > 50.0) & (t < stop), current, 0.0)

    found = run(RESONANT, 500.0, DT, drive=pulse).spikes.times
    known = by_integration(RESONANT, current, 50.0, stop)
    assert found.size == known.size == count
    np.testing.assert_allclose(found, known, atol=0.1)
    change = 50.0 if current > 0 else stop
    assert ((found > change) & (found < change + 30.0)).all()
    usual = run(AdEx(), 500.0, DT, drive=pulse).counts[0]
    assert usual > 5 if current > 0 else usual == 0


@pytest.mark.parametrize("variable", ["V", "w"])
def test_second_order_below_threshold(variable):
    neuron, _ = cell("initial burst")
    wave = lambda t: 20.0 + 10.0 * np.sin(WAVE * t)  # noqa: E731
    found = order_in_dt(neuron, variable, drive=wave, duration=21.0, dt=0.5)
    assert 1.8 < found < 2.2
