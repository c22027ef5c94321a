"""Densities whose functions are known: exponential with dead time, gamma."""

import math

import numpy as np
import pytest
from scipy import stats

from meanfield.renewal import IntervalDistribution, first_passage


def dead_time(rate=0.1, dead=2.0):
    return IntervalDistribution(step=1.0, values=[rate], tail_rate=rate, onset=dead)


def gamma(shape=5.0, scale=2.0, onset=0.0):
    """Gamma intervals on a grid up to where 1e-12 survive."""
    exact = stats.gamma(shape, scale=scale)
    t = np.linspace(0.0, exact.isf(1e-12), 1500)
    hazard = exact.pdf(t[-1]) / exact.sf(t[-1])
    return IntervalDistribution(
        step=t[1], values=exact.pdf(t), tail_rate=hazard, onset=onset
    )


def test_exponential_with_dead_time_is_exact():
    d = dead_time()
    t = np.array([0.0, 1.99, 2.0, 3.0, 50.0, 3000.0])
    later = np.maximum(t - 2.0, 0.0)
    assert d.mean == 12.0
    assert d.cv == pytest.approx(10 / 12, rel=1e-15)
    assert d.density(t) == pytest.approx(
        (t >= 2) * 0.1 * np.exp(-later / 10), rel=1e-14
    )
    assert d.survivor(t) == pytest.approx(np.exp(-later / 10), rel=1e-14)
    assert d.hazard(t) == pytest.approx(0.1 * (t >= 2), rel=1e-14)
    p = np.array([0.0, 1e-9, 0.3, 0.9, 1 - 1e-9])
    assert d.quantile(p) == pytest.approx(2 - 10 * np.log1p(-p), rel=1e-7)
    assert d.quantile(1.0) == math.inf


@pytest.mark.parametrize("shape", [2.0, 5.0, 200.0])
def test_gamma(shape):
    d, exact = gamma(shape, onset=3.0), stats.gamma(shape, loc=3.0, scale=2.0)
    p = np.array([1e-6, 0.01, 0.3, 0.5, 0.9, 1 - 1e-6])
    t = exact.ppf(p)
    assert d.mean == pytest.approx(exact.mean(), rel=1e-8)
    assert d.cv == pytest.approx(exact.std() / exact.mean(), rel=1e-7)
    largest = exact.pdf(t).max()
    assert d.density(t) == pytest.approx(exact.pdf(t), rel=1e-6, abs=1e-8 * largest)
    assert d.survivor(t) == pytest.approx(exact.sf(t), rel=1e-7)
    assert exact.cdf(d.quantile(p)) == pytest.approx(p, rel=1e-7, abs=1e-10)


def test_quantile_inverts_the_survivor():
    d = first_passage(0.8, 1.0)
    p = np.concatenate([np.logspace(-14, -1, 40), np.linspace(0.1, 0.999, 200)])
    assert 1 - d.survivor(d.quantile(p)) == pytest.approx(p, rel=1e-12, abs=1e-15)


def test_scalars_shapes_and_nan():
    d = gamma()
    for function in (d.density, d.survivor, d.hazard):
        assert isinstance(function(4.0), float)
        assert function(np.ones((2, 3))).shape == (2, 3)
        assert math.isnan(function(math.nan))
        assert function(-1.0) == (1.0 if function == d.survivor else 0.0)
    assert isinstance(d.quantile(0.5), float)
    assert d.hazard(math.inf) == pytest.approx(d.tail_rate, rel=1e-12)
    assert d.density(math.inf) == d.survivor(math.inf) == 0.0


def test_steep_densities_stay_positive():
    values = np.exp(-1.0 / np.linspace(1e-3, 3.0, 60) ** 2)
    values /= 0.05 * (values.sum() - values[-1] / 2) + values[-1] / 2
    d = IntervalDistribution(step=0.05, values=values, tail_rate=2.0)
    t = np.linspace(0.0, 4.0, 3001)
    assert (d.density(t) >= 0).all()
    assert (np.diff(d.survivor(t)) <= 0).all()


def test_densities_with_zeros():
    """Uniform on [1, 2] and on [3, 4]: nothing between, before and behind."""
    values = np.zeros(501)
    values[100:201] = values[300:401] = 1.0
    values /= 0.01 * values.sum()
    d = IntervalDistribution(step=0.01, values=values, tail_rate=1.0)
    t = np.array([0.0, 0.5, 1.5, 2.5, 3.5, 4.5, 10.0])
    expected = [1.0, 1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    assert d.survivor(t) == pytest.approx(expected, abs=2e-3)
    assert d.hazard(t) == pytest.approx([0, 0, 2 / 3, 0, 2, 1, 1], rel=0.01)
    assert d.quantile([0.25, 0.75]) == pytest.approx([1.5, 3.5], abs=5e-3)
    assert d.quantile(1.0) == pytest.approx(5.0)
    x = d.sample(100_000, rng=1)
    assert stats.kstest(x, lambda t: 1 - d.survivor(t)).pvalue > 1e-6
    windows = np.array([1.0, 10.0, 1000.0])
    p = d.count_distribution(windows)
    assert p.sum(axis=1) == pytest.approx(1.0, abs=1e-9)
    assert p @ np.arange(p.shape[1]) == pytest.approx(windows / d.mean, rel=1e-5)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"step": 0.0}, ValueError, "`step` must be one number, finite and positive"),
        ({"tail_rate": math.nan}, ValueError, "`tail_rate` must be one number"),
        ({"onset": -1.0}, ValueError, "`onset` must be one number"),
        ({"onset": [1.0, 2.0]}, ValueError, "`onset` must be one number"),
        ({"values": []}, ValueError, "shape"),
        ({"values": [[0.1]]}, ValueError, "shape"),
        ({"values": [0.1, -0.1]}, ValueError, "not negative"),
        ({"values": [0.2]}, ValueError, "integrate to 1"),
        ({"values": ["a"]}, TypeError, "real numbers"),
    ],
)
def test_distribution_rejects(change, error, words):
    given = {"step": 1.0, "values": [0.1], "tail_rate": 0.1} | change
    with pytest.raises(error, match=words):
        IntervalDistribution(**given)


def test_probabilities_are_checked():
    with pytest.raises(ValueError, match="between 0 and 1"):
        gamma().quantile([0.5, 1.5])
