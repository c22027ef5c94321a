"""Fixed points of recurrent moment networks: time, memory, iterations, residual.

Writes docs/benchmarks/moment_network.md.
"""

import time
import tracemalloc
from pathlib import Path

import numpy as np
import torch

from meanfield.equilibrium import moment_fixed_point
from meanfield.moments import Moments
from meanfield.nn import MomentRNN

PAGE = Path(__file__).parents[2] / "docs" / "benchmarks" / "moment_network.md"


def network(n, size):
    """One in ten connected, inhibition five times as strong as excitation."""
    rng = np.random.default_rng(0)
    signs = np.where(np.arange(n) < 4 * n // 5, 1.0, -5.0)
    W = size * np.sqrt(400 / n) * (rng.random((n, n)) < 0.1) * signs
    np.fill_diagonal(W, 0.0)
    return W, np.full(n, 1.1), np.eye(n) + 0.05


def row(n, size, kind):
    given = network(n, size)
    start, own = time.perf_counter(), time.process_time()
    found = moment_fixed_point(*given, covariance=kind)
    spent, own = time.perf_counter() - start, time.process_time() - own
    tracemalloc.start()
    if n <= 1000:
        moment_fixed_point(*given, covariance=kind)
    memory = tracemalloc.get_traced_memory()[1] / given[2].nbytes
    tracemalloc.stop()
    matrices = f"{memory:.0f}" if n <= 1000 else "-"
    assert found.converged
    return (
        f"| {n} | {kind} | {found.spectral_radius:.2f} | {found.n_iter} | "
        f"{found.residual:.0e} | {spent:.2f} | {own:.2f} | {matrices} |\n"
    )


def layer_seconds(n, size):
    """MomentRNN to its tolerance of 1e-10, and the largest difference of rates."""
    W, mean, cov = network(n, size)
    layer = MomentRNN(n, n, covariance="full", dtype=torch.float64)
    with torch.no_grad():
        layer.input.weight.copy_(torch.eye(n))
        layer.recurrent.weight.copy_(torch.tensor(W))
        for part in (layer.input, layer.recurrent):
            for name, value in part.named_parameters():
                if name != "weight":
                    value.zero_()
        given = Moments(torch.tensor(mean), torch.tensor(cov))
        layer(given)
        start = time.perf_counter()
        state = layer(given)
        spent = time.perf_counter() - start
    found = moment_fixed_point(W, mean, cov, layer.neuron)
    return spent, np.abs(state.mean.numpy() / found.mean - 1.0).max()


def main():
    moment_fixed_point(*network(50, 0.3))
    text = """# Recurrent moment networks

`equilibrium.moment_fixed_point`, means and all covariances of n neurons of given weights; one
in ten connected, common external noise. Wall and processor time of one call on a machine
that others use as well, linear algebra on one thread (OMP_NUM_THREADS=1); memory in matrices
of n x n. Written by `make bench`.

| n | covariance | spectral radius | iterations | residual | wall [s] | processor [s] | memory |
|---|---|---|---|---|---|---|---|
"""
    for n, size in ((200, 0.3), (500, 0.3), (1000, 0.3), (1000, 0.8), (2000, 0.3)):
        for kind in ("map", "linear_response"):
            text += row(n, size, kind)
    spent, difference = layer_seconds(500, 0.3)
    text += f"""
`nn.MomentRNN`, which iterates the map to 1e-10, takes {spent:.2f} s for n = 500; its rates
differ by at most a relative {difference:.0e}.
"""
    PAGE.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
