"""Fixed points of means and covariances: brute force, another solver, limits, spikes."""

import mpmath as mp
import numpy as np
import pytest
import torch
from scipy.linalg import solve_discrete_lyapunov

from meanfield import ConvergenceError, moment_activation, moment_map
from meanfield.equilibrium import moment_fixed_point
from meanfield.moments import Moments
from meanfield.neurons import LIF, Network, Population, Projection, Sparse
from meanfield.nn import MomentRNN
from spiking_reference import Record, simulate_network

KINDS = ["map", "linear_response"]


def random_weights(n, size, g=5.0, p=0.2, seed=0):
    """Four fifths excitatory, inhibition g times as strong."""
    rng = np.random.default_rng(seed)
    signs = np.where(np.arange(n) < 4 * n // 5, 1.0, -g)
    W = size * (rng.random((n, n)) < p) * signs
    np.fill_diagonal(W, 0.0)
    return W


def drive(n, correlation=0.05):
    """Close to threshold, with common noise."""
    cov = (1.0 - correlation) * np.eye(n) + correlation
    return np.linspace(0.9, 1.2, n), cov


@pytest.mark.parametrize("size", [0.2, 0.8])
def test_the_map_iterated(size):
    """Thousands of damped steps from silence lead to the same state."""
    W, (mean, cov) = random_weights(10, size), drive(10, 0.2)
    neuron = LIF(t_ref=np.linspace(1.0, 5.0, 10))
    r, C = np.zeros(10), np.zeros((10, 10))
    for _ in range(2000):
        total = W @ C @ W.T + cov
        new = moment_map(W @ r + mean, 0.5 * (total + total.T), neuron)
        r, C = 0.5 * (r + new.mean), 0.5 * (C + new.cov)
    found = moment_fixed_point(W, mean, cov, neuron)
    assert found.converged
    assert found.stable
    np.testing.assert_allclose(found.mean, r, rtol=1e-11)
    np.testing.assert_allclose(found.cov, C, rtol=0, atol=1e-11 * np.abs(C).max())


def test_layer_of_torch():
    """MomentRNN with the same weights, iterated to its own tolerance of 1e-10."""
    n = 20
    W, (mean, cov) = random_weights(n, 0.4), drive(n)
    layer = MomentRNN(n, n, covariance="full", dtype=torch.float64)
    with torch.no_grad():
        layer.input.weight.copy_(torch.eye(n))
        layer.recurrent.weight.copy_(torch.tensor(W))
        for part in (layer.input, layer.recurrent):
            for name, value in part.named_parameters():
                if name != "weight":
                    value.zero_()
        given = Moments(torch.tensor(mean), torch.tensor(cov))
        known = layer(given)
        neuron = layer.neuron
    found = moment_fixed_point(W, mean, cov, neuron)
    np.testing.assert_allclose(found.mean, known.mean.numpy(), rtol=1e-8)
    np.testing.assert_allclose(found.cov, known.cov.numpy(), rtol=0, atol=1e-10)


def pieces(W, found):
    """Slopes and private variances at the fixed point, from public functions."""
    rate, std, chi = moment_activation(found.mu, found.sigma)
    return np.asarray(std * chi / found.sigma), np.asarray(std**2 * (1 - chi**2)), rate


def test_covariances_of_the_map_solve_a_stein_equation():
    W, (mean, cov) = random_weights(30, 0.5), drive(30)
    found = moment_fixed_point(W, mean, cov)
    gain, private, rate = pieces(W, found)
    S = solve_discrete_lyapunov(W * gain, (W * private) @ W.T + cov)
    np.testing.assert_allclose(np.diag(S), found.sigma**2, rtol=1e-10)
    C = gain[:, None] * S * gain + np.diag(private)
    np.testing.assert_allclose(found.cov, C, rtol=0, atol=1e-10 * np.abs(C).max())
    np.testing.assert_allclose(found.mean, rate, rtol=1e-12)
    np.testing.assert_allclose(W @ found.mean + mean, found.mu, rtol=1e-11)
    radius = np.abs(np.linalg.eigvals(W * gain)).max()
    np.testing.assert_allclose(found.spectral_radius, radius, rtol=1e-6)


def test_covariances_of_linear_response():
    """By their definition, in 30 digits."""
    W, (mean, cov) = random_weights(8, 0.6, p=0.5), drive(8, 0.3)
    found = moment_fixed_point(W, mean, cov, covariance="linear_response")
    assert found.converged
    gain, private, _ = pieces(W, found)
    with mp.workdps(30):
        D, w = mp.diag(gain.tolist()), mp.matrix(W.tolist())
        inverse = (mp.eye(8) - D * w) ** -1
        C = inverse * (D * mp.matrix(cov.tolist()) * D + mp.diag(private.tolist()))
        C = C * inverse.T
        total = np.array((w * C * w.T + mp.matrix(cov.tolist())).tolist(), dtype=float)
        C = np.array(C.tolist(), dtype=float)
    np.testing.assert_allclose(found.cov, C, rtol=0, atol=1e-10 * np.abs(C).max())
    np.testing.assert_allclose(found.sigma**2, np.diag(total), rtol=1e-10)


def test_one_synapse():
    """The map does not know that a drives b; linear response does."""
    W, mean = np.array([[0.0, 0.0], [0.5, 0.0]]), [1.0, 0.9]
    layers = moment_fixed_point(W, mean, [1.0, 1.0])
    time = moment_fixed_point(W, mean, [1.0, 1.0], covariance="linear_response")
    a = moment_activation(1.0, 1.0)
    b = moment_activation(0.9 + 0.5 * a.rate, np.sqrt(1.0 + 0.25 * a.std**2))
    for found in (layers, time):
        np.testing.assert_allclose(found.mean, [a.rate, b.rate], rtol=1e-12)
        variances = [a.std**2, b.std**2]
        np.testing.assert_allclose(np.diag(found.cov), variances, rtol=1e-12)
    assert layers.cov[0, 1] == 0.0
    gain = b.std * b.chi / np.sqrt(1.0 + 0.25 * a.std**2)
    np.testing.assert_allclose(time.cov[0, 1], gain * 0.5 * a.std**2, rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_no_weights_leave_the_moment_map(kind):
    mean, cov = drive(5, 0.3)
    found = moment_fixed_point(np.zeros((5, 5)), mean, cov, covariance=kind)
    known = moment_map(mean, cov)
    np.testing.assert_allclose(found.mean, known.mean, rtol=1e-14)
    np.testing.assert_allclose(found.cov, known.cov, rtol=1e-13)
    assert found.spectral_radius == 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_order_of_neurons_does_not_matter(kind):
    W, (mean, cov) = random_weights(15, 0.5), drive(15)
    order = np.random.default_rng(1).permutation(15)
    one = moment_fixed_point(W, mean, cov, covariance=kind)
    two = moment_fixed_point(
        W[np.ix_(order, order)], mean[order], cov[np.ix_(order, order)], covariance=kind
    )
    np.testing.assert_allclose(two.mean, one.mean[order], rtol=1e-9)
    np.testing.assert_allclose(two.cov, one.cov[np.ix_(order, order)], atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_silence_and_no_noise(kind):
    W = random_weights(10, 0.3)
    quiet = moment_fixed_point(W, np.full(10, -3.0), np.ones(10), covariance=kind)
    assert quiet.converged
    assert (quiet.mean > 0.0).all()
    assert (quiet.mean < 1e-30).all()
    mute = moment_fixed_point(W, np.full(10, 0.5), np.zeros(10), covariance=kind)
    assert mute.converged
    assert not mute.mean.any()
    assert not mute.cov.any()
    clock = moment_fixed_point(W, np.full(10, 1.3), np.zeros(10), covariance=kind)
    assert clock.converged
    rates = moment_activation(W @ clock.mean + 1.3, 0.0).rate
    np.testing.assert_allclose(clock.mean, rates, rtol=1e-9)
    assert not clock.cov.any()


def test_strong_inhibition_has_no_covariances_under_the_map():
    """Response -k to a common change: layers amplify it, a network in time quenches it."""
    n = 40
    W = np.full((n, n), -4.0) - np.diag(np.full(n, -4.0))
    mean, cov = np.full(n, 2.5), np.full(n, 1.0)
    found = moment_fixed_point(W, mean, cov)
    assert not found.converged
    assert found.spectral_radius > 1.0
    assert 'covariance="linear_response"' in found.message
    assert np.isfinite(found.cov).all()
    with pytest.raises(ConvergenceError, match="spectral radius") as caught:
        moment_fixed_point(W, mean, cov, throw=True)
    assert caught.value.result.mean.shape == (n,)  # type: ignore[attr-defined]
    quenched = moment_fixed_point(W, mean, cov, covariance="linear_response")
    assert quenched.converged
    assert quenched.stable
    assert quenched.cov[0, 1] < 0.0


def test_too_few_iterations_are_said():
    W, (mean, cov) = random_weights(10, 0.8), drive(10)
    found = moment_fixed_point(W, mean, cov, max_iter=2)
    assert not found.converged
    assert "after max_iter=2" in found.message


@pytest.mark.parametrize("kind", KINDS)
def test_large_network_converges(kind):
    """n = 500: residual below 1e-10, variances of private noise, radius by Arnoldi."""
    W, (mean, cov) = random_weights(500, 0.15, p=0.1), drive(500)
    found = moment_fixed_point(W, mean, cov, covariance=kind)
    assert found.converged
    assert found.residual < 1e-10
    gain, _, _ = pieces(W, found)
    radius = np.abs(np.linalg.eigvals(W * gain)).max()
    np.testing.assert_allclose(found.spectral_radius, radius, rtol=1e-3)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"weights": np.ones((2, 3))}, "`weights` must have shape"),
        ({"weights": np.full((2, 2), np.nan)}, "`weights` must be finite"),
        ({"mean": 1.0}, "`mean` must have shape"),
        ({"cov": np.ones(3)}, "`cov` must have shape"),
        ({"cov": [1.0, -1.0]}, "no negative variance"),
        ({"cov": [[1.0, 0.5], [0.4, 1.0]]}, "symmetric"),
        ({"cov": [[1.0, 2.0], [2.0, 1.0]]}, "beyond"),
        ({"covariance": "full"}, "`covariance` must be one of"),
        ({"tol": 0.0}, "`tol`"),
        ({"max_iter": 0}, "`max_iter`"),
    ],
)
def test_mistakes(change, match):
    good = {"weights": np.zeros((2, 2)), "mean": [1.0, 1.0], "cov": [1.0, 1.0]}
    with pytest.raises(ValueError, match=match):
        moment_fixed_point(**{**good, **change})


@pytest.mark.slow
def test_spikes():
    """60 neurons, private white noise, delta synapses, 400 s: rates, variances, pairs.

    Mean covariances of the groups within four standard errors of linear response, which
    for pairs has a slope of 1. The map gets the signs of two groups wrong. Rates are 2 %
    low.
    """
    n, mu, duration = 60, 1.0, 400_000.0
    W, neuron = random_weights(n, 0.4, g=4.0), LIF(t_ref=2.0)
    network = Network(
        populations={"A": Population(n=n, neuron=neuron, current=mu, sigma=1.0)},
        projections=[
            Projection(source="A", target="A", rule=Sparse(W), weight=0.0, delay=1.0)
        ],
    )
    spikes = simulate_network(
        network, duration=duration, warmup=500.0, rng=1, threads=1,
        record={"A": Record(spikes=True)},
    )["A"].spikes  # fmt: skip

    assert spikes is not None

    def counts(window):
        found = np.zeros((n, round(duration / window)))
        at = ((spikes.times - spikes.t_start) // window).astype(int)
        np.add.at(found, (spikes.neurons, np.minimum(at, found.shape[1] - 1)), 1.0)
        return found

    pairs = np.triu_indices(n, 1)
    group = (pairs[0] >= 48).astype(int) + (pairs[1] >= 48)
    groups = lambda C: np.array([C[pairs][group == k].mean() for k in range(3)])  # noqa: E731
    short = counts(200.0)
    C = np.cov(short) / 200.0
    parts = [groups(np.cov(short[:, k::10]) / 200.0) for k in range(10)]
    error = np.std(parts, axis=0) / np.sqrt(9)
    # Count variances grow as window times the long-term value, plus a constant.
    long = counts(1000.0)
    variance = (long.var(axis=1) - short.var(axis=1)) / 800.0
    mean, cov = np.full(n, mu), np.ones(n)
    found = moment_fixed_point(W, mean, cov, neuron, covariance="linear_response")
    # The map takes the long-term variance of counts, a fifth of the rate here, for the
    # noise; what makes neurons fire is faster, and as strong as that of Poisson trains.
    rate = short.mean(axis=1) / 200.0
    np.testing.assert_allclose(found.mean, rate, rtol=0.08)
    assert 0.97 < found.mean.mean() / rate.mean() < 0.985
    poisson = rate
    for _ in range(100):
        noise = np.sqrt(1.0 + W**2 @ poisson)
        poisson = 0.5 * (
            poisson + moment_activation(W @ poisson + mu, noise, neuron).rate
        )
    assert abs(poisson.mean() / rate.mean() - 1.0) < 0.01
    np.testing.assert_allclose(np.diag(found.cov).mean(), variance.mean(), rtol=0.05)
    assert (np.abs(groups(found.cov) - groups(C)) < 4.0 * error).all()
    slope, _ = np.polyfit(found.cov[pairs], C[pairs], 1)
    assert abs(slope - 1.0) < 0.1
    layers = moment_fixed_point(W, mean, cov, neuron)
    np.testing.assert_allclose(layers.mean, found.mean, rtol=0.01)
    assert (groups(layers.cov) > 0.0).all()
    assert (groups(C)[1:] < -2.0 * error[1:]).all()
