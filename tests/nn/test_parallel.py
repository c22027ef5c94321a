"""Training in several processes, and replicas of one module."""

import socket
import time
from datetime import timedelta
from pathlib import Path

import pytest
import torch

from meanfield.nn import MomentLayer, Moments, encoders


def spikes(batch):
    torch.manual_seed(1)
    return encoders.poisson(torch.rand(batch, 6) * 0.08)


def network(**options):
    torch.manual_seed(0)
    return torch.nn.Sequential(
        MomentLayer(6, 8, covariance="full", **options), MomentLayer(8, 3, **options)
    )


def train_in_processes(rank, store, results):
    import torch.distributed as dist
    from torch.nn.parallel import DistributedDataParallel

    torch.set_num_threads(1)
    try:
        dist.init_process_group(
            "gloo", init_method=f"file://{store}", rank=rank, world_size=2,
            timeout=timedelta(seconds=20),
        )  # fmt: skip
        dist.barrier()
    except RuntimeError as error:
        Path(f"{results}.{rank}").write_text(str(error))
        return
    net = DistributedDataParallel(network(norm=False))
    x = spikes(16)
    half = slice(8 * rank, 8 * rank + 8)
    net(Moments(x.mean[half], x.cov[half])).mean.mean().backward()
    if rank == 0:
        torch.save([p.grad for p in net.parameters()], results)
    dist.destroy_process_group()


def test_two_processes(tmp_path, monkeypatch):
    """Gradients of two halves of a batch, averaged, are those of the batch."""
    loopback = [name for _, name in socket.if_nameindex() if name.startswith("lo")]
    monkeypatch.setenv("GLOO_SOCKET_IFNAME", loopback[0])
    results = tmp_path / "grads.pt"
    workers = torch.multiprocessing.spawn(
        train_in_processes, (tmp_path / "store", results), nprocs=2, join=False
    )
    assert workers is not None
    deadline = time.monotonic() + 90
    while not workers.join(timeout=5, grace_period=5):
        if time.monotonic() > deadline:
            for process in workers.processes:
                process.kill()
            pytest.skip("two processes cannot reach each other on this machine")
    for failure in tmp_path.glob("grads.pt.*"):
        pytest.skip(f"two processes form no group here: {failure.read_text()[:200]}")
    net = network(norm=False)
    net(spikes(16)).mean.mean().backward()
    for mine, theirs in zip(net.parameters(), torch.load(results), strict=True):
        assert torch.allclose(mine.grad, theirs, rtol=1e-4, atol=1e-9)


def test_data_parallel():
    net = network().eval()
    x = spikes(16)
    out = torch.nn.DataParallel(net)(x)
    assert isinstance(out, Moments)
    assert torch.equal(out.mean, net(x).mean)
