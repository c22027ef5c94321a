"""Truncation to low rank, where there is little to truncate."""

import pytest
import torch

from meanfield.nn import MomentLayer, MomentLinear, Moments, dense, variance


@pytest.mark.parametrize(
    ("dtype", "tol"), [(torch.float32, 2e-5), (torch.float64, 1e-13)]
)
@pytest.mark.parametrize("seed", range(10))
def test_fewer_sources_than_columns(dtype, tol, seed):
    """The projected covariance is singular; what it gives is exact."""
    torch.manual_seed(seed)
    layer = MomentLinear(784, 64, covariance="low_rank", rank=64, dtype=dtype)
    rates = torch.zeros(1, 784, dtype=dtype)
    rates[0, :2] = 0.1
    found = dense(layer(Moments(rates, rates)))
    expected = (layer.weight * rates) @ layer.weight.mT
    assert (found[0] - expected).abs().max() < tol * expected.abs().max()


def test_reduced_precision():
    x = Moments(torch.rand(5, 4) * 0.1, torch.rand(5, 4) * 0.1)
    layer = MomentLayer(4, 4, covariance="low_rank", rank=2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = layer(x)
    assert len({field.dtype for field in out.cov}) == 1
    assert torch.isfinite(variance(out)).all()
