"""Figures of single neurons: rates over drive, linear response, intervals."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter, MultipleLocator

from ._activity_plots import axes as _axes
from ._activity_plots import from_zero, legend
from .neurons import LIF, Parameters
from .transfer import firing_rate
from .units import Hz

__all__ = ["plot_bode", "plot_fi_curve", "plot_interval_density"]

_INTERVALS = 0.999  # the part of all intervals that is shown by default
_DEGREES = (1, 5, 15, 30, 45, 90, 180)  # between the ticks of a phase


def plot_fi_curve(
    mu: npt.ArrayLike,
    sigma: npt.ArrayLike,
    neuron: Parameters | None = None,
    *,
    discretization: float = 0.0,
    ax: Axes | None = None,
    **kwargs: Any,
) -> Axes:
    """Draw the firing rate over the mean drive, a line for each noise intensity.

    Parameters
    ----------
    mu : array_like, 1-D
        Mean drives [mV/ms].
    sigma : float or array_like, 1-D
        Noise intensities [mV/sqrt(ms)].
    neuron : any that `meanfield.firing_rate` takes, optional
        Neuron parameters, plain numbers; `LIF()` by default.
    discretization : float
        As for `meanfield.firing_rate`.
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot``.

    Returns
    -------
    matplotlib.axes.Axes

    Raises
    ------
    ValueError, TypeError
        As for `meanfield.firing_rate`.

    Examples
    --------
    >>> from meanfield.neurons import EIF
    >>> ax = plot_fi_curve(np.linspace(0, 2, 20), [0.0, 1.0], EIF())
    >>> len(ax.lines)
    2
    """
    ax = _axes(ax)
    sigma = np.atleast_1d(np.asarray(sigma, float))
    rates = firing_rate(
        mu, sigma[:, None], neuron or LIF(), discretization=discretization
    )
    for one, rate in zip(sigma, rates, strict=True):
        label = {"label": rf"$\sigma$ = {one:g} mV/$\sqrt{{\mathrm{{ms}}}}$", **kwargs}
        ax.plot(np.asarray(mu), rate / Hz, **label)
    legend(ax)
    ax.set_xlabel(r"mean drive $\mu$ (mV/ms)")
    ax.set_ylabel("rate (Hz)")
    return ax


def plot_bode(
    frequency: npt.ArrayLike,
    response: npt.ArrayLike,
    *,
    unit: str = "Hz/(mV/ms)",
    axes: Sequence[Axes] | None = None,
    **kwargs: Any,
) -> list[Axes]:
    """Draw magnitude and phase of a linear response over frequency.

    Parameters
    ----------
    frequency : array_like, 1-D
        Frequencies [kHz], ascending; 0 is not shown.
    response : array_like, 1-D, complex
        d rate/d input with the rate in kHz, as from `meanfield.linear_response`.
    unit : str
        Unit of the magnitude, shown with the rate in Hz.
    axes : sequence of two matplotlib.axes.Axes, optional
        Where to draw magnitude and phase, e.g. those of an earlier call.
    **kwargs
        Passed on to ``Axes.plot``, e.g. ``label``.

    Returns
    -------
    list of matplotlib.axes.Axes
        Magnitude, logarithmic, and phase in degrees, without jumps by 360.

    Raises
    ------
    ValueError
        If the shapes are not one-dimensional and equal.

    Examples
    --------
    >>> from meanfield import linear_response
    >>> f = np.geomspace(1e-3, 1.0, 30)
    >>> magnitude, phase = plot_bode(f, linear_response(f, 1.0, 1.0))
    >>> magnitude.get_ylabel(), phase.get_xlabel()
    ('|R| (Hz/(mV/ms))', 'frequency (Hz)')
    """
    frequency, response = np.asarray(frequency, float), np.asarray(response)
    if frequency.ndim != 1 or frequency.shape != response.shape:
        raise ValueError(
            "`frequency` and `response` must be 1-D of one length; got "
            f"{frequency.shape}, {response.shape}"
        )
    shown = frequency > 0
    f, response = frequency[shown] / Hz, response[shown]
    if axes is None:
        fig = Figure(figsize=(6.4, 5.4), layout="constrained")
        upper = fig.add_subplot(2, 1, 1)
        lower = fig.add_subplot(2, 1, 2, sharex=upper)
        upper.tick_params(labelbottom=False)
    else:
        upper, lower = axes
    upper.plot(f, np.abs(response) / Hz, **kwargs)
    lower.plot(f, np.degrees(np.unwrap(np.angle(response))), **kwargs)
    upper.set_yscale("log")
    upper.set_xscale("log")
    lower.set_xscale("log")
    for axis in (upper.yaxis, upper.xaxis, lower.xaxis):
        axis.set_major_formatter("{x:g}")
    upper.yaxis.set_minor_formatter(LogFormatter(minor_thresholds=(1.0, 0.4)))
    legend(upper)
    lower.axhline(0.0, color="gray", linewidth=0.6, zorder=0)
    low, high = lower.get_ylim()
    step = next((s for s in _DEGREES if high - low < 6 * s), 360)
    lower.yaxis.set_major_locator(MultipleLocator(step))
    upper.set_ylabel(f"|R| ({unit})")
    lower.set_ylabel("phase (degrees)")
    lower.set_xlabel("frequency (Hz)")
    return [upper, lower]


def plot_interval_density(
    intervals: Any, *, ax: Axes | None = None, **kwargs: Any
) -> Axes:
    """Draw the density of inter-spike intervals.

    Parameters
    ----------
    intervals : meanfield.renewal.IntervalDistribution, or (t, density)
        A distribution, shown up to its 99.9 % quantile; or times [ms] and density [1/ms].
    ax : matplotlib.axes.Axes, optional
        Where to draw.
    **kwargs
        Passed on to ``Axes.plot``.

    Returns
    -------
    matplotlib.axes.Axes

    Examples
    --------
    >>> from meanfield.renewal import first_passage
    >>> plot_interval_density(first_passage(1.0, 2.0)).get_xlabel()
    'interval (ms)'
    """
    if hasattr(intervals, "quantile"):
        t = np.linspace(0.0, intervals.quantile(_INTERVALS), 800)
        density = intervals.density(t)
    else:
        t, density = (np.asarray(values) for values in intervals)
    ax = _axes(ax)
    ax.plot(t, density, **kwargs)
    legend(ax)
    from_zero(ax)
    ax.set_xlim(left=0.0)
    ax.set_xlabel("interval (ms)")
    ax.set_ylabel("density (1/ms)")
    return ax
