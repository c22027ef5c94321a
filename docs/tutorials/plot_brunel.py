"""
Brunel's phase diagram
======================

A sparse network of excitatory and inhibitory neurons with identical parameters has four
kinds of activity (N. Brunel, J. Comput. Neurosci. 8, 183, 2000,
doi:10.1023/A:1008925309027). The theory predicts which, with rates, irregularity and the
frequency of oscillations; the simulator shows the spikes.
"""

import matplotlib.pyplot as plt
import numpy as np

from meanfield.equilibrium import (
    oscillation_onsets,
    phase_diagram,
    stability,
    transient,
    working_point,
)
from meanfield.network import brunel
from meanfield.plot import plot_phase_diagram
from meanfield.units import Hz
from spiking_reference import Record, simulate_network

# %%
# States
# ------
#
# Inhibition is g times as strong as excitation, and the external rate eta times the one
# that takes the mean input to threshold. For each pair `phase_diagram` solves for the
# self-consistent rate and asks whether the asynchronous state with this rate is stable,
# with the delay of 1.5 ms and the dynamics of the neurons.

POINTS = {"A": (3.0, 2.0), "B": (6.0, 4.0), "C": (5.0, 2.0), "D": (4.5, 0.9)}
ranges = {"ABC": ((2.5, 8.0), (0.25, 4.25)), "D": ((4.0, 8.0), (0.81, 0.96))}

fig, axes = plt.subplots(2, 1, figsize=(8, 7), layout="constrained")
for (names, ends), ax in zip(ranges.items(), axes, strict=True):
    g, eta = (np.linspace(*end, 15) for end in ends)
    plot_phase_diagram(phase_diagram(brunel, g, eta), ax=ax)
    for name in names:
        ax.plot(*POINTS[name], "ko", markersize=4)
        ax.annotate(name, POINTS[name], xytext=(4, 4), textcoords="offset points")
    ax.set(xlabel="inhibition g", ylabel=r"external input $\eta$")

# %%
# The slow oscillation lives in a strip just below threshold, shown enlarged. Root finding
# has the borders.

for at, span in ((4.5, (0.8, 1.0)), (6.0, (2.0, 4.0))):
    for onset in oscillation_onsets(
        lambda x, at=at: brunel(g=at, eta=x), *span, steps=8
    ):
        print(
            f"g = {at}: eta = {onset.value:.4f}, {onset.frequency / Hz:.1f} Hz, "
            f"unstable {onset.unstable_side}"
        )

# %%
# Spikes
# ------
#
# The four points that Brunel simulated, with all 12,500 neurons. What the theory says of
# them: the rate and CV of the asynchronous state, whether it is stable, and at what
# frequency it is lost.

DURATION, WARMUP, BIN = 800.0, 200.0, 0.5  # ms
fig, axes = plt.subplots(2, 4, figsize=(11, 4.5), sharex="col", layout="constrained",
                         height_ratios=(3, 2))  # fmt: skip
print("state   rate theory, simulated (Hz)   CV          frequency (Hz)")
for (name, place), (top, bottom) in zip(POINTS.items(), axes.T, strict=True):
    net = brunel(*place)
    point, linear = working_point(net), stability(net)
    run = simulate_network(
        net, duration=DURATION, warmup=WARMUP, rng=1, bin=BIN,
        record={"E": Record(spikes=np.arange(60))},
    )["E"]  # fmt: skip
    spikes, rate = run.spikes, run.activity / (run.n * run.bin)
    spectrum = np.abs(np.fft.rfft(rate - rate.mean())) ** 2
    frequency = np.fft.rfftfreq(rate.size, BIN)
    peak = frequency[np.argmax(spectrum * (frequency > 0.005))]
    lost = "stable" if linear.stable else f"{linear.frequency / Hz:.0f}"
    print(
        f"{name}   {point.rate[0] / Hz:5.1f}, {rate.mean() / Hz:5.1f}   "
        f"{point.cv[0]:.2f}, {np.nanmean(run.cv):.2f}   {lost}, {peak / Hz:.0f}"
    )
    begin, end = WARMUP, WARMUP + (100.0 if name in "AB" else 300.0)
    shown = (spikes.neurons < 60) & (spikes.times > begin) & (spikes.times < end)
    top.plot(spikes.times[shown], spikes.neurons[shown], "k.", markersize=2)
    title = f"{name}: g = {place[0]}, $\\eta$ = {place[1]}"
    top.set(title=title, xlim=(begin, end), ylim=(-1, 60), yticks=[])
    t = WARMUP + BIN * (np.arange(rate.size) + 0.5)
    bottom.plot(t, rate / Hz, color="#0a7e8c", linewidth=0.9)
    bottom.axhline(point.rate[0] / Hz, color="#d1603d", linestyle="--")
    bottom.set(xlabel="time (ms)", ylim=(0, None))
axes[0, 0].set_ylabel("60 neurons")
axes[1, 0].set_ylabel("rate (Hz)")

# %%
# Neurons of the simulated networks C and D fire more regularly than the theory says: it
# takes their input for Poisson, but the trains that they receive are as regular as
# theirs. Rates hardly depend on that.

# %%
# Beyond linear theory
# --------------------
#
# Linear theory says when an oscillation grows, not how far. The density of the voltages,
# driven by its own rate a delay ago, does: after the start the fast oscillation grows to
# full size, while the asynchronous state at C is regained.

fig, axes = plt.subplots(1, 2, figsize=(9, 2.8), layout="constrained", sharey=True)
for name, ax in zip("CB", axes, strict=True):
    net = brunel(*POINTS[name])
    found = transient(net, 0.9 * working_point(net).rate, 120.0)
    ax.plot(found.times, found.rate[0] / Hz, color="#0a7e8c")
    ax.set(xlabel="time (ms)", title=name)
axes[0].set_ylabel("rate (Hz)")
