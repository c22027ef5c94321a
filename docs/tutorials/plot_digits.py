"""
Digits: train moments, run spikes
=================================

A moment network is trained by gradients like any other network, but it stands for a
network of spiking neurons with the same weights. Here it learns handwritten digits of
8 x 8 pixels; then the spiking network classifies digits that neither of them has seen, one
trial each, and its errors are compared with those that the moments predict. Functions come
from ``docs/examples/digits.py``, which also runs from the shell, with three seeds and
longer training.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from matplotlib import pyplot as plt

# From the root of the repository, or from the folder of this file.
sys.path.insert(0, "docs/examples" if Path("docs").is_dir() else "../examples")
import digits

from meanfield.nn import Moments, convert, variance
from spiking_reference import GaussianInput, simulate_layers

# Matrices are small: threads of one process would wait more than they work.
torch.set_num_threads(1)

# %%
# Training
# --------
#
# A pixel is the rate of a Poisson spike train, up to 300 Hz. Two layers of 128 and 10 leaky
# integrate-and-fire neurons carry means and full covariances of spike counts. The loss is
# minus the logarithm of the chance that the neuron of the right class has the largest count
# after 100 ms; so training sees the noise that spikes will have. A small penalty on weights
# keeps the effect of single spikes small, as the theory assumes. 360 images are held out.

training, test = digits.load_digits()
net = digits.train(training, epochs=20, progress=False)
print(f"moment network, held-out images: {digits.moment_accuracy(net, test):.2%}")

# %%
# Conversion
# ----------
#
# `convert` folds the normalization into weights and background currents. Nothing is fitted.

for layer in convert(net):
    print(
        f"weights {layer.weights.shape}, standard deviation {layer.weights.std():.2f} mV, "
        f"threshold {layer.neuron.V_th:g} mV"
    )

# %%
# One image, one trial after the other
# ------------------------------------
#
# All neurons start at their reset when the image comes on. Every trial has other spikes.
# Counts of the ten output neurons after 50 and 200 ms, in 200 trials of an image about
# which the network is in doubt; dots and bars are means and standard deviations that the
# moments predict.

with torch.no_grad():
    out = digits.moments(net, test.images)
chances = digits.predicted_chances(net, test.images, [50.0, 200.0])
doubtful = int(np.abs(chances[:, 1].max(-1) - 0.7).argmin())
one = test.images[doubtful : doubtful + 1]
run = digits.spike(net, one, trials=200, readouts=[50, 200], rng=1)

fig, axes = plt.subplots(
    1, 3, figsize=(11, 3.4), width_ratios=(0.7, 1, 1), layout="constrained"
)
axes[0].imshow(one.view(8, 8).numpy(), cmap="gray_r")
axes[0].set_title(f"a {test.labels[doubtful]}", fontsize=10)
axes[0].set_axis_off()
classes = np.arange(10)
mean = out.mean[doubtful].numpy()
std = variance(out)[doubtful].sqrt().numpy()
for ax, T, counts in zip(
    axes[1:], (50, 200), run.counts[0].swapaxes(0, 1), strict=True
):
    jitter = np.random.default_rng(0).uniform(-0.25, 0.25, (2, *counts.shape))
    ax.plot(classes + jitter[0], counts + jitter[1], ".", color="#9bb8c4", markersize=3)
    ax.errorbar(classes, T * mean, T**0.5 * std, fmt="o", color="#d1603d", markersize=4)
    ax.set(xlabel="class", title=f"after {T} ms", xticks=classes)
    ax.title.set_fontsize(10)
axes[1].set_ylabel("spikes")

# %%
# Accuracy over time
# ------------------
#
# Counting from the onset needs no knowledge of when the network has settled, and is what a
# user would do; so there is no warm-up. The theory is one of stationary spike trains in
# long windows: it does not know of the first 20 ms, in which the layers start to fire, nor
# of the whole numbers that few spikes are. The spiking network is therefore later than the
# prediction (dashed). Its band, two standard errors over trials, is hardly wider than the
# line; that 360 images are a sample of all digits adds an error of about 0.7 % to all three
# curves alike.

result = digits.evaluate(net, test, trials=100)
fig, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
digits.plot_accuracy(result, ax)
for T, p, e, q in zip(*result[2:6], strict=True):
    print(f"{T:4.0f} ms: spiking {p:.2%} +- {2 * e:.2%}, predicted {q:.2%}")

# %%
# Are the errors predicted?
# -------------------------
#
# For each image, the moments give each class a chance to win after 100 ms. Where these
# chances are neither nearly 0 nor nearly 1, they can be compared with the part of 100
# trials that the class does win (left; bars are two standard errors over pairs of an image
# and a class). Variances of counts in 200 ms are compared for all ten neurons and all
# images (right); part of the scatter is that of variances estimated from 100 trials.
#
# Prediction and spikes rise together, but the spiking network is the more variable, most of
# all where little variance is predicted.

fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
digits.plot_reliability(result.reliability, axes[0])
digits.plot_variances(*result.variances, axes[1])
print(f"frequencies are off by {result.reliability.error:.3f} on average")
print(f"correlation of variances: {result.variance_correlation:.3f}")

# %%
# What is missing in the prediction?
# ----------------------------------
#
# The theory takes the sum of a neuron's inputs for white noise. But few hidden neurons are
# active at a time, and their weights are not small against the threshold: single spikes
# make output neurons fire that should be silent. The test: replace the spikes of the hidden
# layer by white noise with the means and variances that the moments have there. Means of
# the output's counts then are those predicted, and variances nearly so. What is left over
# is what counting whole spikes in a finite window adds: up to 1/6, if they are regular.

few = test.images[:60]
with torch.no_grad():
    hidden = net[0](digits.encoders.poisson(few, max_rate=digits.MAX_RATE))
    noise = Moments(hidden.mean, variance(hidden))
    output = net[1](noise)
spikes = digits.spike(net, few, trials=100, warmup=100.0, readouts=[200], rng=2)
noisy = simulate_layers(
    convert(net)[1:], GaussianInput(*(part.double().numpy() for part in noise)),
    duration=200.0, warmup=100.0, trials=100, rng=2,
)  # fmt: skip
cases = {"spikes": (spikes, digits.moments(net, few)), "white noise": (noisy, output)}
for name, (run, moments) in cases.items():
    counts = run.counts[:, :, -1]
    mean, var = (
        200.0 * part.detach().numpy() for part in (moments.mean, variance(moments))
    )
    found = counts.var(axis=1, ddof=1)
    print(
        f"{name:11s}: counts differ by {np.abs(counts.mean(1) - mean).mean():.3f} on "
        f"average, variances {found.mean():.3f} (predicted {var.mean():.3f}), "
        f"correlation {np.corrcoef(var.ravel(), found.ravel())[0, 1]:.3f}"
    )
