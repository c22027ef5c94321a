"""Phase planes and their pictures: what is drawn is what the model says."""

import numpy as np
import pytest

from meanfield import LIF, plot
from meanfield.rate import (
    LIFRate,
    PowerLaw,
    RateModel,
    Sigmoid,
    ThresholdLinear,
    bifurcation_diagram,
    fixed_points,
    nullclines,
)
from meanfield.units import Hz

W = [[12.0, -4.0], [13.0, -2.0]]
WILSON_COWAN = RateModel(W=W, X=[-5.0, -9.0], f=Sigmoid(), tau=[10.0, 5.0])
LIF_PAIR = RateModel(
    W=[[100.0, -60.0], [120.0, -30.0]],
    X=[0.6, 0.2],
    f=LIFRate(neuron=LIF(t_ref=2.0), sigma=1.5),
)


@pytest.mark.parametrize(
    "model",
    [
        WILSON_COWAN,
        LIF_PAIR,
        RateModel(
            W=[[2.0, -3.0], [9.0, -5.0]], X=[3.0, 2.0], f=ThresholdLinear(gain=3.0)
        ),
        RateModel(
            W=[[1.25, -0.65], [1.2, -0.5]], X=[20.0, 20.0], f=PowerLaw(gain=0.04)
        ),
        RateModel(W=[[0.5, 0.0], [1.0, -1.0]], X=[1.0, 0.0]),
        RateModel(W=[[8.0, 0.0], [0.0, 8.0]], X=-4.0, f=Sigmoid()),
    ],
    ids=["sigmoid", "LIF", "threshold-linear", "power law", "one-way", "uncoupled"],
)
def test_nullclines(model):
    lines = nullclines(model)
    for k, line in enumerate(lines):
        good = line[np.isfinite(line).all(axis=1)]
        size = np.abs(good).max()
        assert np.abs(model.flow(good)[:, k]).max() <= 1e-11 * size
        steps = np.abs(np.diff(line, axis=0))
        if model.W[k, 1 - k]:  # no holes
            for axis in (0, 1):
                assert np.nanmax(steps[:, axis]) < 0.02 * np.nanmax(line[:, axis])
    for point in fixed_points(model):  # both pass through every fixed point
        for line in lines:
            along = np.nanmin(
                np.abs(line - point.rate) / np.nanmax(line, axis=0), axis=0
            )
            assert along.max() < 0.01


def test_phase_plane_shows_the_fixed_points(tmp_path):
    ax = plot.plot_phase_plane(
        WILSON_COWAN, starts=[[0.1, 0.5], [0.5, 0.1]], names=("e", "i")
    )
    found = fixed_points(WILSON_COWAN)
    dots = [line for line in ax.lines if line.get_marker() in ("o", "s")]
    shown = np.array([dot.get_xydata()[0] for dot in dots])
    assert shown == pytest.approx(np.array([point.rate for point in found]))
    assert [dot.get_marker() for dot in dots] == ["o", "s", "o"]
    assert [dot.get_markerfacecolor() for dot in dots] == ["black", "white", "black"]
    ends = [
        line.get_xydata()[-1] for line in ax.lines if len(line.get_xydata()) == 8001
    ]
    assert ends[0] == pytest.approx(found[0].rate, abs=1e-5)
    assert ends[1] == pytest.approx(found[2].rate, abs=1e-5)
    assert ax.get_ylabel() == "rate of i"
    ax.figure.savefig(tmp_path / "plane.png")


def test_rates_of_neurons_are_in_hertz():
    ax = plot.plot_phase_plane(LIF_PAIR, flow=False)
    (point,) = fixed_points(LIF_PAIR)
    assert ax.lines[-1].get_xydata()[0] == pytest.approx(point.rate / Hz)
    assert ax.get_xlabel() == "rate of E (Hz)"


def test_runaway_is_drawn_as_far_as_it_goes():
    model = RateModel(W=[[2.0, 0.0], [0.0, 2.0]], X=1.0)
    ax = plot.plot_phase_plane(model, starts=[[1.0, 1.0]])
    assert np.isfinite(ax.get_xlim()).all()


def test_bifurcation_plot(tmp_path):
    found = bifurcation_diagram(
        lambda p: RateModel(W=W, X=[p - 6.0, -9.0], f=Sigmoid()), (-3.0, 6.0)
    )
    ax = plot.plot_bifurcation(found, population=1, name="p", unit=Hz, color="blue")
    lines = [line for line in ax.lines if line.get_color() == "blue"]
    assert [line.get_linestyle() for line in lines] == ["-", "--", "-"]
    assert lines[0].get_ydata() == pytest.approx(
        next(found.branches[0].pieces())[1][:, 1] / Hz
    )
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["fold", "Hopf"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("p", "rate (Hz)")
    ax.figure.savefig(tmp_path / "bifurcations.png")


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="`model` must have two populations"):
        plot.plot_phase_plane(RateModel(W=[[1.0]]))
    with pytest.raises(TypeError, match="`model` must be a RateModel"):
        plot.plot_phase_plane(3.0)
    with pytest.raises(ValueError, match="`limits` must ascend"):
        nullclines(WILSON_COWAN, [[0.0, 1.0], [1.0, 0.0]])
    with pytest.raises(ValueError, match="`limits` must be"):
        plot.plot_phase_plane(WILSON_COWAN, limits=[0.0, 1.0])
    with pytest.raises(ValueError, match="`duration` must be positive"):
        plot.plot_phase_plane(WILSON_COWAN, starts=[0.0, 0.0], duration=-1.0)
    with pytest.raises(TypeError, match="`diagram` must be a bifurcation diagram"):
        plot.plot_bifurcation(WILSON_COWAN)
