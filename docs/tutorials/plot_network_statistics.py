"""
Asynchronous and synchronous networks
=====================================

Two networks of leaky integrate-and-fire neurons (Brunel 2000,
doi:10.1023/A:1008925309027) that differ in their delays: spread over 20 ms, or all the
same, when inhibition comes late for all at once and the population oscillates. Rates and
intervals do not tell them apart; correlations, spectra and spike-triggered averages do,
each with its standard error.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats

from meanfield import plot
from meanfield.neurons import (
    LIF,
    FixedInDegree,
    Network,
    Poisson,
    Population,
    Projection,
)
from meanfield.units import Hz
from spiking_reference import (
    Record,
    activity_spectrum,
    activity_variance,
    count_correlation,
    count_synchrony,
    interval_cv2,
    mean_count_correlation,
    simulate_networks,
    spectrum,
    spike_triggered_average,
    voltage_synchrony,
)

SIZES, DEGREES, J = {"E": 4000, "I": 1000}, {"E": 200, "I": 50}, 0.2


def network(delay, g=6.0, eta=1.5):
    """Inhibition g times as strong as excitation, and eta times the threshold input."""
    cell = LIF(tau_m=20.0, t_ref=2.0, V_th=20.0, V_reset=10.0)
    weights = {"E": J, "I": -g * J}
    threshold = cell.V_th / (J * DEGREES["E"] * cell.tau_m)  # [kHz] of one synapse
    return Network(
        populations={name: Population(n=n, neuron=cell) for name, n in SIZES.items()},
        projections=[
            Projection(source=s, target=t, rule=FixedInDegree(DEGREES[s]),
                       weight=weights[s], delay=delay)
            for s in "EI" for t in "EI"
        ],
        inputs=[
            Poisson(target=t, rate=eta * threshold * DEGREES["E"], weight=J) for t in "EI"
        ],
    )  # fmt: skip


# %%
# All excitatory neurons are recorded for 1.2 seconds, and the voltages of fifty.

names, colors = ["asynchronous", "synchronous"], ["#0a7e8c", "#d1603d"]
runs = simulate_networks(
    [network(stats.uniform(0.5, 20.0)), network(2.0)], duration=1200.0, warmup=300.0, rng=2,
    record={"E": Record(spikes=True, voltage=np.arange(50), every=5)},
)  # fmt: skip

fig, axes = plt.subplots(
    2, 2, figsize=(10, 5), sharex=True, layout="constrained", height_ratios=(2, 1)
)
for (top, bottom), name, color, run in zip(axes.T, names, colors, runs, strict=True):
    plot.plot_raster(run["E"].spikes, ax=top, marker=",", color=color)
    plot.plot_rates(run["E"], ax=bottom, color=color)
    top.set(title=f"{name}, {run['E'].rate.value / Hz:.1f} Hz", xlabel="")
    top.set(xlim=(1000, 1200), ylim=(0, 200))

# %%
# Counts of pairs hardly know of each other: the mean correlation of all eight million
# pairs is below 0.01 in both. But thousands of neurons add it up, and the variance of their
# sum is many times that of independent ones. Fifty independent voltages would have a chi of
# 0.14.

for name, run in zip(names, runs, strict=True):
    spikes = run["E"].spikes
    r, sync = mean_count_correlation(spikes, 2.0), count_synchrony(spikes, 2.0)
    chi = voltage_synchrony(run["E"].traces["V"])
    print(f"{name}: CV2 {np.nanmean(interval_cv2(spikes).value):.2f}")
    print(f"  mean correlation {r.value:.5f} +- {r.stderr:.5f}")
    print(f"  variance of the sum {sync.value:.1f} +- {sync.stderr:.1f} of independent")
    print(f"  Golomb's chi of 50 voltages {chi.value:.2f} +- {chi.stderr:.2f}")

# %%
# Left: correlations of 150 neurons; what is seen is mostly the finite time. Right: the
# variance of the rate of m neurons falls as 1/m only as long as they are independent.

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
for name, color, run in zip(names, colors, runs, strict=True):
    spikes = run["E"].spikes
    pairs = count_correlation(spikes, 5.0, neurons=np.arange(150))
    plot.plot_correlations(
        pairs, windows=240 if run is runs[-1] else None, bins=25, ax=left, color=color
    )
    m, variance, stderr = activity_variance(spikes, 2.0, [1, 5, 20, 100, 500, 4000])
    right.errorbar(
        m, variance / Hz**2, stderr / Hz**2, color=color, marker="o", label=name
    )
right.set(xscale="log", yscale="log", xlabel="neurons m", ylabel="variance (Hz$^2$)")
right.legend(frameon=False)

# %%
# Power spectra: of single trains, which for Poisson trains would be the rate at all
# frequencies, and of the activity of the population, which shows the oscillation.

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
for name, color, run in zip(names, colors, runs, strict=True):
    plot.plot_spectrum(
        spectrum(run["E"].spikes, segment=200.0), ax=left, color=color, label=name
    )
    plot.plot_spectrum(
        activity_spectrum(run["E"], segment=200.0), ax=right, color=color
    )
left.set(title="single trains")
left.legend(frameon=False)
right.set(title="population")

# %%
# What precedes a spike: the voltage of the neuron itself, and the activity of all.

fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
for name, color, run in zip(names, colors, runs, strict=True):
    cells = run["E"]
    voltage = spike_triggered_average(
        cells.spikes, cells.t, cells.traces["V"].T, before=40.0, after=20.0,
        neurons=np.arange(50),
    )  # fmt: skip
    plot.plot_curve(
        voltage, "voltage less its mean (mV)", ax=left, color=color, label=name
    )
    # Spikes at whole steps in (t, t + bin] are of one bin: half a step keeps them there.
    t = np.arange(cells.activity.size) * cells.bin + 0.05
    rate = cells.activity / (cells.n * cells.bin) / Hz
    activity = spike_triggered_average(cells.spikes, t, rate, before=40.0, after=20.0)
    plot.plot_curve(
        activity, "population rate less its mean (Hz)", ax=right, color=color
    )
left.legend(frameon=False)
