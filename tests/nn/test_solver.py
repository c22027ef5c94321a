"""Neurons without a table: values, first derivatives, limits, layers that learn."""

import copy

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

from meanfield.integrate_and_fire import derivatives, stationary
from meanfield.neurons import EIF, LIF, QIF, IntegrateAndFire
from meanfield.nn import (
    MomentActivation,
    MomentLayer,
    MomentRNN,
    Moments,
    Solver,
    Table,
    convert,
    encoders,
)
from meanfield.nn import functional as F

MU = [0.6, 1.5, -0.3, 2.0]
SIGMA = [1.0, 2.0, 3.0, 0.3]
NEURON = EIF(t_ref=2.0)
FORMS = ["activation", "map"]


def doubles(values, grad=True):
    return torch.tensor(values, dtype=torch.float64, requires_grad=grad)


class TestValues:
    @pytest.mark.parametrize(
        "neuron", [NEURON, QIF(), IntegrateAndFire(f=lambda V: 0.0, V_th=9, V_reset=0)]
    )
    def test_are_those_of_the_neuron(self, neuron):
        mu, sigma = np.array(MU)[:, None] + 0.5, np.array([0.0, 1.0, 4.0])
        exact = stationary(mu, sigma, neuron)
        inputs = doubles(mu, False), doubles(sigma, False)
        found = F.moment_activation(*inputs, Solver(neuron))
        for mine, wanted in zip(found, (exact.rate, exact.std, exact.chi), strict=True):
            assert np.array_equal(mine, wanted)
        out = Solver(neuron).evaluate("map", inputs[0], inputs[1] ** 2)
        for mine, wanted in zip(
            out, (exact.rate, exact.std**2, exact.gain), strict=True
        ):
            assert np.array_equal(mine, wanted)

    def test_agree_with_the_table(self):
        moments = Moments(doubles(MU), torch.diag(doubles(SIGMA)) + 0.1)
        table = F.moment_map(moments, Table(NEURON, resolution=4))
        exact = F.moment_map(moments, Solver(NEURON))
        for mine, wanted in zip(table, exact, strict=True):
            assert torch.allclose(mine, wanted, rtol=1e-4)
            slopes = [
                torch.autograd.grad(part.sum(), moments.mean, retain_graph=True)[0]
                for part in (mine, wanted)
            ]
            assert torch.allclose(*slopes, rtol=1e-3, atol=1e-5)

    def test_single_precision_and_shapes(self):
        V_T = torch.tensor([[-55.0], [-50.0]], requires_grad=True)
        mu = torch.tensor(MU)
        found = F.moment_activation(mu, 1.0, Solver(NEURON, V_T=V_T))
        exact = stationary(mu.double(), 1.0, EIF(t_ref=2.0, V_T=[[-55.0], [-50.0]]))
        assert found.rate.dtype == torch.float32
        assert np.array_equal(found.rate.detach(), exact.rate.astype(np.float32))
        found.rate.sum().backward()
        assert V_T.grad.dtype == torch.float32
        assert V_T.grad.shape == (2, 1)
        rows = EIF(t_ref=[[1.0], [2.0]])
        assert F.moment_activation(torch.ones(0), 1.0, Solver(rows)).rate.shape == (
            2,
            0,
        )

    def test_negative_noise_is_none(self):
        for form in FORMS:
            mu, noise = doubles([1.0]), doubles([-1.0])
            for value in Solver(NEURON).evaluate(form, mu, noise):
                assert torch.isnan(value).all()


class TestGradients:
    @pytest.mark.parametrize("form", FORMS)
    def test_agree_with_differences(self, form):
        def function(mu, noise, V_T, Delta_T, V_th, V_reset, t_ref):
            tensors = {"V_T": V_T, "Delta_T": Delta_T, "V_th": V_th, "t_ref": t_ref}
            solver = Solver(NEURON, V_reset=V_reset, **tensors)
            return solver.evaluate(form, mu, noise)

        parameters = (doubles(v) for v in (-54.0, 3.0, 0.0, -70.0, 2.0))
        inputs = doubles(MU), doubles(SIGMA), *parameters
        assert gradcheck(function, inputs, eps=1e-3, atol=1e-6, rtol=1e-4)

    def test_by_time_constant_and_leak(self):
        tau_m, E_L = doubles(15.0), doubles(-72.0)
        solver = Solver(NEURON, tau_m=tau_m, E_L=E_L)
        rate = F.moment_activation(doubles(MU), doubles(SIGMA), solver).rate
        exact = derivatives(MU, SIGMA, NEURON)
        rate.sum().backward()
        for name, tensor in (("tau_m", tau_m), ("E_L", E_L)):
            wanted = exact.rate[:, exact.names.index(name)].sum()
            assert np.isclose(tensor.grad, wanted, rtol=1e-10)

    def test_second_derivatives_are_an_error(self):
        mu = doubles(1.0)
        rate = F.moment_activation(mu, 1.0, Solver(NEURON)).rate
        (slope,) = torch.autograd.grad(rate, mu, create_graph=True)
        with pytest.raises(RuntimeError, match="once_differentiable"):
            (rate + slope).backward()

    def test_none_are_computed_without_need(self):
        with torch.no_grad():
            assert (
                F.moment_activation(doubles(1.0), 1.0, Solver(NEURON)).rate.grad_fn
                is None
            )


class TestWithoutNoise:
    """D -> 0: dT/dD = (F(V_reset)^-2 - F(V_th)^-2)/2 with the drift F = f + mu."""

    @pytest.mark.parametrize("noise", [0.0, 1e-30, 1e-13])
    def test_limits(self, noise):
        mean, variance = doubles([2.0, 1.2]), doubles([noise, noise])
        results = Solver(EIF()).evaluate("map", mean, variance)
        rate, output, gain = (
            torch.autograd.grad(r.sum(), (mean, variance), retain_graph=True)
            for r in results
        )
        mu, neuron = mean.detach().numpy(), EIF()
        V = np.array([neuron.V_reset, neuron.V_th])[:, None]
        exponential = neuron.Delta_T * np.exp((V - neuron.V_T) / neuron.Delta_T)
        low, high = mu + (neuron.E_L - V + exponential) / neuron.tau_m
        r, g = (results[i].detach().numpy() for i in (0, 2))
        slow = 0.25 * (low**-2 - high**-2)  # dT/d variance
        assert np.allclose(rate[1], -(r**2) * slow, rtol=1e-6)
        assert np.allclose(rate[0], g, rtol=1e-6)
        bent = 0.5 * (high**-3 - low**-3)
        assert np.allclose(gain[1], -2 * r * g * slow - r**2 * bent, rtol=1e-6)
        near = stationary(mu, 1e-4, neuron).std ** 2 / 1e-8
        assert np.allclose(output[1], near, rtol=1e-6)
        # Quantities in proportion to the variance change in proportion to it.
        more = stationary(mu + 1e-3, 1e-4, neuron).std ** 2 / 1e-8
        less = stationary(mu - 1e-3, 1e-4, neuron).std ** 2 / 1e-8
        assert np.allclose(output[0], noise * (more - less) / 2e-3, rtol=1e-3)

    @pytest.mark.parametrize("form", FORMS)
    def test_all_is_finite(self, form):
        rheobase = 13.0 / 15.0
        mean = doubles([-5.0, rheobase - 1e-9, rheobase, rheobase + 1e-9, 50.0])
        noise, V_T = torch.zeros_like(mean).requires_grad_(), doubles(-55.0)
        for value in Solver(NEURON, V_T=V_T).evaluate(form, mean, noise):
            assert torch.isfinite(value).all()
            slopes = torch.autograd.grad(
                value.sum(), (mean, noise, V_T), retain_graph=True
            )
            assert all(torch.isfinite(s).all() for s in slopes)
            assert all(s[0] == 0.0 for s in slopes[:2])


class TestLayers:
    def test_a_threshold_learns_a_rate(self):
        V_T = doubles([-55.0, -45.0])
        layer = MomentActivation(Solver(EIF(), V_T=V_T))
        optimizer = torch.optim.Adam([V_T], 0.7, betas=(0.7, 0.9))
        target = doubles(stationary(1.0, 2.0, EIF(V_T=-50.0)).rate, False)
        drive = Moments(torch.ones(2).double(), torch.full((2,), 4.0).double())
        for _ in range(50):
            optimizer.zero_grad()
            loss = (layer(drive).mean / target).log().square().sum()
            loss.backward()
            optimizer.step()
        assert torch.allclose(V_T, doubles(-50.0), atol=0.05)
        assert np.array_equal(layer.neuron.V_T, V_T.detach())

    def test_every_place_of_a_neuron(self):
        torch.manual_seed(0)
        V_T = doubles(-50.0)
        solver = Solver(EIF(), V_T=V_T)
        x = encoders.poisson(torch.full((5, 8), 0.02))
        layer = MomentLayer(8, 3, neuron=solver)
        layer(x).cov.sum().backward()
        assert torch.isfinite(V_T.grad)
        assert torch.isfinite(layer.linear.weight.grad).all()
        (spiking,) = convert(layer)
        assert spiking.neuron == EIF(V_T=-50.0)
        other = copy.deepcopy(layer)
        assert torch.equal(other(x).mean, layer(x).mean)
        V_T.grad = None
        MomentRNN(8, 4, neuron=solver)(x).mean.sum().backward()
        assert torch.isfinite(V_T.grad)
        table = MomentLayer(8, 3, neuron=Table(EIF(V_T=-50.0), resolution=4))
        start = MomentLayer(8, 3, neuron=solver)
        assert torch.allclose(table.norm.bias, start.norm.bias)
        assert torch.allclose(table.norm.weight, start.norm.weight)

    def test_trained_parameters(self):
        layer = MomentActivation(
            Solver(EIF(), V_T=doubles(-50.0)), trainable=["V_th", "tau_m"]
        )
        layer(Moments(torch.ones(2), torch.ones(2))).mean.sum().backward()
        assert layer.log_tau_m.grad != 0.0
        assert layer.log_V_th.grad < 0.0
        assert "V_T=-50" in repr(layer)
        with pytest.raises(ValueError, match="`trainable` must be among"):
            MomentActivation(Solver(EIF(), V_th=doubles(0.0)), trainable=["V_th"])


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: Solver(20.0), TypeError, "`neuron` must be an LIF"),
        (lambda: Solver(LIF(), V_T=doubles(1.0)), ValueError, "`V_T` must be a param"),
        (lambda: Solver(EIF(), V_T=-55.0), TypeError, "`V_T` must be a torch.Tensor"),
        (lambda: Solver(EIF(V_T=doubles(-55.0))), TypeError, "must hold numbers"),
        (
            lambda: F.moment_activation(doubles(1.0), 1.0, Solver(EIF(), V_T=doubles(90))),
            ValueError,
            "`V_T` must be below `V_th`",
        ),
    ],
)  # fmt: skip
def test_errors(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
