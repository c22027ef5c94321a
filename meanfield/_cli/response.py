"""``python -m meanfield response``."""

import argparse
from typing import Any

import numpy as np

from .. import coloured_noise, integrate_and_fire, transfer
from ..neurons import LIF
from .options import RANGES, add_inputs, add_neuron, neuron_of, numbers, pieces, write

_VALUES = 8192  # at a time, between two moves of the progress bar
_EPILOG = f"""\
{RANGES}
examples:
  python -m meanfield response --frequency 0.001:1:61:log --mu 1 --sigma 2 \\
      --neuron eif --plot bode.png
  python -m meanfield response --frequency 0:0.2:41 --mu 0.5,1 --sigma 1 --spectrum
"""


def add(commands: Any) -> None:
    """Add the command to the parser's."""
    command = commands.add_parser(
        "response",
        help="linear response of the rate, and power spectrum, over frequency",
        description="Linear response of the rate of a neuron to a modulation of its "
        "input: a CSV table (to standard output unless --csv or --plot is given) and a "
        "Bode plot. The rate is rate_0 + |R| epsilon cos(2 pi f t + phase) for "
        "mu + epsilon cos(2 pi f t).",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.set_defaults(run=run)
    more = command.add_argument
    more("--frequency", type=numbers, required=True, help="frequency [kHz]")
    add_inputs(command)
    more("--modulation", choices=["mu", "sigma"], default="mu", help="what varies; mu")
    more(
        "--tau_syn", type=float, default=0.0, metavar="X",
        help="time constant of exponential synapses [ms], of the lif: 0",
    )  # fmt: skip
    more("--spectrum", action="store_true", help="add the spike train's power spectrum")
    add_neuron(command, ["lif", "pif", "eif", "qif", "adaptive_lif", "adex"])


def run(options: argparse.Namespace) -> None:
    """Write the table, draw the Bode plot."""
    f, neuron = options.frequency, neuron_of(options)
    if options.tau_syn and (options.spectrum or not isinstance(neuron, LIF)):
        raise ValueError("--tau_syn is for the response of the lif, without --spectrum")
    mu, sigma = (a.reshape(-1, 1) for a in np.meshgrid(options.mu, options.sigma))
    shape = mu.size, f.size
    response, power = np.empty(shape, complex), np.empty(shape)
    size = 1 if options.tau_syn else max(1, _VALUES // f.size)
    for piece in pieces(mu.size, size):
        given = f, mu[piece], sigma[piece], neuron
        response[piece] = _response(options, *given)
        if options.spectrum:
            power[piece] = transfer.power_spectrum(*given)
    if options.csv or not options.plot:
        write(_table(f, mu, sigma, response, power, options), options.csv)
    if options.plot:
        labels = [
            rf"$\mu$ = {m:g}, $\sigma$ = {s:g}"
            for m, s in zip(mu.flat, sigma.flat, strict=True)
        ]
        _draw(f, response, power if options.spectrum else None, labels, options)


def _response(options: argparse.Namespace, f, mu, sigma, neuron: Any) -> np.ndarray:
    how = {"modulation": options.modulation}
    if options.tau_syn:
        given = f, mu, sigma, options.tau_syn, neuron
        return coloured_noise.linear_response(*given, **how)
    if options.modulation == "mu":
        return transfer.linear_response(f, mu, sigma, neuron)
    return integrate_and_fire.linear_response(f, mu, sigma, neuron, **how)


def _table(f, mu, sigma, response, power, options) -> dict[str, np.ndarray]:
    columns = {"frequency_kHz": f, "mu": mu, "sigma": sigma}
    table = {
        name: np.broadcast_to(value, response.shape) for name, value in columns.items()
    }
    table |= {
        "re": response.real,
        "im": response.imag,
        "magnitude": np.abs(response),
        "phase_deg": np.angle(response, deg=True),
    }
    return table | ({"power_kHz": power} if options.spectrum else {})


def _draw(f, response, power, labels, options) -> None:
    from ..plot import Figure, plot_bode, plot_spectrum

    columns = 1 if power is None else 2
    fig = Figure(figsize=(0.8 + 5.6 * columns, 5.4), layout="constrained")
    grid = fig.add_gridspec(2, columns)
    lower = fig.add_subplot(grid[1, 0])
    upper = fig.add_subplot(grid[0, 0], sharex=lower)
    upper.tick_params(labelbottom=False)
    unit = {"mu": "Hz/(mV/ms)", "sigma": r"Hz/(mV/$\sqrt{\mathrm{ms}}$)"}
    for values, label in zip(response, labels, strict=True):
        plot_bode(
            f, values, unit=unit[options.modulation], axes=(upper, lower), label=label
        )
    if power is not None:
        ax = fig.add_subplot(grid[:, 1])
        for values, label in zip(power, labels, strict=True):
            plot_spectrum((f, values), ax=ax, label=label)
        ax.set_yscale("linear")
        ax.set_ylim(bottom=0.0)
        ax.xaxis.set_major_formatter("{x:g}")
    fig.savefig(options.plot)
