"""GLIF in networks: order in dt, the exact scheme, noise, conductances, resets."""

import numpy as np
import pytest

from meanfield import LIF, firing_rate
from meanfield.neurons import (
    GLIF,
    Exponential,
    Network,
    OneToOne,
    Population,
    Projection,
    SpikeSource,
)
from spiking_reference import Record, simulate_glif, simulate_network
from tests.single_cells import WAVE, order_in_dt, run
from tests.spiking_reference.glif_cases import CASES, neuron_of

CELLS = {}
for _cell, _case in CASES:
    CELLS.setdefault((_cell, _case["level"]), _case)
NEURON = neuron_of(CELLS["syn_exc_regular", 5])
START = {"V": -70.0, "theta_s": 3.0, "theta_v": 2.0, "I_1": -40.0, "I_2": 60.0}


@pytest.mark.parametrize("variable", ["V", "theta_v"])
def test_second_order_under_currents_that_change(variable):
    wave = lambda t: 50.0 + 40.0 * np.sin(WAVE * t)  # noqa: E731
    found = order_in_dt(
        NEURON, variable, drive=wave, duration=21.0, dt=0.5, initial=START
    )
    assert 1.9 < found < 2.1


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_exact_under_a_constant_current(dt):
    """Steps of any length end where closed forms of the whole time do."""
    known = simulate_glif(
        NEURON, [80.0], dt=40.0, initial=START, record=Record(voltage=True)
    )
    found = run(NEURON, 40.0, dt, initial=START, current=80.0)
    for name in ("V", "I_1", "I_2"):
        np.testing.assert_allclose(
            found.traces[name][0, -1], known.traces[name][0, -1], rtol=1e-12
        )
    theta = NEURON.V_th + found.traces["theta_s"] + found.traces["theta_v"]
    np.testing.assert_allclose(theta[0, -1], known.traces["theta"][0, -1], rtol=1e-12)


@pytest.mark.parametrize("key", CELLS)
def test_spikes_come_to_the_exact_ones(key):
    """A spike is up to a step late, as are those after it."""
    neuron = neuron_of(CELLS[key])
    current, dt = 350.0, 0.005
    known = simulate_glif(neuron, np.full(3000, current), dt=0.1).spikes.times
    found = run(neuron, 300.0, dt, current=current).spikes.times
    assert abs(found.size - known.size) <= 1
    size = min(found.size, known.size)
    late = found[:size] - known[:size]
    assert (abs(late) < 1.5 * dt * np.arange(1, size + 1)).all()
    assert abs(late[0] - 0.5 * dt) <= 0.5 * dt


def test_noise_fires_at_the_rate_of_the_theory():
    """GLIF1 is the leaky neuron; false-alarm rate 6e-5 at four standard errors."""
    lif = LIF(tau_m=20.0, t_ref=2.0, V_th=-50.0, V_reset=-60.0, E_L=-70.0)
    neuron = GLIF(C_m=100.0, g_L=5.0, t_ref=2.0, V_th=-50.0, V_reset=-60.0, E_L=-70.0)
    mu, sigma = 0.8, 2.0
    # What is left of the bias is below 0.3 % at this step.
    cells = Population(n=1000, neuron=neuron, current=100.0 * mu, sigma=sigma)
    result = simulate_network(
        Network(populations={"cells": cells}),
        duration=2000.0,
        warmup=200.0,
        dt=0.1,
        rng=5,
    )["cells"]
    known = firing_rate(mu, sigma, lif)
    assert abs(result.rate.value - known) < 4.0 * result.rate.stderr + 0.003 * known


def test_rates_in_noise_do_not_depend_on_the_step():
    """Crossings between grid points are found; false-alarm rate 6e-5."""
    neuron = neuron_of(CELLS["syn_exc_regular", 4])
    cells = Population(
        n=500, neuron=neuron, current=0.9 * 28.0 * neuron.g_L, sigma=1.27
    )
    found = [
        simulate_network(
            Network(populations={"cells": cells}),
            duration=1000.0,
            warmup=300.0,
            dt=dt,
            rng=7,
        )["cells"].rates
        for dt in (0.25, 0.05)
    ]
    spread = np.hypot(*(rates.std(ddof=1) / np.sqrt(500) for rates in found))
    assert abs(found[0].mean() - found[1].mean()) < 4.0 * spread
    assert 5e-3 < found[1].mean() < 8e-3


def driven(dt, weight, E_rev):
    """State under conductances from given spikes."""
    source = SpikeSource(n=1, times=np.arange(2.0, 20.0, 2.0), sources=np.zeros(9, int))
    cells = Population(
        n=1, neuron=NEURON, receptors={"r": Exponential(tau=3.0, E_rev=E_rev)}
    )
    to = Projection(
        source="s", target="c", rule=OneToOne(), weight=weight, delay=1.0, receptor="r"
    )
    return simulate_network(
        Network(populations={"s": source, "c": cells}, projections=[to]),
        duration=20.0, dt=dt, record={"c": Record(voltage=True)},
    )["c"]  # fmt: skip


@pytest.mark.parametrize("variable", ["V", "theta_v"])
def test_conductances_act_to_second_order(variable):
    found = [driven(dt, 1.0, 0.0) for dt in (0.2, 0.1, 0.05)]
    assert all(f.counts[0] == 0 for f in found)
    a, b, c = (f.traces[variable][0, -1] for f in found)
    assert 1.85 < np.log2(abs((a - b) / (b - c))) < 2.15


def test_conductances_of_any_size_do_not_overshoot():
    V = driven(0.2, 1e5, -90.0).traces["V"][0]
    assert (V >= -90.0).all()
    assert (V[-50:] < -89.99).all()


def test_neurons_with_parameters_of_their_own():
    cells = [neuron_of(CELLS["syn_exc_regular", 4], t_ref=t) for t in (0.0, 2.0, 9.0)]
    both = neuron_of(
        CELLS["syn_exc_regular", 4],
        t_ref=[0.0, 2.0, 9.0],
        asc_amps=[np.full(3, a) for a in cells[0].asc_amps],
        asc_decay=[np.full(3, k) for k in cells[0].asc_decay],
        asc_r=(1.0, 1.0),
    )
    found = run(both, 200.0, 0.1, n=3, current=400.0)
    for i, cell in enumerate(cells):
        alone = run(cell, 200.0, 0.1, current=400.0)
        assert found.counts[i] == alone.counts[0] > 3
        np.testing.assert_array_equal(found.traces["I_1"][i], alone.traces["I_1"][0])


def test_amplitudes_are_those_after_the_refractory_period():
    neuron = neuron_of(CELLS["syn_exc_regular", 4])
    found = run(neuron, 60.0, 0.1, current=400.0)
    spike = round(found.spikes.times[0] / 0.1) - 1
    after = spike + round(neuron.t_ref / 0.1)
    np.testing.assert_allclose(found.traces["I_1"][0, after], neuron.asc_amps[0])
    np.testing.assert_allclose(found.traces["theta_s"][0, after], neuron.th_spike_add)
    assert found.traces["I_1"][0, after - 1] == 0.0
    reset = (
        neuron.E_L
        + neuron.voltage_reset_add
        + neuron.voltage_reset_fraction * (neuron.V_th - neuron.E_L)
    )
    np.testing.assert_allclose(
        found.traces["V"][0, spike : after + 1], reset, rtol=1e-14
    )


def test_a_reset_above_the_threshold_stops_the_network():
    neuron = neuron_of(
        CELLS["syn_exc_regular", 2],
        voltage_reset_fraction=1.0,
        voltage_reset_add=[-5.0, 6.0, -5.0],
    )
    with pytest.raises(FloatingPointError, match="'V' of neuron 1 of population"):
        run(neuron, 100.0, 0.1, n=3, current=400.0)
