"""Handwritten digits: train a moment network, convert it, and let it spike.

The images are the 1797 of 8 x 8 pixels that come with scikit-learn. Pixels are rates of
Poisson spike trains. A network of 64, 128 and 10 units learns, through means and
covariances of spike counts, that the right class has the largest count; the spiking
network with the same weights then classifies by counting spikes from the onset of the
stimulus.

Run it with ``python docs/examples/digits.py --seeds 3 --out digits-output``.
"""

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor, nn
from tqdm.auto import tqdm

from meanfield.moments import Moments
from meanfield.nn import (
    MomentCrossEntropy,
    MomentLayer,
    class_probabilities,
    convert,
    encoders,
    variance,
)
from spiking_reference import LayeredResult, PoissonInput, simulate_layers

MAX_RATE = 0.3  # kHz, of a white pixel
TRAINED_READOUT = 100.0  # ms
READOUTS = (10, 20, 40, 60, 80, 100, 125, 150, 175, 200)  # ms
# Weight of the mean square of synaptic weights [1/mV^2] in the loss: the theory is one of
# many small inputs, and holds better where single spikes do little.
PENALTY = 0.003
# Chances between these limits are open enough to compare them with frequencies.
OPEN = (0.01, 0.99)
# Instead of 512: half the time, and errors below those of a batch or of the trials.
_POINTS = 128
TEAL, ORANGE = "#0a7e8c", "#d1603d"
# Largest turn, change of size and shift of a training image: degrees, 1, pixels.
TURN, ZOOM, SHIFT = 7.0, 0.07, 0.3


class Split(NamedTuple):
    """Images (n, 64) with pixels in [0, 1], and their digits (n,)."""

    images: Tensor
    labels: Tensor


def load_digits(held_out: int = 360) -> tuple[Split, Split]:
    """Return the training and the test part, the same in each run."""
    try:
        from sklearn import datasets
        from sklearn.model_selection import train_test_split
    except ImportError as error:
        raise ImportError(
            "the digits come with scikit-learn: pip install scikit-learn"
        ) from error
    pixels, labels = datasets.load_digits(return_X_y=True)
    parts = train_test_split(
        (pixels / 16.0).astype(np.float32), labels,
        test_size=held_out, stratify=labels, random_state=0,
    )  # fmt: skip
    train_x, test_x, train_y, test_y = map(torch.as_tensor, parts)
    return Split(train_x, train_y), Split(test_x, test_y)


def network(hidden: int = 128) -> nn.Sequential:
    """Return an untrained network that propagates full covariances."""
    return nn.Sequential(
        MomentLayer(64, hidden, covariance="full"),
        MomentLayer(hidden, 10, covariance="full"),
    )


def train(
    data: Split,
    *,
    seed: int = 0,
    epochs: int = 60,
    hidden: int = 128,
    batch: int = 64,
    rate: float = 0.05,
    progress: bool = True,
) -> nn.Sequential:
    """Return a network in eval mode, trained on slightly distorted images.

    Epochs, distortions, penalty and rates were chosen on 360 of the training images.
    """
    torch.manual_seed(seed)
    net = network(hidden)
    loss_of = MomentCrossEntropy(readout=TRAINED_READOUT, points=_POINTS)
    steps = epochs * (len(data.labels) // batch)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    bar = tqdm(total=steps, desc=f"seed {seed}", unit="step", disable=not progress)
    with bar:
        for _ in range(epochs):
            order = torch.randperm(len(data.labels))
            for chosen in order.split(batch):
                if len(chosen) < batch:
                    continue
                optimizer.zero_grad()
                out = moments(net, distorted(data.images[chosen]))
                loss = loss_of(out, data.labels[chosen])
                (loss + PENALTY * weight_power(net)).backward()
                optimizer.step()
                schedule.step()
                bar.update()
            bar.set_postfix(loss=f"{loss.item():.3f}")
    return net.eval()


def weight_power(net: nn.Sequential) -> Tensor:
    """Mean square [mV^2] of the weights that spikes have, added up over layers."""
    powers = []
    for layer in net:
        scale, _ = layer.norm.affine_map()
        powers.append((scale[:, None] * layer.linear.weight).square().mean())
    return torch.stack(powers).sum()


def distorted(images: Tensor) -> Tensor:
    """Turn, scale and shift each image a little, by random amounts."""
    n = len(images)
    turn, zoom, right, down = 2 * torch.rand(4, n) - 1
    angle, size = turn * math.radians(TURN), 1 + zoom * ZOOM
    cos, sin = size * angle.cos(), size * angle.sin()
    # Coordinates of an image of 8 pixels run from -1 to 1.
    shift = torch.stack([right, down], -1) * SHIFT / 4
    turned = torch.stack([cos, -sin, sin, cos], -1).view(n, 2, 2)
    grid = nn.functional.affine_grid(
        torch.cat([turned, shift.unsqueeze(-1)], -1), (n, 1, 8, 8), align_corners=False
    )
    moved = nn.functional.grid_sample(
        images.view(n, 1, 8, 8), grid, align_corners=False
    )
    return moved.flatten(1)


def moments(net: nn.Module, images: Tensor) -> Moments:
    """Mean and covariance of the output's spike trains."""
    return net(encoders.poisson(images, max_rate=MAX_RATE))


def spike(
    net: nn.Module,
    images: Tensor,
    *,
    trials: int = 20,
    readouts: Sequence[float] = READOUTS,
    warmup: float = 0.0,
    rng: int = 0,
) -> LayeredResult:
    """Run the spiking network of the same weights.

    Neurons start at reset, when the stimulus comes on, and all their spikes count. With
    a warm-up, only those after it do.
    """
    inputs = PoissonInput(images.double().numpy() * MAX_RATE)
    return simulate_layers(
        convert(net), inputs, duration=max(readouts), readouts=readouts,
        trials=trials, warmup=warmup, rng=rng,
    )  # fmt: skip


@torch.no_grad()
def moment_accuracy(net: nn.Module, data: Split) -> float:
    """Part of the images whose digit has the highest predicted rate."""
    guess = moments(net, data.images).mean.argmax(-1)
    return (guess == data.labels).double().mean().item()


@torch.no_grad()
def predicted_chances(
    net: nn.Module, images: Tensor, readouts: Sequence[float]
) -> np.ndarray:
    """Chance (images, readouts, classes) of each class to have the largest count."""
    out = moments(net, images)
    chances = [class_probabilities(out, float(T), points=_POINTS) for T in readouts]
    return torch.stack(chances, 1).double().numpy()


@torch.no_grad()
def predicted_variances(net: nn.Module, images: Tensor, readout: float) -> np.ndarray:
    """Variances (images, classes) of the output's spike counts."""
    return readout * variance(moments(net, images)).double().numpy()


def win_frequencies(run: LayeredResult) -> np.ndarray:
    """Part (images, readouts, classes) of the trials that each class wins.

    Classes that tie share a trial: the chance that one is drawn.
    """
    top = run.counts == run.counts.max(axis=-1, keepdims=True)
    return (top / top.sum(axis=-1, keepdims=True)).mean(axis=1)


def accuracy_with_error(
    run: LayeredResult, labels: Tensor
) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy of single trials (readouts,), and its standard error over trials."""
    each = np.array(
        [
            replace(run, counts=run.counts[:, [trial]]).accuracy(labels.numpy())
            for trial in range(run.counts.shape[1])
        ]
    )
    return each.mean(0), each.std(0, ddof=1) / np.sqrt(len(each))


class Reliability(NamedTuple):
    """Predicted chances in bins, and the frequencies in the trials (bins,)."""

    predicted: np.ndarray
    measured: np.ndarray
    stderr: np.ndarray
    size: np.ndarray

    @property
    def error(self) -> float:
        """Mean distance of prediction and frequency, weighted by the bins' sizes."""
        distance = np.abs(self.predicted - self.measured)
        return float(np.average(distance, weights=self.size))


def reliability(
    predicted: np.ndarray, frequency: np.ndarray, bins: int = 10
) -> Reliability:
    """Compare chances with frequencies, for all pairs of an image and an open class."""
    low, high = OPEN
    open_pair = (predicted > low) & (predicted < high)
    predicted, frequency = predicted[open_pair], frequency[open_pair]
    place = np.minimum((predicted * bins).astype(int), bins - 1)
    rows = []
    for i in range(bins):
        p, f = predicted[place == i], frequency[place == i]
        if p.size > 1:
            error = (f - p).std(ddof=1) / np.sqrt(p.size)
            rows.append((p.mean(), f.mean(), error, p.size))
    return Reliability(*np.transpose(rows))


class Summary(NamedTuple):
    """What one seed gave; readouts in ms, accuracies from 0 to 1."""

    seed: int
    moment: float
    readouts: np.ndarray
    spiking: np.ndarray
    stderr: np.ndarray
    predicted: np.ndarray
    variances: tuple[np.ndarray, np.ndarray]
    reliability: Reliability

    @property
    def variance_correlation(self) -> float:
        """Correlation of predicted with measured variances, over units and images."""
        return float(np.corrcoef(*(v.ravel() for v in self.variances))[0, 1])


def evaluate(
    net: nn.Module, test: Split, *, seed: int = 0, trials: int = 100
) -> Summary:
    """Compare the moment network with its spiking network, on images not trained on.

    Variances are those at the last readout, reliabilities those at the middle one.
    """
    run = spike(net, test.images, trials=trials, rng=seed)
    accuracy, stderr = accuracy_with_error(run, test.labels)
    chances = predicted_chances(net, test.images, run.readouts)
    rows = np.arange(len(test.labels))
    middle = int(np.searchsorted(run.readouts, TRAINED_READOUT))
    measured = run.counts[:, :, -1].var(axis=1, ddof=1)
    expected = predicted_variances(net, test.images, run.readouts[-1])
    return Summary(
        seed=seed,
        moment=moment_accuracy(net, test),
        readouts=run.readouts,
        spiking=accuracy,
        stderr=stderr,
        predicted=chances[rows, :, test.labels.numpy()].mean(0),
        variances=(expected, measured),
        reliability=reliability(chances[:, middle], win_frequencies(run)[:, middle]),
    )


def plot_accuracy(result: Summary, ax: Axes) -> Axes:
    """Draw accuracy over the readout time: measured, and as predicted."""
    times, found = result.readouts, 100 * result.spiking
    band = 200 * result.stderr
    ax.axhline(100 * result.moment, color="gray", lw=0.8, label="moment network")
    ax.plot(times, 100 * result.predicted, "--", color=ORANGE, label="predicted")
    ax.fill_between(times, found - band, found + band, color=TEAL, alpha=0.3, lw=0)
    ax.plot(times, found, "o-", color=TEAL, markersize=4, label="spiking network")
    ax.set(xlabel="time of readout (ms)", ylabel="accuracy (%)")
    ax.set(xlim=(0, None), ylim=(50, 100.5))
    ax.legend(loc="lower right", frameon=False)
    return ax


def plot_reliability(result: Reliability, ax: Axes) -> Axes:
    """Draw the frequency with which classes win over their predicted chance."""
    ax.plot([0, 1], [0, 1], color="gray", lw=0.8)
    style = {"fmt": "o", "color": TEAL, "markersize": 4}
    ax.errorbar(result.predicted, result.measured, 2 * result.stderr, **style)
    ax.set(xlabel="predicted chance to win", ylabel="part of the trials won")
    ax.set_aspect("equal")
    return ax


def plot_variances(expected: np.ndarray, measured: np.ndarray, ax: Axes) -> Axes:
    """Draw measured over predicted variances of spike counts."""
    top = 1.05 * max(expected.max(), measured.max())
    ax.plot([0, top], [0, top], color="gray", lw=0.8)
    ax.plot(expected.ravel(), measured.ravel(), ".", color=TEAL, ms=2, alpha=0.3)
    ax.set(xlabel="predicted variance of counts", ylabel="measured variance")
    ax.set(xlim=(0, top), ylim=(0, top))
    ax.set_aspect("equal")
    ax.set_yticks(ax.get_xticks()[ax.get_xticks() <= top])
    return ax


def figure(result: Summary) -> Figure:
    """Draw the accuracy over time, the reliability and the variances of one seed."""
    fig = Figure(figsize=(12, 3.8), layout="constrained")
    left, middle, right = fig.subplots(1, 3, width_ratios=(1.3, 1, 1))
    plot_accuracy(result, left)
    plot_reliability(result.reliability, middle)
    plot_variances(*result.variances, right)
    return fig


def table(results: Sequence[Summary]) -> str:
    """Lay out one line for each seed, and the mean."""
    rows = [
        (
            str(r.seed), r.moment, r.spiking[-1], 2 * r.stderr[-1], r.predicted[-1],
            r.variance_correlation, r.reliability.error,
        )
        for r in results
    ]  # fmt: skip
    rows.append(("mean", *np.mean([row[1:] for row in rows], axis=0)))
    head = "seed   moment   spiking            predicted   variances   chances off by"
    lines = [
        f"{name:4s}   {100 * moment:5.2f} %  {100 * spiking:5.2f} +- {100 * error:4.2f} %"
        f"  {100 * predicted:5.2f} %     {correlation:5.3f}       {off:5.3f}"
        for name, moment, spiking, error, predicted, correlation, off in rows
    ]
    return "\n".join([head, *lines])


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, convert, simulate, and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3, help="networks to train")
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--trials", type=int, default=100, help="runs of each image")
    parser.add_argument("--out", type=Path, help="folder for figures")
    options = parser.parse_args(arguments)
    # Matrices are small: threads of torch would wait more than they work.
    torch.set_num_threads(1)
    training, test = load_digits()
    start = time.perf_counter()
    results = []
    for seed in range(options.seeds):
        net = train(training, seed=seed, epochs=options.epochs)
        results.append(evaluate(net, test, seed=seed, trials=options.trials))
    print(table(results))
    print(f"{time.perf_counter() - start:.0f} s for {options.seeds} seeds")
    if options.out is not None:
        options.out.mkdir(parents=True, exist_ok=True)
        for result in results:
            figure(result).savefig(options.out / f"seed-{result.seed}.png", dpi=150)


if __name__ == "__main__":
    main()
