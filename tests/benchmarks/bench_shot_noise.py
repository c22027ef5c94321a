"""Error of the diffusion limit, and speed; writes the table of docs/theory/shot_noise.md."""

import timeit
from pathlib import Path

import numpy as np

import meanfield as mf
from meanfield import shot_noise

PAGE = Path(__file__).parents[2] / "docs" / "theory" / "shot_noise.md"
BEGIN = "<!-- figures: written by `make bench` -->"
END = "<!-- end of figures -->"
NEURON = mf.LIF(t_ref=0.0)
AMPLITUDES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


def table():
    """Rates for a mean drive of 0.8 thresholds."""
    yield "| amplitude (mV) | kind | input (kHz) | rate (Hz) | diffusion (Hz) | error |"
    yield "|---|---|---|---|---|---|"
    for kind in ("exponential", "fixed"):
        for a in AMPLITUDES:
            given = (0.8 / a, a)
            rate = shot_noise.firing_rate(*given, neuron=NEURON, amplitudes=kind)
            noise = shot_noise.diffusion_limit(*given, amplitudes=kind)
            limit = mf.firing_rate(*noise, NEURON)
            yield (
                f"| {a} | {kind} | {given[0]:.3g} | {rate * 1e3:.4g} | {limit * 1e3:.4g} "
                f"| {limit / rate - 1:+.1%} |"
            )


def speed():
    """Microseconds per rate, per response at 100 Hz and at 1 kHz, and per fixed rate."""
    rates = np.linspace(0.5, 2.0, 200)
    calls = {
        "rate and CV, exponential": lambda: shot_noise.firing_rate(
            rates, 1.0, 0.2, 2.0
        ),
        "response at 100 Hz": lambda: shot_noise.linear_response(
            0.1, rates, 1.0, 0.2, 2.0
        ),
        "response at 1 kHz": lambda: shot_noise.linear_response(
            1.0, rates, 1.0, 0.2, 2.0
        ),
        "rate and CV, fixed": lambda: shot_noise.firing_rate(
            rates[:5], 1.0, 0.2, 2.0, amplitudes="fixed"
        ),
    }
    for name, call in calls.items():
        call()
        best = min(timeit.repeat(call, number=1, repeat=5))
        yield f"{name}: {1e6 * best / (5 if 'fixed' in name else 200):.0f} us"


def main():
    figures = "\n".join([*table(), "", "Time per point: " + "; ".join(speed()) + "."])
    page = PAGE.read_text()
    head, rest = page.split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n{figures}\n{END}{tail}")


if __name__ == "__main__":
    main()
