"""Fixed amplitudes against closed solutions and simulation."""

import math

import numpy as np
import pytest
from scipy.integrate import quad

from meanfield import LIF, ConvergenceError, firing_rate, shot_noise
from spiking_reference import Layer, PoissonInput, simulate_layers

from .jumps import intervals


def test_every_jump_fires():
    found = shot_noise.firing_rate(0.1, 25.0, neuron=LIF(t_ref=2.0), amplitudes="fixed")
    assert found == pytest.approx(1 / 12.0, rel=1e-12)


def test_two_jumps_are_needed():
    """From rest, the second has to come before the first has decayed too far."""
    J, p, neuron = 14.0, 1.6, LIF(t_ref=0.0)
    # From v in (6, 14] a jump fires and T = 1/p + C v^-p; below 6 it takes one more, so
    # v T' + p T = 1 + p T(v + J), regular at v = 0 and continuous at 6.
    chain = lambda c: lambda v: 1 / p + (1 / p + c * (v + J) ** -p)  # noqa: E731
    near = lambda c: quad(lambda v: p * v ** (p - 1) * chain(c)(v), 0, 6)[0] * 6**-p  # noqa: E731
    slope = near(1.0) - near(0.0)
    c = (near(0.0) - 1 / p) / (6**-p - slope)
    expected = 1 / (20.0 * chain(c)(0.0))
    found = shot_noise.firing_rate(p / 20, J, neuron=neuron, amplitudes="fixed")
    assert found == pytest.approx(expected, rel=1e-9)


def test_jump_that_just_reaches_threshold():
    neuron = LIF(t_ref=0.0)
    just = shot_noise.firing_rate(0.1, 20.0, neuron=neuron, amplitudes="fixed")
    assert just == pytest.approx(0.1, rel=1e-9)
    below = shot_noise.firing_rate(0.1, 20.0 - 1e-9, neuron=neuron, amplitudes="fixed")
    assert below < 0.06


@pytest.mark.parametrize(
    ("R_e", "J_e", "R_i", "J_i", "mu"),
    [
        (0.16, 5.0, 0.0, 0.0, 0.0),
        (0.5, 2.0, 0.3, 3.1, 0.3),
        (0.2, 2.0, 0.3, 4.0, 1.3),
        (0.0, 0.0, 0.1, 4.0, 1.3),
        (0.3, 30.0, 0.1, 20.0, 0.0),
    ],
)
def test_event_driven_simulation(R_e, J_e, R_i, J_i, mu):
    neuron = LIF()
    given = (R_e, J_e, R_i, J_i, neuron)
    found = intervals(
        (R_e, R_i), (J_e, J_i), neuron, exponential=False, mu=mu, n=4000, events=4
    )
    mean = 1 / shot_noise.firing_rate(*given, mu=mu, amplitudes="fixed")
    # 4.5 standard errors: a false alarm in 1e5 runs; the seed is fixed.
    assert abs(found.mean() - mean) < 4.5 * found.std() / math.sqrt(found.size)
    spread = shot_noise.cv(*given, mu=mu, amplitudes="fixed")
    assert found.std() / found.mean() == pytest.approx(spread, rel=0.03)


@pytest.mark.slow
def test_reference_simulation():
    neuron = LIF()
    rate = shot_noise.firing_rate(1.2, 1.0, 0.2, 2.0, neuron, amplitudes="fixed")
    layer = Layer(np.kron(np.eye(200), [[1.0, -2.0]]), neuron=neuron)
    run = simulate_layers(
        [layer], PoissonInput(np.tile([[1.2, 0.2]], (1, 200))),
        duration=2000.0, warmup=300.0, dt=0.05, rng=1, threads=1, progress=False,
    )  # fmt: skip
    found = run.layers[0].rate
    # Independent neurons: the error of their mean, and 4.5 of it.
    error = np.std(found.value) / math.sqrt(found.value.size)
    assert abs(found.value.mean() - rate) < 4.5 * error


def test_small_jumps_are_white_noise():
    errors = []
    for J in (0.4, 0.2):
        R = 0.5 / J**2
        found = shot_noise.firing_rate(R, J, R, J, mu=0.9, amplitudes="fixed")
        errors.append(found / firing_rate(0.9, 1.0) - 1)
    assert abs(errors[1]) < 0.1
    assert errors[0] / errors[1] == pytest.approx(2.0, rel=0.1)


def test_limits_and_failure():
    assert shot_noise.firing_rate(0.0, 1.0, 1.0, 1.0, amplitudes="fixed") == 0.0
    deterministic = shot_noise.firing_rate(0.0, 1.0, mu=1.5, amplitudes="fixed")
    assert deterministic == pytest.approx(firing_rate(1.5, 0.0), rel=1e-9)
    with pytest.raises(ConvergenceError, match="did not settle"):
        shot_noise.firing_rate(0.5, 0.5, 0.25, 0.5, amplitudes="fixed")


def test_broadcasts():
    found = shot_noise.firing_rate(
        [[1.6], [2.2]], 0.5, neuron=LIF(V_th=[19.0, 20.0]), amplitudes="fixed"
    )
    assert found.shape == (2, 2)
    one = shot_noise.firing_rate(2.2, 0.5, neuron=LIF(V_th=19.0), amplitudes="fixed")
    assert found[1, 0] == one


def test_diffusion_limit_has_the_moments_of_the_jumps():
    given = (2.0, 0.5, 1.0, 1.5)
    assert shot_noise.diffusion_limit(*given, mu=0.3, amplitudes="fixed") == (
        pytest.approx(0.3 + 1.0 - 1.5), pytest.approx(math.sqrt(0.5 + 2.25))
    )  # fmt: skip
    assert shot_noise.diffusion_limit(*given)[1] == pytest.approx(math.sqrt(5.5))
