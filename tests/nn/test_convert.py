"""Converted networks: the same currents, and the spike counts that were predicted."""

import numpy as np
import pytest
import scipy.stats
import torch

import meanfield as mf
from meanfield.nn import (
    MomentActivation,
    MomentAvgPool2d,
    MomentBatchNorm,
    MomentConv2d,
    MomentDropout,
    MomentFlatten,
    MomentLayer,
    MomentLinear,
    MomentMSE,
    MomentRNN,
    Moments,
    convert,
    dense,
    encoders,
    fold,
    variance,
)
from spiking_reference import Layer, PoissonInput, simulate_layers

Sequential = torch.nn.Sequential


def rates(*shape):
    torch.manual_seed(1)
    return torch.rand(*shape, dtype=torch.float64) * 0.1


def trained(net, x):
    """A network in double precision with statistics and parameters of its own."""
    torch.manual_seed(2)
    net.double().train()
    with torch.no_grad():
        for value in net.parameters():
            value.add_(0.1 * value.abs().mean() * torch.randn_like(value))
        for _ in range(5):
            net(encoders.poisson(x))
    return net.eval()


def moments_of(layers, mean, cov):
    """Moments that the layers' numbers predict, by the theory for arrays."""
    for layer in layers:
        mean = mean @ layer.weights.T + layer.mu
        cov = layer.weights @ cov @ layer.weights.T + np.diag(layer.sigma**2)
        mean, cov = mf.moment_map(mean, cov, layer.neuron)
    return mean, cov


@pytest.mark.parametrize("norm", [True, False])
def test_numbers_give_the_moments_of_the_network(norm):
    neuron = mf.LIF(t_ref=2.0, V_th=np.linspace(10.0, 20.0, 6))
    x = rates(8, 5)
    options = {"covariance": "full", "norm": norm}
    net = trained(
        Sequential(
            MomentLayer(
                5, 6, neuron=neuron, noise=True, trainable=["tau_m"], **options
            ),
            MomentDropout(0.5),
            Sequential(MomentLayer(6, 3, **options), torch.nn.Identity()),
        ),
        x,
    )
    layers = convert(net.train())
    out = net.eval()(encoders.poisson(x))
    for i in range(8):
        cov = torch.diag(x[i]).numpy()
        mean, cov = moments_of(layers, x[i].numpy(), cov)
        assert np.allclose(mean, out.mean[i].detach(), rtol=1e-9, atol=1e-14)
        assert np.allclose(cov, out.cov[i].detach(), rtol=1e-8, atol=1e-13)
    assert layers[0].neuron.shape == (6,)
    assert np.all(layers[0].sigma >= 0)


def test_images():
    x = rates(4, 2, 6, 6)
    net = trained(
        Sequential(
            MomentConv2d(2, 3, 3, padding=1),
            MomentBatchNorm(3, images=True, mean=1.0, std=0.5),
            MomentActivation(),
            MomentAvgPool2d(2),
            MomentFlatten(),
            MomentLayer(27, 4),
        ),
        x,
    )
    hidden, out = convert(net, input_shape=(2, 6, 6))
    assert hidden.weights.shape == (108, 72)
    assert out.weights.shape == (4, 108)
    mean = net[:3](encoders.poisson(x)).mean.detach()
    flat = x.flatten(1).numpy()
    var = flat @ hidden.weights.T**2
    found = mf.moment_activation(flat @ hidden.weights.T + hidden.mu, np.sqrt(var))
    assert np.allclose(found.rate, mean.flatten(1), rtol=1e-9)
    current = net[5].norm(net[5].linear(net[3:5](Moments(mean, mean)))).mean.detach()
    assert np.allclose(mean.flatten(1).numpy() @ out.weights.T + out.mu, current)


def test_spike_counts_have_the_moments_of_the_network():
    """Rates, variances and covariances, where inputs are many and weak.

    Jumps of about 0.5 % of the threshold raise rates, and windows of 20 spikes the
    variances, by up to 3 %, which is allowed for. Beyond this, one of the `n` Gaussian
    deviations of a kind is too large by chance with probability 1e-3; fixed seed.
    """
    x = rates(1, 400) * 4
    torch.manual_seed(0)
    net = MomentLayer(400, 8, covariance="full", norm=False).double()
    with torch.no_grad():
        net.linear.weight.normal_(0.06, 0.1)
        drive = torch.linspace(0.8, 1.1, 8, dtype=torch.float64)
        net.linear.bias.copy_(drive - net.linear.weight @ x[0])
    out = net(encoders.poisson(x))
    run = simulate_layers(
        convert(net), PoissonInput(x.numpy()), duration=6_000.0, warmup=200.0,
        trials=300, window=1000.0, covariance="full", rng=3, progress=False,
    )  # fmt: skip
    (rate,), (rate_error,) = run.layers[0].rate
    (cov,), (cov_error,) = run.layers[0].cov
    predicted = dense(out)[0].detach().numpy()
    own, pairs = np.diag_indices(8), np.triu_indices(8, 1)
    for found, error, expected in (
        (rate, rate_error, out.mean[0].detach().numpy()),
        (cov[own], cov_error[own], predicted[own]),
        (cov[pairs], cov_error[pairs], predicted[pairs]),
    ):
        bound = scipy.stats.norm.isf(5e-4 / len(found)) * error + 0.03 * expected
        assert np.all(np.abs(found - expected) < bound)
    assert np.median(error / expected) < 0.2  # a pair is measured to 20 %


def test_fold():
    x = encoders.poisson(rates(7, 5))
    layer = MomentLayer(5, 4, covariance="low_rank", rank=2, noise=True)
    layer = trained(layer, x.mean)
    expected = layer.norm(layer.linear(x))
    found = fold(layer.linear, layer.norm)(x)
    assert torch.allclose(found.mean, expected.mean, rtol=1e-12)
    assert torch.allclose(variance(found), variance(expected), rtol=1e-12)
    state = torch.get_rng_state()
    fold(layer.linear, layer.norm)
    assert torch.equal(torch.get_rng_state(), state)
    with pytest.raises(ValueError, match="`norm` must have out_features = 4"):
        fold(layer.linear, MomentBatchNorm(3))


def test_layers_run_as_they_are():
    net = MomentLayer(4, 3)
    run = simulate_layers(
        convert(net), PoissonInput(np.full((2, 4), 0.1)), duration=50.0
    )
    assert run.counts.shape == (2, 1, 1, 3)
    assert Layer(*convert(net)[0]).n_out == 3


class Same(Sequential):
    """A subclass that computes the same."""


class Skipping(Sequential):
    def forward(self, moments):
        return self[0](moments)


class Inhibitory(MomentLinear):
    def forward(self, moments):
        mean, cov = super().forward(moments)
        return Moments(-mean, cov)


def replaced(module):
    module.forward = lambda moments: moments
    return module


def test_subclasses_and_parametrizations():
    x = rates(8, 5)
    net = trained(Same(MomentLayer(5, 6, covariance="full"), MomentLayer(6, 3)), x)
    torch.nn.utils.parametrizations.spectral_norm(net[0].linear)
    expected = net.eval()(encoders.poisson(x))
    mean, _ = moments_of(convert(net.train()), x[0].numpy(), torch.diag(x[0]).numpy())
    assert np.allclose(mean, expected.mean[0].detach(), rtol=1e-9)
    folded = fold(net[0].linear, net[0].norm)
    assert type(folded) is MomentLinear


@pytest.mark.parametrize(
    ("net", "name"),
    [
        (Skipping(MomentLayer(2, 3), MomentLayer(3, 3)), "Skipping"),
        (Sequential(Inhibitory(2, 3), MomentActivation()), "Inhibitory"),
        (Sequential(replaced(MomentLinear(2, 3)), MomentActivation()), "MomentLinear"),
    ],
)
def test_other_computations(net, name):
    with pytest.raises(TypeError, match=f"same `forward`; {name} has no spiking"):
        convert(net)


def test_neurons_of_another_shape():
    net = MomentLayer(2, 3, neuron=mf.LIF(t_ref=np.ones((3, 1))), norm=False)
    with pytest.raises(ValueError, match=r"`t_ref` of the neurons must .* \(3, 1\)"):
        convert(net)


@pytest.mark.parametrize(
    ("net", "error", "message"),
    [
        (MomentRNN(2, 3), TypeError, "MomentRNN has no spiking counterpart"),
        (Sequential(torch.nn.Linear(2, 3)), TypeError, "Linear has no spiking"),
        (MomentMSE(), TypeError, "MomentMSE has no spiking"),
        (Sequential(), ValueError, "`input_shape` must be given"),
        (
            Sequential(MomentLayer(2, 3), MomentLinear(3, 2)),
            ValueError,
            "got MomentLinear",
        ),
        (MomentLinear(2, 3), ValueError, "`net` must end with a MomentActivation"),
        (
            Sequential(MomentConv2d(1, 2, 3), MomentActivation()),
            ValueError,
            "input_shape",
        ),
        (
            Sequential(MomentLinear(2, 3, noise=True), MomentLayer(3, 2)),
            ValueError,
            "noise must not be shared by neurons; got a MomentLinear",
        ),
    ],
)
def test_errors(net, error, message):
    with pytest.raises(error, match=message):
        convert(net)


def test_wrong_input_shape():
    net = Sequential(MomentConv2d(1, 2, 3), MomentActivation())
    with pytest.raises(ValueError, match="`input_shape`"):
        convert(net, input_shape=(3, 8, 8))
