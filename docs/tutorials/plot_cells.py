"""
Single neurons
==============

Firing patterns of the adaptive exponential neuron, noisy and oscillating currents, balanced
bombardment by synapses, and a neuron with a dendrite. A single neuron is a population of
one; neurons that differ in their parameters can be one population, too.
"""

import matplotlib.pyplot as plt
import numpy as np

from meanfield.neurons import (
    NMDA,
    AdEx,
    BallAndStick,
    ConductanceLIF,
    DoubleExponential,
    Exponential,
    Network,
    OnDendrite,
    OneToOne,
    Poisson,
    PoissonSource,
    Population,
    Projection,
)
from meanfield.units import Hz
from spiking_reference import Record, Sinusoid, Step, simulate_network

DARK, WARM, COLD = "#1f2d3a", "#d1603d", "#0a7e8c"


def run(network, duration, dt, **options):
    """Simulate, and keep spikes and states of the population "cells"."""
    record = {"cells": Record(spikes=True, voltage=True, every=max(1, round(0.1 / dt)))}
    return simulate_network(
        network, duration=duration, dt=dt, record=record, progress=False, **options
    )["cells"]


def draw_voltage(ax, result, neuron=0, color=DARK):
    """The voltage, with a line up to 10 mV for each spike."""
    ax.plot(result.t, result.traces["V"][neuron], color=color, linewidth=0.8)
    ax.vlines(result.spikes.of(neuron), -50.0, 10.0, color=color, linewidth=0.8)


# %%
# Firing patterns
# ---------------
#
# The same current of 65 pA (25 pA for the last), after 30 ms at 5 pA, makes a neuron fire
# regularly or in bursts, at once or late, depending on the leak, the adaptation w and the
# reset.

patterns = {  # tau_m, a, tau_w, b, V_reset, current
    "tonic": (20, 0, 30, 60, -55, 65),
    "adapting": (20, 0, 100, 5, -55, 65),
    "initial burst": (5, 0.5, 100, 7, -51, 65),
    "bursting": (5, -0.5, 100, 7, -46, 65),
    "transient": (10, 1, 100, 10, -60, 65),
    "delayed": (5, -1, 100, 10, -60, 25),
}
tau_m, a, tau_w, b, V_reset, current = np.array(list(patterns.values()), float).T
neuron = AdEx(
    C_m=tau_m / 0.5, g_L=1.0 / 0.5, E_L=-70.0, V_T=-50.0, Delta_T=2.0, a=a, tau_w=tau_w,
    b=b, V_reset=V_reset,
)  # fmt: skip
cells = Population(n=len(patterns), neuron=neuron, current=5.0)
step = Step(amplitude=current - 5.0, start=30.0)
found = run(
    Network(populations={"cells": cells}), 330.0, 0.01, currents={"cells": step}
)

fig, axes = plt.subplots(6, 2, figsize=(10, 11), sharex=True, layout="constrained")
for i, (name, (left, right)) in enumerate(zip(patterns, axes, strict=True)):
    draw_voltage(left, found, i)
    right.plot(found.t, found.traces["w"][i], color=WARM, linewidth=1.0)
    left.set(ylabel="V (mV)", ylim=(-80, 15))
    left.set_title(f"{name}: {found.counts[i]} spikes", loc="left", fontsize=10)
    right.set(ylabel="w (pA)")
for ax in axes[-1]:
    ax.set(xlabel="time (ms)")

# %%
# A noisy current
# ---------------
#
# 30 pA, and in each step of 0.125 ms a normal number with a standard deviation of 100 pA.
# What the membrane feels of such a current depends on the step: it is white noise of the
# intensity 100 pA/C_m sqrt(dt). The neuron fires at that noise, given as ``sigma``, as it
# does at the numbers; with another step, 100 pA would be another noise, with another rate.

leaky = ConductanceLIF(
    C_m=40.0, g_L=2.0, E_L=-70.0, V_th=-50.0, V_reset=-55.0, t_ref=2.0
)
dt = 0.125
noise = 30.0 + 100.0 * np.random.default_rng(2).standard_normal(round(2000.0 / dt))
alone = Network(populations={"cells": Population(n=1, neuron=leaky)})
found = run(alone, 2000.0, dt, currents={"cells": noise})

fig, (top, bottom) = plt.subplots(2, figsize=(10, 5), sharex=True, layout="constrained")
draw_voltage(top, found)
bottom.plot((np.arange(noise.size) + 0.5) * dt, noise, color=WARM, linewidth=0.15)
top.set(ylabel="V (mV)", ylim=(-80, 15))
bottom.set(ylabel="current (pA)", xlabel="time (ms)")

for step_size in (0.125, 0.05):
    sigma = 100.0 / leaky.C_m * np.sqrt(step_size)
    many = Population(n=200, neuron=leaky, current=30.0, sigma=sigma)
    rate = simulate_network(
        Network(populations={"cells": many}), duration=2000.0, dt=step_size, rng=1
    )["cells"].rate
    print(f"100 pA in steps of {step_size} ms: {rate.value / Hz:.2f} Hz")

# %%
# An oscillating current
# ----------------------
#
# Two neurons under 50 pA at 1 Hz, with a shift of three quarters of pi between them.

pair = Network(populations={"cells": Population(n=2, neuron=leaky)})
phases = 0.75 * np.pi * np.array([1.0, 2.0])
wave = Sinusoid(amplitude=50.0, frequency=1 * Hz, phase=phases)
found = run(pair, 2000.0, 0.1, currents={"cells": wave})

fig, (top, bottom) = plt.subplots(2, figsize=(10, 5), sharex=True, layout="constrained")
for i, color in enumerate((COLD, WARM)):
    draw_voltage(top, found, i, color)
    angle = 2.0 * np.pi * found.t / 1000.0 + phases[i]
    bottom.plot(found.t, 50.0 * np.sin(angle), color=color, label=f"neuron {i + 1}")
top.set(ylabel="V (mV)", ylim=(-100, 15))
bottom.set(ylabel="current (pA)", xlabel="time (ms)", ylim=(-60, 80))
bottom.legend(frameon=False, loc="upper right", ncols=2)

# %%
# Balanced synaptic input
# -----------------------
#
# 1000 excitatory synapses of 1 nS at 1.2 Hz, and 1000 inhibitory ones of 4 nS at 3 Hz. The
# synapses together conduct many times what the leak does, the membrane is as fast as they
# let it be, and the voltage is where they balance: the high-conductance state.

bombarded = Network(
    populations={
        "cells": Population(
            n=1, neuron=leaky,
            receptors={
                "exc": Exponential(tau=6.0, E_rev=0.0),
                "inh": Exponential(tau=2.0, E_rev=-75.0),
            },
        )
    },
    inputs=[
        Poisson(target="cells", rate=1.2, weight=1.0, receptor="exc"),
        Poisson(target="cells", rate=3.0, weight=4.0, receptor="inh"),
    ],
)  # fmt: skip
found = run(bombarded, 1000.0, 0.025, rng=3)
V, g_exc, g_inh = (found.traces[name][0] for name in ("V", "exc", "inh"))

fig, axes = plt.subplots(3, figsize=(10, 7), sharex=True, layout="constrained")
axes[0].plot(found.t, g_exc, color=WARM, linewidth=0.6, label="excitatory")
axes[0].plot(found.t, g_inh, color=COLD, linewidth=0.6, label="inhibitory")
axes[1].plot(found.t, -g_exc * V, color=WARM, linewidth=0.6)
axes[1].plot(found.t, -g_inh * (V + 75.0), color=COLD, linewidth=0.6)
draw_voltage(axes[2], found)
axes[0].set(ylabel="conductance (nS)")
axes[0].legend(frameon=False, loc="upper right", ncols=2)
axes[1].set(ylabel="current (pA)")
axes[2].set(ylabel="V (mV)", xlabel="time (ms)", ylim=(-80, 15))

total = leaky.g_L + g_exc + g_inh
print(f"conductance: {total.mean() / leaky.g_L:.1f} times that of the leak")
print(f"time constant: {leaky.C_m / total.mean():.1f} ms instead of 20 ms")

# %%
# Ball and stick
# --------------
#
# An adaptive exponential soma with a passive dendrite, on which all synapses are: AMPA and
# NMDA receptors share the excitatory spikes, GABA_A and GABA_B the inhibitory ones.
# Magnesium blocks NMDA receptors at low voltage, so that the dendrite jumps between low and
# high voltages; the soma follows, and fires when it stays up.

synapses = {  # receptor, peak conductance in nS, source
    "AMPA": (DoubleExponential(tau_rise=0.26, tau_decay=2.0, E_rev=0.0), 0.73, "exc"),
    "NMDA": (NMDA(tau_rise=8.0, tau_decay=35.0), 1.31, "exc"),
    "GABA_A": (
        DoubleExponential(tau_rise=4.8, tau_decay=29.0, E_rev=-70.0),
        1.08,
        "inh",
    ),
    "GABA_B": (
        DoubleExponential(tau_rise=30.0, tau_decay=400.0, E_rev=-90.0),
        0.0024,
        "inh",
    ),
}


def ball_and_stick(n):
    """Neurons with 10,200 excitatory and 3000 inhibitory spikes a second each."""
    cells = Population(
        n=n, neuron=BallAndStick(),
        receptors={name: OnDendrite(synapse) for name, (synapse, _, _) in synapses.items()},
    )  # fmt: skip
    return Network(
        populations={
            "cells": cells,
            "exc": PoissonSource(n=n, rate=10.2),
            "inh": PoissonSource(n=n, rate=3.0),
        },
        projections=[
            Projection(
                source=source, target="cells", rule=OneToOne(), weight=weight, delay=1.0,
                receptor=name,
            )
            for name, (_, weight, source) in synapses.items()
        ],
    )  # fmt: skip


found = run(ball_and_stick(1), 3000.0, 0.1, warmup=1000.0, rng=4)
fig, ax = plt.subplots(figsize=(10, 4), layout="constrained")
ax.plot(found.t, found.traces["V_d"][0], color=WARM, linewidth=0.6, label="dendrite")
ax.plot(found.t, found.traces["V"][0], color=DARK, linewidth=0.8, label="soma")
ax.vlines(found.spikes.times, -45.0, 10.0, color=DARK, linewidth=0.8)
ax.set(xlabel="time (ms)", ylabel="voltage (mV)")
ax.legend(frameon=False, loc="upper right", ncols=2)

many = simulate_network(ball_and_stick(100), duration=2000.0, warmup=1000.0, rng=1)
print(
    f"{found.counts[0]} spikes in 3 s; on average {many['cells'].rate.value / Hz:.1f} Hz"
)
