"""Two classes of inputs that differ in nothing but the signs of their correlations.

Channels belong to two hidden groups. In a sample, a common source moves all channels, with
random strength; the classes differ in whether it moves the two groups together or in
opposite directions. Means and variances, random as well, are the same in both.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from meanfield.nn import MomentCrossEntropy, MomentLayer, Moments, convert, encoders
from spiking_reference import GaussianInput, LayeredResult, simulate_layers

CHANNELS = 12
# Of group A (1) and group B (-1), in an order that the network does not know.
GROUPS = torch.tensor([1.0, -1, -1, 1, -1, 1, 1, -1, 1, -1, -1, 1])
TRAINED_READOUT = 200.0  # ms


class Samples(NamedTuple):
    """Means (n, channels) [kHz], covariances (n, channels, channels), labels (n,)."""

    mean: Tensor
    cov: Tensor
    labels: Tensor


def draw(pairs: int, seed: int) -> Samples:
    """Draw pairs of samples, one of each class, with the same means and variances.

    Label 1 stands for groups that move together.
    """
    generator = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float, n: int = CHANNELS) -> Tensor:
        part = torch.rand(pairs, n, generator=generator)
        return (low + (high - low) * part).repeat(2, 1)

    mean, std = uniform(0.02, 0.1), uniform(0.15, 0.4)
    # Of each channel with the common source: its square is the size of correlations.
    shared = uniform(0.3, 0.9, 1)
    labels = torch.arange(2).repeat_interleave(pairs)
    sign = torch.where(labels[:, None] == 1, 1.0, GROUPS)
    common = shared * sign * std
    private = (1 - shared**2) * std**2
    cov = common[:, :, None] * common[:, None, :] + torch.diag_embed(private)
    return Samples(mean, cov, labels)


def moments_in(samples: Samples, covariance: str) -> Moments:
    """Give a network all it may know: covariances, or variances alone."""
    if covariance == "full":
        return encoders.gaussian(samples.mean, cov=samples.cov)
    std = samples.cov.diagonal(dim1=-2, dim2=-1).sqrt()
    return encoders.gaussian(samples.mean, std)


def train(
    samples: Samples,
    covariance: str,
    *,
    seed: int = 0,
    hidden: int = 24,
    epochs: int = 20,
    batch: int = 50,
    rate: float = 0.03,
) -> nn.Sequential:
    """Return a network in eval mode that was trained to tell the classes apart."""
    torch.manual_seed(seed)
    net = nn.Sequential(
        MomentLayer(CHANNELS, hidden, covariance=covariance),
        MomentLayer(hidden, 2, covariance=covariance),
    )
    loss_of = MomentCrossEntropy(readout=TRAINED_READOUT)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate)
    steps = epochs * -(-len(samples.labels) // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    for _ in range(epochs):
        for chosen in torch.randperm(len(samples.labels)).split(batch):
            some = Samples(*(part[chosen] for part in samples))
            optimizer.zero_grad()
            loss_of(net(moments_in(some, covariance)), some.labels).backward()
            optimizer.step()
            schedule.step()
    return net.eval()


@torch.no_grad()
def accuracy(net: nn.Module, samples: Samples, covariance: str) -> float:
    """Part of the samples whose class has the highest predicted rate."""
    guess = net(moments_in(samples, covariance)).mean.argmax(-1)
    return (guess == samples.labels).double().mean().item()


def spike(
    net: nn.Module,
    samples: Samples,
    *,
    trials: int,
    readouts: Sequence[float],
    rng: int = 0,
) -> LayeredResult:
    """Run the spiking network of the same weights on correlated noise."""
    inputs = GaussianInput(samples.mean.double().numpy(), samples.cov.double().numpy())
    return simulate_layers(
        convert(net), inputs, duration=max(readouts), readouts=readouts,
        trials=trials, rng=rng,
    )  # fmt: skip
