"""The mean field's sums of weights against drawn networks; delays; presets."""

import json
from pathlib import Path

import numba
import numpy as np
import pytest
from scipy import integrate, stats

from meanfield import lif
from meanfield.network import balanced_eif, brunel, mean_field, microcircuit, zerlaut
from meanfield.neurons import (
    EIF,
    LIF,
    Alpha,
    Bernoulli,
    ConductanceLIF,
    Delta,
    DoubleExponential,
    Exponential,
    FixedInDegree,
    FixedOutDegree,
    FixedTotalNumber,
    HodgkinHuxley,
    IntegrateAndFire,
    Network,
    OneToOne,
    Poisson,
    PoissonSource,
    Population,
    Projection,
    Scaled,
    Sparse,
    SpikeSource,
)
from spiking_reference import simulate_network
from spiking_reference.network.edges import connect

PUBLISHED = json.loads(
    (Path(__file__).parents[1] / "data/microcircuit_rates.json").read_text()
)
KEY = np.arange(4, dtype=np.uint64)
A, B = 300, 400


def pair(rule, weight=1.0, delay=1.0, receptor=None, same=False, neuron=None):
    """Population B of neurons, and its source A, or B itself."""
    receptors = {"r": Delta() if receptor is None else receptor}
    neurons = Population(n=B, neuron=neuron or LIF(), receptors=receptors)
    source = "B" if same else "A"
    projection = Projection(
        source=source, target="B", rule=rule, weight=weight, delay=delay, receptor="r"
    )
    populations = {"B": neurons, "A": PoissonSource(n=A, rate=0.01)}
    return Network(populations=populations, projections=[projection])


@pytest.mark.parametrize(
    ("rule", "same"),
    [
        (FixedInDegree(20), False),
        (FixedOutDegree(20), False),
        (FixedOutDegree(200, multapses=False), False),
        (FixedTotalNumber(9000), False),
        (Bernoulli(0.2), False),
        (Bernoulli(0.9, autapses=False), True),
        (OneToOne(), True),
        (Sparse(np.arange(B * A).reshape(B, A) % 7 * 0.1), False),
    ],
)
def test_sums_of_weights_are_those_of_drawn_synapses(rule, same):
    """Means within 5 s.e. (false alarms 6e-7), variances within 25 % (over 4 s.e.)."""
    network = pair(rule, weight=stats.norm(0.5, 0.2), same=same)
    link = mean_field(network).links[0]
    edges = connect(network.projections[0], B if same else A, B, KEY, 0)
    weight = np.broadcast_to(edges.weight, edges.targets.shape)
    total = np.bincount(edges.targets, weight, minlength=B)
    square = np.bincount(edges.targets, weight**2, minlength=B)
    degree = np.bincount(edges.targets, minlength=B)
    for found, drawn in (
        (link.degree, degree), (link.weight, total), (link.weight_square, square)
    ):  # fmt: skip
        assert abs(found - drawn.mean()) <= 5 * drawn.std() / np.sqrt(B) + 1e-6 * found
    assert link.weight_variance == pytest.approx(total.var(), rel=0.25)


@pytest.mark.parametrize(
    ("synapse", "shape"),
    [
        (Exponential(tau=3.0), lambda t: np.exp(-t / 3.0)),
        (Alpha(tau=2.0), lambda t: t / 2.0 * np.exp(1 - t / 2.0)),
        (
            DoubleExponential(tau_rise=0.5, tau_decay=4.0),
            lambda t: np.exp(-t / 4.0) - np.exp(-t / 0.5),
        ),
        (
            DoubleExponential(tau_rise=2.0, tau_decay=2.0),
            lambda t: t * np.exp(-t / 2.0),
        ),
    ],
)
def test_waveforms(synapse, shape):
    link = mean_field(pair(FixedInDegree(1), receptor=synapse)).links[0]
    t = np.linspace(0.0, 200.0, 400_001)
    g = shape(t) / shape(t).max()
    assert link.weight == pytest.approx(integrate.simpson(g, x=t), rel=1e-5)
    f = 0.05
    wave = integrate.simpson(g * np.exp(-2j * np.pi * f * t), x=t)
    delayed = np.exp(-2j * np.pi * f * 1.0) * wave
    assert link.weight * link.transform(f) == pytest.approx(delayed, rel=1e-5)


@pytest.mark.parametrize(
    "delay",
    [
        stats.uniform(1.0, 2.0),
        stats.truncnorm(-1.8, np.inf, 1.5, 0.75),
        stats.lognorm(0.5, scale=1.5),
        stats.randint(1, 5),
    ],
)
def test_delays(delay):
    link = mean_field(pair(FixedInDegree(1), delay=delay)).links[0]
    assert link.delay.mean == pytest.approx(delay.mean(), rel=1e-9)
    for f in (0.0, 0.02, 0.3):
        w = 2 * np.pi * f
        exact = delay.expect(lambda d, w=w: np.cos(w * d)) - 1j * delay.expect(
            lambda d, w=w: np.sin(w * d)
        )
        assert link.transform(f) == pytest.approx(exact, abs=2e-8)


def test_drive_adds_up():
    network = Network(
        populations={
            "A": Population(n=100, neuron=LIF(), current=0.2, sigma=0.3),
            "S": PoissonSource(n=50, rate=0.02),
        },
        projections=[
            Projection(
                source="S", target="A", rule=FixedInDegree(10), weight=0.5, delay=1.0
            ),
            Projection(
                source="A", target="A", rule=FixedInDegree(20), weight=-0.4, delay=1.0
            ),
        ],
        inputs=[Poisson(target="A", rate=3.0, weight=0.1)],
    )
    drive = mean_field(network).drive([0.005])
    assert drive.mu[0] == pytest.approx(0.2 + 10 * 0.5 * 0.02 + 0.3 - 20 * 0.4 * 0.005)
    variance = 0.09 + 10 * 0.25 * 0.02 + 3.0 * 0.01 + 20 * 0.16 * 0.005
    assert drive.sigma[0] == pytest.approx(np.sqrt(variance))
    assert drive.tau_syn[0] == 0.0
    batch = mean_field(network).firing_rates(np.array([[0.0], [0.005]]))
    assert batch.shape == (2, 1)
    assert batch[1] == lif.firing_rate(drive.mu, drive.sigma, LIF())


def test_neurons_that_differ_are_averaged():
    thresholds = np.linspace(15.0, 25.0, 7)
    cells = Population(n=7, neuron=LIF(V_th=thresholds), current=np.linspace(0.8, 1, 7))
    network = Network(
        populations={"A": cells}, inputs=[Poisson(target="A", rate=2.0, weight=0.5)]
    )
    found = mean_field(network).firing_rates([0.0])
    each = lif.firing_rate(
        np.linspace(0.8, 1, 7) + 1.0, np.sqrt(0.5), LIF(V_th=thresholds)
    )
    assert found[0] == pytest.approx(each.mean(), rel=1e-13)


@pytest.mark.parametrize("synapses", ["effective", "fourcaud_brunel", "white"])
@pytest.mark.parametrize("which", ["microcircuit", "brunel", "balanced"])
def test_jacobian_against_differences(which, synapses):
    if which == "balanced" and synapses == "fourcaud_brunel":
        pytest.skip("for the LIF")
    net = {
        "microcircuit": microcircuit(),
        "brunel": brunel(5.0, 2.0),
        "balanced": balanced_eif(10_000),
    }[which]
    net = mean_field(net, synapses=synapses)
    rate = np.linspace(0.002, 0.012, net.n)
    found = net.jacobian(rate)
    scale = np.abs(found).max()
    # a time constant of the noise that depends on the rates is left out
    rel = 0.02 if which == "balanced" and synapses == "effective" else 1e-5
    assert np.abs(found - net._differences(rate)).max() < rel * scale


def test_published_rates_of_the_microcircuit_are_fixed_points():
    net = mean_field(microcircuit(weight_spread=0.0), synapses="fourcaud_brunel")
    rate = np.array(PUBLISHED["shift"]) * 1e-3
    # to which they were solved: 4e-7 is what is left
    assert net.firing_rates(rate) == pytest.approx(rate, rel=1e-6)


def test_exact_synapses_differ_little_for_fast_ones():
    net = microcircuit(weight_spread=0.0)
    rate = np.array(PUBLISHED["shift"]) * 1e-3
    exact = mean_field(net, synapses="exact").firing_rates(rate)
    assert mean_field(net).firing_rates(rate) == pytest.approx(exact, rel=0.02)


def test_presets():
    full = microcircuit()
    assert full.n == 77_169
    small = mean_field(microcircuit(size_scale=0.1, degree_scale=0.1))
    rate = np.array(PUBLISHED["nest"]) * 1e-3
    assert small.drive(rate).mu == pytest.approx(
        mean_field(full).drive(rate).mu, rel=1e-4
    )
    assert small.drive(rate).sigma == pytest.approx(
        mean_field(full).drive(rate).sigma, rel=1e-3
    )
    dc = mean_field(microcircuit(external="dc")).drive(rate)
    assert dc.mu == pytest.approx(mean_field(full).drive(rate).mu, rel=1e-12)
    assert np.all(dc.sigma < mean_field(full).drive(rate).sigma)
    j = [[750, 750, -4500], [750, 750, -4500], [3375, 3375, -7500]]
    p = [[0.04, 0.06, 0.05], [0.06, 0.04, 0.05], [0.05, 0.05, 0.05]]
    net = mean_field(
        balanced_eif(
            5000, j=j, p=p, X=[0.5, 0.3, 0.3], fractions=[0.4, 0.4, 0.2],
            names=["e1", "e2", "i"], tau_syn=[6, 6, 4],
        )
    )  # fmt: skip
    W = np.array([[12, 18, -45], [18, 12, -45], [67.5, 67.5, -75]])
    assert net.weight == pytest.approx(W * np.sqrt(5000) / 15)
    assert net.mu_ext == pytest.approx(np.array([0.5, 0.3, 0.3]) * np.sqrt(5000) / 15)


def test_presets_run_in_the_simulator():
    for network in (
        brunel(5.0, 2.0, n_exc=200, weight=0.5),
        microcircuit(size_scale=0.005, degree_scale=0.02),
        balanced_eif(400),
        zerlaut(),
    ):
        run = simulate_network(network, duration=5.0, rng=1)
        assert set(run) >= {n for n in network.populations if not n.startswith("to ")}


def test_conductances_of_distributed_and_of_given_weights():
    """Mean and variance of the conductance are those of the sums over the synapses."""
    synapse = Exponential(tau=5.0, E_rev=0.0)
    matrix = np.zeros((B, A))
    matrix[:, :20] = 2.0
    links = [
        mean_field(pair(rule, weight, receptor=synapse, neuron=ConductanceLIF())).links[
            0
        ]
        for rule, weight in (
            (FixedInDegree(20), 2.0),
            (Sparse(matrix), 0.0),
            (FixedInDegree(20), stats.uniform(0.0, 4.0)),
        )
    ]
    sums = [
        (
            x.afferents.number * x.afferents.weight,
            x.afferents.number * x.afferents.weight**2,
        )
        for x in links
    ]
    assert sums[0] == pytest.approx((40.0, 80.0))
    assert sums[1] == pytest.approx((40.0, 80.0))
    assert sums[2] == pytest.approx((40.0, 20 * 16.0 / 3.0))


def test_neurons_of_one_kind_that_hold_more_than_numbers():
    slow, fast = (
        IntegrateAndFire(f=f, V_th=20.0, V_reset=10.0)
        for f in (numba.njit(lambda V: -V / 20.0), numba.njit(lambda V: -V / 10.0))
    )
    network = Network(
        populations={
            name: Population(n=5, neuron=neuron, sigma=1.0, current=1.0)
            for name, neuron in {"A": slow, "B": fast}.items()
        }
    )
    found = mean_field(network).firing_rates([0.0, 0.0])
    leaky = [
        lif.firing_rate(1.0, 1.0, LIF(tau_m=t, V_reset=10.0, t_ref=0.0))
        for t in (20, 10)
    ]
    assert found == pytest.approx(np.array(leaky), rel=1e-6)


def test_bad_input():
    with pytest.raises(TypeError, match="`network` must be a Network; got dict"):
        mean_field({})
    with pytest.raises(ValueError, match="`synapses` must be one of"):
        mean_field(brunel(5.0, 2.0), synapses="none")
    net = mean_field(brunel(5.0, 2.0))
    with pytest.raises(ValueError, match=r"`rate` must have shape .*got \(3,\)"):
        net.drive([0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match="`rate` must not be negative"):
        net.drive([0.1, -0.2])
    with pytest.raises(ValueError, match="must be in"):
        microcircuit(size_scale=0.0)
    with pytest.raises(ValueError, match='`external` must be "poisson"'):
        microcircuit(external="none")
    with pytest.raises(ValueError, match=r"`j` must have shape \(2, 2\)"):
        balanced_eif(1000, j=[1.0, 2.0])
    with pytest.raises(TypeError, match="to have a mean field; got HodgkinHuxley"):
        mean_field(pair(FixedInDegree(1), neuron=HodgkinHuxley()))
    with pytest.raises(TypeError, match="SpikeSource"):
        mean_field(
            Network(
                populations={
                    "A": Population(n=1, neuron=LIF()),
                    "S": SpikeSource(n=1, times=[1.0], sources=[0]),
                }
            )
        )

    class Bare:
        def rvs(self, size=None, random_state=None):
            return np.ones(size)

    with pytest.raises(TypeError, match=r"with mean\(\) and var\(\)"):
        mean_field(pair(FixedInDegree(1), weight=Bare()))
    with pytest.raises(TypeError, match=r"with ppf\(\)"):
        mean_field(pair(FixedInDegree(1), delay=Bare()))
    with pytest.raises(TypeError, match='`synapses` must be "white"'):
        mean_field(
            pair(FixedInDegree(1), receptor=Exponential(tau=1.0), neuron=EIF()),
            synapses="fourcaud_brunel",
        ).firing_rates([0.01])


def test_scaled_weights():
    drawn = Scaled(stats.lognorm(0.5, scale=0.2), -4.0)
    link = mean_field(pair(FixedInDegree(10), weight=drawn)).links[0]
    inner = stats.lognorm(0.5, scale=0.2)
    assert link.weight == pytest.approx(-40 * inner.mean())
    assert link.weight_square == pytest.approx(160 * (inner.var() + inner.mean() ** 2))
