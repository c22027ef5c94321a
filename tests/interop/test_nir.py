"""The exported graph, written and read back, against the membrane equation."""

import nir
import numpy as np
import pytest
import scipy.integrate

from meanfield import LIF
from meanfield.interop.nir import to_nir

W1 = np.array([[1.0, -2.0], [0.5, 0.25], [3.0, 0.0]])
W2 = np.array([[4.0, 0.0, -1.0]])
QUIET = LIF(
    tau_m=np.array([10.0, 20.0, 30.0]), t_ref=0.0, V_th=15.0, V_reset=5.0, E_L=1.0
)


def read_back(layers, folder):
    nir.write(folder / "net.nir", to_nir(layers))
    return nir.read(folder / "net.nir").nodes


def test_voltage_of_the_graph_is_that_of_the_neuron(tmp_path):
    """NIR's equation in volts and seconds, integrated, against ours in closed form."""
    mu = np.array([0.2, 0.0, -0.1])
    nodes = read_back([(W1, QUIET, mu, 0.0)], tmp_path)
    affine, lif = nodes["affine"], nodes["lif"]

    def flow(_, v):
        return (lif.v_leak - v + lif.r * affine.bias) / lif.tau

    start, seconds = lif.v_reset, 0.012
    free = scipy.integrate.solve_ivp(flow, (0, seconds), start, rtol=1e-10, atol=1e-14)
    kick = free.y[:, -1] + lif.r / lif.tau * affine.weight[:, 0]  # a pulse on input 0
    rest = 1.0 + QUIET.tau_m * mu
    ours = rest + (5.0 - rest) * np.exp(-12.0 / QUIET.tau_m) + W1[:, 0]
    assert np.allclose(1e3 * kick, ours, rtol=1e-8)
    assert np.allclose(1e3 * lif.v_threshold, 15.0)


def test_what_nir_lacks_is_kept_and_warned_of(tmp_path):
    layers = [(W1, LIF(t_ref=2.0), 0.0, 0.0), (W2, LIF(t_ref=0.0), 0.0, 0.5)]
    with (
        pytest.warns(UserWarning, match=r"no `t_ref`.*layers \[0\]"),
        pytest.warns(UserWarning, match=r"no `sigma`.*layers \[1\]"),
    ):
        nodes = read_back(layers, tmp_path)
    first, second = nodes["lif"], nodes["lif_1"]
    assert np.allclose(first.metadata["t_ref"], 2e-3)
    assert "sigma" not in first.metadata
    # 0.5 mV/sqrt(ms): a variance of 0.25 mV^2 in 1 ms
    assert np.allclose(second.metadata["sigma"] ** 2 * 1e-3, 0.25e-6)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([], "`layers` must not be empty"),
        ([(W2, LIF(tau_m=np.inf), 0.0, 0.0)], "`tau_m` must be finite"),
    ],
)
def test_errors(layers, message):
    with pytest.raises(ValueError, match=message):
        to_nir(layers)
