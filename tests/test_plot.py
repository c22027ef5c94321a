"""Figures: what they show is what the functions compute."""

import matplotlib
import numpy as np
import pytest

import meanfield as mf
from meanfield import LIF, plot

MU, SIGMA = np.linspace(-1, 3, 7), np.linspace(0.1, 5, 5)


@pytest.mark.parametrize("quantity", plot.QUANTITIES)
def test_map_shows_the_values(quantity):
    neuron = LIF(t_ref=2.0)
    ax = plot.plot_map(MU, SIGMA, neuron, quantity, rho=0.3, point=(1.0, 2.0))
    shown = np.asarray(ax.collections[0].get_array()).reshape(5, 7)
    rate, std, chi = mf.moment_activation(MU, SIGMA[:, None], neuron)
    want = {
        "rate": 1e3 * rate,
        "std": std * np.sqrt(1e3),
        "fano_factor": mf.fano_factor(MU, SIGMA[:, None], neuron),
        "chi": chi,
        "correlation": 0.3 * chi**2,
    }[quantity]
    assert shown == pytest.approx(want)
    assert ax.lines[0].get_xydata().tolist() == [[1.0, 2.0]]
    assert ax.figure.axes[1].get_ylabel() == plot.QUANTITIES[quantity]


def test_maps_and_curves(tmp_path):
    axes = plot.plot_maps(MU, SIGMA)
    assert len(axes) == len(plot.QUANTITIES)
    axes[0].figure.savefig(tmp_path / "maps.png")
    ax = plot.plot_fi_curve(MU, [0.0, 1.0])
    assert ax.lines[1].get_ydata() == pytest.approx(1e3 * mf.firing_rate(MU, 1.0))
    same = plot.plot_fi_curve(MU, 2.0, ax=ax, color="k")
    assert same is ax
    assert len(ax.lines) == 3


def test_style_is_left_alone():
    before = dict(matplotlib.rcParams)
    plot.plot_maps(MU, SIGMA)
    assert dict(matplotlib.rcParams) == before


def test_recorded_activity():
    from spiking_reference import Record, WhiteNoise, simulate

    record = Record(spikes=True, voltage=[0, 2])
    run = simulate(
        LIF(), WhiteNoise(mu=[1.2, 0.0, 2.0], sigma=1.0), duration=100.0, dt=0.1,
        rng=1, record=record,
    )  # fmt: skip
    ax = plot.plot_raster(run.spikes)
    assert ax.lines[0].get_xdata().size == run.n_spikes.sum() > 0
    ax = plot.plot_voltage(run.voltage, V_th=20.0)
    assert len(ax.lines) == 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((MU, SIGMA, LIF(), "rates"), "`quantity`"), ((MU, SIGMA[:, None]), "1-D")],
)
def test_bad_input(arguments, words):
    with pytest.raises(ValueError, match=words):
        plot.plot_map(*arguments)
