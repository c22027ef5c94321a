"""
Balanced and semi-balanced networks
===================================

Strong excitation and strong inhibition that cancel fix the rates of a network, whatever
its neurons are, and make them a linear function of the stimulus. What happens to stimuli
that cannot be balanced is more interesting: some populations fall silent, several states
compete, and the network computes what no linear map can.
"""

import matplotlib.pyplot as plt
import numpy as np
from scipy.optimize import brentq, root

import meanfield as mf
from meanfield.balanced import (
    balanced_state,
    breaking_stimulus,
    critical_ratio,
    exclusive_or,
    finite_size,
    semi_balanced_rates,
    semi_balanced_states,
    stimulus_manifold,
)
from meanfield.network import balanced_eif, mean_field
from meanfield.plot import plot_stimulus_manifold, plot_stimulus_plane
from meanfield.units import Hz
from spiking_reference import Record, simulate_network

COLORS = {"e1": "#0a7e8c", "e2": "#6a4c93", "i": "#d1603d"}

# %%
# Excitation and inhibition cancel
# --------------------------------
#
# N neurons, weights of order 1/sqrt(N): the mean input of a population is
# sqrt(N) (W r + X). It stays finite in a large network only if r = -W^-1 X. Here are the
# weights of a published network of exponential integrate-and-fire neurons, with rates in
# kHz and input in mV.

W = np.array([[30.0, -45.0], [135.0, -75.0]])
X = np.array([0.4, 0.3])
state = balanced_state(W, X)
print(state.message, state.rate / Hz, "Hz")
print("unstable if inhibition is", critical_ratio(W), "times slower than excitation")

# %%
# Balance can be broken
# ---------------------
#
# Rates are a linear function of the stimulus, and nothing keeps them positive. For every
# network with excitation there is a positive stimulus that it cannot balance: the pattern
# that the excitatory population itself would produce.

X_broken = breaking_stimulus(W)
print("X =", X_broken, balanced_state(W, X_broken).message)

angle = np.radians(np.linspace(0.0, 90.0, 400))
X_all = 0.5 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
linear = -np.linalg.solve(W, X_all.T).T
states = semi_balanced_rates(W, X_all)
fig, ax = plt.subplots(figsize=(6.5, 3.6), layout="constrained")
for a, name in enumerate(("e1", "i")):
    ax.plot(np.degrees(angle), linear[:, a] / Hz, ":", color=COLORS[name])
    ax.plot(
        np.degrees(angle), states.only()[:, a] / Hz, color=COLORS[name], label=name[0]
    )
ax.axhline(0.0, color="gray", linewidth=0.8)
ax.set(xlabel="direction of the stimulus (degrees)", ylabel="rate (Hz)", ylim=(-4, 19))
ax.set_title("dotted: balanced rates; lines: semi-balanced ones")
ax.legend(frameon=False)

# %%
# Populations fall silent
# -----------------------
#
# A population that would need a negative rate is silenced by an excess of inhibition, and
# the others form a balanced network without it: r = [W r + X + r]^+. Who is silent is not
# obvious. In this network of three populations the first has the negative balanced
# rate, and yet it is the second that is silent.

W_xor, inputs, base, readout = exclusive_or()
X_10 = base + inputs @ [1, 0]
print("balanced:     ", balanced_state(W_xor, X_10).rate.round(2))
for state in semi_balanced_states(W_xor, X_10).states:
    print("semi-balanced:", state.rate, state.stability, "net input", state.net_input)

# %%
# Several states
# --------------
#
# Two excitatory populations that excite themselves more than each other, under common
# inhibition. Where their inputs are alike either may win, and a third, unstable state
# lies between. The indices, signs of a determinant, add up to the same number for every
# stimulus: states come and go in pairs.

W_wta = np.array([[18.0, 12.0, -45.0], [12.0, 18.0, -45.0], [67.5, 67.5, -75.0]])
found = semi_balanced_states(W_wta, [0.4, 0.4, 0.3])
print(found.message, "- sum of indices", found.degree)
for state in found.states:
    print(state.support, state.stability, state.index, (state.rate / Hz).round(2), "Hz")

sources = np.array([[1.0, 0.0], [0.0, 1.0], [0.4, 0.4]])
manifold = stimulus_manifold(W_wta, sources)
fig = plt.figure(figsize=(9, 4), layout="constrained")
ax = plot_stimulus_plane(manifold, ax=fig.add_subplot(1, 2, 1))
ax.set_title("hatched: two stable states")
plot_stimulus_manifold(manifold, ax=fig.add_subplot(1, 2, 2, projection="3d"))

# %%
# In the rates of the three populations, the stimuli make a surface: one flat piece for
# each set of active populations, and a fold where the unstable piece (pale) turns back.
#
# Exclusive or
# ------------
#
# Balanced rates are an affine function of two input bits, and no linear readout of such a
# function is the exclusive or. Semi-balanced rates can do it: one bit silences the
# competitor, both together silence both.

bits = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
manifold = stimulus_manifold(W_xor, inputs, base)
print("semi-balanced readout", manifold.states(bits).only() @ readout)
balanced = -np.linalg.solve(W_xor, manifold.stimuli(bits).T).T
print("balanced readout     ", (balanced @ readout).round(3))

fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
plot_stimulus_plane(manifold, 1.2, ax=axes[0])
plot_stimulus_plane(manifold, 1.2, readout=readout, ax=axes[1])
for ax in axes:
    ax.plot(*bits.T, "o", color="white", markeredgecolor="black", clip_on=False)

# %%
# In spikes
# ---------
#
# Exponential integrate-and-fire neurons: two excitatory populations, connected more
# densely across than within, and an inhibitory one. Theory says that with more input to
# e1, e2 is silent.

SIZES = np.array([0.4, 0.4, 0.2])
P = np.array([[0.04, 0.06, 0.05], [0.06, 0.04, 0.05], [0.05, 0.05, 0.05]])
J = np.array([[750.0, 750.0, -4500.0]] * 2 + [[3375.0, 3375.0, -7500.0]])
W = J * P * SIZES
X = np.array([0.5, 0.3, 0.3])
(limit,) = semi_balanced_states(W, X).states
print(limit.rate / Hz, "Hz,", limit.stability, "- net input", limit.net_input)


def network(N, X):
    """The network of N neurons."""
    return balanced_eif(
        N, j=J, X=X, p=P, fractions=SIZES, names=tuple(COLORS), tau_syn=(6.0, 6.0, 4.0)
    )


def simulate(N, X, **options):
    """One second of it, from random voltages."""
    net = network(N, X)
    g = np.random.default_rng(1)
    start = {k: {"V": g.uniform(-72, -55, p.n)} for k, p in net.populations.items()}
    return simulate_network(
        net, duration=1000.0, warmup=300.0, dt=0.1, initial=start, rng=1, **options
    )


def rates_of(run):
    """Rates of the three populations."""
    return np.array([run[name].rate.value for name in COLORS])


record = {k: Record(spikes=np.arange(100)) for k in COLORS}
runs = {1000: simulate(1000, X), 2000: simulate(2000, X)}
runs[5000] = simulate(5000, X, record=record)

fig, ax = plt.subplots(figsize=(8, 3.4), layout="constrained")
for k, (name, color) in enumerate(COLORS.items()):
    spikes = runs[5000][name].spikes
    ax.plot(spikes.times, spikes.neurons + 110 * k, ".", color=color, markersize=2)
ax.set(xlabel="time (ms)", yticks=[50, 160, 270], yticklabels=COLORS, xlim=(0, 500))
ax.set_title("100 neurons of each population, N = 5000")

# %%
# How far is that from the limit? A finite network needs some mean input: the neurons'
# own transfer function f enters by r + W^-1 f^-1(r)/sqrt(N). The mean-field theory of the
# finite network solves r = f(r) for all populations with fluctuations and all, and
# knows that e2 is not perfectly silent.


def needed(rate):
    """Mean input [mV] at which neurons of each population fire at these rates."""
    ((_, cells),) = mean_field(network(5000, X)).cells(rate)
    return [
        15.0
        * brentq(lambda mu, s=s, r=r: mf.firing_rate(mu, s, cells.neuron) - r, -5, 5)
        if r > 0
        else 0.0
        for s, r in zip(cells.sigma, rate, strict=True)
    ]


def self_consistent(N, start=(5e-3, 3e-4, 8e-3)):
    """Rates of the finite network."""
    net = mean_field(network(N, X))
    found = root(lambda x: np.log(net.firing_rates(np.exp(x))) - x, np.log(start))
    return np.exp(found.x)


sizes = np.geomspace(1000, 100_000, 13)
theory = np.array([self_consistent(int(N)) for N in sizes])
first = np.array([finite_size(W, X, N, needed, rate=limit.rate) for N in sizes])
fig, ax = plt.subplots(figsize=(6.5, 4), layout="constrained")
for k, (name, color) in enumerate(COLORS.items()):
    ax.plot(sizes, theory[:, k] / Hz, color=color, label=name)
    ax.plot(sizes[4:], first[4:, k] / Hz, "--", color=color, linewidth=0.9)
    ax.axhline(limit.rate[k] / Hz, color=color, linestyle=":")
    ax.plot(
        list(runs), [rates_of(run)[k] / Hz for run in runs.values()], "o", color=color
    )
ax.set(xscale="log", xlabel="neurons", ylabel="rate (Hz)", ylim=(-0.4, None))
ax.set_title("dots: simulated; lines: finite N, first order, limit")
ax.legend(frameon=False)

# %%
# Rates approach the limit as 1/sqrt(N): slowly, and predictably. The theory of the
# finite network is off where firing is rare or the network small: it takes fluctuations
# for Gaussian and in-degrees for equal.
#
# The stimuli of exclusive or, in spikes: what makes it possible is that the rates are
# not affine in the bits. For balanced rates r(11) + r(00) - r(10) - r(01) is 0.

stimuli = {"00": (0.3, 0.3, 0.225), "10": (0.5, 0.3, 0.3), "01": (0.3, 0.5, 0.3),
           "11": (0.5, 0.5, 0.375)}  # fmt: skip
spiking = {
    b: rates_of(simulate(5000, np.array(x))) for b, x in stimuli.items() if b != "10"
}
spiking["10"] = rates_of(runs[5000])
exact = dict(
    zip(stimuli, semi_balanced_rates(W, list(stimuli.values())).only(), strict=True)
)
for label, r in {"limit": exact, "N = 5000": spiking}.items():
    print(label, ((r["11"] + r["00"] - r["10"] - r["01"]) / Hz).round(2), "Hz")
