"""Layers: representations, depth, normalization, parameters, torch manners."""

import math
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from meanfield import LIF
from meanfield.nn import (
    LowRank,
    MomentActivation,
    MomentAvgPool2d,
    MomentBatchNorm,
    MomentConv2d,
    MomentDropout,
    MomentFlatten,
    MomentLayer,
    MomentLinear,
    Moments,
    dense,
    encoders,
    variance,
)
from meanfield.nn import functional as F
from meanfield.nn.covariance import truncate
from meanfield.nn.layers import working_point

KINDS = ["diagonal", "full", "low_rank"]


def network(kind, widths=(6, 8, 5, 3), **options):
    layers = []
    for a, b in pairwise(widths):
        rank = {"rank": min(b, 4)} if kind == "low_rank" else {}
        layers.append(MomentLayer(a, b, covariance=kind, **rank, **options))
    return torch.nn.Sequential(*layers)


def spikes(batch=16, n=6):
    torch.manual_seed(0)
    return encoders.poisson(torch.rand(batch, n) * 0.1)


class TestLinear:
    @pytest.mark.parametrize("given", ["diagonal", "full", "shared", "batched"])
    def test_exact_covariance_from_every_representation(self, given):
        torch.manual_seed(0)
        mean, W = torch.rand(4, 5), torch.randn(3, 5)
        A = torch.randn(4, 5, 5)
        cov = {
            "diagonal": torch.rand(4, 5),
            "full": A @ A.mT,
            "shared": LowRank(
                torch.rand(4, 5), torch.rand(4, 5), A[0, :, :2], torch.rand(4, 2)
            ),
            "batched": LowRank(
                torch.rand(4, 5), torch.rand(4, 5), A[..., :2], torch.rand(4, 2)
            ),
        }[given]
        moments = Moments(mean, cov)
        exact = W @ dense(moments) @ W.T
        full = F.linear(moments, W, covariance="full")
        assert torch.allclose(dense(full), exact, rtol=1e-5, atol=1e-6)
        assert torch.allclose(variance(full), exact.diagonal(dim1=1, dim2=2), rtol=1e-5)
        diagonal = F.linear(moments, W)
        assert torch.allclose(variance(diagonal), variance(full), rtol=1e-5)
        only = F.linear(moments, W, covariance="diagonal")
        assert torch.allclose(only.cov, exact.diagonal(dim1=1, dim2=2), rtol=1e-5)

    def test_bias_and_noise(self):
        layer = MomentLinear(5, 3, noise=True, covariance="full")
        with torch.no_grad():
            layer.bias.fill_(0.5)
            layer.noise.copy_(torch.tensor([0.0, 1.0, -2.0]))
        moments = Moments(torch.zeros(2, 5), torch.zeros(2, 5, 5))
        out = layer(moments)
        assert torch.equal(out.mean, torch.full((2, 3), 0.5))
        assert torch.equal(out.cov[0], torch.diag(torch.tensor([0.0, 1.0, 4.0])))

    def test_wide_layers_hold_no_square_matrix(self):
        n = 50_000  # n x n floats would be 10 GB
        low = LowRank(
            torch.ones(1, n), torch.ones(1, n), torch.rand(1, n, 2), torch.ones(1, 2)
        )
        weight = torch.randn(8, n) / n**0.5
        out = truncate(Moments(torch.ones(1, n), low), weight, torch.eye(8)[:, :4])
        assert torch.isfinite(out.dense()).all()
        mapped = F.moment_map(Moments(torch.ones(1, n), low))
        assert mapped.cov.factor.shape == (1, n, 2)


class TestTruncation:
    def test_exact_up_to_the_rank(self):
        torch.manual_seed(0)
        factor = torch.randn(4, 10, 3, dtype=torch.float64)
        cov = factor @ factor.mT
        moments = Moments(torch.zeros(4, 10, dtype=torch.float64), cov)
        W = torch.randn(7, 10, dtype=torch.float64)
        sketch = torch.linalg.qr(torch.randn(7, 3, dtype=torch.float64))[0]
        out = truncate(moments, W, sketch).dense()
        assert torch.allclose(out, W @ cov @ W.T, rtol=1e-7, atol=1e-7)

    def test_error_beyond_the_rank(self):
        """The remainder is semidefinite: its trace bounds the off-diagonal error."""
        torch.manual_seed(1)
        n = 40
        Q = torch.linalg.qr(torch.randn(n, n, dtype=torch.float64))[0]
        spectrum = 2.0 ** -torch.arange(n, dtype=torch.float64)
        cov = (Q * spectrum) @ Q.T
        moments = Moments(torch.zeros(n, dtype=torch.float64), cov)
        eye = torch.eye(n, dtype=torch.float64)
        for k in (4, 8, 16):
            sketch = torch.linalg.qr(torch.randn(n, k, dtype=torch.float64))[0]
            out = truncate(moments, eye, sketch)
            assert torch.allclose(out.variance(), cov.diagonal(), rtol=1e-12)
            error = (out.dense() - cov).abs().max()
            left = cov - out.factor @ out.factor.mT
            assert torch.linalg.eigvalsh(left).min() > -1e-12
            assert error <= left.trace()
            assert left.trace() < 40 * k * spectrum[k:].sum()  # near the best possible

    def test_silence(self):
        moments = Moments(torch.zeros(2, 5), torch.zeros(2, 5))
        out = truncate(moments, torch.randn(4, 5), torch.eye(4)[:, :2])
        assert torch.equal(out.dense(), torch.zeros(2, 4, 4))


class TestDepth:
    @pytest.mark.parametrize("kind", ["diagonal", "full"])
    def test_ten_layers_stay_alive(self, kind):
        torch.manual_seed(0)
        net = network(kind, [100] * 11)
        x = encoders.poisson(torch.rand(64, 100) * 0.06)
        for layer in net:
            x = layer(x)
        assert 0.01 < x.mean.min() < x.mean.max() < 0.1
        # samples still differ, and so do units
        assert x.mean.std(0).mean() > 0.03 * x.mean.mean()
        if kind == "full":
            s = variance(x).sqrt()
            rho = x.cov / (s[:, :, None] * s[:, None, :])
            spread = (rho - torch.diag_embed(rho.diagonal(dim1=1, dim2=2))).square()
            assert 0.05 < spread.mean().sqrt() < 0.5
            smallest = torch.linalg.eigvalsh(x.cov).min()
            assert smallest > -1e-6 * x.cov.abs().max()
        slope = torch.autograd.grad(x.mean[:, 0].sum(), net[0].linear.weight)[0]
        assert 1e-4 < slope.norm() < 10

    def test_full_network_is_exact(self):
        """Factored and dense ways through a network give one covariance."""
        net = network("full").eval()
        x = spikes()
        via_dense = net(Moments(x.mean, dense(x)))
        assert torch.allclose(net(x).cov, via_dense.cov, rtol=1e-4, atol=1e-8)


class TestBatchNorm:
    @pytest.mark.parametrize(
        ("shape", "images"),
        [((50, 3), False), ((8, 3, 3), False), ((20, 3, 4, 5), True)],
    )
    def test_total_variance_is_normalized(self, shape, images):
        torch.manual_seed(0)
        norm = MomentBatchNorm(3, images=images, mean=1.0, std=2.0, eps=0.0)
        out = norm(Moments(torch.randn(shape) * 3 + 1, torch.rand(shape)))
        dims = [0, 2, 3] if images else list(range(len(shape) - 1))
        total = out.mean.var(dims, correction=0) + out.cov.mean(dims)
        assert torch.allclose(out.mean.mean(dims), torch.ones(3), atol=1e-5)
        assert torch.allclose(total, torch.full((3,), 4.0), rtol=1e-5)

    @pytest.mark.parametrize("kind", KINDS)
    def test_leading_dimensions_are_a_batch(self, kind):
        """As (batch, time, units): the sizes of time and units may coincide."""
        net, flat = network(kind), spikes(4 * 8, 6)
        long = Moments(flat.mean.view(4, 8, 6), flat.cov.view(4, 8, 6))
        out, expected = net(long), net(flat)
        assert out.mean.shape == (4, 8, 3)
        assert torch.allclose(out.mean.flatten(0, 1), expected.mean, rtol=1e-4)
        assert torch.allclose(
            dense(out).flatten(0, 1), dense(expected), rtol=1e-3, atol=1e-6
        )

    @pytest.mark.parametrize(
        ("shape", "images"), [((0, 3), False), ((3,), False), ((0, 3, 4, 4), True)]
    )
    def test_no_statistics(self, shape, images):
        norm = MomentBatchNorm(3, images=images)
        nothing = Moments(torch.ones(shape), torch.ones(shape))
        with pytest.raises(ValueError, match="must have a batch dimension and samples"):
            norm(nothing)
        assert torch.equal(norm.running_mean, torch.zeros(3))
        assert torch.equal(norm.running_var, torch.ones(3))
        assert norm.eval()(nothing).mean.shape == shape

    def test_running_statistics(self):
        torch.manual_seed(0)
        norm = MomentBatchNorm(3, momentum=1.0)
        moments = Moments(torch.randn(50, 3), torch.rand(50, 3))
        trained = norm(moments)
        assert torch.allclose(norm.eval()(moments).mean, trained.mean, atol=1e-6)
        scale, shift = norm.affine_map()
        assert torch.allclose(scale * moments.mean + shift, trained.mean, atol=1e-6)


class TestNeurons:
    def test_trained_parameters(self):
        layer = MomentActivation(LIF(V_reset=5.0), trainable=["tau_m", "t_ref", "V_th"])
        moments = Moments(torch.full((4, 3), 1.2), torch.ones(4, 3))
        layer(moments).mean.sum().backward()
        assert all(p.grad is not None and p.grad != 0 for p in layer.parameters())
        assert set(layer.state_dict()) == {"log_tau_m", "log_t_ref", "log_V_th"}
        assert layer.neuron.V_th.item() == pytest.approx(20.0)
        fixed = F.moment_map(moments, LIF(V_reset=5.0))
        assert torch.allclose(layer(moments).mean, fixed.mean, rtol=1e-5)

    def test_learning_a_time_constant(self):
        layer = MomentActivation(
            LIF(tau_m=10.0), trainable=["tau_m"], dtype=torch.float64
        )
        mean = torch.linspace(0.5, 2.0, 8, dtype=torch.float64)
        target = F.moment_activation(mean, 1.0, LIF(tau_m=20.0)).rate
        optimizer = torch.optim.LBFGS(layer.parameters(), lr=0.5, max_iter=100)

        def loss():
            optimizer.zero_grad()
            rate = layer(Moments(mean, torch.ones_like(mean))).mean
            value = (1e3 * (rate - target)).square().sum()
            value.backward()
            return value

        optimizer.step(loss)
        assert layer.neuron.tau_m.item() == pytest.approx(20.0, rel=1e-4)

    def test_errors(self):
        with pytest.raises(ValueError, match="`trainable` must be among"):
            MomentActivation(trainable=["E_L"])
        with pytest.raises(ValueError, match="start from a positive value"):
            MomentActivation(LIF(t_ref=0.0), trainable=["t_ref"])
        with pytest.raises(
            ValueError, match="`tau_m` is trained through its logarithm"
        ):
            MomentActivation(LIF(tau_m=float("inf")), trainable=["tau_m"])

    @pytest.mark.parametrize("make", [MomentActivation, partial(MomentLayer, 4, 3)])
    def test_tensors_are_not_taken(self, make):
        """They would be in neither parameters(), state_dict() nor to()."""
        for value in (torch.nn.Parameter(torch.tensor(20.0)), torch.tensor(20.0)):
            with pytest.raises(TypeError, match=r"a tensor as tau_m.*trainable="):
                make(neuron=LIF(tau_m=value))
        with pytest.raises(TypeError, match=r"`neuron` must be an LIF, .* got float"):
            make(neuron=20.0)

    def test_reset(self):
        layer = MomentLayer(
            4, 3, neuron=LIF(V_th=[10.0, 12.0, 14.0]), norm=False, trainable=["V_th"]
        )
        with torch.no_grad():
            layer.activation.log_V_th.fill_(7.0)
        layer.reset_parameters()
        V_th = torch.tensor([10.0, 12.0, 14.0])
        assert torch.allclose(layer.activation.neuron.V_th, V_th)
        assert torch.allclose(layer.linear.bias, V_th / 20.0)

    def test_lively(self):
        """Where chi is largest at the rheobase."""
        neuron = LIF(tau_m=10.0, t_ref=2.5, V_th=15.0, V_reset=5.0, E_L=-3.0)
        mean, std = working_point(neuron, torch.tensor(0.0, dtype=torch.float64))
        around = std * torch.tensor([0.998, 1.0, 1.002], dtype=torch.float64)
        chi = F.moment_activation(mean, around, neuron).chi
        assert chi.argmax() == 1

    def test_repr(self):
        neuron = LIF(V_th=np.full(1000, 15.0), t_ref=2.0)
        layer = MomentActivation(neuron, trainable=["tau_m", "V_th"])
        with torch.no_grad():
            layer.log_tau_m.fill_(math.log(12.5))
        assert repr(layer) == (
            "MomentActivation(LIF(tau_m=12.5 (trained), t_ref=2, "
            "V_th=<shape (1000,)> (trained), V_reset=0, E_L=0))"
        )


class TestDropout:
    def test_one_mask_for_mean_and_covariance(self):
        torch.manual_seed(0)
        out = MomentDropout(0.5)(Moments(torch.ones(20, 4), torch.ones(20, 4, 4)))
        assert set(out.mean.unique().tolist()) == {0.0, 2.0}
        assert torch.equal(out.cov, out.mean[:, :, None] * out.mean[:, None, :])

    def test_errors(self):
        with pytest.raises(ValueError, match=r"`p` must be in \[0, 1\)"):
            MomentDropout(1.0)


class TestImages:
    def test_convolution_is_a_linear_layer(self):
        torch.manual_seed(0)
        conv = MomentConv2d(2, 3, 3)
        x = encoders.poisson(torch.rand(4, 2, 3, 3))
        flat = MomentFlatten()(x)
        weight = conv.mean.weight.flatten(1)
        expected = F.linear(flat, weight, conv.mean.bias, covariance="diagonal")
        out = MomentFlatten()(conv(x))
        assert torch.allclose(out.mean, expected.mean, rtol=1e-5, atol=1e-6)
        assert torch.allclose(out.cov, expected.cov, rtol=1e-5, atol=1e-6)

    def test_a_network_for_images(self):
        torch.manual_seed(0)
        net = torch.nn.Sequential(
            MomentConv2d(1, 4, 3, padding=1, bias=False),
            MomentBatchNorm(4, images=True, mean=1.0, std=2.5),
            MomentActivation(),
            MomentAvgPool2d(2),
            MomentFlatten(),
            MomentLayer(64, 10),
        )
        out = net(encoders.poisson(torch.rand(5, 1, 8, 8) * 0.1))
        assert out.mean.shape == (5, 10)
        out.mean.sum().backward()
        assert all(torch.isfinite(p.grad).all() for p in net.parameters())

    def test_errors(self):
        with pytest.raises(ValueError, match="height, width"):
            MomentFlatten()(Moments(torch.ones(2, 3), torch.ones(2, 3)))


class TestManners:
    @pytest.mark.parametrize("kind", KINDS)
    def test_state_dict_and_safetensors(self, kind, tmp_path):
        net, other = network(kind), network(kind)
        net(spikes())
        state = net.state_dict()
        assert all(isinstance(v, torch.Tensor) for v in state.values())
        save_file(state, tmp_path / "net.safetensors")
        other.load_state_dict(load_file(tmp_path / "net.safetensors"))
        x = spikes()
        assert torch.equal(net.eval()(x).mean, other.eval()(x).mean)

    def test_seed(self):
        torch.manual_seed(3)
        first = network("full")(spikes()).mean
        torch.manual_seed(3)
        assert torch.equal(network("full")(spikes()).mean, first)

    @pytest.mark.parametrize("kind", KINDS)
    def test_training(self, kind):
        net = network(kind, trainable=["tau_m"], noise=True)
        optimizer = torch.optim.AdamW(net.parameters(), 1e-2)
        x, target = spikes(), torch.rand(16, 3) * 0.05
        losses = []
        for _ in range(30):
            optimizer.zero_grad()
            loss = (1e3 * (net(x).mean - target)).square().mean()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
        assert losses[-1] < 0.7 * losses[0]

    def test_factory_options(self):
        layer = MomentLayer(3, 2, dtype=torch.float64, covariance="low_rank", rank=1)
        assert all(v.dtype == torch.float64 for v in layer.state_dict().values())
        assert MomentLayer(3, 2, device="meta").linear.weight.device.type == "meta"

    @pytest.mark.parametrize("norm", [True, False])
    @pytest.mark.parametrize("idiom", ["argument", "context"])
    def test_meta_device(self, norm, idiom):
        neuron = LIF(V_th=[10.0, 12.0, 14.0])
        options = {"neuron": neuron, "norm": norm, "trainable": ["t_ref", "V_th"]}
        low = {"covariance": "low_rank", "rank": 2}
        if idiom == "argument":
            layer = MomentLayer(4, 3, device="meta", **options, **low)
        else:
            with torch.device("meta"):
                layer = MomentLayer(4, 3, **options, **low)
        assert all(v.is_meta for v in layer.state_dict().values())
        assert "t_ref=<shape ()> (trained)" in repr(layer)
        torch.manual_seed(5)
        layer.to_empty(device="cpu").reset_parameters()
        other = MomentLayer(4, 3, **options, **low)
        torch.manual_seed(5)
        other.reset_parameters()
        for name, value in layer.state_dict().items():
            assert torch.equal(value, other.state_dict()[name])
        assert torch.isfinite(layer(spikes(n=4)).mean).all()

    def test_repr(self):
        text = repr(network("low_rank", trainable=["tau_m"]))
        for part in ("in_features=6", "rank=4", "LIF(tau_m=20 (trained)", "eps=1e-05"):
            assert part in text

    def test_compile(self):
        net = network("full").eval()
        x = spikes()
        compiled = torch.compile(net, fullgraph=True, backend="aot_eager")
        assert torch.allclose(compiled(x).cov, net(x).cov, rtol=1e-5, atol=1e-9)

    def test_vmap(self):
        net = network("full").eval()
        mean = spikes().mean
        one = torch.func.vmap(lambda m: net(encoders.poisson(m[None])).mean[0])(mean)
        assert torch.allclose(one, net(encoders.poisson(mean)).mean, rtol=1e-5)

    def test_errors(self):
        with pytest.raises(ValueError, match="`covariance` must be one of"):
            MomentLayer(3, 2, covariance="dense")
        with pytest.raises(ValueError, match="`out_features` must be at least 1"):
            MomentLayer(3, 0)
        with pytest.raises(ValueError, match="`rank` must be given"):
            MomentLinear(3, 2, covariance="low_rank")
        with pytest.raises(ValueError, match="`rank` must be in 1"):
            MomentLinear(3, 2, covariance="low_rank", rank=5)
        with pytest.raises(ValueError, match=r"must have shape \(\.\.\., 3\); got"):
            MomentBatchNorm(3)(Moments(torch.ones(2, 4), torch.ones(2, 4)))
        images = Moments(torch.ones(2, 4, 3, 3), torch.ones(2, 4, 3, 3))
        with pytest.raises(ValueError, match=r"must have shape \(batch, 3, height"):
            MomentBatchNorm(3, images=True)(images)
        with pytest.raises(ValueError, match="height, width"):
            MomentBatchNorm(3, images=True)(Moments(torch.ones(2, 3), torch.ones(2, 3)))


@pytest.mark.parametrize("kind", ["diagonal", "full"])
def test_trained_neurons_compile(kind):
    torch.manual_seed(0)
    net = MomentLayer(
        6, 3, covariance=kind, trainable=["tau_m", "t_ref", "V_th"]
    ).eval()
    compiled = torch.compile(net, fullgraph=True, backend="aot_eager")
    for batch in (16, 7):
        x = spikes(batch)
        one, two = net(x).mean, compiled(x).mean
        assert torch.allclose(one, two, rtol=1e-6)
        grads = [
            torch.autograd.grad(v.sum(), list(net.parameters())) for v in (one, two)
        ]
        for mine, theirs in zip(*grads, strict=True):
            assert torch.allclose(mine, theirs, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_low_rank_in_reduced_precision(dtype):
    layer = MomentLayer(6, 3, covariance="low_rank", rank=2, dtype=dtype)
    x = spikes()
    out = layer(Moments(x.mean.to(dtype), x.cov.to(dtype)))
    assert {field.dtype for field in out.cov} == {dtype}
    assert torch.isfinite(variance(out)).all()
