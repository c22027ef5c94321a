"""Synaptic waveforms and delays against closed forms."""

import numpy as np
import pytest
import scipy.integrate

from meanfield.neurons import (
    LIF,
    NMDA,
    Alpha,
    ConductanceLIF,
    Delta,
    DoubleExponential,
    Exponential,
    Network,
    OneToOne,
    Population,
    Projection,
    SpikeSource,
)
from spiking_reference import Record, simulate_network

QUIET = LIF(tau_m=15.0, t_ref=0.0, V_th=1e3)


def response(synapse, neuron=QUIET, dt=0.1, weight=1.0, delay=2.0, **options):
    """Voltage after one spike at 5 ms."""
    network = Network(
        populations={
            "in": SpikeSource(n=1, times=[5.0], sources=[0]),
            "cell": Population(n=1, neuron=neuron, receptors={"r": synapse}),
        },
        projections=[
            Projection(
                source="in", target="cell", rule=OneToOne(), weight=weight, delay=delay,
                receptor="r",
            )
        ],
    )  # fmt: skip
    record = {"cell": Record(voltage=True, every=round(1.0 / dt))}
    run = simulate_network(network, duration=60.0, dt=dt, record=record, **options)
    return run["cell"].t, run["cell"].traces["V"][0]


def test_jump_arrives_after_the_delay():
    t, V = response(Delta(), weight=3.0)
    expected = np.where(t >= 7.0 - 1e-9, 3.0 * np.exp(-(t - 7.0) / 15.0), 0.0)
    assert np.allclose(V, expected, atol=1e-6)


@pytest.mark.parametrize("dt", [0.1, 1.0])
@pytest.mark.parametrize(
    "synapse",
    [
        Exponential(tau=5.0),
        Alpha(tau=3.0),
        DoubleExponential(tau_rise=1.0, tau_decay=6.0),
        DoubleExponential(tau_rise=2.0, tau_decay=2.0),
    ],
)
def test_current_moves_a_leaky_membrane_exactly(synapse, dt):
    """At any step; against an adaptive integration of the waveform's formula."""

    def waveform(s):
        if s < 0:
            return 0.0
        if isinstance(synapse, Exponential):
            return np.exp(-s / synapse.tau)
        if isinstance(synapse, Alpha) or synapse.tau_rise == synapse.tau_decay:
            tau = getattr(synapse, "tau", None) or synapse.tau_rise
            return s / tau * np.exp(1 - s / tau)
        rise, decay = synapse.tau_rise, synapse.tau_decay
        peak = rise * decay / (decay - rise) * np.log(decay / rise)
        shape = lambda u: np.exp(-u / decay) - np.exp(-u / rise)  # noqa: E731
        return shape(s) / shape(peak)

    t, V = response(synapse, dt=dt, weight=0.5)
    found = scipy.integrate.solve_ivp(
        lambda s, v: -v / 15.0 + 0.5 * waveform(s), (0, t[-1] - 7.0), [0.0],
        t_eval=t[t >= 7.0] - 7.0, rtol=1e-9, atol=1e-12, max_step=0.5,
    )  # fmt: skip
    assert np.allclose(V[t >= 7.0], found.y[0], rtol=1e-6, atol=1e-7)
    assert np.all(V[t < 7.0] == 0.0)


CELL = ConductanceLIF(V_th=0.0)


def reference(synapse, weight):
    """The conductance equation, integrated."""
    block = lambda v: 1.0  # noqa: E731
    if isinstance(synapse, NMDA):
        ratio, slope = synapse.magnesium / synapse.affinity, synapse.slope
        block = lambda v: 1 / (1 + ratio * np.exp(slope * v))  # noqa: E731
    rise, decay = (
        getattr(synapse, "tau_rise", None),
        getattr(synapse, "tau_decay", None),
    )
    if rise is None:
        shape = lambda s: np.exp(-s / synapse.tau)  # noqa: E731
    else:
        raw = lambda s: np.exp(-s / decay) - np.exp(-s / rise)  # noqa: E731
        peak = raw(rise * decay / (decay - rise) * np.log(decay / rise))
        shape = lambda s: raw(s) / peak  # noqa: E731

    def flow(s, v):
        pull = weight * shape(s) * block(v) * (synapse.E_rev - v)
        return (CELL.g_L * (CELL.E_L - v) + pull) / CELL.C_m

    found = scipy.integrate.solve_ivp(
        flow, (0, 53), [CELL.E_L], t_eval=np.arange(1.0, 54.0), rtol=1e-10, atol=1e-10
    )
    return found.y[0]


@pytest.mark.parametrize(
    "synapse", [Exponential(tau=5.0, E_rev=-20.0), NMDA(E_rev=-20.0)]
)
def test_conductances_are_second_order(synapse):
    expected = reference(synapse, 20.0)
    errors = []
    for dt in (0.5, 0.25, 0.125):
        t, V = response(synapse, CELL, dt=dt, weight=20.0)
        errors.append(np.abs(V[t > 7.5] - expected).max())
    order = np.log2(np.array(errors[:-1]) / errors[1:])
    assert errors[-1] < 0.02
    assert np.all(order > 1.7), (order, errors)


def test_spike_times_of_a_synapse_from_the_course():
    """tau 15 and 5 ms, four-fold current, weight 0.6, input every 10 ms: research data."""
    neuron = LIF(tau_m=15.0, t_ref=0.0, V_th=1.0)
    times = np.arange(10.0, 200.0, 10.0)
    network = Network(
        populations={
            "in": SpikeSource(n=1, times=times - 0.001, sources=np.zeros(times.size, int)),
            "cell": Population(
                n=1, neuron=neuron, receptors={"r": Exponential(tau=5.0)}
            ),
        },
        projections=[
            Projection(
                source="in", target="cell", rule=OneToOne(), weight=0.6 * 4 / 15,
                delay=0.001, receptor="r",
            )
        ],
    )  # fmt: skip
    run = simulate_network(
        network, duration=200.0, dt=0.001, record={"cell": Record(spikes=True)}
    )
    expected = [33.454, 61.384, 83.977, 111.481, 134.171, 161.517, 184.255]
    assert np.allclose(run["cell"].spikes.times, expected, atol=0.003)
