"""
From ion channels to balanced networks that learn
=================================================

A walk from the Hodgkin-Huxley neuron to networks of exponential integrate-and-fire
neurons whose inhibitory synapses learn: what each simplification keeps, what a spike
does to its target, why inhibition fires more than excitation, and how plasticity brings
rates to a target.
"""

import matplotlib.pyplot as plt
import numpy as np

from meanfield.neurons import (
    EIF,
    LIF,
    Bernoulli,
    Exponential,
    HodgkinHuxley,
    InhibitoryPlasticity,
    Network,
    Population,
    Projection,
    Sparse,
    SpikeSource,
)
from meanfield.plasticity import (
    network_fixed_point,
    network_trajectory,
    trajectory,
)
from meanfield.units import Hz
from spiking_reference import Record, simulate_network

EXC, INH = "#0a7e8c", "#d1603d"
everything = Record(spikes=True, voltage=True)


def single(neuron, current, duration, dt, n=1, **options):
    """One population under a given current, recorded."""
    cells = Population(n=n, neuron=neuron, **options)
    return simulate_network(
        Network(populations={"cells": cells}), duration=duration, dt=dt,
        currents={"cells": current}, record={"cells": everything},
    )["cells"]  # fmt: skip


# %%
# Channels make spikes
# --------------------
#
# Three pulses of current, 1 ms wide. A strong one makes a spike of 100 mV that is
# over within 2 ms and leaves the voltage below rest; a weak one does nothing of the
# kind. Sodium activation m is fast and drives the upswing, its inactivation h and
# potassium n end it.

pulses = {50.0: 6.0, 100.0: 12.0, 150.0: 3.0}


def current(t):
    """Gaussian pulses [uA/cm^2]."""
    return sum(size * np.exp(-0.5 * (t - at) ** 2) for at, size in pulses.items())


run = single(HodgkinHuxley(), current, 180.0, 0.01)
V = run.traces["V"][0]
print("spikes at", run.spikes.times.round(1), "ms, up to", round(V.max(), 1), "mV")

fig, (top, bottom) = plt.subplots(
    2, 1, figsize=(8, 5), sharex=True, layout="constrained"
)
top.plot(run.t, V, color="black")
top.plot(run.t, current(run.t) - 95.0, color="gray", linewidth=0.9)
top.set(ylabel="V (mV)", title="Hodgkin-Huxley neuron, and its current below")
for gate, color in zip("mhn", (EXC, INH, "#6a4c93"), strict=True):
    bottom.plot(run.t, run.traces[gate][0], color=color, label=gate)
bottom.set(xlabel="time (ms)", ylabel="open", xlim=(40, 160))
bottom.legend(frameon=False, ncol=3, loc="center right")

# %%
# What integrate-and-fire neurons keep
# ------------------------------------
#
# The exponential neuron replaces sodium by one term and the rest by a reset. As its
# sharpness Delta_T goes to zero it becomes the leaky neuron with threshold V_T; a
# soft threshold makes rates rise as a square root where the leaky neuron's rise
# without bound in slope.

TAU, E_L, V_T, V_RESET = 15.0, -72.0, -55.0, -75.0
I = np.linspace(12.0, 26.0, 57)  # [mV], tau_m times the current
common = {"tau_m": TAU, "E_L": E_L, "V_reset": V_RESET, "t_ref": 0.0}
cells = {
    f"EIF, $\\Delta_T$ = {d:g} mV": EIF(V_T=V_T, Delta_T=d, V_th=10.0, **common)
    for d in (4.0, 2.0, 0.5)
} | {"LIF": LIF(V_th=V_T, **common)}
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for label, neuron in cells.items():
    found = simulate_network(
        Network(
            populations={"A": Population(n=I.size, neuron=neuron, current=I / TAU)}
        ),
        duration=3000.0, warmup=500.0, dt=0.02,
    )["A"]  # fmt: skip
    left.plot(I, found.rates / Hz, label=label)
left.set(xlabel="current times resistance (mV)", ylabel="rate (Hz)")
left.legend(frameon=False)
ramp = single(
    cells["EIF, $\\Delta_T$ = 2 mV"], lambda t: 22.0 / TAU + 0.0 * t, 80.0, 0.02
)
right.plot(ramp.t, ramp.traces["V"][0], color="black")
right.axhline(V_T, color="gray", linestyle=":")
right.set(xlabel="time (ms)", ylabel="V (mV)", title="EIF, soft threshold dotted")

# %%
# What a spike does to its target
# -------------------------------
#
# An excitatory spike at 10 ms, an inhibitory one at 50 ms: the current jumps and
# decays with its own time constant, the voltage follows with the membrane's. As a
# conductance the same waveform acts by the distance to its reversal potential.

sources = SpikeSource(n=2, times=[210.0, 250.0], sources=[0, 1])  # 200 ms to settle


def response(E_exc, E_inh, w_exc, w_inh):
    """Two neurons below threshold, each of which receives one of the spikes."""
    receptors = {
        "exc": Exponential(tau=6.0, E_rev=E_exc), "inh": Exponential(tau=4.0, E_rev=E_inh)
    }  # fmt: skip
    cell = Population(
        n=2, neuron=EIF(V_T=V_T, V_th=10.0, **common), receptors=receptors
    )
    wires = [
        Projection(
            source="in", target="A", rule=Sparse(np.diag(w)), weight=0.0, delay=0.1,
            receptor=name,
        )
        for name, w in {"exc": (w_exc, 0.0), "inh": (0.0, w_inh)}.items()
    ]  # fmt: skip
    network = Network(populations={"in": sources, "A": cell}, projections=wires)
    return simulate_network(
        network, duration=100.0, warmup=200.0, record={"A": everything}
    )["A"]


fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for ax, (title, given) in zip(
    axes,
    {
        "currents": (None, None, 0.2, -0.2),
        "conductances": (0.0, -80.0, 0.003, 0.03),
    }.items(),
    strict=True,
):
    found = response(*given)
    ax.plot(found.t, found.traces["V"][0], color=EXC, label="V, excitatory spike")
    ax.plot(found.t, found.traces["V"][1], color=INH, label="V, inhibitory spike")
    ax.set(xlabel="time (ms)", ylabel="V (mV)", title=title)
    wave = ax.twinx()
    wave.plot(found.t, found.traces["exc"][0], color=EXC, linestyle=":")
    wave.plot(found.t, found.traces["inh"][1], color=INH, linestyle=":")
    wave.set_yticks([])
axes[0].legend(frameon=False)

# %%
# A recurrent network
# -------------------
#
# 4000 excitatory and 1000 inhibitory neurons, connected with probability 0.05,
# weights of order 1/sqrt(N), constant input of order sqrt(N): the setting of balanced
# networks (van Vreeswijk and Sompolinsky, 1996). Excitation and inhibition are each
# far beyond threshold and cancel, what is left fluctuates and makes firing irregular.

N, P = 5000, 0.05
ROOT = np.sqrt(N)
SIZE = {"E": 4 * N // 5, "I": N // 5}
TAU_SYN = {"E": 6.0, "I": 4.0}
J = {("E", "E"): 750.0, ("I", "E"): -4500.0, ("E", "I"): 3375.0, ("I", "I"): -7500.0}
X = {"E": 0.4, "I": 0.3}
CELL = EIF(V_T=V_T, Delta_T=2.0, V_th=0.0, **common)


def balanced(plasticity):
    """The network; `plasticity` by source and target."""
    return Network(
        populations={
            name: Population(
                n=n, neuron=CELL, current=X[name] * ROOT / TAU,
                receptors={s: Exponential(tau=tau) for s, tau in TAU_SYN.items()},
            )
            for name, n in SIZE.items()
        },
        projections=[
            Projection(
                source=s, target=t, rule=Bernoulli(P), receptor=s, delay=0.1,
                weight=j / ROOT / TAU_SYN[s] / TAU, plasticity=plasticity.get((s, t)),
            )
            for (s, t), j in J.items()
        ],
    )  # fmt: skip


g = np.random.default_rng(1)
initial = {name: {"V": g.uniform(E_L, V_T, n)} for name, n in SIZE.items()}
record = {name: Record(spikes=np.arange(0, n, n // 100)) for name, n in SIZE.items()}
run = simulate_network(
    balanced({}), duration=1000.0, warmup=300.0, initial=initial, record=record, rng=1,
    bin=5.0,
)  # fmt: skip
W = np.array(
    [[J[s, t] * P * SIZE[s] / N for s in "EI"] for t in "EI"]
)  # mean connection strengths
limit = -np.linalg.solve(W, list(X.values()))

fig, (top, bottom) = plt.subplots(
    2, 1, figsize=(8, 5), sharex=True, layout="constrained", height_ratios=(2, 1)
)
for i, (name, color) in enumerate(zip("EI", (EXC, INH), strict=True)):
    result = run[name]
    row = result.spikes.neurons // (SIZE[name] // 100) + 110 * i
    top.plot(result.spikes.times, row, ".", color=color, markersize=2)
    activity = result.activity / (result.n * result.bin) / Hz
    bottom.plot(np.arange(activity.size) * result.bin, activity, color=color)
    print(
        f"{name}: {result.rate.value / Hz:.2f} Hz, CV {np.nanmean(result.cv):.2f}; "
        f"infinite network {limit[i] / Hz:.2f} Hz"
    )
top.set(
    yticks=[50, 160], yticklabels=["E", "I"], title="100 neurons of each population"
)
bottom.set(xlabel="time (ms)", ylabel="rate (Hz)", ylim=(0, None))

# %%
# Firing is irregular and asynchronous, inhibitory neurons fire more than excitatory
# ones. The rates of infinitely large networks, -W^-1 X, are approached as 1/sqrt(N):
# at N = 5000 they are a fifth below.
#
# Synapses that learn
# -------------------
#
# Now inhibitory synapses follow the rule of Vogels et al. (2011) in its
# multiplicative form, with targets of 8 and 10 Hz. Inhibition of excitatory neurons
# weakens until they fire too much, grows, and comes to rest after one overshoot.
# Theory takes the same description, and rates from the mean field of the network
# (dashed); what infinitely many neurons would do is dotted.


def rule(eta, target):
    """Inhibitory plasticity with traces of 200 ms."""
    return InhibitoryPlasticity(eta=eta, target=target, tau=200.0, multiplicative=True)


TARGET = {"E": 8.0 * Hz, "I": 10.0 * Hz}
learning = {("I", "E"): rule(3.0, TARGET["E"]), ("I", "I"): rule(2.0, TARGET["I"])}
run = simulate_network(
    balanced(learning), duration=12_000.0, initial=initial, rng=1, bin=200.0
)
rules = {("EI".index(t), "EI".index(s)): rule for (s, t), rule in learning.items()}
times = np.arange(0.0, 12_000.0, 20.0)
theory = {
    "--": network_trajectory(balanced(learning), times),
    ":": trajectory(W, list(X.values()), rules, times, empty=True),
}
rest = network_fixed_point(balanced(learning))
print(rest.message)

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
for style, way in theory.items():
    for i, color in enumerate((EXC, INH)):
        left.plot(way.t / 1e3, way.rate[:, i] / Hz, style, color=color, linewidth=1)
        grown = way.W[:, i, 1] / way.W[0, i, 1]
        right.plot(way.t / 1e3, grown, style, color=color, linewidth=1)
for name, color in zip("EI", (EXC, INH), strict=True):
    result = run[name]
    activity = result.activity / (result.n * result.bin) / Hz
    left.plot(
        np.arange(activity.size) * result.bin / 1e3, activity, color=color, label=name
    )
    left.axhline(TARGET[name] / Hz, color=color, linewidth=0.6)
for number, (name, color) in {1: ("E", EXC), 3: ("I", INH)}.items():
    weights = run.weights[number]
    right.plot(
        weights.t / 1e3,
        weights.mean / weights.mean[0],
        color=color,
        label=f"I to {name}",
    )
left.set(
    xlabel="time (s)",
    ylabel="rate (Hz)",
    title="theory dashed, N to infinity dotted",
    ylim=(0, None),
)
right.set(xlabel="time (s)", ylabel="mean weight, relative")
for ax in (left, right):
    ax.legend(frameon=False)

# %%
# Rates end some percent above their targets: a target neuron is less likely to fire
# right after inhibition, so that it has fewer coincidences than the rule counts on.
# The effect falls as 1/sqrt(N), and so does what sets large networks apart: that
# inhibition adds noise, and that neurons need input to fire.
