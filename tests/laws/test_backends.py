"""One moment activation: NumPy, torch kernels, torch operations and mpmath agree."""

import mpmath
import numpy as np
import pytest
import torch
from mpmath import mpf

import meanfield as mf
from meanfield import LIF
from meanfield.nn import _formulas
from meanfield.nn import functional as F
from meanfield.special import mp
from tests.lif.test_stationary import (
    COLUMN,
    NEURON,
    NORMAL,
    VALUES,
    exact_error,
    golden_condition,
)

EPS = np.finfo(float).eps
PARAMETERS = [NEURON.tau_m, NEURON.t_ref, NEURON.V_th, NEURON.V_reset, NEURON.E_L]
MU, SIGMA = (torch.tensor(COLUMN[name]) for name in ("mu", "sigma"))


def operations(formula, *inputs):
    """The formulas as torch operations, which other devices and higher orders use."""
    tensors = [torch.tensor(p, dtype=inputs[0].dtype) for p in PARAMETERS]
    return formula(*inputs, *tensors)


def test_golden_values_of_kernels_are_those_of_numpy():
    expected = mf.moment_activation(COLUMN["mu"], COLUMN["sigma"], NEURON)
    for torch_value, value in zip(
        F.moment_activation(MU, SIGMA, NEURON), expected, strict=True
    ):
        assert np.array_equal(torch_value.numpy(), value)


def test_golden_values_of_operations():
    found = operations(_formulas.activation, MU, SIGMA)
    for name, value in zip(VALUES, found, strict=True):
        error = exact_error(name, value.numpy())[NORMAL] / COLUMN[name][NORMAL]
        bound = 1e-13 + 8 * EPS * golden_condition(name)[NORMAL]
        assert np.all(error <= bound), name


@pytest.mark.parametrize("kind", ["kernels", "operations"])
def test_golden_derivatives(kind):
    mu, sigma = MU.clone().requires_grad_(), SIGMA.clone().requires_grad_()
    if kind == "kernels":
        values = F.moment_activation(mu, sigma, NEURON)
    else:
        values = operations(_formulas.activation, mu, sigma)
    for name, value in zip(VALUES, values, strict=True):
        slopes = torch.autograd.grad(value.sum(), (mu, sigma), retain_graph=True)
        size = np.abs(COLUMN[name]) / COLUMN["sigma"]
        for variable, slope in zip(("mu", "sigma"), slopes, strict=True):
            column = f"{name}_d{variable}"
            error = exact_error(column, slope.numpy())[NORMAL]
            scale = np.maximum(np.abs(COLUMN[column]), size)[NORMAL]
            bound = 1e-11 + 16 * EPS * golden_condition(name)[NORMAL]
            assert np.all(error <= bound * scale), column


def test_float32():
    """2e-5 relative where the rate exceeds 1e-6 kHz, for inputs that are float32."""
    mu, sigma = MU.float(), SIGMA.float()
    neuron = LIF(
        **{
            k: np.float32(COLUMN[k]).astype(float) for k in ("tau_m", "V_th", "V_reset")
        },
        t_ref=COLUMN["t_ref"],
    )
    exact = mf.moment_activation(mu.double().numpy(), sigma.double().numpy(), neuron)
    lively = exact.rate > 1e-6
    found = F.moment_activation(mu, sigma, neuron)
    for value, reference in zip(found, exact, strict=True):
        assert value.dtype == torch.float32
        error = np.abs(value.double().numpy()[lively] / reference[lively] - 1)
        assert error.max() <= 2e-5


def test_float32_operations():
    """Where a device has no float64; the rounding of b = (V_th/tau_m - mu)/s counts."""
    mu = torch.linspace(-1, 6, 57).repeat(40)
    sigma = torch.logspace(-2, 1.5, 40).repeat_interleave(57)
    exact = mf.moment_activation(mu.double().numpy(), sigma.double().numpy())
    numbers = [torch.tensor(v) for v in (20.0, 5.0, 20.0, 0.0, 0.0)]
    found = _formulas.activation(mu, sigma, *numbers)
    lively = exact.rate > 1e-6
    slope = mf.moment_activation_derivatives(
        mu.double().numpy(), sigma.double().numpy()
    )
    for k, (value, reference) in enumerate(zip(found, exact, strict=True)):
        rounding = 2e-7 * (1 + np.abs(slope[2 * k])) / np.maximum(reference, 1e-30)
        error = np.abs(value.double().numpy() / np.maximum(reference, 1e-30) - 1)
        assert np.all(error[lively] <= 2e-5 + rounding[lively])


def test_map_is_the_activation():
    rate, std, _ = F.moment_activation(MU, SIGMA, NEURON)
    out = F.moment_map(mf.Moments(MU, SIGMA**2), NEURON)
    live = torch.tensor(COLUMN["rate"] > 1e-140)
    assert torch.allclose(out.mean[live], rate[live], rtol=1e-11, atol=0)
    assert torch.allclose(out.cov[live], std[live] ** 2, rtol=1e-11, atol=0)


def exact_rate(mu, digits):
    """The rate of the default neuron, sigma = 0.9."""
    s = mpf("0.9") / mpmath.sqrt(20)
    b, a = (1 - mu) / s, -mu / s
    with mpmath.workdps(digits):
        return 1 / (5 + 40 * (mp.G(b) - mp.G(a)))


def test_derivatives_up_to_fourth_order():
    def rate(mu):
        sigma = torch.tensor(0.9, dtype=torch.float64)
        return F.moment_activation(mu, sigma).rate

    x, derivative = torch.tensor(0.7, dtype=torch.float64), rate
    with mpmath.workdps(60):
        point = mpf(float(x))
        step = mpf("1e-6")
        stencil = [exact_rate(point + k * step, 60) for k in range(-4, 5)]
        for order in range(1, 5):
            derivative = torch.func.grad(derivative)
            stencil = [
                (right - left) / (2 * step)
                for left, right in zip(stencil, stencil[2:], strict=False)
            ]
            exact = float(stencil[len(stencil) // 2])
            assert derivative(x).item() == pytest.approx(exact, rel=1e-9), order


def test_second_derivatives_without_noise():
    """Curvature in sigma at 0: the noise-induced rate, from mpmath at small sigma."""

    def rate(sigma):
        return F.moment_activation(torch.tensor(2.0, dtype=torch.float64), sigma).rate

    zero = torch.tensor(0.0, dtype=torch.float64)
    curvature = torch.func.grad(torch.func.grad(rate))(zero).item()
    with mpmath.workdps(60):
        s = mpf("1e-8") / mpmath.sqrt(20)
        increment = mp.G(-1 / s) - mp.G(-2 / s)
        noisy = 1 / (5 + 40 * increment)
        quiet = 1 / (5 + 20 * mpmath.log(2))
        exact = float(2 * (noisy - quiet) / mpf("1e-16"))
    assert curvature == pytest.approx(exact, rel=1e-9)
