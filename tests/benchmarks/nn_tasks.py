"""One timed task of a moment network, in its own interpreter: prints one JSON object.

``python nn_tasks.py ours|peer TASK THREADS``: tasks are "step-full", "step-diagonal" (a
training step of 784-512-10, batch 128; "step-independent" is diagonal with the loss of
moments) and "elements-N" (forward, forward + backward of N
elements). Run by the interpreter that has the package; never imported.
"""

import json
import resource
import sys
import time

import numpy as np
import torch


def cpu_seconds(call, repeat):
    """Minimum over repetitions of (wall, CPU) seconds."""
    call()
    found = []
    for _ in range(repeat):
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        found.append((time.perf_counter() - wall, time.process_time() - cpu))
    return [min(column) for column in zip(*found, strict=True)]


def images():
    torch.manual_seed(0)
    rates = 0.1 * torch.rand(128, 784) * (torch.rand(128, 784) < 0.2)
    return rates, torch.randint(10, (128,))


def training_step(net, loss):
    optimizer = torch.optim.AdamW(net.parameters(), 1e-3)

    def step():
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()

    return step


def our_step(kind):
    from meanfield.nn import MomentCrossEntropy, MomentLayer, MomentLinear, encoders

    rates, target = images()
    x = encoders.poisson(rates)
    covariance = "full" if kind == "full" else "diagonal"
    net = torch.nn.Sequential(
        MomentLayer(784, 512, covariance=covariance),
        MomentLinear(512, 10, covariance=covariance),
    )
    if kind == "diagonal":  # the peer's loss
        function = torch.nn.functional.cross_entropy
        return training_step(net, lambda: function(net(x).mean, target))
    # The loss takes the covariance of the readout, as the peer's forward pass does.
    loss = MomentCrossEntropy(readout=100.0)
    return training_step(net, lambda: loss(net(x), target))


def peer_step(kind):
    from mnn.models.mlp_torch import MomentMlp, MomentMlpNoCorrelation

    rates, target = images()
    full = kind == "full"
    net = (MomentMlp if full else MomentMlpNoCorrelation)([784, 512], 10)
    x = (rates, torch.diag_embed(rates) if full else rates.clamp(min=1e-6))

    def loss():
        out = net(x)
        mean = out[0] if isinstance(out, tuple) else out
        return torch.nn.functional.cross_entropy(mean, target)

    return training_step(net, loss)


def elements(owner, n):
    """Forward, and forward + backward, of (rate, std) and for us of chi too."""
    rng = np.random.default_rng(1)
    mu = torch.tensor(rng.normal(2.5, 2.5, n), requires_grad=True)
    sigma = torch.tensor(rng.uniform(0.3, 5, n), requires_grad=True)
    if owner == "ours":
        from meanfield.nn import functional as F

        function = lambda: F.moment_activation(mu, sigma)  # noqa: E731
    else:
        from mnn.mnn_core.torch_activation import (
            mnn_activation_without_correlation as activation,
        )

        function = lambda: activation(mu, sigma)  # noqa: E731
    weights = [torch.randn(n, dtype=torch.float64) for _ in range(3)]

    def forward():
        with torch.no_grad():
            function()

    def both():
        out = function()
        torch.autograd.grad(out, (mu, sigma), weights[: len(out)])

    repeat = 5 if n > 10_000 else 200
    return {
        "forward": cpu_seconds(forward, repeat),
        "both": cpu_seconds(both, repeat),
    }


def main():
    owner, task, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    what, option = task.split("-")
    if what == "elements":
        report = elements(owner, int(option))
    else:
        step = (our_step if owner == "ours" else peer_step)(option)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        seconds = cpu_seconds(step, 5 if owner == "ours" else 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        report = {"step": seconds, "base": before, "peak": peak}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
