import pytest
import torch

from meanfield.nn import LowRank
from meanfield.nn.encoders import gaussian, poisson


def test_poisson_has_fano_factor_one():
    rates = torch.rand(3, 4, requires_grad=True)
    mean, cov = poisson(rates, max_rate=0.1)
    torch.testing.assert_close(mean, 0.1 * rates)
    torch.testing.assert_close(cov, mean)
    assert mean.dtype == torch.float32
    assert mean.requires_grad


def test_gaussian_broadcasts_std():
    mean = torch.rand(3, 4, dtype=torch.float64)
    for std in (0.5, torch.full((4,), 0.5), torch.full((3, 1), 0.5)):
        torch.testing.assert_close(gaussian(mean, std).cov, torch.full_like(mean, 0.25))


def test_gaussian_passes_covariance_through():
    mean, cov = torch.rand(3, 4), torch.eye(4).expand(3, 4, 4)
    assert gaussian(mean, cov=cov).cov is cov
    low_rank = LowRank(mean, mean, torch.ones(4, 1), torch.ones(3, 1))
    assert gaussian(mean, cov=low_rank).cov is low_rank


def test_bad_input():
    with pytest.raises(TypeError, match=r"use torch.as_tensor\(rates\)"):
        poisson([1.0])  # pyright: ignore[reportArgumentType]
    with pytest.raises(TypeError, match=r"use rates.float\(\)"):
        poisson(torch.tensor([1]))
    with pytest.raises(ValueError, match=r"`rates` must not be negative; got -0\.1"):
        poisson(torch.tensor([1.0, -1.0]), max_rate=0.1)
    mean = torch.zeros(3)
    with pytest.raises(TypeError, match="one of the two"):
        gaussian(mean)
    with pytest.raises(TypeError, match="one of the two"):
        gaussian(mean, 1.0, cov=torch.eye(3))
    with pytest.raises(ValueError, match="`cov` must have shape"):
        gaussian(mean, cov=torch.eye(2))
    with pytest.raises(ValueError, match="`std` must broadcast"):
        gaussian(mean, torch.ones(2, 3))
