"""Voltage statistics, effective rates and fitted transfer functions."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.integrate import quad

from meanfield import coloured_noise
from meanfield.conductance import (
    Afferents,
    TransferFunction,
    effective_neuron,
    firing_rate,
    fit_transfer,
    load_transfer,
    transfer_design,
    voltage_statistics,
)
from meanfield.neurons import (
    EIF,
    LIF,
    AdEx,
    ConductanceLIF,
    Exponential,
    Network,
    Poisson,
    Population,
)
from spiking_reference import Record, simulate_network
from validation.transfer_fit import fitted_transfer, simulated_rates

EXC = Afferents(synapse=Exponential(tau=5.0, E_rev=0.0), weight=1.0, number=400)
INH = Afferents(synapse=Exponential(tau=8.0, E_rev=-80.0), weight=5.0, number=100)
CELL = ConductanceLIF()
RATES = (0.004, 0.01)


def test_campbell():
    """Mean and moments of the sum of postsynaptic potentials, integrated numerically."""
    found = voltage_statistics(RATES, CELL, [EXC, INH])
    G = 10.0 + 400 * 0.004 * 5.0 * 1.0 + 100 * 0.01 * 8.0 * 5.0
    mean = (10.0 * -70.0 + 40.0 * -80.0) / G
    assert (found.conductance, found.mean) == (pytest.approx(G), pytest.approx(mean))
    T, variance, area = 200.0 / G, 0.0, 0.0
    for A, rate in ((EXC, 1.6), (INH, 1.0)):
        tau, drive = A.synapse.tau, A.weight * (A.synapse.E_rev - mean) / 200.0

        def psp(t, tau=tau, drive=drive):
            return drive * (math.exp(-t / tau) - math.exp(-t / T)) / (1 / T - 1 / tau)

        variance += rate * quad(lambda t: psp(t) ** 2, 0, 200, epsabs=0)[0]
        area += rate * quad(psp, 0, 300, epsabs=0)[0] ** 2
    assert found.std == pytest.approx(math.sqrt(variance), rel=1e-8)
    assert found.tau == pytest.approx(area / (2 * variance), rel=1e-8)


def test_voltage_of_a_simulation():
    """The inhibitory variance above all, which the published code has wrong."""
    cell = ConductanceLIF(V_th=100.0)
    receptors = {"exc": EXC.synapse, "inh": INH.synapse}
    network = Network(
        populations={"V": Population(n=60, neuron=cell, receptors=receptors)},
        inputs=[
            Poisson(target="V", rate=1.6, weight=1.0, receptor="exc"),
            Poisson(target="V", rate=1.0, weight=5.0, receptor="inh"),
        ],
    )
    run = simulate_network(
        network, duration=2000.0, warmup=200.0, rng=1, threads=1, progress=False,
        record={"V": Record(voltage=range(60), every=10)},
    )  # fmt: skip
    V = np.asarray(run["V"].traces["V"])
    found = voltage_statistics(RATES, cell, [EXC, INH])
    # The error of the linearization; statistical errors are 0.04 mV and 1 %.
    assert V.mean() == pytest.approx(found.mean, abs=0.4)
    assert V.std() == pytest.approx(found.std, rel=0.06)
    drive = INH.weight * (INH.synapse.E_rev - found.mean) / found.conductance
    inhibitory = (drive * 8.0) ** 2 / (2 * (found.tau_eff + 8.0))
    assert np.sqrt(found.std**2 - inhibitory) < 0.85 * V.std()


def test_no_input_is_the_neuron_itself():
    found = voltage_statistics([0.0], CELL, [EXC], current=250.0)
    assert (found.mean, found.std, found.tau, found.tau_syn) == (-45.0, 0.0, 20.0, 0.0)
    expected = 1 / (5.0 + 20.0 * math.log(25.0 / 5.0))
    assert firing_rate([0.0], CELL, [EXC], current=250.0) == pytest.approx(expected)


def test_noise_is_that_of_the_voltage():
    """An exponential current of `sigma` and `tau_syn` has the spread of the voltage."""
    same = dataclasses.replace(INH, synapse=Exponential(tau=5.0, E_rev=-80.0))
    found = voltage_statistics(RATES, CELL, [EXC, same])
    assert found.tau_syn == pytest.approx(5.0)
    spread = found.sigma * found.tau_eff / np.sqrt(2 * (found.tau_eff + found.tau_syn))
    assert spread == pytest.approx(found.std)
    cell = effective_neuron(CELL, found)
    assert isinstance(cell, LIF)
    assert firing_rate(RATES, CELL, [EXC, same]) == pytest.approx(
        coloured_noise.firing_rate(0.0, found.sigma, 5.0, cell)
    )


def test_effective_exponential_neuron_keeps_its_current():
    cell = AdEx(C_m=200.0, g_L=10.0)
    found = voltage_statistics(RATES, cell, [EXC, INH])
    effective = effective_neuron(cell, found)
    assert isinstance(effective, EIF)
    V = -48.0
    current = 10.0 * 2.0 * math.exp((V - cell.V_T) / 2.0) / 200.0
    seen = 2.0 * math.exp((V - effective.V_T) / 2.0) / effective.tau_m
    assert seen == pytest.approx(current)


def test_adaptation_is_self_consistent():
    cell = AdEx(C_m=200.0, g_L=10.0, E_L=-65.0, V_reset=-65.0, b=20.0, tau_w=500.0)
    rates = (0.012, 0.01)
    rate = firing_rate(rates, cell, [EXC, INH])
    held = dataclasses.replace(cell, b=0.0)
    current = -cell.b * cell.tau_w * rate
    assert firing_rate(rates, held, [EXC, INH], current=current) == pytest.approx(rate)
    assert rate < firing_rate(rates, held, [EXC, INH])


@pytest.fixture(scope="module")
def truth():
    P = [-53.0, 4.0, -2.0, 1.0, 0.5, 0.3, -1.0, 0.5, 0.2, 0.1]
    return TransferFunction(neuron=CELL, afferents=(EXC, INH), coefficients=P)


def test_fit_finds_the_function_that_made_the_rates(truth):
    design = transfer_design(CELL, [EXC, INH])
    rates = truth(*design)
    error = 1e-3 * rates
    fit = fit_transfer(
        design, rates, error, CELL, [EXC, INH], model_error=0.0, prior=np.inf
    )
    np.testing.assert_allclose(fit(*design), rates, rtol=1e-4)
    assert fit.worst < 0.1


def test_fit_states_its_deviations(truth):
    rng = np.random.default_rng(1)
    design = transfer_design(CELL, [EXC, INH], n=20)
    rates = truth(*design)
    noise = 0.02 * rates
    measured = rates + noise * rng.normal(size=rates.shape)
    fit = fit_transfer(design, measured, noise, CELL, [EXC, INH], model_error=0.0)
    # 100 points, 10 coefficients: chi^2/100 is 0.9 with a spread of 0.13.
    assert 0.5 < fit.residual**2 < 1.4
    np.testing.assert_allclose(fit(*design), rates, rtol=0.05)


def test_saved_and_loaded(truth, tmp_path):
    path = tmp_path / "transfer.json"
    truth.save(path)
    again = load_transfer(path)
    assert again.afferents == truth.afferents
    assert again(*RATES) == truth(*RATES)
    path.write_text("{}")
    with pytest.raises(ValueError, match="`path`"):
        load_transfer(path)


def test_design_spans_the_rates():
    exc, inh = transfer_design(CELL, [EXC, INH])
    found = voltage_statistics([exc, inh], CELL, [EXC, INH])
    distance = (-50.0 - found.mean) / found.std
    np.testing.assert_allclose(distance[:, [0, -1]], [[2.8, 0.4]] * 5, rtol=1e-6)


def test_bad_input_is_named(truth):
    with pytest.raises(TypeError, match="E_rev"):
        Afferents(synapse=Exponential(tau=5.0), weight=1.0)
    with pytest.raises(ValueError, match="`rates` must have one entry"):
        voltage_statistics([0.1], CELL, [EXC, INH])
    with pytest.raises(ValueError, match="`rates` must be finite"):
        voltage_statistics([-0.1], CELL, [EXC])
    with pytest.raises(ValueError, match="`rates` must have shapes that broadcast"):
        voltage_statistics([[0.1, 0.1], [0.1] * 3], CELL, [EXC, INH])
    with pytest.raises(TypeError, match="`afferents` must be a sequence"):
        voltage_statistics([0.1], CELL, EXC)  # pyright: ignore
    with pytest.raises(TypeError, match="`neuron`"):
        voltage_statistics([0.1], LIF(), [EXC])
    with pytest.raises(ValueError, match="ten points"):
        fit_transfer([[0.1] * 3], [0.1] * 3, 0.1, CELL, [EXC])
    with pytest.raises(ValueError, match="`error` must have the shape of `measured`"):
        fit_transfer([[0.1] * 9], [0.1] * 9, [0.1] * 8, CELL, [EXC])
    with pytest.raises(TypeError, match="`rates` must be a sequence"):
        voltage_statistics(0.1, CELL, [EXC])  # pyright: ignore
    with pytest.raises(ValueError, match="two"):
        transfer_design(CELL, [EXC])
    with pytest.raises(ValueError, match="`n` must be positive"):
        transfer_design(CELL, [EXC, INH], n=0)
    with pytest.raises(ValueError, match="`E_rev` must be above the threshold"):
        transfer_design(CELL, [INH, EXC])
    with pytest.raises(ValueError, match="`b` must not be negative"):
        firing_rate(RATES, AdEx(b=-1.0), [EXC, INH])


@pytest.mark.slow
def test_simulated_neurons_are_predicted():
    """A fit at 24 points against rates that it has not seen."""
    design = transfer_design(CELL, [EXC, INH], inhibition=(0.003, 0.01, 0.02), n=8)
    options = {"n": 60, "duration": 1500.0, "threads": 1, "progress": False}
    fit = fitted_transfer(CELL, [EXC, INH], design=design, rng=1, **options)
    assert fit.residual < 1.5
    fresh = [np.array([0.0045, 0.009]), np.array([0.005, 0.015])]
    rate, error = simulated_rates(fresh, CELL, [EXC, INH], rng=2, **options)
    assert np.all(np.abs(fit(*fresh) - rate) < 4 * error + 0.1 * rate)
