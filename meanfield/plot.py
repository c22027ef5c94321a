"""Figures of transfer functions and of simulated activity, with rates in Hz.

Every function draws into ``ax`` (made where absent) and returns it; nothing is shown or
configured globally.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import require
from .neurons import LIF, Parameters
from .transfer import fano_factor, moment_activation
from .units import Hz

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError as error:  # pragma: no cover - needs an environment without it
    raise ImportError(
        "plots need matplotlib: pip install 'meanfield-theory[plot]'"
    ) from error

from ._activity_plots import (
    axes as _axes,
)
from ._activity_plots import (
    needs as _needs,
)
from ._activity_plots import (
    plot_correlations,
    plot_curve,
    plot_rates,
    plot_spectrum,
    plot_traces,
    plot_weight_histogram,
    plot_weights,
)
from ._fluctuation_plots import plot_modes, plot_sensitivity
from ._network_plots import plot_stimulus_manifold, plot_stimulus_plane
from ._network_state_plots import plot_phase_diagram
from ._rate_plots import plot_bifurcation, plot_phase_plane
from ._transfer_plots import plot_bode, plot_fi_curve, plot_interval_density

__all__ = [
    "QUANTITIES",
    "plot_bifurcation",
    "plot_bode",
    "plot_correlations",
    "plot_curve",
    "plot_fi_curve",
    "plot_interval_density",
    "plot_map",
    "plot_maps",
    "plot_modes",
    "plot_phase_diagram",
    "plot_phase_plane",
    "plot_raster",
    "plot_rates",
    "plot_sensitivity",
    "plot_spectrum",
    "plot_stimulus_manifold",
    "plot_stimulus_plane",
    "plot_traces",
    "plot_voltage",
    "plot_weight_histogram",
    "plot_weights",
]

#: What `plot_map` shows, with the label of its color bar.
QUANTITIES = {
    "rate": "rate (Hz)",
    "std": r"std ($\sqrt{\mathrm{Hz}}$)",
    "fano_factor": "Fano factor",
    "chi": r"response coefficient $\chi$",
    "correlation": r"output correlation $\chi^2\rho$",
}


def plot_map(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Parameters | None = None,
    quantity: str = "rate",
    *,
    rho: float = 0.5,
    point: tuple[float, float] | None = None,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    r"""Draw one output quantity over the plane of mean and noise of the input.

    Parameters
    ----------
    mu, sigma : array_like, 1-D
        The axes of the map [mV/ms], [mV/sqrt(ms)].
    neuron : any that `meanfield.moment_activation` takes, optional
        Neuron parameters; `LIF()` by default.
    quantity : {"rate", "std", "fano_factor", "chi", "correlation"}
        What to show.
    rho : float
        Input correlation of the pair, for ``"correlation"``.
    point : (mu, sigma), optional
        Operating point to mark.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.pcolormesh``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        For an unknown `quantity`, or axes that are not one-dimensional.

    Examples
    --------
    >>> ax = plot_map(np.linspace(-1, 3, 9), np.linspace(0.1, 5, 8), quantity="chi")
    >>> ax.get_xlabel()
    'mean drive $\\mu$ (mV/ms)'
    """
    _check((quantity,), mu, sigma)
    outputs = _outputs(mu, sigma, neuron or LIF(), rho)
    return _draw(mu, sigma, outputs[quantity], quantity, point, _axes(ax), kwargs)


def plot_maps(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Parameters | None = None,
    quantities: Sequence[str] = tuple(QUANTITIES),
    *,
    rho: float = 0.5,
    point: tuple[float, float] | None = None,
    fig: Figure | None = None,
    **kwargs: Any,
) -> list[Axes]:
    """Draw several maps side by side; see `plot_map`.

    Parameters
    ----------
    mu, sigma, neuron, rho, point, **kwargs
        As for `plot_map`.
    quantities : sequence of str
        One panel each.
    fig : matplotlib.figure.Figure, optional
        Where to draw.

    Returns
    -------
    list of matplotlib.axes.Axes
        One per quantity.

    Raises
    ------
    ValueError
        As for `plot_map`.

    Examples
    --------
    >>> axes = plot_maps([0.0, 1.0, 2.0], [0.5, 1.0], quantities=["rate", "chi"])
    >>> len(axes)
    2
    """
    _check(quantities, mu, sigma)
    outputs = _outputs(mu, sigma, neuron or LIF(), rho)
    n = len(quantities)
    columns = min(n, 3)
    rows = -(-n // columns)
    if fig is None:
        fig = Figure(figsize=(4.2 * columns, 3.2 * rows), layout="constrained")
    axes = []
    for i, quantity in enumerate(quantities):
        ax = fig.add_subplot(rows, columns, i + 1)
        values = outputs[quantity]
        axes.append(_draw(mu, sigma, values, quantity, point, ax, kwargs))
    return axes


def _check(quantities: Sequence[str], mu: npt.ArrayLike, sigma: npt.ArrayLike) -> None:
    for quantity in quantities:
        if quantity not in QUANTITIES:
            raise ValueError(
                f"`quantity` must be one of {list(QUANTITIES)}; got {quantity!r}"
            )
    if np.ndim(mu) != 1 or np.ndim(sigma) != 1:
        raise ValueError(
            f"`mu` and `sigma` must be 1-D; got {np.shape(mu)}, {np.shape(sigma)}"
        )


def _outputs(
    mu: npt.ArrayLike, sigma: npt.ArrayLike, neuron: Parameters, rho: float
) -> dict[str, Any]:
    """All quantities over the plane: maps side by side share the work."""
    require(-1 <= rho <= 1, "rho", "must be a correlation, from -1 to 1", rho)
    mu, sigma = np.asarray(mu, float), np.asarray(sigma, float)[:, None]
    rate, std, chi = moment_activation(mu, sigma, neuron)
    return {
        "rate": rate / Hz,
        "std": std / np.sqrt(Hz),
        "fano_factor": fano_factor(mu, sigma, neuron),
        "chi": chi,
        "correlation": chi**2 * rho,
    }


def _draw(mu, sigma, values, quantity, point, ax, kwargs) -> Axes:
    if quantity == "correlation":
        kwargs = {"cmap": "coolwarm", "vmin": -1.0, "vmax": 1.0, **kwargs}
    image = ax.pcolormesh(mu, sigma, values, shading="nearest", **kwargs)
    ax.figure.colorbar(image, ax=ax, label=QUANTITIES[quantity])
    if point is not None:
        ax.plot(*point, "o", color="red", markeredgecolor="white")
    ax.set_xlabel(r"mean drive $\mu$ (mV/ms)")
    ax.set_ylabel(r"noise $\sigma$ (mV/$\sqrt{\mathrm{ms}}$)")
    return ax


def plot_raster(spikes: Any, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Draw recorded spikes, one row a neuron.

    Parameters
    ----------
    spikes : spiking_reference.SpikeTrains
        ``times`` [ms] and ``neurons``, one entry a spike.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot``, e.g. ``marker=","`` for thousands of neurons.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If no spikes were recorded, or a result is given instead of its spikes.

    Examples
    --------
    >>> from spiking_reference import Record, WhiteNoise, simulate
    >>> run = simulate(LIF(), WhiteNoise(mu=[1.2] * 5, sigma=1.0), duration=200.0,
    ...                dt=0.1, rng=1, record=Record(spikes=True))
    >>> plot_raster(run.spikes).get_ylabel()
    'neuron'
    """
    words = 'recorded spikes, as result["E"].spikes with Record(spikes=True)'
    _needs("spikes", spikes, ("times", "neurons"), words)
    ax = _axes(ax)
    style = {"marker": "|", "linestyle": "none", "color": "black", **kwargs}
    ax.plot(spikes.times, spikes.neurons, **style)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel("neuron")
    return ax


def plot_voltage(
    recording: Any, *, V_th: float | None = None, ax: Axes | None = None, **kwargs: Any
) -> Axes:
    """Draw recorded membrane potentials.

    Parameters
    ----------
    recording : spiking_reference.Recording
        ``t`` [ms], shape (steps,), and ``V`` [mV], shape (neurons, steps).
    V_th : float, optional
        Threshold to draw as a dashed line [mV].
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot``.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from spiking_reference import Record, WhiteNoise, simulate
    >>> run = simulate(LIF(), WhiteNoise(mu=1.2, sigma=1.0), duration=100.0, dt=0.1,
    ...                rng=1, record=Record(voltage=True))
    >>> len(plot_voltage(run.voltage, V_th=20.0).lines)
    2
    """
    words = "the voltage that simulate recorded (plot_traces draws those of networks)"
    _needs("recording", recording, ("t", "V"), words)
    ax = _axes(ax)
    ax.plot(recording.t, np.transpose(recording.V), **{"linewidth": 0.8, **kwargs})
    if V_th is not None:
        ax.axhline(V_th, color="red", linestyle="--", linewidth=0.8)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel("$V$ (mV)")
    return ax
