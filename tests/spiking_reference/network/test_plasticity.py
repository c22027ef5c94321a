"""Plasticity: single synapses against trajectories by hand, rules, and networks."""

import numpy as np
import pytest
import scipy.signal
from scipy.sparse import csc_array

from meanfield.neurons import (
    LIF,
    STDP,
    FixedInDegree,
    InhibitoryPlasticity,
    Network,
    OneToOne,
    Poisson,
    PoissonSource,
    Population,
    Projection,
    Sparse,
    SpikeSource,
)
from spiking_reference import Record, RecordWeights, simulate_network

PRE = np.array([10.0, 20.0, 30.0, 50.0, 80.0, 81.0, 120.0])
POST = np.array([12.0, 25.0, 31.0, 70.0, 82.0, 150.0])


def trajectory(rule, weight, pre=PRE, post=POST, dt=0.1, until=160.0):
    """Weight after each of the events of one synapse, the target being made to fire."""
    cell = Population(n=1, neuron=LIF(tau_m=np.inf, V_th=1.0, V_reset=0.0))
    network = Network(
        populations={
            "pre": SpikeSource(n=1, times=pre, sources=np.zeros(pre.size, int)),
            "drive": SpikeSource(n=1, times=post - dt, sources=np.zeros(post.size, int)),
            "post": cell,
        },
        projections=[
            Projection(
                source="pre", target="post", rule=OneToOne(), weight=weight, delay=1e3,
                plasticity=rule,
            ),
            Projection(
                source="drive", target="post", rule=OneToOne(), weight=2.0, delay=dt
            ),
        ],
    )  # fmt: skip
    run = simulate_network(
        network, duration=until, dt=dt, record={"post": Record(spikes=True)},
        record_weights=RecordWeights(every=dt, synapses=1),
    )  # fmt: skip
    np.testing.assert_allclose(run["post"].spikes.times, post)
    events = np.sort(np.concatenate([pre, post]))
    return run.weights[0].traces[0, np.rint(events / dt).astype(int)]


def by_hand(weight, at_pre, at_post, tau_pre, tau_post, jump_pre=1.0, jump_post=1.0):
    """Go through the events with the definition of the traces."""
    found = []
    for t in np.sort(np.concatenate([PRE, POST])):
        x_pre = jump_pre * np.exp(-(t - PRE[t > PRE]) / tau_pre).sum()
        x_post = jump_post * np.exp(-(t - POST[t > POST]) / tau_post).sum()
        weight = at_pre(weight, x_post) if t in PRE else at_post(weight, x_pre)
        found.append(weight)
    return np.array(found)


def test_multiplicative_inhibitory_rule():
    # Weights after the events of a reference that goes from event to event.
    rule = InhibitoryPlasticity(eta=3.0, target=0.008, tau=200.0, multiplicative=True)
    found = trajectory(rule, -63.6396)
    known = [
        -60.5848992, -61.484630240710054, -59.41947474023787, -61.11565124023273,
        -59.91403298087068, -62.468008370943245, -61.92343942037185,
        -64.93587898864897, -64.94101841223092, -64.93058566289974, -69.83873502931509,
    ]  # fmt: skip
    np.testing.assert_allclose(found[:11], known, rtol=1e-10)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_additive_inhibitory_rule(sign):
    # Vogels et al. (2011): w += eta (x_post - alpha), w += eta x_pre, jumps of 1.
    eta, tau, r0 = 0.01, 20.0, 0.003
    rule = InhibitoryPlasticity(eta=eta * tau, target=r0, tau=tau)
    exact = by_hand(
        0.5,
        lambda w, x: w + eta * (x - 2.0 * r0 * tau),
        lambda w, x: w + eta * x,
        tau, tau,
    )  # fmt: skip
    np.testing.assert_allclose(trajectory(rule, sign * 0.5), sign * exact, rtol=1e-10)


def test_inhibitory_weights_stop_at_zero():
    rule = InhibitoryPlasticity(eta=100.0, target=0.1, tau=20.0)
    found = trajectory(rule, -5.0, post=np.array([150.0]))
    assert (found <= 0.0).all()
    assert found[2] == 0.0


@pytest.mark.parametrize("mu", [0.0, 0.4, 1.0])
def test_pair_stdp(mu):
    rule = STDP(
        A_plus=0.1, A_minus=0.12, w_max=1.0, tau_plus=17.0, tau_minus=30.0, mu=mu
    )
    exact = by_hand(
        0.5,
        lambda w, x: max(w - 0.12 * w**mu * x, 0.0),
        lambda w, x: min(w + 0.1 * (1.0 - w) ** mu * x, 1.0),
        17.0, 30.0,
    )  # fmt: skip
    np.testing.assert_allclose(trajectory(rule, 0.5), exact, rtol=1e-10)


def test_spikes_of_one_step_do_not_see_each_other():
    rule = STDP(A_plus=0.1, A_minus=0.12, w_max=1.0)
    found = trajectory(rule, 0.5, pre=np.array([50.0]), post=np.array([50.0]))
    np.testing.assert_array_equal(found, 0.5)


def test_what_arrives_is_the_changed_weight():
    rule = STDP(A_plus=0.0, A_minus=0.1, w_max=1.0, tau_minus=20.0)
    times = np.array([10.0, 20.0, 30.0])
    cell = Population(n=1, neuron=LIF(tau_m=np.inf, V_th=1.2, V_reset=0.0))
    network = Network(
        populations={"pre": SpikeSource(n=1, times=times, sources=[0, 0, 0]), "A": cell},
        projections=[
            Projection(
                source="pre", target="A", rule=Sparse([[0.9]]), weight=0.0, delay=2.0,
                plasticity=rule,
            )
        ],
    )  # fmt: skip
    record = {"A": Record(voltage=True, spikes=True)}
    run = simulate_network(network, duration=40.0, record=record)
    V = run["A"].traces["V"][0]
    # 0.9 at 12 ms; 0.9 more at 22 ms, a spike; 8 ms later the weight is less.
    assert run["A"].spikes.times == pytest.approx([22.0])
    assert V[150] == pytest.approx(0.9)
    assert V[-1] == pytest.approx(0.9 - 0.1 * np.exp(-8.0 / 20.0), rel=1e-6)


def trace_before(spikes, tau, dt, steps):
    """Trace (n, steps) of the trains, without the spikes of the step itself."""
    raster = np.zeros((spikes.n_neurons, steps + 1))
    np.add.at(raster, (spikes.neurons, np.rint(spikes.times / dt).astype(int)), 1.0)
    kept = scipy.signal.lfilter([1.0], [1.0, -np.exp(-dt / tau)], raster, axis=1)
    return (kept - raster) / tau


def test_rates_come_to_the_target():
    """Feedforward inhibition; what keeps rates from 8 Hz is the correlation that it has.

    Weights rest where r_post (r_pre + m) = 2 r0 r_pre, m being the trace of the sources at
    spikes of their targets, which inhibition makes less than r_pre. Rates of 200 neurons
    in 10 s have a standard error of 0.1 %, m of less than 1 %.
    """
    cells = Population(n=200, neuron=LIF(t_ref=2.0))
    rule = InhibitoryPlasticity(eta=1.0, target=0.008, tau=20.0)
    network = Network(
        populations={"A": cells, "inh": PoissonSource(n=400, rate=0.01)},
        projections=[
            Projection(
                source="inh", target="A", rule=FixedInDegree(100, multapses=False),
                weight=-0.01, delay=0.5, plasticity=rule,
            )
        ],
        inputs=[Poisson(target="A", rate=10.0, weight=0.15)],
    )  # fmt: skip
    record = {name: Record(spikes=True) for name in network.populations}
    run = simulate_network(
        network, duration=10_000.0, warmup=20_000.0, dt=0.5, rng=1, record=record
    )
    rates, r_pre = run["A"].rates, run["inh"].rates.mean()
    assert 0.008 < rates.mean() < 0.0092
    assert rates.std() < 0.0003
    x = trace_before(run["inh"].spikes, 20.0, 0.5, 20_000)
    spikes = run["A"].spikes
    late = spikes.times > 200.0
    connected = (run.weights[0].matrix != 0).astype(float) / 100.0
    at = np.rint(spikes.times[late] / 0.5).astype(int)
    m = np.mean((connected @ x)[spikes.neurons[late], at])
    assert m < 0.9 * r_pre
    assert rates.mean() * (r_pre + m) == pytest.approx(0.016 * r_pre, rel=0.02)


@pytest.mark.parametrize("threads", [1, 2])
def test_every_synapse_of_a_recurrent_network(threads):
    """Weights at the end, from the trains of both sides."""
    cells, dt, steps = LIF(t_ref=2.0), 0.5, 2000
    rule = InhibitoryPlasticity(eta=0.2, target=0.02, tau=30.0)
    network = Network(
        populations={
            "E": Population(n=300, neuron=cells), "I": Population(n=280, neuron=cells),
        },
        projections=[
            Projection(
                source="I", target=target, rule=FixedInDegree(40, multapses=False),
                weight=-0.3, delay=1.0, plasticity=rule,
            )
            for target in "EI"
        ],
        inputs=[Poisson(target=name, rate=13.0, weight=0.2) for name in "EI"],
    )  # fmt: skip
    run = simulate_network(
        network, duration=dt * steps, dt=dt, rng=2, threads=threads,
        record={"E": Record(spikes=True), "I": Record(spikes=True)},
    )  # fmt: skip
    traces = {n: trace_before(run[n].spikes, 30.0, dt, steps) for n in "EI"}
    at = {n: np.rint(run[n].spikes.times / dt).astype(int) for n in "EI"}
    for j, target in enumerate("EI"):
        change = np.zeros((run[target].n, 280))
        pre, post = run["I"].spikes, run[target].spikes
        np.add.at(change.T, pre.neurons, traces[target][:, at["I"]].T - 2.0 * 0.02)
        np.add.at(change, post.neurons, traces["I"][:, at[target]].T)
        matrix = run.weights[j].matrix.tocoo()
        assert matrix.nnz == 40 * run[target].n
        exact = -0.3 - 0.2 * change[matrix.row, matrix.col]
        assert exact.max() < 0.0
        np.testing.assert_allclose(matrix.data, exact, rtol=1e-9)


def test_errors():
    with pytest.raises(ValueError, match="turns the sign of weights"):
        InhibitoryPlasticity(eta=100.0, target=0.008, multiplicative=True)
    with pytest.raises(TypeError, match="`multiplicative` must be True or False"):
        InhibitoryPlasticity(eta=1.0, target=0.008, multiplicative=1)
    with pytest.raises(ValueError, match="`tau` must be finite and positive"):
        InhibitoryPlasticity(eta=1.0, target=0.008, tau=0.0)
    with pytest.raises(ValueError, match="plain numbers"):
        InhibitoryPlasticity(eta=[1.0, 2.0], target=0.008)
    with pytest.raises(ValueError, match="`mu` must be in"):
        STDP(A_plus=0.1, A_minus=0.1, w_max=1.0, mu=2.0)
    with pytest.raises(TypeError, match="`plasticity` must be a plasticity rule"):
        Projection(
            source="A", target="A", rule=OneToOne(), weight=1.0, delay=1.0, plasticity=3
        )
    rule = InhibitoryPlasticity(eta=1.0, target=0.008)
    mixed = np.array([[1.0, -1.0], [1.0, 1.0]])
    with pytest.raises(ValueError, match="must be of one sign"):
        _run(mixed, rule)
    with pytest.raises(ValueError, match="must be of one sign, and not all 0"):
        _run(csc_array((np.zeros(2), [0, 1], [0, 1, 2])), rule)
    with pytest.raises(ValueError, match="must start between 0 and w_max=1"):
        _run(2.0 * np.ones((2, 2)), STDP(A_plus=0.1, A_minus=0.1, w_max=1.0))


def _run(matrix, rule):
    wires = Projection(
        source="A", target="A", rule=Sparse(matrix), weight=0.0, delay=1.0,
        plasticity=rule,
    )  # fmt: skip
    cells = Population(n=2, neuron=LIF())
    simulate_network(
        Network(populations={"A": cells}, projections=[wires]), duration=1.0
    )
