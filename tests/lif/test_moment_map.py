"""Moments of correlated populations."""

import numpy as np
import pytest

import meanfield as mf
from meanfield import LIF


def covariance(rng, n, batch=()):
    root = rng.normal(size=(*batch, n, n + 1))
    return root @ np.swapaxes(root, -1, -2) / n


def test_definition_entry_by_entry():
    rng = np.random.default_rng(0)
    mean, cov = rng.normal(1, 1, 4), covariance(rng, 4)
    out = mf.moment_map(mean, cov)
    sigma = np.sqrt(np.diag(cov))
    rate, std, chi = mf.moment_activation(mean, sigma)
    for i in range(4):
        for j in range(4):
            rho = cov[i, j] / (sigma[i] * sigma[j])
            want = std[i] * std[j] * (chi[i] * chi[j] * rho if i != j else 1.0)
            assert out.cov[i, j] == pytest.approx(want, rel=1e-13)
    assert np.array_equal(out.mean, rate)


def test_batches_broadcast_and_neurons_differ():
    rng = np.random.default_rng(1)
    mean, cov = rng.normal(1, 1, (5, 3)), covariance(rng, 3, (2, 1))
    neuron = LIF(t_ref=[0.0, 2.0, 5.0])
    out = mf.moment_map(mean, cov, neuron)
    assert out.mean.shape == (2, 5, 3)
    assert out.cov.shape == (2, 5, 3, 3)
    one = mf.moment_map(mean[4], cov[1, 0], neuron)
    assert np.array_equal(out.cov[1, 4], one.cov)


def test_positive_semidefinite_with_full_correlation():
    mean = np.linspace(-1, 3, 9)
    sigma = np.geomspace(0.1, 10, 9)
    out = mf.moment_map(mean, np.outer(sigma, sigma))
    assert np.linalg.eigvalsh(out.cov).min() >= -1e-18


def test_noiseless_members_and_single_neurons():
    cov = np.array([[0.0, 0.0], [0.0, 1.0]])
    out = mf.moment_map([2.0, 1.0], cov)
    assert out.cov[0].tolist() == [0.0, 0.0]
    assert out.cov[1, 1] == pytest.approx(mf.moment_activation(1.0, 1.0).std ** 2)
    assert mf.moment_map([1.0], [[1.0]]).cov.shape == (1, 1)
    tiny = mf.moment_map([2.0, 2.0], np.array([[1e-8, 5e-9], [5e-9, 1e-8]]))
    chi = mf.chi(2.0, 1e-4)
    want = 0.5 * chi**2
    assert tiny.cov[0, 1] / tiny.cov[0, 0] == pytest.approx(want, rel=1e-14)


def test_float32_and_inputs_untouched():
    mean = np.ones(2, np.float32)
    cov = np.array([[1, 0.5], [0.5, 1]], np.float32)
    before = cov.copy()
    out = mf.moment_map(mean, cov)
    assert out.mean.dtype == out.cov.dtype == np.float32
    assert np.array_equal(cov, before)


@pytest.mark.parametrize(
    ("cov", "words"),
    [
        ([[1.0, 0.0]], "shape"),
        (1.0, "shape"),
        ([[-1e-9, 0.0], [0.0, 1.0]], "negative variance"),
        ([[1.0, 0.5], [0.4, 1.0]], "symmetric"),
        ([[1.0, 1.1], [1.1, 1.0]], "beyond"),
    ],
)
def test_bad_covariance(cov, words):
    with pytest.raises(ValueError, match=words):
        mf.moment_map([1.0, 1.0], cov)
