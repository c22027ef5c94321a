"""Neurons with a table: accuracy, gradients, transforms, limits, layers that learn."""

import copy

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

import meanfield as mf
from meanfield.integrate_and_fire import derivatives, stationary
from meanfield.neurons import EIF, LIF, QIF, IntegrateAndFire
from meanfield.nn import (
    MomentActivation,
    MomentConv2d,
    MomentCrossEntropy,
    MomentLayer,
    MomentLinear,
    MomentRNN,
    Moments,
    Table,
    convert,
    encoders,
)
from meanfield.nn import functional as F

# All three charts; the last is outside of the table.
MU = [0.6, 0.875, 1.5, -0.3, 2.0, 8.0, 1.0, 70.0]
SIGMA = [1.0, 0.2337, 2.0, 3.0, 0.3, 0.01, 0.5, 4.0]
FORMS = ["activation", "map"]
NEURON = EIF(t_ref=2.0)


@pytest.fixture(scope="module")
def table():
    return Table(NEURON, resolution=4)


def doubles(values, grad=True):
    return torch.tensor(values, dtype=torch.float64, requires_grad=grad)


def drawn(n, seed):
    """Inputs around the rheobase, with rates of 1e-5 kHz and more."""
    rng = np.random.default_rng(seed)
    return rng.normal(1.2, 1.0, n), 10 ** rng.uniform(-2, 1, n)


class TestAccuracy:
    def test_of_the_exponential_neuron(self, table):
        mu, sigma = drawn(400, 0)
        exact = stationary(mu, sigma, NEURON)
        found = F.moment_activation(doubles(mu), doubles(sigma), table)
        often = exact.rate > 1e-9
        assert often.sum() > 200
        for name in ("rate", "std", "chi"):
            mine = getattr(found, name).detach().numpy()
            wanted = getattr(exact, name)
            assert np.allclose(mine[often], wanted[often], rtol=5e-5), name
            assert np.allclose(mine[~often], wanted[~often], rtol=1e-2, atol=1e-12)
        assert 1e-9 < table.error < 1e-4

    def test_of_the_leaky_neuron_in_closed_form(self):
        """The drift of a LIF, least at the threshold."""
        neuron = IntegrateAndFire(f=lambda V: -V / 20.0, V_th=20.0, V_reset=0.0)
        mu, sigma = drawn(400, 1)
        exact = mf.moment_activation(mu, sigma, LIF(t_ref=0.0))
        often = exact.rate > 1e-9
        found = F.moment_activation(doubles(mu), doubles(sigma), Table(neuron))
        for mine, wanted in zip(found, exact, strict=True):
            assert np.allclose(mine.detach()[often], wanted[often], rtol=1e-5)

    def test_without_noise(self):
        """sqrt(p/(tau_m (V_T - E_L)))/pi for the QIF with remote ends."""
        neuron = QIF(V_th=1e9, V_reset=-1e9)
        p = 10.0 ** np.array([-4.0, -2.0, -0.5, 1.0, 3.0])
        table = Table(neuron, resolution=4)
        mean = doubles(0.375 + p)
        found = F.moment_activation(mean, 0.0, table)
        rate = np.sqrt(p / 150.0) / np.pi
        assert np.allclose(found.rate.detach(), rate, rtol=1e-5)
        assert np.all(found.std.detach().numpy() == 0.0)
        (slope,) = torch.autograd.grad(found.rate.sum(), mean)
        assert np.allclose(slope, 0.5 * rate / p, rtol=1e-3)
        assert np.all(
            F.moment_activation(mean - 1e4, 0.0, table).rate.detach().numpy() == 0
        )

    def test_bounds(self, table):
        rng = np.random.default_rng(2)
        mu = doubles(
            rng.choice([-1, 1], 4000) * 10 ** rng.uniform(-9, 4, 4000) + 0.8667
        )
        found = F.moment_activation(mu, doubles(10 ** rng.uniform(-9, 4, 4000)), table)
        assert all((part >= 0.0).all() for part in found)
        assert (found.chi <= 1.0).all()

    def test_covariance_is_positive_semidefinite(self, table):
        torch.manual_seed(0)
        a = torch.randn(50, 6, 6, dtype=torch.float64)
        out = F.moment_map(Moments(3.0 * torch.randn(50, 6).double(), a @ a.mT), table)
        assert (torch.linalg.eigvalsh(out.cov) > -1e-15).all()


class TestGradients:
    @pytest.mark.parametrize("form", FORMS)
    def test_of_all_orders_and_modes(self, form, table):
        def function(mu, noise, tau_m, t_ref):
            return table.evaluate(form, mu, noise, tau_m=tau_m, t_ref=t_ref)

        inputs = doubles(MU), doubles(SIGMA), doubles(14.0), doubles(1.0)
        assert gradcheck(function, inputs, check_forward_ad=True)
        assert gradgradcheck(function, inputs)

    def test_are_those_of_the_neuron(self, table):
        mu, sigma = drawn(60, 3)
        exact = derivatives(mu, sigma, NEURON)
        inputs = [doubles(v) for v in (mu, sigma, np.full(60, 15.0), np.full(60, 2.0))]
        found = table.evaluate(
            "activation", *inputs[:2], tau_m=inputs[2], t_ref=inputs[3]
        )
        columns = [exact.names.index(n) for n in ("mu", "sigma", "tau_m", "t_ref")]
        for part, wanted in zip(found, exact[1:4], strict=True):
            slopes = torch.autograd.grad(part.sum(), inputs, retain_graph=True)
            for slope, column in zip(slopes, columns, strict=True):
                size = np.abs(wanted[:, column]).max()
                assert np.allclose(
                    slope, wanted[:, column], rtol=1e-3, atol=1e-4 * size
                )

    def test_gain_is_the_slope_of_the_rate(self, table):
        mu, variance = doubles(MU[:-1]), doubles(SIGMA[:-1])
        rate, _, gain = table.evaluate("map", mu, variance)
        (slope,) = torch.autograd.grad(rate.sum(), mu)
        assert torch.allclose(slope, gain, rtol=1e-3)


class TestTransforms:
    def test_vmap_and_hessian(self, table):
        def rate(m, s):
            return F.moment_activation(m, s, table).rate

        mu, sigma = doubles(MU, False), doubles(SIGMA, False)
        slope = torch.func.vmap(torch.func.grad(rate))(mu, sigma)
        jacobian = torch.func.jacrev(rate)(mu, sigma)
        assert torch.allclose(slope, jacobian.diagonal(), rtol=1e-12)
        hessian = torch.func.hessian(lambda m: rate(m, sigma).sum())(mu)
        assert torch.isfinite(hessian).all()

    def test_compile(self, table):
        def loss(m, s):
            return sum(part.sum() for part in F.moment_activation(2 * m, s, table))

        mu, sigma = doubles(MU), doubles(SIGMA)
        compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
        eager = torch.autograd.grad(loss(mu, sigma), (mu, sigma))
        found = torch.autograd.grad(compiled(mu, sigma), (mu, sigma))
        assert all(map(torch.equal, found, eager))

    def test_single_precision(self, table):
        mu, sigma = torch.tensor(MU), torch.tensor(SIGMA)
        found = F.moment_activation(mu, sigma, table)
        exact = F.moment_activation(mu.double(), sigma.double(), table)
        for mine, wanted in zip(found, exact, strict=True):
            assert mine.dtype == torch.float32
            assert torch.equal(mine, wanted.float())


@pytest.mark.parametrize("form", FORMS)
def test_no_nan_and_no_inf_at_the_corners(form, table):
    near = table.working_point()[0]
    grid = [-1e300, -1e8, -3.0, 0.0, near, near + 1e-12, 1.0, 1.5, 40.0, 1e8, 1e300]
    noise = [0.0, 5e-324, 1e-300, 1e-160, 1e-8, 1e-3, 1.0, 50.0, 1e8, 1e300]
    mu, sigma = (
        g.flatten()
        for g in torch.meshgrid(
            doubles(grid, False), doubles(noise, False), indexing="ij"
        )
    )
    scale = sigma if form == "activation" else sigma.clamp(max=1e150) ** 2
    inputs = mu.requires_grad_(), scale.requires_grad_()
    for value in table.evaluate(form, *inputs):
        assert torch.isfinite(value).all()
        slopes = torch.autograd.grad(value.sum(), inputs, retain_graph=True)
        assert all(torch.isfinite(s).all() for s in slopes)
    negative = table.evaluate(form, doubles([1.0]), doubles([-1.0]))
    assert all(torch.isnan(value).all() for value in negative)


class TestLayers:
    def test_arrays_and_training_of_time_constants(self, table):
        neuron = EIF(tau_m=[10.0, 15.0, 20.0], t_ref=[0.0, 1.0, 2.0])
        layer = MomentActivation(Table(neuron, resolution=4), trainable=["tau_m"])
        mu, variance = torch.ones(3), torch.full((3,), 4.0)
        out = layer(Moments(mu, variance))
        exact = stationary(1.0, 2.0, neuron)
        assert np.allclose(out.mean.detach(), exact.rate, rtol=1e-5)
        out.mean.sum().backward()
        slopes = derivatives(1.0, 2.0, neuron)
        wanted = slopes.rate[..., slopes.names.index("tau_m")] * neuron.tau_m
        assert np.allclose(layer.log_tau_m.grad, wanted, rtol=1e-3)
        assert "tau_m=<shape (3,)> (trained)" in repr(layer)

    def test_start_alive(self):
        """Rates and correlations survive five layers, as those of the LIF do."""
        torch.manual_seed(0)
        layers = [
            MomentLayer(30, 30, neuron=EIF(), covariance="full") for _ in range(5)
        ]
        net = torch.nn.Sequential(*layers)
        mean, cov = net(encoders.poisson(0.1 * torch.rand(40, 30)))
        assert 1e-3 < mean.mean() < 0.1
        std = cov.diagonal(dim1=-2, dim2=-1).sqrt()
        correlation = cov / std[:, :, None] / std[:, None, :]
        assert (correlation - torch.eye(30)).abs().mean() > 0.01

    def test_every_place_of_a_neuron(self, table):
        x = encoders.poisson(torch.full((5, 8), 0.02))
        assert MomentRNN(8, 20, neuron=table)(x).mean.shape == (5, 20)
        images = torch.nn.Sequential(MomentConv2d(1, 2, 3), MomentActivation(table))
        out = images(Moments(torch.ones(2, 1, 6, 6), torch.ones(2, 1, 6, 6)))
        assert out.mean.shape == (2, 2, 4, 4)
        meta = MomentLayer(8, 3, neuron=table, norm=False, device="meta")
        assert meta(Moments(*(t.to("meta") for t in x))).mean.shape == (5, 3)
        (spiking,) = convert(MomentLayer(8, 3, neuron=table))
        assert spiking.neuron == NEURON

    def test_copies_share_the_table(self, table):
        layer = MomentActivation(table)
        assert copy.deepcopy(layer).source is table
        assert not layer.state_dict()

    def test_learning_from_correlations_alone(self):
        """Both classes have the same rates; the sign of correlations tells them apart."""
        torch.manual_seed(1)
        signs = torch.randint(2, (64,))
        rho = 0.8 * (2.0 * signs - 1.0)
        rates = 0.02 + 0.02 * torch.rand(64, 4)
        size = rates.sqrt()
        pairs = torch.tensor(
            [[0.0, 1, 0, 0], [1, 0, 0, 0], [0, 0, 0, -1], [0, 0, -1, 0]]
        )
        cov = torch.eye(4) + rho[:, None, None] * pairs
        x = Moments(rates, cov * size[:, :, None] * size[:, None, :])
        net = torch.nn.Sequential(
            MomentLayer(4, 12, neuron=EIF(), covariance="full"),
            MomentLinear(12, 2, covariance="full"),
        )
        loss = MomentCrossEntropy(readout=100.0)
        optimizer = torch.optim.Adam(net.parameters(), 0.05)
        for _ in range(60):
            optimizer.zero_grad()
            value = loss(net(x), signs)
            value.backward()
            optimizer.step()
        correct = (net(x).mean.argmax(1) == signs).float().mean()
        assert correct > 0.95
        assert value < 0.3


class TestErrors:
    def test_neurons_without_a_table(self):
        with pytest.raises(ValueError, match="`neuron` has no table"):
            Table(IntegrateAndFire(f=lambda V: 0.0, V_th=1.0, V_reset=0.0))
        with pytest.raises(ValueError, match="the drift at `V_reset` must exceed"):
            Table(EIF(V_reset=-50.0))
        with pytest.raises(TypeError, match="`neuron` must be an LIF, EIF"):
            MomentActivation(20.0)
        with pytest.raises(TypeError, match="`V_T` of a neuron with a table"):
            MomentLayer(2, 2, neuron=EIF(V_T=[-55.0, -50.0]))
        with pytest.raises(TypeError, match="must hold numbers or arrays"):
            MomentLayer(2, 2, neuron=EIF(tau_m=torch.tensor(20.0)))

    def test_options(self, table):
        with pytest.raises(ValueError, match="`trainable` must be among"):
            MomentActivation(table, trainable=["V_th"])
        with pytest.raises(ValueError, match="`resolution` must be at least 1"):
            Table(EIF(), resolution=0)
        with pytest.raises(ValueError, match="`lowest` must be positive and below"):
            Table(EIF(), lowest=2.0, highest=1.0)
