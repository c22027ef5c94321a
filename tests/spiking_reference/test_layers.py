"""Layers that feed one another: against exact laws, a slow reference, and `simulate`."""

import itertools
import math

import numpy as np
import pytest

from meanfield import LIF
from spiking_reference import (
    GaussianInput,
    Layer,
    PoissonInput,
    WhiteNoise,
    layer_jobs,
    simulate,
    simulate_layers,
)

SILENT = PoissonInput([[0.0]])
WIRE = np.array([[1.0]])


def z_score(estimate, expected):
    return np.abs(estimate.value - expected) / estimate.stderr


# --- a reference loop, one number at a time -------------------------------------------


def flow(x, drive, tau, h):
    return drive * tau + (x - drive * tau) * math.exp(-h / tau)


def drift(x, free, mu, neuron, begin, end):
    """Take one membrane from `begin` to `end`; return it, its release, its spikes."""
    now, sent = max(begin, free), []
    while now < end:
        later = flow(x, mu, neuron.tau_m, end - now)
        if later < neuron.V_th:
            return later, free, sent
        target = mu * neuron.tau_m
        now += neuron.tau_m * math.log((target - x) / (target - neuron.V_th))
        sent.append(now)
        x, free = 0.0, now + neuron.t_ref
        now = free
    return x, free, sent


def reference(layers, duration, dt):
    """Steps of the spikes of layers without input and noise, E_L = V_reset = 0."""
    x = [np.zeros(layer.n_out) for layer in layers]
    free = [np.full(layer.n_out, -1.0) for layer in layers]
    trains = [[[] for _ in range(layer.n_out)] for layer in layers]
    for k in range(round(duration / dt)):
        arriving = []
        for l, layer in enumerate(layers):
            sent, n = [], layer.neuron
            mu = np.broadcast_to(layer.mu, layer.n_out)
            for i in range(layer.n_out):
                state = x[l][i], free[l][i], mu[i], n, k * dt, (k + 1) * dt
                x[l][i], free[l][i], times = drift(*state)
                sent += [(time, i) for time in times]
            for (time, j), i in itertools.product(arriving, range(layer.n_out)):
                if time + dt / 2 >= free[l][i]:
                    x[l][i] += layer.weights[i, j]
                if x[l][i] >= n.V_th:
                    sent.append((time, i))
                    x[l][i], free[l][i] = 0.0, time + dt / 2 + n.t_ref
            for _, i in sent:
                trains[l][i].append((k + 1) * dt)
            arriving = sorted(sent)
    return trains


def test_spikes_are_those_of_a_slow_loop():
    g = np.random.default_rng(3)
    neuron = LIF(t_ref=2.03)
    layers = [
        Layer(np.zeros((15, 1)), neuron, mu=g.uniform(1.1, 4.0, 15)),
        Layer(g.normal(2.0, 4.0, (12, 15)), LIF(t_ref=1.01, tau_m=12.0), mu=0.9),
        Layer(g.normal(1.5, 4.0, (8, 12)), neuron, mu=g.uniform(0.5, 1.5, 8)),
    ]
    duration, dt = 300.0, 0.25
    readouts = np.arange(1, 301) * 1.0
    run = simulate_layers(layers, SILENT, duration=duration, dt=dt, readouts=readouts)
    trains = reference(layers, duration, dt)
    for moments, trains_of_layer in zip(run.layers, trains, strict=True):
        expected = [len(times) / duration for times in trains_of_layer]
        np.testing.assert_allclose(moments.rate.value[0], expected, rtol=1e-12)
        assert min(sum(expected), 1.0) > 0.05
    ends = [np.array(times) for times in trains[-1]]
    cumulative = [[(t <= r + dt / 2).sum() for t in ends] for r in readouts]
    np.testing.assert_array_equal(run.counts[0, 0], cumulative)


# --- exact laws -----------------------------------------------------------------------


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_intervals_of_constant_drive_are_exact(dt):
    # Off the grid, so that any rounding of intervals would add up.
    mu, neuron = np.array([1.1, 2.0, 9.0]), LIF(t_ref=1.037)
    layer = Layer(np.zeros((3, 1)), neuron, mu=mu)
    run = simulate_layers([layer], SILENT, duration=3000.0, dt=dt)
    first = 20.0 * np.log(mu / (mu - 1.0))
    expected = np.floor((3000.0 - first) / (first + 1.037)) + 1
    np.testing.assert_array_equal(run.counts[0, 0, 0], expected)


@pytest.mark.parametrize("rate", [0.02, 1.0, 40.0])
def test_one_spike_to_each_input_spike(rate):
    # Poisson: rate = variance. 6 values at |z| < 4.5: 4e-5.
    layer = Layer(np.diag([25.0, 30.0]), LIF(t_ref=0.0))
    run = simulate_layers(
        [layer],
        PoissonInput([[rate, 0.3 * rate]]),
        duration=2000.0,
        window=10.0,
        trials=40,
        rng=1,
    )
    expected = [rate, 0.3 * rate]
    assert (z_score(run.layers[0].rate, expected) < 4.5).all()
    assert (z_score(run.layers[0].cov, expected) < 4.5).all()


@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_perfect_integrator_counts_to_three_and_rests(dt):
    # An interval is t_ref and three input intervals; 2 values at |z| < 4.2 each: 1e-4.
    rate, t_ref = 1.5, 3.14
    layer = Layer([[7.0, 7.0]], LIF(tau_m=np.inf, t_ref=t_ref))
    run = simulate_layers(
        [layer],
        PoissonInput([[0.5, 1.0]]),
        duration=20_000.0,
        warmup=50.0,
        window=1000.0,
        trials=32,
        dt=dt,
        rng=2,
    )
    mean, variance = t_ref + 3 / rate, 3 / rate**2
    cv2 = variance / mean**2
    skew = 6 / rate**3 / mean**3
    assert z_score(run.layers[0].rate, 1 / mean)[0, 0] < 4.2
    # D. R. Cox, Renewal Theory (1962), section 4.5: variance of a stationary count.
    count = cv2 * 1000.0 / mean + 1 / 6 + cv2**2 / 2 - skew / 3
    assert z_score(run.layers[0].cov, count / 1000.0)[0, 0] < 4.2


def in_continuous_time(weight, rate, share, mu, t_ref, n_events, seed):
    """Rate of a LIF with +-weight at Poisson times; event by event."""
    g = np.random.default_rng(seed)
    gaps = g.exponential(1 / rate, n_events).tolist()
    signs = np.where(g.random(n_events) < share, weight, -weight).tolist()
    x = t = 0.0
    free, spikes = -1.0, 0
    for gap, w in zip(gaps, signs, strict=True):
        now, t = max(t, min(free, t + gap)), t + gap
        while now < t:
            later = flow(x, mu, 20.0, t - now)
            if later < 20.0:
                x = later
                break
            spikes += 1
            now += 20.0 * math.log((mu * 20.0 - x) / (mu * 20.0 - 20.0))
            x, free = 0.0, now + t_ref
            now = free
        if t >= free:
            x += w
            if x >= 20.0:
                x, free, spikes = 0.0, t + t_ref, spikes + 1
    return spikes, t


@pytest.mark.parametrize(
    ("mu", "t_ref", "dt"), [(0.6, 2.03, 1.0), (1.6, 2.03, 1.0), (1.6, 0.0, 0.2)]
)
def test_jumps_and_drift_agree_with_continuous_time(mu, t_ref, dt):
    # To 0.5 %: |z| < 4, 6e-5 each.
    spikes, time = in_continuous_time(3.0, 0.5, 0.7, mu, t_ref, 200_000, 1)
    run = simulate_layers(
        [Layer([[3.0, -3.0]], LIF(t_ref=t_ref), mu=mu)],
        PoissonInput([[0.35, 0.15]]),
        duration=50_000.0,
        trials=40,
        warmup=100.0,
        dt=dt,
        rng=4,
    )
    found = run.layers[0].rate
    fano = 50_000.0 * found.stderr[0, 0] ** 2 * 40 / found.value[0, 0]
    own = math.sqrt(fano * spikes) / time
    difference = found.value[0, 0] - spikes / time
    assert abs(difference) < 4 * math.hypot(found.stderr[0, 0], own)
    assert own < 0.005 * found.value[0, 0]


def test_many_small_jumps_are_white_noise():
    # sigma = 1 from 100 spikes per ms of 0.1 mV, in steps of 1 ms: a threshold tested
    # at steps would lose 8 %. Exact rate by 30-digit quadrature; jumps of 0.1 mV and
    # four standard errors are together below 2 %.
    run = simulate_layers(
        [Layer([[0.1, -0.1]], mu=1.5)],
        PoissonInput([[50.0, 50.0]]),
        duration=2000.0,
        warmup=100.0,
        trials=64,
        dt=1.0,
        rng=1,
    )
    found = run.layers[0].rate
    assert 4 * found.stderr[0, 0] < 0.015 * found.value[0, 0]
    assert abs(found.value[0, 0] / 38.17157859965304e-3 - 1) < 0.02


# --- white noise ----------------------------------------------------------------------


def test_one_layer_of_correlated_currents_is_simulate():
    # Rates and covariances of a pair, 5 values at |z| < 4.2: 2e-4.
    window, mean, cov = 100.0, np.array([0.3, 0.2]), np.array([[1.0, 0.2], [0.2, 0.5]])
    weights, mu = np.array([[1.0, 0.2], [-0.1, 1.2]]), np.array([0.5, 0.9])
    spread = weights @ cov @ weights.T
    sigma = np.sqrt(np.diagonal(spread))
    run = simulate_layers(
        [Layer(weights, mu=mu)],
        GaussianInput([mean], [cov]),
        duration=5000.0,
        window=window,
        warmup=200.0,
        dt=0.5,
        trials=200,
        covariance="full",
        rng=1,
    )
    drive = WhiteNoise(
        mu=np.tile(mu + weights @ mean, (200, 1)),
        sigma=sigma,
        correlation=spread[0, 1] / sigma[0] / sigma[1],
    )
    pair = simulate(
        LIF(),
        drive,
        duration=5000.0,
        dt=0.5,
        warmup=200.0,
        rng=2,
        count_windows=[window],
    )

    def check(found, values):
        expected = values.mean(0)
        own = values.std(0, ddof=1) / math.sqrt(200)
        z = (found.value[0] - expected) / np.hypot(found.stderr[0], own)
        assert np.abs(z).max() < 4.2

    check(run.layers[0].rate, pair.rate.value)
    check(run.layers[0].cov, pair.covariance(window).value)
    matrix = run.layers[0].cov
    assert matrix.value[0, 0, 1] > 8 * matrix.stderr[0, 0, 1]
    np.testing.assert_array_equal(matrix.value, matrix.value.swapaxes(1, 2))


def test_weights_mix_means_and_covariances():
    weights = np.array([[1.0, 0.5], [-0.3, 2.0], [0.0, 1.0]])
    inputs = GaussianInput([[0.1, 0.2]], [[2.0, 0.5]])
    mean, cov = inputs.through(weights, 0)
    np.testing.assert_allclose(mean, weights @ [0.1, 0.2])
    np.testing.assert_allclose(cov, weights @ np.diag([2.0, 0.5]) @ weights.T)
    full = GaussianInput([[0.1, 0.2]], [np.diag([2.0, 0.5])])
    np.testing.assert_allclose(full.through(weights, 0)[1], cov)
    factor = layer_jobs._noise_factor(cov, np.full(3, 20.0), 0.1)
    assert factor.shape == (2, 3)  # of rank 2
    tau = np.array([10.0, 20.0, 40.0])
    factor = layer_jobs._noise_factor(cov, tau, 0.1)
    # Variances and covariances that two membranes gather from a step of white noise.
    rates = 1 / tau[:, None] + 1 / tau
    np.testing.assert_allclose(
        factor.T @ factor, cov * -np.expm1(-0.1 * rates) / rates, rtol=1e-10
    )


def test_noise_anywhere_gives_the_rate_of_white_noise():
    # In the background of a second layer and of a first one with independent currents;
    # noise ends an interval within the step. Quadrature; 2 at |z| < 4.2: 5e-5.
    exact = 38.17157859965304e-3
    kw = {"duration": 2000.0, "warmup": 100.0, "trials": 32, "dt": 0.5, "rng": 1}
    first = Layer(np.zeros((3, 1)), mu=1.1)
    second = Layer(np.zeros((20, 3)), mu=1.5, sigma=1.0)
    run = simulate_layers([first, second], SILENT, **kw)
    rates = run.counts[:, :, 0].mean(-1)[0] / 2000.0
    assert abs(rates.mean() - exact) < 4.2 * rates.std(ddof=1) / math.sqrt(32)
    currents = GaussianInput([np.full(20, 1.5)], [np.full(20, 0.75)])
    run = simulate_layers([Layer(np.eye(20), sigma=0.5)], currents, **kw)
    rates = run.counts[:, :, 0].mean(-1)[0] / 2000.0
    assert abs(rates.mean() - exact) < 4.2 * rates.std(ddof=1) / math.sqrt(32)


# --- the same numbers -----------------------------------------------------------------


def mixed(**kw):
    g = np.random.default_rng(0)
    layers = [
        Layer(g.normal(0.5, 1.0, (20, 9)), mu=0.6),
        Layer(g.normal(0.2, 1.0, (12, 20)), LIF(t_ref=0.0), mu=0.8, sigma=0.5),
        Layer(g.normal(0.2, 1.0, (4, 12)), mu=1.0, sigma=[0.0, 0.3, 0.0, 1.0]),
    ]
    inputs = PoissonInput(g.uniform(0.0, 0.3, (5, 9)))
    kw = {
        "duration": 60.0,
        "warmup": 10.0,
        "trials": 7,
        "readouts": [20.0, 60.0],
        "window": 15.0,
        "covariance": "full",
        "rng": 3,
    } | kw
    return simulate_layers(layers, kw.pop("inputs", inputs), **kw)


def same(a, b):
    pairs = zip(a.layers, b.layers, strict=True)
    return np.array_equal(a.counts, b.counts) and all(
        np.array_equal(x.sums, y.sums) and np.array_equal(x.pair_sums, y.pair_sums)
        for x, y in pairs
    )


def test_threads_jobs_and_slices_do_not_matter(monkeypatch):
    first = mixed(threads=1)
    assert first.counts.sum() > 100
    assert same(first, mixed(threads=3))
    monkeypatch.setattr(layer_jobs, "_PIECES", 1)
    assert same(first, mixed())
    monkeypatch.setattr(layer_jobs, "_BUDGET", 1000)
    assert same(first, mixed())
    assert not same(first, mixed(rng=4))


def test_inputs_do_not_depend_on_those_that_follow():
    rates = np.random.default_rng(1).uniform(0.0, 0.3, (5, 9))
    all_of_them = mixed(inputs=PoissonInput(rates))
    two = mixed(inputs=PoissonInput(rates[:2]))
    np.testing.assert_array_equal(all_of_them.counts[:2], two.counts)


def test_readouts_windows_and_covariances_look_at_one_run():
    full, less, none = (
        mixed(covariance=c, readouts=r)
        for c, r in (("full", [20.0, 60.0]), ("diagonal", None), (None, [60.0]))
    )
    np.testing.assert_array_equal(full.counts[:, :, 1:], less.counts)
    np.testing.assert_array_equal(full.counts[:, :, 1:], none.counts)
    last = full.layers[-1]
    np.testing.assert_allclose(
        last.rate.value, full.counts[:, :, 1].mean(axis=1) / 60.0, rtol=1e-12
    )
    diagonal = np.diagonal(last.cov.value, axis1=1, axis2=2)
    np.testing.assert_array_equal(diagonal, less.layers[-1].cov.value)
    assert none.layers[0].cov is None
    long = mixed(window=None).layers[-1]
    expected = [np.cov(c[:, 1], rowvar=False) for c in full.counts]
    np.testing.assert_allclose(long.cov.value, np.array(expected) / 60.0, atol=1e-15)
    single = mixed(trials=1, window=None).layers[0]
    assert np.isnan(single.cov.value).all()


def test_progress_and_its_absence(capsys):
    mixed(progress=True)
    assert "35/35" in capsys.readouterr().err
    mixed()
    mixed(progress=False)
    assert not capsys.readouterr().err
