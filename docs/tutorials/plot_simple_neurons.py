"""
Simple neurons
==============

From a counter of spikes to neurons that adapt, burst and make errors: what each variable
of a model adds, seen in voltages and spike trains.
"""

import matplotlib.pyplot as plt
import numpy as np

from meanfield.neurons import (
    LIF,
    AdaptiveLIF,
    AdEx,
    EscapeLIF,
    Exponential,
    Network,
    OneToOne,
    Population,
    Projection,
)
from meanfield.units import Hz
from spiking_reference import (
    OrnsteinUhlenbeck,
    Record,
    Step,
    simulate_network,
    trains,
)

DT = 0.1
BLUE, RED, GREY = "#0a7e8c", "#d1603d", "#777777"
EVERYTHING = Record(spikes=True, voltage=True)


def driven(source, neuron, weight, duration, receptor="delta", **receptors):
    """Neurons that receive a spike train each."""
    cells = Population(n=source.n, neuron=neuron, **receptors)
    synapses = Projection(
        source="in", target="cells", rule=OneToOne(), weight=weight, delay=DT,
        receptor=receptor,
    )  # fmt: skip
    network = Network(
        populations={"in": source, "cells": cells}, projections=[synapses]
    )
    return simulate_network(
        network, duration=duration, dt=DT, record={"cells": EVERYTHING}, rng=1
    )["cells"]


def draw_voltage(ax, run, i=0, top=1.3, **style):
    """A voltage, with a line for each spike."""
    ax.plot(run.t, run.traces["V"][i], **style)
    ax.vlines(run.spikes.of(i), 1.0, top, color=style.get("color"))
    ax.axhline(1.0, color=GREY, linestyle=":", linewidth=0.8)


# %%
# Integrate, leak, and synapses
# -----------------------------
# An *integrate-and-fire* neuron adds a weight to its voltage for each incoming spike, fires
# when it meets the threshold, and begins anew. Here it gets 0.3 every 10 ms: the fourth
# input makes it fire, at 40 ms. It would do so if they came once a day.
#
# With a *leak*, dV/dt = -V/tau_m, the voltage forgets: 0.6 every 10 ms, with
# tau_m = 15 ms, fires at every third. And where spikes jump into a *synaptic current*
# instead, which decays with 5 ms and moves the voltage, it rises smoothly and the spike
# comes late.

inputs = trains.regular(10.0, duration=99.0)
perfect = LIF(tau_m=np.inf, t_ref=0.0, V_th=1.0)
leaky = LIF(tau_m=15.0, t_ref=0.0, V_th=1.0)
runs = {
    "integrate-and-fire": driven(inputs, perfect, 0.3, 100.0),
    "leaky": driven(inputs, leaky, 0.6, 100.0),
    "leaky, with synaptic current": driven(
        inputs, leaky, 0.6 * 4.0 / 15.0, 100.0, "current",
        receptors={"current": Exponential(tau=5.0)},
    ),
}  # fmt: skip
fig, axes = plt.subplots(3, 1, figsize=(8, 6), sharex=True, layout="constrained")
for ax, (name, run) in zip(axes, runs.items(), strict=True):
    draw_voltage(ax, run, color=BLUE)
    ax.plot(inputs.times, np.full(inputs.times.size, -0.12), "o", color=RED, ms=4)
    ax.set(title=name, ylabel="V / threshold", ylim=(-0.2, 1.4))
    print(f"{name}: spikes at {run.spikes.times.round(1)} ms")
axes[-1].set(xlabel="time (ms); dots: incoming spikes")

# %%
# Rates by counting
# -----------------
# An input-output function comes from counting: spikes in, spikes out. The integrator fires
# at a quarter of the rate of its input, whatever it is. The leaky neuron loses slow input:
# for regular trains it counts to the k with w (1 - q^k)/(1 - q) >= 1,
# q = exp(-interval/tau_m), a staircase, and irregular trains wash its steps out.
#
# With a constant current mu the interval is tau_m log(mu tau_m/(mu tau_m - V_th)) + t_ref,
# which counting gives back, too.

rate = np.linspace(5.0, 300.0, 60) * Hz
poisson = trains.poisson(rate, duration=4000.0, rng=1)
counted = {
    "integrate-and-fire": driven(poisson, perfect, 0.3, 4000.0).rates,
    "leaky": driven(poisson, leaky, 0.3, 4000.0).rates,
}
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for (name, found), color in zip(counted.items(), (RED, BLUE), strict=True):
    left.plot(rate / Hz, found / Hz, ".", color=color, label=f"{name}, Poisson input")
fine = np.linspace(5.0, 300.0, 2000) * Hz
q = np.exp(-1.0 / (fine * 15.0))
with np.errstate(divide="ignore", invalid="ignore"):
    k = np.ceil(np.log(1.0 - (1.0 - q) / 0.3) / np.log(q))
    staircase = np.where(np.isfinite(k), fine / k, 0.0)
left.plot(fine / Hz, fine / 4 / Hz, color=RED, linewidth=0.8, label="a quarter")
left.plot(fine / Hz, staircase / Hz, color=BLUE, linewidth=0.8, label="leaky, regular")
left.set(xlabel="rate of the input (Hz)", ylabel="rate of the output (Hz)")
left.legend(frameon=False)

mu = np.linspace(0.0, 4.0, 41)
for tau, color in ((20.0, BLUE), (np.inf, RED)):
    neuron = LIF(tau_m=tau, t_ref=2.0, V_th=20.0)
    network = Network(populations={"A": Population(n=mu.size, neuron=neuron)})
    currents = {"A": Step(amplitude=mu)}
    run = simulate_network(network, duration=2000.0, dt=0.01, currents=currents)["A"]
    right.plot(mu, run.rates / Hz, ".", color=color)
    with np.errstate(divide="ignore", invalid="ignore"):
        time = -tau * np.log1p(-20.0 / (mu * tau)) if tau < np.inf else 20.0 / mu
    label = "integrate-and-fire" if tau == np.inf else "leaky"
    exact = np.where(np.isfinite(time), 1.0 / (time + 2.0), 0.0)
    right.plot(mu, exact / Hz, color=color, linewidth=0.8, label=f"{label}, exact")
right.set(xlabel="current (mV/ms)", ylabel="rate (Hz)")
right.legend(frameon=False)

# %%
# A leak makes spike times reliable
# ---------------------------------
# Mainen and Sejnowski (1995, doi:10.1126/science.7770778) injected the same current again
# and again. If it is constant, spikes drift apart from trial to trial; if it fluctuates,
# they come at the same times. So they do in the leaky neuron, with a private noise in each
# of 25 trials, in one *frozen* fluctuating current. The integrator never forgets its noise:
# its spikes are unreliable in either (Brette and Guigon 2003,
# doi:10.1162/089976603762552924).

fluctuating = OrnsteinUhlenbeck(mean=1.5, sigma=1.0, tau=3.0, correlation=1.0, rng=4)
t = np.arange(DT / 2, 500.0, DT)
samples = {
    "constant": np.full(t.size, 1.5),
    "fluctuating": fluctuating.source(1, DT)(t),
}
fig, axes = plt.subplots(
    5, 2, figsize=(10, 9), sharex=True, layout="constrained",
    height_ratios=(1, 2, 2, 2, 2),
)  # fmt: skip
for column, (kind, current) in zip(axes.T, samples.items(), strict=True):
    column[0].plot(t, current, color=GREY, linewidth=0.8)
    column[0].set(title=f"{kind} current", ylim=(-2.2, 5.2))
    cases = (("leaky", 10.0, 0.65, BLUE), ("integrate-and-fire", np.inf, 0.15, RED))
    for (name, tau, gain, color), ax, raster in zip(
        cases, column[1::2], column[2::2], strict=True
    ):
        neuron = LIF(tau_m=tau, t_ref=0.0, V_th=1.0)
        cells = Population(n=25, neuron=neuron, sigma=0.03 * np.sqrt(2.0 / 10.0))
        run = simulate_network(
            Network(populations={"A": cells}), duration=500.0, dt=DT, rng=2,
            currents={"A": gain / 10.0 * current}, record={"A": EVERYTHING},
        )["A"]  # fmt: skip
        ax.plot(run.t, run.traces["V"].T, color=color, alpha=0.15, linewidth=0.7)
        ax.set(ylabel=f"V, {name}")
        raster.plot(run.spikes.times, run.spikes.neurons, "|", color=color, ms=4)
        raster.set(ylabel="trial")
    column[-1].set(xlabel="time (ms)")

# %%
# Adaptation
# ----------
# In a regular input the neurons so far fire regularly: nothing survives a spike. A
# threshold that each spike raises, and that decays slowly, does. The intervals grow from 12
# to 22 ms.

fast = trains.regular(2.0, duration=149.0)
fig, axes = plt.subplots(2, 1, figsize=(8, 4.5), sharex=True, layout="constrained")
for ax, jump in zip(axes, (0.0, 0.4), strict=True):
    neuron = AdaptiveLIF(tau_m=15.0, V_th=1.0, tau_theta=50.0, Delta_theta=jump)
    run = driven(fast, neuron, 0.3, 150.0)
    ax.plot(run.t, run.traces["V"][0], color=BLUE)
    ax.plot(run.t, run.traces["theta"][0], color=RED, label="threshold")
    ax.vlines(run.spikes.times, 2.0, 2.3, color=BLUE)
    ax.set(ylabel="V", title=f"threshold jumps by {jump}", ylim=(-0.1, 2.4))
    print(f"jump {jump}: intervals {np.diff(run.spikes.times).round(1)} ms")
axes[0].legend(frameon=False, loc="center right", bbox_to_anchor=(1.0, 0.62))
axes[1].set(xlabel="time (ms)")

# %%
# Two variables: phasic, bursting, rebound
# ----------------------------------------
# The adaptive exponential neuron has a current w that the voltage drives and that spikes
# raise. With much of the first it fires *once*, when a current begins, or after an
# inhibitory current has *ended*; with a reset above the threshold of the exponential and
# much of the second it *bursts*. Three neurons of one population, each with its parameters:

patterns = AdEx(
    C_m=[281.0, 281.0, 10.0],
    g_L=[30.0, 30.0, 2.0],
    E_L=[-70.6, -70.6, -70.0],
    V_T=[-50.4, -50.4, -50.0],
    a=[100.0, 100.0, -0.5],
    tau_w=[100.0, 100.0, 100.0],
    b=[80.5, 80.5, 7.0],
    V_reset=[-70.6, -70.6, -46.0],
)
names = ("phasic", "rebound", "bursting")
amplitude = np.array([1000.0, -2000.0, 65.0])
stop = np.array([400.0, 250.0, 400.0])
run = simulate_network(
    Network(populations={"A": Population(n=3, neuron=patterns)}),
    duration=400.0, dt=0.02, record={"A": EVERYTHING},
    currents={"A": Step(amplitude=amplitude, start=50.0, stop=stop)},
)["A"]  # fmt: skip
fig, axes = plt.subplots(
    2, 3, figsize=(10, 4), sharex=True, layout="constrained", height_ratios=(4, 1)
)
for i, (top, bottom) in enumerate(axes.T):
    top.plot(run.t, run.traces["V"][i], color=BLUE, linewidth=0.8)
    top.vlines(run.spikes.of(i), -40.0, 0.0, color=BLUE, linewidth=0.8)
    several = "s" if run.counts[i] > 1 else ""
    top.set(title=f"{names[i]}: {run.counts[i]} spike{several}", ylim=(-135.0, 5.0))
    on = (run.t > 50.0) & (run.t <= stop[i])
    bottom.plot(run.t, np.where(on, amplitude[i], 0.0), color=GREY)
    bottom.set(xlabel="time (ms)")
axes[0, 0].set(ylabel="V (mV)")
axes[1, 0].set(ylabel="pA")

# %%
# Escape noise
# ------------
# Noise may also be in the decision to fire: with a *hazard* rho_0 exp((V - V_th)/Delta_u)
# the neuron may fire before the threshold or late. Intervals in a constant current have the
# density rho(s) exp(-integral of rho): few are short, as V has to rise first.

neuron = EscapeLIF(tau_m=10.0, t_ref=2.0, V_th=20.0, Delta_u=2.0)
cells = Population(n=200, neuron=neuron, current=1.7)
run = simulate_network(
    Network(populations={"A": cells}), duration=2000.0, dt=DT, rng=1,
    record={"A": Record(spikes=True, voltage=[0])},
)["A"]  # fmt: skip
same = np.diff(run.spikes.neurons) == 0
found = np.diff(run.spikes.times)[same]
s = np.arange(0.0, 100.0, 0.05)
hazard = np.exp((17.0 * (1.0 - np.exp(-s / 10.0)) - 20.0) / 2.0)
density = hazard * np.exp(-np.cumsum(hazard) * 0.05)
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.5), layout="constrained")
left.plot(run.t, run.traces["V"][0], color=BLUE)
left.vlines(run.spikes.of(0), 20.0, 26.0, color=BLUE)
left.axhline(20.0, color=GREY, linestyle=":", linewidth=0.8)
left.set(xlabel="time (ms)", ylabel="V (mV)", xlim=(0.0, 300.0))
right.hist(found, np.arange(0.0, 100.0, 1.0), density=True, color=BLUE, alpha=0.4)
right.plot(s + 2.0, density, color=RED, label="from the hazard")
right.set(xlabel="interval (ms)", ylabel="density (1/ms)")
right.legend(frameon=False)
