"""
Generalized leaky integrate-and-fire neurons
============================================

The leaky integrate-and-fire neuron forgets each spike. Cortical neurons do not, and
Teeter et al. (2018, doi:10.1038/s41467-017-02717-4) add what they remember in steps:
rules for the reset and a threshold that spikes raise (GLIF2), after-spike currents
(GLIF3), both (GLIF4), and a threshold that follows the voltage (GLIF5). Here is what each
of them adds, for a cell with rounded values of a regular-spiking one.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import lfilter

from meanfield.interop.allen import to_nest
from meanfield.neurons import GLIF
from meanfield.units import Hz
from spiking_reference import Record, simulate_glif

CELL = {"C_m": 105.0, "g_L": 5.3, "E_L": -75.5, "V_th": -47.5, "t_ref": 4.5}
RULES = {
    "voltage_reset_fraction": 0.48, "voltage_reset_add": 8.5, "th_spike_add": 3.0,
    "th_spike_decay": 0.28,
}  # fmt: skip
CURRENTS = {"asc_amps": (-8.0, -180.0), "asc_decay": (0.003, 0.1)}
FOLLOWS = {"th_voltage_index": 0.02, "th_voltage_decay": 0.07}

neurons = [
    GLIF(**CELL),
    GLIF(**CELL, **RULES),
    GLIF(**CELL, **CURRENTS),
    GLIF(**CELL, **RULES, **CURRENTS),
    GLIF(**CELL, **RULES, **CURRENTS, **FOLLOWS),
]
names = [f"GLIF{neuron.level}" for neuron in neurons]
colors = ["#7a7a7a", "#d1603d", "#0a7e8c", "#6a4c93", "#222222"]

# %%
# What each mechanism adds
# ------------------------
#
# A step of current. Voltage and threshold of all levels; the reset goes to rest in
# GLIF1 and GLIF3, and starts from the threshold in the others. The threshold jumps with
# each spike in GLIF2, and moves with the voltage in GLIF5. After-spike currents, below,
# build up over several spikes, and stretch the intervals.

dt = 0.05  # ms
t = dt * np.arange(round(400.0 / dt))
step = np.where((t >= 20.0) & (t < 320.0), 260.0, 0.0)  # pA
runs = [simulate_glif(n, step, dt=dt, record=Record(voltage=True)) for n in neurons]

fig, axes = plt.subplots(
    6,
    1,
    figsize=(9, 9.5),
    sharex=True,
    layout="constrained",
    height_ratios=[2] * 5 + [1.6],
)
for ax, name, color, run in zip(axes, names, colors, runs, strict=False):
    ax.plot(run.t, run.traces["V"][0], color=color, linewidth=1.0)
    ax.plot(run.t, run.traces["theta"][0], color=color, linewidth=0.9, linestyle="--")
    ax.vlines(run.spikes.times, -40.0, -32.0, color=color, linewidth=1.0)
    ax.set(ylabel=f"{name}\n(mV)", ylim=(-95, -30))
for name, color, run in list(zip(names, colors, runs, strict=True))[2:]:
    total = run.traces["I_1"][0] + run.traces["I_2"][0]
    axes[5].plot(run.t, total, color=color, linewidth=1.0, label=name)
axes[5].set(
    xlabel="time (ms)",
    ylabel="after-spike\ncurrents (pA)",
    xlim=(0, 400),
    ylim=(-340, 15),
)
axes[5].legend(frameon=False, ncols=3, loc="lower right")
axes[0].set_title(
    "voltage (lines), threshold (dashed) and spikes, 260 pA from 20 to 320 ms"
)

# %%
# The intervals say it in numbers: they are constant at level 1, and lengthen where
# there are after-spike currents.

for name, run in zip(names, runs, strict=True):
    intervals = np.diff(run.spikes.times)
    print(
        f"{name}: {np.array2string(intervals[:4], precision=1)} ... {intervals[-1]:.1f} ms"
    )

# %%
# Ramp and noise
# --------------
#
# A ramp shows the gain, and that the threshold of GLIF5 climbs with a slow current,
# which delays the first spike. In noise, adaptation and the moving threshold thin the
# spikes out: only fast upstrokes are left.

n = round(1000.0 / dt)
ramp = np.linspace(0.0, 500.0, n)
rng = np.random.default_rng(4)
tau = 5.0  # ms, correlation time of the noise
decay = np.exp(-dt / tau)
white = np.sqrt(1.0 - decay**2) * rng.standard_normal(n)
noise = 170.0 + 80.0 * lfilter([1.0], [1.0, -decay], white)

fig, axes = plt.subplots(
    3, 2, figsize=(11, 6), sharex=True, layout="constrained", height_ratios=[1, 2, 1.5]
)
for column, (title, current) in zip(
    axes.T, {"ramp": ramp, "noise": noise}.items(), strict=True
):
    time = dt * np.arange(n)
    column[0].plot(time, current, color="#444444", linewidth=0.8)
    column[0].set(title=title, ylabel="current (pA)")
    found = [
        simulate_glif(neuron, current, dt=dt, record=Record(voltage=True))
        for neuron in neurons
    ]
    last = found[-1]
    column[1].plot(last.t, last.traces["V"][0], color=colors[-1], linewidth=0.7)
    column[1].plot(last.t, last.traces["theta"][0], color="#d1603d", linewidth=0.9)
    column[1].set(ylabel="GLIF5: voltage,\nthreshold (mV)")
    for row, (run, color) in enumerate(zip(found, colors, strict=True)):
        times = run.spikes.times
        column[2].plot(times, np.full(times.size, row), "|", color=color, markersize=11)
    column[2].set(yticks=range(5), yticklabels=names, xlabel="time (ms)")
    column[2].set(ylim=(4.7, -0.7), xlim=(0, 1000))

# %%
# Rates
# -----
#
# One call takes any number of neurons or currents, on all cores. Rates over the last of
# three seconds, at 30 currents and five levels:

currents = np.linspace(100.0, 600.0, 30)
fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for neuron, name, color in zip(neurons, names, colors, strict=True):
    run = simulate_glif(neuron, np.repeat(currents[:, None], 3000, axis=1), dt=1.0)
    late = run.spikes.times > 2000.0
    rate = np.bincount(run.spikes.neurons[late], minlength=currents.size) / 1000.0
    ax.plot(currents, rate / Hz, color=color, label=name)
ax.set(xlabel="current (pA)", ylabel="rate (Hz)")
ax.legend(frameon=False)

# %%
# With a current that is constant, samples of a millisecond are as good as any: spikes
# are found between them. `scheme="euler"` takes the AllenSDK's steps instead, spike by
# spike, where results are to be compared with published ones;
# `meanfield.interop.allen.from_allen` reads the neurons of the Allen Cell Types
# Database, and `to_nest` writes them for NEST:

print(to_nest(neurons[1]))

plt.show()
