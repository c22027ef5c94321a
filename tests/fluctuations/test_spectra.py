"""Spectra against another toolbox, closed forms of simple networks, and their limits."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from meanfield import LIF, ValidityWarning, linear_response, power_spectrum
from meanfield.equilibrium import effective_connectivity
from meanfield.fluctuations import (
    coherence,
    correlation_functions,
    count_statistics,
    cross_spectra,
    neuron_spectra,
    power_spectra,
)
from meanfield.network import brunel, mean_field, microcircuit, zerlaut
from meanfield.neurons import Network, Population

from .networks import loop, shared

DATA = Path(__file__).parents[1] / "data"
NNMT = json.loads((DATA / "nnmt_microcircuit.json").read_text())
PEER_SPECTRA = json.loads((DATA / "nnmt_fluctuations.json").read_text())
RATES = np.array([0.0232, 0.0316])
PEER = {"source": "poisson", "refractory": False, "noise_response": False}


def net():
    return mean_field(loop())


def test_power_spectra_of_another_toolbox():
    circuit = mean_field(
        microcircuit(weight_spread=0.0, delay_spread=0.0), synapses="fourcaud_brunel"
    )
    rate = 1e-3 * np.array(NNMT["firing_rates"])
    f = np.array(PEER_SPECTRA["omegas"]) / (2 * np.pi) * 1e-3
    # its in-degrees have nine digits; a mode at 0.02 from 1 magnifies what they lack
    with pytest.warns(
        ValidityWarning, match=r"unstable, by an oscillation at 3\d\d Hz"
    ):
        power = 1e3 * power_spectra(f, circuit, rate, **PEER)
    assert power == pytest.approx(np.array(PEER_SPECTRA["power"]), rel=4e-6)


def test_independent_neurons_are_themselves():
    neurons = Network(
        populations={
            "A": Population(n=50, neuron=LIF(), current=1.0, sigma=1.0),
            "B": Population(n=7, neuron=LIF(tau_m=5.0), current=3.0, sigma=0.5),
        }
    )
    alone = mean_field(neurons)
    rate = alone.firing_rates([0.0, 0.0])
    f = np.array([0.0, 0.02, 0.3])
    single = np.stack(
        [power_spectrum(f, 1.0, 1.0), power_spectrum(f, 3.0, 0.5, LIF(tau_m=5.0))], 1
    )
    assert neuron_spectra(f, alone, rate) == pytest.approx(single, rel=1e-12)
    C = cross_spectra(f, alone, rate)
    assert C[:, 0, 0] == pytest.approx(single[:, 0] / 50, rel=1e-12)
    assert not C[:, 0, 1].any()
    counts = count_statistics([3.0, 50.0, np.inf], alone, rate)
    assert np.abs(counts.covariance).max() < 1e-12 * rate.max()
    assert counts.variance[2] == pytest.approx(rate * alone.cv(rate) ** 2, rel=1e-6)


def test_spectra_are_those_of_the_formula_for_two_populations():
    f = np.array([0.005, 0.08, 0.4])
    L, S = effective_connectivity(f, net(), RATES), neuron_spectra(f, net(), RATES)
    determinant = (1 - L[:, 0, 0]) * (1 - L[:, 1, 1]) - L[:, 0, 1] * L[:, 1, 0]
    own = S / net().sizes
    e = np.abs(1 - L[:, 1, 1]) ** 2 * own[:, 0] + np.abs(L[:, 0, 1]) ** 2 * own[:, 1]
    power = power_spectra(f, net(), RATES)
    assert power[:, 0] == pytest.approx(e / np.abs(determinant) ** 2, rel=1e-10)
    # <conj(A_E) A_I>, from A_E = ((1 - L_II) x + L_EI y)/det, A_I = (L_IE x + (1 - L_EE) y)/det
    cross = (
        np.conj(1 - L[:, 1, 1]) * L[:, 1, 0] * own[:, 0]
        + np.conj(L[:, 0, 1]) * (1 - L[:, 0, 0]) * own[:, 1]
    ) / np.abs(determinant) ** 2
    C = cross_spectra(f, net(), RATES)
    assert C[:, 0, 1] == pytest.approx(cross, rel=1e-10)
    assert C[:, 1, 0] == pytest.approx(np.conj(cross), rel=1e-10)


def test_shared_sources_correlate_what_they_reach():
    mf = mean_field(shared())
    rate = mf.firing_rates([0.0, 0.0])
    (mu_a, mu_b), sigma, _ = mf.drive(rate)
    f = np.array([0.0, 0.03, 0.2])
    C = cross_spectra(f, mf, rate, noise_response=False)
    reach = [
        25 * w * np.exp(-2j * np.pi * f * d)
        * linear_response(f, mu, s, LIF(tau_m=tau))
        for w, d, mu, s, tau in ((0.2, 1.0, mu_a, sigma[0], 10.0), (0.3, 4.0, mu_b, sigma[1], 30.0))
    ]  # fmt: skip
    expected = np.conj(reach[0]) * reach[1] * 0.05 / 50
    assert C[:, 0, 1] == pytest.approx(expected, rel=1e-9)
    assert count_statistics(np.inf, mf, rate).correlation[0, 1] > 0.003


def test_symmetries():
    f = np.array([0.01, 0.15])
    C = cross_spectra(f, net(), RATES)
    assert pytest.approx(np.conj(np.swapaxes(C, 1, 2)), rel=1e-12) == C
    assert cross_spectra(-f, net(), RATES) == pytest.approx(np.conj(C), rel=1e-9)
    assert np.linalg.eigvalsh(C).min() > 0.0
    assert cross_spectra(0.01, net(), RATES).shape == (2, 2)
    assert cross_spectra(f[:, None], net(), RATES).shape == (2, 1, 2, 2)
    found = coherence(f, net(), RATES)
    assert found.min() >= 0.0
    assert found.max() <= 1.0 + 1e-12
    assert found[:, 0, 0] == pytest.approx(1.0)


def test_size_scales_spectra_and_pairs():
    large = mean_field(brunel(5.0, 2.0))
    power = power_spectra(0.1, large, [0.038, 0.038])
    twice = dataclasses.replace(large, sizes=2 * large.sizes)
    assert 2 * power_spectra(0.1, twice, [0.038, 0.038]) == pytest.approx(power)


def test_correlations_in_time_are_the_spectra():
    lag, covariance, _ = correlation_functions(20.0, net(), RATES, bin=0.5)
    assert lag == pytest.approx(0.5 * np.arange(-40, 41))
    assert covariance[::-1] == pytest.approx(np.swapaxes(covariance, 1, 2))
    f = np.array([0.02, 0.06])
    C = cross_spectra(f, net(), RATES)
    long = correlation_functions(150.0, net(), RATES)
    turn = np.exp(-2j * np.pi * f[:, None] * long.lag)
    back = np.einsum("fk,kab->fab", turn, long.covariance)
    sinc2 = (np.sinc(f) ** 2)[:, None, None]
    error = np.abs(back / sinc2 + np.diag(long.peak) - C)
    assert error.max() < 3e-3 * np.abs(C).max()


@pytest.mark.parametrize("window", [1.0, 7.0, 60.0])
def test_counts_agree_with_correlations_in_time(window):
    _, covariance, peak = correlation_functions(window, net(), RATES, bin=window)
    activity = count_statistics(window, net(), RATES).activity
    middle = covariance.shape[0] // 2
    total = covariance[middle] + np.diag(peak) / window
    assert activity == pytest.approx(total, abs=2e-3 * np.abs(total).max())


def test_counts_in_short_and_long_windows():
    counts = count_statistics([1e-3, 1e5, np.inf], net(), RATES)
    assert counts.variance[0] == pytest.approx(RATES, rel=1e-3)
    assert np.abs(counts.correlation[0]).max() < 1e-4
    assert counts.variance[1] == pytest.approx(counts.variance[2], rel=1e-3)
    assert counts.covariance[1] == pytest.approx(counts.covariance[2], rel=1e-2)
    N = net().sizes[0]
    variance, pairs = counts.variance[2, 0], counts.covariance[2, 0, 0]
    power = power_spectra(0.0, net(), RATES)[0]
    assert power == pytest.approx(variance / N + (1 - 1 / N) * pairs, rel=1e-9)


def test_silent_populations_have_no_correlations():
    quiet = mean_field(loop(current=(-3.0, 1.5)))
    rate = [0.0, float(quiet.firing_rates([0.0, 0.03])[1])]
    found = count_statistics([10.0, np.inf], quiet, rate)
    for part in found:
        assert np.isfinite(part).all()
    assert np.isfinite(coherence([0.0, 0.1], quiet, rate)).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"frequency": np.inf}, "`frequency` must be finite"),
        ({"point": [0.01]}, r"`point` must be .* rates \(2,\)"),
        ({"point": [0.01, -0.01]}, "`point` must be rates >= 0"),
        ({"source": "white"}, "`source` must be one of"),
    ],
)
def test_what_is_wrong_is_named(given, message):
    arguments = {"frequency": 0.1, "point": RATES} | given
    with pytest.raises(ValueError, match=message):
        cross_spectra(net=net(), **arguments)


def test_windows_and_lags_must_be_positive():
    with pytest.raises(ValueError, match="`window` must be positive"):
        count_statistics([1.0, 0.0], net(), RATES)
    with pytest.raises(ValueError, match="`max_lag` must be positive"):
        correlation_functions(np.inf, net(), RATES)
    several: Any = [1.0, 2.0]
    with pytest.raises(ValueError, match="`bin` must be one number"):
        correlation_functions(1.0, net(), RATES, bin=several)
    with pytest.raises((TypeError, ValueError), match="conductances"):
        cross_spectra(0.1, mean_field(zerlaut()), [0.001, 0.001])


def test_an_unstable_point_has_no_spectrum():
    point: Any = SimpleNamespace(rate=RATES, stability="unstable")
    with pytest.raises(ValueError, match="`point` must be stable"):
        cross_spectra(0.1, net(), point)
