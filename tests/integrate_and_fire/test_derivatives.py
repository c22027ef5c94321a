"""Adjoint derivatives against closed forms and differences."""

import dataclasses

import numpy as np
import pytest

import meanfield as mf
from meanfield.integrate_and_fire import derivatives, stationary
from meanfield.neurons import EIF, LIF, QIF, IntegrateAndFire

MU = np.array([0.3, 1.0, 2.0, 0.6])
SIGMA = np.array([1.5, 1.0, 0.5, 0.3])


def test_leaky_neuron_has_its_closed_forms():
    mu, sigma = np.meshgrid(np.linspace(0.2, 3.0, 12), [0.3, 1.0, 5.0])
    found, exact = (
        derivatives(mu, sigma, LIF()),
        mf.moment_activation_derivatives(mu, sigma),
    )
    for name, ours in (("rate", found.rate), ("std", found.std), ("chi", found.chi)):
        for k, by in enumerate(("mu", "sigma")):
            theirs = getattr(exact, f"{name}_d{by}")
            scale = np.maximum(abs(theirs), 1e-3 * abs(theirs).max())
            assert (abs(ours[..., k] - theirs) / scale).max() < 1e-6, (name, by)


def _at(neuron, name, step):
    mu = MU + step if name == "mu" else MU
    sigma = SIGMA + step if name == "sigma" else SIGMA
    if name not in ("mu", "sigma"):
        neuron = dataclasses.replace(neuron, **{name: getattr(neuron, name) + step})
    found = stationary(mu, sigma, neuron, tolerance=1e-12)
    return np.array([found.rate, found.std, found.chi, found.gain])


@pytest.mark.parametrize(
    "neuron", [LIF(), EIF(t_ref=1.0), QIF(t_ref=2.0), EIF(t_ref=1.0, V_th=-35.0)]
)
def test_differences(neuron):
    found = derivatives(MU, SIGMA, neuron)
    fields = [field.name for field in dataclasses.fields(neuron)]
    assert set(found.names) == {"mu", "sigma", *fields}
    values = np.stack([found.rate, found.std, found.chi, found.gain])
    assert values.shape == (4, 4, len(found.names))
    step = 1e-4
    for k, name in enumerate(found.names):
        near = _at(neuron, name, step) - _at(neuron, name, -step)
        far = _at(neuron, name, 2 * step) - _at(neuron, name, -2 * step)
        expected = (8 * near - far) / (12 * step)
        # Rounding leaves the differences 1e-12/step of the values.
        slack = 1e-6 * abs(expected).max(axis=1) + 1e-8 * abs(_at(neuron, name, 0)).max(
            1
        )
        assert (abs(values[..., k] - expected) <= slack[:, None]).all(), name


def test_limits():
    found = derivatives([0.0, 2.0, -200.0], [0.0, 0.0, 1.0], EIF())
    for value in found[1:]:
        assert np.isfinite(value).all()
        assert (value[[0, 2]] == 0).all()
    near = derivatives(2.0, 1e-4, EIF())
    assert found.rate[1] == pytest.approx(near.rate, rel=1e-4, abs=1e-6)
    assert found.std[1, 1] == pytest.approx(near.std[1], rel=1e-4)
    assert found.std[1, 0] == 0
    given = IntegrateAndFire(f=lambda V: -V / 20.0, V_th=20.0, V_reset=0.0, t_ref=5.0)
    same = derivatives(1.0, 1.0, given)
    assert same.names == ("mu", "sigma", "t_ref", "V_th", "V_reset")
    leaky = derivatives(1.0, 1.0, LIF())
    common = [leaky.names.index(name) for name in same.names]
    assert same.rate == pytest.approx(leaky.rate[common], rel=1e-9)
    assert derivatives([], 1.0, EIF()).rate.shape == (0, 9)
