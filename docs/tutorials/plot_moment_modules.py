"""
Moment networks: the other modules
==================================

Wide layers, neurons whose parameters are learned, recurrent populations, and images on
their way to other tools: one example each of what `meanfield.nn` has beside the plain
layer of :doc:`the digits <plot_digits>`.
"""

# %%
# Wide layers
# -----------
# A full covariance of 1000 units has a million entries for each sample. With
# ``covariance="low_rank"`` a layer keeps exact variances, and approximates what units have
# in common by a few sources. What it leaves out shrinks with their number, and is nothing
# once they are more than the inputs.

import matplotlib.pyplot as plt
import numpy as np
import torch

from meanfield import LIF
from meanfield.moments import Moments
from meanfield.nn import (
    LowRank,
    MomentActivation,
    MomentAvgPool2d,
    MomentConv2d,
    MomentFlatten,
    MomentLayer,
    MomentRNN,
    convert,
    dense,
    encoders,
)
from meanfield.units import Hz
from spiking_reference import WhiteNoise, simulate

torch.set_num_threads(1)  # matrices are small
torch.manual_seed(0)
# 60 trains that share five fluctuating sources
rates = 0.02 + 0.02 * torch.rand(1, 60)
mixture = torch.randn(60, 5)
inputs = Moments(
    rates, LowRank(rates, 0.1 * torch.ones(1, 60), mixture, torch.ones(1, 5))
)

full = MomentLayer(60, 1000, covariance="full", norm=False)
with torch.no_grad():
    exact = full(inputs)
ranks, errors = [1, 2, 5, 10, 20, 40, 80], []
for rank in ranks:
    layer = MomentLayer(60, 1000, covariance="low_rank", rank=rank, norm=False)
    layer.load_state_dict({**layer.state_dict(), **full.state_dict()})
    with torch.no_grad():
        out = layer(inputs)
    gap = dense(out) - exact.cov
    off = exact.cov - torch.diag_embed(exact.cov.diagonal(dim1=-2, dim2=-1))
    errors.append((gap.norm() / off.norm()).item())
    assert torch.allclose(out.mean, exact.mean, rtol=1e-5)

fig, ax = plt.subplots(figsize=(5, 3.2), layout="constrained")
ax.semilogy(ranks, errors, "o-")
ax.set(xlabel="sources kept", ylabel="error of covariances", xscale="log")
ax.set_xticks(ranks, [str(k) for k in ranks])
ax.minorticks_off()

# %%
# Learning the neurons
# --------------------
# Parameters of neurons are trained like weights. Here a membrane time constant, a
# refractory period and a threshold are found from rates that a simulated neuron fired at 60
# random drives: the logarithms of rates are fitted, where the neuron fired at all.

truth = LIF(tau_m=12.0, t_ref=3.0, V_th=15.0)
rng = np.random.default_rng(1)
drive = WhiteNoise(mu=rng.uniform(0.3, 3.0, 60), sigma=rng.uniform(0.5, 3.0, 60))
measured = simulate(truth, drive, duration=20_000.0, dt=0.5, warmup=200.0, rng=2).rate
enough = measured.value > 10 * measured.stderr
target = torch.tensor(measured.value[enough]).log()
given = Moments(torch.tensor(drive.mu[enough]), torch.tensor(drive.sigma[enough]) ** 2)

population = MomentActivation(
    LIF(), trainable=["tau_m", "t_ref", "V_th"], dtype=torch.float64
)
optimizer = torch.optim.LBFGS(
    population.parameters(), max_iter=200, line_search_fn="strong_wolfe"
)


def closure():
    optimizer.zero_grad()
    loss = (population(given).mean.log() - target).square().mean()
    loss.backward()
    return loss


optimizer.step(closure)
for name in ("tau_m", "t_ref", "V_th"):
    print(f"{name}: {getattr(population.neuron, name).item():.2f}, "
          f"simulated with {getattr(truth, name)}")  # fmt: skip

# %%
# Recurrent populations
# ---------------------
# `MomentRNN` finds the stationary state of a population that feeds itself. The gradient is
# that of the fixed point: it needs no memory of the iterations that led to it. Here
# recurrent inhibition, found by gradient descent, holds the mean rate at 10 Hz whatever the
# input.

net = MomentRNN(50, 40, covariance="full")
strengths = torch.linspace(0.2, 2.0, 10)
trains = encoders.poisson(strengths[:, None] * 0.02 * torch.rand(1, 50))
before = net(trains).mean.mean(-1).detach()
optimizer = torch.optim.Adam(net.parameters(), lr=0.02)
for _ in range(60):
    optimizer.zero_grad()
    (net(trains).mean / Hz - 10.0).square().mean().backward()
    optimizer.step()
after = net(trains).mean.mean(-1).detach()

fig, ax = plt.subplots(figsize=(5, 3.2), layout="constrained")
ax.plot(strengths, before / Hz, "o--", label="before")
ax.plot(strengths, after / Hz, "o-", label="trained")
ax.set(xlabel="strength of the input", ylabel="mean rate (Hz)", ylim=(0, None))
ax.legend(frameon=False)

# %%
# Images, and other tools
# -----------------------
# Convolutions and pooling carry independent variances. `convert` writes them out as
# weights of spiking layers; `to_nir` exports those to the Neuromorphic Intermediate
# Representation, which has no refractory period and says so.

images = encoders.poisson(torch.rand(4, 1, 8, 8), max_rate=0.1)
network = torch.nn.Sequential(
    MomentConv2d(1, 4, 3, padding=1),
    MomentActivation(LIF(t_ref=0.0)),
    MomentAvgPool2d(2),
    MomentFlatten(),
    MomentLayer(64, 10, neuron=LIF(t_ref=0.0)),
)
network(images)  # statistics of the normalization
layers = convert(network.eval(), input_shape=(1, 8, 8))
print([layer.weights.shape for layer in layers])

from meanfield.interop.nir import to_nir

print(list(to_nir(layers).nodes))
