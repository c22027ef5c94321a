"""Working points of adaptive neurons: against LIF, by hand, limits, several rates."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from mpmath import mpf
from scipy.optimize import brentq

from meanfield import ConvergenceError, adaptation, lif
from meanfield.adaptation._slow import Slow
from meanfield.neurons import EIF, GLIF, LIF, AdaptiveLIF
from spiking_reference import simulate_glif
from tests import oracle

MU = np.linspace(0.2, 4.0, 12)
RULES = dict(
    voltage_reset_fraction=0.4, voltage_reset_add=5.0, th_spike_add=3.0,
    th_spike_decay=0.01,
)  # fmt: skip
CURRENTS = dict(asc_amps=(-8.0, -20.0), asc_decay=(0.003, 0.02))
FACILITATING = GLIF(t_ref=3.0, asc_amps=(30.0,), asc_decay=(0.01,))


def leaky(neuron: GLIF) -> LIF:
    tau_m = neuron.C_m / neuron.g_L
    return LIF(
        tau_m=tau_m, t_ref=neuron.t_ref, E_L=neuron.E_L, V_th=neuron.V_th,
        V_reset=neuron.E_L if neuron.V_reset is None else neuron.V_reset,
    )  # fmt: skip


@pytest.mark.parametrize("neuron", [GLIF(), GLIF(V_reset=-60.0, t_ref=0.0)])
@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_level_1_is_the_leaky_neuron(neuron, sigma):
    expected = lif.firing_rate(MU, sigma, leaky(neuron))
    assert np.array_equal(adaptation.firing_rate(MU, sigma, neuron), expected)
    expected = lif.cv(MU, sigma, leaky(neuron))
    assert np.array_equal(adaptation.cv(MU, sigma, neuron), expected)


def test_without_jumps_adaptive_neurons_are_leaky():
    still = GLIF(**RULES | {"th_spike_add": 0.0}, asc_amps=(0.0,), asc_decay=(0.1,))
    base = replace(leaky(still), V_reset=still.E_L + 0.4 * 28.0 + 5.0)
    expected = lif.firing_rate(MU, 1.0, base)
    assert np.allclose(adaptation.firing_rate(MU, 1.0, still), expected, rtol=1e-15)
    expected = lif.firing_rate(MU, 1.0, LIF(t_ref=0.0))
    neuron = AdaptiveLIF(Delta_theta=0.0)
    assert np.array_equal(adaptation.firing_rate(MU, 1.0, neuron), expected)


@pytest.mark.parametrize("neuron", [
    AdaptiveLIF(t_ref=2.0, Delta_theta=5.0), GLIF(**RULES), GLIF(**CURRENTS),
    GLIF(**RULES, **CURRENTS, asc_r=(0.5, 1.0)),
])  # fmt: skip
def test_the_rate_is_that_of_the_working_point(neuron):
    point = adaptation.working_point(MU, 1.0, neuron)
    again = lif.firing_rate(point.mu, point.sigma, point.neuron)
    assert np.allclose(again, point.rate, rtol=1e-10, atol=0.0)
    assert np.all(np.diff(point.rate) > 0.0)


def transformed(decay, mu, sigma, base):
    """E e^(-decay T), by parabolic cylinder functions."""
    with mpmath.workdps(40):
        a, b, _, tau = oracle.arguments(mu, sigma, base)
        lam, root = mpf(decay) * tau, mpmath.sqrt(2)
        a_side, b_side = (
            mpmath.exp(x * x / 2) * mpmath.pcfd(-lam, -root * x) for x in (a, b)
        )
        return float(a_side / b_side)


@pytest.mark.parametrize(("mu", "sigma"), [(1.2, 2.0), (2.0, 0.5), (0.8, 1.0)])
def test_adaptive_threshold_by_hand(mu, sigma):
    neuron = AdaptiveLIF(tau_theta=150.0, Delta_theta=3.0, E_L=-1.0, t_ref=4.0)

    def surplus(shift):
        base = LIF(t_ref=4.0, E_L=-1.0, V_th=20.0 + shift)
        left = transformed(1.0 / 150.0, mu, sigma, base)
        # Of geometric series of jumps, each before its decay through t_ref.
        passed = np.exp(-4.0 / 150.0)
        return 3.0 * passed * left / (1.0 - passed * left) - shift

    shift = brentq(surplus, 0.0, 100.0, xtol=1e-13)
    base = LIF(t_ref=4.0, E_L=-1.0, V_th=20.0 + shift)
    expected = float(oracle.moments(mu, sigma, base)[0])
    found = adaptation.firing_rate(mu, sigma, neuron)
    assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("sigma", [0.5, 3.0])
def test_a_weak_current_to_first_order(sigma):
    # Seen from its response to the current, V meets a threshold and leaves a reset that
    # have moved by tau e^(-k t)/(1 - k tau).
    mu, tau, h = 1.6, 20.0, 1e-3
    neuron = GLIF(
        C_m=100.0, g_L=5.0, E_L=0.0, V_th=20.0, t_ref=0.0, asc_amps=(-1.0,),
        asc_decay=(0.08,), asc_r=(0.0,),
    )  # fmt: skip
    base = LIF(tau_m=tau, t_ref=0.0)
    left = transformed(0.08, mu, sigma, base)

    def slope(name):
        ends = (replace(base, **{name: getattr(base, name) + d}) for d in (h, -h))
        times = [1.0 / float(oracle.moments(mu, sigma, end)[0]) for end in ends]
        return (times[0] - times[1]) / (2.0 * h)

    change = -(slope("V_th") * left + slope("V_reset")) * tau / (1.0 - 0.08 * tau)
    weak = [adaptation.firing_rate(mu, sigma, replace(neuron, asc_amps=(z,)))
            for z in (-0.01, 0.0)]  # fmt: skip
    found = (1.0 / weak[0] - 1.0 / weak[1]) / (-0.01 / 100.0)
    assert found == pytest.approx(change, rel=1e-4)


@pytest.mark.parametrize("neuron", [
    GLIF(**RULES), GLIF(**CURRENTS), GLIF(**RULES, **CURRENTS, asc_r=(0.5, 1.0)),
    GLIF(**RULES | {"voltage_reset_fraction": -0.2}, asc_amps=(-60.0, -30.0),
         asc_decay=(0.1, 5.5 / 105.0)),
    GLIF(asc_amps=(10.0,), asc_decay=(0.1,)),
])  # fmt: skip
def test_without_noise_it_is_exact(neuron):
    mu = np.array([2.2, 3.0, 4.0])
    current = np.repeat(105.0 * mu[:, None], 4000, axis=1)
    spikes = simulate_glif(neuron, current, dt=1.0, threads=1, progress=False).spikes
    interval = [np.diff(spikes.of(i)[-2:])[0] for i in range(3)]
    found = adaptation.firing_rate(mu, 0.0, neuron)
    assert np.allclose(found, 1.0 / np.array(interval), rtol=1e-5)


@pytest.mark.parametrize("kept", [1.0, 0.4, 0.0])
@pytest.mark.parametrize(("rate", "t_ref"), [(0.02, 5.0), (0.1, 0.0), (0.199, 5.0)])
def test_mean_of_a_variable_that_equal_intervals_drive(kept, rate, t_ref):
    decay, jump, step = 0.05, 2.0, 1e-3
    value = 0.0
    for _ in range(2000):
        value = jump + kept * value * np.exp(-decay / rate)
    free = np.arange(0.0, 1.0 / rate - t_ref, step) + 0.5 * step
    slow = Slow(jump=jump, decay=decay, t_ref=t_ref, kept=kept)
    expected = np.mean(value * np.exp(-decay * free))
    assert slow.mean(np.array(rate)) == pytest.approx(expected, rel=1e-3)
    h = 1e-4 * rate
    slope = (slow.mean(np.array(rate + h)) - slow.mean(np.array(rate - h))) / (2 * h)
    assert slow.slope(np.array(rate)) == pytest.approx(slope, rel=1e-6)


def test_slow_variables_at_the_ends():
    slow = Slow(jump=2.0, decay=0.05, t_ref=5.0, kept=1.0)
    ends = np.array([0.0, 1e-300, 0.2])
    assert np.allclose(slow.mean(ends), [0.0, 4e-299, 2.0 / -np.expm1(-0.25)], atol=0.0)
    assert np.all(np.isfinite(slow.slope(ends)))
    assert slow.slope(ends)[0] == 2.0 / 0.05


def test_without_noise():
    neuron = AdaptiveLIF(Delta_theta=5.0)
    rate = adaptation.firing_rate([-1.0, 1.0, 1.001, 3.0], 0.0, neuron)
    assert np.array_equal(rate[:2], [0.0, 0.0])
    assert np.all(rate[2:] > 0.0)
    interval = 1.0 / rate[3]
    top = 20.0 + 5.0 / np.expm1(interval / 100.0)
    assert interval == pytest.approx(20.0 * np.log(60.0 / (60.0 - top)), rel=1e-11)


def test_silent_and_fast_neurons():
    neuron = AdaptiveLIF(Delta_theta=5.0, t_ref=2.0)
    rate = adaptation.firing_rate([-1e3, -5.0, 1e6], 1.0, neuron)
    assert rate[0] == 0.0
    assert 0.0 <= rate[1] < 1e-30
    assert rate[2] == pytest.approx(0.5, rel=0.01)
    assert adaptation.cv(-1e3, 1.0, neuron) == 1.0


def test_shapes_and_types():
    amps = (np.array([-8.0, -9.0]), -20.0)
    neuron = GLIF(asc_amps=amps, asc_decay=(0.003, 0.02))
    point = adaptation.working_point(np.ones((3, 1)), 1.0, neuron)
    assert point.rate.shape == point.mu.shape == point.sigma.shape == (3, 2)
    one = GLIF(asc_amps=(-9.0, -20.0), asc_decay=(0.003, 0.02))
    assert point.rate[0, 1] == pytest.approx(adaptation.firing_rate(1.0, 1.0, one))
    assert isinstance(adaptation.firing_rate(1.0, 1.0, one), float)
    single = adaptation.firing_rate(np.ones(2, np.float32), 1.0, one)
    assert (
        single.dtype
        == adaptation.cv(np.ones(1, np.float32), 1.0, one).dtype
        == np.float32
    )
    assert adaptation.firing_rate(np.ones(0), 1.0, one).shape == (0,)


def test_facilitation_gives_several_rates():
    low, high = (
        adaptation.working_point(1.2, 0.5, FACILITATING, solution=s)
        for s in ("lowest", "highest")
    )
    assert low.rate < 1e-3 < 0.05 < high.rate
    for point in (low, high):
        again = lif.firing_rate(point.mu, 0.5, point.neuron)
        assert again == pytest.approx(point.rate, rel=1e-10)
    with pytest.raises(ValueError, match='"lowest" or "highest" where several'):
        adaptation.firing_rate([1.5, 1.2], 0.5, FACILITATING)
    only = adaptation.firing_rate(1.5, 0.5, FACILITATING)
    assert only == adaptation.firing_rate(1.5, 0.5, FACILITATING, solution="lowest")


def test_facilitation_without_end():
    neuron = replace(FACILITATING, t_ref=0.0, asc_amps=(3000.0,))
    with pytest.raises(ConvergenceError, match="refractory period"):
        adaptation.firing_rate(2.0, 0.5, neuron)


def test_errors():
    follows = GLIF(**RULES, **CURRENTS, th_voltage_index=0.01, th_voltage_decay=0.02)
    with pytest.raises(ValueError, match="level 1 to 4"):
        adaptation.firing_rate(1.0, 1.0, follows)
    with pytest.raises(ValueError, match="`asc_r` must be from 0 to 1"):
        adaptation.firing_rate(1.0, 1.0, GLIF(**CURRENTS, asc_r=(1.0, 2.0)))
    with pytest.raises(ValueError, match="`voltage_reset_fraction` must take V below"):
        adaptation.firing_rate(
            3.0, 1.0, GLIF(**RULES | {"voltage_reset_fraction": 1.5})
        )
    with pytest.raises(TypeError, match="got EIF"):
        adaptation.firing_rate(1.0, 1.0, EIF())  # pyright: ignore
    neuron = AdaptiveLIF()
    with pytest.raises(ValueError, match="`sigma` must not be negative"):
        adaptation.cv(1.0, -1.0, neuron)
    with pytest.raises(ValueError, match="`mu` must be finite"):
        adaptation.firing_rate(np.nan, 1.0, neuron)
    with pytest.raises(ValueError, match="`solution` must be one of"):
        adaptation.firing_rate(1.0, 1.0, neuron, solution="first")  # pyright: ignore
    with pytest.raises(ValueError, match="do not broadcast: mu"):
        adaptation.firing_rate(np.ones(2), np.ones(3), neuron)
