"""Distributions of rates against mean fields of drawn networks, neuron by neuron."""

import numpy as np
import pytest
from scipy import stats

from meanfield import ConvergenceError, ValidityWarning, firing_rate
from meanfield.equilibrium import rate_distributions
from meanfield.network import brunel, microcircuit, zerlaut
from meanfield.neurons import (
    LIF,
    Bernoulli,
    FixedInDegree,
    FixedTotalNumber,
    Network,
    Poisson,
    PoissonSource,
    Population,
    Projection,
)
from spiking_reference.network.edges import connect

CELLS = {"E": LIF(tau_m=20.0, t_ref=2.0), "I": LIF(tau_m=12.0, t_ref=1.0, V_th=18.0)}
SIZES = {"E": 1600, "I": 400}


def network(rule, spread=0.0, rate=5.5, sizes=None):
    sizes = sizes or SIZES
    weights = {"E": 0.3, "I": -1.5}

    def weight(source):
        mean = weights[source]
        return stats.norm(mean, spread * abs(mean)) if spread else mean

    return Network(
        populations={k: Population(n=n, neuron=CELLS[k]) for k, n in sizes.items()},
        projections=[
            Projection(
                source=s, target=t, rule=rule(sizes[s], sizes[t]), weight=weight(s),
                delay=1.0,
            )
            for s in sizes
            for t in sizes
        ],
        inputs=[Poisson(target=k, rate=rate, weight=0.3) for k in sizes],
    )  # fmt: skip


def each_neuron(net):
    """Self-consistent rates of every neuron of a drawn network."""
    key = np.arange(4, dtype=np.uint64)
    names = list(SIZES)
    W = {}
    for j, projection in enumerate(net.projections):
        a, b = projection.target, projection.source
        edges = connect(projection, SIZES[b], SIZES[a], key, j)
        source = np.repeat(np.arange(SIZES[b]), np.diff(edges.indptr))
        weight = np.broadcast_to(edges.weight, source.shape)
        for k, values in enumerate((weight, weight**2)):
            matrix = np.zeros((SIZES[a], SIZES[b]))
            np.add.at(matrix, (edges.targets, source), values)
            W[a, b, k] = matrix
    r = {name: np.full(SIZES[name], 0.01) for name in names}
    while True:
        now = {}
        for a in names:
            mu, square = (
                sum(W[a, b, k] @ r[b] for b in names) + x
                for k, x in enumerate((5.5 * 0.3, 5.5 * 0.09))
            )
            now[a] = firing_rate(mu, np.sqrt(square), CELLS[a])
        if all(np.abs(now[a] - r[a]).max() < 1e-5 for a in names):
            return now
        r = {a: 0.75 * r[a] + 0.25 * now[a] for a in names}


@pytest.mark.parametrize(
    ("rule", "spread"),
    [
        (lambda n, m: FixedTotalNumber(n * m // 10), 0.0),
        (lambda n, m: FixedInDegree(n // 10), 0.4),
    ],
)
def test_against_every_neuron_of_a_drawn_network(rule, spread):
    """Mean within 3 %, twice what five other draws gave: all neurons respond to the
    disorder of one another's averages. SD within five standard errors (6e-7)."""
    net = network(rule, spread)
    found = rate_distributions(net)
    assert found.converged
    each = each_neuron(net)
    for a, name in enumerate(SIZES):
        assert found.rate[a] == pytest.approx(each[name].mean(), rel=0.03)
        error = np.sqrt((stats.kurtosis(each[name]) + 2) / (4 * SIZES[name]))
        assert abs(each[name].std() / found.std[a] - 1) < 5 * error
        p = np.array([0.1, 0.5, 0.9])
        below = found.cdf(np.quantile(each[name], p))[a]
        assert below == pytest.approx(p, abs=5 * 0.5 / np.sqrt(SIZES[name]))


def test_without_disorder():
    found = rate_distributions(brunel(6.0, 4.0))
    assert found.rate * 1e3 == pytest.approx([55.84126237620438] * 2, rel=1e-9)
    assert found.std.max() < 1e-6 * found.rate.max()  # the root of a rounded difference


def test_thresholds_that_differ_and_quantiles():
    thresholds = stats.norm(20.0, 1.0).ppf((np.arange(200) + 0.5) / 200)
    cells = Population(n=200, neuron=LIF(V_th=thresholds), current=0.7, sigma=1.5)
    found = rate_distributions(Network(populations={"A": cells}))
    each = firing_rate(0.7, 1.5, LIF(V_th=thresholds))
    assert found.rate[0] == pytest.approx(each.mean(), rel=1e-9)
    assert found.std[0] == pytest.approx(each.std(), rel=1e-8)
    disordered = rate_distributions(microcircuit())
    p = np.array([0.01, 0.3, 0.5, 0.99])
    quantiles = disordered.quantile(p)
    for a in range(8):
        assert disordered.cdf(quantiles[a])[a] == pytest.approx(p, abs=1e-9)
    assert np.all(disordered.quantile(0.5)[:, 0] < disordered.rate)


def test_in_degrees_from_sources():
    """Without recurrence: binomial in-degrees, summed exactly. The Gaussian errs by its
    skewness, (1 - 2 p)/sqrt(200 p q) = 0.14, in the third order of the spread."""
    fed = Network(
        populations={
            "A": Population(n=50, neuron=LIF()),
            "S": PoissonSource(n=200, rate=0.02),
        },
        projections=[
            Projection(
                source="S", target="A", rule=Bernoulli(0.2), weight=0.9, delay=1.0
            )
        ],
    )
    found = rate_distributions(fed)
    k = np.arange(1, 201)
    each = firing_rate(0.9 * 0.02 * k, np.sqrt(0.81 * 0.02 * k), LIF())
    p = stats.binom(200, 0.2).pmf(k)
    mean = p @ each
    assert found.rate[0] == pytest.approx(mean, rel=0.01)
    assert found.std[0] == pytest.approx(np.sqrt(p @ each**2 - mean**2), rel=0.02)


def test_bad_input():
    with pytest.raises(ValueError, match="must have current synapses"):
        rate_distributions(zerlaut())
    with pytest.raises(ValueError, match=r"`start` must have shape \(2,\)"):
        rate_distributions(brunel(5.0, 2.0), start=[0.1])
    with pytest.raises(ValueError, match="`start` must not be negative"):
        rate_distributions(brunel(5.0, 2.0), start=[0.1, -1.0])
    with pytest.raises(ValueError, match="`p` must be between 0 and 1"):
        rate_distributions(brunel(5.0, 2.0)).quantile(1.5)
    with pytest.raises(TypeError, match="must be a MeanField or a Network"):
        rate_distributions(3)
    few = Network(
        populations={
            "A": Population(n=50, neuron=LIF()),
            "S": PoissonSource(n=9, rate=1),
        },
        projections=[
            Projection(
                source="S", target="A", rule=Bernoulli(0.2), weight=3.0, delay=1.0
            )
        ],
    )
    with pytest.warns(ValidityWarning, match="too few"):
        rate_distributions(few)


def test_a_network_without_solution_near_the_start():
    runaway = network(lambda n, m: FixedInDegree(n // 10), rate=5.5)
    found = rate_distributions(runaway, start=[0.3, 0.0])
    assert found.converged or "another `start`" in found.message
    if not found.converged:
        with pytest.raises(ConvergenceError):
            rate_distributions(runaway, start=[0.3, 0.0], throw=True)
