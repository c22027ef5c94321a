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

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))
import digits

from meanfield.nn import convert

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
std = digits.variance(out)[doubtful].sqrt().numpy()
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
# user would do; so there is no warm-up. The theory is one of stationary spike trains, in
# long windows: it does not know of the first 20 ms in which the layers start to fire, nor
# of the whole numbers that few spikes are. Its accuracy (dashed) is reached later than it
# says. The band is two standard errors over trials; that 360 images are a sample of all
# digits adds an error of about 0.7 % to every curve alike.

result = digits.evaluate(net, test, trials=100)
fig, ax = plt.subplots(figsize=(6.5, 3.8), layout="constrained")
digits.plot_accuracy(result, ax)
for T, p, e, q in zip(*result[2:6], strict=True):
    print(f"{T:4.0f} ms: spiking {p:.2%} +- {2 * e:.2%}, predicted {q:.2%}")

# %%
# Are the errors predicted?
# -------------------------
#
# For each image, the moments give each class a chance to win. Where these chances are
# neither nearly 0 nor nearly 1, they can be compared with the part of 100 trials that the
# class does win (left; bars are two standard errors over images and classes). Variances of
# counts are compared for all ten neurons and all images (right). Where the spiking network
# is more variable than predicted, spikes are few and single ones are large: an output
# neuron is driven by few hidden neurons with weights that are not small against threshold,
# while the theory takes the sum for white noise.

fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
digits.plot_reliability(result.reliability, axes[0])
digits.plot_variances(*result.variances, axes[1])
print(f"frequencies are off by {result.reliability.error:.3f} on average")
print(f"correlation of variances: {result.variance_correlation:.3f}")
