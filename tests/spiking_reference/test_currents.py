"""Currents: means over steps, laws of the noise, the same numbers however they are asked for.

Statistical tests stop at 4 standard errors: 6e-5 false alarms each.
"""

from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

from meanfield.neurons import LIF, Network, Population
from spiking_reference import (
    OrnsteinUhlenbeck,
    Ramp,
    Record,
    Sinusoid,
    Step,
    WhiteNoise,
    simulate_network,
    simulate_networks,
)

MATRIX = np.array([[1.0, 0.5, 0.0], [0.5, 1.0, -0.3], [0.0, -0.3, 1.0]])


def middles(steps, dt):
    return (np.arange(steps) + 0.5) * dt


def values(current, steps, n=1, dt=0.5, seed=1):
    return current.source(n, dt, seed)(middles(steps, dt))


@pytest.mark.parametrize(
    ("current", "formula"),
    [
        (
            Step(amplitude=2.0, start=3.2, stop=7.9),
            lambda t: 2.0 * ((t >= 3.2) & (t < 7.9)),
        ),
        (
            Ramp(amplitude=-3.0, start=2.3, stop=6.1),
            lambda t: -3.0 * np.clip((t - 2.3) / 3.8, 0.0, 1.0),
        ),
        (
            Sinusoid(amplitude=2.0, frequency=0.1, phase=0.4, offset=0.7),
            lambda t: 0.7 + 2.0 * np.sin(0.2 * np.pi * t + 0.4),
        ),
    ],
)
@pytest.mark.parametrize("dt", [0.25, 1.0])
def test_means_over_steps(current, formula, dt):
    t = middles(round(10.0 / dt), dt)
    kinks = [3.2, 7.9, 2.3, 6.1]
    exact = [
        quad(formula, a, a + dt, points=[k for k in kinks if a < k < a + dt] or None)[0]
        for a in t - 0.5 * dt
    ]
    np.testing.assert_allclose(
        current.source(1, dt)(t), np.array(exact) / dt, atol=1e-7
    )


def test_values_by_neuron_and_sums():
    pulses = Step(amplitude=[1.0, 2.0], start=[0.0, 1.0], stop=2.0)
    found = values(pulses, 4, n=2)
    np.testing.assert_array_equal(found, [[1, 0], [1, 0], [1, 2], [1, 2]])
    total = (
        pulses + Ramp(amplitude=1.0, start=0.0, stop=2.0) + (lambda t: 0.0 * t + 5.0)
    )
    np.testing.assert_allclose(
        values(total, 4, n=2), found + 5.0 + np.array([[0.125, 0.375, 0.625, 0.875]]).T
    )
    doubled = WhiteNoise(mu=1.0, sigma=0.0) + Step(amplitude=1.0)
    np.testing.assert_array_equal(values(doubled, 3), [2.0, 2.0, 2.0])


def covariances(z, lags):
    """Of means over steps z apart, for an autocorrelation exp(-|s|)."""
    at_zero = 2.0 * (z + np.expm1(-z)) / z**2
    others = (np.expm1(-z) / z) ** 2 * np.exp(-z * np.arange(lags - 1))
    return np.array([at_zero, *others])


@pytest.mark.parametrize("z", [0.004, 0.3, 3.0])
def test_law_of_the_ornstein_uhlenbeck_process(z):
    n, lags = 4000, 5
    noise = OrnsteinUhlenbeck(mean=2.0, sigma=3.0, tau=1.0 / z)
    found = (values(noise, 60, n=n, dt=1.0) - 2.0) / 3.0
    exact = covariances(z, lags)
    for k in range(lags):
        product = (found[: 60 - k] * found[k:]).mean(axis=0)
        error = product.std(ddof=1) / np.sqrt(n)
        assert abs(product.mean() - exact[k]) < 4.0 * error
    # Increments show what is independent in neighbouring steps.
    size = (np.diff(found, axis=0) ** 2).mean(axis=0)
    error = size.std(ddof=1) / np.sqrt(n)
    assert abs(size.mean() - 2.0 * (exact[0] - exact[1])) < 4.0 * error
    assert abs(found.mean()) < 4.0 * found.mean(axis=0).std(ddof=1) / np.sqrt(n)


@pytest.mark.parametrize("kind", ["coloured", "white"])
@pytest.mark.parametrize("correlation", [None, 0.4, 1.0, -0.3, MATRIX])
def test_correlations_between_neurons(kind, correlation):
    sigma, steps = np.array([1.0, 2.0, 0.5]), 40_000
    if kind == "coloured":
        noise = OrnsteinUhlenbeck(
            mean=0.0, sigma=sigma, tau=0.1, correlation=correlation
        )
        scale = covariances(20.0, 2)[0]
    else:
        noise = WhiteNoise(mu=0.0, sigma=sigma, correlation=correlation)
        scale = 1.0 / 2.0
    found = values(noise, steps, n=3, dt=2.0) / (sigma * np.sqrt(scale))
    exact = np.eye(3) if correlation is None else np.asarray(correlation)
    exact = np.where(np.eye(3) == 1, 1.0, exact)
    # Steps are independent, but for 5 % from one to the next; variances are up to 2.
    assert np.abs(found.T @ found / steps - exact).max() < 4.0 * np.sqrt(2.1 / steps)


NOISES = {
    "independent": OrnsteinUhlenbeck(mean=1.0, sigma=0.5, tau=5.0),
    "matrix": OrnsteinUhlenbeck(mean=1.0, sigma=0.5, tau=5.0, correlation=MATRIX),
    "frozen": OrnsteinUhlenbeck(mean=1.0, sigma=0.5, tau=5.0, rng=3),
    "white": WhiteNoise(mu=0.0, sigma=1.0, correlation=0.2),
    "sum": OrnsteinUhlenbeck(mean=1.0, sigma=0.5, tau=5.0)
    + WhiteNoise(mu=0.0, sigma=1.0)
    + Sinusoid(amplitude=1.0, frequency=0.01),
}


@pytest.mark.parametrize("name", NOISES)
def test_any_stretch_is_that_of_an_uninterrupted_run(name):
    noise, dt, t = NOISES[name], 0.1, middles(20_000, 0.1)
    whole = noise.source(3, dt, 7)(t)
    cuts = np.r_[0, np.sort(np.random.default_rng(1).integers(1, t.size, 30)), t.size]
    once = noise.source(3, dt, 7)
    parts = [once(t[a:b]) for a, b in pairwise(cuts) if b > a]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    np.testing.assert_array_equal(noise.source(3, dt, 7)(t[13_000:]), whole[13_000:])
    np.testing.assert_array_equal(once(t[50:60]), whole[50:60])
    same = np.array_equal(noise.source(3, dt, 8)(t[:9]), whole[:9])
    assert same == (name == "frozen")


def test_parts_of_a_sum_are_independent():
    noise = WhiteNoise(mu=0.0, sigma=1.0)
    found = values(noise + OrnsteinUhlenbeck(mean=0, sigma=1e-3, tau=1.0), 10_000)
    alone = values(noise, 10_000)
    assert abs(np.corrcoef(found, alone)[0, 1]) < 4.0 / 100.0


def run(current, rng, n=4, duration=200.0, **options):
    cells = Population(n=n, neuron=LIF(t_ref=2.0))
    network = Network(populations={"A": cells, "B": cells})
    record = {name: Record(spikes=True, voltage=True) for name in "AB"}
    found = simulate_network(
        network, duration=duration, dt=0.5, currents=dict.fromkeys("AB", current),
        record=record, rng=rng, progress=False, **options,
    )  # fmt: skip
    return [found[name].traces["V"] for name in "AB"]


def test_fresh_noise_belongs_to_the_simulation():
    noise = OrnsteinUhlenbeck(mean=1.1, sigma=0.5, tau=5.0)
    A, B = run(noise, rng=1)
    again, _ = run(noise, rng=1)
    other, _ = run(noise, rng=2)
    np.testing.assert_array_equal(A, again)
    assert not np.array_equal(A, other)
    assert not np.array_equal(A, B)
    assert np.unique(A[:, -1]).size == 4


def test_frozen_noise_is_the_same_everywhere():
    g = np.random.default_rng(5)
    noise = OrnsteinUhlenbeck(mean=1.1, sigma=0.5, tau=5.0, rng=g)
    A, B = run(noise, rng=1)
    np.testing.assert_array_equal(A, B)
    np.testing.assert_array_equal(A, run(noise, rng=2, warmup=0.0)[0])
    late, _ = run(noise, rng=3, warmup=50.0, duration=150.0)
    np.testing.assert_array_equal(late[:, -300:], A[:, 100:])


def test_runs_side_by_side_share_no_state():
    noise = OrnsteinUhlenbeck(mean=1.1, sigma=0.5, tau=5.0, correlation=0.5, rng=2)
    network = Network(populations={"A": Population(n=50, neuron=LIF())})
    counts = [
        [
            r["A"].counts
            for r in simulate_networks(
                [network] * 6, duration=500.0, rng=1, threads=threads, progress=False,
                currents={"A": noise + WhiteNoise(mu=0.0, sigma=0.1)},
            )
        ]
        for threads in (1, 4)
    ]  # fmt: skip
    np.testing.assert_array_equal(*counts)
    assert len({tuple(c) for c in counts[0]}) == 6


def test_noise_goes_on_from_a_checkpoint(tmp_path, monkeypatch):
    from spiking_reference.network import run as module

    noise = NOISES["sum"] + NOISES["frozen"]
    whole, _ = run(noise, rng=1)
    path, save = tmp_path / "run.npz", module.save

    def interrupted(place, arrays):
        save(place, arrays)
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "save", interrupted)
    options = {"checkpoint": path, "checkpoint_every": 70.0}
    with pytest.raises(KeyboardInterrupt):
        run(noise, rng=1, **options)
    assert path.exists()
    monkeypatch.setattr(module, "save", save)
    resumed, _ = run(noise, rng=1, **options)
    np.testing.assert_array_equal(resumed, whole)


def test_charge_is_exact_at_any_step():
    # A perfect integrator: V is the integral of the current.
    current = Step(amplitude=0.3, start=1.3, stop=9.7) + Sinusoid(
        amplitude=0.5, frequency=0.03
    )
    exact = 0.3 * 8.4 + 0.5 * (1.0 - np.cos(0.06 * np.pi * 20.0)) / (0.06 * np.pi)
    network = Network(
        populations={"A": Population(n=1, neuron=LIF(tau_m=np.inf, V_th=100.0))}
    )
    for dt in (0.1, 2.0):
        found = simulate_network(
            network, duration=20.0, dt=dt, bin=2.0, currents={"A": current},
            record={"A": Record(voltage=True)}, progress=False,
        )  # fmt: skip
        np.testing.assert_allclose(found["A"].traces["V"][0, -1], exact, rtol=1e-12)


def voltage(current, dt, n):
    """At the end of 32 ms, of a membrane of 10 ms."""
    network = Network(
        populations={"A": Population(n=n, neuron=LIF(tau_m=10.0, V_th=1e3))}
    )
    found = simulate_network(
        network, duration=32.0, dt=dt, bin=2.0, currents={"A": current},
        record={"A": Record(voltage=True)}, progress=False, rng=1,
    )  # fmt: skip
    return found["A"].traces["V"][:, -1]


def test_means_over_steps_are_second_order_and_ends_first():
    n, fine = 500, 1.0 / 32
    path = values(
        OrnsteinUhlenbeck(mean=0.0, sigma=1.0, tau=3.0), round(32 / fine), n, fine
    )
    exact = voltage(path, fine, n)
    steps, errors = (0.5, 1.0, 2.0), []
    for dt in steps:
        k = round(dt / fine)
        cut = path.reshape(-1, k, n)
        found = [voltage(c, dt, n) - exact for c in (cut.mean(axis=1), cut[:, -1])]
        errors.append([e.std() for e in found])
    order = np.log2(np.array(errors[1:]) / errors[:-1])
    # Standard deviations from 500 neurons are known to 3 %, orders to 0.07.
    assert np.all(abs(order[:, 0] - 2.0) < 0.25)
    assert np.all(abs(order[:, 1] - 1.0) < 0.3)
    assert errors[0][0] < 0.1 * errors[0][1]


def test_variance_of_a_membrane_in_coloured_noise():
    # sigma^2 tau tau_m^2/(tau + tau_m), for a membrane that has forgotten its start.
    n = 20_000
    noise = OrnsteinUhlenbeck(mean=0.5, sigma=0.8, tau=3.0)
    V = voltage(noise, 0.5, n) - 0.5 * 10.0 * -np.expm1(-3.2)
    kernel = lambda s: np.exp(-s / 10.0)  # noqa: E731
    exact = 0.8**2 * quad(
        lambda s: 2.0 * kernel(s) * quad(
            lambda u: kernel(u) * np.exp(-(s - u) / 3.0), 0.0, s
        )[0],
        0.0, 32.0,
    )[0]  # fmt: skip
    assert abs(V.var() - exact) < 4.0 * exact * np.sqrt(2.0 / n) + 0.005 * exact
    assert abs(V.mean()) < 4.0 * np.sqrt(exact / n)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Step(amplitude=1.0, start=2.0, stop=2.0), "`stop` must be above"),
        (lambda: Step(amplitude=np.inf), "`amplitude` must be finite"),
        (lambda: Ramp(amplitude=1.0, start=0.0, stop=np.inf), "`stop` must be finite"),
        (
            lambda: Sinusoid(amplitude=1.0, frequency=-1.0),
            "`frequency` must not be neg",
        ),
        (
            lambda: OrnsteinUhlenbeck(mean=0.0, sigma=-1.0, tau=1.0),
            "`sigma` must not be negative",
        ),
        (
            lambda: OrnsteinUhlenbeck(mean=0.0, sigma=1.0, tau=0.0),
            "`tau` must be positive",
        ),
        (
            lambda: OrnsteinUhlenbeck(mean=0.0, sigma=1.0, tau=[1.0, 2.0]),
            "`tau` must be one number",
        ),
        (
            lambda: OrnsteinUhlenbeck(mean=0.0, sigma=1.0, tau=1.0, correlation=1.5),
            "`correlation` must be between -1 and 1",
        ),
        (
            lambda: values(Step(amplitude=[1.0, 2.0]), 3, n=3),
            "`amplitude` must be a number or of shape",
        ),
        (
            lambda: values(
                OrnsteinUhlenbeck(mean=0.0, sigma=1.0, tau=1.0, correlation=MATRIX),
                3,
                2,
            ),
            "`correlation` must be a number or have shape",
        ),
        (
            lambda: values(
                OrnsteinUhlenbeck(mean=0.0, sigma=1.0, tau=1.0, correlation=-0.9), 3, 4
            ),
            "`correlation` must be at least",
        ),
        (
            lambda: values(WhiteNoise(mu=[1.0, 2.0], sigma=1.0), 3, 3),
            "`mu` and `sigma` must be numbers or",
        ),
    ],
)
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_cannot_be_added():
    with pytest.raises(TypeError):
        Step(amplitude=1.0) + 2.0
