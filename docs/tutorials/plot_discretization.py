"""
What your clocked simulator will show
=====================================

A simulator that tests the threshold once per time step misses crossings in between. Its
rate is that of a neuron with a higher threshold, ``V_th + 0.5826 sigma sqrt(dt)``: theory
with ``discretization=dt`` predicts it.
"""

import numpy as np
from matplotlib import pyplot as plt

from meanfield import LIF, firing_rate
from spiking_reference import WhiteNoise, simulate

neuron = LIF()
points = {"mu = 0.5, sigma = 1.5": (0.5, 1.5), "mu = 1, sigma = 1": (1.0, 1.0)}
steps = np.array([0.05, 0.1, 0.25, 0.5, 1.0])
replicas = 512

fig, ax = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
fine = np.linspace(0.001, 1.05, 200)
for color, (label, (mu, sigma)) in zip(("C0", "C1"), points.items(), strict=True):
    exact = firing_rate(mu, sigma, neuron)
    shifted = [firing_rate(mu, sigma, neuron, discretization=dt) for dt in fine]
    ax.plot(fine, 100 * (np.array(shifted) / exact - 1), color=color, label=label)
    for scheme, marker in (("grid", "o"), ("bridge", "s")):
        bias, error = [], []
        for dt in steps:
            drive = WhiteNoise(mu=np.full(replicas, mu), sigma=sigma)
            run = simulate(
                neuron, drive, duration=10_000.0, dt=dt, warmup=200.0, rng=7,
                scheme=scheme,
            )  # fmt: skip
            rate = run.rate.value
            bias.append(100 * (rate.mean() / exact - 1))
            error.append(100 * rate.std(ddof=1) / np.sqrt(replicas) / exact)
        ax.errorbar(steps, bias, error, fmt=marker, color=color, markersize=4)
        print(label, scheme, np.round(bias, 2), "+-", np.round(error, 2), "%")
ax.axhline(0, color="gray", linewidth=0.8)
ax.set_xlabel("time step (ms)")
ax.set_ylabel("error of the rate (%)")
ax.set_title("circles: grid scheme; squares: bridge scheme; lines: theory", fontsize=10)
ax.legend()
