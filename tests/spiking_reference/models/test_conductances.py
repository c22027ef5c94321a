"""Conductances against adaptive integrators, in the stiff limit and under bombardment."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from meanfield.neurons import (
    EIF,
    LIF,
    QIF,
    AdEx,
    Alpha,
    ConductanceLIF,
    DoubleExponential,
    Exponential,
    HodgkinHuxley,
    Izhikevich,
    Network,
    OneToOne,
    Poisson,
    Population,
    Projection,
    SpikeSource,
)
from spiking_reference import Record, simulate_network
from tests.single_cells import run

ARRIVAL, DURATION = 5.0, 15.0


def eif(y, g, E):
    p, V = EIF(), y[0]
    kick = p.Delta_T * np.exp((V - p.V_T) / p.Delta_T)
    return [(p.E_L - V + kick) / p.tau_m + g * (E - V)]


def qif(y, g, E):
    p, V = QIF(), y[0]
    return [(V - p.E_L) * (V - p.V_T) / (p.tau_m * (p.V_T - p.E_L)) + g * (E - V)]


def izhikevich(y, g, E):
    p, (V, u) = Izhikevich(), y
    return [0.04 * V**2 + 5.0 * V + 140.0 - u + g * (E - V), p.a * (p.b * V - u)]


def adex(y, g, E):
    p, (V, w) = AdEx(), y
    kick = p.g_L * p.Delta_T * np.exp((V - p.V_T) / p.Delta_T)
    out = (p.g_L * (p.E_L - V) + kick - w + g * (E - V)) / p.C_m
    return [out, (p.a * (V - p.E_L) - w) / p.tau_w]


def leaky(y, g, E):
    p, V = ConductanceLIF(), y[0]
    return [(p.g_L * (p.E_L - V) + g * (E - V)) / p.C_m]


def hodgkin_huxley(y, g, E):
    p, (V, m, h, n) = HodgkinHuxley(), y
    a_n = 0.01 * (V + 55.0) / (1.0 - np.exp(-0.1 * (V + 55.0)))
    a_m = 0.1 * (V + 40.0) / (1.0 - np.exp(-0.1 * (V + 40.0)))
    a_h, b_h = (
        0.07 * np.exp(-0.05 * (V + 65.0)),
        1.0 / (1.0 + np.exp(-0.1 * (V + 35.0))),
    )
    b_n, b_m = (
        0.125 * np.exp(-0.0125 * (V + 65.0)),
        4.0 * np.exp(-0.0556 * (V + 65.0)),
    )
    out = p.g_L * (p.E_L - V) + p.g_Na * m**3 * h * (p.E_Na - V)
    out += p.g_K * n**4 * (p.E_K - V) + g * (E - V)
    gates = [
        a * (1.0 - x) - b * x
        for a, b, x in ((a_m, b_m, m), (a_h, b_h, h), (a_n, b_n, n))
    ]
    return [out / p.C_m, *gates]


# Neuron, its equations, its state at the start, weight, largest step.
CASES = {
    "EIF": (EIF(), eif, [-72.0], 0.02, 0.5),
    "QIF": (QIF(), qif, [-65.0], 0.02, 0.5),
    "Izhikevich": (Izhikevich(), izhikevich, [-70.0, -14.0], 0.03, 0.25),
    "AdEx": (AdEx(), adex, [-70.6, 0.0], 5.0, 0.5),
    "HodgkinHuxley": (
        HodgkinHuxley(), hodgkin_huxley,
        [-64.9963789, 0.0529550979, 0.595994108, 0.317732407], 0.4, 0.04,
    ),
}  # fmt: skip


def evoked(neuron, synapse, weight, dt, start=None, duration=DURATION):
    """States after a spike that arrives at ARRIVAL."""
    network = Network(
        populations={
            "in": SpikeSource(n=1, times=[ARRIVAL - dt], sources=[0]),
            "cell": Population(n=1, neuron=neuron, receptors={"r": synapse}),
        },
        projections=[
            Projection(
                source="in", target="cell", rule=OneToOne(), weight=weight, delay=dt,
                receptor="r",
            )
        ],
    )  # fmt: skip
    return simulate_network(
        network, duration=duration, dt=dt, record={"cell": Record(voltage=True)},
        initial=None if start is None else {"cell": start}, progress=False,
    )["cell"]  # fmt: skip


def shape(synapse):
    """The waveform, 1 at its peak."""
    if isinstance(synapse, Exponential):
        return lambda s: np.exp(-s / synapse.tau)
    if isinstance(synapse, Alpha):
        return lambda s: s / synapse.tau * np.exp(1.0 - s / synapse.tau)
    rise, decay = synapse.tau_rise, synapse.tau_decay
    raw = lambda s: np.exp(-s / decay) - np.exp(-s / rise)  # noqa: E731
    peak = raw(rise * decay / (decay - rise) * np.log(decay / rise))
    return lambda s: raw(s) / peak


def end_voltage(flow, start, synapse, weight):
    """The voltage at DURATION, to 1e-9."""
    options = {"method": "LSODA", "rtol": 1e-11, "atol": 1e-11}
    g = shape(synapse)
    before = solve_ivp(lambda s, y: flow(y, 0.0, 0.0), (0.0, ARRIVAL), start, **options)
    after = solve_ivp(
        lambda s, y: flow(y, weight * g(s), synapse.E_rev), (0.0, DURATION - ARRIVAL),
        before.y[:, -1], **options,
    )  # fmt: skip
    return after.y[0, -1]


@pytest.mark.parametrize("E_rev", [0.0, -80.0])
@pytest.mark.parametrize("name", CASES)
def test_conductances_are_second_order(name, E_rev):
    neuron, flow, start, weight, dt = CASES[name]
    synapse = Exponential(tau=5.0, E_rev=E_rev)
    exact = end_voltage(flow, start, synapse, weight)
    assert abs(exact - start[0]) > 5e-3  # it does something
    found = []
    for k in (1, 2, 4):
        cells = evoked(neuron, synapse, weight, dt / k, {"V": start[0]})
        assert cells.counts[0] == 0 or name == "HodgkinHuxley"
        found.append(cells.traces["V"][0, -1] - exact)
    order = np.log2(np.abs(np.array(found[:-1]) / found[1:]))
    assert abs(found[-1]) < 0.01, found
    assert np.all((order > 1.7) & (order < 2.4)), (order, found)


@pytest.mark.parametrize(
    "synapse",
    [
        Alpha(tau=3.0, E_rev=0.0),
        DoubleExponential(tau_rise=0.3, tau_decay=2.0, E_rev=0.0),
        DoubleExponential(tau_rise=30.0, tau_decay=400.0, E_rev=-90.0),
    ],
)
def test_waveforms_of_conductances(synapse):
    exact = end_voltage(leaky, [-70.0], synapse, 8.0)
    found = [
        evoked(ConductanceLIF(), synapse, 8.0, dt).traces["V"][0, -1] - exact
        for dt in (0.2, 0.1)
    ]
    assert abs(found[1]) < 1e-3 * abs(exact + 70.0)
    assert 3.4 < found[0] / found[1] < 4.6


@pytest.mark.parametrize("g", [1.0, 30.0, 300.0, 3e4])
def test_constant_conductances_of_any_size_do_not_overshoot(g):
    # z = h g/C up to 150; the series for e^z is off by 5e-4 of the way at most.
    neuron, dt = ConductanceLIF(V_th=10.0), 1.0
    cells = evoked(neuron, Exponential(tau=1e18, E_rev=0.0), g, dt, duration=30.0)
    total = neuron.g_L + g
    end = neuron.g_L * neuron.E_L / total
    t = cells.t - ARRIVAL
    after = t > 0.5 * dt
    exact = end + (neuron.E_L - end) * np.exp(-total * t[after] / neuron.C_m)
    V = cells.traces["V"][0][after]
    allowed = (5e-7 if total * dt < neuron.C_m else 5e-4) * abs(neuron.E_L - end)
    np.testing.assert_allclose(V, exact, rtol=1e-12, atol=8.0 * allowed)
    assert np.all(np.diff(V) >= -1e-12)
    assert np.all(V - end <= 1e-9)


def test_high_conductance_state():
    # 1000 x 1.2 Hz x 1 nS against 1000 x 3 Hz x 4 nS on 40 pF and 2 nS. By Campbell's
    # theorem the conductances are 7.2 +- 1.9 and 24 +- 6.9 nS; another code, clocked at
    # 0.005 and 0.025 ms, found 17.4 and 18.3 Hz (standard error 0.3), V = -58.40 +- 3.63 mV.
    neuron = ConductanceLIF(
        C_m=40.0, g_L=2.0, E_L=-70.0, V_th=-50.0, V_reset=-55.0, t_ref=2.0
    )
    cells = Population(
        n=300, neuron=neuron,
        receptors={
            "exc": Exponential(tau=6.0, E_rev=0.0),
            "inh": Exponential(tau=2.0, E_rev=-75.0),
        },
    )  # fmt: skip
    network = Network(
        populations={"cell": cells},
        inputs=[
            Poisson(target="cell", rate=1.2, weight=1.0, receptor="exc"),
            Poisson(target="cell", rate=3.0, weight=4.0, receptor="inh"),
        ],
    )
    found = simulate_network(
        network, duration=1500.0, warmup=100.0, dt=0.025, rng=6,
        record={"cell": Record(voltage=True, every=40)}, progress=False,
    )["cell"]  # fmt: skip
    # Errors from cell to cell; false alarms 1e-4 for each mean. What is recorded at the end
    # of a step is without the spikes that arrive there, hence the sum for the mean.
    for name, tau, jumps, variance in (
        ("exc", 6.0, 1.2, 3.6),
        ("inh", 2.0, 12.0, 48.0),
    ):
        mean = jumps * 0.025 / np.expm1(0.025 / tau)
        g = found.traces[name]
        error = g.mean(axis=1).std(ddof=1) / np.sqrt(300)
        assert abs(g.mean() - mean) < 4.0 * error
        assert abs(g.var() / variance - 1.0) < 0.05
    rate = 1e3 * found.rate.value
    assert abs(rate - 17.9) < 1.3
    V = found.traces["V"]
    assert abs(V.mean() + 58.40) < 0.15
    assert abs(V.std() - 3.63) < 0.1


def test_noise_of_a_current_that_is_drawn_each_step():
    # 30 pA + N(0, 100 pA) in each step, 0.5 GOhm, 20 ms: what white noise that is depends
    # on the step. Another code found 6.08 and 0.855 Hz at 0.125 and 0.05 ms.
    neuron = ConductanceLIF(
        C_m=40.0, g_L=2.0, E_L=-70.0, V_th=-50.0, V_reset=-55.0, t_ref=2.0
    )
    for dt, known, bound in ((0.125, 6.08, 0.6), (0.05, 0.855, 0.2)):
        generator = np.random.default_rng(1)
        drive = lambda t: 30.0 + 100.0 * generator.standard_normal((t.size, 150))  # noqa: B023, E731
        frozen = run(neuron, 3000.0, dt, n=150, drive=drive)
        sigma = 100.0 / neuron.C_m * np.sqrt(dt)
        white = run(neuron, 3000.0, dt, n=150, current=30.0, sigma=sigma)
        for cells in (frozen, white):
            # Standard errors of 450 s: 0.12 and 0.05 Hz, and as much of the known ones.
            assert abs(1e3 * cells.rate.value - known) < bound


def test_steps_that_are_too_coarse():
    fast = Population(n=1, neuron=LIF(tau_m=[0.05]))
    with pytest.raises(ValueError, match=r"tau_m=0\.05 ms of population 'A'; got 0\.1"):
        simulate_network(Network(populations={"A": fast}), duration=1.0)
    receptor = {"exc": Exponential(tau=0.05)}
    short = Population(n=1, neuron=LIF(), receptors=receptor)
    with pytest.raises(
        ValueError, match=r"tau=0\.05 ms of receptor 'exc' of population 'A'"
    ):
        simulate_network(Network(populations={"A": short}), duration=1.0)
    for neuron, dt in ((HodgkinHuxley(), 0.2), (Izhikevich(), 2.0), (AdEx(), 10.0)):
        cells = Population(n=1, neuron=neuron)
        with pytest.raises(ValueError, match="`dt` must be at most"):
            simulate_network(
                Network(populations={"A": cells}), duration=20.0, dt=dt, bin=20.0
            )
    whole = Population(n=1, neuron=LIF(tau_m=20.0))
    simulate_network(
        Network(populations={"A": whole}), duration=40.0, dt=20.0, bin=20.0
    )
