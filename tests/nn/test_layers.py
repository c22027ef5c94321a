"""Layers: representations, depth, normalization, parameters, torch manners."""

from itertools import pairwise

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
    @pytest.mark.parametrize("shape", [(50, 3), (20, 3, 4, 5)])
    def test_total_variance_is_normalized(self, shape):
        torch.manual_seed(0)
        norm = MomentBatchNorm(3, mean=1.0, std=2.0, eps=0.0)
        out = norm(Moments(torch.randn(shape) * 3 + 1, torch.rand(shape)))
        dims = [d for d in range(len(shape)) if d != 1]
        total = out.mean.var(dims, correction=0) + out.cov.mean(dims)
        assert torch.allclose(out.mean.mean(dims), torch.ones(3), atol=1e-5)
        assert torch.allclose(total, torch.full((3,), 4.0), rtol=1e-5)

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
            MomentBatchNorm(4, mean=1.0, std=2.5),
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

    def test_repr(self):
        text = repr(network("low_rank", trainable=["tau_m"]))
        for part in ("in_features=6", "rank=4", "LIF(tau_m=20.0", "eps=1e-05"):
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
        with pytest.raises(ValueError, match="must have shape"):
            MomentBatchNorm(3)(Moments(torch.ones(2, 4), torch.ones(2, 4)))
