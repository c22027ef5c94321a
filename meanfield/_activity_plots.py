"""Figures of what networks do: rates, traces, weights, spectra, correlations."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .units import Hz

__all__ = [
    "plot_correlations",
    "plot_curve",
    "plot_rates",
    "plot_spectrum",
    "plot_traces",
    "plot_weight_histogram",
    "plot_weights",
]


def needs(name: str, given: Any, parts: Iterable[str], remedy: str) -> None:
    """Raise ``TypeError`` unless `given` has all `parts`."""
    if not all(hasattr(given, part) for part in parts):
        raise TypeError(f"`{name}` must be {remedy}; got {type(given).__name__}")


def plot_rates(
    result: Any, *, bin: float | None = None, ax: Axes | None = None, **kwargs: Any
) -> Axes:
    """Draw the rates of populations over time.

    Parameters
    ----------
    result : NetworkResult, PopulationResult, or mapping of str to PopulationResult
        A line for each population.
    bin : float, optional
        Width [ms] of the bins that are averaged over, rounded to whole bins of the result.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If `bin` is longer than the simulation.

    Examples
    --------
    >>> from meanfield.neurons import LIF, Network, Population
    >>> from spiking_reference import simulate_network
    >>> cells = Population(n=100, neuron=LIF(), current=1.0, sigma=2.0)
    >>> run = simulate_network(Network(populations={"A": cells}), duration=50.0, rng=1)
    >>> plot_rates(run, bin=5.0).get_ylabel()
    'rate (Hz)'
    """
    ax = axes(ax)
    named = result if isinstance(result, Mapping) else {None: result}
    for name, population in named.items():
        merge = 1 if bin is None else max(1, round(bin / population.bin))
        bins = population.activity.size // merge
        if bins == 0:
            raise ValueError(
                f"`bin` must be at most the duration, {population.duration} ms; got {bin}"
            )
        spikes = population.activity[: bins * merge].reshape(bins, merge).sum(axis=1)
        width = merge * population.bin
        rate = spikes / (population.counts.size * width) / Hz
        style = {
            "linewidth": 0.9,
            **({} if name is None else {"label": name}),
            **kwargs,
        }
        edges = np.arange(bins + 1) * width
        ax.plot(
            edges, np.append(rate, rate[-1]), **{"drawstyle": "steps-post", **style}
        )
    legend(ax)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel("rate (Hz)")
    from_zero(ax)
    return ax


def plot_traces(
    population: Any,
    names: str | Iterable[str] = "V",
    *,
    neuron: int = 0,
    unit: str | None = None,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw recorded voltages, currents or conductances of a neuron.

    Parameters
    ----------
    population : PopulationResult
        With ``t`` [ms] and ``traces``.
    names : str or iterable of str
        Variables, a line each.
    neuron : int
        Row in the traces: 0 is the first of the recorded neurons.
    unit : str, optional
        Unit for the label, e.g. ``"nS"``; known for V.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    TypeError
        If it is not the result of one population.
    ValueError
        If a variable or a neuron was not recorded.

    Examples
    --------
    >>> from meanfield.neurons import LIF, Network, Population
    >>> from spiking_reference import Record, simulate_network
    >>> cells = Population(n=2, neuron=LIF(), current=1.2, sigma=1.0)
    >>> run = simulate_network(Network(populations={"A": cells}), duration=50.0, rng=1,
    ...                        record={"A": Record(voltage=True)})
    >>> plot_traces(run["A"], neuron=1).get_ylabel()
    'V (mV)'
    """
    words = 'the result of one population, as result["E"]'
    needs("population", population, ("t", "traces"), words)
    names = [names] if isinstance(names, str) else list(names)
    ax = axes(ax)
    for name in names:
        if name not in population.traces:
            raise ValueError(
                f"`names` must be of {tuple(population.traces)}, which were recorded; got "
                f"{name!r}; simulate with record={{...: Record(voltage=...)}}"
            )
        rows = population.traces[name]
        if not 0 <= neuron < len(rows):
            raise ValueError(
                f"`neuron` must be a row of the {len(rows)} recorded neurons; got {neuron}"
            )
        style = {"linewidth": 0.9, "label": name, **kwargs}
        ax.plot(population.t, rows[neuron], **style)
    if len(names) > 1:
        legend(ax)
    unit = "mV" if unit is None and names == ["V"] else unit
    label = names[0] if len(names) == 1 else "traces"
    ax.set_xlabel("time (ms)")
    ax.set_ylabel(label if unit is None else f"{label} ({unit})")
    return ax


def plot_weight_histogram(
    weights: Any,
    *,
    bins: Any = 50,
    unit: str | None = None,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the distribution of weights.

    Parameters
    ----------
    weights : WeightResult, sparse matrix or array_like
        Of a result the weights at the end; of a matrix those of its connections.
    bins : int or array_like
        As for `numpy.histogram`.
    unit : str, optional
        Unit for the label, e.g. ``"mV"``.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.hist``.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> plot_weight_histogram([0.1, 0.2, 0.2], unit="mV").get_xlabel()
    'weight (mV)'
    """
    matrix = getattr(weights, "matrix", weights)
    values = matrix.data if hasattr(matrix, "indptr") else np.ravel(matrix)
    ax = axes(ax)
    ax.hist(values, bins=bins, **{"histtype": "stepfilled", "alpha": 0.7, **kwargs})
    ax.set_xlabel(_weight_label(unit))
    ax.set_ylabel("synapses")
    return ax


def plot_weights(
    weights: Any, *, unit: str | None = None, ax: Axes | None = None, **kwargs: Any
) -> Axes:
    """Draw plastic weights over time: mean, SD, and the synapses that were recorded.

    Parameters
    ----------
    weights : WeightResult
        ``t`` [ms], ``mean``, ``std`` (samples,) and ``traces`` (synapses, samples).
    unit : str, optional
        Unit for the label, e.g. ``"mV"``.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot`` for the mean.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> found = SimpleNamespace(t=np.arange(3.0), mean=np.ones(3), std=0.1 * np.ones(3),
    ...                         traces=np.ones((2, 3)))
    >>> len(plot_weights(found).lines)
    3
    """
    words = "the weights of one projection, as result.weights[2]"
    needs("weights", weights, ("mean", "std"), words)
    ax = axes(ax)
    if np.size(weights.traces):
        lines = ax.plot(weights.t, np.transpose(weights.traces))
        for line in lines:
            line.set(color="gray", linewidth=0.5, alpha=0.6)
    mean, std = np.asarray(weights.mean), np.asarray(weights.std)
    (line,) = ax.plot(weights.t, mean, **{"linewidth": 1.5, "label": "mean", **kwargs})
    color = line.get_color()
    ax.fill_between(
        weights.t, mean - std, mean + std, color=color, alpha=0.25, label="SD"
    )
    ax.legend(frameon=False)
    ax.set_xlabel("time (ms)")
    ax.set_ylabel(_weight_label(unit))
    return ax


def plot_spectrum(curve: Any, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Draw a power spectrum, with a band of one standard error where there is one.

    Parameters
    ----------
    curve : spiking_reference.Curve, or (frequency, density)
        Frequencies [kHz], densities [kHz] and errors; of complex ones the absolute value.
        Or frequencies and densities, as of `meanfield.power_spectrum`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot``.

    Returns
    -------
    matplotlib.axes.Axes
        Both axes logarithmic, in Hz.

    Examples
    --------
    >>> f = np.linspace(0.01, 0.1, 10)
    >>> plot_spectrum((f, np.full(10, 0.02), np.full(10, 0.001))).get_xlabel()
    'frequency (Hz)'
    """
    f, value, *stderr = (np.asarray(x) for x in curve)
    ax = axes(ax)
    errors = np.abs(stderr[0]) / Hz if stderr else None
    _band(ax, f / Hz, np.abs(value) / Hz, errors, kwargs)
    legend(ax)
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel("frequency (Hz)")
    ax.set_ylabel("power (Hz)")
    return ax


def plot_curve(
    curve: Any, ylabel: str = "rate (kHz)", *, ax: Axes | None = None, **kwargs: Any
) -> Axes:
    """Draw a correlogram or a spike-triggered average with a band of one standard error.

    Parameters
    ----------
    curve : spiking_reference.Curve
        Lags [ms], values and errors.
    ylabel : str
        Label of the values, with their unit.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot``.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> lag = np.arange(-5.0, 6.0)
    >>> plot_curve((lag, np.full(11, 0.02), np.full(11, 0.001))).get_xlabel()
    'lag (ms)'
    """
    ax = axes(ax)
    lag, value, stderr = (np.asarray(x) for x in curve)
    _band(ax, lag, value, stderr, kwargs)
    ax.set_xlabel("lag (ms)")
    ax.set_ylabel(ylabel)
    return ax


def plot_correlations(
    correlations: npt.ArrayLike | Any,
    *,
    windows: int | None = None,
    bins: Any = 60,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the distribution of the correlation coefficients of pairs.

    Parameters
    ----------
    correlations : Estimate or array_like
        Matrix (n, n), as from `spiking_reference.count_correlation`.
    windows : int, optional
        Number of windows that were counted in: the distribution of independent neurons,
        of SD 1/sqrt(windows - 1), is then drawn, too.
    bins : int or array_like
        As for `numpy.histogram`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.hist``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If it is no square matrix.

    Examples
    --------
    >>> plot_correlations([[1.0, 0.1], [0.1, 1.0]]).get_ylabel()
    'density of pairs'
    """
    matrix = np.asarray(getattr(correlations, "value", correlations))
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"`correlations` must be a matrix (n, n); got {matrix.shape}")
    pairs = matrix[np.triu_indices_from(matrix, k=1)]
    pairs = pairs[np.isfinite(pairs)]
    ax = axes(ax)
    style = {"histtype": "stepfilled", "alpha": 0.6, **kwargs}
    ax.hist(pairs, bins=bins, density=True, **style)
    if windows is not None:
        std = 1.0 / np.sqrt(windows - 1.0)
        x = np.linspace(-4.0 * std, 4.0 * std, 200)
        density = np.exp(-0.5 * (x / std) ** 2) / (std * np.sqrt(2.0 * np.pi))
        ax.plot(x, density, color="black", linewidth=0.9, label="independent")
        ax.legend(frameon=False)
    ax.set_xlabel("correlation coefficient")
    ax.set_ylabel("density of pairs")
    return ax


def axes(ax: Axes | None) -> Axes:
    """Return the axes, or make them."""
    return Figure(layout="constrained").add_subplot() if ax is None else ax


def _band(
    ax: Axes, x: np.ndarray, value: np.ndarray, stderr: np.ndarray | None, style: dict
) -> None:
    (line,) = ax.plot(x, value, **{"linewidth": 1.0, **style})
    if stderr is None:
        return
    ax.fill_between(
        x,
        value - stderr,
        value + stderr,
        color=line.get_color(),
        alpha=0.25,
        linewidth=0,
    )


def _weight_label(unit: str | None) -> str:
    return "weight" if unit is None else f"weight ({unit})"


def legend(ax: Axes) -> None:
    if ax.get_legend_handles_labels()[0]:
        ax.legend(frameon=False)


def from_zero(ax: Axes) -> None:
    """Let the vertical axis start at 0 and hold all lines, those of earlier calls, too."""
    ax.autoscale()
    ax.set_ylim(bottom=0.0)
