"""
From noisy current to spikes: theory and simulation
===================================================

A leaky integrate-and-fire neuron with the moment-activation parameters (20 ms membrane,
threshold 20 mV, dead time 5 ms) receives a current with mean ``mu`` and white noise of
intensity ``sigma``. When does it fire, how irregularly, and what becomes of a correlation
between the inputs of two neurons? Every answer below comes twice: from theory, and from
spikes of a simulator that does not know the theory.
"""

import numpy as np
from matplotlib import pyplot as plt

from meanfield import LIF, fano_factor, firing_rate, moment_activation
from meanfield.plot import plot_fi_curve, plot_maps, plot_raster
from meanfield.units import Hz
from spiking_reference import Record, WhiteNoise, simulate

neuron = LIF()

# %%
# One neuron, looked at
# ---------------------
#
# Three conditions: a constant current below rheobase, a mean-driven neuron with noise, and
# a neuron that fires because of noise alone. Top: voltage and spikes. Bottom: the current,
# averaged over each step of 0.1 ms, read back from the voltage; white noise itself has no
# value at a point in time.

conditions = {
    "constant, below rheobase": (0.8, 0.0),
    "mean-dominant": (1.2, 1.0),
    "fluctuation-dominant": (0.0, 4.0),
}
mu, sigma = np.transpose(list(conditions.values()))
dt = 0.1
run = simulate(
    neuron, WhiteNoise(mu=mu, sigma=sigma), duration=100_000.0, dt=dt, warmup=200.0,
    rng=3, record=Record(spikes=True, voltage=True, t_stop=300.0),
)  # fmt: skip

fig, axes = plt.subplots(
    2, 3, figsize=(12, 5), sharex=True, sharey="row", layout="constrained"
)
decay = np.exp(-dt / neuron.tau_m)
for i, title in enumerate(conditions):
    t, V, spikes = run.voltage.t, run.voltage.V[i], run.spikes.of(i)
    axes[0, i].plot(t, V, linewidth=0.8)
    axes[0, i].axhline(neuron.V_th, color="red", linestyle="--", linewidth=0.8)
    axes[0, i].plot(spikes, np.full(spikes.size, 24.0), "|", color="black")
    axes[0, i].set_title(
        f"{title}: $\\mu$ = {mu[i]:g}, $\\sigma$ = {sigma[i]:g}", fontsize=10
    )
    current = (V[1:] - V[:-1] * decay) / (neuron.tau_m * (1 - decay))
    free = (V[1:] != neuron.V_reset) & (V[:-1] != neuron.V_reset)
    axes[1, i].plot(t[1:], np.where(free, current, np.nan), linewidth=0.5)
    axes[1, i].axhline(mu[i], color="red", linestyle="--", linewidth=0.8)
    axes[1, i].set_xlabel("time (ms)")
axes[0, 0].set_ylabel("$V$ (mV)")
axes[1, 0].set_ylabel("$I$ (mV/ms)")

for i, title in enumerate(conditions):
    theory = moment_activation(mu[i], sigma[i], neuron)
    print(
        f"{title:25s} simulated {run.rate.value[i] / Hz:7.3f} +- "
        f"{run.rate.stderr[i] / Hz:.3f} Hz, theory {theory.rate / Hz:7.3f} Hz"
    )

# %%
# The map of the moment activation
# --------------------------------
#
# Mean rate, variability, Fano factor, response coefficient and output correlation over the
# plane of input mean and noise. The dot marks the mean-dominant condition.

fig = plt.figure(figsize=(12, 6.4), layout="constrained")
plot_maps(
    np.linspace(-5, 5, 101), np.linspace(0.02, 10, 100), neuron, rho=0.5,
    point=conditions["mean-dominant"], fig=fig,
)  # fmt: skip

# %%
# What is the critical constant current?
# --------------------------------------
#
# Without noise the neuron fires as soon as its steady state, ``tau_m * mu``, exceeds the
# threshold: above ``mu = V_th / tau_m = 1`` mV/ms. The rate rises with infinite slope, and
# the simulator, which integrates constant currents exactly, agrees to rounding.

currents = np.array([0.8, 0.9, 1.0, 1.0 + 1e-9, 1.01, 1.1, 1.5, 2.0])
counted = simulate(
    neuron, WhiteNoise(mu=currents, sigma=0.0), duration=10_000.0, dt=0.1, rng=1
)
theory = firing_rate(currents, 0.0, neuron)
for current, simulated, exact in zip(currents, counted.rate.value, theory, strict=True):
    print(f"mu = {current:.9f}: {simulated / Hz:8.4f} Hz, theory {exact / Hz:8.4f} Hz")

# %%
# How does noise change the f-I curve?
# ------------------------------------
#
# At ``mu = 1`` the noiseless neuron is silent; with ``sigma = 1`` it fires at 18.2 Hz, and
# irregularly. Noise smooths the onset; far above rheobase it changes little.

levels = [0.0, 0.5, 1.0, 2.0, 4.0]
drive = np.linspace(0, 3, 301)
fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
plot_fi_curve(drive, levels, neuron, ax=ax)
some = np.linspace(0, 3, 13)
counts = simulate(
    neuron, WhiteNoise(mu=some, sigma=np.array(levels)[:, None]), duration=100_000.0,
    dt=1.0, warmup=200.0, rng=2,
)  # fmt: skip
ax.set_prop_cycle(None)
ax.plot(some, counts.rate.value.T / Hz, ".")
ax.legend()

silent, noisy = firing_rate(1.0, [0.0, 1.0], neuron) / Hz
print(f"mu = 1: {silent:.1f} Hz without noise, {noisy:.2f} Hz with sigma = 1")
for level in (0.5, 1.0, 2.0, 4.0):
    print(f"  sigma = {level}: Fano factor {fano_factor(1.0, level, neuron):.3f}")

# %%
# Can the Fano factor exceed one?
# -------------------------------
#
# Yes: where noise is strong and the reset, at 0 mV, lies above the mean that the voltage
# returns to, or not far below it. A spike is then likely to be followed by another before
# the voltage has relaxed: spikes come in bouts. The boundary, by root search:

from scipy.optimize import brentq

for mean in (-5.0, -2.0, -1.0, 0.0, 0.25):
    onset = brentq(lambda s, m=mean: fano_factor(m, s, neuron) - 1.001, 1.0, 30)
    print(f"mu = {mean:5.2f}: Fano factor above 1.001 from sigma = {onset:.2f}")
strong = np.geomspace(1, 100, 400)
along_zero = fano_factor(0.0, strong, neuron)
print(
    f"largest along mu = 0: {along_zero.max():.3f} at "
    f"sigma = {strong[along_zero.argmax()]:.1f}"
)

bursty = simulate(
    neuron, WhiteNoise(mu=np.full(200, -5.0), sigma=15.0), duration=100_000.0, dt=0.2,
    warmup=500.0, rng=4,
)  # fmt: skip
simulated = bursty.cv.value**2
error = simulated.std(ddof=1) / np.sqrt(simulated.size)
print(
    f"mu = -5, sigma = 15: CV^2 simulated {simulated.mean():.3f} +- {error:.3f}, "
    f"theory {fano_factor(-5.0, 15.0, neuron):.3f}"
)

# %%
# What becomes of an input correlation?
# -------------------------------------
#
# Two neurons that share part of their noise (correlation 0.4). Theory predicts the
# covariance of their spike counts, per unit time, as ``(chi * std)**2 * rho``, up to terms
# of higher order in ``rho``; divided by ``std**2`` it is the output correlation in long
# windows.

rho, pairs = 0.4, 400
shared = simulate(
    neuron,
    WhiteNoise(mu=np.full((pairs, 2), 1.0), sigma=1.0, correlation=rho),
    duration=20_000.0,
    dt=0.2,
    warmup=200.0,
    rng=5,
    count_windows=(500.0,),
)
_, std, response = moment_activation(1.0, 1.0, neuron)
measured = shared.covariance(500.0).value[:, 0, 1] / std**2
error = measured.std(ddof=1) / np.sqrt(pairs)
print(
    f"output correlation {measured.mean():.3f} +- {error:.3f}, "
    f"theory chi^2 rho = {response**2 * rho:.3f}"
)

crowd = simulate(
    neuron, WhiteNoise(mu=np.full(30, 1.0), sigma=1.0, correlation=0.6),
    duration=1000.0, dt=0.1, warmup=200.0, rng=6, record=Record(spikes=True),
)  # fmt: skip
fig, ax = plt.subplots(figsize=(8, 3), layout="constrained")
plot_raster(crowd.spikes, ax=ax)
ax.set_title("30 neurons with input correlation 0.6", fontsize=10)
