"""Gaussian probabilities against mpmath."""

import mpmath
import numpy as np
import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck

from meanfield.nn import _orthant

DTYPES = [torch.float64, torch.float32]


def mp_log_ndtr(x):
    return mpmath.log(mpmath.erfc(-mpmath.mpf(x) / mpmath.sqrt(2)) / 2)


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_ndtr_and_its_slope(dtype):
    x = [-1e4, -300, -12, -5, -1, -1e-3, 0, 1e-3, 0.7, 3, 7, 9, 12]
    x = torch.tensor(x, dtype=dtype)
    log_cdf, mills = _orthant._LogNdtr.apply(x)
    with mpmath.workdps(60):
        want = [mp_log_ndtr(v) for v in x.tolist()]
        slope = [
            mpmath.exp(-(mpmath.mpf(v) ** 2) / 2 - w) / mpmath.sqrt(2 * mpmath.pi)
            for v, w in zip(x.tolist(), want, strict=True)
        ]
    tol = 2e-14 if dtype == torch.float64 else 4e-6
    np.testing.assert_allclose(log_cdf, np.array(want, float), rtol=tol, atol=0)
    np.testing.assert_allclose(mills, np.array(slope, float), rtol=tol, atol=1e-45)


@pytest.mark.parametrize("dtype", DTYPES)
def test_ndtri_exp_inverts(dtype):
    y = [-1e4, -700, -90, -20, -2, -0.7, -0.68, -0.3, -1e-2, -1e-6, -1e-20]
    y = torch.tensor(y, dtype=dtype)
    x = _orthant.ndtri_exp(y)
    with mpmath.workdps(60):
        for value, log_p in zip(x.tolist(), y.tolist(), strict=True):
            root = mpmath.findroot(lambda q, p=log_p: mp_log_ndtr(q) - p, value)
            assert abs(value - root) < (1e-14 if dtype == torch.float64 else 5e-6)


@pytest.mark.parametrize("f", [_orthant.log_ndtr, _orthant.ndtri_exp])
def test_derivatives_of_special_functions(f):
    x = -torch.linspace(0.01, 20, 15, dtype=torch.float64)
    x = (x if f is _orthant.ndtri_exp else x + 8).requires_grad_()
    assert gradcheck(f, x, check_forward_ad=True, check_batched_grad=True)
    assert gradgradcheck(f, x)
    second = torch.func.vmap(torch.func.hessian(f))(x.detach())
    (grad,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
    (want,) = torch.autograd.grad(grad.sum(), x)
    torch.testing.assert_close(second, want)


def independent(mean, std, c):
    """Log P(c) in the integral over the winner, by mpmath with breakpoints at all edges."""
    with mpmath.workdps(30):
        m, s = [[mpmath.mpf(v) for v in a] for a in (mean, std)]
        rest = [j for j in range(len(m)) if j != c]
        edges = [(m[j] - m[c]) / s[c] for j in rest]
        width = [s[j] / s[c] for j in rest]
        # the winner's mode lies between its own mean and the highest edge
        grid = {mpmath.mpf(k) for k in range(-12, 13)}
        for e, w in zip(edges, width, strict=True):
            grid |= {e + w * k for k in (-9, -3, -1, 0, 1, 3, 9)}
            grid |= {
                e / (1 + w**2) + k * w / mpmath.sqrt(1 + w**2) for k in range(-9, 10)
            }

        def density(z):
            p = mpmath.npdf(z)
            for j in rest:
                p *= mpmath.ncdf((m[c] - m[j] + s[c] * z) / s[j])
            return p

        return float(mpmath.log(mpmath.quad(density, sorted(grid), maxdegree=4)))


CASES = {
    "equal": ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0]),
    "sharp edge below the mode": ([0.28, -1.06], [1.37, 0.004]),
    "edges of several widths": ([0.74, 0.89, 1.01, -1.2], [45.0, 0.5, 0.005, 5.0]),
    "edge far above": ([0.0, 100.0, 50.0], [20.0, 0.3, 30.0]),
    "tail": ([0.0, 37.0, 30.0], [1.0, 1.0, 2.0]),
    "narrow winner": ([1.0, 0.0, 2.0], [1e-6, 1.0, 3.0]),
    "certain": ([20.0, 0.0, 1.0], [1.0, 1.0, 3.0]),
}


@pytest.mark.parametrize("case", CASES)
def test_independent_against_mpmath(case):
    mean, std = CASES[case]
    want = independent(mean, std, 0)
    for dtype, tol in ((torch.float64, 1e-8), (torch.float32, 1e-5)):
        m, s = (torch.tensor(v, dtype=dtype) for v in (mean, std))
        got = _orthant.log_largest_independent(m, s * s, torch.tensor(0)).item()
        assert abs(got - want) < tol * max(1, abs(want))
        assert got <= 0
