"""
Recurrent networks of conductance neurons
=========================================

8000 excitatory and 2000 inhibitory neurons with conductance synapses, driven by a hundred
Poisson afferents that each population shares: the network of Zerlaut et al. (2018,
doi:10.1007/s10827-017-0668-2). It is described by data, which the simulator reads, and
nothing else has to be programmed.
"""

import matplotlib.pyplot as plt
import numpy as np

from meanfield.neurons import (
    Bernoulli,
    ConductanceLIF,
    Exponential,
    Network,
    PoissonSource,
    Population,
    Projection,
)
from meanfield.units import Hz
from spiking_reference import Record, simulate_networks

SIZES, THRESHOLDS = {"E": 8000, "I": 2000}, {"E": -50.0, "I": -53.0}
WEIGHTS, RECEPTORS = {"E": 2.0, "I": 10.0}, {"E": "exc", "I": "inh"}


def population(name):
    """Neurons with an excitatory and an inhibitory receptor, 5 ms each."""
    return Population(
        n=SIZES[name],
        neuron=ConductanceLIF(V_th=THRESHOLDS[name], t_ref=2.0),
        receptors={
            "exc": Exponential(tau=5.0, E_rev=0.0),
            "inh": Exponential(tau=5.0, E_rev=-80.0),
        },
    )


def projection(source, target, p, weight, receptor):
    """Random connections, weights in nS."""
    return Projection(
        source=source, target=target, rule=Bernoulli(p, autapses=False), weight=weight,
        delay=0.1, receptor=receptor,
    )  # fmt: skip


def network(rate):
    """The network with afferents of some rate [kHz]."""
    return Network(
        populations={
            **{name: population(name) for name in "EI"},
            **{f"to {name}": PoissonSource(n=100, rate=rate) for name in "EI"},
        },
        projections=[
            *(
                projection(s, t, 0.05, WEIGHTS[s], RECEPTORS[s])
                for s in "EI"
                for t in "EI"
            ),
            *(projection(f"to {t}", t, 0.1, 4.0, "exc") for t in "EI"),
        ],
    )


# %%
# Two afferent rates are simulated side by side, from random voltages. One neuron in forty
# is recorded.

rates = [4 * Hz, 10 * Hz]
g = np.random.default_rng(0)
initial = {
    name: {"V": g.uniform(-70.0, THRESHOLDS[name], n)} for name, n in SIZES.items()
}
record = {name: Record(spikes=np.arange(0, n, 40)) for name, n in SIZES.items()}
runs = simulate_networks(
    [network(rate) for rate in rates], duration=1500.0, warmup=500.0, initial=initial,
    record=record, bin=5.0, rng=4,
)  # fmt: skip

colors = {"E": "#0a7e8c", "I": "#d1603d"}
fig, axes = plt.subplots(
    2, 2, figsize=(10, 5.5), sharex=True, layout="constrained", height_ratios=(2, 1)
)
for (top, bottom), rate, run in zip(axes.T, rates, runs, strict=True):
    for name in "EI":
        result = run[name]
        row = result.spikes.neurons // 40 + (200 if name == "I" else 0)
        top.plot(result.spikes.times, row, ",", color=colors[name])
        activity = result.activity / (SIZES[name] * result.bin) / Hz
        t = (np.arange(activity.size) + 0.5) * result.bin
        label = f"{name}: {result.rate.value / Hz:.1f} Hz"
        bottom.plot(t, activity, color=colors[name], linewidth=0.9, label=label)
    top.set(title=f"afferents at {rate / Hz:.0f} Hz", yticks=[100, 225])
    top.set_yticklabels(["E", "I"])
    bottom.set(xlabel="time (ms)", ylabel="rate (Hz)")
    bottom.legend(frameon=False, loc="upper right")

# %%
# Firing is irregular, the inhibitory rate is above the excitatory one, and all of it
# follows the fluctuations that the shared afferents bring. Intervals vary almost as those
# of Poisson trains do:

for name in "EI":
    print(f"{name}: CV {np.nanmean(runs[1][name].cv):.2f}")

# %%
# At 4 Hz the network can ignite: with another code, too, four of ten realizations ran away
# within ten seconds, to a state that only the refractory period limits. Averages over such
# a run mean nothing, and the result says so. Four more realizations of a second:

again = simulate_networks(
    [network(4 * Hz)] * 4, duration=1000.0, warmup=500.0, initial=initial, rng=1
)
for run in again:
    print(f"E: {run['E'].rate.value / Hz:6.1f} Hz, ran away: {run.runaway or 'no'}")
