"""The neuron's type decides which theory answers, and errors say which there are."""

import numpy as np
import pytest

import meanfield as mf
from meanfield import adaptation, coloured_noise, integrate_and_fire, lif
from meanfield.neurons import EIF, LIF, AdaptiveLIF, AdEx, ConductanceLIF, HodgkinHuxley


def test_leaky_neuron():
    for name in ("firing_rate", "cv", "fano_factor", "chi"):
        ours = getattr(mf, name)([0.5, 1.0], 1.0, LIF(), discretization=0.1)
        assert (
            ours == getattr(lif, name)([0.5, 1.0], 1.0, LIF(), discretization=0.1)
        ).all()
    assert mf.linear_response(0.0, 1.0, 1.0) == pytest.approx(
        mf.moment_activation_derivatives(1.0, 1.0).rate_dmu, rel=1e-6
    )


def test_conductance_neuron_without_synapses_is_leaky():
    neuron = ConductanceLIF()
    leaky = LIF(tau_m=20.0, t_ref=5.0, V_th=-50.0, V_reset=-70.0, E_L=-70.0)
    assert mf.firing_rate(1.1, 1.0, neuron) == mf.firing_rate(1.1, 1.0, leaky)
    assert mf.linear_response(0.1, 1.1, 1.0, neuron) == mf.linear_response(
        0.1, 1.1, 1.0, leaky
    )


def test_other_neurons():
    eif, adaptive = EIF(), AdaptiveLIF(Delta_theta=5.0)
    assert mf.moment_activation(1.0, 2.0, eif) == integrate_and_fire.moment_activation(
        1.0, 2.0, eif
    )
    assert mf.power_spectrum(0.1, 1.0, 2.0, eif) == integrate_and_fire.power_spectrum(
        0.1, 1.0, 2.0, eif
    )
    assert mf.firing_rate(1.5, 1.0, adaptive) == adaptation.firing_rate(
        1.5, 1.0, adaptive
    )
    assert mf.linear_response(0.01, 1.5, 1.0, adaptive) == adaptation.linear_response(
        0.01, 1.5, 1.0, adaptive
    )


def test_exponential_synapses():
    tau_syn = np.array([0.0, 5.0])
    for name in ("firing_rate", "cv", "fano_factor"):
        ours = getattr(mf, name)(1.0, 1.0, tau_syn=tau_syn)
        assert ours[0] == getattr(lif, name)(1.0, 1.0)
        assert ours[1] == getattr(coloured_noise, name)(1.0, 1.0, 5.0, LIF())


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: mf.firing_rate(1.0, 1.0, HodgkinHuxley()),
            TypeError,
            "theory of firing_rate; got HodgkinHuxley; there are theories for LIF, .*GLIF",
        ),
        (
            lambda: mf.power_spectrum(0.1, 1.0, 1.0, AdEx()),
            TypeError,
            "got AdEx; there are theories for LIF, EIF, QIF, IntegrateAndFire$",
        ),
        (
            lambda: mf.cv(1.0, 1.0, EIF(), tau_syn=1.0),
            ValueError,
            "`tau_syn` must be 0 for neurons other than the LIF; got EIF",
        ),
        (
            lambda: mf.cv(1.0, 1.0, EIF(), discretization=0.1),
            ValueError,
            "`discretization` must be 0 for neurons other",
        ),
        (
            lambda: mf.cv(1.0, 1.0, discretization=0.1, tau_syn=1.0),
            ValueError,
            "`discretization` must be 0 with `tau_syn`",
        ),
        (
            lambda: mf.firing_rate(1.0, 1.0, tau_syn=-1.0),
            ValueError,
            "`tau_syn` must not be negative",
        ),
    ],
)
def test_bad_input(call, error, text):
    with pytest.raises(error, match=text):
        call()
