"""Spectra of the cortical microcircuit beside NNMT; of simple loops beside spikes.

Writes docs/benchmarks/fluctuations.md. Peers: ``make peers`` first; left out where absent.

python -m tests.benchmarks.bench_fluctuations
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from meanfield.equilibrium import effective_connectivity, working_point
from meanfield.fluctuations import (
    correlation_functions,
    count_statistics,
    cross_spectra,
    modes,
    oscillations,
    power_spectra,
)
from meanfield.network import mean_field, microcircuit
from spiking_reference import activity_spectrum, simulate_network
from tests.fluctuations.networks import loop

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers" / "bin" / "python"
FREQUENCY = np.linspace(1e-3, 0.399, 200)  # kHz
EXTERNAL = (1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100)
PEER = {"refractory": False, "noise_response": False}


def seconds(call, repeat=5):
    call()
    best = np.inf
    for _ in range(repeat):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return best


def circuit():
    network = microcircuit(weight_spread=0.0, delay_spread=0.0)
    return mean_field(network, synapses="fourcaud_brunel")


def stages(net, point):
    """Rows (name, seconds)."""
    f = FREQUENCY
    yield "working point", lambda: working_point(net)
    yield "effective connectivity", lambda: effective_connectivity(f, net, point)
    yield (
        "power and cross spectra, effective connectivity included",
        lambda: cross_spectra(f, net, point),
    )
    yield "modes and their sensitivity", lambda: modes(f, net, point).sensitivity
    yield "oscillations, refined", lambda: oscillations(f, net, point)
    yield (
        "correlations of counts, one window",
        lambda: count_statistics(10.0, net, point),
    )
    yield (
        "correlation functions to 50 ms",
        lambda: correlation_functions(50.0, net, point),
    )


def peer(net):
    """What NNMT needs and finds, None where it is not installed."""
    if not PEERS.exists():
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "inputs.npz"
        np.savez(
            path, frequency=FREQUENCY, names=np.array(net.names), sizes=net.sizes,
            degree=net.degree, external=np.array(EXTERNAL),
        )  # fmt: skip
        script = Path(__file__).with_name("peers.py")
        done = subprocess.run([PEERS, script, path], capture_output=True, text=True)
    if done.returncode:
        return done.stderr.strip().splitlines()[-1]
    return json.loads(done.stdout)["nnmt"]


def pipeline(network):
    """From the network's description to spectra."""
    net = mean_field(network, synapses="fourcaud_brunel")
    return cross_spectra(FREQUENCY, net, working_point(net))


STEP = 0.05  # ms
LOOPS = (  # currents and strength: towards the onset of an oscillation
    {"current": (1.2, 1.0), "strength": 1.0},
    {"current": (2.0, 1.6), "strength": 2.0},
    {"current": (3.0, 2.4), "strength": 2.0},
    {"current": (4.0, 3.0), "strength": 1.5},
)


def raised(given):
    """The network with thresholds as high as the time step makes them, and its rates."""
    net = mean_field(loop(**given))
    point = working_point(net)
    for _ in range(2):
        sigma = float(net.drive(point.rate).sigma.mean())
        net = mean_field(loop(20.0 + 0.5826 * sigma * np.sqrt(STEP), **given))
        point = working_point(net)
    return net, point


def towards_onset():
    """Rows: distance, frequency, simulated over theoretical rate, peak, low and high power."""
    f = np.arange(0.01, 0.3, 0.0025)
    for given in LOOPS:
        net, point = raised(given)
        mode = oscillations(f, net, point)[0]
        result = simulate_network(
            loop(**given), duration=8000.0, dt=STEP, warmup=300.0, bin=0.5, rng=1,
            progress=False,
        )  # fmt: skip
        at, power, _ = activity_spectrum(result["E"], segment=250.0)
        theory = power_spectra(at, net, point)[:, 0]
        bands = (
            np.abs(at - mode.frequency) < 0.012,
            at < 0.03,
            (at > 2.2 * mode.frequency) & (at < 0.5),
        )
        yield (
            mode.distance, 1e3 * mode.frequency, result["E"].rate.value / point.rate[0],
            *(power[band].mean() / theory[band].mean() for band in bands),
        )  # fmt: skip


def onset_lines():
    yield from (
        "",
        "## Towards the onset of an oscillation",
        "",
        "1600 excitatory and 400 inhibitory LIF neurons, 8 s at steps of 0.05 ms, with "
        "ever stronger loops: simulated over theoretical rate, and power of the "
        "excitatory population, with standard errors of 5 to 10 %: within 12 Hz of the "
        "mode, below 30 Hz, from 2.2 times its frequency to 500 Hz.",
        "",
        "| distance of the eigenvalue from 1 | Hz | rate | peak | low | high |",
        "|---|---|---|---|---|---|",
    )
    for row in towards_onset():
        yield "| {:.2f} | {:.0f} | {:.2f} | {:.2f} | {:.2f} | {:.2f} |".format(*row)


def lines():
    net = circuit()
    point = working_point(net)
    network = microcircuit(weight_spread=0.0, delay_spread=0.0)
    whole = seconds(lambda: pipeline(network))
    yield from (
        "# Fluctuations: speed and accuracy",
        "",
        "The cortical microcircuit of Potjans and Diesmann, 8 populations, 200 frequencies "
        "from 1 to 399 Hz, delays without spread. Best of five, warm, by the clock, all "
        "cores. Written by `make bench`.",
        "",
        "| step | s |",
        "|---|---|",
    )
    for name, call in stages(net, point):
        yield f"| {name} | {seconds(call):.3f} |"
    yield f"| all from the network's description to its spectra | {whole:.3f} |"
    yield from onset_lines()
    yield from ("", "## Beside NNMT", "")
    found = peer(net)
    if not isinstance(found, dict):
        yield found or "Not installed here: `make peers`."
        return
    total = sum(v for k, v in found["seconds"].items() if k != "sensitivity")
    yield from (
        "The same on the same machine, once each.",
        "",
        "| step | s |",
        "|---|---|",
    )
    for name, value in found["seconds"].items():
        yield f"| {name} | {value:.3f} |"
    yield f"| all but the sensitivity | {total:.3f}: {total / whole:.0f} times ours |"
    rates = np.array(found["rates"])
    power = power_spectra(FREQUENCY, net, rates, source="poisson", **PEER)
    off = np.abs(power / np.array(found["power"]) - 1).max()
    apart = np.abs(point.rate / rates - 1).max()
    ours = power_spectra(FREQUENCY, net, point)
    yield from (
        "",
        f"Rates agree to {apart:.1e}, power spectra at its rates to {off:.1e} with "
        '`source="poisson", refractory=False, noise_response=False`. The renewal source, the '
        "dead time and the response to noise change the spectra by "
        f"{100 * np.median(np.abs(ours / power - 1)):.0f} % in the median.",
    )


def main() -> None:
    text = "\n".join(lines()).rstrip() + "\n"
    (ROOT / "docs" / "benchmarks" / "fluctuations.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
