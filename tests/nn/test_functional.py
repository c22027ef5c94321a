"""Moment activation and map on tensors: autograd, transforms, limits, dtypes, errors."""

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

import meanfield as mf
from meanfield import LIF
from meanfield.nn import LowRank, Moments, _autograd, _formulas
from meanfield.nn import functional as F

# Subthreshold and above, large |d chi|, both regimes of the formulas, a narrow interval.
MU = [0.6, 0.875, 1.5, -0.3, 2.0, 8.0, 1.0]
SIGMA = [1.0, 0.2337, 2.0, 3.0, 0.3, 0.01, 0.5]
FORMS = ["activation", "map"]


def doubles(values, grad=True):
    return torch.tensor(values, dtype=torch.float64, requires_grad=grad)


def numbers(form):
    def function(mu, noise):
        return _autograd.evaluate(form, mu, noise, (20.0, 5.0, 20.0, 0.0, 0.0))

    return function


@pytest.mark.parametrize("form", FORMS)
def test_gradients(form):
    inputs = doubles(MU), doubles(SIGMA)
    assert gradcheck(numbers(form), inputs, check_forward_ad=True)
    assert gradgradcheck(numbers(form), inputs, check_fwd_over_rev=True)


@pytest.mark.parametrize("form", FORMS)
def test_gradients_of_neuron_parameters(form):
    def function(mu, noise, *parameters):
        return _autograd.evaluate(form, mu, noise, parameters)

    parameters = [doubles(v) for v in (19.0, 4.0, 18.0, 2.0, 1.0)]
    inputs = doubles(MU[:4]), doubles(SIGMA[:4]), *parameters
    assert gradcheck(function, inputs, check_forward_ad=True)
    assert gradgradcheck(function, inputs)


@pytest.mark.parametrize("form", FORMS)
def test_kernels_and_operations_have_one_gradient(form, monkeypatch):
    formula = {"activation": _formulas.activation, "map": _formulas.elements_of_map}[
        form
    ]
    rng = np.random.default_rng(0)
    mu, noise = doubles(rng.normal(1, 3, 400)), doubles(10 ** rng.uniform(-3, 2, 400))
    weights = [torch.tensor(rng.normal(size=400)) for _ in range(3)]
    parameters = [torch.tensor(v, dtype=torch.float64) for v in (20, 5, 20, 0, 0)]
    kernels = torch.autograd.grad(numbers(form)(mu, noise), (mu, noise), weights)
    values = formula(mu, noise, *parameters)
    operations = torch.autograd.grad(values, (mu, noise), weights)
    for one, other in zip(kernels, operations, strict=True):
        assert torch.allclose(one, other, rtol=1e-9, atol=1e-13)


def test_transforms():
    rate = lambda m, s: F.moment_activation(m, s).rate  # noqa: E731
    mu, sigma = doubles(MU, grad=False), doubles(SIGMA, grad=False)
    slope = mf.moment_activation_derivatives(mu.numpy(), sigma.numpy()).rate_dmu
    by_vmap = torch.func.vmap(torch.func.grad(rate))(mu, sigma)
    assert np.allclose(by_vmap, slope, rtol=1e-12)
    _, forward = torch.func.jvp(lambda m: rate(m, sigma), (mu,), (torch.ones_like(mu),))
    assert np.allclose(forward, slope, rtol=1e-12)
    jacobian = torch.func.jacrev(lambda m: rate(m, sigma))(mu)
    assert np.allclose(jacobian, np.diag(slope), rtol=1e-12)
    hessian = torch.func.hessian(lambda m: rate(m, sigma).sum())(mu)
    twice = torch.func.jacrev(torch.func.jacrev(lambda m: rate(m, sigma).sum()))(mu)
    assert torch.allclose(hessian, twice, rtol=1e-10, atol=1e-14)


def test_vmap_over_a_neuron_parameter():
    def rate(tau):
        return F.moment_activation(doubles(1.0, False), 1.0, LIF(tau_m=tau)).rate

    taus = doubles([10.0, 20.0], grad=False)
    expected = mf.firing_rate(1.0, 1.0, LIF(tau_m=taus.numpy()))
    assert np.allclose(torch.func.vmap(rate)(taus), expected, rtol=1e-13)


def test_compile():
    def loss(m, s):
        return sum(part.sum() for part in F.moment_activation(2 * m, s))

    mu, sigma = doubles(MU), doubles(SIGMA)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    eager = torch.autograd.grad(loss(mu, sigma), (mu, sigma))
    for one, other in zip(
        torch.autograd.grad(compiled(mu, sigma), (mu, sigma)), eager, strict=True
    ):
        assert torch.equal(one, other)


class TestLimits:
    @pytest.mark.parametrize("order", [1, 2])
    def test_no_nan_and_no_inf_at_the_corners(self, order):
        grid = [
            -1e300,
            -1e8,
            -3.0,
            0.0,
            1.0 - 1e-12,
            1.0,
            1.0 + 1e-9,
            1.5,
            40.0,
            1e8,
            1e300,
        ]
        noise = [0.0, 5e-324, 1e-300, 1e-160, 1e-8, 1e-3, 1.0, 50.0, 1e8, 1e300]
        mu, sigma = (g.flatten() for g in torch.meshgrid(
            doubles(grid, False), doubles(noise, False), indexing="ij"
        ))  # fmt: skip
        if order == 2:  # second derivatives of this range leave that of the numbers
            keep = (mu.abs() < 1e9) & (sigma < 1e9) & ((sigma == 0) | (sigma > 1e-9))
            keep &= (mu - 1).abs() != 1e-12
            keep &= (mu != 1.0) | (sigma == 0.0) | (sigma > 1e-150)
            mu, sigma = mu[keep], sigma[keep]
        for form, scale in (
            ("activation", sigma),
            ("map", sigma.clamp(max=1e150) ** 2),
        ):
            inputs = mu.clone().requires_grad_(), scale.clone().requires_grad_()
            values = numbers(form)(*inputs)
            assert all(torch.isfinite(v).all() for v in values)
            for value in values:
                slopes = torch.autograd.grad(
                    value.sum(), inputs, retain_graph=True, create_graph=order == 2
                )
                assert all(torch.isfinite(s).all() for s in slopes)
                if order == 2:
                    for slope in slopes:
                        curved = torch.autograd.grad(
                            slope.sum(), inputs, retain_graph=True
                        )
                        assert all(torch.isfinite(c).all() for c in curved)

    def test_gradients_without_noise(self):
        mu, sigma = doubles([0.5, 2.0]), doubles([0.0, 0.0])
        rate, std, chi = F.moment_activation(mu, sigma)
        expected = mf.moment_activation_derivatives([0.5, 2.0], 0.0)
        for k, value in enumerate((rate, std, chi)):
            slopes = torch.autograd.grad(value.sum(), (mu, sigma), retain_graph=True)
            for j in range(2):
                assert np.allclose(slopes[j], expected[2 * k + j], rtol=1e-14, atol=0)

    def test_variance_form_is_smooth_at_zero(self):
        """d rate/d variance at 0 from the rate at a small variance."""
        mu, variance = doubles(2.0), doubles(0.0)
        rate = numbers("map")(mu, variance)[0]
        slope = torch.autograd.grad(rate, variance)[0].item()
        small = 1e-5
        change = mf.firing_rate(2.0, small**0.5) - mf.firing_rate(2.0, 0.0)
        assert slope == pytest.approx(change / small, rel=1e-5)

    def test_deterministic_rate_layer(self):
        mu = torch.linspace(1.1, 5, 20, dtype=torch.float64)
        out = F.moment_map(Moments(mu, torch.zeros_like(mu)), LIF(t_ref=0.0))
        assert torch.allclose(out.mean, 1 / (20 * torch.log(mu / (mu - 1))), rtol=1e-13)
        assert torch.equal(out.cov, torch.zeros_like(mu))

    def test_outside_the_domain(self):
        values = F.moment_activation(
            doubles([np.nan, 1.0, 1.0]), doubles([1.0, -1.0, np.nan])
        )
        assert all(torch.isnan(v).all() for v in values)
        assert F.moment_activation(doubles(np.inf), 1.0).rate == 0.2


class TestArrays:
    def test_broadcasting_and_scalars(self):
        mu, sigma = torch.rand(4, 1), torch.rand(3) + 0.5
        assert F.moment_activation(mu, sigma).rate.shape == (4, 3)
        assert F.moment_activation(torch.tensor(1.0), 1.0).rate.shape == ()
        assert F.moment_activation(torch.rand(0, 2), 1.0).rate.shape == (0, 2)

    @pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
    def test_reduced_precision(self, dtype):
        mu = torch.tensor([0.5, 1.0, 2.0], dtype=dtype, requires_grad=True)
        value = F.moment_activation(mu, torch.ones(3, dtype=dtype)).rate
        assert value.dtype == dtype
        value.sum().backward()
        assert mu.grad is not None
        assert mu.grad.dtype == dtype
        with torch.autocast("cpu", torch.bfloat16):
            assert (
                F.moment_activation(mu, torch.ones(3, dtype=dtype)).rate.dtype
                == torch.float32
            )

    def test_inputs_stay_as_they_are(self):
        mean, cov = torch.ones(2, 3), torch.eye(3).repeat(2, 1, 1)
        F.moment_map(Moments(mean, cov))
        assert torch.equal(mean, torch.ones(2, 3))
        assert torch.equal(cov, torch.eye(3).repeat(2, 1, 1))

    def test_strides(self):
        mu, sigma = torch.rand(5, 4).T, torch.rand(8, 5)[::2] + 0.3
        value = F.moment_activation(mu, sigma).rate
        assert torch.equal(
            value, F.moment_activation(mu.contiguous(), sigma.contiguous()).rate
        )

    def test_two_neurons_at_once(self):
        neuron = LIF(tau_m=np.array([10.0, 20.0]), t_ref=np.array([2.0, 5.0]))
        rate = F.moment_activation(
            torch.ones(3, 2, dtype=torch.float64), 1.0, neuron
        ).rate
        expected = mf.firing_rate(np.ones((3, 2)), 1.0, neuron)
        assert np.array_equal(rate, expected)


class TestMap:
    def test_numpy(self):
        rng = np.random.default_rng(0)
        A = rng.normal(size=(5, 4, 4))
        mean, cov = rng.normal(1, 1, (5, 4)), A @ A.mT
        expected = mf.moment_map(mean, cov)
        out = F.moment_map(Moments(torch.tensor(mean), torch.tensor(cov)))
        assert np.allclose(out.mean, expected.mean, rtol=1e-13)
        assert np.allclose(out.cov, expected.cov, rtol=1e-12, atol=1e-17)

    def test_three_representations(self):
        torch.manual_seed(0)
        mean = torch.rand(6, 4, dtype=torch.float64) * 2
        low = LowRank(*(torch.rand(6, 4, dtype=torch.float64) for _ in range(2)),
                      torch.randn(6, 4, 2, dtype=torch.float64),
                      torch.rand(6, 2, dtype=torch.float64))  # fmt: skip
        full = F.moment_map(Moments(mean, low.dense()))
        factored = F.moment_map(Moments(mean, low))
        diagonal = F.moment_map(Moments(mean, low.variance()))
        assert torch.allclose(factored.cov.dense(), full.cov, rtol=1e-12, atol=1e-17)
        assert torch.allclose(
            diagonal.cov, full.cov.diagonal(dim1=1, dim2=2), rtol=1e-13
        )

    @pytest.mark.parametrize("symmetric", [True, False])
    def test_gradients_of_covariances(self, symmetric):
        """Asymmetric cotangents too: the map knows no symmetry of its argument."""
        torch.manual_seed(1)
        mean = doubles([0.6, 0.875, 1.2])
        A = torch.randn(3, 3, dtype=torch.float64)
        cov = (A @ A.mT + torch.eye(3)).requires_grad_()
        weights = torch.randn(3, 3, dtype=torch.float64)
        if symmetric:
            weights = weights + weights.mT

        def loss(mean, cov):
            out = F.moment_map(Moments(mean, cov))
            return out.mean.sum() + (weights * out.cov).sum()

        assert gradcheck(loss, (mean, cov))
        assert gradgradcheck(loss, (mean, cov))

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_positive_semidefinite(self, dtype):
        """Rank one, fully correlated, in mixed regimes; no dead time: chi near 1."""
        torch.manual_seed(2)
        mean = torch.linspace(-1, 5, 12, dtype=dtype)
        a = torch.rand(12, 1, dtype=dtype) * 3
        for t_ref in (0.0, 5.0):
            cov = F.moment_map(Moments(mean, a @ a.mT), LIF(t_ref=t_ref)).cov
            smallest = torch.linalg.eigvalsh(cov.double()).min()
            assert smallest >= -4 * torch.finfo(dtype).eps * cov.double().trace()

    def test_no_bias_at_small_variances(self):
        mean = torch.tensor([1.5, 2.0], dtype=torch.float64)
        cov = 1e-8 * torch.tensor([[1.0, 0.3], [0.3, 1.0]], dtype=torch.float64)
        std, chi = F.moment_activation(mean, 1e-4)[1:]
        out = F.moment_map(Moments(mean, cov)).cov
        assert out[0, 1].item() == pytest.approx(
            (std * chi).prod().item() * 0.3, rel=1e-14
        )

    def test_one_neuron(self):
        out = F.moment_map(Moments(torch.ones(3, 1), torch.ones(3, 1, 1)))
        assert out.cov.shape == (3, 1, 1)


class TestErrors:
    def test_activation(self):
        with pytest.raises(TypeError, match=r"`mean` must be a real torch\.Tensor"):
            F.moment_activation(np.ones(3), 1.0)
        with pytest.raises(TypeError, match="complex"):
            F.moment_activation(torch.ones(3, dtype=torch.complex64), 1.0)
        with pytest.raises(TypeError, match="must be an LIF"):
            F.moment_activation(torch.ones(3), 1.0, {"tau_m": 20.0})

    def test_shapes(self):
        with pytest.raises(ValueError, match="`cov` must have the shape of `mean`"):
            F.moment_map(Moments(torch.ones(3), torch.ones(4)))
        with pytest.raises(TypeError, match="expected Moments"):
            F.moment_map(torch.ones(3))
        with pytest.raises(ValueError, match="`weight` must have shape"):
            F.linear(Moments(torch.ones(3), torch.ones(3)), torch.ones(2, 4))
        with pytest.raises(ValueError, match="`covariance` must be one of"):
            F.linear(
                Moments(torch.ones(3), torch.ones(3)),
                torch.ones(2, 3),
                covariance="all",
            )

    def test_numpy_functions_reject_tensors_with_gradients(self):
        with pytest.raises(TypeError, match=r"meanfield\.nn\.functional"):
            mf.firing_rate(1.0, 1.0, LIF(tau_m=torch.tensor(20.0, requires_grad=True)))
        with pytest.raises(TypeError, match="gradient"):
            mf.firing_rate(torch.ones(2, requires_grad=True), 1.0)


def test_numbers_beside_tensors_keep_their_precision():
    mean = torch.tensor(1.1, dtype=torch.float64)
    tau = torch.tensor(20.0, dtype=torch.float64)
    found = F.moment_activation(mean, 0.3, LIF(tau_m=tau, V_th=20.1)).rate
    assert found.item() == pytest.approx(
        mf.firing_rate(1.1, 0.3, LIF(V_th=20.1)), rel=1e-13
    )
    whole = F.moment_activation(torch.tensor(1), 1.5).rate
    assert whole.item() == pytest.approx(mf.firing_rate(1.0, 1.5), rel=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_cuda(dtype):
    """Values and gradients of the torch operations on a GPU against the CPU's kernels."""
    eps = torch.finfo(dtype).eps

    def run(device):
        inputs = [
            torch.tensor(v, dtype=dtype, device=device, requires_grad=True)
            for v in (MU, SIGMA)
        ]
        out = F.moment_activation(*inputs, LIF(t_ref=2.0))
        assert all(value.device.type == device for value in out)
        total = sum(value.sum() for value in out)
        return [v.cpu() for v in (*out, *torch.autograd.grad(total, inputs))]

    for found, expected in zip(run("cuda"), run("cpu"), strict=True):
        assert torch.allclose(found, expected, rtol=1e3 * eps, atol=1e3 * eps)


def test_second_derivatives_do_not_compile():
    """They would be lost without a word."""

    def second(m):
        rate = lambda z: F.moment_activation(z, 1.0).rate  # noqa: E731
        return torch.func.grad(torch.func.grad(rate))(m)

    mean = torch.tensor(1.0, dtype=torch.float64)
    assert second(mean) != 0.0
    with pytest.raises(Exception, match="second derivatives of the moment activation"):
        torch.compile(second, fullgraph=True, backend="aot_eager")(mean)


@pytest.mark.parametrize("mu", [0.2, 0.5, 1000.0])
def test_float32_gradients_of_neuron_parameters(mu):
    """Differences of large numbers, which float32 would lose."""

    def gradients(dtype):
        given = {"tau_m": 20.0, "t_ref": 5.0, "V_reset": 0.0}
        neuron = {
            k: torch.tensor(v, dtype=dtype, requires_grad=True)
            for k, v in given.items()
        }
        rate = F.moment_activation(
            torch.tensor(mu, dtype=dtype), 1.0, LIF(**neuron)
        ).rate
        return torch.stack(torch.autograd.grad(rate, list(neuron.values())))

    found, exact = gradients(torch.float32), gradients(torch.float64)
    assert torch.allclose(found.double(), exact, rtol=2e-5, atol=0.0)


def test_gradient_by_tau_m_without_dead_time_at_huge_rates():
    tau = torch.tensor(20.0, requires_grad=True)
    rate = F.moment_activation(
        torch.tensor([1e22]), 1.0, LIF(tau_m=tau, t_ref=0.0)
    ).rate
    assert torch.isfinite(torch.autograd.grad(rate.sum(), tau)[0])
