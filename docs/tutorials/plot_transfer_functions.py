"""
Transfer functions of single neurons
====================================

Rate, variability, linear response, spectrum and intervals of leaky (LIF), exponential (EIF)
and quadratic (QIF) integrate-and-fire neurons in white noise, and of a neuron with a drift
of your own. Lines are theory. Points are simulated, with bars of one standard error, by a
simulator that does not know the theory: about a third of the bars should miss the lines.
"""

import matplotlib.pyplot as plt
import numpy as np

import meanfield as mf
from meanfield.integrate_and_fire import interval_density
from meanfield.neurons import EIF, LIF, QIF, IntegrateAndFire, Network, Population
from meanfield.plot import (
    plot_bode,
    plot_fi_curve,
    plot_interval_density,
    plot_spectrum,
)
from meanfield.units import Hz
from spiking_reference import (
    Record,
    Sinusoid,
    WhiteNoise,
    simulate,
    simulate_network,
    spectrum,
)

shared = {"tau_m": 20.0, "t_ref": 2.0, "V_reset": 0.0, "E_L": 0.0}
cells = {
    "LIF": LIF(V_th=20.0, **shared),
    "EIF": EIF(V_T=20.0, Delta_T=2.0, V_th=60.0, **shared),
    "QIF": QIF(V_T=20.0, V_th=200.0, **shared),
}

# %%
# Rate and variability
# --------------------
#
# The LIF has a simulator of its own, ``simulate``, without a bias from time steps. Other
# neurons are populations in a network without connections, here ten copies at each point;
# steps of 0.05 ms leave the rates of the EIF up to half a per cent low.


def points(neuron, mu, sigma, copies=10):
    """Return rate and CV with standard errors, simulated."""
    if isinstance(neuron, LIF):
        drive = WhiteNoise(mu=mu, sigma=sigma)
        run = simulate(neuron, drive, duration=200_000.0, dt=1.0, warmup=200.0, rng=1)
        return run.rate, run.cv
    mu, sigma = np.broadcast_arrays(mu, sigma)
    population = Population(
        n=mu.size * copies, neuron=neuron, current=np.repeat(mu, copies),
        sigma=np.repeat(sigma, copies),
    )  # fmt: skip
    run = simulate_network(
        Network(populations={"A": population}), duration=20_000.0, warmup=200.0, dt=0.05,
        rng=2,
    )["A"]  # fmt: skip
    samples = (x.reshape(*mu.shape, copies) for x in (run.rates, run.cv))
    return [(x.mean(-1), x.std(-1, ddof=1) / np.sqrt(copies)) for x in samples]


levels = np.array([0.5, 1.5, 4.0])
fig, axes = plt.subplots(
    2, 3, figsize=(10, 5.6), sharex=True, sharey="row", layout="constrained"
)
few, many = np.linspace(0.2, 2.0, 7), np.linspace(0.0, 2.0, 201)
for (rates, cvs), (name, neuron) in zip(axes.T, cells.items(), strict=True):
    plot_fi_curve(many, levels, neuron, ax=rates)
    cvs.plot(many, mf.cv(many, levels[:, None], neuron).T)
    simulated = points(neuron, few, levels[:, None])
    for ax, (value, error), unit in zip((rates, cvs), simulated, (Hz, 1), strict=True):
        for k in range(levels.size):
            seen = (simulated[0][0][k] > 2 * Hz) | (ax is rates)  # enough intervals
            ax.errorbar(
                few[seen], value[k, seen] / unit, error[k, seen] / unit, fmt=".",
                color=f"C{k}",
            )  # fmt: skip
    rates.set(title=name, xlabel=None)
    cvs.set(xlabel=r"mean drive $\mu$ (mV/ms)", ylim=(0, None))
for ax in axes[0, 1:]:
    ax.get_legend().remove()
    ax.set_ylabel(None)
axes[1, 0].set_ylabel("CV of intervals")

# %%
# Noise smooths the onset of firing. The LIF has a sharp threshold, and its rate has a slope
# without bound at the onset where noise is weak; the others start softly. The CV of rare
# firing is 1: escapes have no memory. Points below 2 Hz have too few intervals for a CV
# and are left out; the others are half a per cent low, because it is long intervals that
# the end of a simulation cuts off.
#
# Linear response
# ---------------
#
# All three at 10 Hz, in the same noise, with a drive ``mu + epsilon sin(2 pi f t)``. The
# amplitude epsilon is such that the rate is modulated by 40 %, unless that moves the
# voltage by 4 mV; the response is read from the phases of the spikes. These lie on the ends
# of time steps: half a step late on average, and those of the EIF one and a half.

RATE, SIGMA, DT, WARMUP, COPIES = 10 * Hz, 4.0, 0.05, 200.0, 500
tested = np.repeat([0.005, 0.02, 0.06, 0.2], COPIES)  # kHz
frequency = np.geomspace(1e-3, 1.0, 150)
bode = plt.subplots(2, 1, figsize=(6.4, 5.6), sharex=True, layout="constrained")[1]
for k, (name, neuron) in enumerate(cells.items()):
    mu = np.interp(RATE, mf.firing_rate(many, SIGMA, neuron), many)
    theory = mf.linear_response(frequency, mu, SIGMA, neuron)
    plot_bode(frequency, theory, axes=bode, label=f"{name}, $\\mu$ = {mu:.2f}")

    epsilon = 0.4 * RATE / np.interp(tested, frequency, abs(theory))
    epsilon = np.minimum(epsilon, 4.0 * 2 * np.pi * tested)
    population = Population(n=tested.size, neuron=neuron, current=mu, sigma=SIGMA)
    run = simulate_network(
        Network(populations={"A": population}), duration=2000.0, dt=DT, warmup=WARMUP,
        currents={"A": Sinusoid(amplitude=epsilon, frequency=tested)},
        record={"A": Record(spikes=True)}, rng=k,
    )["A"]  # fmt: skip
    late = 1.5 * DT if name == "EIF" else 0.5 * DT
    t, i = run.spikes.times - late + WARMUP, run.spikes.neurons
    phase = 2 * np.pi * tested[i] * t
    parts = [np.bincount(i, f(phase), tested.size) for f in (np.sin, np.cos)]
    R = (2 / run.duration / epsilon * (parts[0] + 1j * parts[1])).reshape(-1, COPIES)
    value, error = R.mean(1), np.sqrt(R.var(1) / 2 / COPIES)  # of modulus, and phase
    f = tested[::COPIES] / Hz
    bar = {"fmt": "o", "markersize": 4, "color": f"C{k}"}
    bode[0].errorbar(f, abs(value) / Hz, error / Hz, **bar)
    near = np.interp(f * Hz, frequency, np.unwrap(np.angle(theory)))  # not 360 off
    angle = near + np.angle(value * np.exp(-1j * near))
    bode[1].errorbar(f, np.degrees(angle), np.degrees(error / abs(value)), **bar)

# %%
# At high frequency f the response of the LIF falls as 1/sqrt(f) and that of the EIF as 1/f:
# the sharper the onset of spikes, the faster the input that a population can follow. That
# of the QIF falls as 1/f^2 (Fourcaud-Trocme et al., 2003), down to a floor that its finite
# threshold leaves. Theory is linear: a modulation that silences the neurons for a part of
# the cycle is beyond it.
#
# Spectrum and intervals
# ----------------------
#
# The LIF between a clock and bursts. The spectrum starts at ``rate CV^2`` and ends at the
# rate; a clock has peaks at its rate and the harmonics, bursts have power at low
# frequency. Points are simulated spectra and histograms.

conditions = {"clock": (1.3, 0.5), "irregular": (0.8, 1.5), "bursts": (-2.0, 10.0)}
drives = np.array(list(conditions.values()))[:, :, None]
neuron, copies = cells["LIF"], 100
run = simulate(
    neuron, WhiteNoise(mu=np.tile(drives[:, 0], copies), sigma=drives[:, 1]),
    duration=10_000.0, dt=0.5, warmup=300.0, rng=3, record=Record(spikes=True),
)  # fmt: skip
frequency, fine = np.geomspace(2e-3, 0.5, 300), np.linspace(2.0, 100.0, 491)
style = {"fmt": ".", "markersize": 4, "linewidth": 0.8}
fig, (left, right) = plt.subplots(1, 2, figsize=(10, 3.8), layout="constrained")
for k, (name, (mu, sigma)) in enumerate(conditions.items()):
    mine = np.arange(copies) + k * copies
    f, *measured = spectrum(run.spikes, segment=500.0, bin=0.5, neurons=mine)
    some = np.geomspace(1, f.size // 2, 20).astype(int) - 1
    value, error = (x[some] / Hz for x in measured)
    left.errorbar(f[some] / Hz, value, error, **style, color=f"C{k}")
    power = mf.power_spectrum(frequency, mu, sigma, neuron)
    plot_spectrum((frequency, power), ax=left, color=f"C{k}", label=name)

    intervals = np.concatenate([np.diff(run.spikes.of(i)) for i in mine])
    count, edges = np.histogram(intervals, np.arange(2.0, 101.0))
    t, scale = (edges[1:] + edges[:-1]) / 2, intervals.size * np.diff(edges)
    right.errorbar(t, count / scale, np.sqrt(count) / scale, **style, color=f"C{k}")
    density = interval_density(fine, mu, sigma, neuron)
    plot_interval_density((fine, density), ax=right, color=f"C{k}", label=name)
right.set(ylim=(0, 0.12))

# %%
# Theory takes intervals to be independent, which they are in white noise. With slow
# synapses or adaptation they are not, and counts in long windows vary by more or less than
# the CV tells.
#
# A drift of your own
# -------------------
#
# Any drift f(V) that numba can compile. Here potassium channels open above 10 mV and make
# the leak rectify. A dozen lines of Euler's method simulate it, with the threshold lowered
# by 0.5826 sigma sqrt(dt) to make up for crossings between the time steps.

rectifier = IntegrateAndFire(
    f=lambda V: -V / 20.0 - 0.01 * np.maximum(V - 10.0, 0.0) ** 2,
    V_th=20.0, V_reset=0.0, t_ref=2.0,
)  # fmt: skip


def euler(neuron, mu, sigma, duration, dt=0.05, copies=200):
    """Return simulated rates and their standard errors."""
    rng = np.random.default_rng(4)
    mu, V_th = mu[:, None], neuron.V_th - 0.5826 * sigma * np.sqrt(dt)
    V, free_at = np.zeros((2, mu.size, copies))
    counts = np.zeros_like(V)
    for t in np.arange(-200.0, duration, dt):
        noise = sigma * np.sqrt(dt) * rng.standard_normal(V.shape)
        V += np.where(t >= free_at, (neuron.f(V) + mu) * dt + noise, 0.0)
        fired = V - V_th >= 0.0
        V[fired], free_at[fired] = neuron.V_reset, t + dt + neuron.t_ref
        counts += fired * (t >= 0)
    rates = counts / duration
    return rates.mean(1), rates.std(1, ddof=1) / np.sqrt(copies)


fig, ax = plt.subplots(figsize=(6, 4), layout="constrained")
some = np.linspace(0.0, 3.0, 9)
fine = np.linspace(0.0, 3.0, 151)
ax.plot(fine, mf.firing_rate(fine, 2.0, cells["LIF"]) / Hz, "--", label="leak only")
plot_fi_curve(fine, 2.0, rectifier, ax=ax, label="rectifying leak")
value, error = euler(rectifier, some, 2.0, 1000.0)
ax.errorbar(some, value / Hz, error / Hz, fmt="o", color="C1", markersize=4)
ax.legend(frameon=False)
