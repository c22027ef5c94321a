"""
Synapses, adaptation, changing input: which theory holds where
==============================================================

White noise into a neuron without memory is where theory is exact. Here the same leaky
neuron gets exponential synapses, spikes of finite size, conductances, adaptation, and an
input that changes. For each there is a cheap approximation, and a better answer; points are
simulated, with bars of one standard error.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np

import meanfield as mf
from meanfield import adaptation, cascade, coloured_noise, conductance, shot_noise
from meanfield.neurons import (
    LIF,
    AdaptiveLIF,
    ConductanceLIF,
    Exponential,
    Network,
    Poisson,
    Population,
)
from meanfield.plot import plot_fi_curve
from meanfield.population_density import evolve
from meanfield.units import Hz
from spiking_reference import (
    OrnsteinUhlenbeck,
    Step,
    simulate_jumps,
    simulate_network,
)

neuron = LIF(tau_m=20.0, t_ref=2.0, V_th=20.0, V_reset=0.0)
bars = {"fmt": "o", "markersize": 4}


def simulated(cells, duration, inputs=(), points=1, **options):
    """Return rates and CVs of unconnected neurons with errors, at each of some points."""
    network = Network(populations={"A": cells}, inputs=list(inputs))
    run = simulate_network(network, duration=duration, warmup=300.0, rng=1, **options)
    samples = (x.reshape(points, -1) for x in (run["A"].rates / Hz, run["A"].cv))
    return [(x.mean(1), x.std(1, ddof=1) / np.sqrt(x.shape[1])) for x in samples]


# %%
# Exponential synapses
# --------------------
#
# Synapses low-pass filter the noise: the time constant ``tau_syn`` makes white noise an
# Ornstein-Uhlenbeck current, of the same intensity at low frequency. A shifted threshold is
# the first-order correction; the solution of the two-dimensional Fokker-Planck equation is
# what ``tau_syn=`` gives by default.

mu, sigma = 0.9, 1.5
tau_syn = np.geomspace(0.1, 100.0, 25)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
tested = np.array([0.3, 1.0, 3.0, 10.0, 30.0, 100.0])
runs = []
for tau in tested:
    noise = OrnsteinUhlenbeck(mean=mu, sigma=sigma / np.sqrt(2 * tau), tau=tau)
    cells, dt = Population(n=30, neuron=neuron), 0.05 if tau < 1 else 0.1
    runs.append(simulated(cells, 40_000.0, currents={"A": noise}, dt=dt))
runs = np.array(runs)[..., 0]  # (tau_syn, rate or CV, value or error)
for k, (ax, name, unit) in enumerate(
    zip(axes, ("firing_rate", "cv"), (Hz, 1.0), strict=True)
):
    white = getattr(mf, name)(mu, sigma, neuron) / unit
    theory = getattr(coloured_noise, name)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", mf.ValidityWarning
        )  # it is warned of, see below
        shifted = theory(mu, sigma, tau_syn, neuron, method="effective_threshold")
    ax.axhline(white, color="gray", linestyle=":", label="white noise")
    ax.plot(tau_syn, shifted / unit, "--", label="effective threshold")
    ax.plot(tau_syn, theory(mu, sigma, tau_syn, neuron) / unit, label="Fokker-Planck")
    ax.errorbar(tested, *runs[:, k].T, **bars, color="black")
    ax.set(xscale="log", xlabel=r"$\tau_{syn}$ (ms)", ylim=(0, None))
axes[0].set_ylabel("rate (Hz)")
axes[0].legend(frameon=False)
axes[1].set_ylabel("CV of intervals")

# %%
# The effective threshold fails where ``tau_syn`` is not short beside the membrane: above a
# tenth of ``tau_m`` it comes with a ``ValidityWarning``.
#
# Spikes of finite size
# ---------------------
#
# Excitatory and inhibitory Poisson spikes of equal, exponentially distributed size. Their
# rate is such that mean and variance of the input are the same for all sizes, so that the
# diffusion limit is one number.

mu, sigma = 0.6, 1.5
size = np.geomspace(0.1, 10.0, 60)


def input_rate(size):
    """Return the rate of each of the two inputs that makes this sigma [kHz]."""
    return sigma**2 / (4 * size**2)


exact = shot_noise.firing_rate(
    input_rate(size), size, input_rate(size), size, neuron, mu=mu
)
limit = shot_noise.diffusion_limit(input_rate(1.0), 1.0, input_rate(1.0), 1.0, mu=mu)
fig, ax = plt.subplots(figsize=(5.6, 3.6), layout="constrained")
ax.axhline(
    mf.firing_rate(*limit, neuron) / Hz, color="C0", linestyle="--",
    label="diffusion limit",
)  # fmt: skip
ax.plot(size, exact / Hz, color="C1", label="exact")
for a in (0.4, 1.0, 2.5, 6.0):
    R, n, T = input_rate(a), 100, 10_000.0
    spikes = simulate_jumps(
        neuron, mu=mu, exc_rate=R, exc_jump=a, inh_rate=R, inh_jump=a, n=n, duration=T,
        warmup=300.0, rng=2,
    )  # fmt: skip
    rates = np.bincount(spikes.neurons, minlength=n) / T / Hz
    ax.errorbar(a, rates.mean(), rates.std() / np.sqrt(n), **bars, color="black")
ax.set(xscale="log", xlabel="mean size of a jump (mV)", ylabel="rate (Hz)")
ax.set_ylim(0, None)
ax.legend(frameon=False)

# %%
# The error of the diffusion limit is proportional to the size of the jumps at first. Very
# large ones are so rare that most of them fall on a neuron at rest.
#
# Conductances
# ------------
#
# Now excitatory and inhibitory spikes open conductances, which also shorten the time
# constant of the membrane. Dashed is the LIF with the effective time constant; full, a
# transfer function of ten coefficients that is fitted to the simulated rates.

cell = ConductanceLIF()
exc = conductance.Afferents(
    synapse=Exponential(tau=5.0, E_rev=0.0), weight=1.0, number=400
)
inh = conductance.Afferents(
    synapse=Exponential(tau=5.0, E_rev=-80.0), weight=5.0, number=100
)
levels = np.array([0.005, 0.01, 0.02])  # kHz
design = conductance.transfer_design(cell, (exc, inh), inhibition=levels)
copies = 20
inputs = [
    Poisson(
        target="A", receptor=name, weight=kind.weight,
        rate=kind.number * np.repeat(rates.ravel(), copies),
    )
    for name, kind, rates in zip(("exc", "inh"), (exc, inh), design, strict=True)
]  # fmt: skip
population = Population(
    n=design[0].size * copies, neuron=cell,
    receptors={"exc": exc.synapse, "inh": inh.synapse},
)  # fmt: skip
(value, error), _ = simulated(population, 3000.0, inputs, points=design[0].size)
shape = design[0].shape
value, error = value.reshape(shape) * Hz, error.reshape(shape) * Hz
fit = conductance.fit_transfer(
    design, value, np.maximum(error, 1 / (3000.0 * copies)), cell, (exc, inh)
)

fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
for k, level in enumerate(levels):
    drive = np.linspace(design[0][k, 0], design[0][k, -1], 16)
    given = (drive, level)
    color = f"C{k}"
    cheap = conductance.firing_rate(given, cell, (exc, inh))
    ax.plot(drive / Hz, cheap / Hz, "--", color=color)
    label = f"inhibition {level / Hz:g} Hz"
    ax.plot(drive / Hz, fit(*given) / Hz, color=color, label=label)
    ax.errorbar(design[0][k] / Hz, value[k] / Hz, error[k] / Hz, **bars, color=color)
ax.set(xlabel="rate of an excitatory afferent (Hz)", ylabel="rate (Hz)", yscale="log")
ax.yaxis.set_major_formatter("{x:g}")
ax.legend(frameon=False, loc="lower right")

# %%
# The effective time constant is too low at low rates: the voltage is skewed towards
# threshold. A fit interpolates, and knows nothing beyond the points it was made with.
#
# Adaptation
# ----------
#
# Each spike raises the threshold, which decays with ``tau_theta``. Theory freezes it at the
# value that spikes meet, at the rate to which this value leads. The jumps are such that
# the average over time is one for all three; but a fast threshold has come down again
# before the voltage is there.

mu, sigma, copies = np.linspace(0.4, 3.0, 9), 1.5, 20
fig, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
fine = np.linspace(0.4, 3.0, 60)
plot_fi_curve(
    fine, sigma, neuron, ax=axes[0], color="gray", linestyle=":", label="none"
)
axes[1].plot(fine, mf.cv(fine, sigma, neuron), color="gray", linestyle=":")
for k, tau in enumerate((10.0, 100.0, 1000.0)):
    adapting = AdaptiveLIF(t_ref=2.0, tau_theta=tau, Delta_theta=200.0 / tau)
    axes[0].plot(
        fine, adaptation.firing_rate(fine, sigma, adapting) / Hz, color=f"C{k}",
        label=rf"$\tau_\theta$ = {tau:g} ms",
    )  # fmt: skip
    axes[1].plot(fine, adaptation.cv(fine, sigma, adapting), color=f"C{k}")
    crowd = Population(
        n=mu.size * copies, neuron=adapting, current=np.repeat(mu, copies), sigma=sigma
    )
    rate, cv = simulated(crowd, 10_000.0, points=mu.size)
    axes[0].errorbar(mu, *rate, **bars, color=f"C{k}")
    seen = rate[0] > 5.0  # else too few intervals
    axes[1].errorbar(mu[seen], cv[0][seen], cv[1][seen], **bars, color=f"C{k}")
axes[0].set(xlabel=r"mean drive $\mu$ (mV/ms)", ylabel="rate (Hz)")
axes[0].legend(frameon=False)
axes[1].set(xlabel=r"mean drive $\mu$ (mV/ms)", ylabel="CV of intervals")

# %%
# The rate is good at all three, the CV only where the threshold is slow beside the
# intervals. A fast one makes firing more regular than a frozen one: right after a spike it
# is high, and short intervals are rare.
#
# Input that changes
# ------------------
#
# A step of the drive for 100 ms. The stationary rate follows it at once, the population
# does not. The Fokker-Planck equation is exact for a large population; a cascade of a
# fitted filter and the stationary rate costs a fraction of it. Left with strong noise,
# right with weak.

times = np.arange(0.05, 250.0, 0.1)  # middles of steps
drive = np.where((times > 50.0) & (times < 150.0), 1.5, 0.8)
fig, axes = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
for ax, sigma in zip(axes, (3.0, 0.7), strict=True):
    crowd = Population(n=3000, neuron=neuron, current=0.8, sigma=sigma)
    run = simulate_network(
        Network(populations={"A": crowd}), duration=250.0, warmup=300.0, bin=2.5, rng=3,
        currents={"A": Step(amplitude=0.7, start=350.0, stop=450.0)},
    )["A"]  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", mf.ValidityWarning)  # for weak noise
        filtered = cascade.respond(drive, sigma, neuron)
    exact = evolve(drive, sigma, neuron)
    at_once = mf.firing_rate(drive, sigma, neuron) / Hz
    ax.plot(times, at_once, ":", color="gray", label="stationary")
    ax.plot(times, filtered.rate / Hz, "--", color="C0", label="cascade")
    ax.plot(times, exact.rate / Hz, color="C1", label="Fokker-Planck")
    middle = (np.arange(run.activity.size) + 0.5) * run.bin
    scale = run.n * run.bin * Hz
    ax.errorbar(
        middle, run.activity / scale, np.sqrt(run.activity) / scale, fmt=".",
        color="black", markersize=3, linewidth=0.7,
    )  # fmt: skip
    ax.set(xlabel="time (ms)", ylim=(0, None))
    ax.set_title(rf"$\sigma$ = {sigma:g} mV/$\sqrt{{\mathrm{{ms}}}}$")
axes[0].set_ylabel("rate (Hz)")
axes[1].legend(frameon=False)

# %%
# In weak noise neurons that the step finds at similar voltages fire together, and again one
# interval later. One filter cannot ring at the rate of firing: the cascade misses it, and
# warns.
