"""
Rate models and phase planes
============================

Populations of neurons as a few equations: what they do at rest, when they have two states,
and when they oscillate.
"""

import matplotlib.pyplot as plt
import numpy as np

from meanfield import LIF
from meanfield.plot import plot_bifurcation, plot_phase_plane
from meanfield.rate import (
    LIFRate,
    PowerLaw,
    RateModel,
    Sigmoid,
    ThresholdLinear,
    bifurcation_diagram,
    feedforward_chain,
    fixed_points,
    integrate,
    mean_field_weights,
)
from meanfield.units import Hz
from spiking_reference import WhiteNoise, simulate

BLUE, RED, GREY = "#0a7e8c", "#d1603d", "#777777"

# %%
# Feedforward: the mean-field input
# ---------------------------------
# A neuron that N neurons of rate r drive, each connected with probability p and a
# weight of j mV, gets N p j r mV per ms on average. With 4000 excitatory and 1000
# inhibitory neurons that is a large drive up and a large drive down, and what is left
# decides. The rate that follows is r_post = f(I): here f of leaky integrate-and-fire
# neurons in noise, the same with a threshold-linear function fitted by eye, and
# simulated neurons.

J = mean_field_weights([4000, 1000], 0.1, [[0.1, -0.35]])
print("input per presynaptic rate, E and I (mV):", J)
r_i = 8.0 * Hz
r_e = np.linspace(0.0, 25.0, 60) * Hz
drive = J[0, 0] * r_e + J[0, 1] * r_i + 0.7  # and a constant current of 0.7 mV/ms
neurons = LIFRate(neuron=LIF(t_ref=2.0), sigma=2.0)
linear = ThresholdLinear(gain=0.0375, threshold=0.27)
some = slice(0, 60, 6)
run = simulate(
    LIF(t_ref=2.0),
    WhiteNoise(mu=drive[some], sigma=2.0),
    duration=20_000.0,
    dt=0.05,
    rng=1,
)
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
left.plot(r_e / Hz, J[0, 0] * r_e, color=RED, label="excitatory")
left.axhline(J[0, 1] * r_i, color=BLUE, label="inhibitory")
left.plot(r_e / Hz, drive, color="black", label="total, with current")
left.set(xlabel="excitatory rate (Hz)", ylabel="drive (mV/ms)")
left.legend(frameon=False)
right.plot(r_e / Hz, neurons(drive) / Hz, color="black", label="LIF in noise")
right.plot(r_e / Hz, linear(drive) / Hz, color=GREY, ls="--", label="threshold-linear")
right.plot(r_e[some] / Hz, run.rate.value / Hz, "o", color=RED, label="simulated")
right.set(xlabel="excitatory rate (Hz)", ylabel="rate of the target (Hz)")
right.legend(frameon=False)

# %%
# Layer upon layer, a rate grows or fades: which of the two is decided by the unstable
# state of one population that excites itself as each layer does the next, here 23.57
# Hz. A chain of 12 layers, with inhibitory neurons beside the excitatory ones, is one
# rate model with one fixed point, which is explicit. Layers follow the ones before with
# their time constants.

layer = mean_field_weights([4000, 1000], 0.1, [[0.125, -0.1], [0.125, -0.1]])
print("net weight (mV):", layer.sum(axis=1))
alone = fixed_points(RateModel(W=[[40.0]], f=neurons))
for point in alone:
    print(f"{point.rate[0] / Hz:.2f} Hz, {point.stability}")
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
for r, color in ((20.0, RED), (23.0, BLUE), (24.0, GREY), (27.0, "black")):
    chain = feedforward_chain([layer] * 12, [r * Hz, r * Hz], f=neurons, tau=10.0)
    (point,) = fixed_points(chain)
    left.plot(range(13), [r, *point.rate[::2] / Hz], "o-", color=color)
    t = np.linspace(0.0, 300.0, 300)
    rates = integrate(chain, t).rate
    right.plot(t, rates[:, [0, 10, 22]] / Hz, color=color)
left.set(xlabel="layer", ylabel="rate (Hz)", title="at rest")
right.set(xlabel="time (ms)", ylabel="rate (Hz)", title="layers 1, 6 and 12")

# %%
# Excitation and inhibition in the plane
# --------------------------------------
# Two populations that excite and inhibit each other can be *seen*: each has a
# nullcline, where its own rate rests, and the network rests where they cross. Here
# three times: a low and a high state are stable (filled), and the saddle between them
# (square) divides the plane. The list of fixed points is complete, and says why.

bistable = RateModel(
    W=[[12.0, -4.0], [13.0, -2.0]], X=[-5.0, -9.0], f=Sigmoid(), tau=[10.0, 10.0]
)
found = fixed_points(bistable)
print(found.message)
for point in found:
    print(point.rate.round(4), point.stability, point.kind, point.eigenvalues.round(3))

fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
plot_phase_plane(bistable, starts=[[0.3, 0.2], [0.5, 0.2], [0.6, 0.8]], ax=left)
left.set_title("two stable states")

oscillating = RateModel(
    W=[[16.0, -12.0], [15.0, -3.0]], X=[1.25, 0.0], tau=10.0,
    f=Sigmoid(slope=[1.3, 2.0], threshold=[4.0, 3.7]),
)  # fmt: skip
plot_phase_plane(oscillating, starts=[[0.0, 0.0]], ax=right)
right.set_title("a limit cycle (Wilson and Cowan 1972)")

# %%
# Changing the input: where states appear and vanish
# --------------------------------------------------
# Over the input to E the three states are one curve with two *folds*, at -0.157 and
# 2.608; the high state is lost a bit before its fold, in a *Hopf* point. The diagram
# follows the curve around, with the folds exact. Grey dots are where 4000 trajectories
# end, each with an input and a start of its own, all integrated at once: a search by
# simulation sees what is stable and nothing else.


def wilson_cowan(p):
    return RateModel(W=bistable.W, X=[p - 6.0, -9.0], f=Sigmoid(), tau=10.0)


diagram = bifurcation_diagram(wilson_cowan, (-3.0, 6.0))
for point in diagram.points:
    print(f"{point.kind} at {point.parameter:.10f}")
rng = np.random.default_rng(1)
p = rng.uniform(-3.0, 6.0, 4000)
X = np.stack([p - 6.0, np.full_like(p, -9.0)], axis=-1)
many = RateModel(W=bistable.W, X=X, f=Sigmoid(), tau=10.0)
ends = integrate(many, [0.0, 600.0], rng.random((4000, 2))).final
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
for k, ax in enumerate((left, right)):
    ax.plot(p, ends[:, k], ".", color="silver", markersize=9, zorder=0)
    plot_bifurcation(diagram, population=k, name="input to E", ax=ax)
    ax.set_title("EI"[k])

# %%
# In the second network the low state vanishes in a fold at 0.970, and no stable state
# is left until 3.065: all trajectories end on a cycle, whose range is shaded (300
# models, integrated together). At the fold the cycle leaves from a slow passage, with a
# period that goes to infinity. It needs slow inhibition: over its time constant, with
# an input of 2, the cycle grows out of a *Hopf* point at 7.07 ms, with a frequency of
# 61 Hz.


def oscillator(p, tau_i=10.0):
    return RateModel(W=oscillating.W, X=[p, 0.0], f=oscillating.f, tau=[10.0, tau_i])


t = np.arange(0.0, 3000.0, 1.0)
p, tau_i = np.linspace(0.0, 4.0, 300), np.linspace(4.0, 14.0, 300)
inputs = np.stack([p, np.zeros_like(p)], axis=-1)
times = np.stack([np.full_like(tau_i, 10.0), tau_i], axis=-1)
over_input = RateModel(W=oscillating.W, X=inputs, f=oscillating.f, tau=10.0)
over_time = RateModel(W=oscillating.W, X=[2.0, 0.0], f=oscillating.f, tau=times)
diagrams = (
    bifurcation_diagram(oscillator, (0.0, 4.0)),
    bifurcation_diagram(lambda tau: oscillator(2.0, tau), (4.0, 14.0)),
)
fig, axes = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
for ax, many, x, diagram, name in zip(
    axes, (over_input, over_time), (p, tau_i), diagrams,
    ("input to E", "time constant of inhibition (ms)"), strict=True,
):  # fmt: skip
    late = integrate(many, t, 0.1).rate[:, 1500:, 0]
    ax.fill_between(x, late.min(axis=1), late.max(axis=1), color=BLUE, alpha=0.25)
    plot_bifurcation(diagram, name=name, ax=ax)
(hopf,) = diagrams[1].hopf
print(f"Hopf at {hopf.parameter:.4f} ms, {hopf.frequency / Hz:.1f} Hz")

# %%
# Neurons with two states
# -----------------------
# With the rate of LIF neurons for f, and rates in Hz, recurrent excitation of 30 mV
# gives the same picture: two folds, at drives of -0.013 and 0.280 mV/ms. A drive that
# rises and falls slowly shows it as hysteresis: the population jumps up at one fold and
# down at the other, a bit late for its time constant of 20 ms.

f = LIFRate(neuron=LIF(t_ref=2.0), sigma=2.0)
diagram = bifurcation_diagram(lambda x: RateModel(W=[[30.0]], X=x, f=f), (-1.0, 1.0))


def ramp(t):
    return np.array([0.8 - 1.6 * abs(t - 10_000.0) / 10_000.0])


slow = RateModel(W=[[30.0]], X=ramp, f=f, tau=20.0)
t = np.linspace(0.0, 20_000.0, 4000)
rate = integrate(slow, t).rate[:, 0]
drive = np.array([ramp(v)[0] for v in t])
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
plot_bifurcation(diagram, name="drive (mV/ms)", unit=Hz, ax=left)
left.plot(drive, rate / Hz, color=RED, label="slow ramp")
left.legend(frameon=False)
right.plot(t, rate / Hz, color=RED)
right.set(xlabel="time (ms)", ylabel="rate (Hz)")
right = right.twinx()
right.plot(t, drive, color=GREY, linewidth=0.8)
right.set(ylabel="drive (mV/ms)")

# %%
# Threshold-linear networks: exact
# --------------------------------
# Threshold-linear functions make rest a linear problem on each set of active
# populations, so that all states are found exactly. With W = ((2, -3), (9, -5)) and a
# gain of g the state loses stability when inhibition is slower than tau_E (5 g + 1)/(2
# g - 1): 3.2 for g = 3. As a supralinear network (f = 0.04 I^2) with strong drive gives
# up its excitatory population, its rates, divided by the drive, approach the
# *semi-balanced* state (0, 2) of `meanfield.balanced`.


def pair(tau_i):
    return RateModel(
        W=[[2.0, -3.0], [9.0, -5.0]], X=[3.0, 2.0], tau=[1.0, tau_i],
        f=ThresholdLinear(gain=3.0),
    )  # fmt: skip


(hopf,) = bifurcation_diagram(pair, (1.0, 6.0)).hopf
print(f"Hopf at tau_I/tau_E = {hopf.parameter:.12f}")
fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
plot_phase_plane(pair(3.4), starts=[[0.6, 1.35]], duration=300.0, ax=left)
left.set_title("beyond the Hopf point")
drives = np.geomspace(1.0, 1e5, 60)
shares = np.array([
    fixed_points(
        RateModel(W=[[1.25, -0.65], [1.2, -0.5]], X=c, f=PowerLaw(gain=0.04))
    )[0].rate / c
    for c in drives
])  # fmt: skip
right.semilogx(drives, shares, label=["E", "I"])
right.axhline(2.0, color=GREY, linestyle=":")
right.set(xlabel="drive c", ylabel="rate/c")
right.legend(frameon=False)
