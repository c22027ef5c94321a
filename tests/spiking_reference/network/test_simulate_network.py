"""Networks: random input, known networks, options, reproducibility, errors."""

import numpy as np
import pytest
import scipy.stats

from meanfield.neurons import (
    LIF,
    Bernoulli,
    ConductanceLIF,
    Exponential,
    FixedInDegree,
    Network,
    OneToOne,
    Poisson,
    PoissonSource,
    Population,
    Projection,
    Sparse,
    SpikeSource,
)
from spiking_reference import (
    Record,
    WhiteNoise,
    simulate,
    simulate_network,
    simulate_networks,
)

BRUNEL = LIF(tau_m=20.0, t_ref=2.0, V_th=20.0, V_reset=10.0)


def brunel(scale=1.0, g=5.0, eta=2.0):
    """The network of N. Brunel (2000), Fig. 8: J = 0.1 mV, delay 1.5 ms."""
    n, k = round(10_000 * scale), round(1_000 * scale)
    sizes, degrees = {"E": n, "I": n // 4}, {"E": k, "I": k // 4}
    weights = {"E": 0.1, "I": -0.1 * g}
    return Network(
        populations={p: Population(n=m, neuron=BRUNEL) for p, m in sizes.items()},
        projections=[
            Projection(
                source=s, target=t, rule=FixedInDegree(degrees[s]), weight=weights[s],
                delay=1.5,
            )
            for s in "EI" for t in "EI"
        ],
        inputs=[Poisson(target=p, rate=eta * 10.0, weight=0.1) for p in "EI"],
    )  # fmt: skip


def pinned(times, weights, neuron, **options):
    """A cell that receives given jumps."""
    sources = SpikeSource(n=len(times), times=times, sources=np.arange(len(times)))
    jumps = Projection(
        source="in",
        target="cell",
        rule=Sparse(np.array([weights])),
        weight=0.0,
        delay=0.1,
    )
    cell = Population(n=1, neuron=neuron)
    network = Network(populations={"in": sources, "cell": cell}, projections=[jumps])
    record = {"cell": Record(spikes=True)}
    return simulate_network(network, duration=40.0, record=record, **options)["cell"]


@pytest.mark.parametrize("rate", [0.01, 3.0, 400.0])
def test_poisson_input_has_mean_and_variance_of_its_rate(rate):
    """Jumps on perfect integrators; false alarms 1e-3 for each of two tests, fixed seed."""
    n, duration = 2000, 20.0
    cells = Population(n=n, neuron=LIF(tau_m=np.inf, V_th=1e9))
    rates = np.full(n, rate)
    for given in (rate, rates):  # by table, and neuron by neuron
        network = Network(
            populations={"A": cells},
            inputs=[Poisson(target="A", rate=given, weight=1.0)],
        )
        record = {"A": Record(voltage=True, every=200)}
        run = simulate_network(network, duration=duration, rng=1, record=record)
        counts, mean = run["A"].traces["V"][:, -1], rate * duration
        assert np.all(counts == np.rint(counts))
        z = (counts.mean() - mean) / np.sqrt(mean / n)
        assert abs(z) < scipy.stats.norm.isf(5e-4)
        ratio = counts.var(ddof=1) / mean * (n - 1)
        low, high = scipy.stats.chi2.ppf([5e-4, 1 - 5e-4], n - 1)
        assert low * (1 - 1 / mean) < ratio < high * (1 + 1 / mean)


def test_white_noise_has_the_rate_of_the_unbiased_scheme():
    """1000 neurons; spikes restart on the grid, which costs up to 0.4 % of the rate."""
    cells = Population(n=1000, neuron=LIF(), current=1.0, sigma=1.0)
    run = simulate_network(
        Network(populations={"A": cells}), duration=20_000.0, warmup=300.0, rng=2
    )
    drive = WhiteNoise(mu=np.full(1000, 1.0), sigma=1.0)
    exact = simulate(LIF(), drive, duration=20_000.0, dt=1.0, warmup=300.0, rng=3).rate
    one = run["A"].rates
    error = np.hypot(one.std(), exact.value.std()) / np.sqrt(1000)
    gap = one.mean() - exact.value.mean()
    assert abs(gap) < 4 * error + 0.004 * exact.value.mean()
    assert (
        abs(np.nanmean(run["A"].cv) - 0.401) < 0.01
    )  # sqrt(0.1610), 30-digit quadrature


def test_brunel_network():
    """Fixed in-degree, g = 5, eta = 2: 37.3 to 37.8 Hz in NEST, Brian2 and other code.

    Theory: 37.95 Hz. Rates of 400 ms wander by 0.5 Hz (standard deviation).
    """
    run = simulate_network(brunel(), duration=400.0, warmup=100.0, rng=1)
    assert 35.5 < 1e3 * run["E"].rate.value < 39.5
    assert 35.5 < 1e3 * run["I"].rate.value < 39.5
    assert 1e3 * run["E"].rates.std() < 6.0
    assert not run.runaway


@pytest.mark.slow
def test_brunel_network_long():
    run = simulate_network(brunel(), duration=5000.0, warmup=500.0, rng=1)
    for name in "EI":
        rate = run[name].rate
        assert abs(1e3 * rate.value - 37.55) < 0.25 + 2e3 * rate.stderr


def conductance_network(rate):
    """8000 + 2000 cells of Zerlaut et al. (2018), shared afferents."""

    def cell(n, V_th):
        neuron = ConductanceLIF(V_th=V_th, t_ref=2.0)
        exc, inh = Exponential(tau=5.0, E_rev=0.0), Exponential(tau=5.0, E_rev=-80.0)
        return Population(n=n, neuron=neuron, receptors={"exc": exc, "inh": inh})

    def wire(source, target, p, weight, receptor):
        rule = Bernoulli(p, autapses=False)
        return Projection(
            source=source, target=target, rule=rule, weight=weight, delay=0.1,
            receptor=receptor,
        )  # fmt: skip

    return Network(
        populations={
            "E": cell(8000, -50.0), "I": cell(2000, -53.0),
            "to E": PoissonSource(n=100, rate=rate), "to I": PoissonSource(n=100, rate=rate),
        },
        projections=[
            *(wire("E", t, 0.05, 2.0, "exc") for t in "EI"),
            *(wire("I", t, 0.05, 10.0, "inh") for t in "EI"),
            *(wire(f"to {t}", t, 0.1, 4.0, "exc") for t in "EI"),
        ],
    )  # fmt: skip


def start(network, rng):
    g = np.random.default_rng(rng)
    return {
        name: {"V": g.uniform(-70.0, network.populations[name].neuron.V_th, n)}
        for name, n in (("E", 8000), ("I", 2000))
    }


@pytest.mark.slow
def test_conductance_network_at_10_hz():
    """Rates over realizations: E 3.4 to 4.0 Hz, I 9.1 to 10.5 Hz in three simulators."""
    network = conductance_network(0.01)
    runs = [
        simulate_network(
            network, duration=3000.0, warmup=500.0, initial=start(network, s), rng=s
        )
        for s in range(4)
    ]
    rate = {p: 1e3 * np.mean([run[p].rate.value for run in runs]) for p in "EI"}
    assert 3.0 < rate["E"] < 4.3
    assert 8.2 < rate["I"] < 11.2
    assert rate["I"] > rate["E"]
    assert np.nanmean(runs[0]["E"].cv) > 0.8


def test_strong_excitation_is_flagged():
    cells = Population(n=500, neuron=LIF(t_ref=2.0))
    loop = Projection(
        source="A", target="A", rule=FixedInDegree(100), weight=2.0, delay=1.0
    )
    network = Network(
        populations={"A": cells}, projections=[loop],
        inputs=[Poisson(target="A", rate=20.0, weight=0.1)],
    )  # fmt: skip
    assert simulate_network(network, duration=300.0, rng=1).runaway == ("A",)


def test_jumps_in_the_refractory_period():
    neuron = LIF(tau_m=np.inf, t_ref=5.0, V_th=1.0)
    cell = pinned([1.0, 3.0, 20.0], [1.5, 0.6, 0.5], neuron)
    assert np.allclose(cell.spikes.times, [1.1])  # 0.6 is lost
    cell = pinned([1.0, 3.0, 20.0], [1.5, 0.6, 0.5], neuron, refractory_input="keep")
    assert np.allclose(cell.spikes.times, [1.1, 20.1])


def test_refractory_period_is_a_time():
    neuron = LIF(tau_m=np.inf, t_ref=3.0, V_th=1.0)
    network = Network(populations={"A": Population(n=1, neuron=neuron, current=0.25)})
    for dt in (0.1, 0.5):
        record = {"A": Record(spikes=True)}
        run = simulate_network(network, duration=40.0, dt=dt, record=record)
        assert np.allclose(np.diff(run["A"].spikes.times), 7.0)


def test_currents_by_function_and_by_array():
    cells = Population(n=3, neuron=LIF(tau_m=10.0, V_th=1e3))
    phase = np.arange(3) * 2.0

    def current(t):
        return np.sin(0.1 * t[:, None] + phase)

    record = {"A": Record(voltage=True, every=10)}
    options = {"duration": 100.0, "dt": 0.05, "record": record}
    network = Network(populations={"A": cells})
    by_function = simulate_network(network, currents={"A": current}, **options)["A"]
    whole = current((np.arange(2000) + 0.5) * 0.05)
    by_array = simulate_network(network, currents={"A": whole}, **options)["A"]
    assert np.array_equal(by_function.traces["V"], by_array.traces["V"])
    t = by_function.t
    i = np.sin(0.1 * t + phase[:, None] - np.arctan(1.0)) * 10 / np.sqrt(2)
    late = t > 80.0
    assert np.allclose(by_function.traces["V"][:, late], i[:, late], atol=0.01)


def test_same_numbers_for_any_threads_and_again():
    networks = [brunel(0.05, eta=eta) for eta in (1.0, 2.0, 3.0)]
    options = {"duration": 200.0, "rng": 5}
    one, two = (simulate_networks(networks, threads=k, **options) for k in (1, 2))
    for mine, theirs in zip(one, two, strict=True):
        assert np.array_equal(mine["E"].counts, theirs["E"].counts)
        assert np.array_equal(mine["E"].activity, theirs["E"].activity)
    assert not np.array_equal(one[0]["E"].counts, one[1]["E"].counts)


def test_sources_have_no_voltage():
    source = Network(populations={"S": PoissonSource(n=3, rate=0.01)})
    words = "`record.voltage` must be None for 'S': a PoissonSource has no voltage"
    with pytest.raises(ValueError, match=words):
        simulate_network(source, duration=10.0, record={"S": Record(voltage=True)})


def test_recording_changes_nothing():
    network = brunel(0.05)
    plain = simulate_network(network, duration=100.0, warmup=50.0, rng=1)
    record = {"E": Record(spikes=True, voltage=[0, 7], every=5)}
    watched = simulate_network(
        network, duration=100.0, warmup=50.0, rng=1, record=record
    )
    assert np.array_equal(plain["E"].counts, watched["E"].counts)
    spikes = watched["E"].spikes
    assert np.array_equal(
        np.bincount(spikes.neurons, minlength=500), watched["E"].counts
    )
    assert spikes.times.min() > 0.0
    assert watched["E"].activity.sum() == watched["E"].counts.sum()
    assert watched["E"].traces["V"].shape == (2, watched["E"].t.size)
    assert watched["E"].t[[0, -1]].tolist() == [0.0, 100.0]


CELLS = Population(n=4, neuron=LIF())
LOOP = {"source": "A", "target": "A", "rule": OneToOne(), "weight": 1.0, "delay": 1.0}


def net(**changed):
    return Network(
        populations={"A": CELLS}, projections=[Projection(**{**LOOP, **changed})]
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: net(source="B"), "`source` must be one of the populations"),
        (lambda: net(receptor="exc"), r"`receptor` must be one of \('delta',\)"),
        (lambda: net(delay=-1.0), "`delay` must be positive"),
        (lambda: net(weight=np.nan), "`weight` must be finite"),
        (lambda: simulate_network(net(delay=0.01), duration=1.0), "`delay` must be at least"),
        (lambda: simulate_network(net(), duration=1.0, dt=0.0), "`dt` must be positive"),
        (
            lambda: simulate_network(net(), duration=1.0, initial={"A": {"w": 0.0}}),
            r"`initial` of 'A' must be of \('V',\)",
        ),
        (
            lambda: simulate_network(net(), duration=1.0, currents={"B": [0.0]}),
            "`currents` must be for populations",
        ),
        (
            lambda: simulate_network(net(), duration=1.0, currents={"A": np.zeros(3)}),
            r"`currents` of 'A' must have shape \(steps,\)",
        ),
        (
            lambda: simulate_network(
                net(), duration=1.0, currents={"A": lambda t: np.full(t.size, np.nan)}
            ),
            "`currents of A` must be finite",
        ),
        (
            lambda: simulate_network(net(), duration=1.0, conductance="middle"),
            "`conductance` must be one of",
        ),
        (lambda: Population(n=3, neuron=LIF(tau_m=[1.0, 2.0])), "`neuron` must be of numbers"),
        (lambda: Population(n=3, neuron=LIF(), sigma=-1.0), "`sigma` must not be negative"),
        (lambda: PoissonSource(n=3, rate=-1.0), "`rate` must not be negative"),
        (lambda: SpikeSource(n=1, times=[1.0], sources=[1]), "`sources` must be from 0 to 0"),
    ],
)  # fmt: skip
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()
