"""Figures: what they show is what the functions compute."""

import matplotlib
import numpy as np
import pytest
from scipy import sparse

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


def test_maps_and_rates_of_other_neurons():
    from meanfield.neurons import EIF

    axes = plot.plot_maps(MU, SIGMA, EIF(), ["fano_factor"])
    shown = np.asarray(axes[0].collections[0].get_array()).reshape(5, 7)
    assert shown == pytest.approx(mf.cv(MU, SIGMA[:, None], EIF()) ** 2)
    ax = plot.plot_fi_curve(MU, 2.0, EIF(), label="EIF")
    assert ax.lines[0].get_ydata() == pytest.approx(
        1e3 * mf.firing_rate(MU, 2.0, EIF())
    )
    assert ax.get_legend().get_texts()[0].get_text() == "EIF"


def test_bode_plot():
    f = np.array([0.0, 0.01, 0.1, 1.0])
    turning = np.exp(-1j * np.radians([0.0, 90.0, 190.0, 350.0]))
    upper, lower = axes = plot.plot_bode(f, 0.02 * turning, label="delay")
    assert lower.lines[0].get_xdata() == pytest.approx([10.0, 100.0, 1000.0])
    assert upper.lines[0].get_ydata() == pytest.approx([20.0, 20.0, 20.0])
    assert lower.lines[0].get_ydata() == pytest.approx([-90.0, -190.0, -350.0])
    assert plot.plot_bode(f, 0.01 * turning, axes=axes) == axes
    assert len(upper.lines) == 2
    with pytest.raises(ValueError, match=r"1-D of one length; got \(4,\), \(3,\)"):
        plot.plot_bode(f, turning[1:])


def test_spectra_and_intervals_of_the_theory():
    from meanfield.renewal import first_passage

    f = np.geomspace(0.001, 1.0, 5)
    power = mf.power_spectrum(f, 1.0, 1.0)
    ax = plot.plot_spectrum((f, power), label="theory")
    assert ax.lines[0].get_ydata() == pytest.approx(1e3 * power)
    slow, fast = first_passage(0.8, 1.0), first_passage(1.5, 1.0)
    ax = plot.plot_interval_density(slow)
    t, density = ax.lines[0].get_data()
    assert density == pytest.approx(slow.density(t))
    assert slow.survivor(t[-1]) == pytest.approx(1e-3)
    assert plot.plot_interval_density((t, fast.density(t)), ax=ax) is ax
    assert ax.get_ylim()[0] == 0.0
    assert ax.get_ylim()[1] > fast.density(t).max()


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


@pytest.fixture(scope="module")
def network():
    from meanfield.neurons import Network, Population
    from spiking_reference import Record, simulate_network

    cells = Population(n=30, neuron=LIF(), current=1.2, sigma=1.0)
    return simulate_network(
        Network(populations={"E": cells, "I": cells}), duration=100.0, bin=2.0, rng=1,
        record={"E": Record(voltage=[3, 5])}, progress=False,
    )  # fmt: skip


def test_rates_are_in_hertz_over_milliseconds(network):
    ax = plot.plot_rates(network, bin=10.0)
    edges, rate = ax.lines[0].get_data()
    assert edges.tolist() == list(range(0, 101, 10))
    want = network["E"].activity.reshape(10, 5).sum(axis=1) / (30 * 10e-3)
    assert rate[:-1] == pytest.approx(want)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["E", "I"]
    assert plot.plot_rates(network["E"], ax=ax) is ax
    with pytest.raises(ValueError, match="`bin` must be at most the duration"):
        plot.plot_rates(network, bin=200.0)


def test_traces(network):
    ax = plot.plot_traces(network["E"], neuron=1)
    assert np.array_equal(ax.lines[0].get_ydata(), network["E"].traces["V"][1])
    assert ax.get_ylabel() == "V (mV)"
    with pytest.raises(ValueError, match=r"`names` must be of \('V',.*got 'g'"):
        plot.plot_traces(network["E"], ["g"])


def test_curves_and_their_errors():
    x, value, stderr = (
        np.array([0.01, 0.02]),
        np.array([3.0, 4.0]),
        np.array([1.0, 0.5]),
    )
    ax = plot.plot_spectrum((x, value, stderr))
    assert ax.lines[0].get_xydata() == pytest.approx(np.array([[10, 3000], [20, 4000]]))
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((2000.0, 4500.0))
    ax = plot.plot_curve((x, value, stderr), "voltage (mV)")
    assert ax.get_ylabel() == "voltage (mV)"
    assert ax.lines[0].get_ydata().tolist() == [3.0, 4.0]


def test_distributions_of_correlations_and_weights():
    matrix = np.array([[1.0, 0.1, np.nan], [0.1, 1.0, 0.3], [np.nan, 0.3, 1.0]])
    ax = plot.plot_correlations(matrix, windows=101, bins=[0.0, 0.2, 0.4])
    heights = ax.patches[0].get_path().vertices[:, 1]
    assert heights.max() == pytest.approx(1 / 0.4)  # a pair in each of the bins
    assert ax.lines[0].get_ydata().max() == pytest.approx(
        10 / np.sqrt(2 * np.pi), rel=1e-3
    )
    with pytest.raises(ValueError, match=r"\(n, n\); got \(3,\)"):
        plot.plot_correlations(matrix[0])
    stored = sparse.csc_array([[0.0, 2.0], [1.0, 1.0]])
    ax = plot.plot_weight_histogram(stored, bins=[0.5, 1.5, 2.5], unit="nS")
    assert ax.patches[0].get_path().vertices[:, 1].max() == 2.0
    assert ax.get_xlabel() == "weight (nS)"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((MU, SIGMA, LIF(), "rates"), "`quantity`"), ((MU, SIGMA[:, None]), "1-D")],
)
def test_bad_input(arguments, words):
    with pytest.raises(ValueError, match=words):
        plot.plot_map(*arguments)


@pytest.mark.parametrize(
    ("draw", "words"),
    [
        (lambda run: plot.plot_raster(run["I"].spikes), "Record.*got NoneType"),
        (lambda run: plot.plot_raster(run["E"]), "`spikes`.*got PopulationResult"),
        (lambda run: plot.plot_voltage(run["E"]), "plot_traces.*got PopulationResult"),
        (lambda run: plot.plot_traces(run), "one population.*got NetworkResult"),
        (lambda run: plot.plot_weights(run), "one projection.*got NetworkResult"),
    ],
)
def test_results_that_are_something_else(network, draw, words):
    with pytest.raises(TypeError, match=words):
        draw(network)


def test_phase_diagram_of_network_states():
    from meanfield.equilibrium import phase_diagram
    from meanfield.network import brunel

    diagram = phase_diagram(brunel, [3.0, 5.0], [1.5, 2.0])
    ax = plot.plot_phase_diagram(diagram)
    legend = ax.get_legend()
    assert legend is not None
    assert {text.get_text() for text in legend.get_texts()} == {
        "synchronous regular", "asynchronous irregular"
    }  # fmt: skip
    with pytest.raises(TypeError, match="PhaseDiagram"):
        plot.plot_phase_diagram(3)
    with pytest.raises(ValueError, match="two values"):
        plot.plot_phase_diagram(phase_diagram(brunel, [3.0], [1.5, 2.0]))
