"""Recurrent networks: fixed point, implicit gradient, unrolled form."""

import numpy as np
import pytest
import torch

import meanfield as mf
from meanfield.nn import MomentRNN, Moments, encoders


def pair(kind, **options):
    torch.manual_seed(0)
    options = {"covariance": kind, "dtype": torch.float64, **options}
    implicit = MomentRNN(5, 8, tol=1e-13, **options)
    unrolled = MomentRNN(5, 8, steps=150, **options)
    unrolled.load_state_dict(implicit.state_dict())
    return (
        implicit,
        unrolled,
        encoders.poisson(torch.rand(3, 5, dtype=torch.float64) * 0.06),
    )


@pytest.mark.parametrize("kind", ["diagonal", "full"])
def test_implicit_and_unrolled_gradients(kind):
    implicit, unrolled, x = pair(kind)
    weights = torch.randn(8, dtype=torch.float64)

    def gradients(net):
        out = net(x)
        loss = (weights * out.mean).sum() + out.cov.square().sum()
        return loss, torch.autograd.grad(loss, net.parameters())

    (loss, found), (other, expected) = gradients(implicit), gradients(unrolled)
    assert loss.item() == pytest.approx(other.item(), rel=1e-11)
    for one, two in zip(found, expected, strict=True):
        assert torch.allclose(one, two, rtol=1e-9, atol=1e-13)


def test_state_is_a_fixed_point_of_the_moment_map():
    net, _, x = pair("full")
    state = net(x)
    W, W_in = (layer.weight.detach().numpy() for layer in (net.recurrent, net.input))
    mean, cov = state.mean.detach().numpy(), state.cov.detach().numpy()
    drive = mean @ W.T + x.mean.numpy() @ W_in.T + net.input.bias.detach().numpy()
    noise = W @ cov @ W.T + (W_in * x.cov.numpy()[:, None]) @ W_in.T
    expected = mf.moment_map(drive, (noise + noise.swapaxes(1, 2)) / 2)
    assert np.allclose(expected.mean, mean, rtol=1e-10)
    assert np.allclose(expected.cov, cov, rtol=1e-9, atol=1e-15)


def test_graph_does_not_grow_with_iterations():
    def size(net, x):
        seen, stack = set(), [net(x).mean.grad_fn]
        while stack:
            node = stack.pop()
            if node is not None and node not in seen:
                seen.add(node)
                stack.extend(n for n, _ in node.next_functions)
        return len(seen)

    implicit, unrolled, x = pair("diagonal", relaxation=0.1)
    assert size(implicit, x) < 40 < size(unrolled, x)


def test_errors():
    with pytest.raises(ValueError, match="`relaxation` must be in"):
        MomentRNN(2, 2, relaxation=0.0)
    with pytest.raises(ValueError, match="`covariance` must be one of"):
        MomentRNN(2, 2, covariance="low_rank")
    with pytest.raises(ValueError, match="`steps`"):
        MomentRNN(2, 2, steps=0)
    net = MomentRNN(2, 4, max_iter=2)
    x = Moments(torch.ones(1, 2) * 0.05, torch.ones(1, 2) * 0.05)
    with pytest.raises(
        mf.ConvergenceError, match="no fixed point of the state after max_iter=2"
    ):
        net(x)


def test_no_second_derivative_of_the_implicit_form():
    net, _, x = pair("diagonal")
    mean = x.mean.clone().requires_grad_()
    with pytest.raises(RuntimeError, match="unroll the iteration with `steps`"):
        torch.autograd.grad(
            net(encoders.poisson(mean)).mean.sum(), mean, create_graph=True
        )


def test_reduced_precision_iterates_in_float32():
    torch.manual_seed(0)
    net = MomentRNN(4, 4)
    x = encoders.poisson(torch.rand(3, 4) * 0.1)
    expected = net(x).mean
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = net(x).mean
    assert found.dtype == torch.float32
    assert torch.allclose(found, expected, rtol=0.1, atol=1e-3)
    half = net.half()(Moments(x.mean.half(), x.cov.half())).mean
    assert half.dtype == torch.float16
    assert torch.allclose(half.float(), expected, rtol=0.1, atol=1e-3)


def test_empty_batch_and_lost_input():
    net = MomentRNN(4, 3)
    assert net(Moments(torch.zeros(0, 4), torch.zeros(0, 4))).mean.shape == (0, 3)
    lost = torch.full((1, 4), torch.nan)
    assert net(Moments(lost, torch.ones(1, 4))).mean.isnan().all()
