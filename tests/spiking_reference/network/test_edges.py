"""Connectivity: degrees, absent pairs, distributions, given matrices."""

import numpy as np
import pytest
import scipy.sparse
import scipy.stats

from meanfield.neurons import (
    Bernoulli,
    FixedInDegree,
    FixedOutDegree,
    OneToOne,
    Projection,
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


def test_given_matrix_and_one_to_one():
    matrix = scipy.sparse.random_array(
        (80, 60), density=0.1, rng=np.random.default_rng(0)
    )
    source, target, edges = pairs(Sparse(matrix))
    found = scipy.sparse.coo_array((edges.weight, (target, source)), shape=(80, 60))
    assert np.allclose(found.toarray(), matrix.toarray(), rtol=1e-6)
    source, target, _ = pairs(OneToOne(), 60, 60)
    assert np.array_equal(source, target)


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
