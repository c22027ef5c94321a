"""
Classes that only correlations tell apart
=========================================

Twelve channels carry noisy currents. In each sample the channels have means and variances
of their own, drawn at random, and one common source moves all of them, with random
strength. Half of the channels, which ones is not told, form group A, the others group B.
In class "together" the source pushes both groups in the same direction; in class "apart",
in opposite ones. Each sample has a twin in the other class with the same means and the
same variances: nothing but the signs of correlations between the groups tells them apart.

A network of rates cannot solve this task, nor can a moment network that sees variances
without covariances: to them, twins are the same input. A moment network with full
covariances can, and so can the spiking neurons that it stands for. The functions that draw
samples and train are in ``docs/examples/correlation.py``.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib import pyplot as plt

# From the root of the repository, or from the folder of this file.
sys.path.insert(0, "docs/examples" if Path("docs").is_dir() else "../examples")
import correlation

from meanfield.nn import class_probabilities, variance
from meanfield.units import Hz

# Matrices are small: threads of one process would wait more than they work.
torch.set_num_threads(1)

TEAL, ORANGE = "#0a7e8c", "#d1603d"

# %%
# A sample and its twin
# ---------------------
#
# The channels of group A come first here, which the networks do not know. Diagonals are
# blank: they are the same.

training, test = correlation.draw(500, seed=1), correlation.draw(150, seed=2)
sorted_channels = np.argsort(-correlation.GROUPS.numpy(), kind="stable")

twins = {"together": (150, "o", TEAL), "apart": (0, "x", ORANGE)}
channels = np.arange(1, correlation.CHANNELS + 1)

fig, axes = plt.subplot_mosaic(
    [["together", "apart", "mean"], ["together", "apart", "std"]],
    figsize=(11, 3.6), layout="constrained", width_ratios=(1, 1, 1.2),
)  # fmt: skip
for name, (index, marker, color) in twins.items():
    mean, cov = test.mean[index].numpy(), test.cov[index].numpy()
    std = np.sqrt(np.diag(cov))
    rho = (cov / np.outer(std, std))[np.ix_(sorted_channels, sorted_channels)]
    np.fill_diagonal(rho, np.nan)
    image = axes[name].imshow(rho, cmap="RdBu_r", vmin=-1, vmax=1)
    axes[name].set_title(f"class “{name}”", fontsize=10)
    axes[name].set_xticks([2.5, 8.5], ["group A", "group B"])
    axes[name].set_yticks([2.5, 8.5], ["A", "B"])
    axes[name].tick_params(length=0)
    style = {"color": color, "linestyle": "none", "markerfacecolor": "none"}
    for ax, values in ((axes["mean"], mean), (axes["std"], std)):
        ax.plot(channels, values, marker, **style, label=name)
fig.colorbar(
    image, ax=[axes["together"], axes["apart"]], label="correlation", shrink=0.8
)
axes["mean"].legend(frameon=False, ncols=2, fontsize=9, loc="lower left")
axes["mean"].set(ylabel="mean", ylim=(0, 0.09))
axes["std"].set(ylabel="noise", xlabel="channel", ylim=(0, 0.43), xticks=channels)
axes["mean"].sharex(axes["std"])
axes["mean"].tick_params(labelbottom=False)

# %%
# Full covariances, and variances alone
# -------------------------------------
#
# Two networks of 12, 24 and 2 units with the same training. The loss is minus the
# logarithm of the chance that the right output has more spikes within 200 ms. The diagonal
# network is given variances only; as twins look the same to it, it is right on exactly one
# of the two, whatever it learns. The same holds for any function of means.

nets = {kind: correlation.train(training, kind) for kind in ("full", "diagonal")}
for kind, net in nets.items():
    print(
        f"{kind:9s} training {correlation.accuracy(net, training, kind):6.1%}, "
        f"test {correlation.accuracy(net, test, kind):6.1%}"
    )

# %%
# Why does it work?
# -----------------
#
# A neuron sums its inputs. The variance of a sum holds, beside the variances, twice the
# covariance of each pair. With weights of one sign on both groups, a common source that
# moves them together adds up, and one that drives them apart cancels. The mean of the
# current is the same in both cases, but its fluctuations are not, and these set how often
# the threshold is reached: the moment activation turns a correlation between inputs into a
# rate. Below, one hidden neuron, the one whose rate separates the classes most.

full = nets["full"]
with torch.no_grad():
    layer = full[0]
    currents = layer.norm(layer.linear(correlation.moments_in(test, "full")))
    rates = layer.activation(currents).mean
together, apart = rates[150:], rates[:150]
contrast = (together.mean(0) - apart.mean(0)).abs() / rates.std(0)
best = int(contrast.argmax())
sigma = variance(currents)[:, best].sqrt().numpy()
mu, rate = currents.mean[:, best].numpy(), rates[:, best].numpy()

fig, axes = plt.subplots(1, 2, figsize=(9.5, 3.6), layout="constrained")
for part, name, color in (
    (slice(150, 300), "together", TEAL),
    (slice(0, 150), "apart", ORANGE),
):
    style = {"color": color, "markersize": 4, "alpha": 0.7, "label": name}
    axes[0].plot(mu[part], sigma[part], ".", **style)
    axes[1].plot(sigma[part], rate[part] / Hz, ".", **style)
axes[0].set(
    xlabel="mean current (mV/ms)", ylabel=r"its noise (mV/$\sqrt{\mathrm{ms}}$)"
)
axes[1].set(
    xlabel=r"noise of the current (mV/$\sqrt{\mathrm{ms}}$)", ylabel="rate (Hz)"
)
for ax in axes:
    ax.legend(frameon=False, fontsize=9)

# %%
# The same from spikes
# --------------------
#
# `convert` gives weights, neurons and background currents of a spiking network; nothing is
# trained again. Its input is white noise with each sample's means and covariances. Every
# neuron starts at its reset, and the class with more spikes since then wins; ties count as
# one half. The band is two standard errors over trials. The prediction takes the network as
# stationary from the start and counts as Gaussian, so it is ahead of the spikes at first.

readouts = [20, 40, 60, 80, 100, 150, 200, 250, 300, 400, 500]
trials = 10
run = correlation.spike(full, test, trials=trials, readouts=readouts, rng=3)
labels = test.labels.numpy()
measured = run.accuracy(labels)
top = run.counts == run.counts.max(axis=-1, keepdims=True)
won = np.take_along_axis(
    top / top.sum(-1, keepdims=True), labels[:, None, None, None], -1
)
error = won[..., 0].mean(0).std(0, ddof=1) / np.sqrt(trials)
with torch.no_grad():
    out = full(correlation.moments_in(test, "full"))
    chances = [class_probabilities(out, float(T)) for T in readouts]
predicted = [p.gather(-1, test.labels[:, None]).mean().item() for p in chances]

fig, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
ax.fill_between(
    readouts, measured - 2 * error, measured + 2 * error, color=TEAL, alpha=0.25, lw=0
)
ax.plot(readouts, measured, "o-", color=TEAL, markersize=4, label="spiking network")
ax.plot(readouts, predicted, "--", color=ORANGE, label="predicted by the moments")
ax.axhline(0.5, color="gray", linewidth=0.8, label="chance: means and variances alone")
ax.set(
    xlabel="time of readout (ms)", ylabel="accuracy", xlim=(0, None), ylim=(0.45, 1.01)
)
ax.legend(frameon=False, loc="center right")
for time, value, spread in zip(readouts, measured, error, strict=True):
    print(f"{time:4d} ms: {value:.2%} +- {2 * spread:.2%}")
