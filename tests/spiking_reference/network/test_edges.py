"""Connectivity: degrees, absent pairs, distributions, given matrices."""

import numpy as np
import pytest
import scipy.sparse
import scipy.stats

from meanfield.neurons import (
    Bernoulli,
    DistanceDependent,
    FixedInDegree,
    FixedOutDegree,
    FixedTotalNumber,
    OneToOne,
    Projection,
    Scaled,
    Sparse,
)
from spiking_reference.network.edges import connect

KEY = np.arange(4, dtype=np.uint64)


def pairs(rule, n_source=60, n_target=80, same=False, number=0, **options):
    options = {"weight": 1.0, "delay": 1.0, **options}
    target = "A" if same else "B"
    projection = Projection(source="A", target=target, rule=rule, **options)
    edges = connect(projection, n_source, n_target, KEY, number)
    return np.repeat(np.arange(n_source), np.diff(edges.indptr)), edges.targets, edges


def test_fixed_degrees():
    source, target, edges = pairs(FixedInDegree(7))
    assert np.all(np.bincount(target, minlength=80) == 7)
    source, target, edges = pairs(FixedOutDegree(9))
    assert np.all(np.bincount(source, minlength=60) == 9)
    rows = [
        target[a:b] for a, b in zip(edges.indptr[:-1], edges.indptr[1:], strict=True)
    ]
    assert all(np.all(np.diff(row) >= 0) for row in rows)


def test_sources_are_uniform():
    """One chi-square test, false alarms with probability 1e-3, fixed seed."""
    source, _, _ = pairs(FixedInDegree(500), 50, 400)
    assert scipy.stats.chisquare(np.bincount(source, minlength=50)).pvalue > 1e-3


@pytest.mark.parametrize("kind", [FixedInDegree, FixedOutDegree])
def test_neither_autapses_nor_multapses(kind):
    source, target, _ = pairs(
        kind(79, autapses=False, multapses=False), 80, 80, same=True
    )
    full = np.zeros((80, 80), dtype=int)
    np.add.at(full, (target, source), 1)
    assert np.array_equal(full, 1 - np.eye(80, dtype=int))


def test_bernoulli():
    """Number of edges within 4 standard deviations (false alarms 6e-5); fixed seed."""
    source, target, _ = pairs(Bernoulli(0.1), 400, 500)
    assert abs(source.size - 20_000) < 4 * np.sqrt(200_000 * 0.09)
    assert len(set(zip(source, target, strict=True))) == source.size
    degrees = np.bincount(source, minlength=400)
    spread = scipy.stats.binom(500, 0.1).std()
    assert abs(degrees.std() / spread - 1) < 0.2
    source, target, _ = pairs(Bernoulli(1.0, autapses=False), 30, 30, same=True)
    assert source.size == 30 * 29
    assert not np.any(source == target)
    assert pairs(Bernoulli(0.0))[0].size == 0


def test_fixed_total_number():
    """Chi-square tests of sources and targets, false alarms 1e-3 each; fixed seed."""
    source, target, _ = pairs(FixedTotalNumber(40_000))
    assert source.size == 40_000
    for found, n in ((source, 60), (target, 80)):
        counts = np.bincount(found, minlength=n)
        assert scipy.stats.chisquare(counts).pvalue > 1e-3
    assert pairs(FixedTotalNumber(0))[0].size == 0
    with pytest.raises(TypeError, match="`number` must be an integer; got 2"):
        FixedTotalNumber(2.5)


def test_given_matrix_and_one_to_one():
    matrix = scipy.sparse.random_array(
        (80, 60), density=0.1, rng=np.random.default_rng(0)
    )
    source, target, edges = pairs(Sparse(matrix))
    found = scipy.sparse.coo_array((edges.weight, (target, source)), shape=(80, 60))
    assert np.allclose(found.toarray(), matrix.toarray(), rtol=1e-6)
    source, target, _ = pairs(OneToOne(), 60, 60)
    assert np.array_equal(source, target)


def test_scaled_distribution():
    law = scipy.stats.lognorm(0.5, scale=0.2)
    _, _, edges = pairs(FixedInDegree(7), weight=law)
    _, _, inhibition = pairs(FixedInDegree(7), weight=Scaled(law, -4.0))
    assert np.all(inhibition.weight < 0)
    assert inhibition.weight == pytest.approx(-4.0 * edges.weight, rel=1e-6)
    with pytest.raises(TypeError, match=r"`distribution` must have rvs.*got float"):
        Scaled(1.0, 2.0)
    with pytest.raises(TypeError, match="`factor` must be a number; got '2'"):
        Scaled(law, "2")
    with pytest.raises(ValueError, match="`factor` must be finite; got nan"):
        Scaled(law, np.nan)


def test_drawn_weights_and_delays_are_reproducible():
    law = {"weight": scipy.stats.norm(2.0, 0.1), "delay": scipy.stats.uniform(1.0, 2.0)}
    one, two = (pairs(FixedInDegree(50), **law)[2] for _ in range(2))
    other = pairs(FixedInDegree(50), number=1, **law)[2]
    assert np.array_equal(one.weight, two.weight)
    assert not np.array_equal(one.targets, other.targets)
    assert abs(one.weight.mean() - 2.0) < 4 * 0.1 / np.sqrt(4000)
    assert one.delay.min() >= 1.0


@pytest.mark.parametrize(
    ("rule", "options", "message"),
    [
        (FixedInDegree(61, multapses=False), {}, "`degree` must be at most 60"),
        (
            OneToOne(),
            {},
            "`rule` OneToOne needs populations of one size; got 60 and 80",
        ),
        (Sparse(np.eye(3)), {}, r"`matrix` must have shape \(n_target, n_source\)"),
    ],
)
def test_errors(rule, options, message):
    with pytest.raises(ValueError, match=message):
        pairs(rule, **options)


def wrapped(x):
    return (x + 0.5) % 1.0 - 0.5


@pytest.mark.parametrize(
    ("profile", "law"),
    [
        ("gaussian", scipy.stats.norm(scale=0.02)),
        ("exponential", scipy.stats.laplace(scale=0.02)),
        ("uniform", scipy.stats.uniform(-0.02, 0.04)),
    ],
)
def test_distances_on_a_ring(profile, law):
    """Kolmogorov-Smirnov tests, false alarms 1e-3 each, fixed seed."""
    rule = DistanceDependent(5, width=0.02, profile=profile)
    source, target, _ = pairs(rule, 100_000, 4_000)
    np.testing.assert_array_equal(np.bincount(target, minlength=4_000), 5)
    found = wrapped(source / 100_000 - target / 4_000)
    assert scipy.stats.kstest(found, law.cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("profile", "square"), [("gaussian", 2.0), ("exponential", 6.0), ("uniform", 0.5)]
)
def test_distances_on_a_torus(profile, square):
    """Mean squared distance over width^2, with 4 standard errors; fixed seed."""
    rule = DistanceDependent(20, width=0.03, profile=profile, dimensions=2)
    source, target, _ = pairs(rule, 250_000, 900)
    dx = wrapped(source // 500 / 500 - target // 30 / 30)
    dy = wrapped(source % 500 / 500 - target % 30 / 30)
    r2 = (dx**2 + dy**2) / 0.03**2
    # Rounding to the grid adds 2/12 of its squared distance.
    error = 4.0 * r2.std() / np.sqrt(r2.size)
    assert abs(r2.mean() - square - 2.0 / 12.0 / (500 * 0.03) ** 2) < error
    assert abs(np.mean(dx * dy)) < 4.0 * np.std(dx * dy) / np.sqrt(dx.size)


def test_distance_dependent_without_autapses():
    source, target, _ = pairs(
        DistanceDependent(50, width=0.01, autapses=False), 100, 100, same=True
    )
    assert (source != target).all()
    assert np.abs(wrapped((source - target) / 100.0)).max() < 0.07


def test_distance_dependent_errors():
    with pytest.raises(ValueError, match="`width` must be finite and positive"):
        DistanceDependent(5, width=0.0)
    with pytest.raises(ValueError, match="`profile` must be one of"):
        DistanceDependent(5, width=0.1, profile="square")
    with pytest.raises(ValueError, match="`dimensions` must be one of"):
        DistanceDependent(5, width=0.1, dimensions=3)
    with pytest.raises(ValueError, match="square numbers of neurons; got 80"):
        pairs(DistanceDependent(5, width=0.1, dimensions=2))
    with pytest.raises(ValueError, match="so that there are neighbours"):
        pairs(DistanceDependent(5, width=0.001, autapses=False), 60, 60, same=True)
