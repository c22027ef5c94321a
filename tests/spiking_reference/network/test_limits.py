"""The ends of ranges: last steps, long delays, many spikes, nothing at all, wrong input."""

import warnings

import numpy as np
import pytest
import scipy.sparse
import scipy.stats

from meanfield.neurons import (
    LIF,
    NMDA,
    STDP,
    Bernoulli,
    ConductanceLIF,
    Exponential,
    FixedInDegree,
    InhibitoryPlasticity,
    Network,
    OneToOne,
    Poisson,
    Population,
    Projection,
    Sparse,
    SpikeSource,
)
from spiking_reference import Record, RecordWeights, simulate_network, simulate_networks


def cells(n=4, **options):
    return Population(n=n, neuron=LIF(**options))


def source(times, n=1):
    return SpikeSource(n=n, times=times, sources=np.arange(len(times)) % n)


def pair(given, target, **options):
    """A source and its target."""
    options = {"rule": OneToOne(), "weight": 1.0, "delay": 1.0} | options
    wires = Projection(source="S", target="A", **options)
    return Network(populations={"S": given, "A": target}, projections=[wires])


def test_the_last_step_is_recorded_where_times_are_rounded():
    given = source([0.0, 50.0, 100.3, 100.4])  # 1003 * 0.1 > 100.3 in floating point
    record = {"S": Record(spikes=True)}
    run = simulate_network(pair(given, cells(1)), duration=100.3, record=record)
    assert run["S"].counts.tolist() == [3]
    assert run["S"].spikes.times.tolist() == [0.1, 50.0, 100.3]
    np.testing.assert_allclose(
        run["S"].intervals[0], [2, 100.2, 49.9**2 + 50.3**2], rtol=1e-12
    )


def test_what_is_observed_is_a_whole_number_of_steps():
    run = simulate_network(pair(source([1.0]), cells(1)), duration=10.4, dt=1.0)
    assert run["S"].duration == 10.0
    assert run["S"].rates.tolist() == [0.1]


def test_drawn_delays_may_be_long():
    """Of 70,000 steps, which 16 bits do not hold."""
    delay = scipy.stats.uniform(700.0, 1e-9)
    network = pair(source([1.0]), cells(1), delay=delay, weight=5.0)
    record = {"A": Record(voltage=True)}
    run = simulate_network(network, duration=710.0, dt=0.01, record=record)["A"]
    np.testing.assert_allclose(run.t[run.traces["V"][0].argmax()], 701.0)


def test_a_refractory_period_may_never_end():
    target = Population(n=1, neuron=LIF(t_ref=1e12), current=2.0)
    run = simulate_network(pair(source([1.0]), target), duration=100.0)
    assert run["A"].counts.tolist() == [1]


def test_synapses_of_a_pair_are_recorded_one_by_one():
    rule = STDP(A_plus=0.01, A_minus=0.01, w_max=1.0)
    given = source(np.linspace(1.0, 90.0, 200), 10)
    network = pair(given, cells(5), rule=FixedInDegree(30), weight=0.5, plasticity=rule)
    record = RecordWeights(synapses=1000)
    found = simulate_network(network, duration=100.0, record_weights=record).weights[0]
    assert np.bincount(found.targets).tolist() == [30] * 5
    total = np.zeros((5, 10))
    np.add.at(total, (found.targets, found.sources), found.traces[:, -1])
    np.testing.assert_allclose(found.matrix.toarray(), total, rtol=1e-12)


@pytest.mark.parametrize(
    "rule",
    [
        STDP(A_plus=0.01, A_minus=0.01, w_max=0.1),
        InhibitoryPlasticity(eta=0.1, target=0.01),
    ],
)
def test_plastic_projections_may_be_empty_or_at_their_bound(rule):
    given = source([1.0, 2.0], 4)
    options = {"weight": 0.1, "plasticity": rule}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        none = simulate_network(
            pair(given, cells(), rule=Bernoulli(0.0), **options), duration=10.0
        )
    assert none.weights[0].matrix.nnz == 0
    # 0.1 in float32 is above 0.1.
    matrix = Sparse(np.diag([0.1] * 4))
    full = simulate_network(pair(given, cells(), rule=matrix, **options), duration=0.1)
    assert full.weights[0].matrix.diagonal().tolist() == [0.1] * 4


class _Drawn:
    def __init__(self, values):
        self.values = values

    def rvs(self, size, random_state):
        return np.asarray(self.values)


BAD_MATRIX = scipy.sparse.csc_array(
    (np.ones(4), np.array([0, 1, 2, 300_000]), np.arange(5)), shape=(4, 4)
)
NEGATIVE = {"weight": -1.0, "receptor": "exc"}
EXC = {"exc": Exponential(tau=5.0, E_rev=0.0)}


def simulated(**options):
    return simulate_network(pair(source([1.0], 4), cells()), duration=1.0, **options)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: Population(n=1, neuron=LIF(), receptors=EXC),
            ValueError,
            "LIF takes no conductances; got 'exc' with E_rev=0.0; take ConductanceLIF",
        ),
        (
            lambda: Population(n=1, neuron=LIF(), receptors={"a": NMDA()}),
            ValueError,
            "takes no conductances",
        ),
        (
            lambda: Population(n=2, neuron=LIF(), receptors={"a": Exponential(tau=[1, 2])}),
            ValueError,
            "`receptors` must have plain numbers",
        ),
        (
            lambda: Population(n=2, neuron=LIF(), receptors={"a": 5.0}),
            TypeError,
            "`receptors` must be synapses; got float for 'a'",
        ),
        (
            lambda: Poisson(target="A", rate=1.0, weight=[0.1, 0.2]),
            ValueError,
            "`weight` must be one number",
        ),
        (lambda: Network(populations={"A": 5}), TypeError, "`populations` must be of"),
        (
            lambda: Network(populations={"A": cells()}, projections=[5]),
            TypeError,
            "`projections` must be of Projection; got int",
        ),
        (
            lambda: simulate_network(
                pair(
                    source([1.0]),
                    Population(n=1, neuron=ConductanceLIF(), receptors=EXC),
                    **NEGATIVE,
                ),
                duration=1.0,
            ),
            ValueError,
            "`weight` must not be negative: it is a conductance",
        ),
        (
            lambda: simulate_network(
                pair(source([1.0], 4), cells(), weight=_Drawn([1.0, 2.0])), duration=1.0
            ),
            ValueError,
            "`weight` must draw as many values as asked for",
        ),
        (
            lambda: simulate_network(
                pair(source([1.0], 4), cells(), weight=_Drawn([np.nan] * 4)),
                duration=1.0,
            ),
            ValueError,
            "`weight` must be drawn finite",
        ),
        (lambda: Sparse(BAD_MATRIX), ValueError, "indices must be"),
        (lambda: simulated(record={"A": True}), TypeError, "`record` of 'A' must be a Record"),
        (lambda: simulated(record=Record()), TypeError, "`record` must be a mapping"),
        (lambda: simulated(initial={"A": 1.0}), TypeError, "`initial` of 'A' must be a"),
        (lambda: simulated(record_weights=5), TypeError, "must be RecordWeights; got int"),
        (
            lambda: simulated(record={"A": Record(voltage=True, every=np.nan)}),
            ValueError,
            "`record.every` must be a positive integer",
        ),
        (lambda: simulated(warmup=1e12), ValueError, r"must be fewer than 2\^31"),
    ],
)  # fmt: skip
def test_errors(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_several_networks_report_what_is_wrong_and_share_no_checkpoint(tmp_path):
    good = Network(populations={"S": source([1.0]), "A": cells()})
    wrong = Network(
        populations={
            "S": source([1.0]),
            "A": Population(
                n=1, neuron=LIF(), receptors={"exc": Exponential(tau=0.001)}
            ),
        }
    )
    with pytest.raises(ValueError, match=r"`dt` must be at most tau=0.001"):
        simulate_networks([wrong] + [good] * 8, duration=50.0, threads=1)
    with pytest.raises(ValueError, match="`checkpoint` must be None for several"):
        simulate_networks([good], duration=1.0, checkpoint=tmp_path / "run.npz")


def test_a_checkpoint_that_cannot_be_used_is_named(tmp_path):
    with pytest.raises(ValueError, match="must be in a folder that exists"):
        simulated(checkpoint=tmp_path / "none" / "run.npz")
    empty = tmp_path / "empty.npz"
    empty.touch()
    with pytest.raises(ValueError, match="remove it to start anew"):
        simulated(checkpoint=empty)


def test_a_checkpoint_holds_for_the_same_records(tmp_path, monkeypatch):
    from spiking_reference.network import run as module

    path, save = tmp_path / "run.npz", module.save

    def interrupted(place, arrays):
        save(place, arrays)
        raise KeyboardInterrupt

    def run(neuron):
        network = pair(source([1.0], 4), cells())
        record = {"A": Record(voltage=[neuron])}
        simulate_network(
            network, duration=10.0, rng=1, record=record, checkpoint=path,
            checkpoint_every=5.0,
        )  # fmt: skip

    monkeypatch.setattr(module, "save", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(0)
    with pytest.raises(ValueError, match="must be of the same network, options"):
        run(1)


def test_one_where_several_are_due():
    population = cells()
    wire = pair(source([1.0], 4), population).projections[0]
    with pytest.raises(TypeError, match="`projections` must be a list; got Projection"):
        Network(populations={"in": population, "A": population}, projections=wire)
    with pytest.raises(TypeError, match="`populations` must be a mapping"):
        Network(populations=[population])
    with pytest.raises(TypeError, match="`networks` must be a list; got Network"):
        simulate_networks(Network(populations={"A": population}), duration=1.0)
